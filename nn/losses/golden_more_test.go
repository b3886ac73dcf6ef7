package losses_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// moreCase is a case of testdata/golden_more.json; golden_more.py, which made it with PyTorch, says what the fields hold.
type moreCase struct {
	lossCase
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

func TestMoreAgainstPyTorch(t *testing.T) { againstPyTorch(t, "testdata/golden_more.json", moreLosses) }
