"""Writes golden_papers.json: optimizers that PyTorch lacks, in numpy, straight from the papers.

    python3 make_golden_papers.py

The parameters, gradients and steps shown are those of make_golden.py, in float64. AdaBound and AMSBound follow Luo et al. (2019) as
the authors' code does (bias correction, no division by sqrt t); SWATS Algorithm 1 of Keskar and Socher (2017); Lookahead Algorithm 1
of Zhang et al. (2019), with heavy-ball SGD and with Adam inside.
"""
import json
import os

import numpy as np

SHOWN = [1, 2, 10, 50]


def start():
    r = lambda n: np.arange(n, dtype=np.float64)
    return [0.2 * r(15) - 1, 0.5 - 0.3 * r(7), 0.7 + r(1)]


def gradient(x, t):
    return 0.3 * x + np.sin(2 * x + 0.1 * t + np.arange(x.size, dtype=np.float64))


class Adam:
    """One parameter: m, v and Adam's step; also the clipped step of AdaBound."""

    def __init__(self, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0):
        self.lr, self.b1, self.b2, self.eps, self.decay = lr, b1, b2, eps, decay
        self.m = self.v = self.most = 0.0
        self.t = 0

    def moments(self, g):
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g * g

    def step(self, w, g):
        self.moments(g + self.decay * w)
        mhat, vhat = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return w - self.lr * mhat / (np.sqrt(vhat) + self.eps)


class AdaBound(Adam):
    def __init__(self, lr, final, gamma, ams=False, schedule=lambda t: 1.0, **options):
        super().__init__(lr, **options)
        self.final, self.gamma, self.ams, self.schedule = final, gamma, ams, schedule

    def step(self, w, g, now=None):
        self.moments(g + self.decay * w)
        f = self.schedule(now)
        v = self.v
        if self.ams:
            v = self.most = np.maximum(self.most, self.v)
        final = self.final * f
        lower = final * (1 - 1 / (self.gamma * self.t + 1))
        upper = final * (1 + 1 / (self.gamma * self.t))
        alpha = self.lr * f * np.sqrt(1 - self.b2**self.t) / (1 - self.b1**self.t)
        return w - np.clip(alpha / (np.sqrt(v) + self.eps), lower, upper) * self.m


class Momentum:
    def __init__(self, lr, mu):
        self.lr, self.mu, self.v = lr, mu, None

    def step(self, w, g):
        self.v = g if self.v is None else self.mu * self.v + g
        return w - self.lr * self.v


def active(k, t):
    """The second parameter has no gradient at every third step, the third none before step 5."""
    return not (k == 1 and t % 3 == 0 or k == 2 and t < 5)


def separate(make, timed=False):
    params = start()
    opts = [make() for _ in params]
    kept = []
    for t in range(1, 51):
        for k in range(3):
            if active(k, t):
                g = gradient(params[k], t)
                params[k] = opts[k].step(params[k], g, t - 1) if timed else opts[k].step(params[k], g)
        if t in SHOWN:
            kept.append([p.tolist() for p in params])
    return kept


def lookahead(make, every, alpha):
    params, slow = start(), start()
    opts = [make() for _ in params]
    kept = []
    for t in range(1, 51):
        for k in range(3):
            if active(k, t):
                params[k] = opts[k].step(params[k], gradient(params[k], t))
        if t % every == 0:
            slow = [s + alpha * (p - s) for s, p in zip(slow, params)]
            params = [s.copy() for s in slow]
        if t in SHOWN:
            kept.append([p.tolist() for p in params])
    return kept


def swats(lr, b1, b2, eps, tolerance, switched):
    """All parameters are one vector for the estimate, as in the paper. switched receives the step of the switch and the rate."""
    params = start()
    opts = [Adam(lr, b1, b2, eps) for _ in params]
    lam, rate = 0.0, None
    buf = [np.zeros_like(p) for p in params]
    kept = []
    for t in range(1, 51):
        dd = dg = 0.0
        for k in range(3):
            if not active(k, t):
                continue
            g = gradient(params[k], t)
            if rate is not None:
                buf[k] = b1 * buf[k] + g
                params[k] = params[k] - (1 - b1) * rate * buf[k]
                continue
            o = opts[k]
            o.moments(g)
            d = -lr * np.sqrt(1 - b2**o.t) / (1 - b1**o.t) * o.m / (np.sqrt(o.v) + eps)
            params[k] = params[k] + d
            dd += d @ d
            dg += d @ g
        if rate is None and dg != 0:
            gamma = dd / -dg
            lam = b2 * lam + (1 - b2) * gamma
            estimate = lam / (1 - b2**t)
            if t > 1 and abs(estimate - gamma) < tolerance and estimate > 0:
                rate = estimate
                switched.extend([t, rate])
        if t in SHOWN:
            kept.append([p.tolist() for p in params])
    return kept


never, early = [], []
out = {
    "adabound": separate(lambda: AdaBound(1e-3, 0.1, 1e-3, eps=1e-8), True),
    "adabound options": separate(lambda: AdaBound(0.05, 0.02, 0.1, b1=0.8, b2=0.95, eps=1e-3, decay=0.1), True),
    "adabound cosine": separate(lambda: AdaBound(0.05, 0.02, 0.1, schedule=lambda t: (1 + np.cos(np.pi * t / 50)) / 2), True),
    "amsbound": separate(lambda: AdaBound(0.03, 0.05, 0.05, ams=True, b2=0.9), True),
    "lookahead sgd": lookahead(lambda: Momentum(0.05, 0.9), 5, 0.5),
    "lookahead adam": lookahead(lambda: Adam(0.05), 3, 0.8),
    "swats": swats(1e-3, 0.9, 0.999, 1e-9, 1e-9, never),
    "swats early": swats(0.02, 0.9, 0.99, 1e-9, 1e-4, early),
}
assert not never and len(early) == 2, (never, early)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_papers.json"), "w") as f:
    json.dump({"optimizers": out, "switched": early}, f, separators=(",", ":"))
    f.write("\n")
