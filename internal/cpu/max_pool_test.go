package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// poolWindows have every stride, padding and dilation that the kernels treat in their own way, odd sizes, and volumes.
var poolWindows = []Window{
	window([3]int{1, 8, 8}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 56, 56}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 13, 17}, [3]int{1, 3, 3}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 9, 33}, [3]int{1, 3, 3}, [3]int{1, 1, 1}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 15, 41}, [3]int{1, 3, 2}, [3]int{1, 2, 3}, [3]int{0, 1, 1}, [3]int{1, 2, 3}),
	window([3]int{1, 12, 64}, [3]int{1, 2, 2}, [3]int{1, 3, 4}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 1, 301}, [3]int{1, 1, 5}, [3]int{1, 1, 2}, [3]int{0, 0, 2}, [3]int{1, 1, 1}),
	window([3]int{5, 6, 19}, [3]int{3, 2, 3}, [3]int{2, 2, 2}, [3]int{1, 0, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 4, 3}, [3]int{1, 2, 2}, [3]int{1, 2, 1}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 9, 16}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 11, 9}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 15, 31}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 7, 25}, [3]int{1, 2, 2}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 12, 12}, [3]int{1, 3, 3}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 9, 55}, [3]int{1, 3, 3}, [3]int{1, 2, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 16, 16}, [3]int{1, 3, 3}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 16, 2}, [3]int{1, 3, 2}, [3]int{1, 1, 2}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 20, 18}, [3]int{1, 1, 3}, [3]int{1, 3, 2}, [3]int{0, 0, 1}, [3]int{1, 1, 1}),
	window([3]int{1, 9, 31}, [3]int{1, 5, 1}, [3]int{1, 1, 1}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{1, 7, 2*rowsBlock + 5}, [3]int{1, 5, 1}, [3]int{1, 1, 1}, [3]int{}, [3]int{1, 1, 1}),
	window([3]int{3, 7, 9}, [3]int{2, 3, 1}, [3]int{1, 2, 1}, [3]int{0, 1, 0}, [3]int{1, 1, 1}),
	window([3]int{1, 3, 2*vectorBlock + 50}, [3]int{1, 3, 3}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{1, 1, 1}),
}

func window(in, kernel, stride, pad, dilated [3]int) Window {
	g := Window{In: in, Kernel: kernel, Stride: stride, Pad: pad, Dilated: dilated}
	for i := range in {
		g.Out[i] = (in[i]+2*pad[i]-dilated[i]*(kernel[i]-1)-1)/stride[i] + 1
	}
	return g
}

// maxPoolOf is MaxPool from its definition.
func maxPoolOf(g Window, x []float32) (y []float32, at []int32) {
	for i := range g.Out[0] * g.Out[1] * g.Out[2] {
		o := [3]int{i / g.Out[2] / g.Out[1], i / g.Out[2] % g.Out[1], i % g.Out[2]}
		best := -1
		for t := range g.Kernel[0] * g.Kernel[1] * g.Kernel[2] {
			k := [3]int{t / g.Kernel[2] / g.Kernel[1], t / g.Kernel[2] % g.Kernel[1], t % g.Kernel[2]}
			place, inside := 0, true
			for a := range 3 {
				p := o[a]*g.Stride[a] - g.Pad[a] + k[a]*g.Dilated[a]
				inside = inside && 0 <= p && p < g.In[a]
				place = place*g.In[a] + p
			}
			if inside && (best < 0 || x[best] == x[best] && !(x[place] <= x[best])) {
				best = place
			}
		}
		y, at = append(y, x[best]), append(at, int32(best))
	}
	return y, at
}

func TestMaxPool(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	r := rand.New(rand.NewPCG(4, 5))
	eachImpl(t, func(t *testing.T) {
		for _, g := range poolWindows {
			in, out := g.sizes()
			const volumes = 3
			for _, odd := range []float32{0, nan, -inf, inf} {
				x, y, only, at := fenced[float32](t, volumes*in, odd == 0), make([]float32, volumes*out), make([]float32, volumes*out), make([]int32, volumes*out)
				for i := range x {
					if x[i] = float32(r.IntN(7) - 5); i%3 == 0 { // ties, and zeros of both signs
						x[i] *= -x[i] * x[i]
					}
				}
				if odd == -inf { // a window without a number above
					fill(x[in:2*in], odd)
				} else if odd != 0 {
					for range 1 + in/9 {
						x[in+r.IntN(in)] = odd
					}
				}
				MaxPool(g, volumes, x, y, at)
				MaxPool(g, volumes, x, only, nil)
				for v := range volumes {
					wantY, wantAt := maxPoolOf(g, x[v*in:(v+1)*in])
					for i, w := range wantY {
						o := v*out + i
						same := math.Float32bits(y[o]) == math.Float32bits(w) && math.Float32bits(only[o]) == math.Float32bits(w)
						if !same || at[o] != wantAt[i] {
							t.Fatalf("%+v with %v: element %d of volume %d is %v at %d, and %v; want %v at %d", g, odd, i, v, y[o], at[o], only[o], w, wantAt[i])
						}
					}
				}
			}
		}
	})
}

// The gradient has the bits of sums in the order of the results, whatever way they are made.
func TestMaxPoolGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	eachImpl(t, func(t *testing.T) {
		for _, g := range poolWindows {
			in, out := g.sizes()
			const volumes = 3
			x, y, at := make([]float32, volumes*in), make([]float32, volumes*out), make([]int32, volumes*out)
			for i := range x {
				x[i] = float32(r.IntN(5))
			}
			MaxPool(g, volumes, x, y, at)
			dy, dx, want := normals(volumes*out, false), make([]float32, volumes*in), make([]float32, volumes*in)
			fill(dx, 9)
			MaxPoolGrad(g, volumes, dy, at, dx)
			for i, k := range at {
				want[i/out*in+int(k)] += dy[i]
			}
			for i, w := range want {
				if dx[i] != w {
					t.Fatalf("%+v: element %d is %v, want %v", g, i, dx[i], w)
				}
			}
		}
	})
}

// BenchmarkMaxPool measures 512 planes of 56 x 56 on one thread.
func BenchmarkMaxPool(b *testing.B) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	for _, c := range []struct {
		name        string
		kernel, pad int
	}{{"2x2", 2, 0}, {"3x3s2p1", 3, 1}} {
		g := window([3]int{1, 56, 56}, [3]int{1, c.kernel, c.kernel}, [3]int{1, 2, 2}, [3]int{0, c.pad, c.pad}, [3]int{1, 1, 1})
		const planes = 512
		in, out := g.sizes()
		x, y, at := normals(planes*in, false), make([]float32, planes*out), make([]int32, planes*out)
		for name, f := range map[string]func(){
			"values": func() { MaxPool(g, planes, x, y, nil) },
			"places": func() { MaxPool(g, planes, x, y, at) },
			"grad":   func() { MaxPoolGrad(g, planes, y, at, x) },
		} {
			b.Run(c.name+" "+name, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(planes*in), "ns/element")
			})
		}
	}
}
