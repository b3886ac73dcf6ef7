package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// RFFT computes the first n/2+1 numbers of the transforms of rows of n real numbers, y_k = s_k·Σ_j x_j exp(-2πi jk/n), where
// s_k is edge for k = 0 and k = n/2 and inner for the others. Even sizes take one complex transform of half the size.
func RFFT[T float32 | float64](rows, n int, edge, inner float64, x []T, y []Complex[T]) {
	if n == 0 {
		return
	}
	if n%2 == 1 {
		rfftOdd(rows, n, T(edge), T(inner), x, y)
		return
	}
	h := n / 2
	p := planFFT[T](h, false)
	parallel.For(rows, fftGrain(h), func(lo, hi int) {
		buf := p.buffer(h)
		for i := lo; i < hi; i++ {
			y := y[i*(h+1):][:h+1]
			p.run(Pairs(x[i*n:][:n]), y[:h], (*buf)[:h], 1)
			splitPairs(y, p.half, T(edge), T(inner))
		}
		p.scratch.Put(buf)
	})
}

// splitPairs turns Z, the transform of x_{2j} + i·x_{2j+1} in y[:h], into that of x: with E_k = (Z_k + Z*_{h-k})/2 of the even and
// O_k = (Z_k - Z*_{h-k})/2i of the odd numbers, X_k = E_k + v^k O_k and X*_{h-k} = E_k - v^k O_k, v = exp(-πi/h); w_k is -i·v^k.
func splitPairs[T float32 | float64](y, w []Complex[T], edge, inner T) {
	h := len(y) - 1
	z := y[0]
	y[0] = Complex[T]{edge * (z.Re + z.Im), 0}
	y[h] = Complex[T]{edge * (z.Re - z.Im), 0}
	mirrorPairs(y, y, w, h, inner/2)
}

// mirrorPairs computes, for 0 < k <= h/2, from a = x_k and b = x*_{h-k} the numbers y_k = scale·(a + b + w_k (a - b)) and
// y*_{h-k} = scale·(a + b - w_k (a - b)); y may be x.
func mirrorPairs[T float32 | float64](x, y, w []Complex[T], h int, scale T) {
	for k := 1 + mirrorVectors(inUse(), x, y, w, h, scale); k <= h-k; k++ {
		a, b := x[k], x[h-k].conj()
		sum, dif := a.add(b), a.sub(b).mul(w[k])
		y[k] = sum.add(dif).times(scale)
		y[h-k] = sum.sub(dif).conj().times(scale)
	}
}

func rfftOdd[T float32 | float64](rows, n int, edge, inner T, x []T, y []Complex[T]) {
	p := planFFT[T](n, false)
	out := n/2 + 1
	parallel.For(rows, fftGrain(n), func(lo, hi int) {
		buf := p.buffer(2 * n)
		z, work := (*buf)[:n], (*buf)[n:2*n]
		for i := lo; i < hi; i++ {
			in := p.input(z, work)
			for j, v := range x[i*n:][:n] {
				in[j] = Complex[T]{v, 0}
			}
			p.run(in, z, work, 1)
			y := y[i*out:][:out]
			y[0] = Complex[T]{edge * z[0].Re, 0}
			for k := 1; k < out; k++ {
				y[k] = z[k].times(inner)
			}
		}
		p.scratch.Put(buf)
	})
}

// IRFFT computes y_j = Σ_{k <= n/2} s_k·Re(x_k exp(+2πi jk/n)), j < n, for rows of n/2+1 numbers, where s_k is edge for
// k = 0 and k = n/2 and inner for the others: the transpose, as a real linear map, of RFFT. edge = 1/n and inner = 2/n
// make it the inverse.
func IRFFT[T float32 | float64](rows, n int, edge, inner float64, x []Complex[T], y []T) {
	if n == 0 {
		return
	}
	if n%2 == 1 {
		irfftOdd(rows, n, T(edge), T(inner), x, y)
		return
	}
	h := n / 2
	p := planFFT[T](h, true)
	parallel.For(rows, fftGrain(h), func(lo, hi int) {
		buf := p.buffer(h)
		for i := lo; i < hi; i++ {
			y, work := Pairs(y[i*n:][:n]), (*buf)[:h]
			z := p.input(y, work)
			mergePairs(x[i*(h+1):][:h+1], z, p.half, T(edge), T(inner))
			p.run(z, y, work, 1)
		}
		p.scratch.Put(buf)
	})
}

// mergePairs is the transpose of splitPairs: with A the number k of a real sequence's transform and B the conjugate of its number
// h-k, Z_k = A + B + w_k (A - B) and Z*_{h-k} = A + B - w_k (A - B), w_k = i·exp(πik/h).
func mergePairs[T float32 | float64](x, z, w []Complex[T], edge, inner T) {
	h := len(z)
	first, last := edge*x[0].Re, edge*x[h].Re
	z[0] = Complex[T]{first + last, first - last}
	mirrorPairs(x, z, w, h, inner/2)
}

func irfftOdd[T float32 | float64](rows, n int, edge, inner T, x []Complex[T], y []T) {
	p := planFFT[T](n, true)
	in := n/2 + 1
	parallel.For(rows, fftGrain(n), func(lo, hi int) {
		buf := p.buffer(2 * n)
		z, work := (*buf)[:n], (*buf)[n:2*n]
		for i := lo; i < hi; i++ {
			x, u := x[i*in:][:in], p.input(z, work)
			u[0] = Complex[T]{edge * x[0].Re, 0}
			for k := 1; k < in; k++ {
				u[k] = x[k].times(inner / 2)
				u[n-k] = u[k].conj()
			}
			p.run(u, z, work, 1)
			for j, v := range z {
				y[i*n+j] = v.Re
			}
		}
		p.scratch.Put(buf)
	})
}

// Pairs returns real numbers as half as many complex ones.
func Pairs[T float32 | float64](x []T) []Complex[T] {
	return unsafe.Slice((*Complex[T])(unsafe.Pointer(unsafe.SliceData(x))), len(x)/2)
}

// parts is the opposite of Pairs.
func parts[T float32 | float64](x []Complex[T]) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(x))), 2*len(x))
}

// OverlapAdd computes y_t = Σ x_{f,j} over the frames f and places j with f·hop + j = t, for each of rows: x has rows x frames x
// size numbers, y rows x n.
func OverlapAdd[T float32 | float64](rows, frames, size, hop, n int, x, y []T) {
	parallel.For(rows, max(1, grainCheap/max(1, frames*size)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*frames*size:][:frames*size], y[r*n:][:n]
			clear(y)
			for f := range frames {
				out := y[f*hop:][:size]
				for j, v := range x[f*size:][:size] {
					out[j] += v
				}
			}
		}
	})
}
