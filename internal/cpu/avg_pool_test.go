package cpu

import (
	"math"
	"testing"
)

// avgPoolOf is AvgPool from its definition.
func avgPoolOf(g Window, divisor int, padded bool, x []float32) (y []float64) {
	for i := range g.Out[0] * g.Out[1] * g.Out[2] {
		o := [3]int{i / g.Out[2] / g.Out[1], i / g.Out[2] % g.Out[1], i % g.Out[2]}
		sum, inside, all := 0.0, 0, 0
		for t := range g.Kernel[0] * g.Kernel[1] * g.Kernel[2] {
			k := [3]int{t / g.Kernel[2] / g.Kernel[1], t / g.Kernel[2] % g.Kernel[1], t % g.Kernel[2]}
			place, in, near := 0, true, true
			for a := range 3 {
				p := o[a]*g.Stride[a] - g.Pad[a] + k[a]
				in = in && 0 <= p && p < g.In[a]
				near = near && p < g.In[a]+g.Pad[a]
				place = place*g.In[a] + p
			}
			if in {
				sum += float64(x[place])
				inside++
			}
			if near {
				all++
			}
		}
		n := inside
		if divisor != 0 {
			n = divisor
		} else if padded {
			n = all
		}
		y = append(y, sum/float64(n))
	}
	return y
}

func TestAvgPool(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, g := range poolWindows {
			if g.Dilated != [3]int{1, 1, 1} {
				continue
			}
			in, out := g.sizes()
			const volumes = 3
			for _, divisor := range []int{0, 5} {
				for _, padded := range []bool{false, true} {
					for _, atEnd := range []bool{false, true} {
						x, y := fenced[float32](t, volumes*in, atEnd), fenced[float32](t, volumes*out, atEnd)
						copy(x, normals(len(x), false))
						AvgPool(g, volumes, divisor, padded, x, y)
						for v := range volumes {
							for i, w := range avgPoolOf(g, divisor, padded, x[v*in:(v+1)*in]) {
								if got := float64(y[v*out+i]); math.Abs(got-w) > 4e-7*(1+math.Abs(w)) {
									t.Fatalf("%+v, divisor %d, padded %v: element %d of volume %d is %v, want %v", g, divisor, padded, i, v, got, w)
								}
							}
						}
					}
				}
			}
		}
	})
}

// The gradient is the transpose: <AvgPool(x), dy> = <x, AvgPoolGrad(dy)> for every x.
func TestAvgPoolGrad(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, g := range poolWindows {
			if in, _ := g.sizes(); g.Dilated != [3]int{1, 1, 1} || in > 600 {
				continue
			}
			in, out := g.sizes()
			const volumes = 2
			for _, divisor := range []int{0, 5, 8} {
				dy, dx := normals(volumes*out, false), fenced[float32](t, volumes*in, true)
				fill(dx, 9)
				AvgPoolGrad(g, volumes, divisor, true, dy, dx)
				for i := range in {
					x := make([]float32, in)
					x[i] = 1
					y := avgPoolOf(g, divisor, true, x)
					for v := range volumes {
						want := 0.0
						for k, w := range y {
							want += w * float64(dy[v*out+k])
						}
						if got := float64(dx[v*in+i]); math.Abs(got-want) > 4e-7*(1+math.Abs(want)) {
							t.Fatalf("%+v, divisor %d: element %d of volume %d is %v, want %v", g, divisor, i, v, got, want)
						}
					}
				}
			}
		}
	})
}
