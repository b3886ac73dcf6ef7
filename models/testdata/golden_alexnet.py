"""Writes golden_alexnet.json: python3 golden_alexnet.py (made with PyTorch 1.13.0). AlexNet as torchvision defines it, with weights
and a picture that are whole numbers by a formula, the same in any language, and what it makes of them."""
import json

import torch
from torch import nn


class AlexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000))

    def forward(self, x):
        x = torch.flatten(self.avgpool(self.features(x)), 1)
        codes = self.classifier[:6](x)
        return codes, self.classifier[6](codes)


def numbers(n, start):
    """Pseudo-random multiples of 2^-12 from -1 to 1."""
    i = torch.arange(n, dtype=torch.int64) + start
    return ((i * i % 8191 * 5 + i * 7919) % 8192 - 4096).double() / 4096


m = AlexNet().eval()
names = []
with torch.no_grad():
    for k, (name, p) in enumerate(m.named_parameters()):
        fan = p[0].numel() if p.dim() > 1 else 1
        p.copy_((numbers(p.numel(), 1000 * k) * (1.5 * (2 / fan) ** 0.5 if fan > 1 else 0.1)).reshape(p.shape).float())
        names.append([name, list(p.shape)])
    out = {"names": names, "parameters": sum(p.numel() for p in m.parameters())}
    for side in (224, 96):
        x = numbers(3 * side * side, 77).float().reshape(1, 3, side, side)
        codes, y = m.double()(x.double())
        assert codes.shape == (1, 4096)
        out[str(side)] = {"codes": codes[0, ::256].tolist(), "codes_sum": codes.sum().item(), "scores": y[0, ::50].tolist()}
        print(side, codes.mean(), y.std(), (codes > 0).double().mean())
with open("golden_alexnet.json", "w") as f:
    json.dump(out, f, indent=0)
