//go:build linux || darwin

package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// convAxis has pad zeros before its elements and after behind them.
type convAxis struct{ size, kernel, stride, pad, after, dil int }

// convShape is a convolution of n images of c channels to k, with its axes from the outermost on.
func convShape(n, c, k, groups int, axes ...convAxis) Conv {
	g := Conv{N: n, C: c, K: k, Groups: groups}
	for i := range 3 {
		a := convAxis{size: 1, kernel: 1}
		if j := i - 3 + len(axes); j >= 0 {
			a = axes[j]
		}
		a.stride, a.dil = max(a.stride, 1), max(a.dil, 1)
		g.In[i], g.Kernel[i], g.Stride[i], g.Dil[i], g.Pad[i] = a.size, a.kernel, a.stride, a.dil, a.pad
		g.Out[i] = (a.size+a.pad+a.after-a.dil*(a.kernel-1)-1)/a.stride + 1
	}
	return g
}

// convSizes are the numbers of elements of a convolution's input, weights and output.
func (g *Conv) convSizes() (x, w, y int) {
	return g.N * g.C * volume(g.In), g.K * g.rows(), g.N * g.K * volume(g.Out)
}

// eachTerm calls f for each input, weight and output that meet.
func (g *Conv) eachTerm(f func(x, w, y int)) {
	cg, kg := g.C/g.Groups, g.K/g.Groups
	index := func(size [3]int, i int) [3]int {
		return [3]int{i / size[2] / size[1], i / size[2] % size[1], i % size[2]}
	}
	for o := range volume(g.Out) {
		at := index(g.Out, o)
		for t := range g.taps() {
			tap, in, inside := index(g.Kernel, t), 0, true
			for i := range 3 {
				p := at[i]*g.Stride[i] - g.Pad[i] + tap[i]*g.Dil[i]
				inside = inside && p >= 0 && p < g.In[i]
				in = in*g.In[i] + p
			}
			for nk := 0; inside && nk < g.N*g.K; nk++ {
				n, k := nk/g.K, nk%g.K
				for c := range cg {
					f((n*g.C+k/kg*cg+c)*volume(g.In)+in, (k*cg+c)*g.taps()+t, nk*volume(g.Out)+o)
				}
			}
		}
	}
}

// naiveForward is the convolution without bias and ReLU as direct sums in float64.
func naiveForward[T Float](g *Conv, x, w []T) []float64 {
	_, _, ny := g.convSizes()
	y := make([]float64, ny)
	g.eachTerm(func(xi, wi, yi int) { y[yi] += float64(x[xi]) * float64(w[wi]) })
	return y
}

// naiveEpilogue adds the bias to direct sums and takes the ReLU, if g has it.
func naiveEpilogue[T Float](g *Conv, y []float64, bias []T) {
	for i := range y {
		y[i] += float64(bias[i/volume(g.Out)%g.K])
		if g.ReLU {
			y[i] = max(0, y[i])
		}
	}
}

// naiveGrads are the gradients of the input and of the weights as direct sums in float64.
func naiveGrads[T Float](g *Conv, x, w, dy []T) (dx, dw []float64) {
	nx, nw, _ := g.convSizes()
	dx, dw = make([]float64, nx), make([]float64, nw)
	g.eachTerm(func(xi, wi, yi int) {
		dx[xi] += float64(dy[yi]) * float64(w[wi])
		dw[wi] += float64(dy[yi]) * float64(x[xi])
	})
	return dx, dw
}

// convWay is a way to compute a convolution and its gradients.
type convWay[T Float] struct {
	forward    func(g *Conv, x, w, bias, y []T)
	inputGrad  func(g *Conv, dy, w, dx []T)
	weightGrad func(g *Conv, x, dy, dw []T)
}

// chosenWay is what users call.
var chosenWay = convWay[float32]{
	func(g *Conv, x, w, bias, y []float32) { ConvForward(*g, GemmF32, x, w, bias, y) },
	func(g *Conv, dy, w, dx []float32) { ConvInputGrad(*g, GemmF32, dy, w, dx) },
	func(g *Conv, x, dy, dw []float32) { ConvWeightGrad(*g, GemmF32, x, dy, dw) },
}

// convErrors are what a way may be off by, as parts of the largest element.
type convErrors struct{ forward, inputGrad, weightGrad float64 }

// check compares a way with direct sums in float64, forward without and with bias, the latter with ReLU if g has it, and the
// gradients. The way must touch nothing outside the slices, which end at a fence, or begin behind one.
func (c convWay[T]) check(t *testing.T, r *rand.Rand, name string, g Conv, atEnd bool, tol convErrors) {
	t.Helper()
	buf := func(n int) []T { return normalFill(r, fenced[T](t, n, atEnd)) }
	nx, nw, ny := g.convSizes()
	x, w, bias, y, dy, dx, dw := buf(nx), buf(nw), buf(g.K), buf(ny), buf(ny), buf(nx), buf(nw)
	plain := g
	plain.ReLU = false
	want := naiveForward(&g, x, w)
	c.forward(&plain, x, w, nil, y)
	convClose(t, name+", without bias", y, want, tol.forward)
	naiveEpilogue(&g, want, bias)
	c.forward(&g, x, w, bias, y)
	convClose(t, name+", forward", y, want, tol.forward)
	wantX, wantW := naiveGrads(&g, x, w, dy)
	c.inputGrad(&plain, dy, w, dx)
	convClose(t, name+", backward", dx, wantX, tol.inputGrad)
	c.weightGrad(&plain, x, dy, dw)
	convClose(t, name+", weights' gradient", dw, wantW, tol.weightGrad)
}

// convInputs are the input, weights and bias of a convolution.
func convInputs(r *rand.Rand, g Conv) (x, w, bias []float32) {
	nx, nw, _ := g.convSizes()
	return normalFill(r, make([]float32, nx)), normalFill(r, make([]float32, nw)), normalFill(r, make([]float32, g.K))
}

// results returns the output, and the gradients for a dy equal to it, one behind the other.
func (c convWay[T]) results(g Conv, x, w, bias []T) []T {
	nx, nw, ny := g.convSizes()
	all := make([]T, ny+nx+nw)
	y, dx, dw := all[:ny], all[ny:][:nx], all[ny+nx:]
	c.forward(&g, x, w, bias, y)
	c.inputGrad(&g, y, w, dx)
	c.weightGrad(&g, x, y, dw)
	return all
}

// checkWorkers checks that run returns the same bits whatever the number of workers, and returns them.
func checkWorkers(t *testing.T, name string, run func() []float32) []float32 {
	t.Helper()
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	want := run()
	for _, workers := range []int{2, 3, 4, 5, 7} {
		parallel.SetWorkers(workers)
		if !slices.Equal(run(), want) {
			t.Errorf("%s: other bits with %d workers", name, workers)
		}
	}
	return want
}

// convClose allows errors of tol times the largest element.
func convClose[T Float](t *testing.T, name string, got []T, want []float64, tol float64) {
	t.Helper()
	var top, worst float64
	for i, v := range want {
		top = max(top, math.Abs(v))
		worst = max(worst, math.Abs(float64(got[i])-v)) // NaN if one is
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i])-v) <= tol*top) {
			t.Errorf("%s: element %d is %v, want %v; the worst is off by %.2g of the largest element", name, i, got[i], v, worst/top)
			break
		}
	}
	t.Logf("%s: %.2g", name, worst/top)
}

// kernelClose compares what a kernel computes with its loop in Go.
func kernelClose(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if !(math.Abs(float64(got[i]-v)) <= 1e-5*(1+math.Abs(float64(v)))) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, got[i], v)
		}
	}
}

func normalFill[T Float](r *rand.Rand, x []T) []T {
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	return x
}
