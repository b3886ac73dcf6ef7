package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// columnStrip is the number of neighbouring columns that one worker has at a time, and columnLeast from how many on columns are
// walked side by side instead of being copied out.
const (
	columnStrip = 256
	columnLeast = 16
)

// columnKernels are loops over parts of neighbouring columns.
type columnKernels struct {
	sub, mul, max, exp kernel[float32]
	addRows            func(acc []float64, x []float32, rows, stride int)
}

// columnsOf returns the kernels for columns of r, nil where rows are better or there are none for T.
func columnsOf[T Float](r Rows) *columnKernels {
	k := vectors[T]()
	if k == nil || k.addRows == nil || r.Inner < columnLeast || r.N == 0 {
		return nil
	}
	of := kernelOf[float32]
	return &columnKernels{of(Sub), of(Mul), of(Max), of(Exp), k.addRows}
}

// each calls f with where each strip of columns begins and its width, an accumulator of zeros and two buffers for it.
func (k *columnKernels) each(r Rows, f func(at int, sums []float64, a, b []float32)) {
	width := min(columnStrip, r.Inner)
	strips := (r.Inner + width - 1) / width
	parallel.For(r.Outer*strips, max(1, grainCostly/(width*r.N)), func(lo, hi int) {
		sums, buf := make([]float64, width), make([]float32, 2*width)
		for t := lo; t < hi; t++ {
			c := t % strips * width
			w := min(width, r.Inner-c)
			clear(sums)
			f(t/strips*r.N*r.Inner+c, sums[:w], buf[:w], buf[width:width+w])
		}
	})
}

// softmax is Softmax, or LogSoftmax, for columns.
func (k *columnKernels) softmax(r Rows, log bool, x, y []float32) {
	var none Pointwise
	k.each(r, func(at int, sums []float64, top, scale []float32) {
		row := func(x []float32, i int) []float32 { return x[at+i*r.Inner:][:len(sums)] }
		copy(top, row(x, 0))
		for i := 1; i < r.N; i++ {
			k.max(top, top, row(x, i), nil, none)
		}
		for i := range r.N {
			d := row(y, i)
			k.sub(d, row(x, i), top, nil, none)
			e := d
			if log { // the difference stays
				e = scale
			}
			k.exp(e, d, nil, nil, none)
			k.addRows(sums, e, 1, len(e))
		}
		last := k.mul
		for i, s := range sums {
			scale[i] = float32(1 / s)
		}
		if log {
			last = k.sub
			for i, s := range sums {
				scale[i] = float32(math.Log(s))
			}
		}
		for i := range r.N {
			last(row(y, i), row(y, i), scale, nil, none)
		}
	})
}

// softmaxGrad is SoftmaxGrad for columns.
func (k *columnKernels) softmaxGrad(r Rows, dy, y, dx []float32) {
	var none Pointwise
	k.each(r, func(at int, sums []float64, sum, _ []float32) {
		row := func(x []float32, i int) []float32 { return x[at+i*r.Inner:][:len(sums)] }
		for i := range r.N {
			k.mul(sum, row(dy, i), row(y, i), nil, none)
			k.addRows(sums, sum, 1, len(sum))
		}
		for i, s := range sums {
			sum[i] = float32(s)
		}
		for i := range r.N {
			k.sub(row(dx, i), row(dy, i), sum, nil, none)
			k.mul(row(dx, i), row(dx, i), row(y, i), nil, none)
		}
	})
}

// logSoftmaxGrad is LogSoftmaxGrad for columns.
func (k *columnKernels) logSoftmaxGrad(r Rows, dy, y, dx []float32) {
	var none Pointwise
	k.each(r, func(at int, sums []float64, sum, e []float32) {
		row := func(x []float32, i int) []float32 { return x[at+i*r.Inner:][:len(sums)] }
		k.addRows(sums, dy[at:at+(r.N-1)*r.Inner+len(sums)], r.N, r.Inner)
		for i, s := range sums {
			sum[i] = float32(s)
		}
		for i := range r.N {
			k.exp(e, row(y, i), nil, nil, none)
			k.mul(e, e, sum, nil, none)
			k.sub(row(dx, i), row(dy, i), e, nil, none)
		}
	})
}
