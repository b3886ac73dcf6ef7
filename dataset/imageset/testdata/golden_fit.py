"""Writes golden_fit.json: pictures scaled by PIL's Image.resize with BILINEAR.

    python3 golden_fit.py      (Pillow 9.4)

Value k of a picture (H, W, 3), counted over all of it, is (k * k + 31 * k) % 251. With crop only the largest part in the middle that has the new
proportions is scaled.
"""
import json
import os
from fractions import Fraction

from PIL import Image

out = []


def case(H, W, h, w, crop=False):
    img = Image.frombytes("RGB", (W, H), bytes((k * k + 31 * k) % 251 for k in range(3 * H * W)))
    if crop:
        side = min(Fraction(W, w), Fraction(H, h))
        left, top = (W - side * w) / 2, (H - side * h) / 2
        box = [left, top, left + side * w, top + side * h]
        assert all(v.denominator == 1 for v in box)
        img = img.crop([int(v) for v in box])
    out.append({"from": [H, W], "height": h, "width": w, "crop": crop, "want": list(img.resize((w, h), Image.BILINEAR).tobytes())})


case(9, 7, 9, 7)
case(8, 8, 4, 4)
case(23, 17, 5, 7)
case(10, 13, 9, 12)
case(40, 3, 2, 3)
case(3, 50, 4, 5)
case(4, 5, 8, 10)
case(5, 4, 12, 5)
case(1, 1, 3, 2)
case(16, 32, 5, 5, crop=True)
case(30, 20, 7, 14, crop=True)
case(6, 12, 8, 8, crop=True)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_fit.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]\n")
