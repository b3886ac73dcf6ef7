// Package vision holds the operators of object detection, boxes and their overlaps, anchors, suppression of duplicates, and pooling
// of regions of interest, and classical filters of pictures.
//
// Boxes are rows of a tensor (N, 4), by default (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2. Results that depend on scores,
// such as NMS, are Int64 indices to be used with IndexSelect. Names and results are torchvision's.
package vision
