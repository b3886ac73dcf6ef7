//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func conv4x4(n, c, k int, axes ...convAxis) Conv {
	for i := range axes {
		axes[i].kernel, axes[i].stride = 4, 2
	}
	return convShape(n, c, k, 1, axes...)
}

// phasedCases are shapes at and around the blocks' sizes, with few tiles and with many.
var phasedCases = []Conv{
	conv4x4(1, 1, 1, convAxis{size: 4}, convAxis{size: 4}),
	conv4x4(1, 2, 3, convAxis{size: 8, pad: 1, after: 1}, convAxis{size: 8, pad: 1, after: 1}),
	conv4x4(3, 5, 17, convAxis{size: 9, pad: 1, after: 1}, convAxis{size: 13, pad: 2, after: 3}),
	conv4x4(2, 9, 20, convAxis{size: 10}, convAxis{size: 7, pad: 3, after: 2}),
	conv4x4(16, 70, 29, convAxis{size: 8, pad: 1, after: 1}, convAxis{size: 8, pad: 1, after: 1}),
	conv4x4(1, 33, 130, convAxis{size: 5, pad: 4, after: 4}, convAxis{size: 6, pad: 5, after: 3}),
	conv4x4(2, 3, 7, convAxis{size: 12, pad: -1, after: 2}, convAxis{size: 15, pad: 2, after: -2}),
	conv4x4(9, 10, 18, convAxis{size: 22, pad: 1, after: 1}, convAxis{size: 31, pad: 1, after: 2}),
	conv4x4(40, 6, 9, convAxis{size: 14, pad: 1, after: 1}, convAxis{size: 12, pad: 2, after: 2}),
	conv4x4(1, 4, 5, convAxis{size: 4, pad: 1, after: 1}, convAxis{size: 1024, pad: 1, after: 1}),
	conv4x4(2, 1, 8, convAxis{size: 257, pad: 1, after: 1}, convAxis{size: 67, pad: 1, after: 1}),
	// Several blocks of channels, several blocks of terms, and more channels than a call of assembly takes.
	conv4x4(2, 300, 20, convAxis{size: 8, pad: 1, after: 1}, convAxis{size: 8, pad: 1, after: 1}),
	conv4x4(33, 270, 3, convAxis{size: 16, pad: 1, after: 1}, convAxis{size: 16, pad: 1, after: 1}),
	conv4x4(33, 2, 300, convAxis{size: 16, pad: 1, after: 1}, convAxis{size: 16, pad: 1, after: 1}),
}

var phasedWay = convWay[float32]{phasedForward, phasedInputGrad, phasedWeightGrad}

// Errors are up to 2e-5 of the largest element, as of Winograd's other tiles. Of dozens of draws of these cases the largest seen is 1.3e-5, at a
// corner of a tile, where the transforms enlarge most.
func TestPhased(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range phasedCases {
			g.ReLU = true
			phasedWay.check(t, r, fmt.Sprint(i, ": ", g), g, i%4 > 0, convErrors{2e-5, 2e-5, 2e-5})
		}
	})
}

// The convolutions of users take this way where it is meant, with the same bits whatever the number of workers.
func TestPhasedIsUsedAndDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	same := func(size int) convAxis { return convAxis{size: size, pad: 1, after: 1} }
	for _, g := range []Conv{conv4x4(16, 24, 40, same(8), same(8)), conv4x4(33, 17, 20, same(16), same(16)), conv4x4(3, 8, 16, same(62), same(66))} {
		if !g.usesPhased(8, 16) {
			t.Fatalf("%v does not use phases", g)
		}
		x, w, bias := convInputs(r, g)
		got := checkWorkers(t, fmt.Sprint(g), func() []float32 { return chosenWay.results(g, x, w, bias) })
		if !slices.Equal(got, phasedWay.results(g, x, w, bias)) {
			t.Errorf("%v: the bits are not those of phases", g)
		}
	}
	for _, n := range []int{phasedFew, phasedFew + 1} { // the limit is of many tiles
		if g := conv4x4(n, 256, 512, same(8), same(8)); !g.usesPhased(8, 16) {
			t.Errorf("%v does not use phases", g)
		}
	}
	for i, change := range []func(*Conv){
		func(g *Conv) { g.Groups = 2 }, func(g *Conv) { g.Stride[1] = 1 }, func(g *Conv) { g.Dil[2] = 2 }, func(g *Conv) { g.Kernel[2] = 3 },
		func(g *Conv) { g.C = 7 }, func(g *Conv) { g.K = 15 }, func(g *Conv) { g.N = 1 }, func(g *Conv) { g.In, g.Out = [3]int{1, 10, 10}, [3]int{1, 5, 5} },
		func(g *Conv) { g.N, g.C, g.K = phasedFew+1, 512, 512 }, func(g *Conv) { g.In[0], g.Pad[0] = 2, -1 },
	} {
		g := conv4x4(16, 24, 40, same(8), same(8))
		if change(&g); g.usesPhased(8, 16) {
			t.Errorf("%d: %v uses phases", i, g)
		}
	}
}

// Each kernel agrees with its loop in Go, and touches nothing outside what that loop touches, but for the lanes of weights.
func TestPhasedKernels(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		im := inUse()
		lanes := winogradLanes(im)
		var tmp phasedTmp
		r := rand.New(rand.NewPCG(5, 6))
		for _, channels := range []int{1, 2, 3, 4, 5, 257} {
			for _, atEnd := range []bool{false, true} {
				off := winogradOff{0, 4, 8, 3, 11, 17, 5, 40, 1, 30, 9, 2, 38, 6, 21, 33}
				const pitch, xc, vc, vs = 9, 100, 96, 24
				vp := 80 + channels*vc
				reach := slices.Max(off[:lanes])
				x := normalFill(r, fenced[float32](t, (channels-1)*xc+reach+4*pitch+6, atEnd))
				size := 24*vp + (channels-1)*vc + lanes
				winogradSame(t, "input", fenced[float32](t, size, atEnd), func(v []float32) {
					phasedInput(im, v, vp, vc, x, xc, pitch, &off, channels, &tmp)
				}, func(v []float32) { phasedInputGo(v, vp, vc, x, xc, pitch, off[:lanes], channels) })

				w := normalFill(r, fenced[float32](t, (channels-1)*xc+reach+16, atEnd))
				for _, flip := range []bool{false, true} {
					winogradSame(t, "weights", fenced[float32](t, size+3*vs, atEnd), func(v []float32) {
						phasedWeights(im, v, vp, vc, vs, w, xc, &off, lanes, channels, flip, &tmp)
					}, func(v []float32) { phasedWeightsGo(v, vp, vc, vs, w, xc, off[:lanes], channels, flip) })
				}

				y := x[:(channels-1)*xc+reach+3*pitch+4]
				if atEnd {
					y = x[len(x)-len(y):]
				}
				winogradSame(t, "gradient", fenced[float32](t, size, atEnd), func(v []float32) {
					phasedGrad(im, v, vp, vc, y, xc, pitch, &off, lanes, channels, &tmp)
				}, func(v []float32) { phasedGradGo(v, vp, vc, y, xc, pitch, off[:lanes], channels) })

				m, bias := normalFill(r, fenced[float32](t, size+vs, atEnd)), normalFill(r, fenced[float32](t, channels, atEnd))
				apart := winogradOff{0, 8, 16, 96, 104, 112, 200, 208, 288, 296, 304, 384, 392, 400, 480, 488}
				const yc, yp = 600, 24
				for i, b := range [][]float32{nil, bias, bias} {
					least := float32(math.Inf(-1))
					if i == 2 {
						least = 0
					}
					winogradSame(t, "output", fenced[float32](t, (channels-1)*yc+apart[lanes-1]+3*yp+4, atEnd), func(y []float32) {
						phasedOutput(im, y, yc, yp, &apart, m, vp, vc, b, least, channels, &tmp)
					}, func(y []float32) { phasedOutputGo(y, yc, yp, apart[:lanes], m, vp, vc, b, least, channels) })
				}
				winogradSame(t, "pair", fenced[float32](t, (channels-1)*yc+apart[lanes-1]+3*yp+8, atEnd), func(y []float32) {
					phasedPair(im, y, yc, yp, &apart, m, vp, vc, vs, channels, &tmp)
				}, func(y []float32) { phasedPairGo(y, yc, yp, apart[:lanes], m, vp, vc, vs, channels) })

				whole := (4*channels + lanes - 1) / lanes * lanes
				u := normalFill(r, fenced[float32](t, 24*vp+whole, atEnd))
				winogradSame(t, "sums", fenced[float32](t, 16*channels, atEnd), func(dw []float32) {
					phasedSums(im, dw, u, vp, channels, &tmp)
				}, func(dw []float32) { phasedSumsGo(dw, u, vp, channels) })
			}
		}
	})
}
