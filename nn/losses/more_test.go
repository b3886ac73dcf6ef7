package losses_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

func close64(t *testing.T, what string, got *tensor.Tensor, want ...float64) {
	t.Helper()
	v := got.Floats()
	if len(v) != len(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
		return
	}
	for i, w := range want {
		if !(math.Abs(v[i]-w) <= 1e-12*(1+math.Abs(w))) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v[i], w)
		}
	}
}

func TestContrastive(t *testing.T) {
	a, b, y := fill(0, 6, 3), fill(1, 6, 3).MulScalar(0.5), of(0, 1, 1, 0, 1, 0)
	for _, margin := range []float64{1, 0.25, 3} {
		var want []float64
		for i := range 6 {
			d2 := 0.0
			for k := range 3 {
				d := a.Floats()[3*i+k] - b.Floats()[3*i+k]
				d2 += d * d
			}
			l := math.Max(0, margin-math.Sqrt(d2))
			want = append(want, (1-y.Floats()[i])*d2/2+y.Floats()[i]*l*l/2)
		}
		close64(t, "contrastive", losses.ContrastiveLoss{Margin: margin, Reduction: losses.None}.Of(a, b, y), want...)
	}
	// Equal embeddings: the similar pair costs nothing, the dissimilar one ½m², both without a gradient.
	x := a.RequireGrad()
	l := losses.ContrastiveLoss{Margin: 2, Reduction: losses.None}.Of(x, a, y)
	close64(t, "equal embeddings", l, 0, 2, 2, 0, 2, 0)
	l.Sum().Backward()
	close64(t, "their gradient", x.Grad(), make([]float64, 18)...)
}

func TestInfoNCE(t *testing.T) {
	q, k := fill(0, 5, 3), fill(1, 5, 3)
	dot := func(a, b []float64) (s float64) {
		for i := range a {
			s += a[i] * b[i]
		}
		return s
	}
	for _, c := range []losses.InfoNCELoss{{}, {Temperature: 0.1}, {Cosine: true}, {Cosine: true, Temperature: 0.07}} {
		temperature := c.Temperature
		if temperature == 0 {
			temperature = 1
		}
		var want []float64
		for i := range 5 {
			a, sum, own := q.Floats()[3*i:3*i+3], 0.0, 0.0
			for j := range 5 {
				b := k.Floats()[3*j : 3*j+3]
				s := dot(a, b)
				if c.Cosine {
					s /= math.Sqrt(dot(a, a) * dot(b, b))
				}
				e := math.Exp(s / temperature)
				sum += e
				if i == j {
					own = e
				}
			}
			want = append(want, -math.Log(own/sum))
		}
		c.Reduction = losses.None
		close64(t, "info_nce", c.Of(q, k), want...)
	}
	diagonal := tensor.Of([]int64{0, 1, 2, 3, 4})
	close64(t, "info_nce as cross-entropy", losses.InfoNCE(q, k), losses.CrossEntropy(q.MatMul(k.Transpose(0, 1)), diagonal).Item())
	// Zero vectors are as similar to all.
	z := tensor.ZerosLike(q).RequireGrad()
	l := losses.InfoNCELoss{Cosine: true}.Of(z, k)
	close64(t, "zero queries", l, math.Log(5))
	l.Backward()
	finite(t, "zero queries", z.Grad())
	far := q.MulScalar(1e4).RequireGrad()
	l = losses.InfoNCE(far, k.MulScalar(1e4))
	l.Backward()
	finite(t, "far", l, far.Grad())
}

func finite(t *testing.T, what string, ts ...*tensor.Tensor) {
	t.Helper()
	for _, x := range ts {
		for _, v := range x.Floats() {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: %v", what, x)
				return
			}
		}
	}
}

func TestSigmoidFocal(t *testing.T) {
	x, y := fill(0, 4, 3).MulScalar(3), fill(1, 4, 3).GtScalar(0).To(tensor.Float64)
	for _, c := range []struct{ alpha, gamma float64 }{{0.25, 2}, {0.5, 0.5}, {1, 0}, {0, 5}} {
		var want []float64
		for i, v := range x.Floats() {
			p, a := 1/(1+math.Exp(-v)), c.alpha
			if y.Floats()[i] == 0 {
				p, a = 1-p, 1-a
			}
			want = append(want, -a*math.Pow(1-p, c.gamma)*math.Log(p))
		}
		close64(t, "sigmoid_focal", losses.SigmoidFocalLoss{Alpha: &c.alpha, Gamma: &c.gamma, Reduction: losses.None}.Of(x, y), want...)
	}
	// Without focus it is half of the cross-entropy.
	close64(t, "gamma 0", losses.SigmoidFocalLoss{Alpha: new(0.5), Gamma: new(0.0)}.Of(x, y), losses.BCEWithLogits(x, y).Item()/2)
	far := of(1e4, -1e4, 1e4, -1e4).RequireGrad()
	l := losses.SigmoidFocalLoss{Alpha: new(0.25), Reduction: losses.None}.Of(far, of(1, 1, 0, 0))
	close64(t, "far", l, 0, 2500, 7500, 0)
	l.Sum().Backward()
	close64(t, "far gradient", far.Grad(), 0, -0.25, 0.75, 0)
}

func TestFocal(t *testing.T) {
	x, w := fill(0, 5, 3).MulScalar(3), of(0.5, 2, 1)
	classes := []int64{0, 2, 1, -100, 2}
	y := tensor.Of(classes)
	for _, gamma := range []float64{2, 0.5, 0, 5} {
		want, total := make([]float64, 5), 0.0
		for i, k := range classes {
			if k < 0 {
				continue
			}
			row, sum := x.Floats()[3*i:3*i+3], 0.0
			for _, v := range row {
				sum += math.Exp(v)
			}
			p := math.Exp(row[k]) / sum
			want[i] = -w.Floats()[k] * math.Pow(1-p, gamma) * math.Log(p)
			total += w.Floats()[k]
		}
		l := losses.FocalLoss{Weight: w, Gamma: &gamma, Reduction: losses.None}
		close64(t, "focal", l.Of(x, y), want...)
		sum := 0.0
		for _, v := range want {
			sum += v
		}
		l.Reduction = losses.Mean
		close64(t, "focal mean", l.Of(x, y), sum/total)
	}
	images, k := fill(0, 2, 3, 2, 2), tensor.Of([]int64{0, 1, 2, 0, 1, 1, 2, 0}, 2, 2, 2)
	for _, r := range []losses.Reduction{losses.Mean, losses.Sum, losses.None} {
		want := losses.CrossEntropyLoss{Weight: w, IgnoreIndex: new(int64(1)), Reduction: r}.Of(images, k)
		got := losses.FocalLoss{Weight: w, Gamma: new(0.0), IgnoreIndex: new(int64(1)), Reduction: r}.Of(images, k)
		if got.Shape() != want.Shape() {
			t.Errorf("images: shape %v, want %v", got.Shape(), want.Shape())
		}
		close64(t, "gamma 0", got, want.Floats()...)
	}
	far := of(1e4, -1e4, 0, 1e4, -1e4, 0).Reshape(2, 3).RequireGrad()
	l := losses.FocalLoss{Reduction: losses.None}.Of(far, tensor.Of([]int64{0, 1}))
	close64(t, "far", l, 0, 2e4)
	l.Sum().Backward()
	close64(t, "far gradient", far.Grad(), 0, 0, 0, 1, -1, 0)
}

func TestDice(t *testing.T) {
	p, y := fill(0, 3, 2, 4).Sigmoid(), fill(1, 3, 2, 4).GtScalar(0).To(tensor.Float64)
	for _, s := range []float64{1, 0, 0.1} {
		var want []float64
		for i := range 3 {
			both, squares := 0.0, 0.0
			for j := 8 * i; j < 8*i+8; j++ {
				a, b := p.Floats()[j], y.Floats()[j]
				both += a * b
				squares += a*a + b*b
			}
			want = append(want, 1-(2*both+s)/(squares+s))
		}
		close64(t, "dice", losses.DiceLoss{Smooth: &s, Reduction: losses.None}.Of(p, y), want...)
	}
	close64(t, "a perfect prediction", losses.DiceLoss{Smooth: new(0.0)}.Of(y, y), 0)
	empty := tensor.ZerosLike(p).RequireGrad()
	l := losses.Dice(empty, tensor.ZerosLike(p))
	close64(t, "an empty target", l, 0)
	l.Backward()
	close64(t, "its gradient", empty.Grad(), make([]float64, 24)...)
	close64(t, "numbers", losses.DiceLoss{Reduction: losses.None}.Of(of(1, 0), of(1, 1)), 0, 0.5)
}

// TestMoreSecondDerivatives compares derivatives of orders 1 and 2, by every input that has them, with finite differences.
func TestMoreSecondDerivatives(t *testing.T) {
	type T = tensor.Tensor
	a, b, c := fill(0, 4, 3).MulScalar(2), fill(1, 4, 3).MulScalar(2), fill(2, 4, 3).MulScalar(2)
	sign, similar := of(1, -1, -1, 1), of(0, 1, 1, 0)
	v := fill(3, 4, 3).AddScalar(1.5)
	classes := tensor.Of([]int64{0, 2, 1, 0})
	for name, f := range map[string]struct {
		f  func(in []*T) *T
		in []*T
	}{
		"triplet":         {func(in []*T) *T { return losses.TripletMargin(in[0], in[1], in[2]) }, []*T{a, b, c}},
		"triplet 3":       {func(in []*T) *T { return losses.TripletMarginLoss{P: 3, Swap: true}.Of(in[0], in[1], in[2]) }, []*T{a, b, c}},
		"ranking":         {func(in []*T) *T { return losses.MarginRanking(in[0], in[1], c.Sign()) }, []*T{a, b}},
		"cosine":          {func(in []*T) *T { return losses.CosineEmbedding(in[0], in[1], sign) }, []*T{a, b}},
		"contrastive":     {func(in []*T) *T { return losses.ContrastiveLoss{Margin: 4}.Of(in[0], in[1], similar) }, []*T{a, b}},
		"info_nce":        {func(in []*T) *T { return losses.InfoNCE(in[0], in[1]) }, []*T{a, b}},
		"info_nce cos":    {func(in []*T) *T { return losses.InfoNCELoss{Cosine: true, Temperature: 0.5}.Of(in[0], in[1]) }, []*T{a, b}},
		"sigmoid_focal":   {func(in []*T) *T { return losses.SigmoidFocal(in[0], in[1]) }, []*T{a, b.Sigmoid()}},
		"focal":           {func(in []*T) *T { return losses.Focal(in[0], classes) }, []*T{a}},
		"dice":            {func(in []*T) *T { return losses.Dice(in[0], in[1]) }, []*T{a.Sigmoid(), b.Sigmoid()}},
		"gaussian":        {func(in []*T) *T { return losses.GaussianNLLLoss{Full: true}.Of(in[0], in[1], in[2]) }, []*T{a, b, v}},
		"poisson":         {func(in []*T) *T { return losses.PoissonNLLLoss{Full: true}.Of(in[0], in[1]) }, []*T{a, v.AddScalar(1)}},
		"poisson of rate": {func(in []*T) *T { return losses.PoissonNLLLoss{Rate: true}.Of(in[0], in[1]) }, []*T{v, v}},
	} {
		g := func(in []*T) []*T { return []*T{f.f(in)} }
		if err := autograd.GradCheck(g, f.in, autograd.GradCheckConfig{Order: 2}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMoreDefaults checks that each function is the zero struct's Of, a mean, also on the meta device.
func TestMoreDefaults(t *testing.T) {
	type T = tensor.Tensor
	R := losses.None
	for name, f := range map[string]struct{ mean, none func(a, b, y, k *T) *T }{
		"triplet":     {func(a, b, y, k *T) *T { return losses.TripletMargin(a, b, a) }, func(a, b, y, k *T) *T { return losses.TripletMarginLoss{Reduction: R}.Of(a, b, a) }},
		"ranking":     {func(a, b, y, k *T) *T { return losses.MarginRanking(a, b, a) }, func(a, b, y, k *T) *T { return losses.MarginRankingLoss{Reduction: R}.Of(a, b, a) }},
		"cosine":      {func(a, b, y, k *T) *T { return losses.CosineEmbedding(a, b, y) }, func(a, b, y, k *T) *T { return losses.CosineEmbeddingLoss{Reduction: R}.Of(a, b, y) }},
		"contrastive": {func(a, b, y, k *T) *T { return losses.Contrastive(a, b, y) }, func(a, b, y, k *T) *T { return losses.ContrastiveLoss{Margin: 1, Reduction: R}.Of(a, b, y) }},
		"info_nce":    {func(a, b, y, k *T) *T { return losses.InfoNCE(a, b) }, func(a, b, y, k *T) *T { return losses.InfoNCELoss{Temperature: 1, Reduction: R}.Of(a, b) }},
		"sigmoid_focal": {func(a, b, y, k *T) *T { return losses.SigmoidFocal(a, b) }, func(a, b, y, k *T) *T {
			return losses.SigmoidFocalLoss{Alpha: new(0.25), Gamma: new(2.0), Reduction: R}.Of(a, b)
		}},
		"focal":    {func(a, b, y, k *T) *T { return losses.Focal(a, k) }, func(a, b, y, k *T) *T { return losses.FocalLoss{Gamma: new(2.0), Reduction: R}.Of(a, k) }},
		"dice":     {func(a, b, y, k *T) *T { return losses.Dice(a, b) }, func(a, b, y, k *T) *T { return losses.DiceLoss{Smooth: new(1.0), Reduction: R}.Of(a, b) }},
		"gaussian": {func(a, b, y, k *T) *T { return losses.GaussianNLL(a, b, b) }, func(a, b, y, k *T) *T { return losses.GaussianNLLLoss{Eps: 1e-6, Reduction: R}.Of(a, b, b) }},
		"poisson":  {func(a, b, y, k *T) *T { return losses.PoissonNLL(a, b) }, func(a, b, y, k *T) *T { return losses.PoissonNLLLoss{Reduction: R}.Of(a, b) }},
	} {
		a, b, y, k := fill(0, 4, 3), fill(1, 4, 3).Sigmoid(), of(1, 0, 1, 0), tensor.Of([]int64{0, 2, 1, 0})
		none, sum := f.none(a, b, y, k), 0.0
		for _, v := range none.Floats() {
			sum += v
		}
		close64(t, name, f.mean(a, b, y, k), sum/float64(none.Numel()))
		m := func(x *T) *T { return tensor.With(x.DType()).On(tensor.Meta).Zeros(x.Shape().Dims()...) }
		if l := f.none(m(a), m(b), m(y), m(k)); l.Shape() != none.Shape() || l.Device() != tensor.Meta {
			t.Errorf("%s on the meta device is %v", name, l)
		}
	}
}

func TestMoreBadArguments(t *testing.T) {
	x, other, y, k := tensor.Zeros(4, 3), tensor.Zeros(3, 4), tensor.Zeros(4), tensor.Of([]int64{0, 1, 2, 0})
	scalar := tensor.Scalar(1.0)
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"triplet positive":   {tensor.ErrShape, "triplet_margin (4, 3), (3, 4): the vectors to compare", func() { losses.TripletMargin(x, other, x) }},
		"triplet negative":   {tensor.ErrShape, "triplet_margin (4, 3), (3, 4): the vectors to compare", func() { losses.TripletMargin(x, x, other) }},
		"triplet scalar":     {tensor.ErrShape, "(N, D) or (D,)", func() { losses.TripletMargin(scalar, scalar, scalar) }},
		"triplet ints":       {tensor.ErrDType, "the prediction is int64", func() { losses.TripletMargin(k, k, k) }},
		"triplet p":          {tensor.ErrValue, "p -1 must be positive", func() { losses.TripletMarginLoss{P: -1}.Of(x, x, x) }},
		"ranking":            {tensor.ErrShape, "margin_ranking (4, 3), (3, 4)", func() { losses.MarginRanking(x, other, x) }},
		"ranking target":     {tensor.ErrShape, "margin_ranking (4, 3), (4,)", func() { losses.MarginRanking(x, x, y) }},
		"cosine":             {tensor.ErrShape, "cosine_embedding (4, 3), (3, 4)", func() { losses.CosineEmbedding(x, other, y) }},
		"cosine target":      {tensor.ErrShape, "the target must have shape (4,)", func() { losses.CosineEmbedding(x, x, x) }},
		"contrastive":        {tensor.ErrShape, "contrastive (4, 3), (3, 4)", func() { losses.Contrastive(x, other, y) }},
		"contrastive target": {tensor.ErrShape, "the target must have shape (4,)", func() { losses.Contrastive(x, x, scalar) }},
		"contrastive margin": {tensor.ErrValue, "margin NaN must be positive", func() { losses.ContrastiveLoss{Margin: math.NaN()}.Of(x, x, y) }},
		"info_nce":           {tensor.ErrShape, "one shape (N, D)", func() { losses.InfoNCE(x, other) }},
		"info_nce vector":    {tensor.ErrShape, "one shape (N, D)", func() { losses.InfoNCE(y, y) }},
		"info_nce τ":         {tensor.ErrValue, "temperature -1 must be positive", func() { losses.InfoNCELoss{Temperature: -1}.Of(x, x) }},
		"sigmoid_focal":      {tensor.ErrShape, "sigmoid_focal (4, 3), (4,)", func() { losses.SigmoidFocal(x, k) }},
		"sigmoid_focal α":    {tensor.ErrValue, "alpha 2 must lie in [0, 1]", func() { losses.SigmoidFocalLoss{Alpha: new(2.0)}.Of(x, x) }},
		"sigmoid_focal γ":    {tensor.ErrValue, "gamma -1 must be finite and not negative", func() { losses.SigmoidFocalLoss{Gamma: new(-1.0)}.Of(x, x) }},
		"focal float":        {tensor.ErrDType, "the target must be int64 classes", func() { losses.Focal(x, y) }},
		"focal class":        {tensor.ErrIndex, "3", func() { losses.Focal(x, tensor.Of([]int64{0, 3, 0, 0})) }},
		"focal one class":    {tensor.ErrShape, "two classes or more", func() { losses.Focal(tensor.Zeros(4, 1), k) }},
		"focal weight":       {tensor.ErrShape, "the class weights must have shape (3,)", func() { losses.FocalLoss{Weight: y}.Of(x, k) }},
		"focal γ":            {tensor.ErrValue, "gamma +Inf", func() { losses.FocalLoss{Gamma: new(math.Inf(1))}.Of(x, k) }},
		"dice":               {tensor.ErrShape, "dice (4, 3), (3, 4)", func() { losses.Dice(x, other) }},
		"dice scalar":        {tensor.ErrShape, "must be (N, ...)", func() { losses.Dice(scalar, scalar) }},
		"dice s":             {tensor.ErrValue, "smoothing -1", func() { losses.DiceLoss{Smooth: new(-1.0)}.Of(x, x) }},
		"gaussian":           {tensor.ErrShape, "gaussian_nll (4, 3), (3, 4)", func() { losses.GaussianNLL(x, other, x) }},
		"gaussian variance":  {tensor.ErrShape, "the variance must have the prediction's shape", func() { losses.GaussianNLL(x, x, other) }},
		"gaussian negative":  {tensor.ErrValue, "a variance is -2; it must not be negative", func() { losses.GaussianNLL(of(0, 0), of(0, 0), of(1, -2)) }},
		"gaussian eps":       {tensor.ErrValue, "eps -1 must be positive", func() { losses.GaussianNLLLoss{Eps: -1}.Of(x, x, x) }},
		"poisson":            {tensor.ErrShape, "poisson_nll (4, 3), (3, 4)", func() { losses.PoissonNLL(x, other) }},
		"poisson eps":        {tensor.ErrValue, "eps -1 must not be negative", func() { losses.PoissonNLLLoss{Eps: new(-1.0)}.Of(x, x) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}
