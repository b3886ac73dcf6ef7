package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Rows is a tensor cut along one axis: outer x n x inner elements, of which rows are the n elements apart by inner.
type Rows struct{ Outer, N, Inner int }

// strip is how many neighbouring rows are copied out together where their elements are apart: a cache line of float32.
const strip = 16

// eachRow calls f with each row of a, of b, unless nil, and of y, contiguous; f fills y's, which overlaps no other.
func eachRow[T float32 | float64](r Rows, a, b, y []T, f func(a, b, y []T)) {
	n := r.N
	if n == 0 { // the strips below index into them
		return
	}
	if r.Inner == 1 {
		parallel.For(r.Outer, max(1, grainCostly/max(1, n)), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				var bi []T
				if b != nil {
					bi = b[i*n : (i+1)*n]
				}
				f(a[i*n:(i+1)*n], bi, y[i*n:(i+1)*n])
			}
			fence()
		})
		return
	}
	strips := (r.Inner + strip - 1) / strip
	parallel.For(r.Outer*strips, max(1, grainCostly/max(1, strip*n)), func(lo, hi int) {
		ld := n + strip // rows that began a power of 2 apart would share the sets of the cache
		buf, block := borrow[T](3 * strip * ld)
		defer block.Put()
		ra, rb, ry := buf[:strip*ld], buf[strip*ld:2*strip*ld], buf[2*strip*ld:]
		for t := lo; t < hi; t++ {
			at := t/strips*n*r.Inner + t%strips*strip
			w := min(strip, r.Inner-t%strips*strip)
			gather(ra, a[at:], n, w, ld, r.Inner)
			if b != nil {
				gather(rb, b[at:], n, w, ld, r.Inner)
			}
			for j := range w {
				f(ra[j*ld:j*ld+n], rb[j*ld:j*ld+n], ry[j*ld:j*ld+n])
			}
			for i := range n {
				d := y[at+i*r.Inner:][:w]
				k := i
				for j := range d {
					d[j] = ry[k]
					k += ld
				}
			}
		}
	})
}

// gather copies n elements of w neighbouring rows of x, inner apart, to rows that begin ld apart.
func gather[T any](rows, x []T, n, w, ld, inner int) {
	for i := range n {
		k := i
		for _, v := range x[i*inner:][:w] {
			rows[k] = v
			k += ld
		}
	}
}

// Softmax computes y = exp(x - max) / Σ exp(x - max) along rows. A row with NaN or +Inf or of -Inf alone gives NaN, as in
// PyTorch.
func Softmax[T float32 | float64](r Rows, x, y []T) {
	if k := columnsOf[T](r); k != nil {
		k.softmax(r, false, as32(x), as32(y))
		return
	}
	eachRow(r, x, nil, y, func(x, _, y []T) {
		affine(y, y, 0, T(1/expSum(y, x, largest(x))), 0, false)
	})
}

// LogSoftmax computes y = x - max - ln Σ exp(x - max) along rows.
func LogSoftmax[T float32 | float64](r Rows, x, y []T) {
	if k := columnsOf[T](r); k != nil {
		k.softmax(r, true, as32(x), as32(y))
		return
	}
	stream := r.Inner == 1 && streams(len(y))
	eachRow(r, x, nil, y, func(x, _, y []T) {
		m, l := logSumExp(x)
		affine(y, x, m, 1, -l, stream)
	})
}

// SoftmaxGrad computes dx = y (dy - Σ dy y) along rows.
func SoftmaxGrad[T float32 | float64](r Rows, dy, y, dx []T) {
	if k := columnsOf[T](r); k != nil {
		k.softmaxGrad(r, as32(dy), as32(y), as32(dx))
		return
	}
	stream := r.Inner == 1 && streams(len(dx))
	eachRow(r, dy, y, dx, func(dy, y, dx []T) {
		y, dx = y[:len(dy)], dx[:len(dy)]
		_, sum := sumProducts(dy, y, 0)
		s := T(sum)
		if k := vectors[T](); k != nil {
			k.softmaxGrad(as32(dx), as32(dy), as32(y), float32(s), stream)
			return
		}
		for i, v := range dy {
			dx[i] = y[i] * (v - s)
		}
	})
}

// LogSoftmaxGrad computes dx = dy - exp(y) Σ dy along rows.
func LogSoftmaxGrad[T float32 | float64](r Rows, dy, y, dx []T) {
	if k := columnsOf[T](r); k != nil {
		k.logSoftmaxGrad(r, as32(dy), as32(y), as32(dx))
		return
	}
	stream := r.Inner == 1 && streams(len(dx))
	eachRow(r, dy, y, dx, func(dy, y, dx []T) {
		s := T(sum64(dy))
		if k := vectors[T](); k != nil {
			k.logSoftmaxGrad(as32(dx), as32(dy), as32(y), float32(s), stream)
			return
		}
		expSum(dx, y, 0)
		for i, v := range dy {
			dx[i] = v - dx[i]*s
		}
	})
}

// CrossEntropy computes, for each row of x (n, c) with class t[i], the loss Σ_k q_k (ln Σ exp x - x_k), where
// q_k = (1-smooth) w_t [k = t] + smooth/c w_k. Rows of class ignore give 0. weight may be nil.
func CrossEntropy[T float32 | float64](c int, smooth float64, ignore int64, x []T, t []int64, weight, loss []T) {
	parallel.For(len(t), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := x[i*c : (i+1)*c]
			if t[i] == ignore {
				loss[i] = 0
				continue
			}
			// Differences to the maximum first: ln Σ exp x - x of large logits would cancel.
			m, l := logSumExp(row)
			v := (float64(l) - float64(row[t[i]]-m)) * (1 - smooth) * classWeight(weight, int(t[i]))
			if smooth != 0 {
				var s float64
				for k, xk := range row {
					s += classWeight(weight, k) * (float64(l) - float64(xk-m))
				}
				v += smooth / float64(c) * s
			}
			loss[i] = T(v)
		}
	})
}

// CrossEntropyGrad computes dx_k = dloss (softmax_k Σ q - q_k).
func CrossEntropyGrad[T float32 | float64](c int, smooth float64, ignore int64, dloss, x []T, t []int64, weight, dx []T) {
	var total float64
	for k := range c {
		total += classWeight(weight, k)
	}
	parallel.For(len(t), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, d := x[i*c:(i+1)*c], dx[i*c:(i+1)*c]
			if t[i] == ignore {
				clear(d)
				continue
			}
			wt := (1 - smooth) * classWeight(weight, int(t[i]))
			g, share := float64(dloss[i]), smooth/float64(c)
			scale := g * (wt + share*total) / expSum(d, row, largest(row))
			target := float64(d[t[i]])*scale - g*(wt+share*classWeight(weight, int(t[i])))
			if weight == nil || share == 0 {
				affine(d, d, 0, T(scale), T(-g*share), false)
			} else {
				for k, e := range d {
					d[k] = T(float64(e)*scale - g*share*float64(weight[k]))
				}
			}
			d[t[i]] = T(target)
		}
	})
}

func classWeight[T float32 | float64](w []T, k int) float64 {
	if w == nil {
		return 1
	}
	return float64(w[k])
}

// largest returns the maximum of the numbers in x, -Inf without any: NaN come back in the differences to it.
func largest[T float32 | float64](x []T) T {
	if k := vectors[T](); k != nil {
		return T(k.max(as32(x)))
	}
	m := T(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

// logSumExp returns the maximum m of x and ln Σ exp(x - m).
func logSumExp[T float32 | float64](x []T) (m, l T) {
	m = largest(x)
	return m, T(math.Log(expSum(nil, x, m)))
}

// LogSumExp computes y = max + ln Σ exp(x - max) for each row of c elements of x: an infinite maximum where there is one, but NaN of NaN.
func LogSumExp[T float32 | float64](c int, x, y []T) {
	parallel.For(len(y), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := x[i*c : (i+1)*c]
			m, l := logSumExp(row)
			if math.IsInf(float64(m), 0) { // ±Inf - ±Inf is NaN
				l = T(sumOfNaN(row))
			}
			y[i] = m + l
		}
	})
}

// LogSumExpGrad computes dx = dy exp(x - ln Σ exp x) for each row of c elements of x. It is NaN at infinite maxima.
func LogSumExpGrad[T float32 | float64](c int, dy, x, dx []T) {
	parallel.For(len(dy), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, d := x[i*c:(i+1)*c], dx[i*c:(i+1)*c]
			m := largest(row)
			sum := expSum(d, row, m)
			if math.IsInf(float64(m), 1) {
				sum = 1 + sumOfNaN(row)
			}
			affine(d, d, 0, T(float64(dy[i])/sum), 0, false)
		}
	})
}

// sumOfNaN is NaN if there is one in x, else 0.
func sumOfNaN[T float32 | float64](x []T) float64 {
	for _, v := range x {
		if v != v {
			return math.NaN()
		}
	}
	return 0
}

// expSum returns Σ exp(x - m) for m no smaller than any x and, unless y is nil, writes the terms to it.
func expSum[T float32 | float64](y, x []T, m T) (sum float64) {
	if k := vectors[T](); k != nil {
		return k.expSum(as32(y), as32(x), float32(m))
	}
	if x, ok := any(x).([]float32); ok {
		return expSum32(any(y).([]float32), x, float32(m))
	}
	for i, v := range x {
		e := math.Exp(float64(v - m))
		if sum += e; y != nil {
			y[i] = T(e)
		}
	}
	return sum
}

// expSum32 is expSum with the exponential of pw_core.go.
func expSum32(y, x []float32, m float32) (sum float64) {
	for i, v := range x {
		z := float64(v - m)
		if z < -104 {
			z = -104 // below, it is 0 in float32
		}
		s, q := expParts(z)
		e := s + float64(s*q)
		if sum += e; y != nil {
			y[i] = float32(e)
		}
	}
	return sum
}

// sum64 is the sum of x in float64.
func sum64[T float32 | float64](x []T) (sum float64) {
	if k := vectors[T](); k != nil {
		return k.sum(as32(x))
	}
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}
