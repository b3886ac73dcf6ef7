package losses_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

func of(v ...float64) *tensor.Tensor { return tensor.Of(v) }

// fill is make_golden.py's.
func fill(seed int, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	v := make([]float64, s.Numel())
	for i := range v {
		v[i] = math.Sin(1 + 0.37*float64(i) + 1.3*float64(seed))
	}
	return tensor.OfShape(v, s)
}

// TestDefaults checks that each function is the zero struct's Of, a mean.
func TestDefaults(t *testing.T) {
	x, y := fill(0, 4, 3), fill(1, 4, 3)
	p, q := x.Sigmoid(), y.Sigmoid()
	classes := tensor.Of([]int64{0, 2, 1, 0})
	for name, c := range map[string]struct{ got, none *tensor.Tensor }{
		"MSE":           {losses.MSE(x, y), losses.MSELoss{Reduction: losses.None}.Of(x, y)},
		"L1":            {losses.L1(x, y), losses.L1Loss{Reduction: losses.None}.Of(x, y)},
		"Huber":         {losses.Huber(x, y), losses.HuberLoss{Delta: 1, Reduction: losses.None}.Of(x, y)},
		"SmoothL1":      {losses.SmoothL1(x, y), losses.SmoothL1Loss{Beta: new(1.0), Reduction: losses.None}.Of(x, y)},
		"Hinge":         {losses.Hinge(x, y.Sign()), losses.HingeLoss{Margin: new(1.0), Reduction: losses.None}.Of(x, y.Sign())},
		"BCE":           {losses.BCE(p, q), losses.BCELoss{Reduction: losses.None}.Of(p, q)},
		"BCEWithLogits": {losses.BCEWithLogits(x, q), losses.BCEWithLogitsLoss{Reduction: losses.None}.Of(x, q)},
		"CrossEntropy":  {losses.CrossEntropy(x, classes), losses.CrossEntropyLoss{Reduction: losses.None}.Of(x, classes)},
		"NLL":           {losses.NLL(x, classes), losses.NLLLoss{Reduction: losses.None}.Of(x, classes)},
		"MultiMargin":   {losses.MultiMargin(x, classes), losses.MultiMarginLoss{Margin: new(1.0), Reduction: losses.None}.Of(x, classes)},
		"KLDiv":         {losses.KLDiv(p.Log(), q), losses.KLDivLoss{Reduction: losses.None}.Of(p.Log(), q).Sum(1)},
	} {
		sum := 0.0
		for _, v := range c.none.Floats() {
			sum += v
		}
		if mean := sum / float64(c.none.Numel()); c.got.Rank() != 0 || math.Abs(c.got.Item()-mean) > 1e-14 {
			t.Errorf("%s is %v, want the mean %v", name, c.got, mean)
		}
	}
	if d := losses.BCEWithLogits(x, q).Sub(losses.BCE(p, q)).Item(); math.Abs(d) > 1e-14 {
		t.Errorf("BCE of logits and of probabilities differ by %v", d)
	}
	if d := losses.CrossEntropy(x, classes).Sub(losses.NLL(x.LogSoftmax(1), classes)).Item(); math.Abs(d) > 1e-14 {
		t.Errorf("cross-entropy and the likelihood of log-softmax differ by %v", d)
	}
}

// TestHinge is computed by hand: PyTorch has no such loss.
func TestHinge(t *testing.T) {
	x, y := of(2, 0.5, -0.5, -2, 1), tensor.Of([]int64{1, 1, 1, -1, -1})
	for _, c := range []struct {
		loss losses.HingeLoss
		want []float64
		grad []float64
	}{
		{losses.HingeLoss{Reduction: losses.None}, []float64{0, 0.5, 1.5, 0, 2}, []float64{0, -1, -1, 0, 1}},
		{losses.HingeLoss{Reduction: losses.Sum}, []float64{4}, []float64{0, -1, -1, 0, 1}},
		{losses.HingeLoss{Squared: true, Reduction: losses.None}, []float64{0, 0.25, 2.25, 0, 4}, []float64{0, -1, -3, 0, 4}},
		{losses.HingeLoss{Margin: new(0.25), Reduction: losses.None}, []float64{0, 0, 0.75, 0, 1.25}, []float64{0, 0, -1, 0, 1}},
		{losses.HingeLoss{Margin: new(0.0), Reduction: losses.None}, []float64{0, 0, 0.5, 0, 1}, []float64{0, 0, -1, 0, 1}},
	} {
		x := x.RequireGrad()
		l := c.loss.Of(x, y)
		l.Sum().Backward()
		if !slices.Equal(l.Floats(), c.want) || !slices.Equal(x.Grad().Floats(), c.grad) {
			t.Errorf("%+v: %v with gradient %v, want %v and %v", c.loss, l, x.Grad(), c.want, c.grad)
		}
	}
}

// TestSecondDerivatives compares derivatives of orders 1 and 2, by prediction and target, with finite differences.
func TestSecondDerivatives(t *testing.T) {
	x, y := fill(0, 4, 3).MulScalar(3), fill(1, 4, 3)
	p, q := x.Sigmoid(), y.Softmax(1)
	w := of(0.5, 2, 1)
	classes := tensor.Of([]int64{0, 2, 1, 0})
	for name, c := range map[string]struct {
		f  func(x, y *tensor.Tensor) *tensor.Tensor
		in []*tensor.Tensor
	}{
		"mse":             {losses.MSE, []*tensor.Tensor{x, y}},
		"l1":              {losses.L1, []*tensor.Tensor{x, y}},
		"huber":           {losses.HuberLoss{Delta: 2}.Of, []*tensor.Tensor{x, y}},
		"smooth_l1":       {losses.SmoothL1Loss{Beta: new(2.0)}.Of, []*tensor.Tensor{x, y}},
		"hinge":           {losses.HingeLoss{Squared: true}.Of, []*tensor.Tensor{x, y}},
		"bce":             {losses.BCELoss{Weight: w}.Of, []*tensor.Tensor{p, q}},
		"bce_with_logits": {losses.BCEWithLogitsLoss{Weight: w, PosWeight: w}.Of, []*tensor.Tensor{x, q}},
		"cross_entropy":   {losses.CrossEntropyLoss{Weight: w, LabelSmoothing: 0.1, IgnoreIndex: new(int64(2))}.Of, []*tensor.Tensor{x, classes}},
		"soft":            {losses.CrossEntropyLoss{Weight: w, LabelSmoothing: 0.1}.Of, []*tensor.Tensor{x, q}},
		"nll":             {losses.NLLLoss{Weight: w}.Of, []*tensor.Tensor{x, classes}},
		"kl_div":          {losses.KLDiv, []*tensor.Tensor{x, q}},
		"kl_div log":      {losses.KLDivLoss{LogTarget: true}.Of, []*tensor.Tensor{x, y}},
		"multi_margin":    {losses.MultiMarginLoss{Weight: w, Squared: true}.Of, []*tensor.Tensor{x, classes}},
	} {
		f := func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{c.f(in[0], in[1])} }
		if err := autograd.GradCheck(f, c.in, autograd.GradCheckConfig{Order: 2}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSecondDerivativeAtNoDifference is 1 although |d| has a kink there.
func TestSecondDerivativeAtNoDifference(t *testing.T) {
	one := []*tensor.Tensor{tensor.Scalar(1.0)}
	_, h := autograd.HVP(func(in []*tensor.Tensor) *tensor.Tensor { return losses.Huber(in[0], tensor.Scalar(2.0)) }, []*tensor.Tensor{tensor.Scalar(2.0)}, one)
	if h[0].Item() != 1 {
		t.Errorf("Huber's second derivative is %v, want 1", h[0])
	}
}

// TestExtremes has what mathematics says where logarithms and exponentials overflow.
func TestExtremes(t *testing.T) {
	inf := math.Inf(1)
	ln := math.Log
	for name, c := range map[string]struct {
		f          func(x, y *tensor.Tensor) *tensor.Tensor
		x, y       *tensor.Tensor
		want, grad []float64
	}{
		"bce_with_logits": {losses.BCEWithLogitsLoss{Reduction: losses.None}.Of, of(1e4, 1e4, -1e4, -1e4, -15, 15), of(1, 0, 1, 0, 0, 1),
			[]float64{0, 1e4, 1e4, 0, math.Log1p(math.Exp(-15)), math.Log1p(math.Exp(-15))},
			[]float64{0, 1, -1, 0, 1 / (1 + math.Exp(15)), -1 / (1 + math.Exp(15))}},
		"bce": {losses.BCELoss{Reduction: losses.None}.Of, of(0, 1, 1, 0, 1), of(0, 1, 0, 1, 0.5),
			[]float64{0, 0, 100, 100, 50}, []float64{0, 0, 1e12, -1e12, 0.5e12}},
		"nll": {losses.NLLLoss{IgnoreIndex: new(int64(1)), Reduction: losses.None}.Of, of(0, -inf, -1e30, -inf).Reshape(2, 2), tensor.Of([]int64{0, 1}),
			[]float64{0, 0}, []float64{-1, 0, 0, 0}},
		"kl_div": {losses.KLDivLoss{Reduction: losses.None}.Of, of(-inf, 0, ln(0.25), -1e4), of(0, 1, 0.5, 1),
			[]float64{0, 0, 0.5 * ln(2), 1e4}, []float64{0, -1, -0.5, -1}},
		"kl_div log": {losses.KLDivLoss{LogTarget: true, Reduction: losses.None}.Of, of(-inf, 0, ln(0.25), -1e4), of(-inf, 0, ln(0.5), 0),
			[]float64{0, 0, 0.5 * ln(2), 1e4}, []float64{0, -1, -0.5, -1}},
		"huber": {losses.HuberLoss{Reduction: losses.None}.Of, of(1e30, -inf, 1), of(0, 0, 0), []float64{1e30, inf, 0.5}, []float64{1, -1, 1}},
		"cross_entropy": {losses.CrossEntropyLoss{Reduction: losses.None}.Of, of(1e4, -1e4, 1e4, -1e4, -inf, 0).Reshape(3, 2), tensor.Of([]int64{0, 1, 1}),
			[]float64{0, 2e4, 0}, []float64{0, 0, 1, -1, 0, 0}},
	} {
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			x, y := c.x.To(d).RequireGrad(), c.y
			if y.DType().IsFloat() {
				y = y.To(d)
			}
			l := c.f(x, y)
			l.Sum().Backward()
			tol := 1e-12
			if d == tensor.Float32 {
				tol = 1e-6 // relative: small losses keep their digits
			}
			same := func(a, b float64) bool { return a == b || math.Abs(a-b) <= tol*math.Abs(b) }
			if !slices.EqualFunc(l.Floats(), c.want, same) || !slices.EqualFunc(x.Grad().Floats(), c.grad, same) {
				t.Errorf("%v %s: %v with gradient %v, want %v and %v", d, name, l, x.Grad(), c.want, c.grad)
			}
		}
	}
	// The target's gradient is that of the clamped loss: ln(1−p) − ln p.
	y := of(0.5, 0.5).RequireGrad()
	losses.BCELoss{Reduction: losses.Sum}.Of(of(0, 1), y).Backward()
	if g := y.Grad().Floats(); g[0] != 100 || g[1] != -100 {
		t.Errorf("the gradient of BCE's target at 0 and 1 is %v", g)
	}
}

func TestMeansOfNothing(t *testing.T) {
	none := tensor.Of([]int64{}, 0)
	x := tensor.Zeros(0, 3).RequireGrad()
	for name, l := range map[string]*tensor.Tensor{
		"mse":             losses.MSE(x, tensor.Zeros(0, 3)),
		"bce_with_logits": losses.BCEWithLogits(x, tensor.Zeros(0, 3)),
		"cross_entropy":   losses.CrossEntropy(x, none),
		"nll":             losses.NLL(x, none),
		"all ignored":     losses.NLL(tensor.Zeros(2, 3), tensor.Of([]int64{-100, -100})),
	} {
		if v := l.Item(); !math.IsNaN(v) {
			t.Errorf("%s: %v, want NaN as in PyTorch", name, v)
		}
	}
	if v := (losses.CrossEntropyLoss{Reduction: losses.Sum}).Of(x, none).Item(); v != 0 {
		t.Errorf("a sum of nothing is %v", v)
	}
}

// TestTargets checks which targets are taken: the result always has the prediction's dtype.
func TestTargets(t *testing.T) {
	x := tensor.Of([]float32{0.5, -1, 2, 0.25}).RequireGrad()
	want := losses.BCEWithLogits(x, tensor.Of([]float32{1, 0, 0, 1})).Item()
	for _, y := range []*tensor.Tensor{tensor.Of([]bool{true, false, false, true}), tensor.Of([]uint8{1, 0, 0, 1}),
		tensor.Of([]int64{1, 0, 0, 1}), of(1, 0, 0, 1)} {
		l := losses.BCEWithLogitsLoss{Weight: of(1), PosWeight: tensor.Of([]int64{1})}.Of(x, y)
		if l.DType() != tensor.Float32 || l.Item() != want {
			t.Errorf("%v targets: %v, want %v", y.DType(), l, want)
		}
	}
	w := of(1, 2)
	for name, l := range map[string]*tensor.Tensor{
		"mse":           losses.MSE(x, of(1, 2, 3, 4)),
		"cross_entropy": losses.CrossEntropyLoss{Weight: w}.Of(x.Reshape(2, 2), tensor.Of([]int64{0, 1})),
		"soft":          losses.CrossEntropyLoss{Weight: w}.Of(x.Reshape(2, 2), of(0, 1, 1, 0).Reshape(2, 2)),
		"nll":           losses.NLLLoss{Weight: w}.Of(x.Reshape(2, 2), tensor.Of([]int64{0, 1})),
		"multi_margin":  losses.MultiMarginLoss{Weight: w}.Of(x.Reshape(2, 2), tensor.Of([]int64{0, 1})),
	} {
		if l.DType() != tensor.Float32 {
			t.Errorf("%s is %v", name, l.DType())
		}
		l.Backward()
	}
	// Weights are constants.
	rw := of(1, 2).RequireGrad()
	losses.CrossEntropyLoss{Weight: rw}.Of(x.Reshape(2, 2), tensor.Of([]int64{0, 1})).Backward()
	if rw.Grad() != nil {
		t.Error("the weights got a gradient")
	}
}

// TestMeta infers the shapes of losses without data.
func TestMeta(t *testing.T) {
	meta := func(d tensor.DType, dims ...int) *tensor.Tensor { return tensor.With(d).On(tensor.Meta).Zeros(dims...) }
	x, y, k := meta(tensor.Float32, 5, 3), meta(tensor.Float32, 5, 3), meta(tensor.Int64, 5)
	for name, f := range map[string]func(losses.Reduction) *tensor.Tensor{
		"mse":             func(r losses.Reduction) *tensor.Tensor { return losses.MSELoss{Reduction: r}.Of(x, y) },
		"bce":             func(r losses.Reduction) *tensor.Tensor { return losses.BCELoss{Reduction: r}.Of(x, y) },
		"bce_with_logits": func(r losses.Reduction) *tensor.Tensor { return losses.BCEWithLogitsLoss{Reduction: r}.Of(x, y) },
		"kl_div":          func(r losses.Reduction) *tensor.Tensor { return losses.KLDivLoss{Reduction: r}.Of(x, y) },
		"cross_entropy":   func(r losses.Reduction) *tensor.Tensor { return losses.CrossEntropyLoss{Reduction: r}.Of(x, k) },
		"soft":            func(r losses.Reduction) *tensor.Tensor { return losses.CrossEntropyLoss{Reduction: r}.Of(x, y) },
		"nll":             func(r losses.Reduction) *tensor.Tensor { return losses.NLLLoss{Reduction: r}.Of(x, k) },
		"multi_margin":    func(r losses.Reduction) *tensor.Tensor { return losses.MultiMarginLoss{Reduction: r}.Of(x, k) },
	} {
		if l := f(losses.Mean); l.Rank() != 0 || l.Device() != tensor.Meta {
			t.Errorf("%s: the mean is %v", name, l)
		}
		if l := f(losses.None); l.Dim(0) != 5 {
			t.Errorf("%s: unreduced it is %v", name, l)
		}
	}
}

func TestBadArguments(t *testing.T) {
	x, k := tensor.Zeros(4, 3), tensor.Of([]int64{0, 1, 2, 0})
	other, short := tensor.Zeros(3, 4), tensor.Ones(2)
	half := tensor.Full(0.5, 4, 3)
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"mse shape":                             {tensor.ErrShape, "mse (4, 3), (3, 4): prediction and target must have one shape", func() { losses.MSE(x, other) }},
		"mse broadcast":                         {tensor.ErrShape, "mse (4, 3), (4, 1)", func() { losses.MSE(x, tensor.Zeros(4, 1)) }},
		"mse ints":                              {tensor.ErrDType, "the prediction is int64", func() { losses.MSE(k, k) }},
		"l1 shape":                              {tensor.ErrShape, "l1 (4, 3), (3, 4)", func() { losses.L1(x, other) }},
		"huber shape":                           {tensor.ErrShape, "huber (4, 3), (3, 4)", func() { losses.Huber(x, other) }},
		"huber delta":                           {tensor.ErrValue, "delta -1 must be positive", func() { losses.HuberLoss{Delta: -1}.Of(x, x) }},
		"huber NaN":                             {tensor.ErrValue, "delta NaN", func() { losses.HuberLoss{Delta: math.NaN()}.Of(x, x) }},
		"smooth_l1 shape":                       {tensor.ErrShape, "smooth_l1 (4, 3), (3, 4)", func() { losses.SmoothL1(x, other) }},
		"smooth_l1 beta":                        {tensor.ErrValue, "smooth_l1 (4, 3): beta -1 must not be negative", func() { losses.SmoothL1Loss{Beta: new(-1.0)}.Of(x, x) }},
		"hinge shape":                           {tensor.ErrShape, "hinge (4, 3), (3, 4)", func() { losses.Hinge(x, other) }},
		"bce shape":                             {tensor.ErrShape, "bce (4, 3), (3, 4)", func() { losses.BCE(half, other) }},
		"bce logits":                            {tensor.ErrValue, "element 2 of the prediction is 1.5, not a probability; use BCEWithLogits", func() { losses.BCE(of(0, 1, 1.5), of(0, 1, 1)) }},
		"bce NaN":                               {tensor.ErrValue, "element 0 of the prediction is NaN", func() { losses.BCE(of(math.NaN()), of(0)) }},
		"bce weight":                            {tensor.ErrShape, "do not broadcast", func() { losses.BCELoss{Weight: short}.Of(half, half) }},
		"bce weight bigger than the prediction": {tensor.ErrShape, "do not broadcast", func() { losses.BCELoss{Weight: tensor.Ones(2, 4, 3)}.Of(half, half) }},
		"bce_with_logits shape":                 {tensor.ErrShape, "bce_with_logits (4, 3), (3, 4)", func() { losses.BCEWithLogits(x, other) }},
		"bce_with_logits pos":                   {tensor.ErrShape, "do not broadcast", func() { losses.BCEWithLogitsLoss{PosWeight: short}.Of(x, x) }},
		"cross_entropy target shape":            {tensor.ErrShape, "cross_entropy (4, 3), (3,): the target of a prediction (N, C, ...) must be classes of shape (4,)", func() { losses.CrossEntropy(x, tensor.Of([]int64{0, 1, 2})) }},
		"cross_entropy float classes":           {tensor.ErrShape, "or of int64 classes, not float32", func() { losses.CrossEntropy(x, tensor.Zeros(4)) }},
		"cross_entropy int32":                   {tensor.ErrDType, "not int32; convert with To(tensor.Int64)", func() { losses.CrossEntropy(x, k.To(tensor.Int32)) }},
		"cross_entropy rank":                    {tensor.ErrShape, "(N, C)", func() { losses.CrossEntropy(tensor.Scalar(float32(0)), k) }},
		"cross_entropy class":                   {tensor.ErrIndex, "3 at row 1 is not a class in [0, 3)", func() { losses.CrossEntropy(x, tensor.Of([]int64{0, 3, 0, 0})) }},
		"cross_entropy negative class":          {tensor.ErrIndex, "-1 at row 0", func() { losses.CrossEntropy(x, tensor.Of([]int64{-1, 0, 0, 0})) }},
		"cross_entropy weight":                  {tensor.ErrShape, "the class weights must have shape (3,)", func() { losses.CrossEntropyLoss{Weight: short}.Of(x, k) }},
		"cross_entropy soft weight":             {tensor.ErrShape, "the class weights must have shape (3,)", func() { losses.CrossEntropyLoss{Weight: short}.Of(x, x) }},
		"cross_entropy smoothing":               {tensor.ErrValue, "label smoothing 1.5 must lie in [0, 1]", func() { losses.CrossEntropyLoss{LabelSmoothing: 1.5}.Of(x, k) }},
		"cross_entropy smoothing NaN":           {tensor.ErrValue, "label smoothing NaN", func() { losses.CrossEntropyLoss{LabelSmoothing: math.NaN()}.Of(x, x) }},
		"cross_entropy soft ignore":             {tensor.ErrValue, "the ignored class 1 has no meaning", func() { losses.CrossEntropyLoss{IgnoreIndex: new(int64(1))}.Of(x, x) }},
		"nll float":                             {tensor.ErrDType, "nll (4, 3), (4,): the target must be int64 classes, not float32", func() { losses.NLL(x, tensor.Zeros(4)) }},
		"nll shape":                             {tensor.ErrShape, "classes of shape (4,)", func() { losses.NLL(x, tensor.Of([]int64{0})) }},
		"nll class":                             {tensor.ErrIndex, "3", func() { losses.NLL(x, tensor.Of([]int64{0, 3, 0, 0})) }},
		"nll weight":                            {tensor.ErrShape, "the class weights must have shape (3,)", func() { losses.NLLLoss{Weight: tensor.Ones(4)}.Of(x, k) }},
		"kl_div shape":                          {tensor.ErrShape, "kl_div (4, 3), (3, 4)", func() { losses.KLDiv(x, other) }},
		"kl_div scalar":                         {tensor.ErrShape, "the input must be (N, ...)", func() { losses.KLDiv(tensor.Scalar(1.0), tensor.Scalar(1.0)) }},
		"multi_margin rank":                     {tensor.ErrShape, "the scores must be (N, C)", func() { losses.MultiMargin(tensor.Zeros(4, 3, 2), tensor.With(tensor.Int64).Zeros(4, 2)) }},
		"multi_margin class":                    {tensor.ErrIndex, "3", func() { losses.MultiMargin(x, tensor.Of([]int64{0, 3, 0, 0})) }},
		"multi_margin weight":                   {tensor.ErrShape, "the class weights must have shape (3,)", func() { losses.MultiMarginLoss{Weight: short}.Of(x, k) }},
		"reduction":                             {tensor.ErrValue, "reduction 7 is none of Mean, Sum and None", func() { losses.MSELoss{Reduction: 7}.Of(x, x) }},
		"reduction of classes":                  {tensor.ErrValue, "reduction 7", func() { losses.CrossEntropyLoss{Reduction: 7}.Of(x, k) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "losses_test.go") {
			t.Errorf("%s: %v does not name the caller", name, err)
		}
	}
}
