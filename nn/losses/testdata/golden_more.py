"""Writes golden_more.json: PyTorch's losses of several inputs in float64 with their gradients.

    python3 golden_more.py      (PyTorch 1.13)

Each case has the loss, its options, the inputs, the result, and the gradients of sum(fill(result) * result) by the inputs;
a gradient is null where the input is a label or PyTorch's is not defined.
"""
import itertools
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def fill(shape, seed=0):
    return torch.sin(1 + 0.37 * torch.arange(math.prod(shape), dtype=torch.float64) + 1.3 * seed).reshape(shape)


def array(t):
    number = lambda v: float("%.12g" % v) if math.isfinite(v) else str(v)
    return {"shape": list(t.shape), "data": [number(v) for v in t.detach().flatten().tolist()]}


cases = []


def add(loss, name, inputs, grads=None, **options):
    """grads is the number of leading inputs with gradients, all when it is None."""
    grads = len(inputs) if grads is None else grads
    inputs = [t.clone().requires_grad_(i < grads) for i, t in enumerate(inputs)]
    out = getattr(F, loss)(*inputs, **options)
    (fill(out.shape) * out).sum().backward()
    options = {k: "inf" if v == math.inf else v for k, v in options.items()}
    cases.append({"loss": loss, "name": name, "in": [array(t) for t in inputs], "out": array(out),
                  "grads": [array(t.grad) if t.requires_grad else None for t in inputs], **options})


reductions = ["mean", "sum", "none"]
A, B, C = fill((4, 3)) * 2, fill((4, 3), 1) * 2, fill((4, 3), 2) * 2
SIGN = torch.tensor([1.0, -1.0, -1.0, 1.0])
zero = torch.zeros(4, 3)
for r, p, swap in itertools.product(reductions, [2.0, 1.0, 3.0, math.inf], [False, True]):
    add("triplet_margin_loss", f"{r} {p} {swap}", [A, B, C], reduction=r, p=p, swap=swap)
add("triplet_margin_loss", "margin", [A, B, C], margin=0.25, eps=1e-3)
add("triplet_margin_loss", "margin 0", [A, B, C], margin=0.0, reduction="none")
add("triplet_margin_loss", "positive = anchor", [A, A, C], margin=5.0, reduction="none")
add("triplet_margin_loss", "all equal", [A, A, A], reduction="none")
add("triplet_margin_loss", "positive = anchor, no eps", [zero, zero, C], margin=5.0, eps=0.0, reduction="none")
add("triplet_margin_loss", "far", [A * 1e4, B * 1e4, C * 1e4], reduction="none")
add("triplet_margin_loss", "vector", [A[0], B[0], C[0]])

for r, m in itertools.product(reductions, [0.0, 0.5]):
    add("margin_ranking_loss", f"{r} {m}", [A, B, fill((4, 3), 5).sign()], reduction=r, margin=m)
add("margin_ranking_loss", "equal", [A[0], A[0], torch.tensor([1.0, -1.0, 1.0])], reduction="none")
add("margin_ranking_loss", "far", [A * 1e4, B * 1e4, fill((4, 3), 5).sign()], reduction="none")

for r, m in itertools.product(reductions, [0.0, 0.5, -0.5]):
    add("cosine_embedding_loss", f"{r} {m}", [A, B, SIGN], 2, reduction=r, margin=m)
add("cosine_embedding_loss", "other labels", [A, B, torch.tensor([0.0, 1.0, -1.0, 2.0])], 2, reduction="none")
add("cosine_embedding_loss", "equal", [A, A, SIGN], 2, reduction="none")
add("cosine_embedding_loss", "far", [A * 1e4, B * 1e4, SIGN], 2, reduction="none")
add("cosine_embedding_loss", "vector", [A[0], B[0], torch.tensor(-1.0)], 2)
add("cosine_embedding_loss", "zero", [zero, zero, SIGN], 2, reduction="none")
add("cosine_embedding_loss", "one zero", [zero, B, SIGN], 2, reduction="none")

V = fill((4, 3), 3) + 1.5
for r, full in itertools.product(reductions, [False, True]):
    add("gaussian_nll_loss", f"{r} {full}", [A, B, V], reduction=r, full=full)
    add("gaussian_nll_loss", f"{r} {full} last", [A, B, V[:, :1]], reduction=r, full=full)
    add("gaussian_nll_loss", f"{r} {full} short", [A, B, V[:, 0]], reduction=r, full=full)
add("gaussian_nll_loss", "eps", [A, B, V], eps=1.25, reduction="none")
add("gaussian_nll_loss", "no variance", [A, B, zero], reduction="none", eps=0.125)
add("gaussian_nll_loss", "equal", [A, A, V], reduction="none")
add("gaussian_nll_loss", "far", [A * 1e4, B * 1e4, V], reduction="none")

N = torch.tensor([[0.0, 1, 2], [3, 7, 0], [12, 1, 40], [5, 2, 0]])
for r, full, log in itertools.product(reductions, [False, True], [False, True]):
    # With full PyTorch's gradient by a count of 0 is NaN.
    add("poisson_nll_loss", f"{r} {full} {log}", [A if log else V, N], 1 if full else 2, reduction=r, full=full, log_input=log)
    add("poisson_nll_loss", f"{r} {full} {log} counts", [A if log else V, N + 1.5], reduction=r, full=full, log_input=log)
add("poisson_nll_loss", "eps", [V, N], eps=0.5, log_input=False, reduction="none")
add("poisson_nll_loss", "rate 0", [zero, N], eps=0.125, log_input=False, reduction="none")
add("poisson_nll_loss", "far", [torch.tensor([-1e4, 80.0, -1e4]), torch.tensor([0.0, 1.0, 3.0])], reduction="none")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_more.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
