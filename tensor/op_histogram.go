package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// HistogramConfig are the options of Histogram and HistogramAt.
type HistogramConfig struct {
	Range   *[2]float64 // first and last edge; nil: the least and the largest element
	Weights *Tensor     // what each element counts, of x's shape and dtype; nil: 1
	Density bool        // divide by the sum and the bins' widths, so that the integral is 1
}

// Histogram counts the elements of x in bins of equal width: hist (bins,) and the bins' edges (bins+1,), both of x's dtype. Bin
// i is [edges[i], edges[i+1]), the last one holds its right edge too; elements outside, and NaN in a given range, count
// nowhere. A range of no width is widened by 0.5 on both sides; without elements it is [0, 1]. float32 counts in float64. It
// reads the data, so it panics with ErrDevice on Meta; with ErrValue when bins < 1 or the range is not finite or descends.
func (x *Tensor) Histogram(bins int, cfg HistogramConfig) (hist, edges *Tensor) {
	x.checkHistogram("histogram", bins, cfg.Weights)
	lo, hi := x.binRange("histogram", cfg.Range)
	if lo == hi {
		lo, hi = lo-0.5, hi+0.5
	}
	if x.dtype == Float32 {
		edges = Of(linspaceEdges(float32(lo), float32(hi), bins))
	} else {
		edges = Of(linspaceEdges(lo, hi, bins))
	}
	return x.histogram(cpu.BinLinearExact, edges, cfg), edges.onDeviceOf(x)
}

// HistogramAt is Histogram for the given edges (bins+1,), which must ascend and have x's dtype. The range of cfg has no meaning.
func (x *Tensor) HistogramAt(edges *Tensor, cfg HistogramConfig) *Tensor {
	edges = edges.Detach().ToDevice(CPU)
	shapes := []Shape{x.shape, edges.shape}
	if edges.shape.rank != 1 || edges.Numel() < 2 {
		Fail("histogram", ErrShape, shapes, "the edges must be a vector of at least 2")
	}
	if edges.dtype != x.dtype {
		Fail("histogram", ErrDType, shapes, "the edges are %v, the input %v; convert one with To", edges.dtype, x.dtype)
	}
	x.checkHistogram("histogram", edges.Numel()-1, cfg.Weights)
	e := edges.Floats()
	for i := range e[1:] {
		if !(e[i] <= e[i+1]) {
			Fail("histogram", ErrValue, shapes, "the edges must ascend: edge %d is %v, the next %v", i, e[i], e[i+1])
		}
	}
	return x.histogram(cpu.BinSearch, edges, cfg)
}

// HistC counts the elements of x in bins of equal width from lo to hi, (bins,) of x's dtype; lo = hi stands for the range of
// the data, and a range of no width is widened by 1 on both sides. Elements outside count nowhere, hi counts in the last bin.
// Bin i of an element v is ⌊(v-lo) / (hi-lo) · bins⌋, which in rounding may differ from Histogram's. See Histogram for panics.
func (x *Tensor) HistC(bins int, lo, hi float64) *Tensor {
	x.checkHistogram("histc", bins, nil)
	var r *[2]float64
	if lo != hi {
		r = &[2]float64{lo, hi}
	}
	from, to := x.binRange("histc", r)
	if from == to {
		from, to = from-1, to+1
	}
	edges := make([]float64, bins+1) // the first and the last are read
	edges[0], edges[bins] = from, to
	return x.histogram(cpu.BinLinear, Of(edges).To(x.dtype), HistogramConfig{})
}

func (x *Tensor) checkHistogram(op string, bins int, weights *Tensor) {
	x.hasData(op)
	if !x.dtype.computes() {
		Fail(op, ErrDType, []Shape{x.shape}, "%v is not supported here; convert with To(tensor.Float32)", x.dtype)
	}
	if bins < 1 || bins >= maxSize {
		Fail(op, ErrValue, []Shape{x.shape}, "the number of bins must be positive and less than %d, not %d", maxSize, bins)
	}
	if weights != nil && (weights.shape != x.shape || weights.dtype != x.dtype) {
		Fail(op, ErrShape, []Shape{x.shape, weights.shape}, "the weights must have the input's shape and dtype, %v; they are %v", x.dtype, weights.dtype)
	}
}

// binRange returns the given range, or that of the data, in x's precision.
func (x *Tensor) binRange(op string, given *[2]float64) (lo, hi float64) {
	switch {
	case given != nil:
		if lo, hi = given[0], given[1]; lo > hi {
			Fail(op, ErrValue, []Shape{x.shape}, "the range [%v, %v] descends", lo, hi)
		}
	case x.Numel() == 0:
		return 0, 1
	default:
		lo, hi = x.Detach().Min().Item(), x.Detach().Max().Item()
	}
	if math.IsNaN(lo-hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		Fail(op, ErrValue, []Shape{x.shape}, "the range [%v, %v] is not finite", lo, hi)
	}
	return lo, hi
}

// linspaceEdges computes in PyTorch's order, from both ends.
func linspaceEdges[T Float](lo, hi T, bins int) []T {
	e := make([]T, bins+1)
	step := (hi - lo) / T(bins)
	for i := range e {
		if i < (bins+1)/2 {
			e[i] = lo + step*T(i)
		} else {
			e[i] = hi - step*T(bins-i)
		}
	}
	return e
}

// histogram counts x between edges on the CPU.
func (x *Tensor) histogram(rule cpu.BinRule, edges *Tensor, cfg HistogramConfig) *Tensor {
	hist := make([]float64, edges.Numel()-1)
	if x.dtype == Float32 {
		histogramCPU[float32](rule, edges, x, cfg.Weights, hist)
	} else {
		histogramCPU[float64](rule, edges, x, cfg.Weights, hist)
	}
	if cfg.Density {
		sum := 0.0
		for _, v := range hist {
			sum += v
		}
		e := edges.Floats()
		for i := range hist {
			hist[i] /= sum * (e[i+1] - e[i])
		}
	}
	return Of(hist).To(x.dtype).onDeviceOf(x)
}

func histogramCPU[T Float](rule cpu.BinRule, edges, x, weights *Tensor, hist []float64) {
	read := func(t *Tensor, f func([]T)) {
		if t == nil {
			f(nil)
			return
		}
		Read(t.Detach().ToDevice(CPU), f)
	}
	read(edges, func(e []T) {
		read(x, func(x []T) {
			read(weights, func(w []T) { cpu.Histogram(rule, e, x, w, hist) })
		})
	})
}
