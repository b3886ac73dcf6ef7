"""Writes golden_rnn.json: recurrent networks and cells of PyTorch in float64, forward and every gradient.

    python3 golden_rnn.py      (PyTorch 1.13)

Inputs and parameters are fill(shape, seed): seed 0 for x, 50 and 51 for h0 and c0, 1, 2, ... for the parameters in the order
of named_parameters, halved so that gates do not saturate. The gradients are those of the sum over the results y, hn (and
cn) of fill(its shape, 99 + its number) * result. golden_rnn_test.go builds the same networks.
"""
import json
import os

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)


def fill(shape, seed):
    n = 1
    for d in shape:
        n *= d
    return 0.5 * torch.sin(1 + 0.37 * torch.arange(n, dtype=torch.float64) + 1.3 * seed).reshape(shape)


def numbers(t):
    return [float("%.11g" % v) for v in t.detach().flatten().tolist()]


def array(t):
    return {"shape": list(t.shape), "data": numbers(t)}


def finish(case, m, leaves, outs):
    sum((fill(o.shape, 99 + i) * o).sum() for i, o in enumerate(outs)).backward()
    case["outs"] = [array(o) for o in outs]
    case["grads"] = [numbers(l.grad) for l in leaves]
    case["params"] = [dict(name=k, **array(p.grad)) for k, p in m.named_parameters()]
    return case


def prepared(m):
    for i, (_, p) in enumerate(m.named_parameters()):
        p.data = fill(p.shape, i + 1)
    return m


cases = []
IN, H = 3, 4


def network(kind, t=4, n=3, state=False, lengths=None, unbatched=False, **cfg):
    m = prepared(getattr(nn, kind)(IN, H, **cfg))
    p = cfg.get("proj_size", 0) or H
    first = cfg.get("batch_first", False)
    x = fill((t, IN) if unbatched else (n, t, IN) if first else (t, n, IN), 0).requires_grad_()
    leaves, args = [x], []
    if state:
        layers = cfg.get("num_layers", 1) * (2 if cfg.get("bidirectional") else 1)
        shape = lambda size: (layers, size) if unbatched else (layers, n, size)
        leaves.append(fill(shape(p), 50).requires_grad_())
        args = [leaves[1]]
        if kind == "LSTM":
            leaves.append(fill(shape(H), 51).requires_grad_())
            args = [(leaves[1], leaves[2])]
    xin = pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=False) if lengths else x
    y, last = m(xin, *args)
    if lengths:
        y, _ = pad_packed_sequence(y, batch_first=first, total_length=t)
    last = list(last) if kind == "LSTM" else [last]
    case = {
        "kind": kind, "x": list(x.shape), "state": state, "lengths": lengths,
        "layers": cfg.get("num_layers", 1), "bidirectional": cfg.get("bidirectional", False), "batch_first": first,
        "no_bias": not cfg.get("bias", True), "relu": cfg.get("nonlinearity") == "relu", "proj": cfg.get("proj_size", 0),
    }
    cases.append(finish(case, m, leaves, [y] + last))


for kind, options in [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {}), ("LSTM", {}), ("LSTM", {"proj_size": 2})]:
    network(kind, **options)
    network(kind, state=True, **options)
    network(kind, bidirectional=True, state=True, **options)
    network(kind, num_layers=2, bidirectional=True, batch_first=True, **options)
    network(kind, num_layers=3, bias=False, state=True, **options)
    network(kind, lengths=[4, 2, 1], state=True, **options)
    network(kind, lengths=[2, 4, 3], batch_first=True, **options)
    network(kind, lengths=[1, 3, 2], bidirectional=True, num_layers=2, state=True, **options)
    network(kind, t=1, n=1, bidirectional=True, **options)
    network(kind, unbatched=True, state=True, bidirectional=True, **options)
    network(kind, t=7, n=5, lengths=[3, 7, 1, 7, 2], bidirectional=True, bias=False, batch_first=True, state=True, **options)


def cell(kind, state=True, batch=3, **cfg):
    m = prepared(getattr(nn, kind)(IN, H, **cfg))
    x = fill((batch, IN) if batch else (IN,), 0).requires_grad_()
    leaves, args = [x], []
    if state:
        shape = (batch, H) if batch else (H,)
        leaves += [fill(shape, 50 + i).requires_grad_() for i in range(2 if kind == "LSTMCell" else 1)]
        args = [tuple(leaves[1:])] if kind == "LSTMCell" else leaves[1:]
    out = m(x, *args)
    case = {"kind": kind, "x": list(x.shape), "state": state, "no_bias": not cfg.get("bias", True), "relu": cfg.get("nonlinearity") == "relu"}
    cases.append(finish(case, m, leaves, list(out) if kind == "LSTMCell" else [out]))


for kind, options in [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("GRUCell", {}), ("LSTMCell", {})]:
    cell(kind, **options)
    cell(kind, state=False, bias=False, **options)
    cell(kind, batch=0, **options)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_rnn.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(len(cases), "cases")
