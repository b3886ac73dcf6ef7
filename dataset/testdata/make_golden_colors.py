"""Writes golden_colors.json: colours changed and pictures blurred by torchvision. Run: python3 make_golden_colors.py (made with
torchvision 0.14).

Pixel k of a picture (C, H, W), counted over all of it, is (k * k % 17) / 16. All in float64; factors are those that float32 holds."""

import json
import math
import os

import torch
import torchvision.transforms.functional as F


def picture(*shape):
    return (torch.arange(math.prod(shape)) ** 2 % 17).double().reshape(shape) / 16


adjust = dict(brightness=F.adjust_brightness, contrast=F.adjust_contrast, saturation=F.adjust_saturation, hue=F.adjust_hue)
cases = [
    ((3, 5, 7), "brightness", [0, 0.25, 0.5, 1, 1.5, 2]),
    ((1, 3, 4), "brightness", [0.75, 1.25]),
    ((3, 5, 7), "contrast", [0, 0.25, 0.5, 1, 1.5, 2]),
    ((1, 3, 4), "contrast", [0.75, 1.25]),
    ((3, 5, 7), "saturation", [0, 0.25, 0.5, 1, 1.5, 2]),
    ((3, 5, 7), "hue", [-0.5, -0.375, -0.125, -0.015625, 0, 0.0625, 0.25, 0.375, 0.5]),
]
golden = dict(
    adjust=[
        dict(shape=shape, what=what, factor=f, want=adjust[what](picture(*shape), f).flatten().tolist())
        for shape, what, factors in cases
        for f in factors
    ],
    grey=[
        dict(shape=shape, channels=c, want=F.rgb_to_grayscale(picture(*shape), c).flatten().tolist())
        for shape in [(3, 5, 7), (3, 1, 1)]
        for c in (1, 3)
    ],
    blur=[
        dict(shape=shape, kernel=k, sigma=s, want=F.gaussian_blur(picture(*shape), [k, k], [s, s]).flatten().tolist())
        for shape, k, s in [((1, 4, 5), 3, 0.5), ((3, 7, 6), 5, 1.25), ((2, 4, 4), 7, 3), ((1, 3, 3), 1, 2)]
    ],
)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_colors.json"), "w") as f:
    json.dump(golden, f)
    f.write("\n")
