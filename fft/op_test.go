package fft_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// naiveFFT is the definition along an axis.
func naiveFFT(axis int, scale float64, inverse bool) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := in[0]
		n := float64(x.Shape[axis])
		return []optest.Array{optest.Build(x.Shape, func(at []int) (sum float64) {
			k, part := at[axis], at[len(at)-1]
			from := append([]int(nil), at...)
			for j := range x.Shape[axis] {
				s, c := math.Sincos(-2 * math.Pi * float64(j*k) / n)
				if inverse {
					s = -s
				}
				from[axis] = j
				from[len(at)-1] = 0
				re := x.At(from...)
				from[len(at)-1] = 1
				im := x.At(from...)
				if part == 0 {
					sum += scale * (re*c - im*s)
				} else {
					sum += scale * (re*s + im*c)
				}
			}
			return sum
		})}
	}
}

func naiveRFFT(scale float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := in[0]
		last := len(x.Shape) - 1
		n := x.Shape[last]
		shape := append(append([]int(nil), x.Shape[:last]...), n/2+1, 2)
		return []optest.Array{optest.Build(shape, func(at []int) (sum float64) {
			from := append([]int(nil), at[:last+1]...)
			for j := range n {
				s, c := math.Sincos(-2 * math.Pi * float64(j*at[last]) / float64(n))
				from[last] = j
				if at[last+1] == 0 {
					sum += scale * x.At(from...) * c
				} else {
					sum += scale * x.At(from...) * s
				}
			}
			return sum
		})}
	}
}

func naiveIRFFT(n int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := in[0]
		last := len(x.Shape) - 2
		shape := append(append([]int(nil), x.Shape[:last]...), n)
		return []optest.Array{optest.Build(shape, func(at []int) (sum float64) {
			from := append(append([]int(nil), at...), 0)
			for k := range n {
				h, sign := k, 1.0 // the conjugate's place
				if 2*k > n {
					h, sign = n-k, -1
				}
				s, c := math.Sincos(2 * math.Pi * float64(at[last]*k) / float64(n))
				from[last], from[last+1] = h, 0
				re := x.At(from...)
				from[last+1] = 1
				im := sign * x.At(from...)
				if k == 0 || 2*k == n {
					im = 0
				}
				sum += (re*c - im*s) / float64(n)
			}
			return sum
		})}
	}
}

func one(f func(x *tensor.Tensor) *tensor.Tensor) func([]*tensor.Tensor) []*tensor.Tensor {
	return func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{f(in[0])} }
}

func TestFFTOps(t *testing.T) {
	var cases []optest.Case
	for _, c := range []struct {
		name  string
		shape []int
		axis  int
	}{
		{"row", []int{12, 2}, 0}, {"one", []int{1, 2}, 0}, {"prime", []int{2, 37, 2}, 1}, {"columns", []int{2, 6, 3, 2}, 1}, {"many columns", []int{7, 19, 2}, 0},
		{"no rows", []int{0, 4, 2}, 1}, {"no columns", []int{4, 0, 2}, 0}, {"radices", []int{2, 60, 2}, 1}, {"seven", []int{21, 2}, 0},
	} {
		in := []optest.Input{{Shape: c.shape}}
		cases = append(cases, optest.Case{
			Op: "fft.fftOp", Name: c.name, In: in,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return fft.FFT(x, 0, c.axis, fft.Backward) }),
			Want: naiveFFT(c.axis, 1, false),
		}, optest.Case{
			Op: "fft.fftOp", Name: c.name + " inverse", In: in,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return fft.IFFT(x, 0, c.axis, fft.Ortho) }),
			Want: naiveFFT(c.axis, 1/math.Sqrt(float64(c.shape[c.axis])), true),
		})
	}
	for _, shape := range [][]int{{3, 4, 2}, {2, 5, 1, 2}, {1, 3, 8, 2}, {0, 2, 2, 2}} {
		in := []optest.Input{{Shape: shape}}
		cases = append(cases, optest.Case{
			Op: "fft.fftOp", Name: "axes of " + tensor.ShapeOf(shape...).String(), In: in,
			F: one(func(x *tensor.Tensor) *tensor.Tensor {
				return fft.FFTN(x, nil, []int{-1, -2}, fft.Backward)
			}),
			Want: func(in []optest.Array) []optest.Array {
				return naiveFFT(len(shape)-3, 1, false)(naiveFFT(len(shape)-2, 1, false)(in))
			},
		})
	}
	for _, shape := range [][]int{{1}, {2}, {2, 9}, {3, 16}, {2, 2, 10}, {0, 6}, {41}, {2, 82}} {
		n := shape[len(shape)-1]
		half := append(append([]int(nil), shape[:len(shape)-1]...), n/2+1, 2)
		name := tensor.ShapeOf(shape...).String()
		cases = append(cases, optest.Case{
			Op: "fft.rfftOp", Name: name, In: []optest.Input{{Shape: shape}},
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return fft.RFFT(x, 0, -1, fft.Forward) }),
			Want: naiveRFFT(1 / float64(n)),
		}, optest.Case{
			Op: "fft.irfftOp", Name: name, In: []optest.Input{{Shape: half}},
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return fft.IRFFT(x, n, -1, fft.Backward) }),
			Want: naiveIRFFT(n),
		})
	}
	optest.Run(t, cases)
}

func TestContractOp(t *testing.T) {
	var cases []optest.Case
	for _, s := range [][5]int{{2, 2, 3, 2, 4}, {1, 1, 1, 1, 1}, {1, 2, 2, 3, 130}, {2, 0, 2, 2, 3}} {
		g, i, j, l, f := s[0], s[1], s[2], s[3], s[4]
		cases = append(cases, optest.Case{
			Op: "fft.contractOp", Name: tensor.ShapeOf(s[:]...).String(), In: []optest.Input{{Shape: []int{i, g * l, 1, f, 2}}, {Shape: []int{g * j, l, 1, f, 2}}},
			F: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{fft.Correlate(in[0], in[1], g)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build([]int{i, g * j, 1, f, 2}, func(at []int) (sum float64) {
					group := at[1] / j
					for c := range l {
						a := complex(in[0].At(at[0], group*l+c, 0, at[3], 0), in[0].At(at[0], group*l+c, 0, at[3], 1))
						b := complex(in[1].At(at[1], c, 0, at[3], 0), -in[1].At(at[1], c, 0, at[3], 1))
						if at[4] == 0 {
							sum += real(a * b)
						} else {
							sum += imag(a * b)
						}
					}
					return sum
				})}
			},
		})
	}
	product := func(a, b []int) optest.Case {
		return optest.Case{
			Op: "fft.contractOp", Name: tensor.ShapeOf(a...).String() + tensor.ShapeOf(b...).String(), In: []optest.Input{{Shape: a}, {Shape: b}},
			F: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{fft.Mul(in[0], in[1])} },
			Want: func(in []optest.Array) []optest.Array {
				s, _ := tensor.Broadcast(tensor.ShapeOf(a...), tensor.ShapeOf(b...))
				return []optest.Array{optest.Build(s.Dims(), func(at []int) float64 {
					part := func(x optest.Array, p int) float64 {
						at := append([]int(nil), at...)
						at[len(at)-1] = p
						return x.At(at...)
					}
					if at[len(at)-1] == 0 {
						return part(in[0], 0)*part(in[1], 0) - part(in[0], 1)*part(in[1], 1)
					}
					return part(in[0], 0)*part(in[1], 1) + part(in[0], 1)*part(in[1], 0)
				})}
			},
		}
	}
	for _, s := range [][2][]int{{{3, 2}, {3, 2}}, {{2, 3, 2}, {3, 2}}, {{3, 2}, {2, 3, 2}}, {{2, 1, 2}, {1, 3, 2}}, {{2}, {2, 2, 2}}, {{2, 0, 2}, {0, 2}}, {{0, 3, 2}, {3, 2}}, {{2}, {2}}, {{1, 3, 2}, {2, 3, 2}}} {
		cases = append(cases, product(s[0], s[1]))
	}
	optest.Run(t, cases)
}

// naiveSTFT is the sum over an unpadded frame.
func naiveSTFT(size, hop int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w := in[0], in[1]
		last := len(x.Shape) - 1
		frames := (x.Shape[last]-size)/hop + 1
		shape := append(append([]int(nil), x.Shape[:last]...), size/2+1, frames, 2)
		return []optest.Array{optest.Build(shape, func(at []int) (sum float64) {
			from := append([]int(nil), at[:last+1]...)
			for j := range size {
				s, c := math.Sincos(-2 * math.Pi * float64(j*at[last]) / float64(size))
				from[last] = at[last+1]*hop + j
				v := x.At(from...) * w.At(j)
				if at[last+2] == 0 {
					sum += v * c
				} else {
					sum += v * s
				}
			}
			return sum
		})}
	}
}

func TestSTFTOps(t *testing.T) {
	var cases []optest.Case
	for _, c := range []struct {
		name      string
		shape     []int
		size, hop int
	}{{"overlapping", []int{2, 13}, 6, 2}, {"one frame", []int{5}, 5, 3}, {"gaps", []int{2, 2, 9}, 2, 3}, {"no signals", []int{0, 8}, 4, 2}, {"samples left", []int{11}, 4, 4}} {
		cases = append(cases, optest.Case{
			Op: "fft.frameOp", Name: c.name, In: []optest.Input{{Shape: c.shape}, {Shape: []int{c.size}}}, Want: naiveSTFT(c.size, c.hop),
			F: func(in []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{fft.STFT(in[0], c.size, fft.STFTConfig{Hop: c.hop, Window: in[1], NoCenter: true})}
			},
		})
	}
	const size, hop, frames = 4, 3, 3
	for _, batch := range [][]int{nil, {2}} {
		cases = append(cases, optest.Case{
			Op: "fft.overlapAddOp", Name: tensor.ShapeOf(batch...).String(), In: []optest.Input{{Shape: append(append([]int(nil), batch...), size/2+1, frames, 2)}},
			F: one(func(y *tensor.Tensor) *tensor.Tensor {
				return fft.ISTFT(y, size, 0, fft.STFTConfig{Hop: hop, NoCenter: true})
			}),
			Want: func(in []optest.Array) []optest.Array {
				y := in[0]
				n := size + (frames-1)*hop
				return []optest.Array{optest.Build(append(append([]int(nil), batch...), n), func(at []int) float64 {
					sum, count := 0.0, 0.0
					at = append([]int(nil), at...)
					time := at[len(at)-1]
					for f := range frames {
						j := time - f*hop
						if j < 0 || j >= size {
							continue
						}
						count++
						from := append(append([]int(nil), at[:len(at)-1]...), 0, f, 0)
						part := func(k, p int) float64 {
							from[len(from)-3], from[len(from)-1] = k, p
							return y.At(from...)
						}
						s, c := math.Sincos(2 * math.Pi * float64(j) / size)
						sum += (part(0, 0) + 2*(part(1, 0)*c-part(1, 1)*s) + part(2, 0)*math.Cos(math.Pi*float64(j))) / size
					}
					return sum / count
				})}
			},
		})
	}
	optest.Run(t, cases)
}
