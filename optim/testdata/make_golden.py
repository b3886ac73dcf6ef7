"""Writes golden.json: optimizers, schedules and clipping of PyTorch.

    python3 make_golden.py      (PyTorch 1.13)

Each optimizer takes 50 steps on two parameters of 15 and 4 elements, with the gradient of element i at step t

    g = 0.3 p + sin(2 p + 0.1 t + i)

computed in float64; the second parameter has none at every third step. Their values after 1, 2, 10 and 50 steps are kept, in float64 and
float32.
"""
import json
import math
import os

import torch

SHOWN = [1, 2, 10, 50]


def start(dtype):
    a = torch.arange(15, dtype=torch.float64).reshape(3, 5)
    b = torch.arange(4, dtype=torch.float64)
    return [torch.nn.Parameter((0.2 * a - 1).to(dtype)), torch.nn.Parameter((0.5 - 0.3 * b).to(dtype))]


def gradient(p, t):
    x = p.detach().double()
    i = torch.arange(x.numel(), dtype=torch.float64).reshape(x.shape)
    return (0.3 * x + torch.sin(2 * x + 0.1 * t + i)).to(p.dtype)


def run(make, dtype, schedule=None):
    params = start(dtype)
    opt = make(params)
    sched = schedule(opt) if schedule else None
    kept = []
    for t in range(1, 51):
        for k, p in enumerate(params):
            p.grad = None if k == 1 and t % 3 == 0 else gradient(p, t)
        opt.step()
        if sched:
            sched.step()
        if t in SHOWN:
            kept.append([p.detach().double().flatten().tolist() for p in params])
    return kept


sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
groups = lambda p: [{"params": [p[0]], "lr": 0.1, "weight_decay": 0.0}, {"params": [p[1]], "lr": 0.01, "weight_decay": 0.2}]
optimizers = {
    "sgd": lambda p: sgd(p, 0.1),
    "sgd decay": lambda p: sgd(p, 0.1, weight_decay=0.05),
    "sgd momentum": lambda p: sgd(p, 0.05, momentum=0.9),
    "sgd dampening": lambda p: sgd(p, 0.05, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "sgd nesterov": lambda p: sgd(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "sgd maximize": lambda p: sgd(p, 0.02, momentum=0.5, maximize=True, weight_decay=0.1),
    "sgd groups": lambda p: sgd(groups(p), 0.1, momentum=0.9),
    "adam": lambda p: adam(p),
    "adam betas": lambda p: adam(p, 0.03, betas=(0.8, 0.95), eps=1e-3),
    "adam decay": lambda p: adam(p, 0.03, weight_decay=0.1),
    "adam amsgrad": lambda p: adam(p, 0.1, amsgrad=True),
    "adam maximize": lambda p: adam(p, 0.01, maximize=True, weight_decay=0.1),
    "adam groups": lambda p: adam(groups(p)),
    "adamw": lambda p: adamw(p),
    "adamw decay": lambda p: adamw(p, 0.05, weight_decay=0.3),
    "adamw amsgrad": lambda p: adamw(p, 0.1, amsgrad=True, weight_decay=0.1),
    "adamw groups": lambda p: adamw(groups(p)),
}
S = torch.optim.lr_scheduler
scheduled = {
    "sgd cosine": (lambda p: sgd(p, 0.1, momentum=0.9), lambda o: S.CosineAnnealingLR(o, 50)),
    "adam step": (lambda p: adam(p, 0.1), lambda o: S.StepLR(o, 10, 0.5)),
}


def factors(schedule, n=40):
    opt = sgd([torch.nn.Parameter(torch.zeros(1))], 0.5)
    s = schedule(opt)
    out = []
    for _ in range(n):
        out.append(opt.param_groups[0]["lr"] / 0.5)
        opt.step()
        s.step()
    return out


schedules = {
    "step": factors(lambda o: S.StepLR(o, 7, 0.3)),
    "multistep": factors(lambda o: S.MultiStepLR(o, [3, 10, 11], 0.5)),
    "exponential": factors(lambda o: S.ExponentialLR(o, 0.9)),
    "cosine": factors(lambda o: S.CosineAnnealingLR(o, 39, eta_min=0.05)),
    "restarts": factors(lambda o: S.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.05)),
    "linear": factors(lambda o: S.LinearLR(o, 0.25, 1.0, 10)),
    "polynomial": factors(lambda o: S.PolynomialLR(o, 30, 2.0)),
    "onecycle": factors(lambda o: S.OneCycleLR(o, 0.5, total_steps=41)),
    "sequential": factors(lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 8), S.CosineAnnealingLR(o, 32)], [8])),
}


def plateau(values, **options):
    opt = sgd([torch.nn.Parameter(torch.zeros(1))], 0.5)
    s = S.ReduceLROnPlateau(opt, **options)
    out = []
    for v in values:
        s.step(v)
        out.append(opt.param_groups[0]["lr"])
    return out


falling = [5.0, 4.0, 4.0, 3.9999, 4.1, 3.0, 3.0, 3.0, 2.99999, 3.0, 3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0]
rising = [0.1, 0.5, 0.5, 0.50001, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7]
plateaus = [
    {"values": falling, "patience": 2, "factor": 0.1, "least": 0.0, "maximize": False, "lr": plateau(falling, patience=2)},
    {"values": falling, "patience": 0, "factor": 0.5, "least": 0.1, "maximize": False, "lr": plateau(falling, patience=0, factor=0.5, min_lr=0.1)},
    {"values": rising, "patience": 1, "factor": 0.2, "least": 0.0, "maximize": True, "lr": plateau(rising, mode="max", patience=1, factor=0.2)},
]


def clipped(f):
    params = start(torch.float64)
    for p in params:
        p.grad = gradient(p, 1) * 3
    norm = f(params)
    return {"norm": None if norm is None else float(norm), "grads": [p.grad.flatten().tolist() for p in params]}


C = torch.nn.utils
clips = {
    "norm 2": clipped(lambda p: C.clip_grad_norm_(p, 1.5)),
    "norm 2 large": clipped(lambda p: C.clip_grad_norm_(p, 1000.0)),
    "norm inf": clipped(lambda p: C.clip_grad_norm_(p, 0.7, math.inf)),
    "value": clipped(lambda p: C.clip_grad_value_(p, 0.4)),
}

out = {
    "optimizers": {name: {"float64": run(make, torch.float64), "float32": run(make, torch.float32)} for name, make in optimizers.items()},
    "schedules": schedules, "plateaus": plateaus, "clips": clips,
}
for name, (make, sched) in scheduled.items():
    out["optimizers"][name] = {"float64": run(make, torch.float64, sched), "float32": run(make, torch.float32, sched)}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(out, f, indent=None, separators=(",", ":"))
    f.write("\n")
