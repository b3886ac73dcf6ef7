"""Prints testdata/golden.json: the documented algorithms of package random, written a second time from the papers.

Python's float is an IEEE 754 double and CPython never fuses a product with a sum, so every number here is rounded as the
package promises. Philox itself is checked against the authors' vectors in the Go test.

    python3 golden.py > golden.json
"""

import hashlib
import json
import math
import struct

M32, M64 = 2**32 - 1, 2**64 - 1


def philox(lo, hi, index):
    """Philox4x32-10 of the counter (index, hi) under the key lo: four words."""
    c = [index & M32, index >> 32, hi & M32, hi >> 32]
    k = [lo & M32, lo >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def log(u):
    m, e = math.frexp(u)  # m in [1/2, 1)
    if m < 0.7071067811865476:
        m, e = 2 * m, e - 1
    s = (m - 1) / (m + 1)
    z = s * s
    p = 0.0
    for n in range(21, 1, -2):
        p = p * z + 1 / n
    s *= 2
    return e * 0.6931471805599453 + (s + s * (p * z))


def cos_sin(angle):
    q = ((angle + 2**61) & M64) >> 62
    r = (angle - (q << 62)) & M64
    r -= 2**64 if r >= 2**63 else 0
    x = float(r) * (6.283185307179586 * 2.0**-64)
    z = x * x
    ps = pc = 0.0
    for n in range(8, 0, -1):
        ps = ps * z + (-1) ** n / math.factorial(2 * n + 1)
        pc = pc * z + (-1) ** n / math.factorial(2 * n)
    s, c = x + x * (ps * z), 1 + pc * z
    return [(c, s), (-s, c), (-c, -s), (s, -c)][q]


def box_muller(u, angle):
    r = math.sqrt(-2 * log(u))
    c, s = cos_sin(angle)
    return [r * c, r * s]


def element_words(lo, hi, n):
    return [w for i in range((n + 3) // 4) for w in philox(lo, hi, i)][:n]


def element_words64(lo, hi, n):
    w = element_words(lo, hi, 2 * n)
    return [w[2 * i] | w[2 * i + 1] << 32 for i in range(n)]


def normal32(lo, hi, n):
    w = element_words(lo, hi, n)
    return [z for i in range(0, n, 2) for z in box_muller((w[i] + 0.5) * 2.0**-32, w[i + 1] << 32)]


def normal64(lo, hi, n):
    w = element_words64(lo, hi, n)
    return [z for i in range(0, n, 2) for z in box_muller(((w[i] >> 12) + 0.5) * 2.0**-52, w[i + 1])]


def permutation(lo, hi, n):
    p = list(range(n))
    for i, x in enumerate(element_words64(lo, hi, n)):
        j = x * (i + 1) >> 64
        p[i], p[j] = p[j], p[i]
    return p


def key(lo, hi, index):
    w = philox(lo, hi, index)
    return w[0] | w[1] << 32, w[2] | w[3] << 32  # lo, hi


def fold_in(lo, hi, i):
    return key(*key(lo, hi, M64), i)


def text(k):
    return "%016x%016x" % (k[1], k[0])


def digest(fmt, xs):
    return hashlib.sha256(struct.pack("<%d%s" % (len(xs), fmt), *xs)).hexdigest()


N = 10000
LO, HI = 0x0123456789ABCDEF, 0xFEDCBA9876543210
P = 0.3
words, words64 = element_words(LO, HI, N), element_words64(LO, HI, N)
span = 6 + 7**20
print(json.dumps({
    "key": text((LO, HI)),
    "n": N,
    "uint32": digest("I", words),
    "uint64": digest("Q", words64),
    "uniform32": digest("f", [(w >> 8) / 2**24 for w in words]),
    "uniform64": digest("d", [(w >> 11) / 2**53 for w in words64]),
    "normal32": digest("f", normal32(LO, HI, N)),
    "normal64": digest("d", normal64(LO, HI, N)),
    "normal64_first": normal64(LO, HI, 4),
    "bernoulli_0.3": digest("B", [int(w < round(P * 2**32)) for w in words]),
    "randint64_-6_7**20": digest("q", [-6 + (w * span >> 64) for w in words64]),
    "permutation_10": permutation(LO, HI, 10),
    "permutation": digest("q", permutation(LO, HI, N)),
    "next_of_seed_7": [text(key(7, 0, 1 << 62 | i)) for i in range(3)],
    "draws_of_seed_7": [str(key(7, 0, 3 << 62 | i)[0]) for i in range(3)],
    "split_of_seed_7_next": text(key(*key(7, 0, 2 << 62), 1 << 62)),
    "key_at_7_1_2": text(fold_in(*fold_in(7, 0, 1), 2)),
}, indent=1))
