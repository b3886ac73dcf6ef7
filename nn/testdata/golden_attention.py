"""Writes golden_attention.json: attention, its layers and transformers of PyTorch in float64, forward and gradients.

    python3 golden_attention.py      (PyTorch 1.13)

Inputs are fill(shape, 50), fill(shape, 51), ..., parameters half of fill(shape, 1), fill(shape, 2), ... in the order of
named_parameters. The gradients are those of sum(fill(shape of y, 99) * y). Modules stay in training mode with dropout 0:
PyTorch's fast path of inference is another implementation. golden_attention_test.go makes the same calls.
"""
import json
import math
import os

import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)


def fill(shape, seed):
    n = 1
    for d in shape:
        n *= d
    return torch.sin(1 + 0.37 * torch.arange(n, dtype=torch.float64) + 1.3 * seed).reshape(shape)


def numbers(t):
    return [float("%.11g" % v) for v in t.detach().flatten().tolist()]


def array(t):
    if t is None:
        return None
    if t.dtype == torch.bool:
        return {"shape": list(t.shape), "data": [int(v) for v in t.flatten().tolist()], "bool": True}
    return {"shape": list(t.shape), "data": numbers(t.masked_fill(t == -math.inf, -1e300))}  # JSON has no infinity


def bools(*shape, step=3):
    """A mask that leaves no row of keys without a False: the first key."""
    n = math.prod(shape)
    m = (torch.arange(n) * 7 % step == 1).reshape(shape)
    m[..., 0] = False
    return m


def leaf(shape, seed):
    return fill(shape, seed).requires_grad_()


def finish(case, y, inputs, module=None):
    (fill(y.shape, 99) * y).sum().backward()
    case["y"] = array(y)
    case["in"] = [{"shape": list(t.shape), "grad": numbers(t.grad)} for t in inputs]
    if module is not None:
        case["params"] = [{"name": n, "shape": list(p.shape), "grad": numbers(p.grad)} for n, p in module.named_parameters()]
    return case


def set_params(m):
    for i, (_, p) in enumerate(m.named_parameters()):
        p.data = fill(p.shape, i + 1) / 2


def sdpa(name, q, k, v, scale=None, causal=False, offset=0, keep=None, bias=None, padding=None):
    """The formula of torch 2's scaled_dot_product_attention, which 1.13 does not have. bias is a shape."""
    ins = [leaf(q, 50), leaf(k, 51), leaf(v, 52)]
    a, b, c = ins
    if q[1] != k[1]:
        b, c = b.repeat_interleave(q[1] // k[1], 1), c.repeat_interleave(q[1] // k[1], 1)
    s = a @ b.transpose(2, 3) * (scale if scale is not None else 1 / math.sqrt(q[3]))
    case = {"kind": "sdpa", "name": name, "scale": scale, "causal": causal, "offset": offset, "keep": array(keep), "padding": array(padding), "bias": bias is not None}
    if bias is not None:
        ins.append(leaf(bias, 53))
        s = s + ins[3]
    if keep is not None:
        s = s.masked_fill(~keep, -math.inf)
    if padding is not None:
        s = s.masked_fill(padding[:, None, None, :], -math.inf)
    if causal:
        s = s.masked_fill(~torch.ones(q[2], k[2], dtype=torch.bool).tril(offset), -math.inf)
    return finish(case, torch.softmax(s, 3) @ c, ins)


def mha(name, d, heads, q, k=None, v=None, mask=None, padding=None, per_head=None, **options):
    """q, k and v are shapes; without k it is self-attention, without v it is k's tensor."""
    m = nn.MultiheadAttention(d, heads, **options)
    set_params(m)
    ins = [leaf(q, 50)]
    if k:
        ins.append(leaf(k, 51))
    if v:
        ins.append(leaf(v, 52))
    key = ins[1] if k else ins[0]
    value = ins[2] if v else key
    y, w = m(ins[0], key, value, attn_mask=mask, key_padding_mask=padding, need_weights=True, average_attn_weights=not per_head)
    case = {"kind": "mha", "name": name, "d": d, "heads": heads, "mask": array(mask), "padding": array(padding), "per_head": bool(per_head), "weights": array(w)}
    case.update({o: x for o, x in options.items()})
    return finish(case, y, ins, m)


def grouped(name, d, heads, kv, n, l):
    """Self-attention whose projections of keys and values serve groups of heads."""
    e = d // heads
    m = nn.Module()
    m.in_proj_weight = nn.Parameter(torch.empty(d + 2 * kv * e, d))
    m.in_proj_bias = nn.Parameter(torch.empty(d + 2 * kv * e))
    m.out_proj = nn.Linear(d, d)
    set_params(m)
    x = leaf((n, l, d), 50)
    p = (x @ m.in_proj_weight.T + m.in_proj_bias).reshape(n, l, heads + 2 * kv, e).transpose(1, 2)
    q, k, v = p.split([heads, kv, kv], 1)
    k, v = k.repeat_interleave(heads // kv, 1), v.repeat_interleave(heads // kv, 1)
    w = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(e), 3)
    y = m.out_proj((w @ v).transpose(1, 2).reshape(n, l, d))
    case = {"kind": "mha", "name": name, "d": d, "heads": heads, "kv_heads": kv, "batch_first": True, "weights": array(w.mean(1))}
    return finish(case, y, [x], m)


activations = {"relu": nn.functional.relu, "gelu": nn.functional.gelu}


def options_of(activation="relu", norm_first=False, batch_first=False, eps=1e-5):
    return {"activation": activation, "norm_first": norm_first, "batch_first": batch_first, "layer_norm_eps": eps}


def encoder_layer(name, x, mask=None, padding=None, d=8, heads=2, ff=6, **o):
    o = options_of(**o)
    m = nn.TransformerEncoderLayer(d, heads, ff, 0.0, **o)
    set_params(m)
    ins = [leaf(x, 50)]
    return finish({"kind": "encoder_layer", "name": name, "d": d, "heads": heads, "ff": ff, "mask": array(mask), "padding": array(padding), **o},
                  m(ins[0], src_mask=mask, src_key_padding_mask=padding), ins, m)


def decoder_layer(name, x, memory, mask=None, padding=None, memory_mask=None, memory_padding=None, d=8, heads=2, ff=6, **o):
    o = options_of(**o)
    m = nn.TransformerDecoderLayer(d, heads, ff, 0.0, **o)
    set_params(m)
    ins = [leaf(x, 50), leaf(memory, 51)]
    y = m(ins[0], ins[1], tgt_mask=mask, memory_mask=memory_mask, tgt_key_padding_mask=padding, memory_key_padding_mask=memory_padding)
    return finish({"kind": "decoder_layer", "name": name, "d": d, "heads": heads, "ff": ff, "mask": array(mask), "padding": array(padding),
                   "memory_mask": array(memory_mask), "memory_padding": array(memory_padding), **o}, y, ins, m)


def encoder(name, layers, x, padding=None, d=8, heads=2, ff=6, **o):
    o = options_of(**o)
    m = nn.TransformerEncoder(nn.TransformerEncoderLayer(d, heads, ff, 0.0, **o), layers, nn.LayerNorm(d) if o["norm_first"] else None)
    set_params(m)
    ins = [leaf(x, 50)]
    return finish({"kind": "encoder", "name": name, "layers": layers, "d": d, "heads": heads, "ff": ff, "padding": array(padding), **o},
                  m(ins[0], src_key_padding_mask=padding), ins, m)


def decoder(name, layers, x, memory, mask=None, d=8, heads=2, ff=6, **o):
    o = options_of(**o)
    m = nn.TransformerDecoder(nn.TransformerDecoderLayer(d, heads, ff, 0.0, **o), layers, nn.LayerNorm(d) if o["norm_first"] else None)
    set_params(m)
    ins = [leaf(x, 50), leaf(memory, 51)]
    return finish({"kind": "decoder", "name": name, "layers": layers, "d": d, "heads": heads, "ff": ff, "mask": array(mask), **o},
                  m(ins[0], ins[1], tgt_mask=mask), ins, m)


def transformer(name, src, tgt, d=8, heads=2, ff=6, layers=1, **o):
    o = options_of(**o)
    m = nn.Transformer(d, heads, layers, layers, ff, 0.0, **o)
    set_params(m)
    ins = [leaf(src, 50), leaf(tgt, 51)]
    mask = subsequent(tgt[1 if o["batch_first"] else 0])
    return finish({"kind": "transformer", "name": name, "layers": layers, "d": d, "heads": heads, "ff": ff, "mask": array(mask), **o},
                  m(ins[0], ins[1], tgt_mask=mask), ins, m)


def rotary(name, x, dim, offset, interleaved, base=10000.0):
    """By complex multiplication."""
    ins = [leaf(x, 50)]
    turned, rest = ins[0][..., :dim], ins[0][..., dim:]
    angle = torch.outer(torch.arange(offset, offset + x[-2]).double(), base ** (-torch.arange(0, dim, 2) / dim))
    turn = torch.polar(torch.ones_like(angle), angle)
    if interleaved:
        z = torch.complex(turned[..., 0::2], turned[..., 1::2])
        y = torch.view_as_real(z * turn).flatten(-2)
    else:
        z = torch.complex(turned[..., : dim // 2], turned[..., dim // 2:]) * turn
        y = torch.cat([z.real, z.imag], -1)
    return finish({"kind": "rotary", "name": name, "d": dim, "offset": offset, "interleaved": interleaved, "base": base}, torch.cat([y, rest], -1), ins)


def subsequent(n):
    return nn.Transformer.generate_square_subsequent_mask(n).double()


H = lambda n, h, l, e: (n, h, l, e)
square = (H(2, 2, 4, 3), H(2, 2, 4, 3), H(2, 2, 4, 3))
wide = (H(2, 2, 3, 4), H(2, 2, 5, 4), H(2, 2, 5, 2))
padding5 = torch.tensor([[0, 0, 0, 1, 1], [0, 1, 0, 0, 0]]).bool()
keep = lambda *s: ~bools(*s)
cases = [
    sdpa("plain", *square),
    sdpa("sizes differ", *wide),
    sdpa("scale", *wide, scale=0.3),
    sdpa("negative scale", *wide, scale=-0.3),
    sdpa("one query", H(2, 2, 1, 3), H(2, 2, 5, 3), H(2, 2, 5, 3)),
    sdpa("one key", H(2, 2, 3, 3), H(2, 2, 1, 3), H(2, 2, 1, 3)),
    sdpa("causal", *square, causal=True),
    sdpa("causal, more keys", *wide, causal=True),
    sdpa("causal, more queries", H(1, 2, 6, 3), H(1, 2, 4, 3), H(1, 2, 4, 3), causal=True),
    sdpa("causal, lower right", *wide, causal=True, offset=2),
    sdpa("mask (L, S)", *wide, keep=keep(3, 5)),
    sdpa("mask (N, H, L, S)", *wide, keep=keep(2, 2, 3, 5)),
    sdpa("mask (N, 1, L, S)", *wide, keep=keep(2, 1, 3, 5)),
    sdpa("padding", *wide, padding=padding5),
    sdpa("bias (L, S)", *wide, bias=(3, 5)),
    sdpa("bias (H, L, S)", *wide, bias=(2, 3, 5)),
    sdpa("bias (N, H, L, S)", *wide, bias=(2, 2, 3, 5)),
    sdpa("bias (N, 1, 1, S)", *wide, bias=(2, 1, 1, 5)),
    sdpa("bias (H, 1, S)", *wide, bias=(2, 1, 5)),
    sdpa("bias, mask, padding, causal", *wide, bias=(2, 3, 5), keep=keep(3, 5), padding=padding5, causal=True, offset=1),
    sdpa("groups of 2", H(2, 4, 3, 2), H(2, 2, 5, 2), H(2, 2, 5, 3)),
    sdpa("groups of 3, causal", H(1, 6, 4, 2), H(1, 2, 4, 2), H(1, 2, 4, 2), causal=True),
    sdpa("one key head, bias", H(2, 3, 3, 2), H(2, 1, 5, 2), H(2, 1, 5, 2), bias=(3, 3, 5)),
    sdpa("blocks", H(1, 2, 67, 3), H(1, 1, 70, 3), H(1, 1, 70, 2), causal=True, bias=(70,)),
    mha("self", 8, 2, (3, 2, 8)),
    mha("self batch first", 8, 4, (2, 3, 8), batch_first=True),
    mha("self no bias", 6, 3, (3, 2, 6), bias=False),
    mha("self per head", 8, 2, (3, 2, 8), per_head=True),
    mha("self causal", 8, 2, (4, 2, 8), mask=subsequent(4)),
    mha("self bool mask", 8, 2, (4, 2, 8), mask=bools(4, 4)),
    mha("self padding", 8, 2, (5, 2, 8), padding=padding5),
    mha("self mask of heads", 8, 2, (4, 2, 8), mask=bools(4, 4, 4)),
    mha("self added mask of heads", 8, 2, (4, 2, 8), mask=fill((4, 4, 4), 7)),
    mha("cross", 8, 2, (3, 2, 8), (5, 2, 8), padding=padding5),
    mha("cross, values apart", 8, 2, (2, 3, 8), (2, 5, 8), (2, 5, 8), batch_first=True, mask=bools(3, 5)),
    mha("kdim vdim", 8, 2, (3, 2, 8), (5, 2, 4), (5, 2, 6), kdim=4, vdim=6),
    mha("bias_k", 8, 2, (4, 2, 8), mask=bools(4, 4), add_bias_kv=True),
    mha("bias_k, zero", 8, 2, (3, 2, 8), (5, 2, 8), (5, 2, 8), padding=padding5, mask=fill((3, 5), 7), add_bias_kv=True, add_zero_attn=True),
    mha("zero", 8, 2, (2, 3, 8), add_zero_attn=True, batch_first=True),
    mha("no batch", 8, 2, (3, 8), (5, 8), (5, 8)),
    grouped("grouped", 8, 4, 2, 2, 3),
    grouped("one key head", 6, 3, 1, 2, 4),
    encoder_layer("relu", (4, 2, 8)),
    encoder_layer("gelu norm first", (4, 2, 8), activation="gelu", norm_first=True),
    encoder_layer("batch first, padding", (2, 5, 8), batch_first=True, padding=padding5),
    encoder_layer("causal, eps", (4, 2, 8), mask=subsequent(4), eps=0.1),
    encoder_layer("bool mask, padding, norm first", (5, 2, 8), mask=bools(5, 5), padding=padding5, norm_first=True),
    decoder_layer("relu", (3, 2, 8), (5, 2, 8)),
    decoder_layer("gelu norm first, causal", (3, 2, 8), (5, 2, 8), activation="gelu", norm_first=True, mask=subsequent(3)),
    decoder_layer("all masks", (2, 4, 8), (2, 5, 8), batch_first=True, mask=bools(4, 4), padding=torch.tensor([[0, 0, 0, 1], [0, 0, 1, 1]]).bool(),
                  memory_mask=bools(4, 5), memory_padding=padding5),
    encoder("two layers", 2, (4, 2, 8)),
    encoder("two layers norm first", 2, (2, 5, 8), norm_first=True, batch_first=True, padding=padding5),
    decoder("two layers", 2, (3, 2, 8), (4, 2, 8), mask=subsequent(3)),
    decoder("two layers norm first", 2, (2, 3, 8), (2, 4, 8), norm_first=True, batch_first=True, activation="gelu"),
    transformer("transformer", (4, 2, 8), (3, 2, 8)),
    transformer("transformer norm first", (2, 4, 8), (2, 3, 8), norm_first=True, batch_first=True, activation="gelu"),
    rotary("halves", (2, 2, 5, 6), 6, 0, False),
    rotary("interleaved", (2, 2, 5, 6), 6, 3, True),
    rotary("halves, part, base", (2, 3, 7), 4, 2, False, base=100.0),
    rotary("interleaved, part", (5, 5), 4, 1, True),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_attention.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
