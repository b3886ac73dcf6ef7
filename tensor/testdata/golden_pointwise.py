"""Writes golden_pointwise.json: elementwise ops of PyTorch in float64, with gradients of orders 1 and 2.

    python3 golden_pointwise.py      (PyTorch 1.13)

Each case has the op's name and constants, its inputs, the result, the gradient of sum(w * result) by each input, and the
gradient of the sum over inputs of sum(v * gradient) by each input; w[i] = cos(i), v[i] = sin(i + 1). A gradient that
PyTorch does not define is null: zero.
"""
import json
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
inf, nan = float("inf"), float("nan")

X = [-3.0, -2.5, -1.5, -1.0, -0.75, -0.25, -1e-3, 0.0, 1e-3, 0.25, 0.75, 1.0, 1.5, 2.5, 3.0, 6.0]
WIDE = X + [-10.0, 10.0, 30.0, -30.0]
EDGE = [0.0, -0.0, 1000.0, -1000.0, inf, -inf, nan]
POSITIVE = [1e-3, 0.125, 0.25, 0.7, 0.99, 1.0, 1.01, 1.5, 2.0, 3.0, 10.0, 1234.5]
UNIT = [-0.99, -0.75, -0.5, -0.1, -1e-3, 0.0, 1e-3, 0.1, 0.5, 0.75, 0.99]
Y = [1.5, -2.5, 0.5, -1.0, 2.0, -0.25, 3.0, -0.5, 1.25, 0.25, -1.75, 1.0, 1.5, -3.0, 0.5, 2.0]  # has ties with X

unary = {  # name: (function, points)
    "neg": (torch.neg, X), "abs": (torch.abs, X), "sign": (torch.sign, X), "square": (torch.square, X),
    "reciprocal": (torch.reciprocal, POSITIVE), "sqrt": (torch.sqrt, POSITIVE), "rsqrt": (torch.rsqrt, POSITIVE),
    "floor": (torch.floor, X), "ceil": (torch.ceil, X), "round": (torch.round, X + [0.5, -0.5, 3.5]), "trunc": (torch.trunc, X),
    "exp": (torch.exp, WIDE), "expm1": (torch.expm1, WIDE), "exp2": (torch.exp2, WIDE),
    "log": (torch.log, POSITIVE), "log1p": (torch.log1p, POSITIVE + [-0.5]), "log2": (torch.log2, POSITIVE), "log10": (torch.log10, POSITIVE),
    "sin": (torch.sin, WIDE), "cos": (torch.cos, WIDE), "tan": (torch.tan, X),
    "asin": (torch.asin, UNIT), "acos": (torch.acos, UNIT), "atan": (torch.atan, WIDE),
    "sinh": (torch.sinh, X), "cosh": (torch.cosh, X), "tanh": (torch.tanh, WIDE),
    "asinh": (torch.asinh, WIDE), "acosh": (torch.acosh, [1.1, 1.5, 2.0, 10.0]), "atanh": (torch.atanh, UNIT),
    "erf": (torch.erf, X), "erfc": (torch.erfc, X), "erfinv": (torch.erfinv, UNIT),
    "polygamma2": (lambda x: torch.polygamma(2, x), POSITIVE[1:]),  # its trigamma is off by 5e-10; golden_special.py has SciPy's
    "sigmoid": (torch.sigmoid, WIDE), "logsigmoid": (F.logsigmoid, WIDE), "relu": (F.relu, X), "selu": (F.selu, X),
    "relu6": (F.relu6, WIDE), "hardsigmoid": (F.hardsigmoid, WIDE), "hardswish": (F.hardswish, WIDE),
    "gelu": (F.gelu, WIDE), "gelutanh": (lambda x: F.gelu(x, approximate="tanh"), WIDE), "silu": (F.silu, WIDE), "mish": (F.mish, X),
    "softsign": (F.softsign, WIDE), "tanhshrink": (F.tanhshrink, X),
}
odd = {  # edges where PyTorch agrees with itself and with mathematics
    "polygamma2": [nan],  # poles of odd order have no value, and at infinity the limit is 0
    "gelutanh": [0.0, -0.0, nan],  # its derivative at infinity is NaN; the limits are 0 and 1
    "hardswish": [0.0, -0.0, 1000.0, -1000.0, inf, -inf],  # whether its derivative at NaN is NaN depends on the place
}
constants = {
    "softplus": (lambda x, b, t: F.softplus(x, b, t), [(1.0, 20.0), (2.0, 4.5)], WIDE),
    "leakyrelu": (F.leaky_relu, [(0.1,)], X),
    "elu": (F.elu, [(1.0,), (0.5,)], WIDE),
    "celu": (F.celu, [(2.0,)], WIDE),
    "hardtanh": (F.hardtanh, [(-1.0, 1.5)], X),
    "clamp": (torch.clamp, [(-1.0, 1.5)], X),
    "clampmin": (lambda x, s: torch.clamp(x, min=s), [(0.75,)], X),
    "clampmax": (lambda x, s: torch.clamp(x, max=s), [(0.75,)], X),
    "powscalar": (torch.pow, [(3.0,), (2.0,), (0.0,), (-1.5,)], POSITIVE),
    "rsubscalar": (lambda x, s: s - x, [(2.0,)], X),
    "divscalar": (torch.div, [(3.0,)], X),
}
binary = {
    "sub": (torch.sub, X, Y), "div": (torch.div, X, Y), "maximum": (torch.maximum, X, Y), "minimum": (torch.minimum, X, Y),
    "atan2": (torch.atan2, X, Y), "remainder": (torch.remainder, X, Y),
    "pow": (torch.pow, [0.5, 1.0, 2.0, 3.5, 0.25, 4.0], [2.0, -1.0, 0.0, 1.5, 0.0, 0.5]),
}


def number(v):
    return v if v == v and abs(v) != inf else repr(v)


def numbers(t):
    return None if t is None else [number(v) for v in (t - torch.zeros(len(t))).tolist()]  # for a zero tensor has no storage


def case(name, f, points, args=(), order=2):
    x = [torch.tensor(p, requires_grad=True) for p in points]
    i = torch.arange(len(points[0]))
    w, v = torch.cos(i.double()), torch.sin(i.double() + 1)
    y = f(*x, *args)
    c = {"op": name, "args": list(args), "in": [numbers(t.detach()) for t in x], "out": numbers(y.detach())}
    if order > 0:
        g = torch.autograd.grad((y * w).sum(), x, create_graph=order > 1, allow_unused=True)
        c["grad"] = [numbers(t if t is None else t.detach()) for t in g]
    if order > 1:
        s = sum((t * v).sum() for t in g if t is not None)
        g2 = torch.autograd.grad(s, x, allow_unused=True) if s.requires_grad else [None] * len(x)
        c["grad2"] = [numbers(t) for t in g2]
    return c


cases = []
for name, (f, points) in unary.items():
    cases.append(case(name, f, [points], order=1 if name == "hardsigmoid" else 2))  # its second is missing
    cases.append(case(name, f, [odd.get(name, EDGE)], order=1))
for name, (f, all_args, points) in constants.items():
    for args in all_args:
        cases.append(case(name, f, [points], args))
    cases.append(case(name, f, [EDGE], all_args[0], order=1))
for name, (f, a, b) in binary.items():
    cases.append(case(name, f, [a, b]))
    both = [p for p in EDGE for _ in EDGE], [q for _ in EDGE for q in EDGE]
    cases.append(case(name, f, both, order=1 if name in ("maximum", "minimum", "sub") else 0))
cases.append(case("pow", torch.pow, [[0.0, 0.0, 0.0, 0.0], [2.0, 1.0, 0.5, 0.0]], order=1))
cases.append(case("floordivide", lambda a, b: torch.floor_divide(a, b), [X, Y], order=0))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_pointwise.json"), "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
