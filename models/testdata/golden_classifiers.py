"""Writes golden_classifiers.json and resnet18_narrow.safetensors: python3 golden_classifiers.py (made with PyTorch 1.13.0 and torchvision
0.14.1). Of torchvision's networks at full size: the names and shapes of their state dicts. Of narrow copies, and of narrow networks that
torchvision does not have: what they make of a picture, with weights and a picture by a formula, the same in any language."""
import hashlib, json, struct

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.vgg import VGG, cfgs, make_layers

CLASSES = 7


def numbers(n, start):
    """Pseudo-random multiples of 2^-12 from -1 to 1."""
    i = torch.arange(n, dtype=torch.int64) + start
    return ((i * i % 8191 * 5 + i * 7919) % 8192 - 4096).double() / 4096


def fill(m):
    with torch.no_grad():
        for k, (name, p) in enumerate(m.state_dict().items()):
            x = numbers(p.numel(), 1000 * k).reshape(p.shape)
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                x = 1 + 0.5 * x
            elif p.dim() > 1:
                x = x * 1.5 * (2 / p[0].numel()) ** 0.5
            elif name.endswith("weight"):
                x = 0.7 + 0.3 * x
            else:
                x = 0.1 * x
            p.copy_(x)
    return m


# Narrow networks: torchvision's blocks and forward passes with fewer channels.
class NarrowResNet(ResNet):
    def __init__(self, block, layers, width, stem=True):
        nn.Module.__init__(self)
        self._norm_layer, self.dilation, self.groups, self.base_width = nn.BatchNorm2d, 1, 1, 64
        self.inplanes = n = int(64 * width)
        self.conv1 = nn.Conv2d(3, n, 7, 2, 3, bias=False) if stem else nn.Conv2d(3, n, 3, 1, 1, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(n), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem else nn.Identity()
        for i, blocks in enumerate(layers):
            setattr(self, f"layer{i + 1}", self._make_layer(block, n << i, blocks, 1 if i == 0 else 2))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear((n << 3) * block.expansion, CLASSES)


def vgg(name, bn, width):
    m = VGG(make_layers([c if c == "M" else int(c * width) for c in cfgs[name]], bn), init_weights=False)
    c, n = int(512 * width), int(4096 * width)
    m.classifier = nn.Sequential(nn.Linear(c * 49, n), nn.ReLU(), nn.Dropout(), nn.Linear(n, n), nn.ReLU(), nn.Dropout(), nn.Linear(n, CLASSES))
    return m


# Networks that torchvision does not have, from their papers.
class CIFARBlock(nn.Module):
    def __init__(self, i, o, stride, shortcut):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.new, self.stride, self.shortcut = o - i, stride, shortcut
        if stride > 1 and shortcut == "B":
            self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.shortcut == "plain":
            return F.relu(y)
        if self.stride > 1:
            x = self.downsample(x) if self.shortcut == "B" else F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new))
        return F.relu(x + y)


class CIFARResNet(nn.Module):
    def __init__(self, n, shortcut, width=1, classes=CLASSES):
        super().__init__()
        c = i = int(16 * width)
        self.conv1, self.bn1 = nn.Conv2d(3, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        for s in range(3):
            blocks = []
            for k in range(n):
                blocks.append(CIFARBlock(i, c << s, 2 if s and not k else 1, shortcut))
                i = c << s
            setattr(self, f"layer{s + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


class LeNet(nn.Module):
    def __init__(self, f, pool, padding):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=padding), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, CLASSES)
        self.f, self.pool = f, pool

    def forward(self, x):
        x = self.pool(self.f(self.conv2(self.pool(self.f(self.conv1(x)), 2))), 2).flatten(1)
        return self.fc3(self.f(self.fc2(self.f(self.fc1(x)))))


class AlexNet(nn.Module):
    """The paper's, and torchvision's with another stem."""

    def __init__(self, width, original, small):
        super().__init__()
        c = lambda n: int(n * width)
        first = (5, 1, 2) if small else (11, 4, 2)
        if original:
            self.features = nn.Sequential(
                nn.Conv2d(3, c(96), *first), nn.ReLU(), nn.LocalResponseNorm(5, 5e-4, 0.75, 2), nn.MaxPool2d(3, 2),
                nn.Conv2d(c(96), c(256), 5, 1, 2, groups=2), nn.ReLU(), nn.LocalResponseNorm(5, 5e-4, 0.75, 2), nn.MaxPool2d(3, 2),
                nn.Conv2d(c(256), c(384), 3, 1, 1), nn.ReLU(), nn.Conv2d(c(384), c(384), 3, 1, 1, groups=2), nn.ReLU(),
                nn.Conv2d(c(384), c(256), 3, 1, 1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2))
        else:
            self.features = nn.Sequential(
                nn.Conv2d(3, c(64), *first), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(c(64), c(192), 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
                nn.Conv2d(c(192), c(384), 3, 1, 1), nn.ReLU(), nn.Conv2d(c(384), c(256), 3, 1, 1), nn.ReLU(),
                nn.Conv2d(c(256), c(256), 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2))
        side = 2 if small else 6
        self.avgpool = nn.AdaptiveAvgPool2d(side)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(c(256) * side * side, c(4096)), nn.ReLU(), nn.Dropout(), nn.Linear(c(4096), c(4096)), nn.ReLU(),
            nn.Linear(c(4096), CLASSES))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class NiN(nn.Module):
    def __init__(self, width, small):
        super().__init__()
        layers, i = [], 3
        stages = [(5, 1, 2, 192, 160, 96), (5, 1, 2, 192, 192, 192), (3, 1, 1, 192, 192)] if small else [
            (11, 4, 0, 96, 96, 96), (5, 1, 2, 256, 256, 256), (3, 1, 1, 384, 384, 384), (3, 1, 1, 1024, 1024)]
        for s, (kernel, stride, padding, *channels) in enumerate(stages):
            for k, c in enumerate(channels):
                o = int(c * width)
                layers += [nn.Conv2d(i, o, 1) if k else nn.Conv2d(i, o, kernel, stride, padding), nn.ReLU()]
                i = o
            if s < len(stages) - 1:
                layers.append(nn.MaxPool2d(3, 2))
                if small or s == 2:
                    layers.append(nn.Dropout())
        self.features, self.classifier = nn.Sequential(*layers), nn.Conv2d(i, CLASSES, 1)

    def forward(self, x):
        return F.relu(self.classifier(self.features(x))).mean((2, 3))


states = {}
for name, m in [(n, getattr(models, n)(**({"init_weights": False} if n.startswith("vgg") else {}))) for n in
                ["alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
                 "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]]:
    lines = [f"{k} {'x'.join(map(str, v.shape))}" for k, v in m.state_dict().items()]
    s = states[name] = {"parameters": sum(p.numel() for p in m.parameters()), "entries": len(lines),
                        "sha256": hashlib.sha256("".join(l + "\n" for l in lines).encode()).hexdigest()}
    if name in ("vgg11_bn", "resnet18"):  # the others differ in depth
        s["lines"] = lines
    print(name, s["parameters"], len(lines))

logits = {}
for name, size, channels, m in [
    ("resnet18", 64, 3, NarrowResNet(BasicBlock, [2, 2, 2, 2], 1 / 16)),
    ("resnet34", 64, 3, NarrowResNet(BasicBlock, [3, 4, 6, 3], 1 / 16)),
    ("resnet50", 64, 3, NarrowResNet(Bottleneck, [3, 4, 6, 3], 1 / 16)),
    ("resnet101", 64, 3, NarrowResNet(Bottleneck, [3, 4, 23, 3], 1 / 16)),
    ("resnet152", 64, 3, NarrowResNet(Bottleneck, [3, 8, 36, 3], 1 / 16)),
    ("resnet18 small", 33, 3, NarrowResNet(BasicBlock, [2, 2, 2, 2], 1 / 16, stem=False)),
    ("resnet20", 31, 3, CIFARResNet(3, "A")),
    ("resnet20 projection", 32, 3, CIFARResNet(3, "B")),
    ("resnet20 plain", 32, 3, CIFARResNet(3, "plain")),
    ("resnet56", 32, 3, CIFARResNet(9, "A", 1 / 4)),
    ("vgg11", 64, 3, vgg("A", False, 1 / 16)),
    ("vgg13_bn", 64, 3, vgg("B", True, 1 / 16)),
    ("vgg16", 64, 3, vgg("D", False, 1 / 16)),
    ("vgg19_bn", 64, 3, vgg("E", True, 1 / 16)),
    ("lenet", 32, 1, LeNet(F.relu, F.max_pool2d, 0)),
    ("lenet small", 28, 1, LeNet(F.relu, F.max_pool2d, 2)),
    ("lenet_original", 32, 1, LeNet(torch.tanh, F.avg_pool2d, 0)),
    ("alexnet", 96, 3, AlexNet(1 / 16, False, False)),
    ("alexnet small", 28, 3, AlexNet(1 / 16, False, True)),
    ("alexnet_original", 96, 3, AlexNet(1 / 16, True, False)),
    ("alexnet_original small", 32, 3, AlexNet(1 / 16, True, True)),
    ("nin", 96, 3, NiN(1 / 16, False)),
    ("nin small", 32, 3, NiN(1 / 16, True)),
]:
    m = fill(m.double().eval())
    x = numbers(2 * channels * size * size, 77).reshape(2, channels, size, size)
    with torch.no_grad():
        y = m(x)
    logits[name] = {"size": size, "scores": y.flatten().tolist()}
    print(name, y.std(0).mean().item(), y.std().item())

# A state dict as torchvision's files have it, with the counters of batches.
m = fill(NarrowResNet(BasicBlock, [2, 2, 2, 2], 1 / 32).eval())
m.bn1.num_batches_tracked += 12
header, data = {}, b""
for name, p in m.state_dict().items():
    b = p.numpy().tobytes()
    header[name] = {"dtype": {torch.float32: "F32", torch.int64: "I64"}[p.dtype], "shape": list(p.shape), "data_offsets": [len(data), len(data) + len(b)]}
    data += b
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open("resnet18_narrow.safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + data)
with torch.no_grad():
    loaded = m.double()(numbers(3 * 64 * 64, 77).reshape(1, 3, 64, 64))[0].tolist()
with open("golden_classifiers.json", "w") as f:
    json.dump({"states": states, "logits": logits, "loaded": loaded}, f, indent=0)
