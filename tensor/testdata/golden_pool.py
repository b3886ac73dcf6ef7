"""Writes golden_pool.json: poolings of PyTorch in float64, with gradients of orders 1 and 2.

    python3 golden_pool.py      (PyTorch 1.13)

Each case has the op's name without its rank, the rank and the options; the input x, for unpooling indices, for fractional pooling
samples; the result out and, where asked for, indices; grad, the gradient of sum(w * out) by x, w[i] = round(64 cos(i)) / 64; then grad_x and grad_w,
those of sum(v * grad) by x and w, v[i] = round(64 sin(i + 1)) / 64, left out for zero.
"""
import json
import os

import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(1)
cases = []


def draw(*shape):
    """Multiples of 1/64 in [-2, 2], all different where there are at most 256."""
    n = torch.Size(shape).numel()
    v = torch.randperm(256, generator=generator)[:n] if n <= 256 else torch.randint(0, 256, (n,), generator=generator)
    return ((v - 128).double() / 64).reshape(shape)


def wave(f, t, first):
    return ((f(torch.arange(t.numel()).double() + first) * 64).round() / 64).reshape(t.shape)


def number(v):
    return v if v == v and abs(v) != float("inf") else repr(v)


def array(t):
    return None if t is None else {"shape": list(t.shape), "data": [number(v) for v in t.detach().flatten().tolist()]}


def case(op, rank, f, x, order=2, indices=None, samples=None, **options):
    x = x.clone().requires_grad_()
    y = f(x)
    y, at = y if isinstance(y, tuple) else (y, None)
    w = wave(torch.cos, y, 0).requires_grad_()
    g, = torch.autograd.grad(y, x, w, create_graph=order > 1)
    gx = gw = None
    if order > 1:
        s = (g * wave(torch.sin, x, 1)).sum()
        gx, gw = torch.autograd.grad(s, [x, w], allow_unused=True)
    cases.append({"op": op, "rank": rank, **options, "x": array(x), "given": array(indices), "samples": array(samples), "out": array(y),
                  "indices": array(at), "grad": array(g), "grad_x": array(gx), "grad_w": array(gw)})


SPACE = {1: (9,), 2: (7, 6), 3: (5, 4, 6)}


def full(v, rank):
    return [v] * rank if isinstance(v, int) else list(v)[:rank]


for rank in (1, 2, 3):
    pool = lambda kind: getattr(F, f"{kind}_pool{rank}d")
    for kernel, stride, padding, dilation, ceil in [
        (2, 0, 0, 1, False), (3, 2, 1, 1, False), ((3, 2, 2), (1, 2, 3), (1, 0, 1), 1, False), (2, 1, 1, 2, False), ((2, 2, 1), (2, 3, 2), 0, (2, 1, 3), True),
        (3, 2, 1, 1, True), (2, 2, 0, 1, True), (4, 3, 2, 1, True), (1, 1, 0, 1, False),
    ]:
        o = dict(kernel=full(kernel, rank), stride=full(stride, rank), padding=full(padding, rank), dilation=full(dilation, rank), ceil=ceil)
        st = [s or k for s, k in zip(o["stride"], o["kernel"])]
        case("max", rank, lambda x: pool("max")(x, o["kernel"], st, o["padding"], o["dilation"], ceil, return_indices=True), draw(1, 2, *SPACE[rank]), **o)
    for kernel, stride, padding, ceil, ignore, divisor in [
        (2, 0, 0, False, False, 0), (3, 2, 1, False, False, 0), (3, 2, 1, False, True, 0), ((3, 2, 2), (1, 2, 3), (1, 0, 1), True, False, 0),
        (3, 2, 1, True, True, 0), (4, 3, 2, True, False, 0), (2, 1, 1, False, False, 3), (3, 2, 1, True, True, 5),
    ]:
        o = dict(kernel=full(kernel, rank), stride=full(stride, rank), padding=full(padding, rank), ceil=ceil, ignore_padding=ignore, divisor=divisor)
        st = [s or k for s, k in zip(o["stride"], o["kernel"])]
        if rank == 1:
            if divisor:
                continue
            f = lambda x: F.avg_pool1d(x, o["kernel"], st, o["padding"], ceil, not ignore)
        else:
            f = lambda x: pool("avg")(x, o["kernel"], st, o["padding"], ceil, not ignore, divisor or None)
        case("avg", rank, f, draw(1, 2, *SPACE[rank]), **o)
    for size in [(3, 2, 4), (1, 1, 1), (8, 9, 5), (5, 3, 2)]:
        o = dict(size=full(size, rank))
        case("adaptive_max", rank, lambda x: pool("adaptive_max")(x, o["size"], return_indices=True), draw(1, 2, *SPACE[rank]), **o)
        case("adaptive_avg", rank, lambda x: pool("adaptive_avg")(x, o["size"]), draw(1, 2, *SPACE[rank]), **o)
    for kernel, stride, padding in [(2, 2, 0), (3, 3, 1), (2, 3, 0)]:
        o = dict(kernel=full(kernel, rank), stride=full(stride, rank), padding=full(padding, rank))
        space = [2 * n if n < 6 else n for n in SPACE[rank]]
        x = draw(1, 2, *space)
        y, at = pool("max")(x, o["kernel"], o["stride"], o["padding"], return_indices=True)
        unpool = getattr(F, f"max_unpool{rank}d")
        case("max_unpool", rank, lambda y: unpool(y, at, o["kernel"], o["stride"], o["padding"], output_size=space), y, indices=at, order=1, size=space, **o)
for rank in (1, 2):
    for p, kernel, stride, ceil in [(2, 2, 0, False), (2, 3, 2, True), (3, 2, 2, False), (1, 3, 1, True), (4, 3, 3, True), (1.5, 2, 1, False)]:
        o = dict(kernel=full(kernel, rank), stride=full(stride, rank), ceil=ceil, p=p)
        x = draw(1, 2, *SPACE[rank])
        if rank == 1:
            f = lambda x: F.lp_pool1d(x, p, kernel, stride or kernel, ceil)
        else:
            f = lambda x: F.lp_pool2d(x, float(p), kernel, stride or kernel, ceil)
        case("lp", rank, f, x.abs() + 1 / 64 if p % 2 else x, **o)
for kernel, size in [((2, 2), (3, 4)), ((3, 2), (4, 1)), ((1, 1), (5, 3)), ((2, 3), (6, 4)), ((7, 6), (1, 1)), ((4, 4), (2, 3))]:
    x, samples = draw(2, 2, *SPACE[2]), torch.rand((2, 2, 2), generator=generator, dtype=torch.float64)
    case("fractional_max", 2, lambda x: F.fractional_max_pool2d(x, kernel, output_size=size, return_indices=True, _random_samples=samples), x, samples=samples,
         kernel=kernel, size=size, order=1)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_pool.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps({k: v for k, v in c.items() if v is not None}, separators=(",", ":")) for c in cases) + "\n]\n")
