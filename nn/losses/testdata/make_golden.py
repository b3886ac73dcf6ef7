"""Writes golden.json: PyTorch's losses in float64 with their gradients.

    python3 make_golden.py      (PyTorch 1.13)

Each case has the loss, its options, prediction x, target y, the result, and the gradients of sum(fill(result) * result) by x
and, where y is floating-point and PyTorch has it, by y.
"""
import itertools
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def fill(shape, seed=0):
    n = 1
    for d in shape:
        n *= d
    return torch.sin(1 + 0.37 * torch.arange(n, dtype=torch.float64) + 1.3 * seed).reshape(shape)


def number(v):
    return float("%.11g" % v) if math.isfinite(v) else str(v)


def array(t):
    return {"shape": list(t.shape), "data": [number(v) for v in t.detach().flatten().tolist()]}


cases = []


def add(loss, name, x, y, f=None, dy=False, **options):
    x = x.clone().requires_grad_()
    y = y.clone().requires_grad_(dy)
    out = (f or getattr(F, loss))(x, y, **options)
    (fill(out.shape) * out).sum().backward()
    c = {"loss": loss, "name": name, "x": array(x), "y": array(y), "int": not y.is_floating_point(), "out": array(out), "dx": array(x.grad)}
    if dy:
        c["dy"] = array(y.grad)
    for k, v in options.items():
        c[k] = array(v) if torch.is_tensor(v) else v
    cases.append(c)


reductions = ["mean", "sum", "none"]
X, Y = fill((3, 4)) * 3, fill((3, 4), 1) * 2
X[0, 0] = Y[0, 0]  # no difference
for r in reductions:
    add("mse_loss", r, X, Y, dy=True, reduction=r)
    add("l1_loss", r, X, Y, dy=True, reduction=r)
    for d in [1.0, 0.5, 3.0]:
        add("huber_loss", f"{r} {d}", X, Y, dy=True, reduction=r, delta=d)
    for b in [1.0, 0.5, 3.0, 0.0]:
        # With beta 0 PyTorch's gradient at no difference is -1 for x and y alike; there is none to compare with.
        add("smooth_l1_loss", f"{r} {b}", X if b else X + 0.125, Y, dy=True, reduction=r, beta=b)
far = torch.tensor([1e4, -1e4, 1e4, 0.0])
for loss in ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"]:
    add(loss, "far", far, torch.tensor([-1e4, 1e4, 1e4, 1.0]), dy=True, reduction="none")

P, T = torch.sigmoid(X), (fill((3, 4), 2) + 1) / 2
W, PW = fill((4,), 3) + 1.5, fill((4,), 4) + 1.5
for r in reductions:
    add("binary_cross_entropy", r, P, T, dy=True, reduction=r)
    add("binary_cross_entropy", f"{r} weight", P, T.round(), reduction=r, weight=W)
    add("binary_cross_entropy_with_logits", r, X, T, dy=True, reduction=r)
    add("binary_cross_entropy_with_logits", f"{r} weights", X, T, reduction=r, weight=fill((3, 4), 5) + 1.5, pos_weight=PW)
edge = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1e-13, 1e-13, 0.5])
add("binary_cross_entropy", "0 and 1", edge, torch.tensor([0.0, 1.0, 0.25, 0.0, 1.0, 0.25, 0.0, 1.0, 0.5]), reduction="none")
logits = torch.tensor([1e4, 1e4, -1e4, -1e4, 30.0, 30.0, -30.0, -30.0, 0.0, 1e4])
add("binary_cross_entropy_with_logits", "far", logits, torch.tensor([0.0, 1, 0, 1, 0, 1, 0, 1, 1, 0.25]), dy=True, reduction="none")
add("binary_cross_entropy_with_logits", "far pos", logits, torch.tensor([0.0, 1, 0, 1, 0, 1, 0, 1, 1, 0.25]), reduction="none",
    pos_weight=torch.tensor([3.0]))

C, N = 4, 5
L, K = fill((N, C)) * 3, torch.tensor([0, 3, 1, 2, 3])
images, KI = fill((2, C, 2, 3)) * 3, torch.tensor([[[0, 1, 2], [3, 0, 1]], [[1, 1, 2], [3, 3, 0]]])
S = torch.softmax(fill((N, C), 1), 1)
for r, w, e in itertools.product(reductions, [None, W], [0.0, 0.2]):
    o = {"reduction": r}
    name = r
    if w is not None:
        o["weight"], name = w, name + " weight"
    if e:
        o["label_smoothing"], name = e, name + " smoothing"
    add("cross_entropy", name, L, K, **o)
    add("cross_entropy", name + " ignore", L, K, ignore_index=3, **o)
    add("cross_entropy", name + " soft", L, S, dy=True, **o)
    if r != "sum":
        add("cross_entropy", name + " images", images, KI, ignore_index=1, **o)
        add("cross_entropy", name + " soft images", images, torch.softmax(fill(images.shape, 1), 1), **o)
    if not e:
        add("nll_loss", name, L.log_softmax(1), K, **o)
        add("nll_loss", name + " ignore", L.log_softmax(1), K, ignore_index=3, **o)
        add("nll_loss", name + " images", images.log_softmax(1), KI, ignore_index=1, **o)
add("cross_entropy", "default ignore", L, torch.tensor([0, -100, 1, 2, -100]))
add("nll_loss", "default ignore", L, torch.tensor([0, -100, 1, 2, -100]))
add("cross_entropy", "all ignored", L, torch.full((N,), -100))
add("cross_entropy", "smoothing 1", L, K, label_smoothing=1.0)
big = torch.tensor([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4 + 1]])
add("cross_entropy", "far", big, torch.tensor([0, 1, 2, 0]), reduction="none")
add("cross_entropy", "far smoothing", big, torch.tensor([0, 1, 2, 0]), reduction="none", label_smoothing=0.1)
add("cross_entropy", "far soft", big, torch.tensor([[1.0, 0, 0], [0, 0.5, 0.5], [0.2, 0.3, 0.5], [0, 0, 1]]), reduction="none")

LP, LQ = L.log_softmax(1), fill((N, C), 2).log_softmax(1)
Q = LQ.exp()
Q[0] = torch.tensor([0.0, 1.0, 0.0, 0.0])
for r in reductions + ["batchmean"]:
    add("kl_div", r, LP, LQ.exp(), dy=True, reduction=r)
    add("kl_div", f"{r} log", LP, LQ, dy=True, reduction=r, log_target=True)
    add("kl_div", f"{r} zeros", LP, Q, reduction=r)

for r, p, m, w in itertools.product(reductions, [1, 2], [1.0, 0.5], [None, W]):
    o = {} if w is None else {"weight": w}
    add("multi_margin_loss", f"{r} {p} {m} {'weight' if o else ''}", L, K, reduction=r, p=p, margin=m, **o)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
