package vision_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
	"pgregory.net/rapid"
)

// poolRegions is the reference of ROIPool, from Girshick's definition.
func poolRegions(h, w int, scale float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, rois := in[0], in[1]
		return []optest.Array{optest.Build([]int{rois.Shape[0], x.Shape[1], h, w}, func(at []int) float64 {
			side := func(i, cells, cell, size int) (lo, hi int) {
				start, end := math.Round(rois.At(at[0], i)*scale), math.Round(rois.At(at[0], i+2)*scale)
				n := max(end-start+1, 1)
				lo = int(start + math.Floor(float64(cell)*n/float64(cells)))
				hi = int(start + math.Ceil(float64(cell+1)*n/float64(cells)))
				return min(max(lo, 0), size), min(max(hi, 0), size)
			}
			left, right := side(1, w, at[3], x.Shape[3])
			top, bottom := side(2, h, at[2], x.Shape[2])
			best := math.Inf(-1)
			for i := top; i < bottom; i++ {
				for j := left; j < right; j++ {
					best = max(best, x.At(int(rois.At(at[0], 0)), at[1], i, j))
				}
			}
			if left >= right || top >= bottom {
				return 0
			}
			return best
		})}
	}
}

// alignRegions is the reference of ROIAlign: the mean of the samples of a cell one by one.
func alignRegions(h, w int, cfg vision.ROIAlignConfig) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, rois := in[0], in[1]
		scale := cfg.Scale
		if scale == 0 {
			scale = 1
		}
		return []optest.Array{optest.Build([]int{rois.Shape[0], x.Shape[1], h, w}, func(at []int) float64 {
			samples := func(i, cells, cell int) (p []float64) {
				a, b := rois.At(at[0], i)*scale, rois.At(at[0], i+2)*scale
				size := b - a
				if cfg.Aligned {
					a -= 0.5
				} else {
					size = max(size, 1)
				}
				bin := size / float64(cells)
				n := cfg.Sampling
				if n == 0 {
					n = int(math.Ceil(bin))
				}
				for k := range n {
					p = append(p, a+(float64(cell)+(float64(k)+0.5)/float64(n))*bin)
				}
				return p
			}
			value := func(i, j float64) float64 {
				H, W := float64(x.Shape[2]), float64(x.Shape[3])
				if i < -1 || i > H || j < -1 || j > W {
					return 0
				}
				i, j = min(max(i, 0), H-1), min(max(j, 0), W-1)
				read := func(i, j float64) float64 {
					return x.At(int(rois.At(at[0], 0)), at[1], int(min(i, H-1)), int(min(j, W-1)))
				}
				a, b := math.Floor(i), math.Floor(j)
				u, v := i-a, j-b
				return (1-u)*((1-v)*read(a, b)+v*read(a, b+1)) + u*((1-v)*read(a+1, b)+v*read(a+1, b+1))
			}
			rows, cols := samples(2, h, at[2]), samples(1, w, at[3])
			sum := 0.0
			for _, i := range rows {
				for _, j := range cols {
					sum += value(i, j)
				}
			}
			return sum / float64(max(1, len(rows)*len(cols)))
		})}
	}
}

// regionValues are regions in, across, around and outside images of 5 x 6, and one without area; exact in float32.
var regionValues = []float64{
	0, 0.75, 1.25, 3.5, 4.25,
	1, -2.25, -1.5, 2.25, 3.75,
	0, -9.5, -7.25, 15.75, 20.5,
	1, 12.5, 13.25, 14.75, 19.5,
	1, 2.25, 3.25, 2.25, 3.25,
	0, 3.25, 2.75, 1.5, 0.25,
}

func TestROI(t *testing.T) {
	var cases []optest.Case
	add := func(op, name string, x, rois optest.Input, f func(in tensors) tensors, want func([]optest.Array) []optest.Array) {
		cases = append(cases, optest.Case{Op: op, Name: name, In: []optest.Input{x, rois}, F: f, Want: want})
	}
	image := optest.Input{Shape: []int{2, 2, 5, 6}}
	rois := optest.Input{Shape: []int{6, 5}, Values: regionValues, Fixed: true}
	both := func(name string, x, rois optest.Input, h, w int, cfg vision.ROIAlignConfig) {
		add("vision.roiAlignOp", fmt.Sprint(name, " ", cfg), x, rois, func(in tensors) tensors { return tensors{vision.ROIAlign(in[0], in[1], h, w, cfg)} }, alignRegions(h, w, cfg))
		if scale := max(cfg.Scale, 0); scale > 0 {
			add("vision.roiPoolOp", fmt.Sprint(name, " ", cfg), x, rois, func(in tensors) tensors { return tensors{vision.ROIPool(in[0], in[1], h, w, scale)} }, poolRegions(h, w, scale))
		}
	}
	both("2x3", image, rois, 2, 3, vision.ROIAlignConfig{Scale: 1})
	both("3x1", image, rois, 3, 1, vision.ROIAlignConfig{Scale: 0.5, Aligned: true})
	both("1x1", image, rois, 1, 1, vision.ROIAlignConfig{Sampling: 2})
	both("2x2", image, rois, 2, 2, vision.ROIAlignConfig{Sampling: 3, Aligned: true})
	both("one element", optest.Input{Shape: []int{1, 1, 1, 1}}, optest.Input{Shape: []int{1, 5}, Values: []float64{0, 0, 0, 1, 1}, Fixed: true}, 1, 1, vision.ROIAlignConfig{Scale: 1})
	both("no regions", image, optest.Input{Shape: []int{0, 5}, Fixed: true}, 2, 2, vision.ROIAlignConfig{Scale: 1})
	both("no channels", optest.Input{Shape: []int{2, 0, 5, 6}}, rois, 2, 2, vision.ROIAlignConfig{Scale: 1})
	both("many channels", optest.Input{Shape: []int{2, 19, 2, 3}}, rois, 2, 1, vision.ROIAlignConfig{Scale: 1})
	optest.Run(t, cases)
}

// TestROIHuge checks that a region far larger than the image costs no more than the image.
func TestROIHuge(t *testing.T) {
	x := tensor.Ones(1, 1, 4, 4)
	rois := tensor.Of([]float32{0, -1e30, -1e30, 1e30, 1e30}, 1, 5)
	if y := vision.ROIAlign(x, rois, 2, 2, vision.ROIAlignConfig{}); y.Shape() != tensor.ShapeOf(1, 1, 2, 2) {
		t.Error(y)
	}
	if y := vision.ROIPool(x, rois, 2, 2, 1).Sum().Item(); y != 4 {
		t.Errorf("the maxima of ones around the centre add up to %v, want 4", y)
	}
}

func TestROIProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		dims := []int{rapid.IntRange(1, 2).Draw(r, "n"), rapid.IntRange(1, 10).Draw(r, "c"), rapid.IntRange(1, 6).Draw(r, "h"), rapid.IntRange(1, 6).Draw(r, "w")}
		k, h, w := rapid.IntRange(0, 4).Draw(r, "regions"), rapid.IntRange(1, 4).Draw(r, "rows"), rapid.IntRange(1, 4).Draw(r, "columns")
		cfg := vision.ROIAlignConfig{Scale: rapid.SampledFrom([]float64{0.25, 1, 2}).Draw(r, "scale"), Sampling: rapid.IntRange(0, 3).Draw(r, "sampling"), Aligned: rapid.Bool().Draw(r, "aligned")}
		x := tensor.With(tensor.Float64).Randn(g, dims...)
		image := tensor.RandInt(g, 0, int64(dims[0]), k, 1).To(tensor.Float64)
		// Any numbers: on a coarse grid a sample falls on the border, where the value jumps, and rounding would decide.
		ends := tensor.With(tensor.Float64).Rand(g, k, 4).MulScalar(10).SubScalar(2)
		rois := tensor.Concat(1, image, ends)
		in := []optest.Array{{Shape: dims, Data: x.Floats()}, {Shape: []int{k, 5}, Data: rois.Floats()}}
		for name, c := range map[string]struct{ got, want []float64 }{
			"align": {vision.ROIAlign(x, rois, h, w, cfg).Floats(), alignRegions(h, w, cfg)(in)[0].Data},
			"pool":  {vision.ROIPool(x, rois, h, w, cfg.Scale).Floats(), poolRegions(h, w, cfg.Scale)(in)[0].Data},
		} {
			for i := range c.want {
				if math.Abs(c.got[i]-c.want[i]) > 1e-10 {
					r.Fatalf("%s: element %d is %v, want %v", name, i, c.got[i], c.want[i])
				}
			}
		}
	})
}

func TestROIBadArguments(t *testing.T) {
	x, rois := tensor.Zeros(2, 3, 4, 5), tensor.Zeros(6, 5)
	for op, f := range map[string]func(x, rois *tensor.Tensor, h, w int, scale float64){
		"roi_pool": func(x, rois *tensor.Tensor, h, w int, scale float64) { vision.ROIPool(x, rois, h, w, scale) },
		"roi_align": func(x, rois *tensor.Tensor, h, w int, scale float64) {
			vision.ROIAlign(x, rois, h, w, vision.ROIAlignConfig{Scale: scale})
		},
	} {
		use := func(x, rois *tensor.Tensor, h, w int, scale float64) func() {
			return func() { f(x, rois, h, w, scale) }
		}
		refuses(t, tensor.ErrShape, op+" (3, 4, 5), (6, 5): the input must be (N, C, H, W)", use(x.Select(0, 0), rois, 2, 2, 1))
		refuses(t, tensor.ErrShape, "the regions must be (K, 5)", use(x, tensor.Zeros(6, 4), 2, 2, 1))
		refuses(t, tensor.ErrShape, "the regions must be (K, 5)", use(x, tensor.Zeros(5), 2, 2, 1))
		refuses(t, tensor.ErrShape, "sizes must be positive", use(tensor.Zeros(1, 1, 0, 3), rois, 2, 2, 1))
		refuses(t, tensor.ErrValue, "the output sizes (0, 2)", use(x, rois, 0, 2, 1))
		refuses(t, tensor.ErrValue, "the scale -1", use(x, rois, 2, 2, -1))
		refuses(t, tensor.ErrValue, "the scale NaN", use(x, rois, 2, 2, math.NaN()))
		refuses(t, tensor.ErrDType, "convert one with To", use(x, rois.To(tensor.Float64), 2, 2, 1))
		refuses(t, tensor.ErrIndex, "region 1 is of image 2; there are 2", use(x, tensor.Of([]float32{0, 0, 0, 1, 1, 2, 0, 0, 1, 1}, 2, 5), 2, 2, 1))
		refuses(t, tensor.ErrIndex, "region 0 is of image 0.5", use(x, tensor.Of([]float32{0.5, 0, 0, 1, 1}, 1, 5), 2, 2, 1))
		refuses(t, tensor.ErrValue, "coordinate 2 of region 0 is NaN", use(x, tensor.Of([]float32{0, 0, 0, float32(math.NaN()), 1}, 1, 5), 2, 2, 1))
	}
	refuses(t, tensor.ErrValue, "the sampling ratio -1", func() { vision.ROIAlign(x, rois, 2, 2, vision.ROIAlignConfig{Sampling: -1}) })
}
