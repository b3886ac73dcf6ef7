"""Writes information.json: measures of discrete distributions as SciPy and scikit-learn compute them.

Run: python3 information.py (made with SciPy 1.10.1, scikit-learn 1.2.1)."""

import json

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

rng = np.random.default_rng(3)
out = []
for k in [1, 2, 5, 17]:
    p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
    if k > 2:
        p[1] = 0  # outcomes that p never has
        p /= p.sum()
    counts = rng.integers(0, 5, (k, k + 1))
    counts[0, 0] += 1
    out.append({
        "p": p.tolist(), "q": q.tolist(), "entropy": entropy(p), "cross": entropy(p) + entropy(p, q), "kl": entropy(p, q),
        "js": jensenshannon(p, q) ** 2, "counts": counts.tolist(), "mi": mutual_info_score(None, None, contingency=counts)})
with open("information.json", "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
