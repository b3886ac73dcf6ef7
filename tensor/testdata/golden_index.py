"""Writes golden_index.json: scatters, advanced indexing, windows and distances of PyTorch in float64.

    python3 golden_index.py      (PyTorch 1.13)

Each case has the op's name, its integer arguments (ints) and fractions (args), the inputs (shape and data; ints are indices,
masks 0 and 1), the results, the gradient of sum_k sum(w_k * result_k) by each float input, then the gradient of the sum over
inputs of sum(v * gradient) by each; w_k[i] = cos(i + k), v[i] = sin(i + 1). A gradient that PyTorch does not define is null: zero.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(4)
torch.set_num_threads(1)
inf, nan = float("inf"), float("nan")


def number(v):
    return v if v == v and abs(v) != inf else repr(v)


def array(t):
    return {"shape": list(t.shape), "data": [number(float(v)) for v in t.reshape(-1).tolist()]}


def numbers(t):
    return None if t is None else [number(v) for v in (t - torch.zeros(t.shape)).reshape(-1).tolist()]


cases = []


def case(name, f, inputs, ints=(), args=(), order=2):
    x = [t.clone().requires_grad_(order > 0) if t.is_floating_point() else t for t in inputs]
    y = f(*x)
    y = [y] if isinstance(y, torch.Tensor) else list(y)
    c = {"op": name, "ints": list(ints), "args": [number(float(a)) for a in args],
         "in": [dict(array(t.detach()), int=not t.is_floating_point()) for t in x], "out": [array(t.detach()) for t in y]}
    leaves = [t for t in x if t.is_floating_point()]
    if order > 0:
        s = 0
        for k, t in enumerate(y):
            s = s + (t.reshape(-1) * torch.cos(torch.arange(t.numel()).double() + k)).sum()
        g = torch.autograd.grad(s, leaves, create_graph=order > 1, allow_unused=True)
        c["grad"] = [numbers(t if t is None else t.detach()) for t in g]
        if order > 1:
            s = sum((t.reshape(-1) * torch.sin(torch.arange(t.numel()).double() + 1)).sum() for t in g if t is not None)
            g2 = torch.autograd.grad(s, leaves, allow_unused=True) if s.requires_grad else [None] * len(leaves)
            c["grad2"] = [numbers(t) for t in g2]
    cases.append(c)


rn = lambda *s: (torch.randn(*s) * 1e4).round() / 1e4  # short in the file
ri = lambda hi, *s: torch.randint(hi, s)
modes = ["sum", "prod", "mean", "amax", "amin"]

# Scatters: modes in PyTorch's order above; indices that cover a corner, repeat, or are missing.
shapes = [((5,), (7,), 0), ((3, 4), (3, 6), 1), ((4, 3), (6, 3), 0), ((4, 3), (2, 2), 0), ((2, 3, 4), (2, 5, 3), 1), ((3,), (0,), 0)]
for m, mode in enumerate(modes):
    for own in (True, False):
        for shape, at, d in shapes:
            idx, src, x = ri(shape[d], *at), rn(at), rn(shape)
            case("scatter_reduce", lambda x, i, s: x.scatter_reduce(d, i, s, mode, include_self=own), [x, idx, src], [d, m, int(own)],
                 order=1 if mode == "prod" else 2)
# Zeros in products: none, one and several, in x and in src. (PyTorch has no second derivative with more than one.)
i = torch.tensor([0, 0, 1, 1, 2, 2, 3])
case("scatter_reduce", lambda x, i, s: x.scatter_reduce(0, i, s, "prod"), [torch.tensor([2., 3., 0., 5., 7.]), i, torch.tensor([0., 4., 0., 0., 2., 3., 6.])], [0, 1, 1], order=1)
# Ties are shared evenly.
t = torch.tensor([1., 5., 2., 7., 0.])
s = torch.tensor([3., 3., 5., 1., 2., 2., 7.])
case("scatter_reduce", lambda x, i, s: x.scatter_reduce(0, i, s, "amax"), [t, i, s], [0, 3, 1])
case("scatter_reduce", lambda x, i, s: x.scatter_reduce(0, i, s, "amin"), [t, i, -s], [0, 4, 1])
# src may be larger than the indices, though PyTorch has no gradient then.
case("scatter", lambda x, i, s: x.scatter(1, i, s), [rn(3, 5), torch.tensor([[0, 2], [1, 4]]), rn(3, 4)], [1], order=0)
case("scatter_add", lambda x, i, s: x.scatter_add(0, i, s), [rn(3, 5), torch.tensor([[0, 2], [0, 1]]), rn(3, 4)], [0], order=0)

for shape, d, idx in [((4, 3), 0, [2, 0, 2, 1, 2]), ((3, 5), 1, [4, 4, 0]), ((2, 3, 2), -2, [1, 2, 1]), ((6,), 0, []), ((3, 17), 0, [1, 1, 1, 0])]:
    i = torch.tensor(idx, dtype=torch.long)
    s = list(shape)
    s[d] = len(idx)
    case("index_add", lambda x, i, s: x.index_add(d, i, s), [rn(shape), i, rn(s)], [d])
    case("index_fill", lambda x, i: x.index_fill(d, i, 2.5), [rn(shape), i], [d], [2.5])
    for m, mode in enumerate(modes[1:]):
        for own in (True, False):
            if idx:
                case("index_reduce", lambda x, i, s: x.index_reduce(d, i, s, mode, include_self=own), [rn(shape), i, rn(s)], [d, m + 1, int(own)],
                     order=1 if mode == "prod" else 2)
for shape, d, idx in [((4, 3), 0, [2, 0]), ((3, 5), 1, [4, 1, 0]), ((2, 3, 2), -2, [1]), ((6,), 0, [])]:  # no duplicates: PyTorch leaves open which wins
    i = torch.tensor(idx, dtype=torch.long)
    s = list(shape)
    s[d] = len(idx)
    case("index_copy", lambda x, i, s: x.index_copy(d, i, s), [rn(shape), i, rn(s)], [d])

# Segments: (E, ...) with ids; PyTorch's scatter functions do the same.
for n, shape, ids in [(4, (7, 3), ri(4, 7)), (4, (7, 3), ri(4, 7).sort()[0]), (3, (6,), torch.tensor([2, 2, 0, 2, 0, 0])), (5, (9, 2, 3), ri(5, 9)),
                      (2, (1, 1), torch.tensor([1])), (3, (0, 2), torch.zeros(0, dtype=torch.long)), (1, (5, 17), torch.zeros(5, dtype=torch.long)), (12, (30, 4), ri(12, 30))]:
    full = lambda x: ids.reshape([-1] + [1] * (x.dim() - 1)).expand_as(x)
    zero = lambda x: torch.zeros((n,) + x.shape[1:])
    for k, mode in enumerate(["sum", "mean", "amax", "amin"]):
        case("segment", lambda x, _: zero(x).scatter_reduce(0, full(x), x, mode, include_self=False), [rn(shape), ids], [n, k])
    softmax = lambda x, _: (lambda e: e / zero(x).index_add(0, ids, e).index_select(0, ids))((x - x.detach().max() if x.numel() else x).exp())
    case("segment", softmax, [rn(shape), ids], [n, 4])
tied = torch.tensor([[2.], [2.], [1.], [3.], [3.], [3.]])
ids = torch.tensor([0, 0, 0, 2, 2, 2])
case("segment", lambda x, _: torch.zeros(3, 1).scatter_reduce(0, ids[:, None], x, "amax", include_self=False), [tied, ids], [3, 2])
case("segment", lambda x, _: torch.zeros(3, 1).scatter_reduce(0, ids[:, None], x, "amin", include_self=False), [tied, ids], [3, 3])

# Advanced indexing. ints tell, for each index: 0 a whole axis, 1 positions, 2 a mask.
T = torch.tensor
whole = slice(None)
mask3 = T([True, False, True])
mask34 = torch.rand(3, 4) > 0.4
table = [
    ((5, 3), [T([0, -1, 3])]), ((5, 3), [T([[0, 4], [-5, 2]])]), ((3, 4), [T([0, 2, 1, 0]), T([1, -1, 3, 1])]), ((3, 4), [T([[0], [2]]), T([1, 1, -4])]),
    ((3, 4, 2), [whole, T([3, 0, 3])]), ((3, 4, 2), [T([1, 2]), whole, T([0, -1])]), ((3, 4, 2), [whole, T([1, 2]), T([[0], [1]])]),
    ((2, 3, 4, 2), [whole, T([1, 2]), whole, T([0, -1])]), ((2, 3, 4, 2), [T([[1], [0]]), whole, T([3, 1])]), ((2, 3, 4, 2), [T([1, 0]), T([1, 2]), whole, T([1, 1])]),
    ((3, 4), [mask3]), ((3, 4), [mask34]), ((4, 3), [whole, mask3]), ((3, 4, 2), [mask34, T([1])]), ((2, 3, 4), [T([1]), mask34]), ((2, 3, 4), [whole, mask34]),
    ((3, 2, 3), [mask3, whole, T([0, 2])]), ((3, 2), [T([], dtype=torch.long)]), ((3, 4), [torch.zeros(3, 4, dtype=torch.bool)]), ((3, 0), [T([2, 1])]), ((3, 4), [T([2]), whole]),
]
for shape, index in table:
    kinds = [0 if i is whole else 2 if i.dtype == torch.bool else 1 for i in index]
    tensors = [i for i in index if i is not whole]
    case("index", lambda x, *_: x[tuple(index)], [rn(shape)] + tensors, kinds)
    got = torch.zeros(shape)[tuple(index)].shape
    unique = len(set(torch.arange(math.prod(shape)).reshape(shape)[tuple(index)].reshape(-1).tolist())) == got.numel()

    def put(v, x, accumulate):
        if accumulate:  # assignments do not accumulate: add at the places of the elements
            at = torch.arange(x.numel()).reshape(x.shape)[tuple(index)].reshape(-1)
            return x + torch.zeros(x.numel()).index_add(0, at, v.expand(got).reshape(-1)).reshape(x.shape)
        y = x.clone()
        y[tuple(index)] = v
        return y

    for accumulate in [False, True] if unique else [True]:  # PyTorch leaves open which of several values wins
        for values in [got] if accumulate else [got, got[-1:] if len(got) % 2 else ()]:
            case("index_put", lambda v, x, *_: put(v, x, accumulate), [rn(values), rn(shape)] + tensors, [int(accumulate)] + kinds)

# Windows: kernel, dilation, padding, stride.
for shape, k, d, p, s in [((2, 2, 5, 4), (3, 2), (1, 1), (0, 0), (1, 1)), ((1, 3, 6, 7), (2, 3), (2, 1), (1, 2), (2, 3)), ((2, 1, 4, 4), (1, 1), (1, 1), (0, 0), (1, 1)),
                          ((1, 1, 3, 3), (3, 3), (1, 1), (2, 2), (2, 1)), ((1, 2, 9, 8), (3, 3), (3, 2), (3, 0), (1, 2)), ((2, 5, 4), (2, 2), (1, 1), (1, 0), (1, 2)), ((1, 1, 2, 1), (1, 1), (1, 1), (3, 3), (2, 2))]:
    ints = list(k + d + p + s)
    case("unfold", lambda x: F.unfold(x, k, d, p, s), [rn(shape)], ints)
    cols = F.unfold(torch.zeros(shape), k, d, p, s).shape
    case("fold", lambda x: F.fold(x, shape[-2:], k, d, p, s), [rn(cols)], list(shape[-2:]) + ints)
for shape, d, size, step in [((7,), 0, 3, 2), ((7,), 0, 7, 1), ((3, 8), 1, 3, 1), ((3, 8), 0, 2, 1), ((2, 5, 3), -2, 2, 4), ((2, 5, 3), 1, 1, 1), ((4, 2), 0, 0, 2)]:
    case("unfold_dim", lambda x: x.unfold(d, size, step), [rn(shape)], [d, size, step])

# Distances. PyTorch has no second derivative for most p.
for p in [0., 0.5, 1., 1.5, 2., 3., inf]:
    for a, b in [((4, 3), (5, 3)), ((2, 3, 4), (2, 2, 4)), ((2, 1, 3, 2), (3, 4, 2)), ((1, 1), (1, 1)), ((27, 2), (5, 2)), ((0, 2), (3, 2))]:
        case("cdist", lambda x, y: torch.cdist(x, y, p), [rn(a), rn(b)], args=[p], order=1 if p else 0)
    if p >= 1:
        near = rn(3, 4)
        case("cdist", lambda x, y: torch.cdist(x, y, p, compute_mode="donot_use_mm_for_euclid_dist"), [near, near.clone()], args=[p], order=1)

for a, b, d in [((3,), (3,), 0), ((2, 3), (2, 3), 1), ((3, 4), (3, 4), 0), ((2, 1, 3), (1, 4, 3), -1)]:
    case("cross", lambda x, y: torch.linalg.cross(x, y, dim=d), [rn(a), rn(b)], [d])
case("trace", lambda x: x.trace(), [rn(4, 3)])
for p in [1., 2., 3.]:
    case("dist", lambda x, y: torch.dist(x, y, p), [rn(2, 3), rn(3)], args=[p], order=1)
case("logaddexp", torch.logaddexp, [rn(2, 3), rn(3)])
case("logaddexp", torch.logaddexp, [T([1000., -1000., 3., -inf]), T([999., 1000., 3., 2.])], order=1)
case("logaddexp2", torch.logaddexp2, [rn(2, 3), rn(3)])
case("hypot", torch.hypot, [rn(2, 3), rn(3)])
case("hypot", torch.hypot, [T([1e200, -3., 0., 1e-200]), T([1e200, 4., 2., 1e-200])], order=1)
case("nan_to_num", torch.nan_to_num, [T([1., nan, inf, -inf, -2.])], order=1)
case("nan_to_num", lambda x: torch.nan_to_num(x, 1., 2., 3.), [T([1., nan, inf, -inf, -2.])], args=[1, 2, 3], order=1)
for n, d, shape in [(1, 0, (5,)), (2, 1, (3, 5)), (3, 0, (2, 2)), (0, 0, (4,)), (1, -1, (2, 1))]:
    case("diff", lambda x: torch.diff(x, n, d), [rn(shape)], [n, d])
for k in [-1, 0, 1, 2, 3, 5]:
    case("rot90", lambda x: torch.rot90(x, k, [0, 1]), [rn(2, 3, 2)], [k, 0, 1])
    case("rot90", lambda x: torch.rot90(x, k, [2, 0]), [rn(2, 3, 2)], [k, 2, 0])
for a, b in [(0, 2), (2, 0), (1, 1), (-1, 0), (0, -2)]:
    case("movedim", lambda x: torch.movedim(x, a, b), [rn(2, 3, 4)], [a, b])

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_index.json"), "w") as f:
    json.dump({"cases": cases}, f, separators=(",", ":"))
    f.write("\n")
