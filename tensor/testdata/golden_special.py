"""Writes golden_special.json: special functions of SciPy.

    python3 golden_special.py      (SciPy 1.10)
"""
import json
import math
import os

import numpy as np
from scipy import special

P = [1e-3, 0.125, 0.25, 0.7, 0.99, 1.0, 1.01, 1.4616321449683623, 1.5, 2.0, 3.0, 9.999, 10.0, 37.5, 1234.5, 1e8]
N = [-0.001, -0.5, -2.25, -7.9, -30.5]
U = [-1.0, -0.999999, -0.75, -0.1, -1e-9, 0.0, 1e-3, 0.5, 0.99, 1.0]
cases = [("lgamma", 0, special.gammaln, P + N + [0.0, math.inf]), ("digamma", 0, special.digamma, P + N + [math.inf]), ("erfinv", 0, special.erfinv, U)]
for n in range(1, 5):
    # SciPy's reflects nowhere: below 0, trigamma by the reflection formula.
    cases.append(("polygamma", n, lambda x, n=n: special.polygamma(n, x), P + [math.inf]))
cases.append(("polygamma", 1, lambda x: (np.pi / np.sin(np.pi * x)) ** 2 - special.polygamma(1, 1 - x), N))
number = lambda v: v if math.isfinite(v) else str(v)
out = [{"name": name, "n": n, "x": [number(x) for x in xs], "y": [number(float(f(np.float64(x)))) for x in xs]} for name, n, f, xs in cases]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_special.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
