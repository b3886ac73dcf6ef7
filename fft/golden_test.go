package fft_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type tensors = []*tensor.Tensor

var norms = map[string]fft.Norm{"": fft.Backward, "backward": fft.Backward, "forward": fft.Forward, "ortho": fft.Ortho}

type axisFunc = func(x *tensor.Tensor, n, axis int, norm fft.Norm) *tensor.Tensor
type axesFunc = func(x *tensor.Tensor, sizes, axes []int, norm fft.Norm) *tensor.Tensor
type windowFunc = func(n int, cfg fft.WindowConfig) *tensor.Tensor

// golden are the functions by the names of testdata/golden.py, for inputs x and numbers a.
var golden = map[string]func(x tensors, a []float64, norm fft.Norm) *tensor.Tensor{
	"fft": along(fft.FFT), "ifft": along(fft.IFFT), "rfft": along(fft.RFFT), "irfft": along(fft.IRFFT),
	"fftn": alongAll(fft.FFTN), "ifftn": alongAll(fft.IFFTN), "rfftn": alongAll(fft.RFFTN), "irfftn": alongAll(fft.IRFFTN),
	"fft2": alongAll(fft.FFT2), "ifft2": alongAll(fft.IFFT2), "rfft2": alongAll(fft.RFFT2), "irfft2": alongAll(fft.IRFFT2),
	"abs": unary(fft.Abs), "angle": unary(fft.Angle), "conj": unary(fft.Conj), "real": unary(fft.Real), "imag": unary(fft.Imag),
	"mul": func(x tensors, _ []float64, _ fft.Norm) *tensor.Tensor { return fft.Mul(x[0], x[1]) },
	"fftshift": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.FFTShift(x[0], ints(a)...)
	},
	"ifftshift": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.IFFTShift(x[0], ints(a)...)
	},
	"stft": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.STFT(x[0], int(a[0]), stftConfig(x[1], a))
	},
	"istft": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.ISTFT(x[0], int(a[0]), int(a[7]), stftConfig(x[1], a))
	},
	"dct": func(x tensors, a []float64, norm fft.Norm) *tensor.Tensor {
		return fft.DCT(x[0], int(a[0]), int(a[1]), norm)
	},
	"idct": func(x tensors, a []float64, norm fft.Norm) *tensor.Tensor {
		return fft.IDCT(x[0], int(a[0]), int(a[1]), norm)
	},
	"conv1d": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		i := ints(a)
		return fft.Conv1d(x[0], x[1], third(x), tensor.ConvConfig{Stride: [2]int{0, i[0]}, Padding: [2]int{0, i[1]}, Dilation: [2]int{0, i[2]}, Groups: i[3]})
	},
	"conv2d": func(x tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		i := ints(a)
		return fft.Conv2d(x[0], x[1], third(x), tensor.ConvConfig{Stride: [2]int(i[:2]), Padding: [2]int(i[2:4]), Dilation: [2]int(i[4:6]), Groups: i[6]})
	},
	"hann": window(fft.Hann), "hamming": window(fft.Hamming), "blackman": window(fft.Blackman), "bartlett": window(fft.Bartlett),
	"kaiser": func(_ tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.Kaiser(int(a[0]), a[2], windowConfig(a))
	},
	"gaussian": func(_ tensors, a []float64, _ fft.Norm) *tensor.Tensor {
		return fft.Gaussian(int(a[0]), a[2], windowConfig(a))
	},
	"fftfreq":  func(_ tensors, a []float64, _ fft.Norm) *tensor.Tensor { return fft.FFTFreq(int(a[0]), a[2]) },
	"rfftfreq": func(_ tensors, a []float64, _ fft.Norm) *tensor.Tensor { return fft.RFFTFreq(int(a[0]), a[2]) },
}

func along(f axisFunc) func(tensors, []float64, fft.Norm) *tensor.Tensor {
	return func(x tensors, a []float64, norm fft.Norm) *tensor.Tensor { return f(x[0], int(a[0]), int(a[1]), norm) }
}

// alongAll reads the number of sizes, -1 for none, the sizes and the axes.
func alongAll(f axesFunc) func(tensors, []float64, fft.Norm) *tensor.Tensor {
	return func(x tensors, a []float64, norm fft.Norm) *tensor.Tensor {
		var sizes []int
		i := ints(a)
		if i[0] >= 0 {
			sizes = i[1 : 1+i[0]]
		}
		axes := i[1+len(sizes):]
		if len(axes) == 0 {
			axes = nil
		}
		return f(x[0], sizes, axes, norm)
	}
}

func unary(f func(*tensor.Tensor) *tensor.Tensor) func(tensors, []float64, fft.Norm) *tensor.Tensor {
	return func(x tensors, _ []float64, _ fft.Norm) *tensor.Tensor { return f(x[0]) }
}

func window(f windowFunc) func(tensors, []float64, fft.Norm) *tensor.Tensor {
	return func(_ tensors, a []float64, _ fft.Norm) *tensor.Tensor { return f(int(a[0]), windowConfig(a)) }
}

func windowConfig(a []float64) fft.WindowConfig {
	return fft.WindowConfig{Symmetric: a[1] == 1, DType: tensor.Float64}
}

func stftConfig(w *tensor.Tensor, a []float64) fft.STFTConfig {
	pad := [...]tensor.PadMode{tensor.PadReflect, tensor.PadConstant, tensor.PadReplicate}[int(a[4])]
	return fft.STFTConfig{Hop: int(a[1]), WinLength: int(a[2]), Window: w, NoCenter: a[3] == 0, Pad: &pad, Normalized: a[5] == 1, TwoSided: a[6] == 0}
}

func ints(a []float64) (r []int) {
	for _, v := range a {
		r = append(r, int(v))
	}
	return r
}

func third(x tensors) *tensor.Tensor {
	if len(x) < 3 {
		return nil
	}
	return x[2]
}

func TestGolden(t *testing.T) {
	type array struct {
		Shape []int
		Data  []float64
	}
	var cases []struct {
		Op    string
		A     []float64
		Norm  string
		In    []array
		Out   array
		Grads [][]float64
	}
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	seen := map[string]bool{}
	for _, c := range cases {
		first := !seen[c.Op]
		seen[c.Op] = true
		var in tensors
		for _, a := range c.In {
			in = append(in, tensor.Of(a.Data, a.Shape...).RequireGrad())
		}
		y := golden[c.Op](in, c.A, norms[c.Norm])
		if y.Shape() != tensor.ShapeOf(c.Out.Shape...) {
			t.Errorf("%s %v %s: shape %v, want %v", c.Op, c.A, c.Norm, y.Shape(), c.Out.Shape)
			continue
		}
		near := func(what string, got *tensor.Tensor, want []float64) {
			t.Helper()
			tol := 1e-12
			if got.DType() == tensor.Float32 {
				tol = 1e-7
			}
			for i, v := range got.Detach().Floats() {
				if !(math.Abs(v-want[i]) <= tol*max(1, math.Abs(want[i]))) {
					t.Errorf("%s %v %s of %v: %s %d is %v, want %v", c.Op, c.A, c.Norm, c.In[0].Shape, what, i, v, want[i])
					return
				}
			}
		}
		near("result", y, c.Out.Data)
		if len(in) == 0 {
			continue
		}
		slopes := make([]float64, len(c.Out.Data))
		for i := range slopes {
			slopes[i] = math.Cos(float64(i))
		}
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of(slopes, c.Out.Shape...)})
		for i, g := range c.Grads {
			near("gradient", in[i].Grad(), g)
		}
		if !first { // the second derivative of each function once
			continue
		}
		var plain tensors
		g := random.New(1)
		for _, x := range in {
			plain = append(plain, tensor.With(tensor.Float64).Rand(g, x.Shape().Dims()...).AddScalar(0.2))
		}
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{golden[c.Op](x, c.A, norms[c.Norm])}
		}, plain, autograd.GradCheckConfig{Order: 2, Eps: 1e-5, Tol: 1e-5}); err != nil {
			t.Errorf("%s %v: %v", c.Op, c.A, err)
		}
	}
	if len(seen) != len(golden) || len(cases) < 60 {
		t.Errorf("%d cases of %d functions, %d are here", len(cases), len(seen), len(golden))
	}
}
