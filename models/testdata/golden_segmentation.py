"""Writes golden_segmentation.json: python3 golden_segmentation.py (made with PyTorch 1.13.0). U-Net (Ronneberger et al., 2015), FCN-32s,
-16s and -8s (Long et al., 2015, sizes and offsets of the authors' Caffe models) and the stacked hourglass (Newell et al., 2016, after the
authors' Torch models), pix2pix (Isola et al., 2017, after the authors' PyTorch), with weights that are whole numbers by a formula, the same in any language, and what they make of a picture."""
import json

import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    def __init__(self, channels=1, classes=2, base=64, depth=4, padded=False, norm=False, bilinear=False, skips=True):
        super().__init__()
        self.bilinear, self.skips = bilinear, skips

        def twice(i, o):
            layers = []
            for i in (i, o):
                layers += [nn.Conv2d(i, o, 3, padding=int(padded), bias=not norm)] + norm * [nn.BatchNorm2d(o)] + [nn.ReLU()]
            return nn.Sequential(*layers)
        widths = [base << i for i in range(depth + 1)]
        self.encoder = nn.ModuleList(twice(i, o) for i, o in zip([channels] + widths, widths))
        down = list(zip(widths[:0:-1], widths[-2::-1]))
        self.up = nn.ModuleList(nn.Conv2d(i, o, 1) if bilinear else nn.ConvTranspose2d(i, o, 2, 2) for i, o in down)
        self.decoder = nn.ModuleList(twice(2 * o if skips else o, o) for _, o in down)
        self.out = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        kept = []
        for i, level in enumerate(self.encoder):
            x = level(F.max_pool2d(x, 2) if i else x)
            kept.append(x)
        kept.pop()
        for up, level in zip(self.up, self.decoder):
            # upsampling first, then the convolution that halves the channels, as in the paper
            x = up(F.interpolate(x, scale_factor=2, mode="bilinear")) if self.bilinear else up(x)
            skip = kept.pop()
            if self.skips:
                dy, dx = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
                x = torch.cat([skip[:, :, dy:dy + x.shape[2], dx:dx + x.shape[3]], x], 1)
            x = level(x)
        return self.out(x)


class FCN(nn.Module):
    def __init__(self, stride, channels=3, classes=21, width=1.0, same=False, norm=False):
        super().__init__()
        self.stride, self.same = stride, same
        n = lambda c: max(1, int(c * width + 0.5))
        layers, i = [], channels
        for count, o in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
            for _ in range(count):
                layers += [nn.Conv2d(i, n(o), 3, padding=1 if layers or same else 100)] + norm * [nn.BatchNorm2d(n(o))] + [nn.ReLU()]
                i = n(o)
            layers += [nn.MaxPool2d(2, ceil_mode=True)]
        self.pools = [k for k, l in enumerate(layers) if isinstance(l, nn.MaxPool2d)]
        self.features = nn.Sequential(*layers)
        self.fc6, self.fc7 = nn.Conv2d(i, n(4096), 7, padding=3 if same else 0), nn.Conv2d(n(4096), n(4096), 1)
        self.score_fr = nn.Conv2d(n(4096), classes, 1)
        up = lambda s: nn.ConvTranspose2d(classes, classes, 2 * s, s, bias=False)
        if stride <= 16: self.upscore2, self.score_pool4 = up(2), nn.Conv2d(n(512), classes, 1)
        if stride == 8: self.upscore_pool4, self.score_pool3 = up(2), nn.Conv2d(n(256), classes, 1)
        self.upscore = up(stride)

    def forward(self, x):
        h, w = x.shape[2:]
        three, four = self.pools[2] + 1, self.pools[3] + 1
        pool3 = self.features[:three](x)
        pool4 = self.features[three:four](pool3)
        x = self.features[four:](pool4)
        x = self.score_fr(F.relu(self.fc7(F.relu(self.fc6(x)))))

        def fuse(a, b, offset):
            if self.same: return a[:, :, 1:1 + b.shape[2], 1:1 + b.shape[3]] + b
            return a + b[:, :, offset:offset + a.shape[2], offset:offset + a.shape[3]]
        if self.stride <= 16: x = fuse(self.upscore2(x), self.score_pool4(pool4), 5)
        if self.stride == 8: x = fuse(self.upscore_pool4(x), self.score_pool3(pool3), 9)
        at = self.stride // 2 if self.same else {32: 19, 16: 27, 8: 31}[self.stride]
        return self.upscore(x)[:, :, at:at + h, at:at + w]


class Residual(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        h = max(1, o // 2)
        self.norm1, self.conv1 = nn.BatchNorm2d(i), nn.Conv2d(i, h, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(h), nn.Conv2d(h, h, 3, padding=1)
        self.norm3, self.conv3 = nn.BatchNorm2d(h), nn.Conv2d(h, o, 1)
        if i != o: self.skip = nn.Conv2d(i, o, 1)

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        y = self.conv2(F.relu(self.norm2(y)))
        y = self.conv3(F.relu(self.norm3(y)))
        return y + (self.skip(x) if hasattr(self, "skip") else x)


class Module(nn.Module):
    def __init__(self, depth, c, modules):
        super().__init__()
        res = lambda: nn.Sequential(*[Residual(c, c) for _ in range(modules)])
        self.upper, self.lower1 = res(), res()
        self.inner = Module(depth - 1, c, modules) if depth > 1 else res()
        self.lower3 = res()

    def forward(self, x):
        low = self.lower3(self.inner(self.lower1(F.max_pool2d(x, 2))))
        return self.upper(x) + F.interpolate(low, size=x.shape[2:], mode="nearest")


class Stack(nn.Module):
    def __init__(self, depth, c, modules, keypoints, last):
        super().__init__()
        self.hourglass = Module(depth, c, modules)
        self.features = nn.Sequential(*[Residual(c, c) for _ in range(modules)], nn.Conv2d(c, c, 1), nn.BatchNorm2d(c), nn.ReLU())
        self.heatmaps = nn.Conv2d(c, keypoints, 1)
        if not last: self.from_features, self.from_heatmaps = nn.Conv2d(c, c, 1), nn.Conv2d(keypoints, c, 1)


class Hourglass(nn.Module):
    def __init__(self, keypoints=16, channels=3, stacks=8, depth=4, modules=1, width=1.0, downsample=4):
        super().__init__()
        a, b, c = (max(1, int(n * width + 0.5)) for n in (64, 128, 256))
        self.stem = nn.Sequential(
            nn.Conv2d(channels, a, 7, 1 if downsample == 1 else 2, 3), nn.BatchNorm2d(a), nn.ReLU(), Residual(a, b),
            *(downsample == 4) * [nn.MaxPool2d(2)], Residual(b, b), Residual(b, c))
        self.stacks = nn.ModuleList(Stack(depth, c, modules, keypoints, i == stacks - 1) for i in range(stacks))

    def forward(self, x):
        x, out = self.stem(x), []
        for s in self.stacks:
            features = s.features(s.hourglass(x))
            out.append(s.heatmaps(features))
            if hasattr(s, "from_features"): x = x + s.from_features(features) + s.from_heatmaps(out[-1])
        return torch.stack(out, 1)


class Pix2Pix(nn.Module):
    def __init__(self, i=3, o=3, depth=8, base=64, skips=True):
        super().__init__()
        self.skips = skips
        w = [base << min(k, 3) for k in range(depth)]
        down, up = [], []
        for k in range(depth):
            down.append(nn.Sequential(*(k > 0) * [nn.LeakyReLU(0.2)], nn.Conv2d(w[k - 1] if k else i, w[k], 4, 2, 1, bias=False), *(0 < k < depth - 1) * [nn.BatchNorm2d(w[k])]))
        for k in reversed(range(depth)):
            n = w[k] * (2 if skips and k < depth - 1 else 1)
            up.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(n, w[k - 1] if k else o, 4, 2, 1, bias=k == 0), nn.BatchNorm2d(w[k - 1]) if k else nn.Tanh()))
        self.encoder, self.decoder = nn.ModuleList(down), nn.ModuleList(up)

    def forward(self, x):
        maps = []
        for level in self.encoder:
            x = level(x)
            maps.append(x)
        for k, level in enumerate(self.decoder):
            x = level(torch.cat([maps[-1 - k], x], 1) if k and self.skips else x)
        return x


def patchgan(i=6, base=64, layers=3):
    l, n = [nn.Conv2d(i, base, 4, 2, 1), nn.LeakyReLU(0.2)], base
    for k in range(1, layers + 1):
        o = base << min(k, 3)
        l += [nn.Conv2d(n, o, 4, 1 if k == layers else 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2)]
        n = o
    return nn.Sequential(*l, nn.Conv2d(n, 1, 4, 1, 1))


def numbers(n, start):
    """Pseudo-random multiples of 2^-12 from -1 to 1."""
    i = torch.arange(n, dtype=torch.int64) + start
    return ((i * i % 8191 * 5 + i * 7919) % 8192 - 4096).double() / 4096


def fill(m):
    """Sets the weights by their place in the list, so that activations keep their size."""
    for k, (name, p) in enumerate(m.named_parameters()):
        fan = p[0].numel() if p.dim() > 1 else 1
        v = numbers(p.numel(), 1000 * k) * (1.5 * (2 / fan) ** 0.5 if fan > 1 else 0.1)
        if p.dim() == 1 and name.endswith("weight"): v = v + 1  # of a normalisation
        p.data = v.reshape(p.shape)


out = {"parameters": {}, "cases": {}}
with torch.no_grad():
    for name, m in {"unet": UNet(), "fcn32": FCN(32), "fcn16": FCN(16), "fcn8": FCN(8),
                    "hourglass": Hourglass(), "pix2pix": Pix2Pix(), "patchgan": patchgan()}.items():
        out["parameters"][name] = sum(p.numel() for p in m.parameters())
        print(name, out["parameters"][name])
    assert UNet()(torch.zeros(1, 1, 188, 188)).shape[2:] == (4, 4)
for name, m, shape in (
        ("unet published", UNet(base=4), (1, 1, 204, 188)),
        ("unet padded", UNet(3, 4, base=4, depth=3, padded=True), (2, 3, 24, 16)),
        ("unet norm", UNet(3, 4, base=4, depth=2, padded=True, norm=True), (2, 3, 12, 20)),
        ("unet bilinear", UNet(1, 2, base=4, depth=2, padded=True, bilinear=True), (1, 1, 16, 12)),
        ("unet no skips", UNet(1, 2, base=4, depth=2, skips=False), (1, 1, 60, 44)),
        ("fcn32", FCN(32, classes=4, width=1 / 32), (1, 3, 33, 50)), ("fcn16", FCN(16, classes=4, width=1 / 32), (1, 3, 64, 37)),
        ("fcn8", FCN(8, classes=4, width=1 / 32), (1, 3, 61, 45)), ("fcn32 same", FCN(32, classes=3, width=1 / 32, same=True), (2, 3, 64, 41)),
        ("fcn16 same", FCN(16, classes=3, width=1 / 32, same=True), (1, 3, 39, 64)), ("fcn8 same", FCN(8, 1, classes=3, width=1 / 32, same=True), (2, 1, 47, 66)),
        ("fcn8 norm", FCN(8, classes=3, width=1 / 32, same=True, norm=True), (2, 3, 40, 33)),
        ("hourglass", Hourglass(4, stacks=2, depth=3, width=1 / 16), (2, 3, 64, 36)),
        ("hourglass modules", Hourglass(3, 1, 1, 2, 2, 1 / 32, 2), (1, 1, 15, 22)), ("hourglass large", Hourglass(3, 1, 3, 2, 1, 1 / 32, 1), (1, 1, 9, 8)),
        ("pix2pix", Pix2Pix(3, 2, 5, 4), (2, 3, 32, 64)), ("pix2pix no skips", Pix2Pix(1, 3, 3, 4, False), (2, 1, 16, 8)), ("patchgan", patchgan(4, 4), (2, 4, 40, 33))):
    m.double()
    fill(m)
    x = numbers(torch.Size(shape).numel(), 77).reshape(shape).requires_grad_()
    y = m.train()(x)
    g = numbers(y.numel(), 5).reshape(y.shape)
    params = list(m.parameters())
    grads = torch.autograd.grad((y * g).sum(), [x] + params)
    sample = lambda t: t.flatten()[::max(1, t.numel() // 40)].tolist()
    out["cases"][name] = {
        "names": [[n, list(p.shape)] for n, p in m.named_parameters()], "shape": list(y.shape), "y": sample(y), "sum": y.abs().sum().item(),
        "dx": sample(grads[0]), "grads": [d.abs().sum().item() for d in grads[1:]]}
    print(name, tuple(y.shape), y.std().item())
with open("golden_segmentation.json", "w") as f:
    json.dump(out, f, indent=0)
