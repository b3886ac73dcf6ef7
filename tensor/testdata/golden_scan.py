"""Writes golden_scan.json: sums, products and logsumexps along an axis of PyTorch, with gradients, in float64.

    python3 golden_scan.py      (PyTorch 1.13)

Each case has the op's name, the axis, the input, the result and the gradient of sum(w * result), w[i] = round(64 cos(i)) / 64,
null for integers.
"""
import json
import math
import os

import torch

inf = float("inf")
generator = torch.Generator().manual_seed(1)
cases = []


def draw(*shape):
    """Multiples of 1/64 in [-2, 2]."""
    return torch.randint(-128, 129, shape, generator=generator).double() / 64


def array(t):
    t = t.to(torch.int64) if t.dtype == torch.bool else t
    return {"shape": list(t.shape), "data": [v if abs(v) < inf else repr(v) for v in t.detach().flatten().tolist()]}


def case(op, axis, x, gradient=True):
    c = {"op": op, "axis": axis, "in": array(x), "int": not x.is_floating_point()}
    if x.is_floating_point() and gradient:
        x = x.clone().requires_grad_()
    y = getattr(torch, op)(x, axis)
    c["out"] = array(y)
    if x.requires_grad:
        w = torch.tensor([round(64 * math.cos(i)) / 64 for i in range(y.numel())], dtype=y.dtype).reshape(y.shape)
        c["grad"] = array(torch.autograd.grad((y * w).sum(), x)[0])
    else:
        assert y.dtype in (torch.int64, torch.float64)
    cases.append(c)


for op in ("cumsum", "cumprod", "logcumsumexp"):
    case(op, 0, draw())
    case(op, -1, draw())
    case(op, 0, draw(1))
    case(op, 0, draw(9))
    for axis in (0, 1, 2, -1, -2):
        case(op, axis, draw(3, 5, 4))
    case(op, 0, draw(4, 70))
    case(op, 1, draw(3, 0))
    case(op, 0, draw(0, 3))
for op in ("cumsum", "cumprod"):
    case(op, 1, torch.randint(-5, 6, (3, 4), generator=generator))
    case(op, 0, torch.tensor([3_000_000_019, 2, 3]))
    case(op, 0, torch.tensor([True, True, False, True]))
zeros = draw(5, 6)
zeros[0, 0] = zeros[1, 3] = zeros[2, 5] = zeros[3, 1] = zeros[3, 4] = 0
zeros[4] = 0
case("cumprod", 1, zeros)
case("cumprod", 0, zeros)
case("logcumsumexp", 0, draw(7) + 900)
case("logcumsumexp", 0, draw(7) * 500)
case("logcumsumexp", 1, torch.tensor([[-inf, -inf, 1, 2], [-inf, inf, 0, inf], [3, -inf, -inf, inf], [-inf] * 4], dtype=torch.float64), False)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_scan.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
