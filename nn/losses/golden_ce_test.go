package losses_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// ceCase is a case of testdata/golden_ce.json; golden_ce.py, which made it with PyTorch, says what the fields hold.
type ceCase struct {
	lossCase
	Reduction      string
	Weight         *goldenArray
	LabelSmoothing float64 `json:"label_smoothing"`
	IgnoreIndex    *int64  `json:"ignore_index"`
	Margin         *float64
	Swap           bool
	Distance       string
}

func manhattan(x, y *tensor.Tensor) *tensor.Tensor { return x.Sub(y).Abs().Sum(-1) }

var distances = map[string]func(x, y *tensor.Tensor) *tensor.Tensor{
	"manhattan": manhattan,
	"cosine":    func(x, y *tensor.Tensor) *tensor.Tensor { return tensor.CosineSimilarity(x, y, -1, 1e-8).RSubScalar(1) },
}

// ceLosses are PyTorch's functions under its names.
var ceLosses = map[string]func(c ceCase, in []*tensor.Tensor) *tensor.Tensor{
	"cross_entropy": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.CrossEntropyLoss{Weight: c.Weight.tensor(tensor.Float64), LabelSmoothing: c.LabelSmoothing,
			IgnoreIndex: c.IgnoreIndex, Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"nll_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.NLLLoss{Weight: c.Weight.tensor(tensor.Float64), IgnoreIndex: c.IgnoreIndex,
			Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"multilabel_margin_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.MultiLabelMarginLoss{Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"multilabel_soft_margin_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.MultiLabelSoftMarginLoss{Weight: c.Weight.tensor(tensor.Float64), Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"soft_margin_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.SoftMarginLoss{Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"hinge_embedding_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.HingeEmbeddingLoss{Margin: c.Margin, Reduction: reductions[c.Reduction]}.Of(in[0], in[1])
	},
	"triplet_margin_with_distance_loss": func(c ceCase, in []*tensor.Tensor) *tensor.Tensor {
		return losses.TripletMarginWithDistanceLoss{Distance: distances[c.Distance], Margin: c.Margin, Swap: c.Swap,
			Reduction: reductions[c.Reduction]}.Of(in[0], in[1], in[2])
	},
}

func TestClassesAgainstPyTorch(t *testing.T) { againstPyTorch(t, "testdata/golden_ce.json", ceLosses) }

// TestLabelLosses has the functions, second derivatives, the meta device, numbers far out and samples without labels.
func TestLabelLosses(t *testing.T) {
	type T = tensor.Tensor
	x, y := fill(0, 3, 4).MulScalar(2), fill(2, 3, 4).Sign()
	zeroOne, labels := y.AddScalar(1).MulScalar(0.5), tensor.Of([]int64{3, 0, -1, 1, -1, 2, 2, 2, 0, 1, 2, -1}, 3, 4)
	meta := func(x *T) *T { return tensor.With(x.DType()).On(tensor.Meta).Zeros(x.Shape().Dims()...) }
	for name, c := range map[string]struct {
		f, none func(x, y *T) *T
		y       *T
	}{
		"multilabel_margin":      {losses.MultiLabelMargin, losses.MultiLabelMarginLoss{Reduction: losses.None}.Of, labels},
		"multilabel_soft_margin": {losses.MultiLabelSoftMargin, losses.MultiLabelSoftMarginLoss{Reduction: losses.None}.Of, zeroOne},
		"soft_margin":            {losses.SoftMargin, losses.SoftMarginLoss{Reduction: losses.None}.Of, y},
		"hinge_embedding":        {losses.HingeEmbedding, losses.HingeEmbeddingLoss{Reduction: losses.None}.Of, y},
		"triplet": {
			func(x, y *T) *T { return losses.TripletMarginWithDistanceLoss{}.Of(x, y, y.Flip(0)) },
			func(x, y *T) *T {
				return losses.TripletMarginWithDistanceLoss{Reduction: losses.None}.Of(x, y, y.Flip(0))
			}, y},
	} {
		none := c.none(x, c.y)
		close64(t, name, c.f(x, c.y), none.Mean().Item())
		if m := c.none(meta(x), meta(c.y)); m.Shape() != none.Shape() || m.Device() != tensor.Meta {
			t.Errorf("%s on the meta device is %v", name, m)
		}
		f := func(in []*T) []*T { return []*T{c.f(in[0], c.y)} }
		if err := autograd.GradCheck(f, []*T{x}, autograd.GradCheckConfig{Order: 2}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	far := of(1e4, -1e4, 1e4, -1e4).RequireGrad()
	l := losses.SoftMarginLoss{Reduction: losses.None}.Of(far, of(1, 1, -1, -1))
	close64(t, "soft margin far out", l, 0, 1e4, 1e4, 0)
	l.Sum().Backward()
	close64(t, "its gradient", far.Grad(), 0, -1, 1, 0)
	none := losses.MultiLabelMarginLoss{Reduction: losses.None}.Of(tensor.Zeros(0, 4), tensor.With(tensor.Int64).Zeros(0, 4))
	if none.Shape() != tensor.ShapeOf(0) {
		t.Errorf("no samples: %v", none)
	}
}

func TestLabelLossesBadArguments(t *testing.T) {
	x, other, k := tensor.Zeros(4, 3), tensor.Zeros(3, 4), tensor.With(tensor.Int64).Zeros(4, 3)
	scalar := tensor.Scalar(float32(1))
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"cross_entropy sample":          {tensor.ErrShape, "classes of shape ()", func() { losses.CrossEntropy(tensor.Zeros(3), tensor.Of([]int64{1})) }},
		"cross_entropy sample class":    {tensor.ErrIndex, "3", func() { losses.CrossEntropy(tensor.Zeros(3), tensor.Scalar(int64(3))) }},
		"cross_entropy sample weight":   {tensor.ErrShape, "shape (3,)", func() { losses.CrossEntropyLoss{Weight: tensor.Ones(1)}.Of(tensor.Zeros(3), tensor.Scalar(int64(2))) }},
		"cross_entropy soft scalar":     {tensor.ErrShape, "(N, C)", func() { losses.CrossEntropy(scalar, scalar) }},
		"cross_entropy images":          {tensor.ErrShape, "classes of shape (2, 5, 7)", func() { losses.CrossEntropy(tensor.Zeros(2, 3, 5, 7), tensor.With(tensor.Int64).Zeros(2, 7, 5)) }},
		"cross_entropy soft images":     {tensor.ErrShape, "same shape", func() { losses.CrossEntropy(tensor.Zeros(2, 3, 5), tensor.Zeros(2, 5, 3)) }},
		"nll sample":                    {tensor.ErrShape, "classes of shape ()", func() { losses.NLL(tensor.Zeros(3), tensor.Of([]int64{1})) }},
		"nll scalar":                    {tensor.ErrShape, "(N, C)", func() { losses.NLL(scalar, tensor.Scalar(int64(0))) }},
		"nll images":                    {tensor.ErrShape, "classes of shape (2, 5)", func() { losses.NLL(tensor.Zeros(2, 3, 5), tensor.With(tensor.Int64).Zeros(2, 3)) }},
		"multilabel_margin shape":       {tensor.ErrShape, "multilabel_margin (3, 4), (4, 3): scores and labels must have one shape", func() { losses.MultiLabelMargin(other, k) }},
		"multilabel_margin rank":        {tensor.ErrShape, "(N, C) or (C,)", func() { losses.MultiLabelMargin(tensor.Zeros(1, 2, 3), tensor.With(tensor.Int64).Zeros(1, 2, 3)) }},
		"multilabel_margin scalar":      {tensor.ErrShape, "(N, C) or (C,)", func() { losses.MultiLabelMargin(scalar, tensor.Scalar(int64(0))) }},
		"multilabel_margin no classes":  {tensor.ErrShape, "C at least 1", func() { losses.MultiLabelMargin(tensor.Zeros(3, 0), tensor.With(tensor.Int64).Zeros(3, 0)) }},
		"multilabel_margin floats":      {tensor.ErrDType, "int64 labels, not float32", func() { losses.MultiLabelMargin(x, x) }},
		"multilabel_margin ints":        {tensor.ErrDType, "the scores are int64", func() { losses.MultiLabelMargin(k, k) }},
		"multilabel_margin label":       {tensor.ErrIndex, "label 3 of row 1 is neither a class in [0, 3) nor -1", func() { losses.MultiLabelMargin(x.Narrow(0, 0, 2), tensor.Of([]int64{0, -1, 0, -1, 0, 3}, 2, 3)) }},
		"multilabel_margin -2":          {tensor.ErrIndex, "label -2 of row 0", func() { losses.MultiLabelMargin(tensor.Zeros(2), tensor.Of([]int64{0, -2})) }},
		"multilabel_soft_margin shape":  {tensor.ErrShape, "multilabel_soft_margin (4, 3), (3, 4)", func() { losses.MultiLabelSoftMargin(x, other) }},
		"multilabel_soft_margin scalar": {tensor.ErrShape, "(..., C)", func() { losses.MultiLabelSoftMargin(scalar, scalar) }},
		"multilabel_soft_margin weight": {tensor.ErrShape, "the weights must have shape (3,)", func() { losses.MultiLabelSoftMarginLoss{Weight: tensor.Ones(4)}.Of(x, x) }},
		"multilabel_soft_margin ints":   {tensor.ErrDType, "the prediction is int64", func() { losses.MultiLabelSoftMargin(k, k) }},
		"soft_margin shape":             {tensor.ErrShape, "soft_margin (4, 3), (3, 4)", func() { losses.SoftMargin(x, other) }},
		"hinge_embedding shape":         {tensor.ErrShape, "hinge_embedding (4, 3), (3, 4)", func() { losses.HingeEmbedding(x, other) }},
		"hinge_embedding ints":          {tensor.ErrDType, "the prediction is int64", func() { losses.HingeEmbedding(k, k) }},
		"triplet shape":                 {tensor.ErrShape, "triplet_margin_with_distance (4, 3), (3, 4)", func() { losses.TripletMarginWithDistanceLoss{}.Of(x, x, other) }},
		"triplet distance": {tensor.ErrShape, "the distances of positives and negatives", func() {
			calls := 0
			d := func(x, y *tensor.Tensor) *tensor.Tensor { calls++; return x.Narrow(0, 0, calls).Sum(1) }
			losses.TripletMarginWithDistanceLoss{Distance: d}.Of(x, x, x)
		}},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}
