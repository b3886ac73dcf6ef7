"""Writes golden_ctc.json: torch.nn.functional.ctc_loss in float64, of log_softmax of logits, with the gradients of the logits.

    python3 golden_ctc.py      (PyTorch 1.13)

The gradients are those of sum(cos(i) loss[i]). An infinite loss is the string "inf"; its case has no gradients.
"""
import itertools
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
out = []


def case(name, T, N, C, targets, il, tl, **options):
    x = (torch.randn(T, N, C) * 2).requires_grad_()
    loss = F.ctc_loss(F.log_softmax(x, 2), torch.tensor(targets), torch.tensor(il), torch.tensor(tl), **options)
    finite = bool(torch.isfinite(loss).all())
    if finite:
        (loss * torch.cos(torch.arange(loss.numel(), dtype=torch.float64)).reshape(loss.shape)).sum().backward()
    number = lambda v: v if math.isfinite(v) else "inf"
    out.append({"name": name, "shape": [T, N, C], "x": x.detach().flatten().tolist(), "targets": targets, "input_lengths": il, "target_lengths": tl,
                "loss": [number(v) for v in loss.detach().flatten().tolist()], "scalar": loss.dim() == 0, "grad": x.grad.flatten().tolist() if finite else None, "options": options})


base = (7, 3, 5)
targets, il, tl = [[1, 2, 2], [3, 4, 1], [4, 0, 0]], [7, 6, 4], [3, 2, 1]
for reduction in ["mean", "sum", "none"]:
    case(reduction, *base, targets, il, tl, reduction=reduction)
    case("blank 4 " + reduction, *base, [[1, 2, 2], [3, 0, 1], [1, 0, 0]], il, tl, blank=4, reduction=reduction)
case("one", 1, 1, 2, [[1]], [1], [1])
case("no labels", 5, 2, 3, [[1, 2], [2, 1]], [5, 3], [0, 2], reduction="none")
case("repeated", 9, 1, 4, [[3, 3, 3, 3]], [9], [4], reduction="none")
case("just long enough", 7, 1, 4, [[3, 3, 3, 3]], [7], [4], reduction="none")
case("too short", 3, 2, 4, [[1, 2, 3, 1], [1, 2, 3, 1]], [3, 3], [4, 3], reduction="none")
case("too short, zeroed", 3, 2, 4, [[1, 2, 3, 1], [1, 2, 3, 1]], [3, 3], [4, 3], reduction="none", zero_infinity=True)
case("long", 60, 2, 6, [[(i * 7 + k) % 5 + 1 for i in range(20)] for k in range(2)], [60, 45], [20, 11], reduction="sum")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_ctc.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
