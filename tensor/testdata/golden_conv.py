"""Writes golden_conv.json: convolutions of 1, 2 and 3 dimensions, as PyTorch computes them in float64, with gradients.

    python3 golden_conv.py      (PyTorch 1.13)

Inputs x, w and, where "bias", b are fill(shape, 0), fill(shape, 1), fill(shape, 2). Each case has its options as
PyTorch takes them, a number standing for all dimensions; the result; and the gradients of sum(fill(shape of y, 9) * y) by
each input. "second" is the gradient by each of x and w of the sum over x, w and b of fill(shape, 5) * gradient: it goes
through each of the three kernels' own gradients. "refused" lists calls that raise an error.
"""
import json
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def fill(shape, seed):
    n = 1
    for d in shape:
        n *= d
    return torch.sin(1 + 0.37 * torch.arange(n, dtype=torch.float64) + 1.3 * seed).reshape(shape)


def numbers(t):
    return [float("%.11g" % v) for v in t.detach().flatten().tolist()]


functions = {
    "conv1d": F.conv1d, "conv2d": F.conv2d, "conv3d": F.conv3d,
    "conv_transpose1d": F.conv_transpose1d, "conv_transpose2d": F.conv_transpose2d, "conv_transpose3d": F.conv_transpose3d,
}
cases, refused = [], []


def options(o, dims):
    each = lambda v: v if isinstance(v, str) else [v] * dims if isinstance(v, int) else list(v)
    return {k: v if k == "groups" else each(v) for k, v in o.items()}


def case(op, x, w, bias=True, **o):
    o = options(o, len(x) - 2)
    k = w[1] * o.get("groups", 1) if "transpose" in op else w[0]
    ins = [fill(x, 0).requires_grad_(), fill(w, 1).requires_grad_()]
    if bias:
        ins.append(fill((k,), 2).requires_grad_())
    y = functions[op](*ins, **o)
    grads = torch.autograd.grad((fill(y.shape, 9) * y).sum(), ins, create_graph=True)
    second = torch.autograd.grad(sum((fill(g.shape, 5) * g).sum() for g in grads), ins[:2], allow_unused=True)
    cases.append({"op": op, "x": x, "w": w, "bias": bias, "options": o, "shape": list(y.shape), "y": numbers(y),
                  "grads": [numbers(g) for g in grads], "second": [numbers(g) for g in second]})


def refuse(op, x, w, bias=None, **o):
    o = options(o, len(x) - 2)
    try:
        functions[op](fill(x, 0), fill(w, 1), None if bias is None else fill((bias,), 2), **o)
    except (RuntimeError, ValueError):
        refused.append({"op": op, "x": x, "w": w, "bias": bias, "options": o})
        return
    raise SystemExit("PyTorch takes %s %s %s %s" % (op, x, w, o))


case("conv1d", (2, 3, 7), (4, 3, 3))
case("conv1d", (2, 3, 7), (4, 3, 1), bias=False)
case("conv1d", (1, 4, 9), (6, 2, 3), groups=2, stride=2, padding=2)
case("conv1d", (2, 3, 8), (6, 1, 3), groups=3, dilation=2, padding=1)
case("conv1d", (2, 3, 8), (3, 1, 5), groups=3, stride=3, padding=4)
case("conv1d", (1, 2, 8), (2, 2, 4), padding="same")
case("conv1d", (1, 2, 8), (2, 1, 4), padding="same", dilation=3, groups=2)
case("conv1d", (1, 2, 3), (2, 2, 7), padding="same", bias=False)
case("conv1d", (1, 1, 1), (1, 1, 1))
case("conv2d", (2, 3, 5, 6), (4, 3, 3, 2))
case("conv2d", (1, 2, 5, 6), (3, 2, 3, 3), padding=(2, 1), stride=(1, 2), bias=False)
case("conv2d", (1, 4, 6, 5), (6, 2, 2, 3), groups=2, stride=(2, 1), padding=(1, 3), dilation=(3, 1))
case("conv2d", (2, 3, 5, 5), (2, 3, 1, 1))
case("conv2d", (2, 3, 5, 5), (2, 3, 1, 1), stride=2, padding=1)
case("conv2d", (2, 3, 6, 7), (3, 1, 3, 3), groups=3, padding=1)
case("conv2d", (2, 3, 6, 7), (3, 1, 3, 3), groups=3, padding=1, stride=2)
case("conv2d", (1, 2, 7, 8), (2, 1, 5, 5), groups=2, padding=2, bias=False)
case("conv2d", (1, 2, 7, 8), (2, 1, 5, 5), groups=2, padding=2, stride=2)
case("conv2d", (1, 2, 8, 7), (4, 1, 7, 7), groups=2, padding=3)
case("conv2d", (1, 2, 8, 7), (4, 1, 7, 7), groups=2, padding=3, stride=2)
case("conv2d", (1, 3, 7, 9), (9, 1, 2, 3), groups=3, padding=(2, 4), stride=(3, 2), dilation=(2, 3))
case("conv2d", (1, 2, 4, 5), (14, 1, 3, 3), groups=2, padding=1)
case("conv2d", (1, 1, 6, 6), (1, 1, 4, 3), padding=2)
case("conv2d", (1, 2, 5, 6), (2, 2, 2, 4), padding="same")
case("conv2d", (1, 2, 5, 6), (2, 2, 3, 5), padding="same", bias=False)
case("conv2d", (1, 4, 5, 6), (4, 1, 2, 3), padding="same", dilation=(3, 2), groups=4)
case("conv2d", (1, 2, 5, 6), (2, 2, 3, 5), padding="valid")
case("conv2d", (1, 1, 1, 1), (1, 1, 3, 3), padding=2, dilation=2)
case("conv3d", (2, 2, 3, 4, 3), (3, 2, 2, 3, 2))
case("conv3d", (1, 4, 5, 4, 6), (2, 2, 2, 3, 2), groups=2, stride=(2, 1, 3), padding=(1, 2, 0), dilation=(3, 1, 2))
case("conv3d", (1, 2, 3, 4, 3), (2, 1, 3, 3, 3), groups=2, padding=1)
case("conv3d", (1, 2, 4, 5, 4), (4, 1, 3, 2, 3), groups=2, padding=(2, 0, 1), stride=(2, 2, 1), bias=False)
case("conv3d", (1, 2, 3, 4, 3), (2, 2, 2, 3, 4), padding="same")
case("conv3d", (1, 2, 3, 4, 3), (2, 1, 2, 3, 2), padding="same", groups=2, dilation=(1, 2, 3))
case("conv3d", (1, 3, 2, 2, 2), (2, 3, 1, 1, 1))
case("conv_transpose1d", (2, 3, 4), (3, 2, 3))
case("conv_transpose1d", (1, 4, 4), (4, 3, 4), groups=2, stride=3, padding=2, output_padding=2)
case("conv_transpose1d", (1, 3, 5), (3, 1, 4), groups=3, stride=2, padding=1, bias=False)
case("conv_transpose1d", (1, 2, 4), (2, 2, 3), dilation=3, output_padding=2)
case("conv_transpose2d", (2, 3, 3, 4), (3, 2, 2, 3))
case("conv_transpose2d", (1, 4, 3, 2), (4, 1, 2, 3), groups=2, stride=(2, 3), padding=(1, 2), dilation=(2, 1), output_padding=(1, 0))
case("conv_transpose2d", (1, 2, 3, 3), (2, 2, 3, 3), stride=2, padding=1, output_padding=1, bias=False)
case("conv_transpose2d", (2, 3, 3, 4), (3, 1, 3, 3), groups=3, stride=2, padding=1, output_padding=1)
case("conv_transpose2d", (1, 2, 3, 4), (2, 2, 4, 3), groups=2, stride=(3, 1), padding=(2, 1), dilation=(1, 2))
case("conv_transpose2d", (1, 3, 3, 3), (3, 2, 1, 1), stride=2, output_padding=1)
case("conv_transpose2d", (1, 2, 2, 2), (2, 1, 2, 2), dilation=(3, 2), output_padding=(2, 1))
case("conv_transpose3d", (1, 2, 2, 3, 2), (2, 3, 2, 1, 3))
case("conv_transpose3d", (1, 4, 2, 3, 2), (4, 1, 3, 2, 2), groups=2, stride=(2, 1, 3), padding=(1, 0, 2), dilation=(1, 3, 2), output_padding=(1, 2, 1))
case("conv_transpose3d", (1, 2, 2, 3, 3), (2, 1, 3, 2, 2), groups=2, stride=2, padding=1, output_padding=1, bias=False)

for dims in (1, 2, 3):
    c, t = "conv%dd" % dims, "conv_transpose%dd" % dims
    x, k = (2, 4) + (5,) * dims, (3,) * dims
    refuse(c, x, (6, 3) + k)
    refuse(c, x, (6, 4) + k, groups=2)
    refuse(c, x, (6, 1) + k, groups=4)
    refuse(c, x, (6, 4) + k, bias=5)
    refuse(c, x, (6, 4) + (6,) * dims)
    refuse(c, x, (6, 4) + k, dilation=3)
    refuse(c, x, (6, 4) + k, stride=-1)
    refuse(c, x, (6, 4) + k, padding=-1)
    refuse(c, x, (6, 4) + k, groups=-1)
    refuse(c, x, (6, 4) + k, padding="same", stride=2)
    refuse(c, x, (6, 4) + k[1:])
    refuse(c, x, (6, 4) + (0,) * dims)
    refuse(t, x, (5, 3) + k)
    refuse(t, x, (4, 3) + k, groups=3)
    refuse(t, x, (4, 3) + k, bias=4)
    refuse(t, x, (4, 3) + k, output_padding=1)
    refuse(t, x, (4, 3) + k, stride=2, output_padding=2)
    refuse(t, x, (4, 3) + k, output_padding=-1)
    refuse(t, x, (4, 3) + k, padding=4)
    refuse(t, x, (4, 3) + k, padding=-1)
    refuse(t, x, (4, 3) + k, stride=-1)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_conv.json"), "w") as f:
    json.dump({"cases": cases, "refused": refused}, f, separators=(",", ":"))
    f.write("\n")
