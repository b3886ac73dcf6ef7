"""Writes golden.json: pictures scaled and turned by PyTorch. Run: python3 make_golden.py (made with PyTorch 1.13).

Pixel k of a picture (C, H, W), counted over all of it, is (k * k) % 17. "resize" has pictures scaled by F.interpolate with
antialias=True, "affine" pictures turned clockwise by an angle in degrees and zoomed about the centre, then shifted by dy and
dx pixels, by F.grid_sample with zeros outside. All in float64."""

import json
import math
import os

import torch
import torch.nn.functional as F


def picture(*shape):
    n = math.prod(shape)
    return (torch.arange(n) ** 2 % 17).double().reshape(1, *shape)


def resize(shape, h, w):
    y = F.interpolate(picture(*shape), (h, w), mode="bilinear", align_corners=False, antialias=True)
    return dict(shape=shape, h=h, w=w, want=y.flatten().tolist())


def affine(shape, degrees, scale, dy, dx):
    _, h, w = shape
    a = math.radians(degrees)
    # In pixels about the centre: to = scale * turn * from + shift. grid_sample wants from, given to, in halves of the size.
    turn = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=torch.float64)  # (x, y), y down
    back = torch.linalg.inv(scale * turn)
    half = torch.tensor([w / 2, h / 2], dtype=torch.float64)
    shift = torch.tensor([dx, dy], dtype=torch.float64)
    theta = torch.cat([back * half[None, :] / half[:, None], (-(back @ shift) / half)[:, None]], 1)
    grid = F.affine_grid(theta[None], (1, *shape), align_corners=False)
    y = F.grid_sample(picture(*shape), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return dict(shape=shape, degrees=degrees, scale=scale, dy=dy, dx=dx, want=y.flatten().tolist())


golden = dict(
    resize=[
        resize(shape, h, w)
        for shape, sizes in [
            ((1, 4, 5), [(4, 5), (8, 10), (7, 3), (2, 2), (1, 1), (3, 11)]),
            ((3, 7, 6), [(14, 12), (5, 4), (3, 6), (7, 1), (20, 2)]),
            ((1, 1, 1), [(3, 2)]),
        ]
        for h, w in sizes
    ],
    affine=[
        affine(shape, *args)
        for shape, args in [
            ((1, 5, 5), (0, 1, 0, 0)),
            ((1, 5, 5), (90, 1, 0, 0)),
            ((2, 5, 7), (30, 1, 0, 0)),
            ((2, 5, 7), (-30, 1.25, 0.5, -1.75)),
            ((1, 6, 4), (0, 0.5, 0, 0)),
            ((1, 6, 4), (0, 1, 2, -1)),
            ((3, 4, 4), (200, 0.8, -0.3, 0.7)),
            ((1, 1, 3), (45, 1, 0, 0.5)),
        ]
    ],
)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump(golden, f)
    f.write("\n")
