"""Writes golden_nn.json: convolutions, pooling, normalisation and losses of PyTorch, with gradients, in float64 and float32.

    python3 golden_nn.py      (PyTorch 1.13)

Each case has the op's name and options, its inputs with their shapes, the shapes and values of its results, and the
gradient of sum(w * first result) by each floating-point input that takes one; w[i] = round(64 cos(i)) / 64. Inputs are
multiples of 1/64, so that float32 holds them too. "float32" has what PyTorch computes from the inputs in float32, where it
is not exactly the same.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

inf, nan = float("inf"), float("nan")
generator = torch.Generator().manual_seed(1)
cases = []


def draw(*shape):
    """Multiples of 1/64 in [-2, 2]."""
    return torch.randint(-128, 129, shape, generator=generator).double() / 64


def number(v):
    return v if v == v and abs(v) != inf else repr(v)


def array(t):
    """Decimals short enough to give the same float32, or float64, again."""
    digits = (lambda v: number(float("%.9g" % v))) if t.dtype == torch.float32 else number
    return {"shape": list(t.shape), "data": [digits(v) for v in t.detach().flatten().tolist()]}


def case(op, f, inputs, diff=None, **options):
    """f maps the inputs to a result or several; diff are the numbers of those that take gradients, by default all."""
    diff = range(len(inputs)) if diff is None else diff
    c = {"op": op, "options": options, "in": [array(x) for x in inputs]}

    def run(dtype):
        x = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
        for i in diff:
            x[i] = x[i].clone().requires_grad_()
        y = f(*x)
        y = list(y) if isinstance(y, tuple) else [y]
        w = torch.tensor([round(64 * math.cos(i)) / 64 for i in range(y[0].numel())], dtype=dtype).reshape(y[0].shape)
        g = torch.autograd.grad((y[0] * w).sum(), [x[i] for i in diff])
        return y, g

    y, g = run(torch.float64)
    c["diff"], c["out"], c["grad"] = list(diff), [array(t) for t in y], [array(t) for t in g]
    y32, g32 = run(torch.float32)
    if not all(torch.equal(a.double(), b) for a, b in zip(y32 + list(g32), y + list(g))):
        c["float32"] = {"out": [array(t) for t in y32], "grad": [array(t) for t in g32]}
    cases.append(c)


def conv(x, w, bias=True, **o):
    args = dict(stride=o.get("stride", (1, 1)), padding=o.get("padding", (0, 0)), dilation=o.get("dilation", (1, 1)), groups=o.get("groups", 1))
    case("conv2d", lambda *t: F.conv2d(*t, **args), [draw(*x), draw(*w)] + ([draw(w[0])] if bias else []), **o)


conv((2, 2, 4, 5), (3, 2, 3, 2))
conv((1, 2, 5, 5), (2, 2, 3, 3), bias=False, padding=(1, 1))
conv((1, 1, 6, 7), (2, 1, 3, 3), stride=(2, 3))
conv((1, 2, 3, 3), (2, 2, 3, 3), stride=(2, 2), padding=(2, 1))
conv((1, 2, 6, 5), (2, 2, 2, 3), dilation=(3, 2))
conv((2, 4, 5, 6), (4, 2, 3, 2), stride=(2, 2), padding=(1, 2), dilation=(1, 2), groups=2)
conv((1, 3, 4, 4), (3, 1, 3, 3), padding=(1, 1), groups=3)
conv((1, 2, 4, 3), (4, 1, 2, 2), stride=(1, 2), groups=2)
conv((2, 3, 3, 2), (4, 3, 1, 1))
conv((1, 3, 4, 3), (2, 3, 1, 1), stride=(2, 2), padding=(1, 0))
conv((1, 2, 2, 3), (2, 2, 5, 4), padding=(2, 1))
conv((1, 1, 1, 1), (1, 1, 1, 1))


def conv_transpose(x, w, bias=True, **o):
    args = dict(stride=o.get("stride", (1, 1)), padding=o.get("padding", (0, 0)), dilation=o.get("dilation", (1, 1)), groups=o.get("groups", 1), output_padding=o.get("output_padding", (0, 0)))
    case("conv_transpose2d", lambda *t: F.conv_transpose2d(*t, **args), [draw(*x), draw(*w)] + ([draw(w[1] * o.get("groups", 1))] if bias else []), **o)


conv_transpose((2, 2, 2, 3), (2, 3, 3, 2))
conv_transpose((1, 2, 3, 3), (2, 1, 3, 3), bias=False, padding=(1, 2))
conv_transpose((1, 1, 2, 3), (1, 2, 3, 2), stride=(2, 3))
conv_transpose((1, 2, 2, 2), (2, 2, 3, 3), stride=(2, 3), padding=(1, 1), output_padding=(1, 2))
conv_transpose((1, 2, 2, 3), (2, 1, 2, 3), dilation=(3, 2))
conv_transpose((2, 2, 2, 2), (2, 1, 2, 2), dilation=(3, 2), output_padding=(2, 1))
conv_transpose((1, 4, 2, 2), (4, 2, 2, 3), stride=(2, 1), padding=(0, 1), groups=2)
conv_transpose((1, 3, 2, 3), (3, 1, 3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), groups=3)
conv_transpose((1, 2, 2, 2), (2, 3, 1, 1))
conv_transpose((1, 1, 2, 2), (1, 2, 2, 2), stride=(2, 2), dilation=(5, 4), output_padding=(4, 3))

case("conv1d", lambda *t: F.conv1d(*t, stride=2, padding=1, dilation=2, groups=2), [draw(2, 4, 9), draw(4, 2, 3), draw(4)], stride=(1, 2), padding=(0, 1), dilation=(1, 2), groups=2)
case("conv_transpose1d", lambda *t: F.conv_transpose1d(*t, stride=3, padding=1, output_padding=2, groups=2, dilation=2), [draw(2, 4, 3), draw(4, 1, 3), draw(2)],
     stride=(1, 3), padding=(0, 1), dilation=(1, 2), groups=2, output_padding=(0, 2))


def pools(x, kernel, stride=(0, 0), padding=(0, 0), dilation=(1, 1), ceil=False):
    o = dict(kernel=kernel, stride=stride, padding=padding, ceil=ceil)
    s = [s or k for s, k in zip(stride, kernel)]
    data = draw(*x)
    case("max_pool2d", lambda t: F.max_pool2d(t, kernel, s, padding, dilation, ceil), [data], dilation=dilation, **o)
    if dilation == (1, 1):
        for ignore in ([False, True] if padding != (0, 0) else [False]):
            case("avg_pool2d", lambda t: F.avg_pool2d(t, kernel, s, padding, ceil, not ignore), [data], ignore_padding=ignore, **o)


pools((2, 2, 4, 6), (2, 2))
pools((1, 1, 5, 7), (2, 2))
pools((1, 1, 5, 7), (2, 2), ceil=True)
pools((1, 2, 6, 5), (3, 2), stride=(2, 1))
pools((1, 1, 5, 4), (3, 3), stride=(2, 2), padding=(1, 1))
pools((1, 1, 6, 8), (3, 3), stride=(2, 3), padding=(1, 0), ceil=True)
pools((1, 1, 5, 5), (2, 3), stride=(2, 2), padding=(1, 1), ceil=True)
pools((1, 1, 3, 1), (4, 2), stride=(2, 2), ceil=True)
pools((1, 1, 7, 6), (3, 2), stride=(1, 2), dilation=(2, 3))
pools((1, 1, 6, 5), (3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2))
pools((1, 1, 7, 8), (2, 1), stride=(3, 4))
# Ties: a quarter of the numbers, so that most windows hold several largest.
case("max_pool2d", lambda t: F.max_pool2d(t, (3, 3), (1, 2), (1, 1)), [torch.randint(0, 2, (1, 2, 6, 7), generator=generator).double()], kernel=(3, 3), stride=(1, 2), padding=(1, 1))
case("max_pool2d", lambda t: F.max_pool2d(t, 2), [torch.randint(0, 2, (2, 2, 4, 4), generator=generator).double()], kernel=(2, 2))
for shape, size in [((1, 2, 4, 6), (2, 3)), ((2, 1, 7, 5), (3, 2)), ((1, 1, 2, 3), (5, 4)), ((2, 2, 3, 5), (1, 1)), ((1, 1, 10, 9), (7, 6))]:
    case("adaptive_max_pool2d", lambda t: F.adaptive_max_pool2d(t, size), [draw(*shape)], size=size)
    case("adaptive_avg_pool2d", lambda t: F.adaptive_avg_pool2d(t, size), [draw(*shape)], size=size)
case("max_pool1d", lambda t: F.max_pool1d(t, 3, 2, 1, 2), [draw(2, 2, 9)], kernel=(1, 3), stride=(1, 2), padding=(0, 1), dilation=(1, 2))
case("avg_pool1d", lambda t: F.avg_pool1d(t, 3, 2, 1, True, False), [draw(2, 2, 8)], kernel=(1, 3), stride=(1, 2), padding=(0, 1), ceil=True, ignore_padding=True)
case("adaptive_max_pool1d", lambda t: F.adaptive_max_pool1d(t, 3), [draw(1, 2, 7)], size=(1, 3))
case("adaptive_avg_pool1d", lambda t: F.adaptive_avg_pool1d(t, 3), [draw(1, 2, 7)], size=(1, 3))


def norm(x, w, b, eps):
    mean, var = torch.zeros(len(w), dtype=x.dtype), torch.zeros(len(w), dtype=x.dtype)
    y = F.batch_norm(x, mean, var, w, b, True, 1.0, eps)  # the running statistics become those of the batch
    n = x.numel() // len(w)
    return y, mean, var * (n - 1) / n  # PyTorch keeps the unbiased variance


for shape, eps in [((2, 3, 3, 2), 1e-5), ((4, 2), 1e-5), ((3, 2, 4), 1e-3), ((2, 2, 2, 1, 3), 1e-5), ((2, 1), 0.5), ((3, 4, 1, 1), 1e-5), ((1, 2, 3, 3), 1e-5), ((7, 3, 1, 2), 2.0)]:
    case("batch_norm", lambda x, w, b: norm(x, w, b, eps), [draw(*shape), draw(shape[1]), draw(shape[1])], eps=eps)
case("batch_norm", lambda x, w, b: norm(x, w, b, 1e-5), [draw(3, 2, 2, 2) / 2 + 50, draw(2), draw(2)], eps=1e-5)

for shape, last, eps in [((3, 4), 1, 1e-5), ((2, 2, 3), 1, 1e-5), ((2, 2, 3), 2, 1e-3), ((2, 3), 2, 1e-5), ((5,), 1, 1e-5), ((4, 1), 1, 0.5), ((7, 3), 1, 2.0), ((1, 9), 1, 1e-12)]:
    case("layer_norm", lambda x, w, b: F.layer_norm(x, shape[len(shape) - last:], w, b, eps), [draw(*shape)] + [draw(*shape[len(shape) - last:]) for _ in range(2)], eps=eps)
case("layer_norm", lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-5), [draw(3, 6) / 2 + 50, draw(6), draw(6)], eps=1e-5)

for name, f in [("softmax", F.softmax), ("log_softmax", F.log_softmax)]:
    for shape, axis in [((3, 4), 1), ((3, 4), 0), ((2, 3, 4), 1), ((7,), 0), ((4, 1), 1), ((2, 2, 2, 2), -2), ((1, 19), -1)]:
        case(name, lambda x: f(x, axis), [draw(*shape)], axis=axis)
    case(name, lambda x: f(x, 1), [draw(3, 5) * 32], axis=1)
    case(name, lambda x: f(x, 1), [draw(3, 5) + 4000], axis=1)
    case(name, lambda x: f(x, 1), [torch.tensor([[0.5, inf, 1], [nan, 0.25, 1], [-inf, -inf, -inf], [1000, -1000, 0], [0, 0, 0]], dtype=torch.float64)], axis=1)
case("softmax", lambda x: F.softmax(x, 1), [torch.tensor([[0.5, -inf, 1], [-inf, -inf, 0.25]], dtype=torch.float64)], axis=1)


def cross_entropy(x, target, weight=False, **o):
    args = dict(reduction="none", label_smoothing=o.get("smoothing", 0), ignore_index=o.get("ignore", -100))
    w = [(draw(x.shape[1]).abs() + 0.25)] if weight else []
    case("cross_entropy", lambda *t: F.cross_entropy(t[0], t[1], *t[2:], **args), [x, torch.tensor(target)] + w, diff=[0], **o)


cross_entropy(draw(4, 3), [2, 0, 1, 1])
cross_entropy(draw(4, 3), [2, 0, 1, 1], weight=True)
cross_entropy(draw(4, 3), [2, 0, 1, 1], smoothing=0.125)
cross_entropy(draw(4, 3), [2, 0, 1, 1], smoothing=1.0)
cross_entropy(draw(4, 3), [2, 0, 1, 1], weight=True, smoothing=0.25)
cross_entropy(draw(4, 3), [2, -100, 1, -100])
cross_entropy(draw(4, 3), [2, 0, 1, 1], weight=True, smoothing=0.25, ignore=1)
cross_entropy(draw(2, 3), [-100, -100], weight=True, smoothing=0.25)
cross_entropy(draw(1, 1), [0])
cross_entropy(draw(3, 5) * 32, [4, 0, 2])
cross_entropy(draw(3, 5) + 4000, [4, 0, 2], smoothing=0.25)
cross_entropy(draw(2, 21), [20, 7])
cross_entropy(torch.tensor([[-inf, 0, 1], [-inf, 0, 1]], dtype=torch.float64), [1, 0])

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_nn.json"), "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
