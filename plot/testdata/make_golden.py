"""Writes golden.json: histograms by NumPy. Run: python3 make_golden.py (made with NumPy 1.24.2).

Each case has the values, the number of bins (0: bins="auto"), the edges, the counts and the densities."""

import json

import numpy as np

rng = np.random.default_rng(1)
samples = {
    "normal": rng.standard_normal(300).round(4),
    "heavy tails": rng.standard_t(2, 200).round(3),
    "few": np.array([0.5, 1.25, 7.0]),
    "no interquartile range": np.r_[np.full(20, 0.5), 3.25, -1.5],
}
cases = []
for name, values in samples.items():
    for bins in (0, 7):
        counts, edges = np.histogram(values, bins or "auto")
        density, _ = np.histogram(values, bins or "auto", density=True)
        cases.append(dict(name=name, bins=bins, values=values.tolist(), edges=edges.tolist(), counts=counts.tolist(), density=density.tolist()))
with open("golden.json", "w") as f:
    json.dump(cases, f, indent=None, separators=(",", ":"))
    f.write("\n")
