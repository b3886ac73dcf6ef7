"""Writes golden.json: layers of PyTorch in float64, forward and gradients, and the names of a nested model's state.

    python3 make_golden.py      (PyTorch 1.13)

Inputs and parameters are fill(shape, seed): seed 0 for the input, 1, 2, ... for the parameters in the order of
named_parameters. The gradients are those of sum(fill(shape of y, 99) * y). golden_test.go builds the same layers.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def fill(shape, seed):
    n = 1
    for d in shape:
        n *= d
    return torch.sin(1 + 0.37 * torch.arange(n, dtype=torch.float64) + 1.3 * seed).reshape(shape)


def numbers(t):
    return [float("%.11g" % v) for v in t.detach().flatten().tolist()]


def array(t):
    return {"shape": list(t.shape), "data": numbers(t)}


def set_params(m):
    for i, (_, p) in enumerate(m.named_parameters()):
        p.data = fill(p.shape, i + 1)


class Function(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


class BiaslessLayerNorm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


image, signal = (2, 4, 6, 5), (2, 4, 9)
layers = {  # name: (module, shape of the input)
    "linear": (nn.Linear(4, 3), (5, 4)),
    "linear no bias": (nn.Linear(4, 3, bias=False), (5, 4)),
    "linear sequence": (nn.Linear(4, 3), (2, 3, 4)),
    "linear vector": (nn.Linear(4, 3), (4,)),
    "conv2d": (nn.Conv2d(4, 3, 3), image),
    "conv2d stride padding": (nn.Conv2d(4, 2, 3, stride=2, padding=1), image),
    "conv2d dilation": (nn.Conv2d(4, 2, 3, dilation=2, padding=2), image),
    "conv2d groups": (nn.Conv2d(4, 6, 2, groups=2), image),
    "conv2d depthwise no bias": (nn.Conv2d(4, 4, 3, groups=4, padding=1, bias=False), image),
    "conv2d pairs": (nn.Conv2d(4, 2, (2, 3), stride=(2, 1), padding=(0, 2), dilation=(3, 1)), image),
    "conv2d reflect": (nn.Conv2d(4, 2, 3, padding=2, padding_mode="reflect"), image),
    "conv2d replicate": (nn.Conv2d(4, 2, 3, padding=1, stride=2, padding_mode="replicate"), image),
    "conv2d circular": (nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"), image),
    "conv1d": (nn.Conv1d(4, 3, 3), signal),
    "conv1d all": (nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), signal),
    "conv1d circular": (nn.Conv1d(4, 2, 3, padding=2, padding_mode="circular"), signal),
    "conv_transpose2d": (nn.ConvTranspose2d(4, 3, 2), (2, 4, 3, 4)),
    "conv_transpose2d output padding": (nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1), (2, 4, 3, 4)),
    "conv_transpose2d groups dilation": (nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2, bias=False), (2, 4, 3, 4)),
    "conv_transpose1d": (nn.ConvTranspose1d(4, 3, 3), (2, 4, 5)),
    "conv_transpose1d all": (nn.ConvTranspose1d(4, 2, 4, stride=3, padding=1, output_padding=2, groups=2), (2, 4, 5)),
    "max_pool2d": (nn.MaxPool2d(2), image),
    "max_pool2d all": (nn.MaxPool2d(3, stride=2, padding=1, dilation=2, ceil_mode=True), image),
    "avg_pool2d": (nn.AvgPool2d(2), image),
    "avg_pool2d padding": (nn.AvgPool2d(3, stride=2, padding=1), image),
    "avg_pool2d inside": (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), image),
    "max_pool1d": (nn.MaxPool1d(3), signal),
    "avg_pool1d": (nn.AvgPool1d(2), signal),
    "adaptive_avg_pool2d": (nn.AdaptiveAvgPool2d((3, 4)), image),
    "adaptive_max_pool2d": (nn.AdaptiveMaxPool2d((2, 5)), image),
    "layer_norm": (nn.LayerNorm(5), (2, 3, 5)),
    "layer_norm two": (nn.LayerNorm((3, 5), eps=0.01), (2, 3, 5)),
    "layer_norm no affine": (nn.LayerNorm(5, elementwise_affine=False), (3, 5)),
    "layer_norm no bias": (BiaslessLayerNorm(5), (3, 5)),
    "relu": (nn.ReLU(), (9,)),
    "leaky_relu": (nn.LeakyReLU(), (9,)),
    "leaky_relu 0.2": (nn.LeakyReLU(0.2), (9,)),
    "leaky_relu 0": (nn.LeakyReLU(0.0), (9,)),
    "elu": (nn.ELU(), (9,)),
    "elu 0.5": (nn.ELU(0.5), (9,)),
    "gelu": (nn.GELU(), (9,)),
    "silu": (nn.SiLU(), (9,)),
    "tanh": (nn.Tanh(), (9,)),
    "sigmoid": (nn.Sigmoid(), (9,)),
    "softplus": (nn.Softplus(), (9,)),
    "softmax": (nn.Softmax(-1), (2, 3, 4)),
    "softmax axis": (nn.Softmax(1), (2, 3, 4)),
    "log_softmax": (nn.LogSoftmax(-1), (2, 3, 4)),
    "log_softmax axis": (nn.LogSoftmax(1), (2, 3, 4)),
    "mish": (nn.Mish(), (9,)),
    "flatten": (nn.Flatten(), (2, 3, 4)),
    "flatten 2": (nn.Flatten(2), (2, 3, 2, 2)),
    "identity": (nn.Identity(), (2, 3)),
    "dropout eval": (nn.Dropout(0.5).eval(), (2, 3)),
    "sequential": (nn.Sequential(nn.Conv2d(4, 3, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6, 3)), image),
}


def layer(name, m, shape):
    set_params(m)
    x = fill(shape, 0).requires_grad_()
    y = m(x)
    (fill(y.shape, 99) * y).sum().backward()
    return {
        "name": name, "x": list(shape), "y": array(y), "dx": numbers(x.grad),
        "params": [{"name": n, "shape": list(p.shape), "grad": numbers(p.grad)} for n, p in m.named_parameters()],
    }


def embedding(name, padding):
    m = nn.Embedding(6, 3, padding_idx=padding)
    set_params(m)
    idx = torch.tensor([[1, 0, 5], [2, 2, 1]])
    y = m(idx)
    (fill(y.shape, 99) * y).sum().backward()
    return {"name": name, "y": array(y), "grad": numbers(m.weight.grad)}


def batch_norm(name, m, shape):
    """Three training steps, then inference."""
    set_params(m)
    steps = []
    for k in range(4):
        if k == 3:
            m.eval()
        m.zero_grad()
        x = (fill(shape, k) * (k + 1) + k).requires_grad_()
        y = m(x)
        (fill(y.shape, 99) * y).sum().backward()
        steps.append({"y": numbers(y), "dx": numbers(x.grad), "grads": [numbers(p.grad) for p in m.parameters()],
                      "mean": numbers(m.running_mean), "var": numbers(m.running_var), "batches": int(m.num_batches_tracked)})
    return {"name": name, "x": list(shape), "steps": steps}


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.act = nn.ReLU()
        self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
        self.layers = nn.ModuleList([Block(4, 4), Block(4, 8)])
        self.up = nn.ConvTranspose2d(8, 4, 2)
        self.wte = nn.Embedding(10, 8)
        self.ln_f = nn.LayerNorm(8)
        self.FC = nn.Linear(8, 8)
        self.lm_head = nn.Linear(8, 10, bias=False)
        self.lm_head.weight = self.wte.weight


def names():
    m = Net()
    shapes = lambda items: [{"name": n, "shape": list(t.shape)} for n, t in items]
    return {"parameters": shapes(m.named_parameters()), "state_dict": shapes(m.state_dict().items())}


out = {
    "layers": [layer(n, m, s) for n, (m, s) in layers.items()],
    "embeddings": [embedding("embedding", None), embedding("embedding padding", 2)],
    "batch_norms": [
        batch_norm("1d", nn.BatchNorm1d(3), (4, 3)),
        batch_norm("1d sequence", nn.BatchNorm1d(3, momentum=0.3, eps=0.01), (2, 3, 4)),
        batch_norm("1d cumulative", nn.BatchNorm1d(3, momentum=None), (4, 3)),
        batch_norm("2d", nn.BatchNorm2d(3), (2, 3, 2, 2)),
        batch_norm("2d no affine", nn.BatchNorm2d(3, affine=False), (2, 3, 2, 2)),
        batch_norm("2d momentum 0", nn.BatchNorm2d(3, momentum=0.0), (2, 3, 2, 2)),
    ],
    "names": names(),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    f.write("{\n")
    for i, (k, v) in enumerate(out.items()):
        f.write(json.dumps(k) + ": ")
        if isinstance(v, list):
            f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in v) + "\n]")
        else:
            f.write(json.dumps(v, separators=(",", ":")))
        f.write(",\n" if i + 1 < len(out) else "\n}\n")
