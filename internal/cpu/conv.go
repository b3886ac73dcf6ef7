package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Conv is the geometry of a convolution of x (N, C, In...) with w (K, C/Groups, Kernel...) to y (N, K, Out...). Triples are
// (depth, height, width); what a convolution of fewer dimensions lacks has size, stride and dilation 1 and no padding.
//
//	y[n,k,o] = Σ_{c,t} w[k,c,t] x[n, c, o*Stride-Pad+t*Dil]      (o and t are triples)
//
// with zeros outside x. Pad counts the zeros before the first element; those after the last follow from Out.
type Conv struct {
	N, C, K, Groups  int
	In, Out, Kernel  [3]int
	Stride, Pad, Dil [3]int
	ReLU             bool // y becomes max(y, 0), NaN stays NaN; gradients are those without
}

func volume(n [3]int) int { return n[0] * n[1] * n[2] }

// taps is the number of elements of a kernel.
func (g *Conv) taps() int { return volume(g.Kernel) }

// rows is the length of the sum behind each output of a group.
func (g *Conv) rows() int { return g.C / g.Groups * g.taps() }

// pointwise reports whether the input planes are already the matrix to multiply. Those of a transposed convolution with
// output padding are larger than the outputs.
func (g *Conv) pointwise() bool {
	one := [3]int{1, 1, 1}
	return g.Kernel == one && g.Stride == one && g.Pad == [3]int{} && g.In == g.Out
}

// chunk is the number of output positions whose patches are gathered at a time: about 256 KiB of float32.
func (g *Conv) chunk() int {
	p := volume(g.Out)
	if g.pointwise() {
		return min(p, 4096)
	}
	return min(p, max(64, (1<<16)/max(1, g.rows())&^15))
}

// full reports whether each image has one output, made of all its inputs: the convolution is one product of matrices.
func (g *Conv) full() bool {
	return g.Groups == 1 && g.Kernel == g.In && g.Pad == [3]int{} && volume(g.Out) == 1 && (g.Dil == [3]int{1, 1, 1})
}

// flags is what the kernels do last.
func (g *Conv) flags() int {
	if g.ReLU {
		return tileReLU
	}
	return 0
}

// Gemm is the matrix product that convolutions are made of, GemmF32 or GemmF64.
type Gemm[T Float] func(m, n, k int, a []T, ars, acs int, b []T, brs, bcs int, c []T, ldc int, ep Epilogue[T])

// ConvForward computes y, plus bias (K) unless nil, and ReLU of that if g says so. Work is split over images, groups and output positions. float32 convolutions by
// 3x3, and by 4x4 with stride 2, are Winograd's where that is faster, as are their gradients, with errors of up to about 7e-6 of the largest output; the package
// comment names the other ways.
func ConvForward[T Float](g Conv, gemm Gemm[T], x, w, bias, y []T) {
	if volume(g.Out) == 0 || g.N == 0 || g.K == 0 {
		return
	}
	if g.full() {
		gemm(g.N, g.K, g.rows(), x, g.rows(), 1, w, 1, g.rows(), y, g.K, Epilogue[T]{ColBias: bias, ReLU: g.ReLU})
		return
	}
	if g.depthwise() {
		depthwiseForward(g, x, w, bias, y)
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesWinograd(winogradLeast) {
		winogradForward(&g, x, any(w).([]float32), any(bias).([]float32), any(y).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesPhased(3, 8) {
		phasedForward(&g, x, any(w).([]float32), any(bias).([]float32), any(y).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesLines() {
		lineForward(&g, x, any(w).([]float32), any(bias).([]float32), any(y).([]float32))
		return
	}
	if g.usesPointwise(g.C / g.Groups) {
		pointwiseForward(&g, x, w, bias, y)
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesImages(g.C) {
		imagesForward(&g, x, any(w).([]float32), any(bias).([]float32), any(y).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesDirect() {
		directForward(&g, x, any(w).([]float32), any(bias).([]float32), any(y).([]float32))
		return
	}
	convGathered(g, gemm, x, w, bias, y)
}

// convGathered is ConvForward by matrix products with patches, gathered for a few rows of the output at a time.
func convGathered[T Float](g Conv, gemm Gemm[T], x, w, bias, y []T) {
	in, p, kg, cg, rows := volume(g.In), volume(g.Out), g.K/g.Groups, g.C/g.Groups, g.rows()
	step := g.chunk()
	per := (p + step - 1) / step
	tasks := g.N * g.Groups * per
	parallel.For(tasks, taskGrain(2*kg*rows*step), func(lo, hi int) {
		buf, block := borrow[T](rows * step)
		defer block.Put()
		for t := lo; t < hi; t++ {
			n, grp, p0 := t/per/g.Groups, t/per%g.Groups, t%per*step
			np := min(step, p-p0)
			xg := x[(n*g.C+grp*cg)*in:]
			col, ld := xg, p
			if g.pointwise() {
				col = xg[p0:]
			} else {
				col, ld = buf, np
				im2col(&g, xg, col, p0, np)
			}
			ep := Epilogue[T]{ReLU: g.ReLU}
			if bias != nil {
				ep.RowBias = bias[grp*kg : (grp+1)*kg]
			}
			gemm(kg, np, rows, w[grp*kg*rows:], rows, 1, col, ld, 1, y[(n*g.K+grp*kg)*p+p0:], p, ep)
		}
	})
}

// ConvInputGrad computes dx, the transposed convolution of dy: dx[...] = Σ w dy over the outputs that each input reaches.
func ConvInputGrad[T Float](g Conv, gemm Gemm[T], dy, w, dx []T) {
	in, p, kg, cg, rows := volume(g.In), volume(g.Out), g.K/g.Groups, g.C/g.Groups, g.rows()
	if g.full() {
		gemm(g.N, rows, g.K, dy, g.K, 1, w, rows, 1, dx, rows, Epilogue[T]{})
		return
	}
	if g.depthwise() && p > 0 && in > 0 {
		depthwiseInputGrad(g, dy, w, dx)
		return
	}
	if dy, ok := any(dy).([]float32); ok && g.usesWinograd(winogradLeast) {
		winogradInputGrad(&g, dy, any(w).([]float32), any(dx).([]float32))
		return
	}
	if dy, ok := any(dy).([]float32); ok && g.usesPhased(8, 8) {
		phasedInputGrad(&g, dy, any(w).([]float32), any(dx).([]float32))
		return
	}
	if g.usesPointwise(kg) {
		pointwiseInputGrad(&g, dy, w, dx)
		return
	}
	if dy, ok := any(dy).([]float32); ok && g.usesImages(g.K) {
		imagesInputGrad(&g, dy, any(w).([]float32), any(dx).([]float32))
		return
	}
	if dy, ok := any(dy).([]float32); ok && min(in, p, g.N, kg, cg) > 0 && g.usesDirectInputGrad() {
		directInputGrad(&g, dy, any(w).([]float32), any(dx).([]float32))
		return
	}
	step := g.chunk()
	parallel.For(g.N*g.Groups, taskGrain(2*kg*rows*p), func(lo, hi int) {
		buf, block := borrow[T](rows * step)
		defer block.Put()
		for t := lo; t < hi; t++ {
			n, grp := t/g.Groups, t%g.Groups
			xg := dx[(n*g.C+grp*cg)*in : (n*g.C+(grp+1)*cg)*in]
			if !g.pointwise() {
				clear(xg)
			}
			for p0 := 0; p0 < p; p0 += step {
				np := min(step, p-p0)
				dyg := dy[(n*g.K+grp*kg)*p+p0:]
				if g.pointwise() {
					gemm(rows, np, kg, w[grp*kg*rows:], 1, rows, dyg, p, 1, xg[p0:], p, Epilogue[T]{})
					continue
				}
				gemm(rows, np, kg, w[grp*kg*rows:], 1, rows, dyg, p, 1, buf, np, Epilogue[T]{})
				col2im(&g, buf, xg, p0, np)
			}
		}
	})
}

// maxWeightParts is the size in elements that all partial sums of a weight's gradient together may have, unless it is one.
const maxWeightParts = 1 << 23

// weightGroup is the number of images whose weight gradients are summed before the partial sums, at most 16, are added up
// in order; it follows from n and the weight's size alone, so that the bits do not depend on the number of workers.
func weightGroup(n, size int) int {
	parts := min(16, max(1, maxWeightParts/max(1, size)))
	return max(8, (n+parts-1)/parts)
}

// ConvWeightGrad computes dw[k,c,t] = Σ_{n,o} dy[n,k,o] x[n,c,...].
func ConvWeightGrad[T Float](g Conv, gemm Gemm[T], x, dy, dw []T) {
	if g.N == 0 || volume(g.Out) == 0 {
		clear(dw[:g.K*g.rows()])
		return
	}
	if g.full() {
		gemm(g.K, g.rows(), g.N, dy, 1, g.K, x, g.rows(), 1, dw, g.rows(), Epilogue[T]{})
		return
	}
	if g.depthwise() {
		depthwiseWeightGrad(g, x, dy, dw)
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesWinograd(winogradLeastGrad) {
		winogradWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesPhased(3, 16) {
		phasedWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && volume(g.Out) >= pointwisePositions && g.usesPointwise(volume(g.Out)) {
		pointwiseWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesPlanes() {
		planesWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && g.usesImagesWeight() {
		imagesWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	if x, ok := any(x).([]float32); ok && min(g.K, volume(g.In)) > 0 && g.usesDirect() {
		directWeightGrad(&g, x, any(dy).([]float32), any(dw).([]float32))
		return
	}
	convWeightGathered(g, gemm, x, dy, dw)
}

// convWeightGathered is ConvWeightGrad by matrix products with patches.
func convWeightGathered[T Float](g Conv, gemm Gemm[T], x, dy, dw []T) {
	in, p, kg, cg, rows := volume(g.In), volume(g.Out), g.K/g.Groups, g.C/g.Groups, g.rows()
	size := g.K * rows
	step := min(p, max(g.chunk(), 256)) // each product goes through all of dw
	group := weightGroup(g.N, size)
	parts := (g.N + group - 1) / group
	part, block := borrow[T](parts * size)
	defer block.Put()
	parallel.For(parts*g.Groups, 1, func(lo, hi int) {
		buf, block := borrow[T](rows * step)
		defer block.Put()
		for t := lo; t < hi; t++ {
			q, grp := t/g.Groups, t%g.Groups
			out := part[q*size+grp*kg*rows:]
			first := true
			for n := q * group; n < min(g.N, (q+1)*group); n++ {
				xg := x[(n*g.C+grp*cg)*in:]
				for p0 := 0; p0 < p; p0 += step {
					np := min(step, p-p0)
					col, ld := xg, p
					if g.pointwise() {
						col = xg[p0:]
					} else {
						col, ld = buf, np
						im2col(&g, xg, col, p0, np)
					}
					gemm(kg, rows, np, dy[(n*g.K+grp*kg)*p+p0:], p, 1, col, 1, ld, out, rows, Epilogue[T]{Accumulate: !first})
					first = false
				}
			}
		}
	})
	parallel.For(size, grainCheap/parts+1, func(lo, hi int) {
		d := dw[lo:hi]
		copy(d, part[lo:hi])
		for q := 1; q < parts; q++ {
			s := part[q*size+lo : q*size+hi]
			for i := range d {
				d[i] += s[i]
			}
		}
	})
}

// taskGrain is the number of tasks of the given FLOPs that are worth waking a worker for, about 10 µs.
func taskGrain(flops int) int { return max(1, 500_000/max(1, flops)) }

// borrow takes memory for n elements of arbitrary content, for the caller to put back.
func borrow[T Float](n int) ([]T, mem.Block) {
	var z T
	b := mem.Get(max(n*int(unsafe.Sizeof(z)), mem.Least))
	return unsafe.Slice((*T)(b.Ptr()), n), b
}
