"""PyTorch's side of bench/compare: the workloads of package bench under the same names, measured by the same method.

    python3 torch_bench.py --threads N [--filter RE] [--budget S]

prints a line of JSON on PyTorch and one for each workload and variant (fresh result or kept one, memory layout, looped or
multi-tensor optimizer); --serve runs those named on standard input, one a line, each answered by its lines and an empty one.
Every measurement is a process of its own, forked before PyTorch does anything, so that its peak memory is the workload's.
All inputs are random, there is no dropout; a training step is zero_grad, forward, loss, backward and optimizer step.
"""
import argparse, json, math, os, re, sys, time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--filter", default="")
ap.add_argument("--budget", type=float, default=1.0)
ap.add_argument("--serve", action="store_true")
args = ap.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(args.threads)
import torch
from torch import nn
import torch.nn.functional as F

now = time.perf_counter
cases = {}  # name: (builder of the call from the variant, variants, fields of the result)


def case(name, variants=("",), **fields):
    def add(build):
        cases[name] = build, variants, fields
        return build
    return add


def stat(file, line, field):
    return int(open(file).read().split("\n")[line].rsplit(") ", 1)[-1].split()[field])


def steal(): return stat("/proc/stat", 0, 8)
def faults(): return stat("/proc/self/stat", 0, 7)
def peak_mb(): return int(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1]) * 1024 / 1e6


def measure(name, variant):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    build, _, fields = cases[name]
    fn = build(variant)
    s0 = steal()
    t = now(); fn(); first = now() - t
    t = now(); n = 0
    while n < 2 or (now() - t < 0.2 * args.budget and n < 2000): fn(); n += 1
    one = (now() - t) / n
    inner = max(1, int(0.002 / one)); samples = max(3, min(201, int(args.budget / (one * inner))))
    r = []
    f0 = faults()
    for _ in range(samples):
        t = now()
        for _ in range(inner): fn()
        r.append((now() - t) / inner)
    f0 = faults() - f0
    r.sort(); m = r[samples // 2]; ms = lambda s: round(s * 1e3, 6)
    o = {"case": name, "variant": variant, "threads": args.threads, "median_ms": ms(m), "min_ms": ms(r[0]), "max_ms": ms(r[-1]),
         "p90_ms": ms(r[samples * 9 // 10]), "first_ms": round(first * 1e3, 3), "samples": samples, "inner": inner, "steal": steal() - s0}
    if fields.get("flops"): o["gflops"] = round(fields["flops"] / m / 1e9, 2)
    if fields.get("bytes"): o["gbps"] = round(fields["bytes"] / m / 1e9, 2)
    o["peak_mb"] = round(peak_mb(), 1); o["page_faults"] = round(f0 / (samples * inner), 2)
    if fields.get("note"): o["note"] = fields["note"]
    print(json.dumps(o), flush=True)


def run(name):
    """Measures every variant of a case, each in a process of its own."""
    if name not in cases:
        print(json.dumps({"case": name, "error": "torch_bench.py has no such workload"}), flush=True)
        return
    for variant in cases[name][1]:
        pid = os.fork()
        if not pid:
            status = 1
            try:
                measure(name, variant)
                status = 0
            except Exception as e:
                print(json.dumps({"case": name, "variant": variant, "error": f"{type(e).__name__}: {e}".split("\n")[0]}), flush=True)
            finally:
                os._exit(status)
        status = os.waitpid(pid, 0)[1]
        if os.WIFSIGNALED(status):
            print(json.dumps({"case": name, "variant": variant, "error": f"ended by signal {os.WTERMSIG(status)}"}), flush=True)


# ---------------- operations
def no_grad(f):
    torch.set_grad_enabled(False)  # this process measures nothing else
    return f


for m, n, k in [(s, s, s) for s in (64, 128, 256, 512, 1024, 2048, 4096)] + [(64, 256, 784), (128, 2048, 512)]:
    @case(f"matmul/{m}x{n}x{k}", flops=2 * m * n * k)
    def _(_, m=m, n=n, k=k):
        a, b = torch.randn(m, k), torch.randn(k, n)
        return lambda: a @ b

for n in (1000, 100000, 10000000):
    @case(f"exp/{n}", ("", "out"), bytes=8 * n)
    def _(variant, n=n):
        x, o = torch.randn(n), torch.empty(n) if variant else None
        return lambda: torch.exp(x, out=o)

    @case(f"tanh/{n}", ("", "out"), bytes=8 * n)
    def _(variant, n=n):
        x, o = torch.randn(n), torch.empty(n) if variant else None
        return lambda: torch.tanh(x, out=o)

    @case(f"gelu/{n}", bytes=8 * n)
    def _(_, n=n):
        x = torch.randn(n)
        return lambda: F.gelu(x)

    @case(f"add/{n}", ("", "out"), bytes=12 * n)
    def _(variant, n=n):
        x, y, o = torch.randn(n), torch.randn(n), torch.empty(n) if variant else None
        return lambda: torch.add(x, y, out=o)

ROWS = 4096, 1024
@case("softmax/4096x1024", bytes=8 * 4096 * 1024)
def _(_):
    x = torch.randn(ROWS)
    return lambda: torch.softmax(x, -1)
@case("layer_norm/4096x1024", bytes=8 * 4096 * 1024)
def _(_):
    x, w, b = torch.randn(ROWS), torch.ones(1024), torch.zeros(1024)
    return lambda: F.layer_norm(x, (1024,), w, b)
@case("sum/10000000", bytes=4 * 10000000)
def _(_):
    x = torch.randn(10000000)
    return lambda: x.sum()
@case("layer_norm_fwdbwd/4096x1024")
def _(_):
    x, l, g = torch.randn(ROWS, requires_grad=True), nn.LayerNorm(1024), torch.randn(ROWS)
    return lambda: torch.autograd.grad(l(x), [x, l.weight, l.bias], g)
@case("softmax_fwdbwd/4096x1024")
def _(_):
    x, g = torch.randn(ROWS, requires_grad=True), torch.randn(ROWS)
    return lambda: torch.autograd.grad(torch.softmax(x, -1), [x], g)

layout = lambda variant: torch.channels_last if "channels_last" in variant else torch.contiguous_format
for N, C, H, K, R, S, P in [(32, 64, 56, 64, 3, 1, 1), (32, 3, 224, 64, 7, 2, 3), (32, 256, 14, 256, 3, 1, 1), (32, 256, 56, 64, 1, 1, 0)]:
    O = (H + 2 * P - R) // S + 1
    flops = 2.0 * N * C * K * R * R * O * O

    def conv(variant, backward, N=N, C=C, H=H, K=K, R=R, S=S, P=P, O=O):
        x, w, g = (t.to(memory_format=layout(variant)) for t in (torch.randn(N, C, H, H), torch.randn(K, C, R, R), torch.randn(N, K, O, O)))
        b = torch.randn(K)
        if not backward: return no_grad(lambda: F.conv2d(x, w, b, S, P))
        wrt = [t.requires_grad_() for t in ((x, w, b) if C != 3 else (w, b))]
        return lambda: torch.autograd.grad(F.conv2d(x, w, b, S, P), wrt, g)
    name = f"conv/N{N}C{C}H{H}K{K}_{R}x{R}s{S}"
    case(name + "/fwd", ("", "channels_last"), flops=flops)(lambda v, conv=conv: conv(v, False))
    case(name + "/fwdbwd", ("", "channels_last"), flops=flops * (3 if C != 3 else 2), note="input grad" if C != 3 else "no input grad")(lambda v, conv=conv: conv(v, True))

PLANES = 32, 64, 56, 56
def images(variant, *shape, grad=False): return torch.randn(*shape).to(memory_format=layout(variant)).requires_grad_(grad)
@case("batchnorm2d/N32C64H56/fwd_train", ("", "channels_last"))
def _(v):
    x, l = images(v, *PLANES), nn.BatchNorm2d(64)
    return no_grad(lambda: l(x))
@case("batchnorm2d/N32C64H56/fwdbwd", ("", "channels_last"))
def _(v):
    x, l, g = images(v, *PLANES, grad=True), nn.BatchNorm2d(64), images(v, *PLANES)
    return lambda: torch.autograd.grad(l(x), [x, l.weight, l.bias], g)
@case("maxpool2x2/N32C64H56/fwd", ("", "channels_last"))
def _(v):
    x = images(v, *PLANES)
    return lambda: F.max_pool2d(x, 2, 2)
@case("maxpool3x3s2p1/N32C64H56/fwd", ("", "channels_last"))
def _(v):
    x = images(v, *PLANES)
    return lambda: F.max_pool2d(x, 3, 2, 1)
@case("maxpool2x2/N32C64H56/fwdbwd", ("", "channels_last"))
def _(v):
    x, g = images(v, *PLANES, grad=True), images(v, 32, 64, 28, 28)
    return lambda: torch.autograd.grad(F.max_pool2d(x, 2, 2), [x], g)
@case("relu/N32C64H56/fwdbwd")
def _(v):
    x, g = images(v, *PLANES, grad=True), images(v, *PLANES)
    return lambda: torch.autograd.grad(F.relu(x), [x], g)


# ---------------- models
def mlp(*d):
    l = []
    for i in range(len(d) - 1):
        l += [nn.ReLU()] * (i > 0) + [nn.Linear(d[i], d[i + 1])]
    return nn.Sequential(*l)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if stride != 1 or i != o else nn.Identity()

    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.shortcut(x))


def resnet18(classes, width, *stem):
    l, i = list(stem), width
    for k, stride in enumerate((1, 2, 2, 2)):
        o = width << k
        l += [Block(i, o, stride), Block(o, o, 1)]
        i = o
    return nn.Sequential(*l, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, classes))


def cifar_resnet18(channels=3, width=64): return resnet18(10, width, nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
def imagenet_resnet18(): return resnet18(1000, 64, nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))


def adam(params, variant, lr=1e-4, cls=torch.optim.Adam, **options): return cls(params, lr, foreach=variant == "foreach", **options)
def sgd(params, variant): return torch.optim.SGD(params, 1e-3, momentum=0.9, foreach=variant == "foreach")


def classify(model, x, y, opt):
    def step():
        opt.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), y).backward()
        opt.step()
    return step


OPTIMIZERS = "", "foreach"
for name, n, widths in ("train/mlp_a_784-512-256-10_b64_adam", 64, (784, 512, 256, 10)), ("train/mlp_b_4-64-64-2_b32_adam", 32, (4, 64, 64, 2)):
    @case(name, OPTIMIZERS)
    def _(v, n=n, widths=widths):
        m = mlp(*widths)
        return classify(m, torch.randn(n, widths[0]), torch.randint(0, widths[-1], (n,)), adam(m.parameters(), v))

@case("train/lenet_c_28x28_b64_sgdm", ("", "foreach", "channels_last"))
def _(v):
    m = lenet().to(memory_format=layout(v))
    return classify(m, images(v, 64, 1, 28, 28), torch.randint(0, 10, (64,)), sgd(m.parameters(), v))

@case("train/resnet18_d_cifar_b32_sgdm", ("", "channels_last"), flops=3 * 32 * 2 * 0.5556e9)
def _(v):
    m = cifar_resnet18().to(memory_format=layout(v))
    return classify(m, images(v, 32, 3, 32, 32), torch.randint(0, 10, (32,)), sgd(m.parameters(), "foreach"))

for name, cls in (("lstm", nn.LSTM), ("gru", nn.GRU)):
    @case(f"train/{name}_e_h256_in128_seq50_b32_adam", OPTIMIZERS)
    def _(v, cls=cls):
        rnn, head = cls(128, 256, batch_first=True), nn.Linear(256, 10)
        return classify(lambda x: head(rnn(x)[0][:, -1]), torch.randn(32, 50, 128), torch.randint(0, 10, (32,)), adam([*rnn.parameters(), *head.parameters()], v))

@case("train/transformer_f_L4_d256_h4_ff1024_s128_b16_adam", OPTIMIZERS, flops=6.0 * 2048 * 4 * (4 * 256 * 256 + 2 * 256 * 1024) + 3 * 4 * 4.0 * 16 * 128 * 128 * 256)
def _(v):
    m, head = nn.TransformerEncoder(nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, batch_first=True), 4), nn.Linear(256, 10)
    return classify(lambda x: head(m(x).mean(1)), torch.randn(16, 128, 256), torch.randint(0, 10, (16,)), adam([*m.parameters(), *head.parameters()], v))


class GPTBlock(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.l1, self.qkv, self.proj = nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.l2, self.f1, self.f2 = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
        self.register_buffer("mask", torch.triu(torch.ones(256, 256, dtype=torch.bool), 1))

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = (h.view(n, t, self.heads, d // self.heads).transpose(1, 2) for h in self.qkv(self.l1(x)).split(d, 2))
        a = ((q @ k.transpose(-2, -1)) * (1 / math.sqrt(d // self.heads))).masked_fill(self.mask[:t, :t], float("-inf")).softmax(-1)
        x = x + self.proj((a @ v).transpose(1, 2).reshape(n, t, d))
        return x + self.f2(F.gelu(self.f1(self.l2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary=65, d=384, layers=6, heads=6, context=256):
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, d), nn.Embedding(context, d)
        self.blocks = nn.Sequential(*[GPTBlock(d, heads) for _ in range(layers)])
        self.ln, self.out = nn.LayerNorm(d), nn.Linear(d, vocabulary, bias=False)

    def forward(self, i):
        return self.out(self.ln(self.blocks(self.token(i) + self.position(torch.arange(i.shape[1])))))


@case("train/gpt_g_L6_d384_h6_ctx256_b8_adamw", OPTIMIZERS, flops=6.0 * 2048 * (6 * 12 * 384 * 384 + 65 * 384) + 3 * 6 * 4.0 * 8 * 256 * 256 * 384)
def _(v):
    m = GPT()
    return classify(lambda x: m(x).view(-1, 65), torch.randint(0, 65, (8, 256)), torch.randint(0, 65, (8 * 256,)), adam(m.parameters(), v, cls=torch.optim.AdamW))

@case("train/dcgan_h_64x64_b16_adam", ("", "foreach", "channels_last"))
def _(v):
    def up(i, o, s, p): return [nn.ConvTranspose2d(i, o, 4, s, p, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
    def down(i, o): return [nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2, True)]
    gen = nn.Sequential(*up(100, 512, 1, 0), *up(512, 256, 2, 1), *up(256, 128, 2, 1), *up(128, 64, 2, 1), nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())
    dis = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True), *down(64, 128), *down(128, 256), *down(256, 512), nn.Conv2d(512, 1, 4, 1, 0, bias=False), nn.Flatten(0))
    gen, dis = gen.to(memory_format=layout(v)), dis.to(memory_format=layout(v))
    og, od = (adam(m.parameters(), v, 2e-5, betas=(0.5, 0.999)) for m in (gen, dis))
    real, one, zero, loss = images(v, 16, 3, 64, 64).tanh(), torch.ones(16), torch.zeros(16), F.binary_cross_entropy_with_logits

    def step():
        od.zero_grad(set_to_none=True)
        loss(dis(real), one).backward()
        fake = gen(torch.randn(16, 100, 1, 1))
        loss(dis(fake.detach()), zero).backward()
        od.step()
        og.zero_grad(set_to_none=True)
        loss(dis(fake), one).backward()
        og.step()
    return step


NODES, EDGES = 2708, 5429
def cora_like(variant):
    s, t, own = torch.randint(0, NODES, (EDGES,)), torch.randint(0, NODES, (EDGES,)), torch.arange(NODES)
    at = torch.stack([torch.cat([s, t, own]), torch.cat([t, s, own])])
    a = torch.sparse_coo_tensor(at, torch.ones(at.shape[1]), (NODES, NODES)).coalesce()
    i, d = a.indices(), torch.sparse.sum(a, 1).to_dense().rsqrt()
    a = torch.sparse_coo_tensor(i, a.values() * d[i[0]] * d[i[1]], (NODES, NODES)).coalesce()
    return a.to_sparse_csr() if variant == "csr" else a


@case("train/gcn_i_cora_h16_adam", OPTIMIZERS, note="dense features")
def _(v):
    a, w1, w2 = cora_like(v), nn.Linear(1433, 16), nn.Linear(16, 7)
    x = (torch.rand(NODES, 1433) < 0.0127).float()
    def model(x): return torch.sparse.mm(a, w2(F.relu(torch.sparse.mm(a, w1(x)))))[:140]
    return classify(model, x, torch.randint(0, 7, (140,)), adam([*w1.parameters(), *w2.parameters()], v, 1e-3, weight_decay=5e-4))

@case("spmm/cora_adj_x_16", ("", "csr"))
def _(v):
    a, x = cora_like(v), torch.randn(NODES, 16)
    return no_grad(lambda: a @ x)

@case("train/vae_j_784-400-20_b128_adam", OPTIMIZERS)
def _(v):
    enc, mean, log_var, dec, out = (nn.Linear(*d) for d in ((784, 400), (400, 20), (400, 20), (20, 400), (400, 784)))
    opt, x = adam([p for l in (enc, mean, log_var, dec, out) for p in l.parameters()], v), torch.rand(128, 784)

    def step():
        opt.zero_grad(set_to_none=True)
        h = F.relu(enc(x)); m, l = mean(h), log_var(h)
        y = torch.sigmoid(out(F.relu(dec(m + torch.randn_like(m) * torch.exp(0.5 * l)))))
        (F.binary_cross_entropy(y, x, reduction="sum") - 0.5 * torch.sum(1 + l - m * m - l.exp())).backward()
        opt.step()
    return step


class UNet(nn.Module):
    def __init__(self, channels=3, classes=2, base=32, depth=4):
        super().__init__()
        def twice(i, o): return nn.Sequential(nn.Conv2d(i, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True), nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True))
        w = [base << i for i in range(depth + 1)]
        self.encoder = nn.ModuleList(twice(i, o) for i, o in zip([channels] + w, w))
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, 2) for i, o in zip(w[:0:-1], w[-2::-1]))
        self.decoder = nn.ModuleList(twice(2 * o, o) for o in w[-2::-1])
        self.out = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        skips = []
        for i, level in enumerate(self.encoder):
            x = level(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for up, level, skip in zip(self.up, self.decoder, skips[-2::-1]):
            x = level(torch.cat([skip, up(x)], 1))
        return self.out(x)


@case("train/unet_k_32-512_128x128_b4_adam", ("", "foreach", "channels_last"), flops=3 * 4 * 6.037e9)
def _(v):
    m = UNet().to(memory_format=layout(v))
    x = torch.rand(4, 3, 128, 128).to(memory_format=layout(v))
    return classify(m, x, torch.randint(0, 2, (4, 128, 128)), adam(m.parameters(), v))


def train_resnet50(name, variants, checkpointed):
    @case(name, variants, flops=3 * 8 * 2 * 4.089e9)
    def _(v):
        from torchvision.models import resnet50
        from torch.utils.checkpoint import checkpoint
        class Checkpointed(nn.Module):
            def __init__(self, block): super().__init__(); self.block = block
            def forward(self, x): return checkpoint(self.block, x, preserve_rng_state=False)
        m = resnet50()
        if checkpointed:
            for stage in (m.layer1, m.layer2, m.layer3, m.layer4):
                for i, block in enumerate(stage): stage[i] = Checkpointed(block)
        m = m.to(memory_format=layout(v))
        x = torch.randn(8, 3, 224, 224).to(memory_format=layout(v))
        return classify(m, x, torch.randint(0, 1000, (8,)), sgd(m.parameters(), "foreach"))

train_resnet50("train/resnet50_224_b8_sgdm", ("", "channels_last"), False)
train_resnet50("train/resnet50_224_b8_sgdm_checkpointed", ("", "channels_last"), True)


# ---------------- whole recipes: the loader augments pictures of bytes
class Pictures(torch.utils.data.Dataset):
    def __init__(self, n, side, channels, padding):
        from torchvision import transforms as T
        half = (0.5,) * channels
        self.x = torch.randint(0, 256, (n, channels, side, side), dtype=torch.uint8)
        self.change = T.Compose([T.RandomCrop(side, padding), T.RandomHorizontalFlip(), T.ConvertImageDtype(torch.float32), T.Normalize(half, half)])

    def __len__(self): return len(self.x)
    def __getitem__(self, i): return self.change(self.x[i]), i % 10


class Masked(torch.utils.data.Dataset):
    def __init__(self, n, side):
        from torchvision.transforms import functional
        self.T = functional
        self.x, self.y = torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8), torch.randint(0, 2, (n, side, side), dtype=torch.uint8)

    def __len__(self): return len(self.x)
    def __getitem__(self, i):
        x, y = self.x[i], self.y[i]
        if torch.rand(()) < 0.5: x, y = self.T.hflip(x), self.T.hflip(y)
        return self.T.normalize(self.T.convert_image_dtype(x, torch.float32), (0.5,) * 3, (0.5,) * 3), y.long()


def half_vgg11_bn():
    l, i = [], 1
    for stage in (32,), (64,), (128, 128), (256, 256), (256, 256):
        for o in stage:
            l += [nn.Conv2d(i, o, 3, 1, 1), nn.BatchNorm2d(o), nn.ReLU(True)]
            i = o
        l.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(*l, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 256), nn.ReLU(True), nn.Linear(256, 256), nn.ReLU(True), nn.Linear(256, 10))


def recipe(name, flops, batch, data, model, optimizer):
    @case(name, ("", "channels_last", "worker", "channels_last, worker"), flops=3 * batch * 2 * flops, note="with its loader")
    def _(v):
        loader = torch.utils.data.DataLoader(data(), batch, shuffle=True, drop_last=True, num_workers="worker" in v, persistent_workers="worker" in v)
        m = model().to(memory_format=layout(v))
        opt, batches = optimizer(m.parameters(), "foreach"), (b for _ in iter(int, 1) for b in loader)

        def step():
            x, y = next(batches)
            opt.zero_grad(set_to_none=True)
            scores = m(x.to(memory_format=layout(v)))
            loss = F.cross_entropy(scores, y)
            loss.backward()
            opt.step()
            loss.item(), (scores.argmax(1) == y).sum().item()
        return step

recipe("recipe/resnet18_cifar_b32_crop_flip_sgdm", 0.5556e9, 32, lambda: Pictures(2048, 32, 3, 4), cifar_resnet18, sgd)
recipe("recipe/resnet18_half_fashion_b128_crop_flip_sgdm", 0.1141e9, 128, lambda: Pictures(2048, 28, 1, 2), lambda: cifar_resnet18(1, 32), sgd)
recipe("recipe/vgg11_bn_half_fashion_b128_crop_flip_sgdm", 0.0337e9, 128, lambda: Pictures(2048, 28, 1, 2), half_vgg11_bn, sgd)
recipe("recipe/unet_32-512_128x128_b4_flip_adam", 6.037e9, 4, lambda: Masked(256, 128), UNet, adam)


# ---------------- inference
def infer(name, model, *shape, variants=("",), flops=None):
    @case(name, variants, flops=flops)
    def _(v):
        m = model().eval()
        x = torch.randn(*shape)
        if v: m, x = m.to(memory_format=layout(v)), x.to(memory_format=layout(v))
        return no_grad(lambda: m(x))

infer("infer/mlp_a_b1", lambda: mlp(784, 512, 256, 10), 1, 784)
infer("infer/mlp_b_4-64-64-2_b1", lambda: mlp(4, 64, 64, 2), 1, 4)
infer("infer/lenet_b1", lenet, 1, 1, 28, 28, variants=("", "channels_last"))
infer("infer/resnet18_224_b1", imagenet_resnet18, 1, 3, 224, 224, variants=("", "channels_last"), flops=2 * 1.814e9)
infer("infer/bert_base_s128_b1", lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(768, 12, 3072, dropout=0.1, activation="gelu", batch_first=True), 12),
      1, 128, 768, flops=12 * (2.0 * 128 * (4 * 768 * 768 + 2 * 768 * 3072) + 4.0 * 128 * 128 * 768))

# ----------------
capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
print(json.dumps({"meta": "torch " + torch.__version__, "capability": capability[1] if capability else "", "threads": args.threads}), flush=True)
if args.serve:
    for line in sys.stdin:
        run(line.strip())
        print(flush=True)
else:
    for name in cases:
        if re.search(args.filter, name): run(name)
