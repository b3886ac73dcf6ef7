"""Writes golden_einsum.json: einsum, tensordot, kron, diagonals, triangles and repetition in PyTorch, with gradients, in float64.

    python3 golden_einsum.py      (PyTorch 1.13)

Each case has the function's name, its equation, its numbers, its inputs, the result and the gradient of sum(cos(i) y[i]).
"""
import json
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
out = []


def case(op, f, *shapes, eq="", args=()):
    xs = [torch.randn(s).requires_grad_() for s in shapes]
    y = f(*xs)
    (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
    flat = lambda t: {"shape": list(t.shape), "data": t.detach().flatten().tolist()}
    out.append({"op": op, "eq": eq, "args": list(args), "in": [flat(x) for x in xs], "out": flat(y), "grads": [x.grad.flatten().tolist() for x in xs]})


for eq, *shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 2), (2, 2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("ij->", (2, 3)), ("ba", (2, 3)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)), ("i,j->ij", (2,), (3,)), ("ijk,ilm->jlkm", (2, 3, 2), (2, 2, 3)), ("abc,cd,de->abe", (2, 2, 3), (3, 2), (2, 3)),
    ("i...,i...", (2, 3), (2, 1)), ("iji,j->j", (2, 3, 2), (3,)), ("ij,ij->j", (2, 1), (1, 3)), ("...i->i", (2, 2, 3)), ("bA,b", (2, 3), (2,)), ("i,i,i->", (3,), (3,), (3,)),
    ("bhid,bhjd->bhij", (2, 2, 3, 2), (2, 2, 2, 2)), (" i j , j -> i ", (2, 3), (3,)), ("i...i->...", (2, 3, 2)), (",ij->ji", (), (2, 3)),
]:
    case("einsum", lambda *x: torch.einsum(eq, *x), *shapes, eq=eq)
case("tensordot", lambda x, y: torch.tensordot(x, y, dims=([0, 2], [1, 0])), (2, 3, 4), (4, 2, 2), args=[0, 2, 1, 0])
case("tensordot", lambda x, y: torch.tensordot(x, y, dims=([], [])), (2,), (3, 2))
case("outer", torch.outer, (3,), (2,))
case("kron", torch.kron, (2, 3), (3, 2))
case("kron", torch.kron, (3,), (2, 2, 2))
for k in (-2, 0, 1, 9):
    case("tril", lambda x: x.tril(k), (2, 3, 4), args=[k])
    case("triu", lambda x: x.triu(k), (4, 3), args=[k])
    case("diagonal", lambda x: x.diagonal(min(k, 3), 2, 0), (3, 2, 4), args=[min(k, 3), 2, 0])
for k in (-1, 0, 2):
    case("diag_embed", lambda x: x.diag_embed(k), (2, 3), args=[k])
    case("diag", lambda x: x.diag(k), (3,), args=[k])
    case("diag", lambda x: x.diag(k), (3, 4), args=[k])
case("repeat", lambda x: x.repeat(2, 1, 3), (2, 2), args=[2, 1, 3])
case("repeat", lambda x: x.repeat(3, 2), (2, 3), args=[3, 2])
case("tile", lambda x: x.tile((2,)), (2, 3), args=[2])
case("tile", lambda x: x.tile((2, 2, 1)), (2, 3), args=[2, 2, 1])
case("repeat_interleave", lambda x: x.repeat_interleave(3, 0), (2, 3), args=[3, 0])
case("repeat_interleave", lambda x: x.repeat_interleave(2, -1), (2, 3), args=[2, -1])
for indexing in ("ij", "xy"):
    case("meshgrid", lambda *x: torch.stack(torch.meshgrid(*x, indexing=indexing)), (2,), (3,), (4,), eq=indexing)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_einsum.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
