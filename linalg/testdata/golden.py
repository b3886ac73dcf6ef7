"""Writes golden.json: functions of torch.linalg as PyTorch computes them in float64, with gradients.

    python3 golden.py      (PyTorch 1.13)

Each case has the function's name and numbers, its inputs, the result and the gradient of sum(cos(i) y[i]) by each input. Results that
are unique up to signs are tested through functions that do not depend on them. "spd" inputs X stand for X Xt + I, which the
function computes first.
"""
import json
import math
import os

import torch

L = torch.linalg
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
out = []


def digits(t):
    return [float("%.13g" % v) for v in t.detach().to(torch.float64).flatten().tolist()]


def case(op, f, *shapes, args=(), grad=True):
    xs = [(torch.randn(s).mul(1000).round().div(1000) if isinstance(s, tuple) else s.clone()).requires_grad_(grad) for s in shapes]
    y = f(*xs)
    if grad:
        (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
    flat = lambda t: {"shape": list(t.shape), "data": digits(t)}
    grads = [digits(x.grad) for x in xs] if grad else []
    out.append({"op": op, "args": list(args), "in": [flat(x) for x in xs], "out": flat(y), "grads": grads})


def spd(x):
    return x @ x.mT + torch.eye(x.shape[-1])


def weights(n):
    return torch.arange(1.0, n + 1)


square = [(1, 1), (3, 3), (2, 3, 4, 4), (6, 6)]
shapes = [(1, 1), (3, 3), (4, 2), (2, 4), (2, 5, 3), (2, 1, 3, 5)]
for s in square:
    case("cholesky", lambda x: L.cholesky(spd(x)), s)
    case("inv", lambda x: L.inv(x), s)
    case("det", L.det, s)
    case("slogdet", lambda x: sum(L.slogdet(x)), s)
    case("eigvalsh", lambda x: L.eigvalsh(spd(x)), s)
    case("eigh", lambda x: (lambda w, v: v * weights(s[-1]) @ v.mT + w[..., None])(*L.eigh(spd(x))), s)
    case("expm", lambda x: L.matrix_exp(x), s)
    for p in (-2, -1, 0, 1, 2, 5):
        case("matrix_power", lambda x: L.matrix_power(x, p), s, args=[p])
    # Functions of symmetric matrices, by the eigenvalues.
    for op, f in (("sqrtm", torch.sqrt), ("logm", torch.log)):
        case(op, lambda x: (lambda w, v: v * f(w)[..., None, :] @ v.mT)(*L.eigh(spd(x))), s)
case("expm", lambda x: L.matrix_exp(3 * x), (4, 4), args=[3])
case("expm", lambda x: L.matrix_exp(0.01 * x), (4, 4), args=[0.01])
for a, b in [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 4, 4), (2, 4)), ((2, 4, 4), (2, 4, 3)), ((3, 3), (2, 3, 2)), ((2, 1, 3, 3), (4, 3, 1)), ((2, 3, 3), (3, 2))]:
    case("solve", L.solve, a, b)
for a, b in [((3, 3), (3, 2)), ((2, 4, 4), (2, 4, 1)), ((3, 3), (2, 3, 2)), ((2, 1, 3, 3), (4, 3, 1))]:
    case("cholesky_solve", lambda b, l: torch.cholesky_solve(b, l.tril()), b, a)
    for upper in (0, 1):
        for uni in (0, 1):
            f = lambda a, b: L.solve_triangular(a.triu() if upper else a.tril(), b, upper=bool(upper), unitriangular=bool(uni))
            case("solve_triangular", f, a, b, args=[upper, 0, uni])
    case("solve_triangular", lambda a, b: L.solve_triangular(a.triu(), b.mT, upper=True, left=False), a, b, args=[1, 1, 0])
for s in shapes:
    case("lu", lambda x: (lambda p, l, u: (p @ l)[..., :, :1] * u[..., :1, :] + l.sum() + u.square().sum())(*L.lu(x)), s)
    # One sign for each column of Q and row of R.
    qr = lambda x: (lambda q, r, s: torch.cat([(q * s[..., None, :]).flatten(), (r * s[..., None]).flatten()]))
    case("qr", lambda x: (lambda q, r: qr(x)(q, r, r.diagonal(0, -2, -1).sign().detach()))(*L.qr(x)), s)
    case("svdvals", L.svdvals, s)
    case("svd", lambda x: (lambda u, s, vh: u * weights(s.shape[-1]) @ vh + s.sum())(*L.svd(x, full_matrices=False)), s)
    case("pinv", L.pinv, s)
    case("lstsq", lambda a, b: L.lstsq(a, b, driver="gelsd").solution, s, s[:-1] + (2,))
    for k, p in enumerate(["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]):
        case("matrix_norm", lambda x: L.matrix_norm(x, p), s, args=[k])
    case("matrix_rank", lambda x: L.matrix_rank(x).to(torch.float64), s, grad=False)
    case("cond", lambda x: L.cond(x), s, args=[4])
    case("cond", lambda x: L.cond(x, -2), s, args=[5])
case("qr_complete", lambda x: (lambda q, r: q @ q.mT + (q @ r).sum())(*L.qr(x, "complete")), (4, 2), grad=False)
case("matrix_norm", lambda x: L.matrix_norm(x, 1, dim=(0, 2)), (3, 2, 4), args=[2, 0, 2])
case("matrix_norm", lambda x: L.matrix_norm(x, "nuc", dim=(-1, 0)), (3, 2, 4), args=[1, -1, 0])
for k, p in [(0, "fro"), (1, "nuc"), (2, 1), (3, -1), (6, math.inf), (7, -math.inf)]:
    case("cond", lambda x: L.matrix_norm(x, p) * L.matrix_norm(L.inv(x), p), (2, 3, 3), args=[k])  # L.cond of 1.13 has no gradient here
low = (torch.randn(4, 2) * 8).round() @ (torch.randn(2, 3) * 8).round() / 64  # exactly of rank 2
case("matrix_rank", lambda x: L.matrix_rank(x).to(torch.float64), low, grad=False)
case("matrix_rank", lambda x: L.matrix_rank(x, atol=1.5, rtol=0.0).to(torch.float64), (5, 4, 4), args=[1.5], grad=False)
case("pinv", L.pinv, low, grad=False)
case("lstsq", lambda a, b: L.lstsq(a, b, driver="gelsd").solution, low, (4, 1), grad=False)
case("lstsq_residuals", lambda a, b: L.lstsq(a, b, driver="gelsd").residuals, (5, 3), (5, 2), grad=False)
case("lu_solve", lambda a, b: L.lu_solve(*L.lu_factor(a), b), (2, 4, 4), (2, 4, 3))
case("lu_solve", lambda a, b: L.lu_solve(*L.lu_factor(a), b), (3, 3), (3, 1))
case("lu_pivots", lambda a: L.lu_factor(a)[1].to(torch.float64), (3, 5, 4), grad=False)
case("lu_pivots", lambda a: L.lu_factor(a)[1].to(torch.float64), (2, 3, 6), grad=False)
for p in (2, 1, 0, 3, 0.5, math.inf, -math.inf, -1):
    a = {math.inf: "inf", -math.inf: "-inf"}.get(p, p)
    case("vector_norm", lambda x: L.vector_norm(x, p), (3, 4), args=[] if isinstance(a, str) else [a], grad=p != 0) if not isinstance(a, str) else case(
        "vector_norm_" + a, lambda x: L.vector_norm(x, p, dim=-1), (3, 4))
case("vector_norm", lambda x: L.vector_norm(x, 3, dim=(0, 2)), (2, 3, 4), args=[3, 0, 2])
case("multi_dot", lambda *x: L.multi_dot(x), (3, 5), (5, 2), (2, 4), (4, 3))
case("multi_dot", lambda *x: L.multi_dot(x), (5,), (5, 2), (2, 4))
case("multi_dot", lambda *x: L.multi_dot(x), (5,), (5, 3), (3,))
case("multi_dot", lambda *x: L.multi_dot(x), (2, 3), (3, 4))
case("vander", lambda x: L.vander(x), (4,), args=[0])
case("vander", lambda x: L.vander(x, N=5), (2, 3), args=[5])
case("vander", lambda x: L.vander(x, N=2), (2, 3), args=[2])
case("cross", lambda a, b: L.cross(a, b), (4, 3), (4, 3), args=[-1])
case("cross", lambda a, b: L.cross(a, b, dim=0), (3, 2), (3, 1), args=[0])
for s in [(2, 2), (3, 3), (5, 5), (2, 4, 4)]:
    sort = lambda v: torch.stack([(v.real + 7 * v.imag).sort(-1).values, v.abs().sort(-1).values])
    case("eigvals", lambda x: sort(L.eigvals(x)), s, grad=False)
# What PyTorch gives for empty matrices.
empty = lambda *s: torch.zeros(*s)
case("det", L.det, empty(2, 0, 0), grad=False)
case("slogdet", lambda x: sum(L.slogdet(x)), empty(0, 0), grad=False)
case("inv", L.inv, empty(0, 0), grad=False)
case("svd_full", lambda x: L.svd(x, full_matrices=True)[2], empty(0, 3), grad=False)
case("svd_full", lambda x: L.svd(x, full_matrices=True)[0], empty(3, 0), args=[1], grad=False)
case("pinv", L.pinv, empty(2, 0, 3), grad=False)
case("matrix_rank", lambda x: L.matrix_rank(x).to(torch.float64), empty(2, 0, 3), grad=False)
case("cond", L.cond, empty(2, 0, 0), args=[4], grad=False)
case("matrix_norm", lambda x: L.matrix_norm(x, "nuc"), empty(0, 3), args=[1], grad=False)
case("qr_r", lambda x: L.qr(x, "complete")[0], empty(3, 0), grad=False)
case("lstsq", lambda a, b: L.lstsq(a, b, driver="gelsd").solution, empty(0, 3), empty(0, 2), grad=False)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
print(len(out), "cases")
