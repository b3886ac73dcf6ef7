"""Writes golden_units.json: layers of cosines and of sines made of PyTorch's functions in float64.

    python3 golden_units.py      (PyTorch 1.13)

Inputs and parameters are fill(shape, seed) of make_golden.py: seed 0 for the input, 1, 2, ... for the parameters; "zeros" names rows of the
input and of the weight that are zero. The gradients are those of sum(fill(shape of y, 99) * y).
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


def array(t):
    return {"shape": list(t.shape), "data": numbers(t)}


def case(name, f, shapes, zeros=False, **args):
    t = [fill(s, i) for i, s in enumerate(shapes)]
    if zeros:
        t[0].reshape(-1, shapes[0][-1])[1] = 0
    t = [v.requires_grad_() for v in t]
    y = f(*t)
    (y * fill(y.shape, 99)).sum().backward()
    return {"name": name, "shapes": shapes, "zeros": zeros, "args": args, "y": array(y), "grads": [numbers(v.grad) for v in t]}


def cosine(eps):
    return lambda x, w: F.cosine_similarity(x.unsqueeze(-2), w, dim=-1, eps=eps)


out = [
    case("cosine", cosine(1e-8), [[5, 4], [3, 4]], eps=0),
    case("cosine", cosine(1e-8), [[2, 3, 7], [5, 7]], eps=0),
    case("cosine", cosine(1e-8), [[4], [3, 4]], eps=0),
    case("cosine", cosine(1e-8), [[1, 1], [1, 1]], eps=0),
    case("cosine", lambda x, w, s: s * cosine(1e-8)(x, w), [[5, 4], [3, 4], [1]], eps=0),
    case("cosine", lambda x, w: F.linear(F.normalize(x, dim=-1, eps=0.1), F.normalize(w, dim=-1, eps=0.1)), [[3, 4], [3, 4]], zeros=True, eps=0.1),
    case("sine", lambda x: torch.sin(30 * x), [[5, 4]], omega=30),
    case("sine", lambda x: torch.sin(1.5 * x), [[5, 4]], omega=1.5),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_units.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
