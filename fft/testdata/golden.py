"""Writes golden.json: transforms as PyTorch and SciPy compute them in float64, with gradients.

    python3 golden.py      (PyTorch 1.13, SciPy 1.10)

Each case has the function's name, numbers (a) and, where it has one, a norm; the inputs, the result and the gradient of
sum(cos(i) y[i]) by each input. Complex tensors are real ones with a last axis (real, imaginary).
"""
import json
import math
import os

import scipy.fft
import scipy.signal
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
out = []
c, r = torch.view_as_complex, torch.view_as_real


def digits(t):
    return [float("%.14g" % v) for v in t.detach().flatten().tolist()]


def case(op, f, *shapes, a=(), norm=None, inputs=None):
    xs = inputs or [torch.randn(s).round(decimals=2) for s in shapes]
    xs = [x.detach().clone().requires_grad_() for x in xs]
    y = f(*xs)
    (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
    flat = lambda t: {"shape": list(t.shape), "data": digits(t)}
    out.append({"op": op, "a": list(a), "norm": norm or "", "in": [flat(x) for x in xs], "out": flat(y), "grads": [digits(x.grad) for x in xs]})


for shape, n, axis, norm in [
    ((1,), 0, -1, "backward"), ((8,), 0, -1, "backward"), ((7,), 0, 0, "ortho"), ((12,), 0, -1, "forward"), ((3, 5), 0, 0, "backward"),
    ((3, 5), 0, -1, "ortho"), ((2, 6, 3), 0, 1, "forward"), ((2, 6, 3), 4, 1, "backward"), ((2, 6, 3), 9, 1, "ortho"), ((37,), 0, -1, "backward"), ((14,), 22, 0, "forward"),
]:
    k = n or None
    case("fft", lambda x: r(torch.fft.fft(c(x), k, axis, norm)), shape + (2,), a=[n, axis], norm=norm)
    case("ifft", lambda x: r(torch.fft.ifft(c(x), k, axis, norm)), shape + (2,), a=[n, axis], norm=norm)
    case("rfft", lambda x: r(torch.fft.rfft(x, k, axis, norm)), shape, a=[n, axis], norm=norm)
    if n or shape[axis] > 1:
        case("irfft", lambda x: torch.fft.irfft(c(x), k, axis, norm), shape + (2,), a=[n, axis], norm=norm)
case("irfft", lambda x: torch.fft.irfft(c(x), 1), (3, 2), a=[1, -1], norm="backward")
case("irfft", lambda x: torch.fft.irfft(c(x), 7), (4, 2), a=[7, -1], norm="backward")

# a is the number of sizes, the sizes and the axes; -1 sizes are PyTorch's None.
for shape, sizes, axes, norm in [
    ((4, 6), None, None, "backward"), ((2, 3, 5), None, None, "ortho"), ((2, 4, 3), [3, 6], None, "forward"), ((3, 4, 2), None, [0, 2], "backward"),
    ((3, 4, 2), [5, 2], [2, 0], "ortho"), ((3, 4, 4), None, [1], "forward"),
]:
    a = [-1 if sizes is None else len(sizes)] + (sizes or []) + (axes or [])
    case("fftn", lambda x: r(torch.fft.fftn(c(x), sizes, axes, norm)), shape + (2,), a=a, norm=norm)
    case("ifftn", lambda x: r(torch.fft.ifftn(c(x), sizes, axes, norm)), shape + (2,), a=a, norm=norm)
    case("rfftn", lambda x: r(torch.fft.rfftn(x, sizes, axes, norm)), shape, a=a, norm=norm)
    case("irfftn", lambda x: torch.fft.irfftn(c(x), sizes, axes, norm), shape + (2,), a=a, norm=norm)
for shape, sizes, axes, norm in [((3, 4, 6), None, None, "backward"), ((2, 5, 3), [4, 4], None, "ortho"), ((4, 2, 3), [3, 5], [0, -1], "forward")]:
    a = [-1 if sizes is None else len(sizes)] + (sizes or []) + (axes or [])
    dim = axes or (-2, -1)
    case("fft2", lambda x: r(torch.fft.fft2(c(x), sizes, dim, norm)), shape + (2,), a=a, norm=norm)
    case("ifft2", lambda x: r(torch.fft.ifft2(c(x), sizes, dim, norm)), shape + (2,), a=a, norm=norm)
    case("rfft2", lambda x: r(torch.fft.rfft2(x, sizes, dim, norm)), shape, a=a, norm=norm)
    case("irfft2", lambda x: torch.fft.irfft2(c(x), sizes, dim, norm), shape + (2,), a=a, norm=norm)

case("abs", lambda x: c(x).abs(), (3, 2), inputs=[torch.tensor([[3.0, 4.0], [0.0, 0.0], [-1.0, 0.5]])])
case("angle", lambda x: c(x).angle(), (5, 2))
case("conj", lambda x: r(c(x).conj().resolve_conj()), (5, 2))
case("mul", lambda x, y: r(c(x) * c(y)), (2, 3, 2), (3, 2))
case("real", lambda x: c(x).real.clone(), (5, 2))
case("imag", lambda x: c(x).imag.clone(), (5, 2))
case("fftshift", lambda x: torch.fft.fftshift(x), (4, 5))
case("fftshift", lambda x: torch.fft.fftshift(x, [1]), (4, 5), a=[1])
case("ifftshift", lambda x: torch.fft.ifftshift(x), (4, 5))
case("ifftshift", lambda x: torch.fft.ifftshift(x, [-1, 0]), (4, 5), a=[-1, 0])

# a: size, hop, window length, centred, padding, normalized, one-sided (istft: and the length, 0 for none).
for shape, n, hop, win, center, pad, normalized, onesided in [
    ((40,), 8, 2, 8, 1, 0, 0, 1), ((2, 40), 8, 3, 6, 1, 0, 1, 1), ((2, 33), 9, 4, 9, 1, 0, 0, 1), ((30,), 8, 2, 5, 0, 0, 0, 1), ((30,), 10, 5, 10, 1, 1, 0, 1),
    ((25,), 8, 2, 8, 1, 0, 1, 0), ((2, 21), 7, 1, 4, 0, 0, 1, 0), ((9,), 16, 4, 16, 1, 0, 0, 1), ((9,), 14, 4, 14, 1, 2, 0, 1),
]:
    w = torch.hann_window(win) + 0.1
    mode = ["reflect", "constant", "replicate"][pad]
    f = lambda x, w: r(torch.stft(x, n, hop, win, w, bool(center), mode, bool(normalized), bool(onesided), True))
    if mode == "replicate":  # torch.stft pads (1, C, L) so, but its own check of modes differs between versions: pad before
        f = lambda x, w: r(torch.stft(F.pad(x[None, None], (n // 2, n // 2), mode)[0, 0], n, hop, win, w, False, "reflect", bool(normalized), bool(onesided), True))
    case("stft", f, a=[n, hop, win, center, pad, normalized, onesided], inputs=[torch.randn(shape).round(decimals=2), w])
for shape, n, hop, win, center, normalized, onesided, length in [
    ((5, 7), 8, 2, 8, 1, 0, 1, 0), ((2, 5, 7), 8, 3, 6, 1, 1, 1, 0), ((5, 7), 9, 4, 9, 1, 0, 1, 0), ((5, 7), 8, 2, 8, 0, 0, 1, 0), ((8, 6), 8, 2, 8, 1, 0, 0, 0),
    ((5, 7), 8, 2, 8, 1, 0, 1, 10), ((5, 7), 8, 2, 8, 1, 1, 1, 14), ((5, 4), 8, 4, 8, 1, 0, 1, 20), ((5, 4), 8, 4, 8, 0, 0, 1, 30), ((5, 4), 8, 4, 8, 0, 0, 1, 15),
]:
    w = torch.hann_window(win) + 0.1
    f = lambda y, w: torch.istft(c(y), n, hop, win, w, bool(center), bool(normalized), bool(onesided), length or None)
    case("istft", f, a=[n, hop, win, center, 0, normalized, onesided, length], inputs=[torch.randn(shape + (2,)).round(decimals=2), w])


def dct(x, kind, axis, norm, inverse):
    """scipy.fft.dct as a matrix product, for the gradient; the values are SciPy's own."""
    n = x.shape[axis]
    f = scipy.fft.idct if inverse else scipy.fft.dct
    m = torch.from_numpy(f(torch.eye(n).numpy(), kind, axis=0, norm=norm))
    y = torch.movedim(torch.movedim(x, axis, -1) @ m.T, -1, axis)
    assert abs(y.detach().numpy() - f(x.detach().numpy(), kind, axis=axis, norm=norm)).max() < 1e-12
    return y


for shape, axis in [((1,), 0), ((2,), 0), ((7,), -1), ((8,), -1), ((3, 6, 2), 1), ((5, 3), 0)]:
    for kind in (2, 3):
        for norm in ("backward", "ortho", "forward"):
            case("dct", lambda x: dct(x, kind, axis, norm, False), shape, a=[kind, axis], norm=norm)
    case("idct", lambda x: dct(x, 2, axis, "backward", True), shape, a=[2, axis], norm="backward")
    case("idct", lambda x: dct(x, 3, axis, "ortho", True), shape, a=[3, axis], norm="ortho")
case("idct", lambda x: dct(x, 3, 0, "forward", True), (6,), a=[3, 0], norm="forward")

# a: stride, padding, dilation, groups
for x, w, bias, s, p, d, g in [
    ((2, 3, 20), (4, 3, 5), True, 1, 2, 1, 1), ((1, 4, 17), (6, 2, 6), False, 2, 1, 1, 2), ((2, 3, 19), (3, 1, 4), True, 3, 0, 2, 3), ((2, 2, 9), (4, 1, 9), False, 1, 4, 1, 2),
]:
    case("conv1d", lambda x, w, *b: F.conv1d(x, w, b[0] if b else None, s, p, d, g), x, w, *([(w[0],)] if bias else []), a=[s, p, d, g])
for x, w, bias, s, p, d, g in [
    ((2, 3, 6, 7), (4, 3, 3, 2), True, (1, 1), (1, 0), (1, 1), 1), ((1, 4, 9, 8), (2, 2, 3, 3), True, (2, 1), (2, 1), (2, 3), 2), ((2, 2, 5, 5), (2, 1, 5, 5), False, (1, 1), (2, 2), (1, 1), 2),
]:
    case("conv2d", lambda x, w, *b: F.conv2d(x, w, b[0] if b else None, s, p, d, g), x, w, *([(w[0],)] if bias else []), a=[*s, *p, *d, g])

# Constants: no input. a: size, symmetric, parameter.
for n in (1, 2, 7, 8):
    for symmetric in (0, 1):
        const = lambda op, y, *a: out.append({"op": op, "a": [n, symmetric, *a], "norm": "", "in": [], "out": {"shape": list(y.shape), "data": y.tolist()}, "grads": []})
        for name in ("hann", "hamming", "blackman", "bartlett"):
            const(name, getattr(torch, name + "_window")(n, periodic=not symmetric), 0)
        const("kaiser", torch.kaiser_window(n, not symmetric, 12.0), 12)
        const("kaiser", torch.kaiser_window(n, not symmetric, 3.5), 3.5)
        const("gaussian", torch.from_numpy(scipy.signal.windows.gaussian(n, 1.7, sym=bool(symmetric))), 1.7)
    const("fftfreq", torch.fft.fftfreq(n, 0.25), 0.25)
    const("rfftfreq", torch.fft.rfftfreq(n, 0.25), 0.25)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
