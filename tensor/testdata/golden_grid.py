"""Writes golden_grid.json: grid_sample and affine_grid of PyTorch in float64, with gradients.

    python3 golden_grid.py      (PyTorch 1.13)

Each case has the op's name, its mode, padding and align_corners, for affine_grid the size; the inputs, the result and the gradient of
sum(w * out) by each input, w[i] = round(64 cos(i)) / 64.
"""
import json
import os

import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(1)
cases = []


def array(t):
    return {"shape": list(t.shape), "data": t.detach().flatten().tolist()}


def draw(*shape):
    return (torch.randn(shape, generator=generator, dtype=torch.float64) * 1024).round() / 1000


def case(op, f, inputs, **options):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    g = torch.autograd.grad(y, inputs, ((torch.cos(torch.arange(y.numel()).double()) * 64).round() / 64).reshape(y.shape))
    cases.append({"op": op, **options, "in": [array(x) for x in inputs], "out": array(y), "grads": [array(x) for x in g]})


for align in (False, True):
    for padding in ("zeros", "border", "reflection"):
        for mode in ("bilinear", "nearest", "bicubic"):
            o = dict(mode=mode, padding=padding, align=align)
            f = lambda x, grid: F.grid_sample(x, grid, mode, padding, align)
            case("grid_sample", f, [draw(2, 3, 4, 5), draw(2, 3, 3, 2) * 1.2], **o)
            case("grid_sample", f, [draw(1, 1, 1, 3), draw(1, 2, 5, 2) * 3], **o)
            if mode != "bicubic":
                case("grid_sample", f, [draw(2, 2, 3, 4, 3), draw(2, 2, 3, 2, 3) * 1.2], **o)
    for size in [(2, 3, 4, 5), (1, 1, 1, 3), (3, 2, 2, 1), (2, 1, 3, 2, 4), (1, 1, 1, 5, 1)]:
        r = len(size) - 2
        case("affine_grid", lambda theta: F.affine_grid(theta, list(size), align), [draw(size[0], r, r + 1)], align=align, size=size)
        x = draw(*size)
        case("affine_sample", lambda theta, x: F.grid_sample(x, F.affine_grid(theta, list(size), align), "bilinear", "zeros", align),
             [draw(size[0], r, r + 1), x], align=align, size=size)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_grid.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
