//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func conv3x3(n, c, h, w, k, ph, pw int) Conv {
	return convShape(n, c, k, 1, convAxis{size: h, kernel: 3, pad: ph, after: ph}, convAxis{size: w, kernel: 3, pad: pw, after: pw})
}

var winogradWay = convWay[float32]{winogradForward, winogradInputGrad, winogradWeightGrad}

// Errors are up to 2e-5 of the largest element; the largest seen are 7e-6.
func TestWinograd(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range []Conv{
			conv3x3(1, 1, 1, 1, 1, 1, 1), conv3x3(1, 2, 4, 4, 3, 1, 1), conv3x3(1, 3, 3, 5, 2, 0, 0), conv3x3(2, 1, 6, 6, 15, 0, 1),
			conv3x3(3, 5, 7, 9, 17, 1, 0), conv3x3(2, 16, 14, 14, 16, 1, 1), conv3x3(1, 3, 5, 130, 20, 2, 2), conv3x3(1, 2, 61, 3, 7, 3, 5),
			conv3x3(9, 40, 7, 7, 29, 1, 1), conv3x3(1, 400, 8, 8, 6, 1, 1), conv3x3(1, 3, 8, 8, 300, 1, 1), conv3x3(5, 16, 11, 13, 33, 1, 2),
		} {
			winogradWay.check(t, r, fmt.Sprint(i, ": ", g), g, i%2 == 0, convErrors{2e-5, 2e-5, 2e-5})
		}
	})
}

// The convolutions of users take Winograd's way, above the crossing only, with the same bits whatever the number of workers.
func TestWinogradIsUsedAndDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range []Conv{conv3x3(4, 16, 14, 14, 24, 1, 1), conv3x3(9, 12, 7, 7, 150, 1, 1), conv3x3(3, 18, 30, 26, 16, 1, 1)} {
		if !g.usesWinograd(winogradLeastGrad) {
			t.Fatalf("%v does not use Winograd's convolution", g)
		}
		x, w, bias := convInputs(r, g)
		got := checkWorkers(t, fmt.Sprint(g), func() []float32 { return chosenWay.results(g, x, w, bias) })
		if !slices.Equal(got, winogradWay.results(g, x, w, bias)) {
			t.Errorf("%v: the bits are not those of Winograd's convolution", g)
		}
	}
	other := conv3x3(4, 16, 14, 14, 24, 1, 1)
	for _, change := range []func(*Conv){
		func(g *Conv) { g.Groups = 2 }, func(g *Conv) { g.Stride[1] = 2 }, func(g *Conv) { g.Dil[2] = 2 }, func(g *Conv) { g.Kernel[0] = 3 },
		func(g *Conv) { g.C = 3 }, func(g *Conv) { g.Out[1], g.In[1] = 2, 2 }, func(g *Conv) { g.Out[2], g.In[2] = 2000, 2000 }, func(g *Conv) { g.C, g.K = 2048, 2048 }, func(g *Conv) { g.N, g.Out[1], g.In[1] = 1, 9, 9 },
	} {
		g := other
		change(&g)
		if g.usesWinograd(winogradLeast) {
			t.Errorf("%v uses Winograd's convolution", g)
		}
	}
}

// Each kernel agrees with its loop in Go, and touches nothing outside what that loop touches, but for the lanes of weights.
func TestWinogradKernels(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		im := inUse()
		lanes := winogradLanes(im)
		var tmp winogradTmp
		r := rand.New(rand.NewPCG(5, 6))
		for channels := 1; channels <= 3; channels++ {
			for _, atEnd := range []bool{false, true} {
				off := winogradOff{0, 4, 8, 3, 11, 17, 5, 40, 1, 30, 9, 2, 38, 6, 21, 33}
				const pitch, xc, vc, vp = 9, 100, 24, 80
				reach := 0
				for _, o := range off[:lanes] {
					reach = max(reach, o)
				}
				x := normalFill(r, fenced[float32](t, (channels-1)*xc+reach+5*pitch+6, atEnd))
				size := 35*vp + (channels-1)*vc + lanes
				winogradSame(t, "input", fenced[float32](t, size, atEnd), func(v []float32) {
					winogradInput(im, v, vp, vc, x, xc, pitch, &off, channels, &tmp)
				}, func(v []float32) { winogradInputGo(v, vp, vc, x, xc, pitch, off[:lanes], channels) })

				w := normalFill(r, fenced[float32](t, (channels-1)*xc+reach+9, atEnd))
				for _, flip := range []bool{false, true} {
					winogradSame(t, "weights", fenced[float32](t, size, atEnd), func(v []float32) {
						winogradWeights(im, v, vp, vc, w, xc, &off, lanes, channels, flip, &tmp)
					}, func(v []float32) { winogradWeightsGo(v, vp, vc, w, xc, off[:lanes], channels, flip) })
				}

				winogradSame(t, "gradient", fenced[float32](t, size, atEnd), func(v []float32) {
					winogradGrad(im, v, vp, vc, x, xc, pitch, &off, lanes, channels, &tmp)
				}, func(v []float32) { winogradGradGo(v, vp, vc, x, xc, pitch, off[:lanes], channels) })

				m, bias := normalFill(r, fenced[float32](t, size, atEnd)), normalFill(r, fenced[float32](t, channels, atEnd))
				apart := winogradOff{0, 4, 8, 48, 52, 56, 100, 104, 144, 148, 152, 192, 196, 200, 240, 244}
				const yc, yp = 300, 12
				for i, b := range [][]float32{nil, bias, bias} {
					least := float32(math.Inf(-1))
					if i == 2 {
						least = 0
					}
					winogradSame(t, "output", fenced[float32](t, (channels-1)*yc+apart[lanes-1]+3*yp+4, atEnd), func(y []float32) {
						winogradOutput(im, y, yc, yp, &apart, m, vp, vc, b, least, channels, &tmp)
					}, func(y []float32) { winogradOutputGo(y, yc, yp, apart[:lanes], m, vp, vc, b, least, channels) })
				}
			}
		}
	})
}

// winogradSame runs both on a slice full of a guard value.
func winogradSame(t *testing.T, name string, got []float32, kernel, loop func([]float32)) {
	t.Helper()
	const guard = 12345
	want := make([]float32, len(got))
	for i := range got {
		got[i], want[i] = guard, guard
	}
	kernel(got)
	loop(want)
	for i, v := range want {
		if d := math.Abs(float64(got[i] - v)); v == guard && got[i] != guard || !(d <= 2e-5) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, got[i], v)
		}
	}
}

func BenchmarkConv3x3(b *testing.B) {
	for _, g := range []Conv{conv3x3(32, 64, 56, 56, 64, 1, 1), conv3x3(32, 256, 14, 14, 256, 1, 1), conv3x3(32, 64, 32, 32, 64, 1, 1),
		conv3x3(32, 512, 4, 4, 512, 1, 1), conv3x3(1, 64, 56, 56, 64, 1, 1), conv3x3(32, 16, 12, 12, 16, 1, 1)} {
		_, _, ny := g.convSizes()
		x, w, _ := convInputs(rand.New(rand.NewPCG(1, 2)), g)
		y := make([]float32, ny)
		name := fmt.Sprintf("N%d_C%d_%dx%d_K%d", g.N, g.C, g.In[1], g.In[2], g.K)
		for way, run := range map[string]func(){
			"gathered":      func() { convGathered(g, GemmF32, x, w, nil, y) },
			"winograd":      func() { winogradForward(&g, x, w, nil, y) },
			"gathered_grad": func() { convWeightGathered(g, GemmF32, x, y, w) },
			"winograd_grad": func() { winogradWeightGrad(&g, x, y, w) },
		} {
			b.Run(name+"/"+way, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
				b.ReportMetric(float64(2*ny*9*g.C)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
