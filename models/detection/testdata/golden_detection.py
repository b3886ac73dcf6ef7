"""Writes golden_detection.json: python3 golden_detection.py (made with PyTorch 1.13.0, torchvision 0.14.0). Losses, with their gradients,
proposals and detections of torchvision's SSD and Faster R-CNN, in float64, for what their heads could have said."""
import json

import torch
from torchvision.ops import box_iou
from torchvision.models.detection import _utils, roi_heads, rpn, ssd
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

torch.set_default_dtype(torch.float64)
g = torch.Generator().manual_seed(3)
SIZE, CLASSES, PICTURES = 64, 3, 3


def array(t):
    return {"shape": list(t.shape), "data": t.detach().double().flatten().tolist()}


def draw(*shape, scale=1.0):
    return (torch.randn(shape, generator=g) * scale * 64).round() / 64


def detections(d):
    return [{"boxes": array(x["boxes"]), "scores": array(x["scores"]), "classes": array(x["labels"] - 1)} for x in d]


targets = []
for n in (2, 0, 3):
    corner = torch.randint(0, 36, (n, 2), generator=g)
    side = torch.randint(10, 28, (n, 2), generator=g)
    targets.append({"boxes": torch.cat([corner, corner + side], 1).double(), "labels": torch.randint(1, CLASSES + 1, (n,), generator=g)})
out = {"size": SIZE, "targets": [{"boxes": array(t["boxes"]), "classes": array(t["labels"] - 1)} for t in targets]}
images = ImageList(torch.zeros(PICTURES, 3, SIZE, SIZE), [(SIZE, SIZE)] * PICTURES)

# SSD: two maps, of 4 x 4 and 2 x 2.
maker = DefaultBoxGenerator([[2], [2]], scales=[0.2, 0.35, 0.5])
anchors = [a.double() for a in maker(images, [torch.zeros(PICTURES, 8, 4, 4), torch.zeros(PICTURES, 8, 2, 2)])]
A = anchors[0].shape[0]
model = ssd.SSD(torch.nn.Identity(), maker, (SIZE, SIZE), CLASSES + 1, head=torch.nn.Identity(), score_thresh=0.05, nms_thresh=0.45, detections_per_img=10)
scores, offsets = draw(PICTURES, A, CLASSES + 1, scale=2).requires_grad_(), draw(PICTURES, A, 4, scale=2).requires_grad_()
matches = []
for t, a in zip(targets, anchors):
    iou = box_iou(t["boxes"], a)
    matches.append(model.proposal_matcher(iou) if iou.numel() else torch.full((A,), -1))
heads = {"bbox_regression": offsets, "cls_logits": scores}
loss = model.compute_loss(targets, heads, anchors, matches)
(loss["classification"] + 2 * loss["bbox_regression"]).backward()
out["ssd"] = {
    "anchors": array(anchors[0]), "scores": array(scores), "offsets": array(offsets), "matches": [m.tolist() for m in matches],
    "classes": loss["classification"].item(), "boxes": loss["bbox_regression"].item(), "dscores": array(scores.grad), "doffsets": array(offsets.grad),
    "found": detections(model.postprocess_detections(heads, anchors, [(SIZE, SIZE)] * PICTURES)),
}

# The proposal network: a map of 4 x 4. It samples so many that all are drawn.
network = rpn.RegionProposalNetwork(
    AnchorGenerator(((12, 24),), ((0.5, 1.0),)), torch.nn.Identity(), 0.7, 0.3, 10000, 0.5, {"training": 40, "testing": 40}, {"training": 9, "testing": 9}, 0.7)
network.eval()
anchors = [a.double() for a in network.anchor_generator(images, [torch.zeros(PICTURES, 8, 4, 4)])]
A = anchors[0].shape[0]
objectness, offsets = draw(PICTURES, A).requires_grad_(), draw(PICTURES, A, 4, scale=0.5).requires_grad_()
labels, boxes = network.assign_targets_to_anchors(anchors, targets)
cls, box = network.compute_loss(objectness.reshape(-1, 1), offsets.reshape(-1, 4), [x.double() for x in labels], list(network.box_coder.encode(boxes, anchors)))
(cls + 2 * box).backward()
decoded = network.box_coder.decode(offsets.detach().reshape(-1, 4), anchors).view(PICTURES, -1, 4)
proposals, _ = network.filter_proposals(decoded, objectness.detach().reshape(-1, 1), [(SIZE, SIZE)] * PICTURES, [A])
out["rpn"] = {
    "anchors": array(anchors[0]), "objectness": array(objectness), "offsets": array(offsets), "labels": [x.long().tolist() for x in labels],
    "loss": cls.item(), "box_loss": box.item(), "dobjectness": array(objectness.grad), "doffsets": array(offsets.grad), "proposals": [array(p) for p in proposals],
}

# The second stage, all proposals and objects drawn.
heads = roi_heads.RoIHeads(None, None, None, 0.5, 0.5, 10000, 1.0, (10.0, 10.0, 5.0, 5.0), 0.05, 0.5, 8)
heads.train()
chosen, _, labels, want = heads.select_training_samples([p.clone() for p in proposals], targets)
P = sum(len(p) for p in chosen)
scores, offsets = draw(P, CLASSES + 1).requires_grad_(), draw(P, 4 * (CLASSES + 1)).requires_grad_()
cls, box = roi_heads.fastrcnn_loss(scores, offsets, labels, want)
(cls + 2 * box).backward()
found = heads.postprocess_detections(scores.detach(), offsets.detach(), chosen, [(SIZE, SIZE)] * PICTURES)
out["rcnn"] = {
    "proposals": [array(p) for p in chosen], "labels": [x.tolist() for x in labels], "scores": array(scores), "offsets": array(offsets),
    "classes": cls.item(), "boxes": box.item(), "dscores": array(scores.grad), "doffsets": array(offsets.grad),
    "found": detections([{"boxes": b, "scores": s, "labels": l} for b, s, l in zip(*found)]),
}
with open("golden_detection.json", "w") as f:
    json.dump(out, f, separators=(",", ":"))
print({k: len(json.dumps(v)) for k, v in out.items()}, [len(d["boxes"]["data"]) // 4 for d in out["ssd"]["found"]], [len(p) for p in proposals], loss)
