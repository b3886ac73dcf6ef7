package cpu

import (
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Conv is the geometry of a two-dimensional convolution of x (N, C, H, W) with w (K, C/Groups, R, S) to y (N, K, OH, OW):
//
//	y[n,k,i,j] = Σ_{c,r,s} w[k,c,r,s] x[n, c, i*StrideH-PadH+r*DilH, j*StrideW-PadW+s*DilW]
//
// with zeros outside x.
type Conv struct {
	N, C, H, W       int
	K, R, S          int
	OH, OW           int
	StrideH, StrideW int
	PadH, PadW       int
	DilH, DilW       int
	Groups           int
}

// rows is the length of the sum behind each output of a group.
func (g *Conv) rows() int { return g.C / g.Groups * g.R * g.S }

// pointwise reports whether the input planes are already the matrix to multiply. Those of a transposed convolution with
// output padding are larger than the outputs.
func (g *Conv) pointwise() bool {
	return g.R == 1 && g.S == 1 && g.StrideH == 1 && g.StrideW == 1 && g.PadH == 0 && g.PadW == 0 && g.H == g.OH && g.W == g.OW
}

// chunk is the number of output positions whose patches are gathered at a time: about 256 KiB of float32.
func (g *Conv) chunk() int {
	p := g.OH * g.OW
	if g.pointwise() {
		return min(p, 4096)
	}
	return min(p, max(64, (1<<16)/max(1, g.rows())&^15))
}

// Gemm is the matrix product that convolutions are made of, GemmF32 or GemmF64.
type Gemm[T float32 | float64] func(m, n, k int, a []T, ars, acs int, b []T, brs, bcs int, c []T, ldc int, ep Epilogue[T])

// ConvForward computes y, plus bias (K) unless nil. Patches are gathered for a few rows of the output at a time, never
// for the whole input; work is split over images, groups and output positions.
func ConvForward[T float32 | float64](g Conv, gemm Gemm[T], x, w, bias, y []T) {
	p, kg, cg, rows := g.OH*g.OW, g.K/g.Groups, g.C/g.Groups, g.rows()
	step := g.chunk()
	if p == 0 || g.N == 0 || g.K == 0 {
		return
	}
	per := (p + step - 1) / step
	tasks := g.N * g.Groups * per
	parallel.For(tasks, taskGrain(2*kg*rows*step), func(lo, hi int) {
		buf := columns[T](rows * step)
		defer putColumns(buf)
		for t := lo; t < hi; t++ {
			n, grp, p0 := t/per/g.Groups, t/per%g.Groups, t%per*step
			np := min(step, p-p0)
			xg := x[(n*g.C+grp*cg)*g.H*g.W:]
			col, ld := xg[p0:], p
			if !g.pointwise() {
				col, ld = *buf, np
				im2col(&g, xg, col, p0, np)
			}
			ep := Epilogue[T]{}
			if bias != nil {
				ep.RowBias = bias[grp*kg : (grp+1)*kg]
			}
			gemm(kg, np, rows, w[grp*kg*rows:], rows, 1, col, ld, 1, y[(n*g.K+grp*kg)*p+p0:], p, ep)
		}
	})
}

// ConvInputGrad computes dx, the transposed convolution of dy: dx[...] = Σ w dy over the outputs that each input reaches.
func ConvInputGrad[T float32 | float64](g Conv, gemm Gemm[T], dy, w, dx []T) {
	p, kg, cg, rows := g.OH*g.OW, g.K/g.Groups, g.C/g.Groups, g.rows()
	step := g.chunk()
	hw := g.H * g.W
	parallel.For(g.N*g.Groups, taskGrain(2*kg*rows*p), func(lo, hi int) {
		buf := columns[T](rows * step)
		defer putColumns(buf)
		for t := lo; t < hi; t++ {
			n, grp := t/g.Groups, t%g.Groups
			xg := dx[(n*g.C+grp*cg)*hw : (n*g.C+(grp+1)*cg)*hw]
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
				gemm(rows, np, kg, w[grp*kg*rows:], 1, rows, dyg, p, 1, *buf, np, Epilogue[T]{})
				col2im(&g, *buf, xg, p0, np)
			}
		}
	})
}

// weightGroup is the number of images whose weight gradients are summed before the partial sums, at most 16, are added up
// in order; it follows from n alone, so that the bits do not depend on the number of workers.
func weightGroup(n int) int { return max(8, (n+15)/16) }

// ConvWeightGrad computes dw[k,c,r,s] = Σ_{n,i,j} dy[n,k,i,j] x[n,c,...].
func ConvWeightGrad[T float32 | float64](g Conv, gemm Gemm[T], x, dy, dw []T) {
	p, kg, cg, rows := g.OH*g.OW, g.K/g.Groups, g.C/g.Groups, g.rows()
	step := g.chunk()
	size := g.K * rows
	if g.N == 0 || p == 0 {
		clear(dw[:size])
		return
	}
	group := weightGroup(g.N)
	parts := (g.N + group - 1) / group
	part := columns[T](parts * size)
	defer putColumns(part)
	parallel.For(parts*g.Groups, 1, func(lo, hi int) {
		buf := columns[T](rows * step)
		defer putColumns(buf)
		for t := lo; t < hi; t++ {
			q, grp := t/g.Groups, t%g.Groups
			out := (*part)[q*size+grp*kg*rows:]
			first := true
			for n := q * group; n < min(g.N, (q+1)*group); n++ {
				xg := x[(n*g.C+grp*cg)*g.H*g.W:]
				for p0 := 0; p0 < p; p0 += step {
					np := min(step, p-p0)
					col, ld := xg[p0:], p
					if !g.pointwise() {
						col, ld = *buf, np
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
		copy(d, (*part)[lo:hi])
		for q := 1; q < parts; q++ {
			s := (*part)[q*size+lo : q*size+hi]
			for i := range d {
				d[i] += s[i]
			}
		}
	})
}

// taskGrain is the number of tasks of the given FLOPs that are worth waking a worker for, about 10 µs.
func taskGrain(flops int) int { return max(1, 500_000/max(1, flops)) }

// im2col writes the patches of output positions [p0, p0+np) of one group's planes x to col (rows, np).
func im2col[T any](g *Conv, x, col []T, p0, np int) {
	row := 0
	for c := range g.C / g.Groups {
		plane := x[c*g.H*g.W : (c+1)*g.H*g.W]
		for r := range g.R {
			for s := range g.S {
				dst := col[row*np : (row+1)*np]
				row++
				first, end := g.inside(s)
				for at, i, j := 0, p0/g.OW, p0%g.OW; at < np; i, j = i+1, 0 {
					d := dst[at:min(np, at+g.OW-j)]
					at += len(d)
					ih := i*g.StrideH - g.PadH + r*g.DilH
					lo, hi := max(first-j, 0), min(end-j, len(d))
					if ih < 0 || ih >= g.H || lo >= hi {
						clear(d)
						continue
					}
					clear(d[:lo])
					clear(d[hi:])
					src := plane[ih*g.W+(j+lo)*g.StrideW-g.PadW+s*g.DilW:]
					if g.StrideW == 1 {
						copy(d[lo:hi], src)
						continue
					}
					for k := range d[lo:hi] {
						d[lo+k] = src[k*g.StrideW]
					}
				}
			}
		}
	}
}

// col2im adds the patches of output positions [p0, p0+np) to the planes they were taken from.
func col2im[T float32 | float64](g *Conv, col, x []T, p0, np int) {
	row := 0
	for c := range g.C / g.Groups {
		plane := x[c*g.H*g.W : (c+1)*g.H*g.W]
		for r := range g.R {
			for s := range g.S {
				src := col[row*np : (row+1)*np]
				row++
				first, end := g.inside(s)
				for at, i, j := 0, p0/g.OW, p0%g.OW; at < np; i, j = i+1, 0 {
					v := src[at:min(np, at+g.OW-j)]
					at += len(v)
					ih := i*g.StrideH - g.PadH + r*g.DilH
					lo, hi := max(first-j, 0), min(end-j, len(v))
					if ih < 0 || ih >= g.H || lo >= hi {
						continue
					}
					v = v[lo:hi]
					d := plane[ih*g.W+(j+lo)*g.StrideW-g.PadW+s*g.DilW:]
					if g.StrideW == 1 {
						d = d[:len(v)]
						for k, f := range v {
							d[k] += f
						}
						continue
					}
					for k, f := range v {
						d[k*g.StrideW] += f
					}
				}
			}
		}
	}
}

// inside returns the output columns [first, end) whose tap s reads the input; it reads padding in the others.
func (g *Conv) inside(s int) (first, end int) {
	off := g.PadW - s*g.DilW
	if off > 0 {
		first = (off + g.StrideW - 1) / g.StrideW
	}
	if last := g.W - 1 + off; last >= 0 {
		end = min(g.OW, last/g.StrideW+1)
	}
	return first, end
}

var columns32, columns64 sync.Pool

// columns lends a buffer of n elements of arbitrary content.
func columns[T float32 | float64](n int) *[]T {
	var z T
	pool := &columns32
	if _, ok := any(z).(float64); ok {
		pool = &columns64
	}
	b, _ := pool.Get().(*[]T)
	if b == nil || cap(*b) < n {
		s := make([]T, n)
		b = &s
	}
	*b = (*b)[:n]
	return b
}

func putColumns[T float32 | float64](b *[]T) {
	var z T
	if _, ok := any(z).(float64); ok {
		columns64.Put(b)
	} else {
		columns32.Put(b)
	}
}
