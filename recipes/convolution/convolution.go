// Package convolution holds the catalog's rows on convolutions themselves: what they compute, how large their results are, what they
// cost and what their units see.
package convolution

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// randn returns normal draws in float64.
func randn(g *random.Generator, dims ...int) *tensor.Tensor {
	return tensor.Randn(g, dims...).To(tensor.Float64)
}

// worst returns the largest |a - b|, NaN if one is NaN.
func worst(a, b *tensor.Tensor) float64 { return a.Detach().Sub(b.Detach()).Abs().Max().Item() }

// pair is the same number for both axes of a picture.
func pair(n int) [2]int { return [2]int{n, n} }

// layout are the sizes of a convolution: x (N, C, H, W), w (K, C, R, R).
type layout struct{ n, c, h, w, k, r, stride, pad, dilation int }

func (l layout) out(size int) int {
	return tensor.Window{Kernel: l.r, Stride: l.stride, Padding: l.pad, Dilation: l.dilation}.Size(size)
}

func (l layout) config() tensor.ConvConfig {
	return tensor.ConvConfig{Stride: pair(l.stride), Padding: pair(l.pad), Dilation: pair(l.dilation)}
}

// direct is the convolution by its definition, in float64: y[n, k, i, j] is the sum over c, u and v of
//
//	w[k, c, u, v] · x[n, c, i·stride + u·dilation − pad, j·stride + v·dilation − pad],
//
// where x is 0 outside.
func (l layout) direct(x, w *tensor.Tensor) *tensor.Tensor {
	xs, ws := x.Floats(), w.Floats()
	oh, ow := l.out(l.h), l.out(l.w)
	y := make([]float64, 0, l.n*l.k*oh*ow)
	for n := range l.n {
		for k := range l.k {
			for i := range oh {
				for j := range ow {
					sum := 0.0
					for c := range l.c {
						for u := range l.r {
							for v := range l.r {
								a, b := i*l.stride+u*l.dilation-l.pad, j*l.stride+v*l.dilation-l.pad
								if a >= 0 && a < l.h && b >= 0 && b < l.w {
									sum += ws[((k*l.c+c)*l.r+u)*l.r+v] * xs[((n*l.c+c)*l.h+a)*l.w+b]
								}
							}
						}
					}
					y = append(y, sum)
				}
			}
		}
	}
	return tensor.Of(y, l.n, l.k, oh, ow)
}
