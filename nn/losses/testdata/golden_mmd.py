"""Writes golden_mmd.json: the squared maximum mean discrepancy and its gradients, by the definition in NumPy loops.

    python3 golden_mmd.py      (NumPy 1.24)

Bandwidths are null for the median heuristic, whose value counts as a constant in the gradients.
"""
import json
import os

import numpy as np

rng = np.random.default_rng(1)


def mmd(x, y, bandwidths, unbiased):
    """Returns the estimate and its gradients by x and y."""
    z = np.concatenate([x, y])
    n, m = len(x), len(y)
    if bandwidths is None:
        bandwidths = [np.median([np.sqrt(((z[i] - z[j]) ** 2).sum()) for i in range(n + m) for j in range(i)])]
    value, grad = 0.0, np.zeros_like(z)
    for i in range(n + m):
        for j in range(n + m):
            if (i < n) != (j < n):
                weight = -1 / (n * m)
            else:
                k = n if i < n else m
                if unbiased and i == j:
                    continue
                weight = 1 / (k * (k - 1)) if unbiased else 1 / k**2
            for s in bandwidths:
                kernel = np.exp(-((z[i] - z[j]) ** 2).sum() / (2 * s**2)) * weight / len(bandwidths)
                value += kernel
                grad[i] -= kernel * (z[i] - z[j]) / s**2
                grad[j] += kernel * (z[i] - z[j]) / s**2
    return value, grad[:n], grad[n:]


digits = lambda a: [float("%.14g" % v) for v in np.ravel(a)]
cases = []
for n, m, d, shift, bandwidths in [
    (5, 5, 3, 0.0, None), (4, 7, 2, 1.0, None), (6, 3, 1, 2.0, [0.7]), (3, 4, 5, 0.5, [0.5, 1.0, 2.0, 4.0]), (2, 2, 2, 3.0, None), (8, 5, 4, 50.0, [30.0, 3.0]),
    (3, 2, 2, 0.0, None),
]:
    for unbiased in (False, True):
        x, y = rng.normal(size=(n, d)).round(2), (rng.normal(size=(m, d)) + shift).round(2)
        value, gx, gy = mmd(x, y, bandwidths, unbiased)
        cases.append({"n": n, "m": m, "bandwidths": bandwidths, "unbiased": unbiased, "x": digits(x), "y": digits(y), "value": value, "gx": digits(gx), "gy": digits(gy)})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_mmd.json"), "w") as f:
    json.dump(cases, f, separators=(",", ":"))
    f.write("\n")
