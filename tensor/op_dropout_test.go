package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestDropout(t *testing.T) {
	key := random.New(1).Next()
	// dropped is the definition, given the documented mask: element i stays if the key's i-th uniform number is at least p.
	dropped := func(p float64) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			y := optest.Array{Shape: in[0].Shape, Data: make([]float64, len(in[0].Data))}
			for i, v := range in[0].Data {
				u := make([]float32, 1)
				if random.Uniform32(u, key, i); float64(u[0]) >= p {
					y.Data[i] = v / (1 - p)
				}
			}
			return []optest.Array{y}
		}
	}
	var cases []optest.Case
	add := func(name string, p float64, shape ...int) {
		cases = append(cases, optest.Case{Op: "tensor.dropoutOp", Name: name, In: of(shape), Want: dropped(p),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Dropout(p, key) })})
	}
	add("half", 0.5, 4, 5)
	add("a quarter", 0.25, 2, 3, 4)
	add("not a binary fraction", 0.3, 7, 9)
	add("none", 0, 3, 4)
	add("all", 1, 3, 4)
	add("one element", 0.5, 1)
	add("scalar", 0.5)
	add("empty", 0.5, 0, 3)
	add("tiles", 0.1, 3, 1027)
	add("chunks", 0.1, 17000)
	optest.Run(t, cases)
}

// TestDropoutFraction checks how many of n elements stay, and that neighbours do so independently, within 5 standard
// deviations of the binomial distribution.
func TestDropoutFraction(t *testing.T) {
	const n = 1 << 20
	ones := tensor.Ones(n)
	near := func(what string, got int, trials, p float64) {
		t.Helper()
		if d := math.Abs(float64(got) - trials*p); d > 5*math.Sqrt(trials*p*(1-p)) {
			t.Errorf("%s: %d of %v, want %v", what, got, trials, trials*p)
		}
	}
	for i, p := range []float64{0.1, 0.5, 0.9} {
		v := ones.Dropout(p, random.New(uint64(i)).Next()).Floats()
		kept := 0
		pairs := [3]int{}
		for i, x := range v {
			if x == 0 {
				continue
			}
			kept++
			if x != float64(float32(1/(1-p))) {
				t.Fatalf("p %v: a kept element is %v, want 1/(1-p)", p, x)
			}
			for k, lag := range [3]int{1, 4, 1024} {
				if i >= lag && v[i-lag] != 0 {
					pairs[k]++
				}
			}
		}
		near(fmt.Sprint("kept of p ", p), kept, n, 1-p)
		for k, lag := range [3]int{1, 4, 1024} {
			// Counts of overlapping pairs vary more than independent ones: var = n q²(1-q²) + 2n(q³ - q⁴) at most.
			q := 1 - p
			if d := math.Abs(float64(pairs[k]) - n*q*q); d > 5*math.Sqrt(n*(q*q*(1-q*q)+2*(q*q*q-q*q*q*q))) {
				t.Errorf("p %v: %d pairs at distance %d are both kept, want %v", p, pairs[k], lag, n*q*q)
			}
		}
	}
}

// TestDropoutKey: the same key gives the same mask for every use, shape, dtype and gradient; another key gives another mask.
func TestDropoutKey(t *testing.T) {
	g := random.New(3)
	key, other := g.Next(), g.Next()
	x := tensor.With(tensor.Float64).Ones(30, 40).RequireGrad()
	y := x.Dropout(0.5, key)
	y.Sum().Backward()
	for what, z := range map[string]*tensor.Tensor{
		"again": x.Dropout(0.5, key), "flat": x.Reshape(1200).Dropout(0.5, key).Reshape(30, 40), "float32": x.To(tensor.Float32).Dropout(0.5, key).To(tensor.Float64),
		"transposed": tensor.With(tensor.Float64).Ones(40, 30).T().Dropout(0.5, key), "gradient": x.Grad(),
	} {
		if !tensor.Equal(y.Detach(), z.Detach()) {
			t.Errorf("%s: another mask", what)
		}
	}
	if tensor.Equal(y.Detach(), x.Detach().Dropout(0.5, other)) {
		t.Error("two keys give the same mask")
	}
	// A smaller probability keeps what a larger one keeps.
	few, many := x.Detach().Dropout(0.75, key).Floats(), y.Detach().Floats()
	for i := range few {
		if few[i] != 0 && many[i] == 0 {
			t.Fatalf("element %d stays at p 0.75 and not at 0.5", i)
		}
	}
}

// TestDropoutSpecial: dropped elements are 0 whatever they were.
func TestDropoutSpecial(t *testing.T) {
	key := random.New(2).Next()
	x := tensor.Of([]float64{nan, inf, -inf, 1}, 4)
	wantValues(t, "all dropped", x.Dropout(1, key), 0, 0, 0, 0)
	v := x.Dropout(0, key).Floats()
	if v[0] == v[0] || v[1] != inf || v[2] != -inf || v[3] != 1 {
		t.Errorf("none dropped: %v", v)
	}
}

func TestDropoutBadArguments(t *testing.T) {
	x, key := tensor.Zeros(2, 3), random.New(1).Next()
	refuses(t, tensor.ErrValue, "dropout (2, 3): the probability -0.1 must lie in [0, 1]", func() { x.Dropout(-0.1, key) })
	refuses(t, tensor.ErrValue, "the probability 1.5", func() { x.Dropout(1.5, key) })
	refuses(t, tensor.ErrValue, "the probability NaN", func() { x.Dropout(math.NaN(), key) })
	refuses(t, tensor.ErrDType, "convert with To", func() { x.To(tensor.Int64).Dropout(0.5, key) })
}
