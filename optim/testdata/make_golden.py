"""Writes golden.json: optimizers, schedules and clipping of PyTorch.

    python3 make_golden.py      (PyTorch 1.13)

Each optimizer takes 50 steps in float64 and in float32 on three parameters of 15, 7 and 1 elements, with the gradient of
element i at step t

    g = 0.3 p + sin(2 p + 0.1 t + i)

of the loss sum 0.15 p^2 - cos(2 p + 0.1 t + i) / 2, computed in float64. The second parameter has no gradient at every
third step, the third none before step 5. Kept are the values after 1, 2, 10 and 50 steps. Numbers that are not finite are
written as strings.
"""
import json
import math
import os

import torch

SHOWN = [1, 2, 10, 50]


def start(dtype):
    r = lambda n: torch.arange(n, dtype=torch.float64)
    values = [0.2 * r(15).reshape(3, 5) - 1, 0.5 - 0.3 * r(7), 0.7 + r(1)]
    return [torch.nn.Parameter(v.to(dtype)) for v in values]


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
            p.grad = None if k == 1 and t % 3 == 0 or k == 2 and t < 5 else gradient(p, t)
        opt.step()
        if sched:
            sched.step()
        if t in SHOWN:
            kept.append([p.detach().double().flatten().tolist() for p in params])
    return kept


sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
adagrad, rmsprop, adadelta, adamax = torch.optim.Adagrad, torch.optim.RMSprop, torch.optim.Adadelta, torch.optim.Adamax
radam, rprop = torch.optim.RAdam, torch.optim.Rprop


def nadam(*args, **options):
    """foreach: the other form of 1.13 multiplies the next product by mu twice (mended in 2.0 by PR 92699)."""
    return torch.optim.NAdam(*args, foreach=True, **options)


torch.set_default_dtype(torch.float64)  # of NAdam's mu_product; parameters have their own
groups = lambda p: [{"params": [p[0]], "lr": 0.1}, {"params": [p[1]], "weight_decay": 0.2}, {"params": [p[2]], "lr": 0.03, "weight_decay": 0.0}]
optimizers = {
    "sgd": lambda p: sgd(p, 0.1),
    "sgd decay": lambda p: sgd(p, 0.1, weight_decay=0.05),
    "sgd momentum": lambda p: sgd(p, 0.05, momentum=0.9),
    "sgd dampening": lambda p: sgd(p, 0.05, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "sgd nesterov": lambda p: sgd(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "sgd maximize": lambda p: sgd(p, 0.02, momentum=0.5, maximize=True, weight_decay=0.1),
    "sgd groups": lambda p: sgd(groups(p), 0.01, momentum=0.9, weight_decay=0.1),
    "adam": lambda p: adam(p),
    "adam betas": lambda p: adam(p, 0.03, betas=(0.8, 0.95), eps=1e-3),
    "adam decay": lambda p: adam(p, 0.03, weight_decay=0.1),
    "adam amsgrad": lambda p: adam(p, 0.1, amsgrad=True),
    "adam maximize": lambda p: adam(p, 0.01, maximize=True, weight_decay=0.1),
    "adam groups": lambda p: adam(groups(p), 0.01, weight_decay=0.1),
    "adamw": lambda p: adamw(p),
    "adamw decay": lambda p: adamw(p, 0.05, weight_decay=0.1),
    "adamw amsgrad": lambda p: adamw(p, 0.1, amsgrad=True, maximize=True, weight_decay=0.3),
    "adamw groups": lambda p: adamw(groups(p)),
    "adagrad": lambda p: adagrad(p),
    "adagrad options": lambda p: adagrad(p, 0.1, lr_decay=0.05, weight_decay=0.1, initial_accumulator_value=0.2, eps=1e-3),
    "adagrad maximize": lambda p: adagrad(p, 0.02, weight_decay=0.1, maximize=True),
    "adagrad groups": lambda p: adagrad(groups(p), 0.01, weight_decay=0.1),
    "rmsprop": lambda p: rmsprop(p),
    "rmsprop momentum": lambda p: rmsprop(p, 0.01, alpha=0.9, eps=1e-4, weight_decay=0.1, momentum=0.8),
    "rmsprop centered": lambda p: rmsprop(p, 0.003, alpha=0.95, eps=1e-3, centered=True),
    "rmsprop centered momentum": lambda p: rmsprop(p, 0.002, momentum=0.7, eps=1e-2, centered=True, weight_decay=0.05),
    "rmsprop maximize": lambda p: rmsprop(p, 0.01, maximize=True, weight_decay=0.1),
    "rmsprop groups": lambda p: rmsprop(groups(p), 0.01, momentum=0.5, weight_decay=0.1),
    "adadelta": lambda p: adadelta(p),
    "adadelta options": lambda p: adadelta(p, 0.5, rho=0.8, eps=1e-4, weight_decay=0.1),
    "adadelta maximize": lambda p: adadelta(p, 0.5, weight_decay=0.1, maximize=True),
    "adadelta groups": lambda p: adadelta(groups(p), 0.5, weight_decay=0.1),
    "adamax": lambda p: adamax(p),
    "adamax options": lambda p: adamax(p, 0.03, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "adamax maximize": lambda p: adamax(p, 0.02, weight_decay=0.1, maximize=True),
    "adamax groups": lambda p: adamax(groups(p), 0.01, weight_decay=0.1),
    "nadam": lambda p: nadam(p),
    "nadam options": lambda p: nadam(p, 0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1, momentum_decay=0.02),
    "nadam groups": lambda p: nadam([dict(groups(p)[0], lr=0.02)] + groups(p)[1:], 0.01, weight_decay=0.1),
    "radam": lambda p: radam(p),
    "radam options": lambda p: radam(p, 0.03, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "radam short": lambda p: radam(p, 0.02, betas=(0.9, 0.5)),
    "radam groups": lambda p: radam(groups(p), 0.01, betas=(0.9, 0.99), weight_decay=0.1),
    "rprop": lambda p: rprop(p),
    "rprop options": lambda p: rprop(p, 0.05, etas=(0.4, 1.3), step_sizes=(1e-3, 0.1)),
    "rprop maximize": lambda p: rprop(p, 0.002, maximize=True),
}
S = torch.optim.lr_scheduler
scheduled = {
    "sgd cosine": (lambda p: sgd(p, 0.1, momentum=0.9), lambda o: S.CosineAnnealingLR(o, 50)),
    "adam step": (lambda p: adam(p, 0.1), lambda o: S.StepLR(o, 10, 0.5)),
}


def factors(schedule, n=40):
    opt = sgd([torch.nn.Parameter(torch.zeros(1, dtype=torch.float32))], 0.5)
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
    "polynomial 1": factors(lambda o: S.PolynomialLR(o, 17)),
    "restarts 1": factors(lambda o: S.CosineAnnealingWarmRestarts(o, 7)),
    "onecycle": factors(lambda o: S.OneCycleLR(o, 0.5, total_steps=41)),
    "onecycle short": factors(lambda o: S.OneCycleLR(o, 0.5, total_steps=40, pct_start=0.05, div_factor=10, final_div_factor=100)),
    "onecycle falling": factors(lambda o: S.OneCycleLR(o, 0.5, total_steps=40, pct_start=0.0)),
    "cyclic": factors(lambda o: S.CyclicLR(o, 0.05, 0.5, step_size_up=7, step_size_down=4, cycle_momentum=False)),
    "cyclic even": factors(lambda o: S.CyclicLR(o, 0.0, 0.5, step_size_up=5, cycle_momentum=False)),
    "sequential": factors(lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 8), S.CosineAnnealingLR(o, 32)], [8])),
}


def plateau(values, **options):
    opt = sgd([torch.nn.Parameter(torch.zeros(1, dtype=torch.float32))], 0.5)
    s = S.ReduceLROnPlateau(opt, **options)
    out = []
    for v in values:
        s.step(v)
        out.append(opt.param_groups[0]["lr"])
    return out


falling = [5.0, 4.0, 4.0, 3.9999, 4.1, 3.0, 3.0, 3.0, 2.99999, 3.0, 3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0]
rising = [0.1, 0.5, 0.5, 0.50001, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7]
flat = [1.0] * 30
plateaus = [
    {"values": v, "options": o, "lr": plateau(v, **o)}
    for v, o in [
        (flat, {}),
        (falling, {"patience": 2}),
        (falling, {"patience": 0, "factor": 0.5, "min_lr": 0.1}),
        (falling, {"patience": 0, "min_lr": 0.7}),
        (falling, {"patience": 1, "threshold": 0.0, "cooldown": 3}),
        (rising, {"mode": "max", "patience": 1, "factor": 0.2}),
        (rising, {"mode": "max", "patience": 1, "threshold": 0.3, "cooldown": 1}),
    ]
]


def plain(v):
    return v if math.isfinite(v) else str(v)


def clipped(f, dtype, bad=None):
    params = start(dtype)
    for p in params[:2]:  # the third has no gradient
        p.grad = gradient(p, 1) * 3
    if bad is not None:
        params[0].grad[1, 2] = bad
    norm = f(params)
    return {"norm": None if norm is None else plain(float(norm)), "grads": [[plain(v) for v in p.grad.double().flatten().tolist()] for p in params[:2]]}


C = torch.nn.utils
clips = {
    "norm 2": lambda p: C.clip_grad_norm_(p, 1.5),
    "norm 2 large": lambda p: C.clip_grad_norm_(p, 1000.0),
    "norm 1": lambda p: C.clip_grad_norm_(p, 3.0, 1.0),
    "norm 3": lambda p: C.clip_grad_norm_(p, 0.5, 3.0),
    "norm inf": lambda p: C.clip_grad_norm_(p, 0.7, math.inf),
    "value": lambda p: C.clip_grad_value_(p, 0.4),
}
clips = {
    name: {"float64": clipped(f, torch.float64), "float32": clipped(f, torch.float32),
           "inf": clipped(f, torch.float64, -math.inf), "nan": clipped(f, torch.float64, math.nan)}
    for name, f in clips.items()
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
