"""Writes golden.json: idx files put together by NumPy and struct from the description at the MNIST page, and the values in
them. Run: python3 make_golden.py (made with NumPy 1.24.2, Python 3.11). Files and elements (C order, little endian) are hex."""

import gzip
import json
import struct

import numpy as np

rng = np.random.default_rng(1)
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
cases = []
for code, dtype in TYPES.items():
    for shape in [(), (0,), (5,), (2, 3), (2, 0, 3), (2, 3, 4), (1,) * 30]:
        n = int(np.prod(shape, dtype=int))
        a = np.frombuffer(rng.bytes(n * int(dtype[1])), "<" + dtype).reshape(shape)
        big = a.view("<u" + dtype[1]).astype(">u" + dtype[1])  # as bits: every NaN stays what it is
        file = struct.pack(">HBB", 0, code, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + big.tobytes()
        cases.append(dict(type=code, shape=list(shape), data=a.tobytes().hex(), file=file.hex(), gzip=gzip.compress(file, mtime=0).hex()))
with open("golden.json", "w") as f:
    json.dump(cases, f, indent=0)
    f.write("\n")
