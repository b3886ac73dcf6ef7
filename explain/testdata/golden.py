"""Makes golden.json: explanations of a small network by PyTorch, float64. Weights and pictures are given by formulas.

    python3 golden.py > golden.json
"""
import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def made(n, a, b):
    i = torch.arange(n, dtype=torch.float64)
    return torch.sin(a * i + b)


W1, B1 = made(5 * 2 * 9, 0.7, 0.1).reshape(5, 2, 3, 3), made(5, 1.3, 0.2)
W2, B2 = made(6 * 5 * 9, 1.1, 0.3).reshape(6, 5, 3, 3) * 0.3, made(6, 0.9, 0.4)
W3, B3 = made(3 * 6, 1.7, 0.5).reshape(3, 6), made(3, 0.8, 0.6)
X = made(2 * 2 * 8 * 8, 0.37, 0.7).reshape(2, 2, 8, 8)
CLASSES = [1, 2]


class Rule(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, rule):
        ctx.save_for_backward(x)
        ctx.rule = rule
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        if ctx.rule != "derivative":
            g = g.clamp(min=0)
        if ctx.rule != "deconv":
            g = g * (x > 0)
        return g, None


def maps(x, rule="derivative"):
    x = Rule.apply(F.conv2d(x, W1, B1, padding=1), rule)
    return Rule.apply(F.conv2d(F.max_pool2d(x, 2), W2, B2, padding=1), rule)


def head(a):
    return F.linear(a.mean((2, 3)), W3, B3)


def pick(scores):
    return sum(scores[i, k] for i, k in enumerate(CLASSES))


def gradient(rule, x=X):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(pick(head(maps(x, rule))), x)[0]


def grad_cam():
    a = maps(X.clone().requires_grad_())
    g = torch.autograd.grad(pick(head(a)), a)[0]
    return F.relu((g.mean((2, 3), keepdim=True) * a).sum(1)).detach()


def cam():
    return torch.stack([(W3[k][:, None, None] * maps(X)[i]).sum(0) for i, k in enumerate(CLASSES)])


def integrated(steps, base):
    total = sum(gradient("derivative", base + (k + 0.5) / steps * (X - base)) for k in range(steps))
    return (X - base) * total / steps


def occlusion(ph, pw, sh, sw, base):
    before, out = head(maps(X)), torch.zeros(2, 8, 8)
    count = torch.zeros(8, 8)
    ys = list(range(0, 8 - ph, sh)) + [8 - ph]
    xs = list(range(0, 8 - pw, sw)) + [8 - pw]
    for y in ys:
        for x in xs:
            z = X.clone()
            z[:, :, y:y + ph, x:x + pw] = base
            after = head(maps(z))
            count[y:y + ph, x:x + pw] += 1
            for i, k in enumerate(CLASSES):
                out[i, y:y + ph, x:x + pw] += before[i, k] - after[i, k]
    return out / count


golden = {
    "scores": head(maps(X)),
    "gradient": gradient("derivative"),
    "guided": gradient("guided"),
    "deconv": gradient("deconv"),
    "saliency": gradient("derivative").abs().amax(1),
    "grad_cam": grad_cam(),
    "upsampled": F.interpolate(grad_cam()[:, None], size=(8, 8), mode="bilinear", align_corners=False)[:, 0],
    "guided_grad_cam": gradient("guided") * F.interpolate(grad_cam()[:, None], size=(8, 8), mode="bilinear", align_corners=False),
    "cam": cam(),
    "integrated": integrated(20, 0.25),
    "occlusion": occlusion(3, 2, 2, 1, 0.5),
}
print(json.dumps({k: [round(v, 12) for v in t.flatten().tolist()] for k, t in golden.items()}, separators=(",", ":")))
