"""Writes golden.json: files that NumPy made, and the values in them. Run: python3 make_golden.py (made with NumPy 1.24.2).

Each case of "npy" has the file, the dtype, the shape and the elements in C order, little endian (files and elements as hex).
"canonical" says that numpy.save would write the same bytes for these elements. "npz" has archives, each with its arrays."""

import io
import json
import warnings

import numpy as np

warnings.simplefilter("ignore")
DTYPES = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split()
rng = np.random.default_rng(1)


def values(dtype, shape):
    n = int(np.prod(shape, dtype=int))
    if dtype == "b1":
        return rng.integers(0, 2, n).astype("?").reshape(shape)
    if dtype[0] == "f":
        a = rng.standard_normal(n).astype("<" + dtype)
        a[:3] = [np.nan, -np.inf, -0.0][: len(a[:3])]
        return a.reshape(shape)
    return np.frombuffer(rng.bytes(n * int(dtype[1])), "<" + dtype).reshape(shape)


def hexed(a, dtype):
    order = "|" if dtype[1] == "1" else "<"
    return a.astype(order + dtype).tobytes("C").hex()


def npy(a, version=None):
    f = io.BytesIO()
    np.lib.format.write_array(f, a, version=version)
    return f.getvalue()


cases = []


def case(name, file, a, dtype, canonical):
    cases.append(dict(name=name, file=file.hex(), dtype=dtype, shape=list(a.shape), data=hexed(a, dtype), canonical=canonical))


for dtype in DTYPES:
    for order in "<>":
        for layout in "CF":
            a = values(dtype, (2, 3))
            stored = np.array(a.astype(order + dtype), order=layout)
            case(f"{order}{dtype} {layout}", npy(stored), a, dtype, layout == "C" and (order == "<" or dtype[1] == "1"))
for shape in [(), (0,), (1,), (5,), (3, 0, 2), (1, 1, 1), (2, 3, 4), (4, 1, 3, 2), (123456789, 0)]:
    for layout in "CF":
        a = values("i2", shape)
        file = npy(np.array(a, order=layout))
        case(f"{shape} {layout}", file, a, "i2", b"'fortran_order': False" in file)
for version in [(1, 0), (2, 0), (3, 0)]:
    a = values("f4", (3, 2))
    case(f"version {version}", npy(a, version), a, "f4", version == (1, 0))

archives = []
for name, save, arrays in [
    ("savez", np.savez, dict(w=values("f4", (2, 3)), b=values("f8", ()), n=values("i8", (0, 4)))),
    ("savez_compressed", np.savez_compressed, dict(zeros=np.zeros((40, 50), "<i4"), gewöhnlich=values("u1", (7,)))),
    ("fortran", np.savez, {"a/b.c": np.asfortranarray(values("f2", (3, 4))), "big": values("i4", (2, 2)).astype(">i4")}),
    ("empty", np.savez, {}),
]:
    f = io.BytesIO()
    save(f, **arrays)
    archives.append(dict(name=name, file=f.getvalue().hex(), arrays=[
        dict(name=k, dtype=a.dtype.str[1:], shape=list(a.shape), data=hexed(a, a.dtype.str[1:])) for k, a in arrays.items()]))

objects = io.BytesIO()
np.save(objects, np.array([{}, None], dtype=object), allow_pickle=True)
records = io.BytesIO()
np.save(records, np.zeros(2, dtype=[("x", "<f4"), ("ü", "<i2")]))
refused = {"objects": objects.getvalue().hex(), "records": records.getvalue().hex(),
           **{t: npy(np.zeros(2, t)).hex() for t in ["c8", "S3", "U2", "M8[s]", "f16", "V2"]}}

with open("golden.json", "w") as f:
    json.dump(dict(npy=cases, npz=archives, refused=refused), f, indent=0)
    f.write("\n")
