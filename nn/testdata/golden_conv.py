"""Writes golden_conv.json: convolution layers of PyTorch in float64, forward and gradients, and their state dicts' names.

    python3 golden_conv.py      (PyTorch 1.13)

The input is fill(shape, 0), parameters are fill(shape, 1), fill(shape, 2) in the order of named_parameters. The gradients are
those of sum(fill(shape of y, 99) * y). golden_conv_test.go builds the same layers.
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


class Causal1d(nn.Conv1d):
    def forward(self, x):
        n = self.dilation[0] * (self.kernel_size[0] - 1)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        return F.conv1d(F.pad(x, (n, 0), mode=mode), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class MaskedConv2d(nn.Conv2d):
    """The layer as PixelCNNs in PyTorch have it; colours by the loops of the definition."""

    def __init__(self, kind, colours, cin, cout, kernel, **o):
        super().__init__(cin, cout, kernel, **o)
        mask = torch.zeros_like(self.weight)
        mid = kernel // 2
        mask[:, :, :mid, :] = 1
        mask[:, :, mid, :mid] = 1
        for k in range(cout):
            for c in range(cin):
                a, b = c // (cin // colours), k // (cout // colours)
                mask[k, c, mid, mid] = float(a < b or (kind == "B" and a == b))
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


signal, image, volume = (2, 4, 7), (2, 4, 5, 6), (1, 2, 3, 4, 3)
layers = {  # name: (module, shape of the input)
    "1d same": (nn.Conv1d(4, 3, 4, padding="same"), signal),
    "1d same dilated": (nn.Conv1d(4, 4, 3, padding="same", dilation=2, groups=4), signal),
    "1d same reflect": (nn.Conv1d(4, 2, 4, padding="same", padding_mode="reflect"), signal),
    "1d reflect": (nn.Conv1d(4, 2, 3, padding=3, padding_mode="reflect", stride=2), signal),
    "1d replicate": (nn.Conv1d(4, 4, 3, padding=4, padding_mode="replicate", groups=2), signal),
    "1d circular": (nn.Conv1d(4, 2, 3, padding=7, padding_mode="circular"), signal),
    "1d causal": (Causal1d(4, 3, 3), signal),
    "1d causal dilated": (Causal1d(4, 4, 2, dilation=4, groups=2, stride=2), signal),
    "1d causal replicate": (Causal1d(4, 3, 3, padding_mode="replicate"), signal),
    "2d same": (nn.Conv2d(4, 3, 4, padding="same"), image),
    "2d same depthwise": (nn.Conv2d(4, 8, 2, padding="same", groups=4, dilation=3, bias=False), image),
    "2d same circular": (nn.Conv2d(4, 3, 4, padding="same", padding_mode="circular"), image),
    "2d same replicate": (nn.Conv2d(4, 2, 2, padding="same", padding_mode="replicate"), image),
    "2d reflect": (nn.Conv2d(4, 4, 3, padding=2, padding_mode="reflect", groups=4, stride=2), image),
    "3d": (nn.Conv3d(2, 3, 2), volume),
    "3d all": (nn.Conv3d(2, 4, 3, stride=2, padding=2, dilation=2, groups=2, bias=False), volume),
    "3d same": (nn.Conv3d(2, 3, 2, padding="same"), volume),
    "3d replicate": (nn.Conv3d(2, 2, 3, padding=2, padding_mode="replicate"), volume),
    "3d reflect": (nn.Conv3d(2, 2, 3, padding=1, padding_mode="reflect"), volume),
    "3d circular": (nn.Conv3d(2, 2, 2, padding="same", padding_mode="circular"), volume),
    "transpose 3d": (nn.ConvTranspose3d(2, 3, 2), volume),
    "transpose 3d all": (nn.ConvTranspose3d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False), volume),
    "masked A": (MaskedConv2d("A", 1, 4, 3, 3, padding=1), image),
    "masked B": (MaskedConv2d("B", 1, 4, 3, 5, padding=2, bias=False), image),
    "masked A colours": (MaskedConv2d("A", 2, 4, 6, 3, padding=1, padding_mode="replicate"), image),
    "masked B colours": (MaskedConv2d("B", 2, 4, 4, 3, padding="same"), image),
}


def layer(name, m, shape):
    for i, (_, p) in enumerate(m.named_parameters()):
        p.data = fill(p.shape, i + 1)
    x = fill(shape, 0).requires_grad_()
    y = m(x)
    (fill(y.shape, 99) * y).sum().backward()
    return {
        "name": name, "x": list(shape), "shape": list(y.shape), "y": numbers(y), "dx": numbers(x.grad),
        "params": [{"name": n, "shape": list(p.shape), "grad": numbers(p.grad)} for n, p in m.named_parameters()],
        "state": [{"name": n, "shape": list(t.shape)} for n, t in m.state_dict().items()],
    }


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_conv.json"), "w") as f:
    json.dump([layer(n, *c) for n, c in layers.items()], f, separators=(",", ":"))
    f.write("\n")
