"""Writes golden_group_norm.json: group and instance norm of PyTorch with gradients, in float64.

    python3 golden_group_norm.py      (PyTorch 1.13)

The gradient is that of sum(cos(i) y[i]).
"""
import json
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
out = []
for shape, groups, affine, eps in [((2, 6, 3, 2), 3, True, 1e-5), ((2, 6, 3, 2), 1, True, 1e-3), ((3, 4, 5), 4, True, 1e-5), ((2, 4, 3, 3), 2, False, 1e-5),
                                   ((1, 4), 2, True, 1e-5), ((2, 2, 2, 3, 2), 2, True, 1e-5)]:
    x = (torch.randn(shape) * 2 + 1).requires_grad_()
    w, b = (torch.randn(shape[1]).requires_grad_(), torch.randn(shape[1]).requires_grad_()) if affine else (None, None)
    y = F.group_norm(x, groups, w, b, eps)
    (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(shape)).sum().backward()
    flat = lambda t: None if t is None else t.detach().flatten().tolist()
    out.append({"shape": shape, "groups": groups, "eps": eps, "x": flat(x), "weight": flat(w), "bias": flat(b), "y": flat(y),
                "dx": flat(x.grad), "dweight": flat(w.grad) if affine else None, "dbias": flat(b.grad) if affine else None})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_group_norm.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
