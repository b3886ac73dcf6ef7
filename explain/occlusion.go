package explain

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// OcclusionConfig are the options of Occlusion.
type OcclusionConfig struct {
	Patch    [2]int         // height and width of what is covered; 0: a quarter of the picture's, at least 1
	Stride   [2]int         // steps between patches; 0: a quarter of the patch's, at least 1
	Baseline *tensor.Tensor // what a covered pixel shows, of a shape that broadcasts to (C, H, W); nil: zeros
	Batch    int            // pictures in a call of the model; 0: 64
}

// Occlusion returns maps (N, H, W) of how much the score falls when a patch of the picture is covered, for each pixel the mean over the
// patches that cover it (M. D. Zeiler and R. Fergus, 2014). The last patches end at the picture's edges, so that every pixel is covered. It
// needs no gradient: any model will do. It panics with ErrValue where a patch is larger than the picture, a stride larger than its patch,
// or an option negative.
func Occlusion(model nn.Layer, x *tensor.Tensor, classes []int, cfg OcclusionConfig) *tensor.Tensor {
	const op = "explain.Occlusion"
	checkPictures(op, x)
	model, x = nn.Eval(model), x.Detach()
	base := cfg.Baseline
	if base == nil {
		base = tensor.With(x.DType()).Zeros(1, 1, 1)
	}
	n, h, w := x.Dim(0), x.Dim(2), x.Dim(3)
	scores := model.Forward(x)
	classes = chosen(op, scores, classes)
	before := scoresOf(scores, classes)
	masks := patches(op, h, w, cfg, x.DType())
	batch := positive(op, "Batch", cfg.Batch, 64)
	maps := make([]*tensor.Tensor, n)
	for i := range maps {
		tensor.WithScope(func(s *tensor.Scope) {
			sum, count := s.Enter(tensor.With(x.DType()).Zeros(h*w)), tensor.With(x.DType()).Zeros(h*w)
			for from := 0; from < len(masks); from += batch {
				covered := stack(masks[from:min(from+batch, len(masks))], h, w) // (P, 1, H, W)
				p := covered.Dim(0)
				pictures := tensor.Where(covered.GtScalar(0), base, s.Enter(x.Narrow(0, i, 1)))
				drop := before.Narrow(0, i, 1).Sub(model.Forward(pictures).Select(1, classes[i])) // (P,)
				flat := covered.Reshape(p, h*w)
				sum, count = sum.Add(drop.Unsqueeze(0).MatMul(flat).Squeeze(0)), count.Add(flat.Sum(0))
			}
			maps[i] = s.Keep(sum.Div(count).Reshape(1, h, w))
		})
	}
	return tensor.Concat(0, maps...)
}

// patches returns the rectangles that are covered, one after the other.
func patches(op string, h, w int, cfg OcclusionConfig, d tensor.DType) (all []patch) {
	size := [2]int{h, w}
	var at [2][]int
	for i := range size {
		p := positive(op, "Patch", cfg.Patch[i], max(1, size[i]/4))
		stride := positive(op, "Stride", cfg.Stride[i], max(1, p/4))
		if p > size[i] || stride > p {
			tensor.Fail(op, tensor.ErrValue, nil, "a patch of %d pixels in steps of %d does not cover a picture of %d: the patch must be at most as large as the picture, and the stride as the patch", p, stride, size[i])
		}
		for from := 0; from < size[i]-p; from += stride {
			at[i] = append(at[i], from)
		}
		at[i] = append(at[i], size[i]-p)
		size[i] = p
	}
	for _, y := range at[0] {
		for _, x := range at[1] {
			all = append(all, patch{y, x, size[0], size[1], d})
		}
	}
	return all
}

type patch struct {
	y, x, h, w int
	dtype      tensor.DType
}

// stack returns pictures (P, 1, h, w) that are 1 on the patches and 0 elsewhere.
func stack(of []patch, h, w int) *tensor.Tensor {
	on := make([]float32, len(of)*h*w)
	for i, p := range of {
		for y := p.y; y < p.y+p.h; y++ {
			row := on[(i*h+y)*w:]
			for x := p.x; x < p.x+p.w; x++ {
				row[x] = 1
			}
		}
	}
	return tensor.Of(on, len(of), 1, h, w).To(of[0].dtype)
}
