package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// What MatchAnchors gives anchors that have no box.
const (
	Background int64 = -1 // nothing is there
	Between    int64 = -2 // too much for background and too little for an object: not to be trained on
)

// MatchConfig are the options of MatchAnchors.
type MatchConfig struct {
	High float64 // an anchor with at least this intersection over union with a box is its; 0: 0.5
	Low  float64 // below, an anchor is background; 0: High, so that none lies between
	// BestOfBox also keeps for every box that anchors overlap those that overlap it most, all that are equal, however little: they get the
	// box that they overlap most themselves, which may be another (Ren et al., Faster R-CNN, 2015).
	BestOfBox bool
	// ForceBest gives every box the first of the anchors that overlap it most, whatever box that would be given otherwise; of boxes with the
	// same best anchor the last gets it (Liu et al., SSD, 2016).
	ForceBest bool
}

// MatchAnchors assigns to each anchor (A, 4) the box (G, 4) that it overlaps most, the first of equals: its index (A), Int64, or Background
// or Between. Without boxes all is background. It panics with ErrShape or ErrDType on other inputs, with ErrValue on thresholds that are not
// 0 <= Low <= High <= 1.
func MatchAnchors(anchors, boxes *tensor.Tensor, cfg MatchConfig) *tensor.Tensor {
	const op = "match_anchors"
	checkPair(op, anchors, boxes, false)
	if cfg.High == 0 {
		cfg.High = 0.5
	}
	if cfg.Low == 0 {
		cfg.Low = cfg.High
	}
	if !(cfg.Low >= 0 && cfg.Low <= cfg.High && cfg.High <= 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "the thresholds %v and %v must be 0 <= Low <= High <= 1", cfg.Low, cfg.High)
	}
	a, b := cornersOf(anchors), cornersOf(boxes)
	match := make([]int64, len(a))
	nearest, overlap := make([]int64, len(a)), make([]float64, len(a)) // of each anchor
	iou := make([][]float64, len(b))
	for j := range b {
		iou[j] = make([]float64, len(a))
		for i := range a {
			if v := a[i].iou(b[j]); v > 0 { // not NaN, of two without area
				iou[j][i] = v
			}
			if j == 0 || iou[j][i] > overlap[i] {
				nearest[i], overlap[i] = int64(j), iou[j][i]
			}
		}
	}
	for i := range a {
		switch {
		case len(b) == 0 || overlap[i] < cfg.Low:
			match[i] = Background
		case overlap[i] < cfg.High:
			match[i] = Between
		default:
			match[i] = nearest[i]
		}
	}
	for j := range b {
		best, first := math.Inf(-1), -1
		for i, v := range iou[j] {
			if v > best {
				best, first = v, i
			}
		}
		if cfg.BestOfBox && best > 0 {
			for i, v := range iou[j] {
				if v == best {
					match[i] = nearest[i]
				}
			}
		}
		if cfg.ForceBest && first >= 0 {
			match[first] = int64(j)
		}
	}
	return tensor.OfShape(match, tensor.ShapeOf(len(match)))
}

func cornersOf(boxes *tensor.Tensor) []corners {
	v := boxes.Detach().Floats()
	b := make([]corners, len(v)/4)
	for i := range b {
		b[i] = corners(v[4*i : 4*i+4])
	}
	return b
}
