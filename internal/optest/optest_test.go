package optest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// cubeOp computes x³ y with one mistake of choice; x and y have the same shape.
type cubeOp struct{ mistake string }

func (o cubeOp) Name() string { return "cube" + strings.ReplaceAll(o.mistake, " ", "_") }
func (o cubeOp) Infer(c *tensor.Call) {
	x := c.Spec(0)
	if o.mistake == "meta shape" && x.Device == tensor.Meta {
		x.Shape = x.Shape.Insert(0, 1)
	}
	c.Output(x.Shape, x.DType)
	if o.mistake == "saved as constant" && c.Recording() {
		c.Save(x.Shape, x.DType)
	}
}
func (o cubeOp) Run(_ tensor.Device, c *tensor.Call) bool {
	if o.mistake == "no kernel" {
		return false
	}
	if c.Spec(0).DType == tensor.Float64 {
		runCube[float64](o, c)
	} else {
		runCube[float32](o, c)
	}
	return true
}

func runCube[T tensor.Float](o cubeOp, c *tensor.Call) {
	x, y, out := tensor.Slice[T](c.X(0)), tensor.Slice[T](c.X(1)), tensor.Slice[T](c.Y(0))
	for i := range out {
		v := float64(x[i])
		v = v * v * v * float64(y[i])
		switch o.mistake {
		case "forward":
			v *= 1.0001
		case "float32":
			if _, ok := any(v).(T); !ok {
				v *= 1.0001
			}
		case "infinity":
			v = math.Inf(1)
		case "workers":
			v *= 1 + 1e-13*float64(parallel.Workers())
		}
		out[i] = T(v)
	}
	if o.mistake == "saved as constant" && c.Recording() {
		for i, v := range tensor.Slice[T](c.S(0)) {
			_ = v
			tensor.Slice[T](c.S(0))[i] = 3 * x[i] * x[i]
		}
	}
	if o.mistake == "writes input" {
		x[0]++
	}
}

func (o cubeOp) Reads() tensor.Reads { return tensor.ReadsIn(0, 1) }
func (o cubeOp) VJP(b *tensor.Back) []*tensor.Tensor {
	x, y, d := b.In(0), b.In(1), b.Dout(0)
	g := []*tensor.Tensor{nil, nil}
	if b.Need(0) {
		g[0] = d.Mul(y).Mul(x.Mul(x)).MulScalar(3)
		switch o.mistake {
		case "saved as constant":
			g[0] = d.Mul(y).Mul(b.Saved(0))
		case "gradient":
			g[0] = g[0].MulScalar(1.00001)
		case "second order":
			g[0] = d.Mul(y).Mul(x.Detach().Mul(x)).MulScalar(3)
		case "second order dout":
			g[0] = d.Detach().Mul(y).Mul(x.Mul(x)).MulScalar(3)
		case "alone":
			if !b.Need(1) {
				g[0] = g[0].MulScalar(2)
			}
		}
	}
	if b.Need(1) {
		g[1] = d.Mul(x).Mul(x).Mul(x)
	}
	return g
}
func (o cubeOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	r := in[0].Mul(in[0]).Mul(in[0]).Mul(in[1])
	if o.mistake == "lower" {
		r = r.MulScalar(1.001)
	}
	return []*tensor.Tensor{r}
}

// flatOp claims to read any strides and does not.
type flatOp struct {
	tensor.AnyStrides
	cubeOp
}

type failures []string

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	*f = append(*f, fmt.Sprintf(format, args...))
}

func cubeCase(op tensor.Op) *Case {
	return &Case{
		Op: typeName(op), Name: "case", In: []Input{{Shape: []int{2, 3}}, {Shape: []int{2, 3}}},
		F: func(in []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{tensor.Apply1(op, in[0], in[1])}
		},
		Want: Binary(func(x, y float64) float64 { return x * x * x * y }),
	}
}

// The suite fails for every kind of mistake, and only then.
func TestFindsMistakes(t *testing.T) {
	var ok failures
	check(&ok, cubeCase(cubeOp{}))
	if len(ok) > 0 {
		t.Fatalf("a correct op fails:\n%s", strings.Join(ok, "\n"))
	}
	for mistake, want := range map[string]string{
		"forward":           "result 0",
		"float32":           "float32 contiguous: result 0",
		"infinity":          "result 0",
		"workers":           "2 workers change bits",
		"saved as constant": "derivative of order 2",
		"writes input":      "was written to",
		"gradient":          "derivative of order 1",
		"second order":      "derivative of order 2",
		"second order dout": "derivative of order 2",
		"alone":             "alone (Back.Need)",
		"lower":             "against its Lower",
		"meta shape":        "Infer: result 0",
		"no kernel":         "no CPU kernel",
	} {
		var f failures
		check(&f, cubeCase(cubeOp{mistake}))
		if !strings.Contains(strings.Join(f, "\n"), want) {
			t.Errorf("%s: the suite does not complain of %q but of %q", mistake, want, f)
		}
	}
	for name, tt := range map[string]struct {
		c    *Case
		want string
	}{
		"strides": {cubeCase(flatOp{}), "float64 strided"},
		"not applied": {func() *Case {
			c := cubeCase(cubeOp{})
			c.Op = "tensor.otherOp"
			return c
		}(), "did not apply tensor.otherOp"},
		"wrong reference": {func() *Case {
			c := cubeCase(cubeOp{})
			c.Want = Binary(func(x, y float64) float64 { return x * y })
			return c
		}(), "result 0"},
		"panic": {func() *Case {
			c := cubeCase(cubeOp{})
			c.F = func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{in[0].MatMul(in[1])} }
			return c
		}(), "inner sizes"},
	} {
		var f failures
		check(&f, tt.c)
		if !strings.Contains(strings.Join(f, "\n"), tt.want) {
			t.Errorf("%s: the suite does not complain of %q but of %q", name, tt.want, f)
		}
	}
}

func TestFindOps(t *testing.T) {
	ops, err := findOps(fstest.MapFS{
		"a.go":      {Data: []byte("package p\ntype aOp struct{}\nfunc A() { use(aOp{}) }\nfunc (aOp) VJP(b *Back) []*Tensor { return use(aGradOp{}) }\n")},
		"grad.go":   {Data: []byte("package p\ntype aGradOp struct{}\nfunc (o *aGradOp) VJP(b *tensor.Back) []*Tensor { return use(aGradOp{}) }\nfunc (aGradOp) Run() { use(aGradOp{}) }")},
		"other.go":  {Data: []byte("package p\nfunc (x) VJP(b int) {}\nfunc VJP(b *Back) {}\n")},
		"a_test.go": {Data: []byte("package p\nfunc (testOp) VJP(b *Back) {}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 2 || ops["p.aOp"].gradientOnly || !ops["p.aGradOp"].gradientOnly {
		t.Errorf("found %v, want p.aOp and the gradient-only p.aGradOp", ops)
	}
	r := totals{covered: map[string]bool{}, ran: map[string]bool{"p.aOp": true, "p.aGradOp": true}}
	if m := r.missing(ops); len(m) != 1 || m[0] != "p.aOp" {
		t.Errorf("missing %v, want p.aOp: running it inside others is not a case", m)
	}
	r.covered["p.aOp"] = true
	delete(r.ran, "p.aGradOp")
	if m := r.missing(ops); len(m) != 1 || m[0] != "p.aGradOp" {
		t.Errorf("missing %v, want p.aGradOp, which never ran", m)
	}
}

// The strided layout really is strided, offset and surrounded by NaN, and holds the right values.
func TestStridedLayout(t *testing.T) {
	for _, shape := range [][]int{{}, {3}, {2, 3}, {1, 4}, {2, 1, 3}, {0, 2}} {
		v := make([]float64, size(shape))
		for i := range v {
			v[i] = float64(i)
		}
		x := stridedOf(v, shape, tensor.Float64)
		if k := firstDifference(x.Floats(), v); k >= 0 || x.Shape() != tensor.ShapeOf(shape...) {
			t.Errorf("%v: element %d differs in %v", shape, k, x)
		}
		if size(shape) > 1 && x.IsContiguous() {
			t.Errorf("%v is contiguous", shape)
		}
	}
}

// Inputs are distinct and stay away from where they must.
func TestDraw(t *testing.T) {
	s := &suite{c: &Case{Op: "p.op"}}
	in := Input{Lo: -1, Hi: 1, Away: []float64{0}}
	v := in.draw(s.generator("x"), 1000)
	seen := map[float64]bool{}
	for _, x := range v {
		if math.Abs(x) < 0.05 || math.Abs(x) > 1.1 || x != float64(float32(x)) {
			t.Errorf("drew %v", x)
		}
		seen[x] = true
	}
	if len(seen) < 999 {
		t.Errorf("only %d different values", len(seen))
	}
	mask := Input{Fixed: true, DType: tensor.Bool}
	ones := 0.0
	for _, x := range mask.draw(s.generator("mask"), 100) {
		ones += x
	}
	if ones < 20 || ones > 80 {
		t.Errorf("%v of 100 mask elements are set", ones)
	}
}
