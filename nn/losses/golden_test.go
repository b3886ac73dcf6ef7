package losses_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// goldenCase is a case of testdata/golden.json; make_golden.py, which made it with PyTorch, says what the fields hold.
type goldenCase struct {
	Loss, Name     string
	X, Y, Out, DX  goldenArray
	DY             *goldenArray
	Int            bool
	Reduction      string
	Weight         *goldenArray
	PosWeight      *goldenArray `json:"pos_weight"`
	Delta          float64
	Beta, Margin   *float64
	P              int
	LabelSmoothing float64 `json:"label_smoothing"`
	IgnoreIndex    *int64  `json:"ignore_index"`
	LogTarget      bool    `json:"log_target"`
}

type goldenArray struct {
	Shape []int
	Data  []goldenNumber
}

// goldenNumber is a JSON number, or "nan", "inf" and "-inf".
type goldenNumber float64

func (n *goldenNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = goldenNumber(v)
	return err
}

func (a *goldenArray) tensor(d tensor.DType) *tensor.Tensor {
	if a == nil {
		return nil
	}
	v := make([]float64, len(a.Data))
	for i, x := range a.Data {
		v[i] = float64(x)
	}
	return tensor.OfShape(v, tensor.ShapeOf(a.Shape...)).To(d)
}

var reductions = map[string]losses.Reduction{"": losses.Mean, "mean": losses.Mean, "sum": losses.Sum, "none": losses.None}

// goldenLosses are PyTorch's functions under its names.
var goldenLosses = map[string]func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor{
	"mse_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.MSELoss{Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"l1_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.L1Loss{Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"huber_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.HuberLoss{Delta: c.Delta, Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"smooth_l1_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.SmoothL1Loss{Beta: c.Beta, Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"binary_cross_entropy": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.BCELoss{Weight: c.Weight.tensor(tensor.Float64), Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"binary_cross_entropy_with_logits": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.BCEWithLogitsLoss{Weight: c.Weight.tensor(tensor.Float64), PosWeight: c.PosWeight.tensor(tensor.Float64),
			Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"cross_entropy": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.CrossEntropyLoss{Weight: c.Weight.tensor(tensor.Float64), LabelSmoothing: c.LabelSmoothing,
			IgnoreIndex: c.IgnoreIndex, Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"nll_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.NLLLoss{Weight: c.Weight.tensor(tensor.Float64), IgnoreIndex: c.IgnoreIndex, Reduction: reductions[c.Reduction]}.Of(x, y)
	},
	"kl_div": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		if c.Reduction != "batchmean" {
			return losses.KLDivLoss{LogTarget: c.LogTarget, Reduction: reductions[c.Reduction]}.Of(x, y)
		}
		if c.LogTarget {
			y = y.Exp()
		}
		return losses.KLDiv(x, y)
	},
	"multi_margin_loss": func(c goldenCase, x, y *tensor.Tensor) *tensor.Tensor {
		return losses.MultiMarginLoss{Weight: c.Weight.tensor(tensor.Float64), Margin: c.Margin, Squared: c.P == 2,
			Reduction: reductions[c.Reduction]}.Of(x, y)
	},
}

// near compares with PyTorch's float64, whose constant 1e-12 in BCE's gradient is a float32 and 4e-9 off, or allows for a
// few float32 roundings.
func near(t *testing.T, d tensor.DType, what string, got *tensor.Tensor, want goldenArray) {
	t.Helper()
	tol := 1e-8
	if d == tensor.Float32 {
		tol = 4e-6
	}
	if got == nil || got.DType() != d || !slices.Equal(got.Shape().Dims(), want.Shape) {
		t.Errorf("%v %s is %v, want shape %v", d, what, got, want.Shape)
		return
	}
	for i, g := range got.Floats() {
		w := float64(want.Data[i])
		if !(math.Abs(g-w) <= tol*(math.Abs(w)+1) || w != w && g != g) {
			t.Errorf("%v %s: element %d is %v, want %v", d, what, i, g, w)
			return
		}
	}
}

// nearAndBack is near, and begins the gradients as the scripts do.
func nearAndBack(t *testing.T, d tensor.DType, what string, got *tensor.Tensor, want goldenArray) {
	t.Helper()
	near(t, d, what, got, want)
	w := make([]float64, got.Numel())
	for i := range w {
		w[i] = math.Sin(1 + 0.37*float64(i))
	}
	got.Mul(tensor.OfShape(w, got.Shape()).To(d)).Sum().Backward()
}

// lossCase is what the cases of all scripts but make_golden.py have.
type lossCase struct {
	Loss, Name string
	Int        []bool // which inputs are int64; none if nil
	In         []goldenArray
	Out        goldenArray
	Grads      []*goldenArray // nil where there is none
}

func (c lossCase) common() lossCase { return c }

// againstPyTorch compares losses with the cases of a file, which must have some for each.
func againstPyTorch[C interface{ common() lossCase }](t *testing.T, file string, losses map[string]func(c C, in []*tensor.Tensor) *tensor.Tensor) {
	t.Helper()
	var cases []C
	optest.ReadGolden(t, file, &cases)
	ran := map[string]bool{}
	for _, options := range cases {
		c := options.common()
		loss := losses[c.Loss]
		if loss == nil {
			t.Fatalf("%s is missing here", c.Loss)
		}
		ran[c.Loss] = true
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			in := make([]*tensor.Tensor, len(c.In))
			for i := range in {
				in[i] = c.In[i].tensor(d)
				if c.Int != nil && c.Int[i] {
					in[i] = in[i].To(tensor.Int64)
				}
				if c.Grads[i] != nil {
					in[i] = in[i].RequireGrad()
				}
			}
			what := c.Loss + " " + c.Name
			nearAndBack(t, d, what, loss(options, in), c.Out)
			for i, g := range c.Grads {
				if g != nil {
					near(t, d, what+": gradient", in[i].Grad(), *g)
				}
			}
		}
	}
	if len(ran) != len(losses) {
		t.Errorf("golden cases for %d of %d losses", len(ran), len(losses))
	}
}

func TestAgainstPyTorch(t *testing.T) {
	var cases []goldenCase
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	ran := map[string]bool{}
	for _, c := range cases {
		loss := goldenLosses[c.Loss]
		if loss == nil {
			t.Fatalf("%s is missing here", c.Loss)
		}
		ran[c.Loss] = true
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			x, y := c.X.tensor(d).RequireGrad(), c.Y.tensor(d)
			switch {
			case c.Int:
				y = y.To(tensor.Int64)
			case c.DY != nil:
				y = y.RequireGrad()
			}
			out := loss(c, x, y)
			what := c.Loss + " " + c.Name
			nearAndBack(t, d, what, out, c.Out)
			near(t, d, what+": gradient", x.Grad(), c.DX)
			if c.DY != nil {
				near(t, d, what+": gradient of the target", y.Grad(), *c.DY)
			}
		}
	}
	if len(ran) != len(goldenLosses) {
		t.Errorf("golden cases for %d of %d losses", len(ran), len(goldenLosses))
	}
}
