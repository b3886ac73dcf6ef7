"""Writes golden_select.json: ops that sort, search, select and count, as PyTorch computes them, with gradients.

    python3 golden_select.py      (PyTorch 1.13)

Each case has the op's name and numbers, its inputs, the results and, where "grads" has any, the gradient of
sum(cos(i) y[i]), y the first result, by the inputs in float64. 1e300 stands for NaN, 2e300 and -2e300 for the infinities.
"""
import json
import math
import os

import torch

torch.manual_seed(7)
NAN, INF = float("nan"), float("inf")
out = []


def number(v):
    if isinstance(v, float) and not math.isfinite(v):
        return 1e300 if math.isnan(v) else math.copysign(2e300, v)
    return v


def flat(t):
    return {"dtype": str(t.dtype)[6:], "shape": list(t.shape), "data": [number(v) for v in t.detach().flatten().tolist()]}


def case(op, f, *xs, args=(), grad=()):
    grad = [i for i in grad if xs[i].numel() <= 100]
    xs = [x.detach().clone().requires_grad_(i in grad) for i, x in enumerate(xs)]
    y = f(*xs)
    y = list(y) if isinstance(y, (tuple, list)) else [y]
    if grad:
        (y[0] * torch.cos(torch.arange(y[0].numel(), dtype=torch.float64)).reshape(y[0].shape)).sum().backward()
    out.append({"op": op, "args": [number(float(a)) for a in args], "in": [flat(x) for x in xs], "out": [flat(t) for t in y],
                "grads": [x.grad.flatten().tolist() if i in grad else [] for i, x in enumerate(xs)] if grad else []})


def rand(*shape):  # short in decimals, no ties where there are many
    n = math.prod(shape)
    return perm(*shape) / 8 - n // 16 if n > 60 else (torch.randn(shape, dtype=torch.float64) * 4096).round() / 4096


def quarters(x):
    return torch.randint(1, 9, x.shape).to(x.dtype) / 4


def perm(*shape, d=torch.float64):  # no ties
    return torch.randperm(math.prod(shape)).reshape(shape).to(d)


special = torch.tensor([3.0, NAN, -1.0, INF, 0.0, NAN, -0.0, -INF, 0.0, 2.5], dtype=torch.float64)
ties = torch.randint(0, 3, (4, 9))
for down in (0, 1):
    for x, axis in [(rand(7), 0), (rand(3, 5), 0), (rand(2, 3, 4), -2), (rand(2, 70), 1), (rand(700), 0), (rand(3, 0), 1), (rand(0, 3), 1), (rand(5, 1), 1)]:
        case("sort", lambda x: torch.sort(x, dim=axis, descending=bool(down), stable=True), x, args=[axis, down], grad=[0])
    for x in (ties, ties.int(), ties.to(torch.uint8), ties > 1, -ties, (ties * 1000000007) * -4000000007, ties.double(), ties.float() / 3):
        case("sort", lambda x: torch.sort(x, dim=1, descending=bool(down), stable=True), x, args=[1, down])
    case("sort", lambda x: torch.sort(x, dim=0, descending=bool(down), stable=True), special, args=[0, down])
    case("argsort", lambda x: torch.sort(x, dim=0, descending=bool(down), stable=True)[1], ties, args=[0, down])
    for x, k, axis in [(rand(9), 3, 0), (rand(3, 5), 2, 0), (rand(2, 4, 3), 4, 1), (rand(2, 250), 7, -1), (rand(300, 2), 20, 0), (rand(2, 300), 200, 1), (rand(3, 4), 0, 1), (rand(40), 1, 0)]:
        case("topk", lambda x: torch.topk(x, k, axis, largest=bool(down)), x, args=[k, axis, down], grad=[0])
    for x in (perm(300, d=torch.float32), perm(300, d=torch.int64) - 150, perm(300, d=torch.int32) - 150, perm(200, d=torch.uint8), perm(2, 150)):
        case("topk", lambda x: torch.topk(x, 5, -1, largest=bool(down)), x, args=[5, -1, down])
    case("topk", lambda x: torch.topk(x, 2, 0, largest=bool(down)), torch.tensor([1.0, NAN, 5.0, -INF, INF], dtype=torch.float64), args=[2, 0, down])
for x, k, axis in [(rand(9), 3, 0), (rand(3, 5), 1, 0), (rand(2, 4, 3), 4, 1), (rand(2, 251), 125, -1), (rand(300, 2), 299, 0), (perm(100), 100, 0)]:
    case("kthvalue", lambda x: torch.kthvalue(x, k, axis), x, args=[k, axis], grad=[0])
case("kthvalue", lambda x: torch.kthvalue(x, 4, 0), torch.tensor([1.0, NAN, 5.0, -INF, INF]), args=[4, 0])
case("kthvalue", lambda x: torch.kthvalue(x, 17, 1), perm(3, 40, d=torch.int64), args=[17, 1])
holes = torch.where(torch.rand(6, 11) < 0.3, torch.tensor(NAN, dtype=torch.float64), rand(6, 11))
for op in ("median", "nanmedian"):
    f = getattr(torch, op)
    for x, axis in [(rand(9), 0), (rand(4, 5), 0), (rand(2, 4, 3), 1), (rand(2, 250), -1), (rand(5, 1), 1)]:
        case(op, lambda x: f(x, axis), x, args=[axis], grad=[0])
    case(op, lambda x: f(x, 0), perm(40, d=torch.int64), args=[0])
    case(op, lambda x: f(x, 1), holes if op == "median" else holes[(~holes.isnan()).any(1)], args=[1])
for mode, name in enumerate(["linear", "lower", "higher", "nearest", "midpoint"]):
    for x, q, axis in [(rand(9), [0.3], 0), (rand(4, 5), [0, 0.25, 1], 0), (rand(2, 4, 3), [0.5, 0.1], 1), (rand(2, 300), [0.999, 0.123], -1), (rand(5, 1), [0.7], 1)]:
        case("quantile", lambda x: torch.quantile(x, torch.tensor(q, dtype=torch.float64), axis, interpolation=name), x, args=[axis, mode] + q, grad=[0])
    for op, f in (("quantile", torch.quantile), ("nanquantile", torch.nanquantile)):
        case(op, lambda x: f(x, torch.tensor([0.2, 0.5], dtype=torch.float64), 1, interpolation=name), holes, args=[1, mode, 0.2, 0.5])
index = lambda n, *shape: torch.randint(0, n, shape)
case("take_along_dim", lambda x, i: torch.take_along_dim(x, i, 1), rand(3, 4), index(4, 3, 2), args=[1], grad=[0])
case("take_along_dim", lambda x, i: torch.take_along_dim(x, i, 0), rand(3, 4), index(3, 5, 1), args=[0], grad=[0])
case("take_along_dim", lambda x, i: torch.take_along_dim(x, i, 1), rand(1, 4, 2), index(4, 3, 6, 1), args=[1], grad=[0])
case("take_along_dim", lambda x, i: torch.take_along_dim(x, i, 0), rand(6), index(6, 9), args=[0], grad=[0])
case("take", lambda x, i: torch.take(x, i), rand(3, 4), index(24, 2, 5) - 12, grad=[0])
case("take", lambda x, i: torch.take(x, i), rand(2, 2, 2), torch.tensor(-3), grad=[0])
case("take", lambda x, i: torch.take(x, i), rand(5), index(5, 0), grad=[0])
unique = dict(return_inverse=True, return_counts=True)
for x in (ties, ties.int(), ties.to(torch.uint8), ties > 1, ties.double() / 2, -ties.float(), torch.randint(-50, 50, (700,)), torch.zeros(0), torch.tensor(5), torch.tensor([0.0, -1, INF, -INF, 2, -1])):
    case("unique", lambda x: torch.unique(x, **unique), x)
    case("unique_consecutive", lambda x: torch.unique_consecutive(x, **unique), x)
for x, axis in [(torch.randint(0, 2, (9, 3)), 0), (torch.randint(0, 2, (3, 20)), 1), (torch.randint(-1, 1, (2, 12, 2)).float(), 1), (torch.randint(0, 9, (600, 2)), 0), (torch.zeros(0, 3), 0), (torch.randint(0, 2, (6, 4)).bool(), 0), (torch.ones(4, 2, dtype=torch.uint8), 0)]:
    case("unique_along", lambda x: torch.unique(x, dim=axis, **unique), x, args=[axis])
    if x.numel():
        case("unique_consecutive_along", lambda x: torch.unique_consecutive(x, dim=axis, **unique), x, args=[axis])
for x in (ties, ties > 1, ties.double(), torch.zeros(2, 3), torch.zeros(0, 3), torch.tensor([NAN, 0.0, -0.0, 1.0]), torch.randint(0, 2, (3, 4, 5)), torch.tensor(3), torch.tensor(0)):
    case("nonzero", lambda x: torch.nonzero(x), x)
    case("count_nonzero", lambda x: torch.count_nonzero(x), x)
case("count_nonzero", lambda x: torch.count_nonzero(x, dim=(0, 2)), torch.randint(0, 2, (3, 4, 5)), args=[0, 2])
mask = lambda *shape: torch.rand(shape) < 0.5
for x, m in [(rand(4, 5), mask(4, 5)), (rand(4, 5), mask(5)), (rand(3, 1), mask(1, 4)), (rand(3), torch.tensor(True)), (rand(2, 3), torch.zeros(2, 3).bool()), (rand(0, 3), mask(0, 3))]:
    case("masked_select", lambda x, m: torch.masked_select(x, m), x, m, grad=[0])
    case("masked_fill", lambda x, m: torch.masked_fill(x, m, -1.5), x, m, args=[-1.5], grad=[0])
    case("masked_scatter", lambda x, m, s: torch.masked_scatter(x, m, s), x, m, rand(2, 11), grad=[0, 2])
for right in (0, 1):
    edges = torch.tensor([-1.0, 0, 0, 0.5, 2], dtype=torch.float64)
    for s, v in [(edges, torch.tensor([[-2.0, -1, 0], [0.25, 2, 3]]).double()), (edges.float(), torch.tensor([NAN, INF, -INF, 0])), (torch.sort(rand(3, 50))[0], rand(3, 7)), (torch.sort(ties)[0], ties[:, :4]),
                 (torch.sort(ties.int()[0])[0], ties.int()), (torch.sort(ties.to(torch.uint8)[0])[0], ties.to(torch.uint8)), (edges[:0], rand(3)), (edges, torch.tensor(0.0).double()), (edges, rand(0))]:
        case("searchsorted", lambda s, v: torch.searchsorted(s, v, right=bool(right)), s, v, args=[right])
        if s.dim() == 1:
            case("bucketize", lambda v, s: torch.bucketize(v, s, right=bool(right)), v, s, args=[right])
    messy = rand(3, 20)
    case("searchsorted", lambda s, v, i: torch.searchsorted(s, v, right=bool(right), sorter=i), messy, rand(3, 4), torch.argsort(messy), args=[right])
for x, least in [(torch.tensor([1, 1, 4, 0]), 0), (torch.tensor([1, 1, 4, 0]), 9), (torch.zeros(0, dtype=torch.int64), 0), (torch.zeros(0, dtype=torch.int64), 3), (torch.randint(0, 50, (300,)).int(), 0), (torch.tensor([7], dtype=torch.uint8), 2)]:
    case("bincount", lambda x: torch.bincount(x, minlength=least), x, args=[least])
    for w in () if len(x) == 0 else (rand(len(x)), rand(len(x)).float(), torch.arange(len(x))):
        case("bincount", lambda x, w: torch.bincount(x, w, minlength=least), x, w, args=[least])
grid = torch.arange(-16, 17).double() / 8  # on edges: where these have no rounding, as PyTorch's depends on the vector unit
for x in (rand(50), rand(30).float(), grid, grid.float(), torch.randint(0, 5, (2, 15)).double(), torch.ones(4).double(), torch.zeros(0).double(), rand(3, 1)):
    for bins, lo, hi in [(8, 0, 0), (7, -1, 1), (1, 0, 0), (16, -2, 2), (3, 5, 6)]:
        case("histc", lambda x: torch.histc(x, bins, lo, hi), x, args=[bins, lo, hi])
        for density in (0, 1):
            if density and (lo == 5 or x.numel() == 0):
                continue
            kind = dict(density=bool(density))
            if lo != hi:
                kind["range"] = (float(lo), float(hi))
            case("histogram", lambda x: torch.histogram(x, bins, **kind), x, args=[bins, lo, hi, density])
            case("histogram", lambda x, w: torch.histogram(x, bins, weight=w, **kind), x, quarters(x), args=[bins, lo, hi, density])
    edges = torch.tensor([-1, -0.5, 0, 0, 1, 3], dtype=x.dtype)
    case("histogram_at", lambda x, e: torch.histogram(x, e)[0], x, edges, args=[0])
    case("histogram_at", lambda x, e, w: torch.histogram(x, e, weight=w)[0], x, edges, quarters(x), args=[0])
    if x.numel():
        case("histogram_at", lambda x, e: torch.histogram(x, e, density=True)[0], x, torch.tensor([-9, 0, 1, 9], dtype=x.dtype), args=[1])
case("histc", lambda x: torch.histc(x, 4, -1, 1), torch.tensor([INF, -INF, 1.0, -1.0, 0.0]), args=[4, -1, 1])
for x, s in [(ties, torch.tensor([1, 5])), (ties.double() / 2, torch.tensor([[0.5], [NAN]]).double()), (torch.tensor([NAN, 0.0, -0.0]), torch.tensor([NAN, -0.0])), (ties.int(), torch.tensor([2, -1]).int()),
             (torch.randint(0, 300, (2, 200)), torch.randint(0, 300, (200,))), (ties, torch.zeros(0, dtype=torch.int64)), (rand(0), rand(3)), (ties.to(torch.uint8), torch.tensor([0, 2], dtype=torch.uint8))]:
    case("isin", lambda x, s: torch.isin(x, s), x, s)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_select.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
