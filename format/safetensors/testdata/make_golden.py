"""Writes golden.json: safetensors files put together from the description of the format (README.md of
huggingface/safetensors) and the values in them. Run: python3 make_golden.py (made with Python 3.11, NumPy 1.24.2).

Where Python has the safetensors package, it must write the same bytes. Files and data are hex."""

import json
import random
import struct

import numpy as np

try:
    import safetensors.numpy as reference
except ImportError:
    reference = None

# In increasing order of alignment, as the reference has them; files are in decreasing order, then by name.
ORDER = ("BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16 BF16 I32 U32 F32 C64 F64 "
         "I64 U64").split()
NUMPY = dict(BOOL="?", U8="u1", I8="i1", I16="<i2", U16="<u2", F16="<f2", I32="<i4", U32="<u4", F32="<f4", C64="<c8", F64="<f8",
             I64="<i8", U64="<u8")
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BF16": 16, **{d: 8 for d in ORDER if d.startswith("F8")},
        **{d: np.dtype(t).itemsize * 8 for d, t in NUMPY.items()}}
rng = np.random.default_rng(1)


def tensor(name, dtype, shape):
    n = int(np.prod(shape, dtype=int)) * BITS[dtype] // 8
    data = bytes(rng.integers(0, 2, n, dtype=np.uint8)) if dtype == "BOOL" else rng.bytes(n)
    return dict(name=name, dtype=dtype, shape=list(shape), data=data)


def encode(tensors, metadata):
    header, body = {}, b""
    if metadata is not None:
        header["__metadata__"] = dict(sorted(metadata.items()))
    for t in sorted(tensors, key=lambda t: (-ORDER.index(t["dtype"]), t["name"].encode())):
        header[t["name"]] = dict(dtype=t["dtype"], shape=t["shape"], data_offsets=[len(body), len(body) + len(t["data"])])
        body += t["data"]
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


cases = []


def case(name, tensors, metadata=None):
    random.Random(len(cases)).shuffle(tensors)
    file = encode(tensors, metadata)
    if reference and all(t["dtype"] in NUMPY for t in tensors) and len(metadata or {}) <= 1:
        arrays = {t["name"]: np.frombuffer(t["data"], NUMPY[t["dtype"]]).reshape(t["shape"]) for t in tensors}
        assert reference.save(arrays, metadata) == file, name
    cases.append(dict(name=name, metadata=metadata, file=file.hex(), tensors=[{**t, "data": t["data"].hex()} for t in tensors]))


case("no tensors", [])
case("metadata only", [], {"framework": "pt"})
case("empty metadata", [tensor("a", "F32", (1,))], {})
case("all types", [tensor(f"{i * 7 % 22:02}.{d}", d, (2, 4)) for i, d in enumerate(ORDER)])
case("same type, order by name", [tensor(n, "F32", (2,)) for n in ["b", "a", "a.b", "B", "aa", "", "é", "~", "10", "9"]])
case("shapes", [tensor(str(i), "I16", s) for i, s in enumerate([(), (0,), (1,), (3, 0, 2), (2, 3, 4), (1,) * 20])])
case("escapes", [tensor('q"b\\s/l\n\r\t\b\f\x00\x1f\x7f<>&\u2028é\U0001f600', "U8", (1,))],
     {'k"\\\n': "v\x01\u2029&", "": "", "format": "pt"})
case("PyTorch names", [tensor(n, d, s) for n, d, s in [
    ("conv1.weight", "F32", (6, 1, 5, 5)), ("conv1.bias", "F32", (6,)), ("bn.num_batches_tracked", "I64", ()),
    ("mask", "BOOL", (3,)), ("half", "F16", (3, 3)), ("brain", "BF16", (5,))]], {"format": "pt"})
with open("golden.json", "w") as f:
    json.dump(cases, f, indent=0)
    f.write("\n")
