"""Writes golden.json: what PyTorch says of fans, gains and Dirac weights.

    python3 make_golden.py      (PyTorch 1.13)
"""
import json
import os

import torch
from torch.nn import init

shapes = [[7, 5], [7, 5, 3], [8, 4, 3, 5], [2, 3, 4, 5, 6], [1, 1]]
out = {
    "fans": [{"shape": s, "fans": init._calculate_fan_in_and_fan_out(torch.empty(s))} for s in shapes],
    "gains": {"linear": init.calculate_gain("linear"), "sigmoid": init.calculate_gain("sigmoid"), "tanh": init.calculate_gain("tanh"),
              "relu": init.calculate_gain("relu"), "selu": init.calculate_gain("selu"),
              "leaky_relu": [[a, init.calculate_gain("leaky_relu", a)] for a in (0, 0.01, 0.2, 5 ** 0.5)]},
    "diracs": [{"shape": s, "data": init.dirac_(torch.empty(s)).flatten().tolist()}
               for s in ([3, 3, 3], [2, 4, 3], [4, 2, 2], [2, 2, 3, 2], [2, 2, 1, 2, 3])],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    f.write("{\n" + ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in out.items()) + "\n}\n")
