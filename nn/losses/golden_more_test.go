package losses_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// moreCase is a case of testdata/golden_more.json; golden_more.py, which made it with PyTorch, says what the fields hold.
type moreCase struct {
	Loss, Name  string
	In          []goldenArray
	Out         goldenArray
	Grads       []*goldenArray
	Reduction   string
	Margin, Eps *float64
	P           goldenNumber
	Swap, Full  bool
	LogInput    *bool `json:"log_input"`
}

// moreLosses are PyTorch's functions under its names.
var moreLosses = map[string]func(c moreCase, in []*tensor.Tensor) *tensor.Tensor{
	"triplet_margin_loss": func(c moreCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.TripletMarginLoss{Margin: c.Margin, P: float64(c.P), Eps: c.Eps, Swap: c.Swap, Reduction: reductions[c.Reduction]}.Of(in[0], in[1], in[2])
	},
	"margin_ranking_loss": func(c moreCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.MarginRankingLoss{Margin: value(c.Margin), Reduction: reductions[c.Reduction]}.Of(in[0], in[1], in[2])
	},
	"cosine_embedding_loss": func(c moreCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.CosineEmbeddingLoss{Margin: value(c.Margin), Reduction: reductions[c.Reduction]}.Of(in[0], in[1], in[2])
	},
	"gaussian_nll_loss": func(c moreCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.GaussianNLLLoss{Full: c.Full, Eps: value(c.Eps), Reduction: reductions[c.Reduction]}.Of(in[0], in[1], in[2])
	},
	"poisson_nll_loss": func(c moreCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.PoissonNLLLoss{Rate: c.LogInput != nil && !*c.LogInput, Full: c.Full, Eps: c.Eps, Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
}

func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

func TestMoreAgainstPyTorch(t *testing.T) {
	b, err := os.ReadFile("testdata/golden_more.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []moreCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for _, c := range cases {
		loss := moreLosses[c.Loss]
		if loss == nil {
			t.Fatalf("%s is missing here", c.Loss)
		}
		ran[c.Loss] = true
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			in := make([]*tensor.Tensor, len(c.In))
			for i := range in {
				in[i] = c.In[i].tensor(d)
				if c.Grads[i] != nil {
					in[i] = in[i].RequireGrad()
				}
			}
			out := loss(c, in)
			what := c.Loss + " " + c.Name
			near(t, d, what, out, c.Out)
			w := make([]float64, out.Numel())
			for i := range w {
				w[i] = math.Sin(1 + 0.37*float64(i))
			}
			out.Mul(tensor.OfShape(w, out.Shape()).To(d)).Sum().Backward()
			for i, g := range c.Grads {
				if g != nil {
					near(t, d, what+": gradient", in[i].Grad(), *g)
				}
			}
		}
	}
	if len(ran) != len(moreLosses) {
		t.Errorf("golden cases for %d of %d losses", len(ran), len(moreLosses))
	}
}
