"""Writes golden_shape.json: reductions, indexing, padding, joining and dtypes of PyTorch.

    python3 golden_shape.py      (PyTorch 1.13)

cases: each has the op's name, its integer arguments (ints) and fractions (args), the inputs (shape and data; ints are indices), the
results, and for float64 inputs the gradient of sum_k sum(w_k * result_k) by each, then the gradient of the sum over inputs of
sum(v * gradient) by each; w_k[i] = cos(i + k), v[i] = sin(i + 1). A gradient that PyTorch does not define is null: zero.

promotion: by op and dtypes, the dtype of the result, or null where PyTorch refuses or is not to be followed.

halves: float64 numbers, and the bits of what they are as float16 and bfloat16.
"""
import itertools
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
inf, nan = float("inf"), float("nan")


def number(v):
    return v if v == v and abs(v) != inf else repr(v)


def array(t):
    return {"shape": list(t.shape), "data": [number(float(v)) for v in t.reshape(-1).tolist()]}


def numbers(t):
    return None if t is None else [number(v) for v in (t - torch.zeros(t.shape)).reshape(-1).tolist()]  # for a zero tensor has no storage


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
            if t.is_floating_point():
                s = s + (t.reshape(-1) * torch.cos(torch.arange(t.numel()).double() + k)).sum()
        g = torch.autograd.grad(s, leaves, create_graph=order > 1, allow_unused=True)
        c["grad"] = [numbers(t if t is None else t.detach()) for t in g]
        if order > 1:
            s = sum((t.reshape(-1) * torch.sin(torch.arange(t.numel()).double() + 1)).sum() for t in g if t is not None)
            g2 = torch.autograd.grad(s, leaves, allow_unused=True) if s.requires_grad else [None] * len(leaves)
            c["grad2"] = [numbers(t) for t in g2]
    cases.append(c)


def of(*v, shape=None):
    t = torch.tensor(v)
    return t if shape is None else t.reshape(shape)


def ints(*v, shape=None):
    t = torch.tensor(v, dtype=torch.int64)
    return t if shape is None else t.reshape(shape)


M = of(0.5, -1.25, 2.0, 3.5, -0.75, 1.0, 1.5, -2.5, 0.25, -3.0, 4.0, 0.125, shape=(3, 4))
C = torch.sin(torch.arange(24.0)).reshape(2, 3, 4)
TIES = of(2.0, 2.0, -1.0, 0.0, 0.0, 0.0, -1.0, 3.0, 3.0, shape=(3, 3))
NAN = of(1.0, nan, inf, -inf, 2.0, nan, -inf, -inf, inf, shape=(3, 3))
ZEROS = of(2.0, 0.0, 3.0, 0.0, 0.0, 5.0, -1.0, 4.0, 0.5, shape=(3, 3))

for x, axes in [(M, (0,)), (M, (1,)), (M, (0, 1)), (C, (0, 2)), (C, (1,)), (TIES, (1,)), (TIES, (0,)), (TIES, (0, 1))]:
    case("max", lambda t: t.amax(axes), [x], axes)
    case("min", lambda t: t.amin(axes), [x], axes)
case("max", lambda t: t.amax((1,)), [NAN], (1,), order=0)
case("min", lambda t: t.amin((0,)), [NAN], (0,), order=0)
for x, axis in [(M, 0), (M, -1), (C, 1), (TIES, 0), (TIES, 1)]:
    case("max_along", lambda t: t.max(axis), [x], (axis,))
    case("min_along", lambda t: t.min(axis), [x], (axis,))
for x, axis in [(TIES, 0), (TIES, 1), (NAN, 0), (NAN, 1)]:
    case("argmax", lambda t: t.argmax(axis), [x], (axis,), order=0)
    case("argmin", lambda t: t.argmin(axis), [x], (axis,), order=0)

for x, axes in [(M, (1,)), (C, (0, 2)), (C, (0, 1, 2))]:
    case("sum", lambda t: t.sum(axes), [x], axes)
    case("mean", lambda t: t.mean(axes), [x], axes)
    case("logsumexp", lambda t: t.logsumexp(axes), [x], axes)
    for correction in 0, 1:
        case("var", lambda t: t.var(axes, correction=correction), [x], axes, (correction,))
        case("std", lambda t: t.std(axes, correction=correction), [x], axes, (correction,))
    for p in 0.5, 1, 1.5, 2, 3, -1, inf, -inf:
        case("norm", lambda t: torch.linalg.vector_norm(t, p, axes), [x + 0.05], axes, (p,))  # none is 0
case("std", lambda t: t.std((1,), correction=0), [of(2.0, 2.0, 2.0, 1.0, 1.0, 4.0, shape=(2, 3))], (1,), (0,), order=1)
for p in 0.5, 1, 1.5, 2, 3, -1, inf, -inf:
    case("norm", lambda t: torch.linalg.vector_norm(t, p), [of(0.0, 0.0)], (0,), (p,), order=1)
    case("norm", lambda t: torch.linalg.vector_norm(t, p), [of(0.0, 2.0, -2.0, 1.0)], (0,), (p,), order=1)
case("norm", lambda t: torch.linalg.vector_norm(t, 0), [ZEROS], (0, 1), (0,), order=0)
case("logsumexp", lambda t: t.logsumexp((1,)), [of(-inf, -inf, inf, 1.0, 1000.0, 1001.0, -inf, 0.0, shape=(4, 2))], (1,), order=1)
case("sum", lambda t: t.sum((0,)), [torch.zeros(0, 2)], (0,), order=1)
case("mean", lambda t: t.mean((0,)), [torch.zeros(0, 2)], (0,), order=1)
case("var", lambda t: t.var((0,), correction=1), [torch.ones(1, 2)], (0,), (1,), order=0)
for axis in 0, 1:
    case("prod", lambda t: t.prod(axis), [M], (axis,))
    case("prod", lambda t: t.prod(axis), [ZEROS], (axis,))
case("prod", lambda t: t.prod(), [ZEROS], (0, 1), order=1)
case("prod", lambda t: t.prod(0), [torch.zeros(0, 2)], (0,), order=0)
for x in ZEROS, NAN, torch.zeros(2, 3):
    case("any", lambda t: t.any(1), [x], (1,), order=0)
    case("all", lambda t: t.all(1), [x], (1,), order=0)

A, B = C[:, :1], C[:, 1:]
case("concat", lambda *t: torch.cat(t, 1), [A, B], (1,))
case("concat", lambda *t: torch.cat(t, -1), [M, M + 1, M[:, :1]], (-1,))
case("stack", lambda *t: torch.stack(t, 1), [M, -M], (1,))
case("stack", lambda *t: torch.stack(t, -1), [M, -M, 2 * M], (-1,))
case("split", lambda t: torch.split(t, [1, 0, 2, 1], 1), [M], (1, 1, 0, 2, 1))
for n in 2, 3, 4, 7:
    case("chunk", lambda t: torch.chunk(t, n, 1), [M], (1, n))
case("chunk", lambda t: torch.chunk(t, 3, 0), [torch.zeros(0, 2)], (0, 3))
case("unbind", lambda t: torch.unbind(t, 1), [C], (1,))
case("flip", lambda t: torch.flip(t, (0, -1)), [C], (0, -1))
case("roll", lambda t: torch.roll(t, 5, 2), [C], (2, 5))
case("roll", lambda t: torch.roll(t, -1, 0), [C], (0, -1))
for mode, number_of in [("constant", 0), ("reflect", 1), ("replicate", 2), ("circular", 3)]:
    value = 1.5 if mode == "constant" else 0.0
    for pads in [(1, 2), (3, 0)]:
        case("pad", lambda t: F.pad(t, pads, mode, value), [C], (number_of,) + pads, (value,))
    image = torch.cos(torch.arange(12.0)).reshape(1, 1, 3, 4)
    case("pad", lambda t: F.pad(t, (2, 1, 0, 2), mode, value), [image], (number_of, 2, 1, 0, 2), (value,))
case("pad", lambda t: F.pad(t, (-1, 2, 1, -2), "constant", 0.5), [M], (0, -1, 2, 1, -2), (0.5,))

case("gather", lambda t, i: t.gather(1, i), [M, ints(0, 3, 1, 1, 2, 0, shape=(3, 2))], (1,))
case("gather", lambda t, i: t.gather(0, i), [M, ints(2, 2, 0, 1, 1, 2, shape=(3, 2))], (0,))  # a corner of the columns
case("gather", lambda t, i: t.gather(-2, i), [C, ints(*([0, 2, 1, 1, 2, 2, 0, 0] * 2), shape=(2, 2, 4))], (-2,))
S = of(10.0, 20.0, 30.0, 40.0, 50.0, 60.0, shape=(3, 2))
case("scatter", lambda t, i, s: t.scatter(1, i, s), [M, ints(0, 3, 1, 0, 2, 3, shape=(3, 2)), S], (1,))
case("scatter", lambda t, i, s: t.scatter(0, i, s), [M, ints(2, 0, 1, 2, shape=(2, 2)), S[:2]], (0,))
case("scatter_add", lambda t, i, s: t.scatter_add(1, i, s), [M, ints(1, 1, 3, 0, 2, 2, shape=(3, 2)), S], (1,))
case("scatter_add", lambda t, i, s: t.scatter_add(0, i, s), [M, ints(2, 2, 2, 0, 2, 1, shape=(3, 2)), S], (0,))
case("index_select", lambda t, i: t.index_select(1, i), [C, ints(2, 0, 2, 2)], (1,))
case("index_select", lambda t, i: t.index_select(0, i), [M, ints(1, 1)], (0,))
case("embedding", lambda w, i: F.embedding(i, w), [M, ints(2, 0, 2, 1, shape=(2, 2))], (99,))
for padding in 0, 2, -1:
    case("embedding", lambda w, i: F.embedding(i, w, padding_idx=padding), [M, ints(2, 0, 2, 1, shape=(2, 2))], (padding,))

case("arange", lambda: torch.arange(-1.0, 2.0, 0.3), [], (), (-1.0, 2.0, 0.3), order=0)
case("arange", lambda: torch.arange(3, -4, -2).double(), [], (), (3, -4, -2), order=0)
case("linspace", lambda: torch.linspace(-1.3, 2.1, 7), [], (7,), (-1.3, 2.1), order=0)
case("linspace", lambda: torch.linspace(5.0, -3.0, 4), [], (4,), (5.0, -3.0), order=0)
case("linspace", lambda: torch.linspace(5.0, -3.0, 1), [], (1,), (5.0, -3.0), order=0)
case("eye", lambda: torch.eye(3), [], (3,), order=0)

dtypes = ["float32", "float64", "bfloat16", "float16", "int64", "int32", "uint8", "bool"]
cond = torch.tensor([True, False])
binary = {
    "promote": lambda a, b: torch.empty(0, dtype=torch.result_type(a, b)),
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "maximum": torch.maximum, "minimum": torch.minimum,
    "floor_divide": lambda a, b: torch.div(a, b, rounding_mode="floor"), "remainder": torch.remainder, "atan2": torch.atan2,
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "logical_and": torch.logical_and, "logical_or": torch.logical_or, "logical_xor": torch.logical_xor,
    "concat": lambda a, b: torch.cat([a, b]),
}
unary = {
    "add 1": lambda a: a + 1, "add 0.5": lambda a: a + 0.5, "rsub 1": lambda a: 1 - a, "mul 2": lambda a: a * 2, "mul 0.5": lambda a: a * 0.5,
    "div 2": lambda a: a / 2, "pow 2": lambda a: a ** 2, "pow 0.5": lambda a: a ** 0.5, "eq 1": lambda a: a == 1, "lt 0.5": lambda a: a < 0.5,
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "sqrt": torch.sqrt, "exp": torch.exp, "sin": torch.sin, "reciprocal": torch.reciprocal,
    "sigmoid": torch.sigmoid, "floor": torch.floor, "round": torch.round, "isnan": torch.isnan, "logical_not": torch.logical_not,
    "clamp": lambda a: a.clamp(0, 1), "square": torch.square,
    "sum": torch.sum, "prod": torch.prod, "mean": torch.mean, "var": torch.var, "max": lambda a: a.amax(0), "argmax": lambda a: a.argmax(0),
    "any": torch.any, "all": torch.all, "logsumexp": lambda a: a.logsumexp(0), "pad": lambda a: F.pad(a, (1, 0)),
}
torch.set_default_dtype(torch.float32)
promotion = {}


def name(f, *x):
    try:
        return str(f(*x).dtype).removeprefix("torch.")
    except RuntimeError:
        return None


for op, f in binary.items():
    promotion[op] = {a + " " + b: name(f, torch.ones(2).to(getattr(torch, a)), torch.ones(2).to(getattr(torch, b))) for a, b in itertools.product(dtypes, dtypes)}
for op, f in unary.items():
    promotion[op] = {a: name(f, torch.ones(2).to(getattr(torch, a))) for a in dtypes}
promotion["any"]["uint8"] = promotion["all"]["uint8"] = None  # uint8, from before PyTorch had bool
torch.set_default_dtype(torch.float64)

h = [0.0, -0.0, 1.0, -1.0, 1 / 3, -2 / 3, 0.1, math.pi, 65504.0, 65519.0, 65520.0, -65536.0, 1e5, 1e38, 3.4e38, 1e39, -1e300, inf, -inf, 6e-5, 5.96e-8, 2.98e-8,
     2.9802322387695312e-8, 2.9802322387695316e-8, 1e-8, 1e-38, 1e-40, 9.2e-41, 4.6e-41, 1e-45, 1e-300, 1.00048828125, 1.001953125, 1.00390625, 1.01171875,
     1.00048828125 + 2 ** -40, 257.0, 258.0, 259.0, 2049.0, 2051.0]
halves = [{"x": number(v), "float16": torch.tensor(v).to(torch.float16).view(torch.int16).item() & 0xFFFF,
           "bfloat16": torch.tensor(v).to(torch.bfloat16).view(torch.int16).item() & 0xFFFF} for v in h]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_shape.json"), "w") as out:
    def lines(v):
        return "[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in v) + "\n]"

    table = "{\n" + ",\n".join(f'"{op}":' + json.dumps(t, separators=(",", ":")) for op, t in promotion.items()) + "\n}"
    out.write('{"cases":' + lines(cases) + ',\n"promotion":' + table + ',\n"halves":' + lines(halves) + "}\n")
