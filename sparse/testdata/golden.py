"""Writes golden.json: sparse matrices of PyTorch in float64: coalescing, products with dense ones and their gradients.

    python3 golden.py      (PyTorch 1.13)

The gradients are those of sum(cos(i) y[i]).
"""
import json
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(2)
out = []


def flat(t):
    return t.detach().flatten().tolist()


for rows, cols, entries, f in [(3, 4, 6, 2), (5, 5, 12, 3), (4, 2, 20, 5), (1, 1, 1, 1), (6, 3, 0, 2), (2, 7, 9, 8), (9, 9, 40, 17)]:
    row, col = torch.randint(0, rows, (entries,)), torch.randint(0, cols, (entries,))
    v = torch.randn(entries).requires_grad_()
    x = torch.randn(cols, f).requires_grad_()
    m = torch.sparse_coo_tensor(torch.stack([row, col]), v, (rows, cols))
    c = m.coalesce()
    y = torch.sparse.mm(m, x)
    (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
    csr = c.detach().to_sparse_csr()
    out.append({"rows": rows, "cols": cols, "row": flat(row), "col": flat(col), "values": flat(v), "coalesced": flat(c.values()),
                "ptr": flat(csr.crow_indices()), "columns": flat(csr.col_indices()), "f": f, "x": flat(x), "y": flat(y), "dvalues": flat(v.grad) if entries else [], "dx": flat(x.grad),
                "softmax": flat(torch.sparse.softmax(c, 1).values())})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
