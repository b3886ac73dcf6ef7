package autograd_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type list = []*tensor.Tensor

func ExampleCheckpoint() {
	w := tensor.NewParam(tensor.Of([]float32{1, 2, 3}))
	block := func(in []*tensor.Tensor) []*tensor.Tensor { return list{in[0].Mul(w.Tensor).Exp().Tanh()} }
	x := tensor.Of([]float32{0, 0, 0}).RequireGrad()
	autograd.Checkpoint(block, x)[0].Sum().Backward()
	fmt.Println(x.Grad())
	// Output: tensor([0.41997, 0.83995, 1.2599], float32 (3,))
}

func ExampleTapeText() {
	w := tensor.NewParam(tensor.Ones(2, 3))
	y := tensor.Ones(4, 2).MatMul(w.Tensor).Softmax(1).Sum()
	fmt.Print(autograd.TapeText(y, tensor.Named{Name: "w", Tensor: w.Tensor}))
	// Output:
	// %0 = matmul(float32 (4, 2), w) -> float32 (4, 3)
	// %1 = softmax(%0, axis=1) -> float32 (4, 3)
	// %2 = sum(%1) -> float32 ()
}

func ExampleFunction() {
	// The rounding of x, with a gradient that is 1 where |x| <= 1 and else 0.
	round := autograd.Function{
		Name:    "round_clipped",
		Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return list{in[0].Round()} },
		VJP: func(in, _, douts []*tensor.Tensor) []*tensor.Tensor {
			return list{douts[0].Mul(in[0].Abs().Le(tensor.Scalar[float32](1)).To(tensor.Float32))}
		},
	}
	x := tensor.Of([]float32{-1.6, 0.2, 0.9}).RequireGrad()
	y := round.Apply(x)[0]
	y.Sum().Backward()
	fmt.Println(y.Detach(), x.Grad())
	// Output: tensor([-2, 0, 1], float32 (3,)) tensor([0, 1, 1], float32 (3,))
}

func TestCheckpointSequential(t *testing.T) {
	g := random.New(1)
	var fs []func(*tensor.Tensor) *tensor.Tensor
	for range 5 {
		w := tensor.NewParam(tensor.With(tensor.Float64).Randn(g, 3, 3))
		fs = append(fs, func(x *tensor.Tensor) *tensor.Tensor { return x.MatMul(w.Tensor).Tanh() })
	}
	x := tensor.With(tensor.Float64).Randn(g, 2, 3)
	var want []float64
	for _, segments := range []int{1, 2, 5, 9} {
		in := x.RequireGrad()
		autograd.CheckpointSequential(segments, in, fs...).Sum().Backward()
		got := in.Grad().Floats()
		if want == nil {
			want = got
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%d segments: gradient %v, want %v", segments, got, want)
			}
		}
	}
	if y := autograd.CheckpointSequential(3, x); y != x {
		t.Error("no functions: the result is not x")
	}
	if err := tensor.Catch(func() { autograd.CheckpointSequential(0, x, fs...) }); err == nil {
		t.Error("0 segments were accepted")
	}
}

func TestStraightThrough(t *testing.T) {
	x := tensor.Of([]float64{0.4, -0.6}).RequireGrad()
	y := autograd.StraightThrough((*tensor.Tensor).Round, x)
	y.Mul(tensor.Of([]float64{3, 5})).Sum().Backward()
	if v, g := y.Detach().Floats(), x.Grad().Floats(); v[0] != 0 || v[1] != -1 || g[0] != 3 || g[1] != 5 {
		t.Errorf("value %v, gradient %v; want 0 -1 and 3 5", v, g)
	}
	if err := tensor.Catch(func() { autograd.StraightThrough(func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() }, x) }); err == nil {
		t.Error("a function that changes the shape was accepted")
	}
}

func TestReverseGradient(t *testing.T) {
	x := tensor.Of([]float64{2, 3}).RequireGrad()
	autograd.ReverseGradient(x, 0.5).Square().Sum().Backward()
	if g := x.Grad().Floats(); g[0] != -2 || g[1] != -3 {
		t.Errorf("gradient %v, want -2 -3", g)
	}
	if autograd.StopGradient(x).RequiresGrad() {
		t.Error("StopGradient's result requires grad")
	}
}

// The per-example gradient of the squared error of a linear model is 2(wx − y)x.
func TestPerExample(t *testing.T) {
	w, unused := tensor.NewParam(tensor.Of([]float64{1, -2})), tensor.NewParam(tensor.Of([]float64{1}))
	x, y := tensor.Of([]float64{1, 2, 3, 4, 5, 6}, 3, 2), tensor.Of([]float64{0, 1, -1}, 3, 1)
	loss := func(s []*tensor.Tensor) *tensor.Tensor {
		return s[0].MatMul(w.Reshape(2, 1)).Sub(s[1]).Square().Sum()
	}
	g := autograd.PerExample(loss, []*tensor.Param{w, unused}, x, y)
	xs, ys := x.Floats(), y.Floats()
	for n := range 3 {
		r := xs[2*n] - 2*xs[2*n+1] - ys[n]
		for i := range 2 {
			if got, want := g[0].Floats()[2*n+i], 2*r*xs[2*n+i]; math.Abs(got-want) > 1e-12 {
				t.Errorf("sample %d: %v, want %v", n, got, want)
			}
		}
	}
	if s := g[1].Shape(); s != tensor.ShapeOf(3, 1) || w.Grad() != nil {
		t.Errorf("the unused parameter's gradients are %v, w.Grad is %v", s, w.Grad())
	}
	if g := autograd.PerExample(loss, []*tensor.Param{w}, x.Narrow(0, 0, 0), y.Narrow(0, 0, 0)); g[0].Shape() != tensor.ShapeOf(0, 2) {
		t.Errorf("no samples: %v", g[0].Shape())
	}
	for _, f := range []func(){
		func() { autograd.PerExample(loss, []*tensor.Param{w}, x, y.Narrow(0, 0, 2)) },
		func() { autograd.PerExample(loss, []*tensor.Param{w}) },
	} {
		if tensor.Catch(f) == nil {
			t.Error("a bad batch was accepted")
		}
	}
}

func TestTapeDot(t *testing.T) {
	w := tensor.NewParam(tensor.Ones(2))
	y := w.Mul(w.Tensor).Add(w.Exp()).Sum()
	dot := autograd.TapeDot(y, tensor.Named{Name: `the "w"`, Tensor: w.Tensor})
	for _, want := range []string{"digraph tape {", `leaf0 [label="the \"w\"" shape=ellipse]`, "leaf0 -> op0", "op0 -> op2", "op1 -> op2", "op2 -> op3", `[label="float32 (2,)"]`} {
		if !strings.Contains(dot, want) {
			t.Errorf("%q is not in\n%s", want, dot)
		}
	}
	if n := strings.Count(dot, "shape=ellipse"); n != 1 {
		t.Errorf("the one leaf is drawn %d times", n)
	}
}
