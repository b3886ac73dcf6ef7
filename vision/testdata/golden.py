"""Writes golden.json: torchvision's operators of detection in float64, with gradients.

    python3 golden.py      (PyTorch 1.13, torchvision 0.14)

Each case has the op's name and its numbers, the inputs, of which the first diff take gradients, the results, and the gradients of
sum(w * out) by each, w[i] = round(64 cos(i)) / 64. Soft-NMS is not in torchvision; it is written here as Bodla et al. (2017) give it.
"""
import json
import math
import os

import torch
from torchvision import ops
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1)
cases = []


def array(t):
    return {"shape": list(t.shape), "data": t.detach().flatten().tolist()}


def case(op, f, *inputs, diff=0, **numbers):
    inputs = [x.clone().requires_grad_() if i < diff else x for i, x in enumerate(inputs)]
    y = f(*inputs)
    ys = y if isinstance(y, tuple) else (y,)
    c = {"op": op, **numbers, "in": [array(x) for x in inputs], "out": [array(t) for t in ys]}
    if diff:
        w = ((torch.cos(torch.arange(y.numel()).double()) * 64).round() / 64).reshape(y.shape)
        c["grads"] = [array(g) for g in torch.autograd.grad(y, inputs[:diff], w)]
    cases.append(c)


def draw(*shape):
    return (torch.rand(shape, generator=generator) * 1024).round() / 1000


def boxes(n, size=10.0, least=0.5):
    a = draw(n, 2) * size * 0.7
    return torch.cat([a, a + least + draw(n, 2) * size * 0.4], 1)


def regions(n, images, size):
    return torch.cat([torch.randint(0, images, (n, 1), generator=generator).double(), boxes(n, size)], 1)


x = draw(2, 3, 7, 9)
wild = torch.tensor([[0, -3.3, -2.2, 4.1, 3.7], [1, 5.2, 4.4, 14.9, 11.3], [0, 20, 20, 30, 30], [1, 2.5, 2.5, 2.5, 2.5], [0, 6, 5, 3, 2], [1, -40, -40, 60, 60]]).double()
for h, w, scale, rois in [(2, 2, 1, regions(4, 2, 7)), (3, 2, 0.5, regions(3, 2, 14)), (1, 1, 1, regions(2, 2, 9)), (7, 7, 1, regions(2, 2, 6)), (2, 3, 1, wild), (4, 5, 0.25, wild), (2, 2, 1, regions(0, 2, 7))]:
    case("roi_pool", lambda x: ops.roi_pool(x, rois, (h, w), scale), x, diff=1, size=[h, w], scale=scale, rois=array(rois))
for h, w, scale, rois, sampling, aligned in [
    (2, 2, 1, regions(4, 2, 7), 2, False), (2, 2, 1, regions(4, 2, 7), 2, True), (3, 2, 0.5, regions(3, 2, 14), 0, False), (3, 2, 0.5, regions(3, 2, 14), 0, True),
    (1, 1, 1, regions(2, 2, 9), 0, True), (7, 7, 1, regions(2, 2, 6), 1, True), (7, 7, 0.9, regions(2, 2, 6), 3, False), (2, 3, 1, wild, 2, False), (2, 3, 1, wild, 2, True),
    (2, 3, 1, wild, 0, False), (2, 3, 1, wild, 0, True), (4, 5, 0.25, wild, 0, True), (1, 2, 1, wild, 5, False), (2, 2, 1, regions(0, 2, 7), 2, True),
]:
    case("roi_align", lambda x: ops.roi_align(x, rois, (h, w), scale, sampling or -1, aligned), x, diff=1, size=[h, w], scale=scale, rois=array(rois), sampling=sampling, aligned=aligned)

for n, threshold, levels in [(1, 0.5, 0), (20, 0.5, 0), (20, 0.3, 0), (30, 0.1, 5), (30, 0.7, 3), (30, 0, 0), (30, 1, 4), (0, 0.5, 0)]:
    b, s = boxes(n), draw(n)
    if levels:
        s = (s * levels).round() / levels  # equal scores
    case("nms", lambda b, s: ops.nms(b, s, threshold), b, s, threshold=threshold)
    classes = torch.randint(0, 3, (n,), generator=generator)
    keep = [i for c in range(3) for i in torch.where(classes == c)[0][ops.nms(b[classes == c], s[classes == c], threshold)].tolist()]
    keep = torch.tensor(sorted(keep, key=lambda i: (-s[i].item(), i)), dtype=torch.int64)
    if not levels:
        assert keep.tolist() == ops.batched_nms(b, s, classes, threshold).tolist()
    case("batched_nms", lambda b, s, c: keep, b, s, classes, threshold=threshold)


def soft_nms(b, s, linear, threshold, sigma, least):
    s, iou, left, keep, kept = s.clone(), ops.box_iou(b, b), list(range(len(s))), [], []
    left = [i for i in left if s[i] >= least]
    while left:
        m = max(left, key=lambda i: (s[i].item(), -i))
        left.remove(m)
        keep.append(m)
        kept.append(s[m].item())
        for i in left:
            v = iou[m, i].item()
            s[i] *= (1 - v if v > threshold else 1) if linear else math.exp(-v * v / sigma)
        left = [i for i in left if s[i] >= least]
    return torch.tensor(keep, dtype=torch.int64), torch.tensor(kept)


for n, linear, threshold, sigma, least in [(20, False, 0.3, 0.5, 0.001), (20, True, 0.3, 0.5, 0.001), (25, False, 0.3, 0.1, 0.05), (25, True, 0.1, 0.5, 0.3), (0, True, 0.3, 0.5, 0.001)]:
    case("soft_nms", lambda b, s: soft_nms(b, s, linear, threshold, sigma, least), boxes(n), draw(n), linear=linear, threshold=threshold, sigma=sigma, least=least)

for n, m in [(3, 4), (1, 1), (5, 2)]:
    for op, f in [("box_iou", ops.box_iou), ("generalized_box_iou", ops.generalized_box_iou), ("distance_box_iou", ops.distance_box_iou), ("complete_box_iou", ops.complete_box_iou)]:
        case(op, f, boxes(n), boxes(m), diff=2)
for n in (1, 6):
    case("generalized_box_iou_loss", ops.generalized_box_iou_loss, boxes(n), boxes(n), diff=2)
formats = ["xyxy", "xywh", "cxcywh"]
for i, a in enumerate(formats):
    for k, b in enumerate(formats):
        case("convert", lambda x: ops.box_convert(x, a, b) * 1, boxes(4), diff=1, formats=[i, k])
case("area", ops.box_area, boxes(5), diff=1)
for h, w in [(6, 5), (3, 9)]:
    case("clip", lambda b: ops.clip_boxes_to_image(b, (h, w)), boxes(6) - 1.5, diff=1, size=[h, w])
for weights in [(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)]:
    coder = BoxCoder(weights)
    case("encode", coder.encode_single, boxes(4), boxes(4), weights=weights)
    case("decode", lambda d, b: coder.decode_single(d, b), draw(4, 4) * 2 - 1, boxes(4), diff=2, weights=weights)
    case("decode", lambda d, b: coder.decode_single(d.flatten(1), b).reshape(3, 2, 4), (draw(3, 2, 4) * 2 - 1) * 6, boxes(3), diff=2, weights=weights)

for sizes, ratios, h, w, strides in [((32, 64, 128), (0.5, 1, 2), 2, 3, (16, 16)), ((8,), (1,), 4, 1, (4, 8)), ((10, 21), (0.3, 3.5, 1), 1, 2, (7, 5)), ((16,), (1, 2), 0, 3, (4, 4))]:
    a = AnchorGenerator((sizes,), (ratios,))
    image = torch.zeros(1, 3, strides[0] * h, strides[1] * w)
    cell = a.generate_anchors(sizes, ratios, torch.float64)
    case("cell_anchors", lambda: cell, sizes=sizes, ratios=ratios)
    if h:
        case("grid_anchors", lambda c: a(ImageList(image, [tuple(image.shape[2:])]), [torch.zeros(1, 1, h, w)])[0], cell, size=[h, w], strides=strides)
for ratios, maps, image, more in [
    ([[2], [2, 3]], [(2, 3), (1, 2)], (30, 40), {}), ([[2]], [(2, 2)], (10, 10), {}), ([[], [3]], [(1, 1), (2, 1)], (12, 20), {"scales": [0.3, 0.8, 1.1]}),
    ([[2, 3]], [(3, 2)], (24, 16), {"steps": [8]}), ([[4], [2]], [(1, 2), (1, 1)], (16, 32), {"scales": [0.7, 0.9, 1.2], "clip": False}),
]:
    d = DefaultBoxGenerator(ratios, **more)
    case("default_boxes", lambda: d(ImageList(torch.zeros(1, 3, *image), [image]), [torch.zeros(1, 1, *m) for m in maps])[0], ratios=ratios, maps=maps, size=image, **more)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
