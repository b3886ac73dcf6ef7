package fft

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// DCT returns the discrete cosine transform (Ahmed, Natarajan and Rao, 1974) of a real tensor along an axis of size n, of type
//
//	2: y_k = 2 Σ_j x_j cos(πk(2j+1)/2n)
//	3: y_k = x_0 + 2 Σ_{j>0} x_j cos(πj(2k+1)/2n)
//
// as scipy.fft.dct: Forward divides by 2n, Ortho makes the transform orthonormal. Type 3 with Forward is the inverse of
// type 2 with Backward and the other way round. It panics with ErrValue for another type, and as FFT does.
func DCT(x *tensor.Tensor, kind, axis int, norm Norm) *tensor.Tensor {
	return dct("dct", x, kind, axis, norm)
}

// IDCT returns the inverse of DCT with the same arguments.
func IDCT(x *tensor.Tensor, kind, axis int, norm Norm) *tensor.Tensor {
	switch norm {
	case Backward:
		norm = Forward
	case Forward:
		norm = Backward
	}
	return dct("idct", x, 5-kind, axis, norm)
}

func dct(op string, x *tensor.Tensor, kind, axis int, norm Norm) *tensor.Tensor {
	shapes := []tensor.Shape{x.Shape()}
	axis = axisOf(op, x, axis, x.Rank())
	n := x.Dim(axis)
	switch {
	case norm > Ortho:
		tensor.Fail(op, tensor.ErrValue, shapes, "there is no norm %v; use Backward, Forward or Ortho", norm)
	case kind != 2 && kind != 3:
		tensor.Fail(op, tensor.ErrValue, shapes, "only the types 2 and 3 of the cosine transform exist here")
	case n == 0:
		tensor.Fail(op, tensor.ErrShape, shapes, "axis %d is empty; there is no transform of nothing", axis)
	}
	last := x.Rank() - 1
	x = moved(x, axis, last)
	first, rest := 1.0, 1.0 // factors of number 0 and of the others
	switch norm {
	case Ortho:
		first, rest = math.Sqrt(1/float64(n))/2, math.Sqrt(1/float64(2*n))
		if kind == 3 {
			first *= 2
		}
	case Forward:
		first = 1 / float64(2*n)
		rest = first
	}
	weight := func(t *tensor.Tensor) *tensor.Tensor {
		if first == 1 && rest == 1 {
			return t
		}
		f := make([]float64, n)
		for k := range f {
			f[k] = rest
		}
		f[0] = first
		return t.Mul(like(t, f, n))
	}
	if kind == 2 {
		return moved(weight(dct2(x)), last, axis)
	}
	return moved(dct3(weight(x)), last, axis)
}

// dct2 is type 2 along the last axis through a real transform of the same size (Makhoul, 1980): of the even places in order,
// then the odd ones backwards, y_k = 2 Re(exp(-πik/2n) V_k) and y_{n-k} = -2 Im(exp(-πik/2n) V_k).
func dct2(x *tensor.Tensor) *tensor.Tensor {
	n := x.Dim(-1)
	v := x.IndexSelect(-1, indices(x, evenOdd(n)))
	z := Mul(RFFT(v, 0, -1, Backward), quarter(x, n, 2, -1))
	// z has the numbers 0..⌊n/2⌋; those above come from ⌈n/2⌉-1 down to 1.
	upper := Imag(z).Narrow(-1, 1, (n-1)/2).Flip(-1).Neg()
	return tensor.Concat(x.Rank()-1, Real(z), upper)
}

// dct3 is type 3 along the last axis: dct2's steps backwards, from V_k = exp(πik/2n) (y_k - i y_{n-k}) with y_n = 0.
func dct3(y *tensor.Tensor) *tensor.Tensor {
	n := y.Dim(-1)
	re := y.Narrow(-1, 0, n/2+1)
	im := y.Narrow(-1, n-n/2, n/2).Flip(-1).Neg().Pad(tensor.PadConstant, 0, 1, 0)
	v := IRFFT(Mul(Complex(re, im), quarter(y, n, 1, 1)), n, -1, Forward)
	back := make([]int64, n)
	for i, k := range evenOdd(n) {
		back[k] = int64(i)
	}
	return v.IndexSelect(-1, indices(y, back))
}

// evenOdd lists 0, 2, 4, ..., then the odd places backwards.
func evenOdd(n int) []int64 {
	p := make([]int64, n)
	for j := range n {
		if j%2 == 0 {
			p[j/2] = int64(j)
		} else {
			p[n-1-j/2] = int64(j)
		}
	}
	return p
}

func indices(x *tensor.Tensor, p []int64) *tensor.Tensor {
	return tensor.Of(p).ToDevice(x.Device())
}

// quarter returns a·exp(sign·πik/2n), k <= n/2, as a complex tensor of x's dtype.
func quarter(x *tensor.Tensor, n int, a, sign float64) *tensor.Tensor {
	v := make([]float64, 0, n+2)
	for k := range n/2 + 1 {
		s, c := math.Sincos(sign * math.Pi * float64(k) / float64(2*n))
		v = append(v, a*c, a*s)
	}
	return like(x, v, n/2+1, 2)
}
