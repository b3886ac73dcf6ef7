"""Writes golden_inception.json: python3 golden_inception.py (made with PyTorch 1.13.0 and torchvision 0.14.1).

For each network of the Inception family: the names and shapes of its state_dict at full size, the number of its parameters, and what
copies of an eighth of the width make of pictures, with weights that are a formula, the same in any language. GoogLeNet and Inception-v3
are torchvision's own classes. The others, which torchvision lacks, are written here: BN-Inception from figure 5 of Ioffe and Szegedy
(2015), Inception-v4 and Inception-ResNet-v1 and -v2 from the figures of Szegedy, Ioffe, Vanhoucke and Alemi (2017), with the names and
repetitions of timm's where it has the network."""
import json
import math
import warnings

import torch
from torch import nn
from torchvision.models.googlenet import GoogLeNet
from torchvision.models.inception import Inception3

warnings.simplefilter("ignore")
torch.set_grad_enabled(False)
true = {"Conv2d": nn.Conv2d, "BatchNorm2d": nn.BatchNorm2d, "Linear": nn.Linear}


class narrow:
    """Within it, layers have width times the channels, but for pictures and classes."""

    def __init__(self, width, classes):
        self.w, self.classes = width, classes

    def __enter__(self):
        def s(n):
            assert n == 3 or n == self.classes or n * self.w == int(n * self.w), n
            return n if n == 3 or n == self.classes else int(n * self.w)

        nn.Conv2d = lambda i, o, *a, **k: true["Conv2d"](s(i), s(o), *a, **k)
        nn.BatchNorm2d = lambda c, **k: true["BatchNorm2d"](s(c), **k)
        nn.Linear = lambda i, o: true["Linear"](s(i), s(o))

    def __exit__(self, *_):
        for name, f in true.items():
            setattr(nn, name, f)


class Conv(nn.Module):
    eps, bias = 1e-3, False

    def __init__(self, i, o, k, stride=1, padding=None):
        super().__init__()
        k = (k, k) if isinstance(k, int) else k
        if padding is None:  # the size is kept, unless there is a stride
            padding = tuple(n // 2 for n in k) if stride == 1 else 0
        self.conv = nn.Conv2d(i, o, k, stride=stride, padding=padding, bias=self.bias)
        self.bn = nn.BatchNorm2d(o, eps=self.eps)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


def branch(i, *layers):
    """Convolutions (channels, kernel, ...) and layers that keep the channels, one after the other."""
    made = []
    for l in layers:
        if isinstance(l, tuple):
            made.append(Conv(i, *l))
            i = l[0]
        else:
            made.append(l)
    return made[0] if len(made) == 1 else nn.Sequential(*made)


class Join(nn.Module):
    def __init__(self, *branches, first=0):
        super().__init__()
        for k, b in enumerate(branches):
            setattr(self, f"branch{first + k}", b)

    def join(self, x):
        return torch.cat([b(x) for name, b in self.named_children() if name.startswith("branch")], 1)

    forward = join


class Residual(Join):
    def __init__(self, i, mid, scale, *branches, relu=True):
        super().__init__(*branches)
        self.conv2d = nn.Conv2d(mid, i, 1)
        self.scale, self.relu = scale, relu

    def forward(self, x):
        y = x + self.scale * self.conv2d(self.join(x))
        return torch.relu(y) if self.relu else y


def avg():
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)


def halve():
    return nn.MaxPool2d(3, 2)


class Net(nn.Module):
    def features(self, x):
        for name, l in self.named_children():
            if name not in self.head:
                x = l(x)
        return x

    def forward(self, x):
        return getattr(self, self.head[-1])(self.features(x).mean((2, 3)))


class V2(Net):
    head = ["fc"]

    def __init__(self, classes=1000):
        super().__init__()
        Conv.eps, Conv.bias = 1e-5, True
        ceil = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv1 = Conv(3, 64, 7, 2, 3)
        self.maxpool1 = ceil()
        self.conv2 = Conv(64, 64, 1)
        self.conv3 = Conv(64, 192, 3)
        self.maxpool2 = ceil()
        i = 192
        for name, *row in [("3a", 64, 64, 64, 64, 96, 32), ("3b", 64, 64, 96, 64, 96, 64), ("3c", 0, 128, 160, 64, 96, 0),
                           ("4a", 224, 64, 96, 96, 128, 128), ("4b", 192, 96, 128, 96, 128, 128), ("4c", 160, 128, 160, 128, 160, 128),
                           ("4d", 96, 128, 192, 160, 192, 128), ("4e", 0, 128, 192, 192, 256, 0),
                           ("5a", 352, 192, 320, 160, 224, 128), ("5b", 352, 192, 320, 192, 224, 128)]:
            one, r3, c3, rd, cd, pool = row
            if one:
                p = nn.MaxPool2d(3, 1, 1) if name == "5b" else nn.AvgPool2d(3, 1, 1)
                block = Join(branch(i, (one, 1)), branch(i, (r3, 1), (c3, 3)), branch(i, (rd, 1), (cd, 3), (cd, 3)), branch(i, p, (pool, 1)), first=1)
                i = one + c3 + cd + pool
            else:
                block = Join(branch(i, (r3, 1), (c3, 3, 2, 1)), branch(i, (rd, 1), (cd, 3), (cd, 3, 2, 1)), ceil(), first=2)
                i += c3 + cd
            setattr(self, "inception" + name, block)
        self.fc = nn.Linear(i, classes)
        Conv.eps, Conv.bias = 1e-3, False


class Mixed(nn.Module):
    """Inception-v4's two ways to shrink at once, in the order of their registration."""

    def __init__(self, pool_first, conv):
        super().__init__()
        if pool_first:
            self.maxpool = halve()
        self.conv = conv
        if not pool_first:
            self.maxpool = halve()

    def forward(self, x):
        return torch.cat([l(x) for l in self.children()], 1)


class V4C(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch0 = Conv(1536, 256, 1)
        self.branch1_0 = Conv(1536, 384, 1)
        self.branch1_1a = Conv(384, 256, (1, 3))
        self.branch1_1b = Conv(384, 256, (3, 1))
        self.branch2_0 = Conv(1536, 384, 1)
        self.branch2_1 = Conv(384, 448, (3, 1))
        self.branch2_2 = Conv(448, 512, (1, 3))
        self.branch2_3a = Conv(512, 256, (1, 3))
        self.branch2_3b = Conv(512, 256, (3, 1))
        self.branch3 = branch(1536, avg(), (256, 1))

    def forward(self, x):
        a, b = self.branch1_0(x), self.branch2_2(self.branch2_1(self.branch2_0(x)))
        return torch.cat([self.branch0(x), self.branch1_1a(a), self.branch1_1b(a), self.branch2_3a(b), self.branch2_3b(b), self.branch3(x)], 1)


class V4(Net):
    head = ["last_linear"]  # features is a method of Net: the layers are features_, and renamed in the state

    def __init__(self, classes=1000):
        super().__init__()
        a = lambda: Join(branch(384, (96, 1)), branch(384, (64, 1), (96, 3)), branch(384, (64, 1), (96, 3), (96, 3)), branch(384, avg(), (96, 1)))
        b = lambda: Join(branch(1024, (384, 1)), branch(1024, (192, 1), (224, (1, 7)), (256, (7, 1))),
                         branch(1024, (192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))), branch(1024, avg(), (128, 1)))
        self.features_ = nn.Sequential(
            Conv(3, 32, 3, 2), Conv(32, 32, 3, 1, 0), Conv(32, 64, 3),
            Mixed(True, Conv(64, 96, 3, 2)),
            Join(branch(160, (64, 1), (96, 3, 1, 0)), branch(160, (64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3, 1, 0))),
            Mixed(False, Conv(192, 192, 3, 2)),
            *[a() for _ in range(4)],
            Join(branch(384, (384, 3, 2)), branch(384, (192, 1), (224, 3), (256, 3, 2)), halve()),
            *[b() for _ in range(7)],
            Join(branch(1024, (192, 1), (192, 3, 2)), branch(1024, (256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2)), halve()),
            *[V4C() for _ in range(3)])
        self.last_linear = nn.Linear(1536, classes)


class ResNetV1(Net):
    head = ["classif"]
    stem = ["maxpool_3a"]

    def __init__(self, classes=1000):
        super().__init__()
        self.conv2d_1a = Conv(3, 32, 3, 2)
        self.conv2d_2a = Conv(32, 32, 3, 1, 0)
        self.conv2d_2b = Conv(32, 64, 3)
        self.maxpool_3a = halve()
        self.conv2d_3b = Conv(64, 80, 1)
        self.conv2d_4a = Conv(80, 192, 3, 1, 0)
        self.conv2d_4b = Conv(192, 256, 3, 2)
        self.repeat_1 = nn.Sequential(*[Residual(256, 96, 0.17, branch(256, (32, 1)), branch(256, (32, 1), (32, 3)),
                                                 branch(256, (32, 1), (32, 3), (32, 3))) for _ in range(5)])
        self.mixed_6a = Join(branch(256, (384, 3, 2)), branch(256, (192, 1), (192, 3), (256, 3, 2)), halve())
        self.repeat_2 = nn.Sequential(*[Residual(896, 256, 0.1, branch(896, (128, 1)), branch(896, (128, 1), (128, (1, 7)), (128, (7, 1))))
                                        for _ in range(10)])
        self.mixed_7a = Join(branch(896, (256, 1), (384, 3, 2)), branch(896, (256, 1), (256, 3, 2)), branch(896, (256, 1), (256, 3), (256, 3, 2)), halve())
        self.repeat_3 = nn.Sequential(*[Residual(1792, 384, 0.2, branch(1792, (192, 1)), branch(1792, (192, 1), (192, (1, 3)), (192, (3, 1))))
                                        for _ in range(5)])
        self.classif = nn.Linear(1792, classes)


class ResNetV2(Net):
    head = ["classif"]
    stem = ["maxpool_3a", "maxpool_5a"]

    def __init__(self, classes=1000):
        super().__init__()
        self.conv2d_1a = Conv(3, 32, 3, 2)
        self.conv2d_2a = Conv(32, 32, 3, 1, 0)
        self.conv2d_2b = Conv(32, 64, 3)
        self.maxpool_3a = halve()
        self.conv2d_3b = Conv(64, 80, 1)
        self.conv2d_4a = Conv(80, 192, 3, 1, 0)
        self.maxpool_5a = halve()
        self.mixed_5b = Join(branch(192, (96, 1)), branch(192, (48, 1), (64, 5)), branch(192, (64, 1), (96, 3), (96, 3)), branch(192, avg(), (64, 1)))
        self.repeat = nn.Sequential(*[Residual(320, 128, 0.17, branch(320, (32, 1)), branch(320, (32, 1), (32, 3)),
                                               branch(320, (32, 1), (48, 3), (64, 3))) for _ in range(10)])
        self.mixed_6a = Join(branch(320, (384, 3, 2)), branch(320, (256, 1), (256, 3), (384, 3, 2)), halve())
        self.repeat_1 = nn.Sequential(*[Residual(1088, 384, 0.1, branch(1088, (192, 1)), branch(1088, (128, 1), (160, (1, 7)), (192, (7, 1))))
                                        for _ in range(20)])
        self.mixed_7a = Join(branch(1088, (256, 1), (384, 3, 2)), branch(1088, (256, 1), (288, 3, 2)), branch(1088, (256, 1), (288, 3), (320, 3, 2)), halve())
        c = lambda relu: Residual(2080, 448, 0.2 if relu else 1.0, branch(2080, (192, 1)), branch(2080, (192, 1), (224, (1, 3)), (256, (3, 1))), relu=relu)
        self.repeat_2 = nn.Sequential(*[c(True) for _ in range(9)])
        self.block8 = c(False)
        self.conv2d_7b = Conv(2080, 1536, 1)
        self.classif = nn.Linear(1536, classes)


def small_stem(m):
    """What comes before the first block keeps the size: stride 1, padded; poolings between layers are left out."""
    def keep(l):
        if isinstance(l, true["Conv2d"]):
            l.stride, l.padding = (1, 1), tuple(k // 2 for k in l.kernel_size)
        if isinstance(l, nn.MaxPool2d):
            l.stride, l.padding = 1, 1

    for name, l in m.named_children():
        if name.lower().startswith(("inception", "mixed", "repeat")):
            break
        if isinstance(l, nn.MaxPool2d):
            setattr(m, name, nn.Identity())
        elif name == "features_":
            for part in l[:6]:
                part.apply(keep)
        else:
            l.apply(keep)
    if hasattr(m, "AuxLogits"):
        m.AuxLogits.forward = lambda x, a=m.AuxLogits: a.fc(a.conv1(a.conv0(nn.functional.adaptive_avg_pool2d(x, 5))).mean((2, 3)))


def numbers(n, start):
    """Pseudo-random multiples of 2^-12 from -1 to 1."""
    i = torch.arange(n, dtype=torch.int64) + start
    return ((i * i % 8191 * 5 + i * 7919) % 8192 - 4096).double() / 4096


def state(m):
    return {k.replace("features_.", "features."): v for k, v in m.state_dict().items()}


def fill(m):
    k = 0
    for name, p in state(m).items():
        if name.endswith("num_batches_tracked"):
            continue
        v = numbers(p.numel(), 1000 * k).reshape(p.shape)
        if p.dim() > 1:
            v = v * math.sqrt(6 / p[0].numel())
        elif name.endswith("running_var") or name.endswith("bn.weight"):
            v = 1 + v / 4
        else:
            v = v / 10
        p.copy_(v)
        k += 1


def listing(m):
    """The state_dict's names and sizes; the five entries of a BatchNorm, all of one size, as one line."""
    lines, s = [], state(m)
    for name, p in s.items():
        shape = ",".join(map(str, p.shape))
        if name.endswith("bn.weight"):
            bn = name[:-len(".weight")]
            assert all(s[f"{bn}.{e}"].shape == p.shape for e in ("bias", "running_mean", "running_var"))
            lines.append(f"{bn} {shape}")
        elif ".bn." not in name:
            lines.append(f"{name} {shape}")
    return lines


def count(m):
    return sum(p.numel() for p in m.parameters())


CLASSES = 7
# BN-Inception halves even sizes alone, and Inception-v3's auxiliary head needs 17 x 17 maps.
sizes = {"inception_v2": (128, 96), "inception_v3": (299, 315)}
out = {}
for name, make, full, without in [
    ("googlenet", lambda n: GoogLeNet(n, init_weights=False), 13004888, 6624904),
    ("inception_v2", V2, 11295240, None),
    ("inception_v3", lambda n: Inception3(n, init_weights=False), 27161264, 23834568),
    ("inception_v4", V4, 42679816, None),
    ("inception_resnet_v1", ResNetV1, None, None),
    ("inception_resnet_v2", ResNetV2, 55843464, None),
]:
    m = make(1000)
    total = count(m)
    assert full is None or total == full, (name, total)
    aux = [a for a in ("aux1", "aux2", "AuxLogits") if hasattr(m, a)]
    if aux:
        assert total - sum(count(getattr(m, a)) for a in aux) == without
    out[name] = {"state": listing(m), "parameters": total, "without_aux": without or total, "cases": []}
    for small, h, w in [(False, *sizes.get(name, (107, 91))), (True, 28, 32)]:
        with narrow(1 / 8, CLASSES):
            m = make(CLASSES)
        m = m.double().eval()
        if small:
            small_stem(m)
        fill(m)
        n = 1 if h > 200 else 2
        x = numbers(n * 3 * h * w, 77).reshape(n, 3, h, w)
        if aux:
            m.training = True  # asks for the auxiliary outputs; the layers infer
            y, *heads = m(x)  # the earlier head first, although GoogLeNet calls it aux_logits2
        else:
            y, heads = m(x), []
        case = {"small": small, "size": [n, h, w], "scores": y.tolist(), "aux": [a.tolist() for a in heads]}
        if aux and not small:
            m.transform_input = True
            case["transformed"] = m(x)[0].tolist()
        if not aux:
            maps = m.features_(x) if name == "inception_v4" else m.features(x)
            case["maps"] = [list(maps.shape), maps.abs().mean().item()]
        out[name]["cases"].append(case)
        print(name, small, total, case.get("maps"), y.std().item(), [a.std().item() for a in heads])

with open("golden_inception.json", "w") as f:
    json.dump(out, f, indent=0)
