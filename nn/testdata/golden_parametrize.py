"""Writes golden_parametrize.json: weight and spectral normalisation of PyTorch's torch.nn.utils in float64.

    python3 golden_parametrize.py      (PyTorch 1.13)

Each case has the parameters and buffers by name, then steps: input, output, gradients of sum(cos(i) y[i]), and the buffers
afterwards. The last step is in eval mode.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.utils as U

torch.set_default_dtype(torch.float64)
torch.manual_seed(3)


def array(t):
    return {"shape": list(t.shape), "data": t.detach().flatten().tolist()}


def case(name, m, shape, **args):
    c = {"name": name, "args": args, "params": {k: array(v) for k, v in m.named_parameters()}, "buffers": {k: array(v) for k, v in m.named_buffers()}, "steps": []}
    for k in range(3):
        m.train(k < 2)
        m.zero_grad()
        x = torch.randn(shape).requires_grad_()
        y = m(x)
        (y * torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)).sum().backward()
        c["steps"].append({"x": array(x), "y": array(y), "dx": array(x.grad), "grads": {n: array(p.grad) for n, p in m.named_parameters()}, "buffers": {n: array(b) for n, b in m.named_buffers()}})
    return c


out = [
    case("weight linear", U.weight_norm(nn.Linear(4, 3)), (5, 4), dim=0),
    case("weight linear", U.weight_norm(nn.Linear(4, 3), dim=1), (5, 4), dim=1),
    case("weight conv2d", U.weight_norm(nn.Conv2d(2, 3, 3)), (2, 2, 4, 5), dim=0),
    case("weight conv1d", U.weight_norm(nn.Conv1d(2, 3, 3)), (2, 2, 6), dim=0),
    case("weight conv_transpose2d", U.weight_norm(nn.ConvTranspose2d(2, 3, 3), dim=1), (2, 2, 3, 2), dim=1),
    case("spectral linear", U.spectral_norm(nn.Linear(4, 3)), (5, 4), dim=0, iterations=1),
    case("spectral linear", U.spectral_norm(nn.Linear(4, 6), n_power_iterations=3), (5, 4), dim=0, iterations=3),
    case("spectral conv2d", U.spectral_norm(nn.Conv2d(2, 3, 3)), (2, 2, 4, 5), dim=0, iterations=1),
    case("spectral conv_transpose2d", U.spectral_norm(nn.ConvTranspose2d(2, 3, 3)), (2, 2, 3, 2), dim=1, iterations=1),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_parametrize.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
