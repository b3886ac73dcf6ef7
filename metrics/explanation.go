package metrics

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// PointingGame counts explanations whose largest value lies on the object (J. Zhang et al., 2016).
type PointingGame struct {
	Tolerance   int // pixels by which it may miss; 15 in the paper
	Hits, Total int
}

// Add takes a saliency map (H, W) and a mask (H, W) of the object, not 0 where it is, and reports whether its largest element, the first
// of equals, is no farther from it than Tolerance. It panics with ErrShape when the shapes do not fit and with ErrNaN on a NaN.
func (p *PointingGame) Add(saliency, mask *tensor.Tensor) bool {
	const op = "pointing_game"
	if saliency.Rank() != 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{saliency.Shape()}, "the saliency must be (H, W)")
	}
	s, m := sameShape(op, saliency, mask)
	ordered(op, "saliency", s)
	best := 0
	for i, v := range s {
		if v > s[best] {
			best = i
		}
	}
	hit, w := false, saliency.Dim(1)
	for i, v := range m {
		if v != 0 {
			hit = hit || math.Hypot(float64(i/w-best/w), float64(i%w-best%w)) <= float64(p.Tolerance)
		}
	}
	p.Total++
	if hit {
		p.Hits++
	}
	return hit
}

// Merge adds what o counted.
func (p *PointingGame) Merge(o *PointingGame) {
	p.Hits += o.Hits
	p.Total += o.Total
}

// Value returns hits/total; NaN without maps. Among classes the mean of each class's is reported.
func (p *PointingGame) Value() float64 { return float64(p.Hits) / float64(p.Total) }

// PerturbationConfig are the options of Deletion and Insertion.
type PerturbationConfig struct {
	Steps    int            // in which the pixels are changed; default one for each pixel, at most 100
	Batch    int            // images in a call of the model; default 32
	Baseline *tensor.Tensor // what a removed pixel shows: (C, H, W), such as the image blurred; default zeros
}

// PerturbationCurve is how the model's score goes as pixels change.
type PerturbationCurve struct {
	Share []float64 // of the pixels that are changed: from 0 to 1
	Score []float64
}

// AUC returns the area under the curve.
func (c PerturbationCurve) AUC() float64 { return trapezoids(c.Share, c.Score) }

// Deletion removes the pixels of an image (C, H, W) step by step, the most salient first, and returns the model's score on the way: an
// explanation is better the smaller the area (V. Petsiuk, A. Das and K. Saenko: "RISE", 2018). saliency is (H, W); of equal pixels the
// first goes first. score takes images (N, C, H, W) to the probability of the explained class, (N,). It panics with ErrShape when shapes do
// not fit and with ErrNaN on a NaN in the saliency.
func Deletion(score func(images *tensor.Tensor) *tensor.Tensor, image, saliency *tensor.Tensor, cfg PerturbationConfig) PerturbationCurve {
	return perturb("deletion", score, image, saliency, cfg, false)
}

// Insertion shows the pixels of an image step by step on the baseline, the most salient first: an explanation is better the larger the
// area. See Deletion.
func Insertion(score func(images *tensor.Tensor) *tensor.Tensor, image, saliency *tensor.Tensor, cfg PerturbationConfig) PerturbationCurve {
	return perturb("insertion", score, image, saliency, cfg, true)
}

func perturb(op string, score func(*tensor.Tensor) *tensor.Tensor, image, saliency *tensor.Tensor, cfg PerturbationConfig, insert bool) (c PerturbationCurve) {
	shapes := []tensor.Shape{image.Shape(), saliency.Shape()}
	if image.Rank() != 3 || saliency.Shape() != tensor.ShapeOf(image.Dim(1), image.Dim(2)) || saliency.Numel() == 0 {
		tensor.Fail(op, tensor.ErrShape, shapes, "the image must be (C, H, W) and the saliency (H, W), with at least one pixel")
	}
	base := cfg.Baseline
	if base == nil {
		base = tensor.ZerosLike(image)
	}
	if base.Shape() != image.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{image.Shape(), base.Shape()}, "the baseline must have the image's shape")
	}
	if cfg.Steps < 0 || cfg.Batch < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d steps in batches of %d: neither may be negative", cfg.Steps, cfg.Batch)
	}
	channels, pixels := image.Dim(0), saliency.Numel()
	steps, batch := cfg.Steps, cfg.Batch
	if steps == 0 {
		steps = min(pixels, 100)
	}
	if batch == 0 {
		batch = 32
	}
	s := saliency.Floats()
	ordered(op, "saliency", s)
	order := increasing(negated(s))

	from, to := image.Floats(), base.Floats()
	if insert {
		from, to = to, from
	}
	shape := tensor.ShapeOf(append([]int{1}, image.Shape().Dims()...)...)
	var images []*tensor.Tensor
	changed := 0
	for step := 0; step <= steps; step++ {
		until := pixels * step / steps
		for _, p := range order[changed:until] {
			for k := range channels {
				from[k*pixels+p] = to[k*pixels+p]
			}
		}
		changed = until
		images = append(images, tensor.OfShape(slices.Clone(from), shape).To(image.DType()))
		c.Share = append(c.Share, float64(until)/float64(pixels))
		if len(images) == batch || step == steps {
			out := score(tensor.Concat(0, images...))
			if out.Numel() != len(images) {
				tensor.Fail(op, tensor.ErrShape, []tensor.Shape{out.Shape()}, "the model must give one score for each of %d images", len(images))
			}
			c.Score = append(c.Score, out.Floats()...)
			images = images[:0]
		}
	}
	return c
}

func negated(x []float64) []float64 {
	r := make([]float64, len(x))
	for i, v := range x {
		r[i] = -v
	}
	return r
}
