package fft_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// draws returns float64 values of the standard normal distribution.
func draws(r *rapid.T, dims ...int) *tensor.Tensor {
	return tensor.With(tensor.Float64).Randn(random.New(rapid.Uint64().Draw(r, "seed")), dims...)
}

// wantNear fails unless the tensors agree up to tol times the largest magnitude.
func wantNear(t rapid.TB, what string, got, want *tensor.Tensor, tol float64) {
	t.Helper()
	if got.Shape() != want.Shape() {
		t.Fatalf("%s: shape %v, want %v", what, got.Shape(), want.Shape())
	}
	g, w := got.Detach().Floats(), want.Detach().Floats()
	scale := 1.0
	for _, v := range w {
		scale = max(scale, math.Abs(v))
	}
	for i := range w {
		if !(math.Abs(g[i]-w[i]) <= tol*scale) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, g[i], w[i])
		}
	}
}

// phases returns exp(2πi a·k/n), k < n.
func phases(n int, a float64) *tensor.Tensor {
	var v []float64
	for k := range n {
		s, c := math.Sincos(2 * math.Pi * a * float64(k) / float64(n))
		v = append(v, c, s)
	}
	return tensor.Of(v, n, 2)
}

var sizes = rapid.OneOf(rapid.IntRange(1, 70), rapid.SampledFrom([]int{128, 243, 250, 343, 509, 1024}))

func TestTransformProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, rows := sizes.Draw(r, "n"), rapid.IntRange(1, 3).Draw(r, "rows")
		norm := fft.Norm(rapid.IntRange(0, 2).Draw(r, "norm"))
		z := draws(r, rows, n, 2)
		x := fft.Real(z)
		wantNear(r, "inverse", fft.IFFT(fft.FFT(z, 0, -1, norm), 0, -1, norm), z, 1e-13)
		wantNear(r, "real inverse", fft.IRFFT(fft.RFFT(x, 0, -1, norm), n, -1, norm), x, 1e-13)
		wantNear(r, "along columns", fft.FFT(z.Transpose(0, 1), 0, 0, norm), fft.FFT(z, 0, 1, norm).Transpose(0, 1), 1e-13)
		wantNear(r, "half of the whole", fft.RFFT(x, 0, -1, norm), fft.FFT(fft.Complex(x, nil), 0, -1, norm).Narrow(1, 0, n/2+1), 1e-13)
		wantNear(r, "Parseval", fft.FFT(z, 0, -1, fft.Ortho).Square().Sum(), z.Square().Sum(), 1e-13)
		by := rapid.IntRange(0, n).Draw(r, "shift")
		wantNear(r, "shift theorem", fft.FFT(z.Roll(1, by), 0, -1, norm), fft.Mul(fft.FFT(z, 0, -1, norm), phases(n, -float64(by))), 1e-12)
		wantNear(r, "conjugate symmetry", fft.FFT(fft.Conj(z), 0, -1, norm), fft.Conj(fft.FFT(z, 0, -1, norm).Flip(1).Roll(1, 1)), 1e-13)
		wantNear(r, "shifts", fft.IFFTShift(fft.FFTShift(z, 1), 1), z, 0)
		for _, kind := range []int{2, 3} {
			wantNear(r, "cosine inverse", fft.IDCT(fft.DCT(x, kind, 1, norm), kind, 1, norm), x, 1e-13)
		}
		m := rapid.IntRange(1, 6).Draw(r, "m")
		y := draws(r, m, n, 2)
		wantNear(r, "planes", fft.FFT2(y, nil, nil, norm), fft.FFT(fft.FFT(y, 0, 0, norm), 0, 1, norm), 1e-13)
		wantNear(r, "planes inverse", fft.IFFTN(fft.FFTN(y, nil, nil, norm), nil, nil, norm), y, 1e-13)
		real := fft.Real(y)
		wantNear(r, "real planes inverse", fft.IRFFT2(fft.RFFT2(real, nil, nil, norm), []int{m, n}, nil, norm), real, 1e-13)
	})
}

func TestConvolutionTheorem(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 24).Draw(r, "n")
		a, b := draws(r, n), draws(r, n)
		x, y := a.Floats(), b.Floats()
		circular := make([]float64, n)
		for i, v := range x {
			for j, w := range y {
				circular[(i+j)%n] += v * w
			}
		}
		product := fft.Mul(fft.RFFT(a, 0, 0, fft.Backward), fft.RFFT(b, 0, 0, fft.Backward))
		wantNear(r, "circular convolution", fft.IRFFT(product, n, 0, fft.Backward), tensor.Of(circular), 1e-13)
	})
}

func TestSTFTRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(1, 40).Draw(r, "size")
		win := rapid.IntRange(1, size).Draw(r, "window")
		cfg := fft.STFTConfig{
			WinLength: win, Hop: rapid.IntRange(1, win).Draw(r, "hop"), NoCenter: rapid.Bool().Draw(r, "from the start"),
			Normalized: rapid.Bool().Draw(r, "normalized"), TwoSided: rapid.Bool().Draw(r, "two-sided"),
		}
		if win < size { // a window shorter than a frame leaves its ends uncovered
			cfg.NoCenter = false
		}
		if rapid.Bool().Draw(r, "windowed") {
			cfg.Window = fft.Hamming(win, fft.WindowConfig{DType: tensor.Float64, Symmetric: true})
		}
		n := size + rapid.IntRange(0, 60).Draw(r, "more")
		x := draws(r, 2, n)
		y := fft.STFT(x, size, cfg)
		covered := (y.Dim(-2)-1)*cfg.Hop + size
		if !cfg.NoCenter {
			covered -= size/2 + (size-win)/2 + win%2 + size // samples that the last windows surely cover
		}
		covered = min(covered, n)
		if covered < 1 {
			return
		}
		wantNear(r, "round trip", fft.ISTFT(y, size, covered, cfg), x.Narrow(1, 0, covered), 1e-12)
	})
}

func TestConvEqualsDirect(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		pick := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, name) }
		groups := pick("groups", 1, 3)
		n, c, k := pick("n", 1, 2), pick("c", 1, 2), pick("k", 1, 2)
		cfg := tensor.ConvConfig{Groups: groups}
		kernel, size := [2]int{}, [2]int{}
		for i := range 2 {
			cfg.Stride[i], cfg.Padding[i], cfg.Dilation[i] = pick("stride", 0, 3), pick("padding", 0, 3), pick("dilation", 0, 3)
			kernel[i] = pick("kernel", 1, 5)
			span := max(1, cfg.Dilation[i])*(kernel[i]-1) + 1
			size[i] = pick("size", max(1, span-2*cfg.Padding[i]), 40)
		}
		x, w := draws(r, n, c*groups, size[0], size[1]), draws(r, k*groups, c, kernel[0], kernel[1])
		var bias *tensor.Tensor
		if rapid.Bool().Draw(r, "bias") {
			bias = draws(r, k*groups)
		}
		wantNear(r, "conv2d", fft.Conv2d(x, w, bias, cfg), tensor.Conv2d(x, w, bias, cfg), 1e-12)
		x, w = x.Select(2, 0), w.Select(2, 0)
		wantNear(r, "conv1d", fft.Conv1d(x, w, bias, cfg), tensor.Conv1d(x, w, bias, cfg), 1e-12)
		wantNear(r, "float32", fft.Conv1d(x.To(tensor.Float32), w.To(tensor.Float32), nil, cfg).To(tensor.Float64), tensor.Conv1d(x, w, nil, cfg), 1e-5)
	})
}

func TestAngleOfZero(t *testing.T) {
	z := tensor.Of([]float64{0, 0, -1, 0, 0, -2}, 3, 2).RequireGrad()
	a := fft.Angle(z)
	wantNear(t, "angle", a, tensor.Of([]float64{0, math.Pi, -math.Pi / 2}), 1e-15)
	a.Sum().Backward()
	wantNear(t, "gradient", z.Grad(), tensor.Of([]float64{0, 0, 0, -1, 0.5, 0}, 3, 2), 1e-15)
}

func TestHalfPrecision(t *testing.T) {
	x := tensor.Randn(random.New(1), 3, 20)
	for _, d := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
		y := fft.RFFT(x.To(d), 0, -1, fft.Ortho)
		if y.DType() != d {
			t.Errorf("the transform of %v is %v", d, y.DType())
		}
		// Computed in float32 and rounded once: half a unit of bfloat16's last place.
		wantNear(t, d.String(), y, fft.RFFT(x.To(d).To(tensor.Float32), 0, -1, fft.Ortho), 1.0/256)
	}
}

func TestWindowsAddUp(t *testing.T) {
	// Periodic Hann windows at half their length sum to 1, which is what periodic is for.
	w := fft.Hann(16, fft.WindowConfig{DType: tensor.Float64})
	wantNear(t, "hann", w.Narrow(0, 0, 8).Add(w.Narrow(0, 8, 8)), tensor.With(tensor.Float64).Ones(8), 1e-15)
	if d := fft.Hann(3, fft.WindowConfig{}).DType(); d != tensor.Float32 {
		t.Errorf("the default dtype is %v", d)
	}
}

func TestFastSize(t *testing.T) {
	for n := 1; n < 3000; n += 7 {
		m := fft.FastSize(n)
		rest := m
		for _, p := range []int{2, 3, 5} {
			for rest%p == 0 {
				rest /= p
			}
		}
		if m < n || rest != 1 || m > n+n/4+8 || n >= 32 && m%8 != 0 {
			t.Errorf("%d becomes %d", n, m)
		}
	}
}
