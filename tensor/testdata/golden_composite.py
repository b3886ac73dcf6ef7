"""Writes golden_composite.json: functions made of other ops, as PyTorch computes them in float64, with gradients.

    python3 golden_composite.py      (PyTorch 1.13)

Each case has the function's name and numbers, its inputs, the result and the gradient of sum(cos(i) y[i]) by each input.
"""
import json
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
out = []


def case(op, f, *shapes, args=()):
    xs = [torch.randn(s).requires_grad_() for s in shapes]
    y = f(*xs)
    (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
    flat = lambda t: {"shape": list(t.shape), "data": t.detach().flatten().tolist()}
    out.append({"op": op, "args": list(args), "in": [flat(x) for x in xs], "out": flat(y), "grads": [x.grad.flatten().tolist() for x in xs]})


case("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), (2, 8, 2, 3), args=[2])
case("pixel_shuffle", lambda x: F.pixel_shuffle(x, 3), (9, 2, 1), args=[3])
case("pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 2), (2, 2, 4, 6), args=[2])
case("pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 3), (1, 3, 3), args=[3])
for size, alpha, beta, k in [(5, 1e-4, 0.75, 1.0), (2, 0.5, 0.75, 2.0), (3, 0.3, 0.5, 0.7), (9, 0.2, 1.0, 1.0)]:
    case("local_response_norm", lambda x: F.local_response_norm(x, size, alpha, beta, k), (2, 6, 2, 3), args=[size, alpha, beta, k])
case("local_response_norm", lambda x: F.local_response_norm(x, 3, 0.5, 0.75, 1.0), (2, 4, 3), args=[3, 0.5, 0.75, 1.0])
case("cosine_similarity", lambda x, y: F.cosine_similarity(x, y, 1, 1e-8), (3, 4), (3, 4), args=[1, 1e-8])
case("cosine_similarity", lambda x, y: F.cosine_similarity(x, y, -1, 1e-8), (2, 1, 5), (3, 5), args=[-1, 1e-8])
case("cosine_similarity", lambda x, y: F.cosine_similarity(x, y, 0, 1e-8), (4, 2), (4, 2), args=[0, 1e-8])
case("prelu", lambda x, w: F.prelu(x, w), (2, 3, 4), (3,))
case("prelu", lambda x, w: F.prelu(x, w), (2, 3), (1,))
case("prelu", lambda x, w: F.prelu(x, w), (5,), (1,))
case("prelu", lambda x, w: F.prelu(x, w), (2, 3), (3,))
for mode, shape, size, align in [
    ("nearest", (2, 2, 5), [8], None), ("nearest", (1, 2, 4, 3), [3, 7], None), ("nearest", (1, 1, 2, 3, 2), [4, 2, 3], None),
    ("linear", (2, 2, 5), [8], False), ("linear", (2, 2, 5), [3], True), ("bilinear", (1, 2, 4, 3), [6, 2], False), ("bilinear", (1, 2, 4, 3), [7, 5], True),
    ("bilinear", (1, 1, 3, 1), [1, 4], True), ("trilinear", (1, 1, 2, 3, 2), [4, 2, 3], False), ("bicubic", (1, 2, 4, 3), [6, 5], False),
    ("bicubic", (1, 1, 5, 6), [3, 4], True), ("bicubic", (1, 1, 2, 1), [5, 3], False), ("area", (1, 2, 5, 4), [3, 6], None),
    ("area", (2, 2, 7), [3], None), ("area", (1, 2, 3, 4, 5), [2, 6, 3], None),
]:
    number = {"nearest": 0, "bicubic": 2, "area": 3}.get(mode, 1)
    case("interpolate", lambda x: F.interpolate(x, size, mode=mode, align_corners=align), shape, args=[number, int(bool(align))] + size)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_composite.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
