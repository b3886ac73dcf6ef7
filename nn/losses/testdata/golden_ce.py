"""Writes golden_ce.json: PyTorch's losses over classes and labels in float64 with their gradients.

    python3 golden_ce.py      (PyTorch 1.13)

Each case has the loss, its options, the inputs, the result, and the gradients of sum(fill(result) * result) by the inputs;
a gradient is null where the input is a label.
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
    """grads is the number of leading inputs with gradients, all but integers when it is None."""
    inputs = [t.clone().requires_grad_(t.is_floating_point() and (grads is None or i < grads)) for i, t in enumerate(inputs)]
    out = getattr(F, loss)(*inputs, **options)
    (fill(out.shape) * out).sum().backward()
    distance = options.pop("distance_function", None)
    options = {k: array(v) if torch.is_tensor(v) else v for k, v in options.items()}
    if distance:
        options["distance"] = distance.__name__
    cases.append({"loss": loss, "name": name, "int": [not t.is_floating_point() for t in inputs], "in": [array(t) for t in inputs],
                  "out": array(out), "grads": [array(t.grad) if t.requires_grad else None for t in inputs], **options})


reductions = ["mean", "sum", "none"]
C = 4
W = fill((C,), 3) + 1.5
for tail in [(), (3,), (2, 1, 2)]:
    x = fill((2, C) + tail) * 3
    n = 2 * math.prod(tail)
    k = (torch.arange(n) * 7 % 5 % C).reshape((2,) + tail)  # 0, 2, 0, 1, ...
    q = torch.softmax(fill(x.shape, 1) * 2, 1)
    for r, w, e in itertools.product(reductions, [None, W], [0.0, 0.3]):
        o = {"reduction": r, **({} if w is None else {"weight": w})}
        name = f"{r} {len(tail)}d{'' if w is None else ' weight'}{' smoothing' if e else ''}"
        s = {"label_smoothing": e} if e else {}
        add("cross_entropy", name, [x, k], **o, **s)
        add("cross_entropy", name + " ignore", [x, k], ignore_index=2, **o, **s)
        add("cross_entropy", name + " probabilities", [x, q], **o, **s)
        if not e:
            add("nll_loss", name, [x.log_softmax(1), k], **o)
            add("nll_loss", name + " ignore", [x.log_softmax(1), k], ignore_index=2, **o)
# One sample without the dimension N.
x, k, q = fill((C,)) * 3, torch.tensor(2), torch.softmax(fill((C,), 1), 0)
for r in reductions:
    for o in [{}, {"weight": W}]:
        for s in [{}, {"label_smoothing": 0.3}]:
            name = f"{r} one sample{' weight' if o else ''}{' smoothing' if s else ''}"
            add("cross_entropy", name, [x, k], reduction=r, **o, **s)
            add("cross_entropy", name + " probabilities", [x, q], reduction=r, **o, **s)
        add("nll_loss", f"{r} one sample{' weight' if o else ''}", [x.log_softmax(0), k], reduction=r, **o)
add("cross_entropy", "one sample ignored", [x, k], ignore_index=2, reduction="none")
add("nll_loss", "one sample ignored", [x, k], ignore_index=2, reduction="none")
add("cross_entropy", "probabilities, negative ignored class", [x, q], ignore_index=-1)
add("cross_entropy", "probabilities that do not sum to 1", [fill((3, C)), fill((3, C), 1)], label_smoothing=0.1, weight=W)

X = fill((5, C)) * 2
M = torch.tensor([[3, 0, -1, 1], [-1, 2, 2, 2], [0, 1, 2, 3], [1, -1, -1, -1], [2, 2, 1, -1]])
Y = (fill((5, C), 2) > 0).double()
for r in reductions:
    add("multilabel_margin_loss", r, [X, M], reduction=r)
    add("multilabel_margin_loss", r + " vector", [X[0], M[0]], reduction=r)
    for o in [{}, {"weight": W}]:
        w = " weight" if o else ""
        add("multilabel_soft_margin_loss", r + w, [X, Y], 1, reduction=r, **o)
        add("multilabel_soft_margin_loss", r + w + " between", [X, torch.sigmoid(fill((5, C), 4))], reduction=r, **o)
        add("multilabel_soft_margin_loss", r + w + " images", [fill((2, 3, C)), torch.sigmoid(fill((2, 3, C), 4))], reduction=r, **o)
        add("multilabel_soft_margin_loss", r + w + " vector", [X[0], Y[0]], 1, reduction=r, **o)
    add("soft_margin_loss", r, [X, 2 * Y - 1], 1, reduction=r)
    add("soft_margin_loss", r + " other targets", [X, fill((5, C), 5)], 1, reduction=r)
    for m in [1.0, 0.25, 2.5]:
        add("hinge_embedding_loss", f"{r} {m}", [X, 2 * Y - 1], 1, reduction=r, margin=m)
add("multilabel_margin_loss", "no labels", [X, torch.full((5, C), -1)], reduction="none")
add("multilabel_margin_loss", "all margins kept", [M[2:3].double() * 5, torch.tensor([[3, -1, 0, 0]])], reduction="none")
add("multilabel_soft_margin_loss", "far", [torch.tensor([[1e4, -1e4, 1e4, -1e4]]), torch.tensor([[1.0, 0.0, 0.0, 1.0]])], 1)
add("soft_margin_loss", "scalar", [torch.tensor(0.5), torch.tensor(-1.0)], 1)
add("hinge_embedding_loss", "other targets", [X, fill((5, C), 5).round()], 1, reduction="none")
add("hinge_embedding_loss", "negative distances", [-X.abs(), 2 * Y - 1], 1, reduction="none", margin=0.5)

# At the hinge max(0, .) has two slopes; PyTorch's choice there is compared in "kinks".
add("hinge_embedding_loss", "kinks", [torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([1.0, -1.0, 1.0, -1.0])], 1, reduction="none")
add("multilabel_margin_loss", "kinks", [torch.tensor([[1.0, 0.0, 2.0, 1.0]]), torch.tensor([[0, -1, 0, 0]])], reduction="none")


def manhattan(x, y):
    return (x - y).abs().sum(-1)


def cosine(x, y):
    return 1 - F.cosine_similarity(x, y)


a, p, n = fill((4, 3)) * 2, fill((4, 3), 1) * 2, fill((4, 3), 2) * 2
for r, d, swap in itertools.product(reductions, [None, manhattan, cosine], [False, True]):
    add("triplet_margin_with_distance_loss", f"{r} {d and d.__name__} {swap}", [a, p, n], reduction=r, swap=swap,
        **({"distance_function": d} if d else {}))
add("triplet_margin_with_distance_loss", "margin", [a, p, n], margin=0.25, distance_function=manhattan)
add("triplet_margin_with_distance_loss", "vectors", [a[0], p[0], n[0]], reduction="none", distance_function=manhattan)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_ce.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
