package prob_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/tensor"
)

type array struct {
	Shape []int
	Data  []any
}

func (a array) floats(t *testing.T) []float64 {
	v := make([]float64, len(a.Data))
	for i, x := range a.Data {
		switch x := x.(type) {
		case float64:
			v[i] = x
		case string:
			f, err := strconv.ParseFloat(x, 64)
			if err != nil {
				t.Fatal(err)
			}
			v[i] = f
		}
	}
	return v
}

func (a array) tensor(t *testing.T) *tensor.Tensor {
	return tensor.OfShape(a.floats(t), tensor.ShapeOf(a.Shape...))
}

// families are those of golden.py.
var families = map[string]func(p []*tensor.Tensor) prob.Distribution{
	"normal":             func(p []*tensor.Tensor) prob.Distribution { return prob.NewNormal(p[0], p[1]) },
	"log_normal":         func(p []*tensor.Tensor) prob.Distribution { return prob.NewLogNormal(p[0], p[1]) },
	"uniform":            func(p []*tensor.Tensor) prob.Distribution { return prob.NewUniform(p[0], p[1]) },
	"laplace":            func(p []*tensor.Tensor) prob.Distribution { return prob.NewLaplace(p[0], p[1]) },
	"gumbel":             func(p []*tensor.Tensor) prob.Distribution { return prob.NewGumbel(p[0], p[1]) },
	"cauchy":             func(p []*tensor.Tensor) prob.Distribution { return prob.NewCauchy(p[0], p[1]) },
	"exponential":        func(p []*tensor.Tensor) prob.Distribution { return prob.NewExponential(p[0]) },
	"gamma":              func(p []*tensor.Tensor) prob.Distribution { return prob.NewGamma(p[0], p[1]) },
	"chi_squared":        func(p []*tensor.Tensor) prob.Distribution { return prob.NewChiSquared(p[0]) },
	"student_t":          func(p []*tensor.Tensor) prob.Distribution { return prob.NewStudentT(p[0], p[1], p[2]) },
	"beta":               func(p []*tensor.Tensor) prob.Distribution { return prob.NewBeta(p[0], p[1]) },
	"dirichlet":          func(p []*tensor.Tensor) prob.Distribution { return prob.NewDirichlet(p[0]) },
	"bernoulli":          func(p []*tensor.Tensor) prob.Distribution { return prob.NewBernoulli(p[0]) },
	"bernoulli_logits":   func(p []*tensor.Tensor) prob.Distribution { return prob.NewBernoulliLogits(p[0]) },
	"geometric":          func(p []*tensor.Tensor) prob.Distribution { return prob.NewGeometric(p[0]) },
	"poisson":            func(p []*tensor.Tensor) prob.Distribution { return prob.NewPoisson(p[0]) },
	"binomial":           func(p []*tensor.Tensor) prob.Distribution { return prob.NewBinomial(p[0], p[1]) },
	"categorical":        func(p []*tensor.Tensor) prob.Distribution { return prob.NewCategorical(p[0]) },
	"categorical_logits": func(p []*tensor.Tensor) prob.Distribution { return prob.NewCategoricalLogits(p[0]) },
	"one_hot":            func(p []*tensor.Tensor) prob.Distribution { return prob.NewOneHotCategorical(p[0]) },
	"multivariate_normal": func(p []*tensor.Tensor) prob.Distribution {
		return prob.NewMultivariateNormalTril(p[0], p[1])
	},
	"covariance": func(p []*tensor.Tensor) prob.Distribution {
		return linalg.Must(prob.NewMultivariateNormal(p[0], p[1]))
	},
	"mixture": func(p []*tensor.Tensor) prob.Distribution {
		return prob.NewMixture(prob.NewCategorical(p[0]), prob.NewNormal(p[1], p[2]))
	},
	"tanh_normal": func(p []*tensor.Tensor) prob.Distribution {
		return prob.NewTransformed(prob.NewNormal(p[0], p[1]), prob.TanhTransform{})
	},
	"logit_normal": func(p []*tensor.Tensor) prob.Distribution {
		affine := prob.AffineTransform{Loc: tensor.Scalar(1.0), Scale: tensor.Scalar(-2.0)}
		return prob.NewTransformed(prob.NewNormal(p[0], p[1]), prob.SigmoidTransform{}, affine)
	},
	"softplus_laplace": func(p []*tensor.Tensor) prob.Distribution {
		return prob.NewTransformed(prob.NewLaplace(p[0], p[1]), prob.SoftplusTransform{})
	},
	"independent": func(p []*tensor.Tensor) prob.Distribution {
		return prob.NewIndependent(prob.NewNormal(p[0], p[1]), 1)
	},
}

func weigh(x *tensor.Tensor) *tensor.Tensor {
	w := make([]float64, x.Numel())
	for i := range w {
		w[i] = math.Cos(float64(i))
	}
	return x.Mul(tensor.OfShape(w, x.Shape())).Sum()
}

func near(t *testing.T, what string, got *tensor.Tensor, want []float64) {
	t.Helper()
	if got == nil {
		for _, w := range want {
			if w != 0 {
				t.Errorf("%s is nil, PyTorch's %v", what, want)
				return
			}
		}
		return
	}
	g := got.Detach().Floats()
	if len(g) != len(want) {
		t.Errorf("%s has shape %v, PyTorch's has %d elements", what, got.Shape(), len(want))
		return
	}
	scale := 0.0
	for _, w := range want {
		if finite := w-w == 0; finite {
			scale = max(scale, math.Abs(w))
		}
	}
	slack := 1e-11
	if strings.Contains(what, "gradient") { // PyTorch 1.13's trigamma is off by 5e-10 of its largest terms
		slack = 5e-9
	}
	for i, w := range want {
		if same := g[i] == w || g[i] != g[i] && w != w; !same && !(math.Abs(g[i]-w) <= 1e-9*math.Abs(w)+slack*scale+1e-12) {
			t.Errorf("%s: element %d is %v, PyTorch's %v", what, i, g[i], w)
			return
		}
	}
}

func TestAgainstPyTorch(t *testing.T) {
	var golden struct {
		Cases []struct {
			Family                      string
			Params                      []array
			X                           array
			LogProb                     array `json:"log_prob"`
			Entropy, Mean, Variance, DX *array
			Grads                       []*array
		}
		KL []struct {
			P, Q   string
			Params []array
			Split  int
			KL     array
			Grads  []*array
		}
	}
	optest.ReadGolden(t, "testdata/golden.json", &golden)
	for i, c := range golden.Cases {
		name := c.Family + " " + strconv.Itoa(i)
		var p []*tensor.Tensor
		for _, a := range c.Params {
			p = append(p, a.tensor(t).RequireGrad())
		}
		d := families[c.Family](p)
		x := c.X.tensor(t).RequireGrad()
		logp := d.LogProb(x)
		near(t, name+" log-probability", logp, c.LogProb.floats(t))
		total := weigh(logp)
		if c.DX != nil {
			total.BackwardWith(tensor.BackwardConfig{Wrt: []*tensor.Tensor{x}, Retain: true})
			near(t, name+" gradient of x", x.Grad(), c.DX.floats(t))
		}
		if c.Entropy != nil {
			e := d.Entropy()
			near(t, name+" entropy", e, c.Entropy.floats(t))
			total = total.Add(weigh(e))
		}
		if c.Mean != nil {
			near(t, name+" mean", d.Mean(), c.Mean.floats(t))
			near(t, name+" variance", d.Variance(), c.Variance.floats(t))
		}
		total.Backward(p...)
		for k, g := range c.Grads {
			if g != nil {
				near(t, name+" gradient of parameter "+strconv.Itoa(k), p[k].Grad(), g.floats(t))
			}
		}
	}
	for i, c := range golden.KL {
		name := "kl " + c.P + " " + c.Q + " " + strconv.Itoa(i)
		var p []*tensor.Tensor
		for _, a := range c.Params {
			p = append(p, a.tensor(t).RequireGrad())
		}
		v := prob.KL(families[c.P](p[:c.Split]), families[c.Q](p[c.Split:]))
		near(t, name, v, c.KL.floats(t))
		weigh(v).Backward()
		for k, g := range c.Grads {
			if g != nil {
				near(t, name+" gradient of parameter "+strconv.Itoa(k), p[k].Grad(), g.floats(t))
			}
		}
	}
}
