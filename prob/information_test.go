package prob_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func informationNear(t *testing.T, what string, got *tensor.Tensor, want float64) {
	t.Helper()
	if v := got.Item(); !(math.Abs(v-want) <= 1e-12) && v != want {
		t.Errorf("%s: %v, want %v", what, v, want)
	}
}

func TestInformationGolden(t *testing.T) {
	var cases []struct {
		P, Q                       []float64
		Entropy, Cross, KL, JS, MI float64
		Counts                     [][]float64
	}
	optest.ReadGolden(t, "testdata/information.json", &cases)
	for _, c := range cases {
		p, q := tensor.Of(c.P), tensor.Of(c.Q)
		informationNear(t, "entropy", prob.DiscreteEntropy(p), c.Entropy)
		informationNear(t, "cross-entropy", prob.DiscreteCrossEntropy(p, q), c.Cross)
		informationNear(t, "KL", prob.DiscreteKL(p, q), c.KL)
		informationNear(t, "JS", prob.JensenShannon(p, q), c.JS)
		var rows []*tensor.Tensor
		for _, r := range c.Counts {
			rows = append(rows, tensor.Of(r))
		}
		joint := tensor.Stack(0, rows...)
		informationNear(t, "mutual information", prob.MutualInformation(joint.Div(joint.Sum())), c.MI)
	}
}

func TestInformationByHand(t *testing.T) {
	half, sure, other := tensor.Of([]float64{0.5, 0.5}), tensor.Of([]float64{1, 0}), tensor.Of([]float64{0, 1})
	inf := math.Inf(1)
	informationNear(t, "entropy of a coin", prob.DiscreteEntropy(half), math.Ln2)
	informationNear(t, "entropy of what is sure", prob.DiscreteEntropy(sure), 0)
	informationNear(t, "KL of what is sure and a coin", prob.DiscreteKL(sure, half), math.Ln2)
	informationNear(t, "KL the other way round", prob.DiscreteKL(half, sure), inf)
	informationNear(t, "cross-entropy of what cannot be", prob.DiscreteCrossEntropy(other, sure), inf)
	informationNear(t, "JS of disjoint ones", prob.JensenShannon(sure, other), math.Ln2)
	informationNear(t, "JS of equal ones", prob.JensenShannon(half, half), 0)
	informationNear(t, "information of copies", prob.MutualInformation(tensor.Of([]float64{0.5, 0, 0, 0.5}, 2, 2)), math.Ln2)
	informationNear(t, "information of independent coins", prob.MutualInformation(tensor.With(tensor.Float64).Full(0.25, 2, 2)), 0)
	batch := prob.DiscreteKL(tensor.Stack(0, sure, half), half) // broadcast
	if batch.Shape() != tensor.ShapeOf(2) || batch.Floats()[1] != 0 {
		t.Errorf("a batch: %v", batch)
	}
}

func TestInformationProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 9).Draw(t, "K")
		draw := func(name string) *tensor.Tensor {
			w := rapid.SliceOfN(rapid.Float64Range(0, 1), k, k).Draw(t, name)
			w[0] += 0.1
			x := tensor.Of(w)
			return x.Div(x.Sum())
		}
		p, q := draw("p"), draw("q")
		js := prob.JensenShannon(p, q).Item()
		kl := prob.DiscreteKL(p, q).Item()
		const tiny = 1e-14
		if js < -tiny || js > math.Ln2+tiny || kl < -tiny || math.Abs(js-prob.JensenShannon(q, p).Item()) > tiny || 4*js > kl+prob.DiscreteKL(q, p).Item()+tiny { // Lin's bound
			t.Errorf("JS %v, KL %v", js, kl)
		}
		joint := p.Outer(q)
		if i := prob.MutualInformation(joint).Item(); !(math.Abs(i) <= 1e-13) {
			t.Errorf("mutual information of independent ones: %v", i)
		}
	})
}

func TestInformationGradients(t *testing.T) {
	g := random.New(1)
	x := []*tensor.Tensor{tensor.With(tensor.Float64).Randn(g, 2, 3), tensor.With(tensor.Float64).Randn(g, 3)}
	for name, f := range map[string]func(p, q *tensor.Tensor) *tensor.Tensor{
		"entropy":       func(p, _ *tensor.Tensor) *tensor.Tensor { return prob.DiscreteEntropy(p) },
		"cross-entropy": prob.DiscreteCrossEntropy,
		"KL":            prob.DiscreteKL,
		"JS":            prob.JensenShannon,
		"information":   func(p, _ *tensor.Tensor) *tensor.Tensor { return prob.MutualInformation(p.MulScalar(0.5)) },
	} {
		err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{f(in[0].Softmax(1), in[1].Softmax(0))}
		}, x, autograd.GradCheckConfig{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInformationRefuses(t *testing.T) {
	ok := tensor.Of([]float64{0.5, 0.5})
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"sum":      {tensor.ErrValue, "Softmax makes distributions of scores", func() { prob.DiscreteEntropy(tensor.Of([]float64{0.5, 0.4})) }},
		"negative": {tensor.ErrValue, "element 0 of the probabilities is -1", func() { prob.DiscreteKL(ok, tensor.Of([]float64{-1, 2})) }},
		"NaN":      {tensor.ErrValue, "is NaN", func() { prob.JensenShannon(ok, ok.MulScalar(math.NaN())) }},
		"outcomes": {tensor.ErrShape, "as many outcomes", func() { prob.DiscreteKL(ok, tensor.Of([]float64{1})) }},
		"dtype":    {tensor.ErrDType, "they must all be float32", func() { prob.DiscreteCrossEntropy(ok, ok.To(tensor.Float32)) }},
		"joint":    {tensor.ErrShape, "(..., K, M)", func() { prob.MutualInformation(ok) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}

func ExampleDiscreteKL() {
	p, q := tensor.Of([]float64{0.5, 0.5}), tensor.Of([]float64{0.9, 0.1})
	fmt.Printf("KL(p‖q) %.3f, KL(q‖p) %.3f\n", prob.DiscreteKL(p, q).Item(), prob.DiscreteKL(q, p).Item())
	// Output: KL(p‖q) 0.511, KL(q‖p) 0.368
}
