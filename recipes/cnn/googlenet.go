package cnn

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G04", Tier: catalog.Medium, Title: "GoogLeNet, Inception-v1: bottlenecks, joined branches, auxiliary classifiers, global average pooling",
		Source: "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich 2015",
		Target: "GoogLeNet at a quarter of its width reaches a test accuracy of 0.985 on 10,000 pictures of MNIST, as the median of 3 seeds; the losses of its auxiliary " +
			"classifiers count 0.3 times in training, and what it infers does not depend on them; 6,624,904 parameters at full size",
		Note: pictureset.Note + "; pictures are enlarged to 48 pixels, of which the published stem leaves maps of 6 x 6",
		Test: googLeNet,
	})
}

// auxWeight is the paper's weight of the auxiliary classifiers' losses.
const auxWeight = 0.3

// auxLosses returns the cross-entropy of a network's scores and those of its auxiliary classifiers, and the training loss
// L = L_scores + 0.3 Σ L_aux.
func auxLosses(m models.AuxClassifier, x, y *tensor.Tensor) (total *tensor.Tensor, parts []*tensor.Tensor) {
	scores, aux := m.ForwardAux(x)
	total = losses.CrossEntropy(scores, y)
	parts = append(parts, total)
	for _, a := range aux {
		l := losses.CrossEntropy(a, y)
		parts = append(parts, l)
		total = total.Add(l.MulScalar(auxWeight))
	}
	return total, parts
}

func googLeNet(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 10000, 48, pictureset.Least{MNIST: 0.985, Fashion: 0.86, Digits: 0.95})
	if err != nil {
		return err
	}
	curves := make([][]float64, 3) // of the last network, means of 20 steps
	fit := func(seed uint64, x, y *tensor.Tensor, epochs int) (*models.GoogLeNet, error) {
		m := models.NewGoogLeNet(random.New(seed), models.Config{Channels: 1, Classes: 10, Width: 0.25})
		curves = make([][]float64, 3)
		step := 0
		t := trainer{epochs: epochs, batch: 64, lr: 0.1, momentum: 0.9, decay: 1e-3, warmup: 50, seed: seed, loss: func(x, y *tensor.Tensor) *tensor.Tensor {
			total, parts := auxLosses(m, x, y)
			for k, l := range parts {
				if step%20 == 0 {
					curves[k] = append(curves[k], 0)
				}
				curves[k][step/20] += l.Detach().Item() / 20
			}
			step++
			return total
		}}
		_, err := t.fit(ctx, m, x, y)
		return m, err
	}
	var m *models.GoogLeNet
	epochs := max(5, 50000/set.X.Dim(0))
	reached, err := c.Median(3, func(seed uint64) (float64, error) {
		if m, err = fit(seed, set.X, set.Y, epochs); err != nil {
			return 0, err
		}
		return accuracy(m, set.XTest, set.YTest), nil
	})
	if err != nil {
		return err
	}
	learnt := curves
	c.AtLeast("test accuracy of a narrow GoogLeNet on "+set.Name, reached, set.Least)

	few := min(500, set.XTest.Dim(0))
	x, y := set.XTest.Narrow(0, 0, few), set.YTest.Narrow(0, 0, few)
	with := nn.Eval(m)
	without := *with
	without.Aux1, without.Aux2 = nil, nil
	c.Equal("what the auxiliary classifiers change in the scores of a network that infers", with.Forward(x).Sub(without.Forward(x)).Abs().Max().Item(), 0)

	some := min(2000, set.X.Dim(0))
	brief := func(labels *tensor.Tensor) (float64, error) {
		m, err := fit(max(c.Seed, 1), set.X.Narrow(0, 0, some), labels.Narrow(0, 0, some), 5)
		if err != nil {
			return 0, err
		}
		return accuracy(m, x, y), nil
	}
	fooled, err := brief(pictureset.ShuffledLabels(set.Y))
	if err != nil {
		return err
	}
	told, err := brief(set.Y)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("test accuracy of one trained on shuffled labels, 5 times 2,000 pictures", fooled, 0.3)
		c.AtLeast("of one trained as briefly on the true ones", told, 0.6)
	})
	auxiliaryGradients(c)
	sizes(c)
	return c.Picture("losses", func(path string) error {
		chart := plot.Chart{Title: "Losses of GoogLeNet's three classifiers on " + set.Name, XLabel: "step", YLabel: "cross-entropy, means of 20 steps", LogY: true}
		for k, name := range []string{"scores", "first auxiliary, after 4a", "second auxiliary, after 4d"} {
			s := plot.Series{Name: name}
			for i, v := range learnt[k][:len(learnt[k])-1] {
				s.X, s.Y = append(s.X, float64(20*i+10)), append(s.Y, v)
			}
			chart.Series = append(chart.Series, s)
		}
		return plot.Lines(path, chart)
	})
}

// auxiliaryGradients claims that auxiliary classifiers learn from 0.3 times their loss and that layers before them learn from all losses.
func auxiliaryGradients(c *catalog.Check) {
	g := random.New(max(c.Seed, 1))
	m := models.NewGoogLeNet(g, models.Config{Channels: 1, Classes: 10, Width: 1.0 / 16, Stem: models.SmallStem, Dropout: new(0.0)})
	x, y := tensor.Randn(g, 8, 1, 28, 28), tensor.Of([]int64{0, 1, 2, 3, 4, 5, 6, 7})
	gradients := func(p *nn.Param, loss func(total *tensor.Tensor, parts []*tensor.Tensor) *tensor.Tensor) *tensor.Tensor {
		nn.ZeroGrad(m)
		loss(auxLosses(m, x, y)).Backward()
		if p.Grad() == nil {
			return tensor.ZerosLike(p.Detach())
		}
		return p.Grad().Clone()
	}
	all := func(total *tensor.Tensor, _ []*tensor.Tensor) *tensor.Tensor { return total }
	part := func(k int) func(*tensor.Tensor, []*tensor.Tensor) *tensor.Tensor {
		return func(_ *tensor.Tensor, parts []*tensor.Tensor) *tensor.Tensor { return parts[k] }
	}
	ratio := func(p *nn.Param, k int) float64 {
		a, b := gradients(p, all), gradients(p, part(k))
		return a.Mul(b).Sum().Item() / b.Square().Sum().Item()
	}
	c.Near("gradient of the first auxiliary classifier over that of its loss alone", ratio(m.Aux1.FC2.Weight, 1), 0.3, 1e-4)
	c.Near("of the second", ratio(m.Aux2.FC2.Weight, 2), 0.3, 1e-4)
	first := m.Conv1.Conv.Weight
	sum := gradients(first, part(0)).Add(gradients(first, part(1)).MulScalar(0.3)).Add(gradients(first, part(2)).MulScalar(0.3))
	c.AtMost("relative error of the first layer's gradient as the sum of those of the scores' loss and 0.3 times the others", gradients(first, all).Sub(sum).Norm(2).Item()/sum.Norm(2).Item(), 1e-4)
	c.Control(func() {
		c.Equal("gradient of an auxiliary classifier from the loss of the scores", gradients(m.Aux1.FC2.Weight, part(0)).Abs().Max().Item(), 0)
	})
}

// sizes claims what bottlenecks and global average pooling save at full size.
func sizes(c *catalog.Check) {
	g := random.Shapes()
	full := models.NewGoogLeNet(g, models.Config{})
	full.Aux1, full.Aux2 = nil, nil
	c.Equal("parameters at full size without auxiliary classifiers", float64(nn.NumParams(full)), 6_624_904)
	c.AtLeast("parameters of AlexNet over those", float64(nn.NumParams(models.NewAlexNet(g, models.Config{})))/float64(nn.NumParams(full)), 9)
	in := tensor.ShapeOf(1, 192, 28, 28)
	conv := func(out, kernel int) nn.Layer {
		return nn.NewConv2d(g, 192, out, kernel, nn.ConvConfig{Padding: kernel / 2, NoBias: true})
	}
	direct := &models.Inception{Branch1: conv(64, 1), Branch2: conv(128, 3), Branch3: conv(32, 3), Branch4: conv(32, 1)}
	s := nn.Summary(full.Inception3a, in)
	c.True("block 3a joins 64, 128, 32 and 32 maps to (256, 28, 28)", s.Output == tensor.ShapeOf(1, 256, 28, 28))
	c.AtMost("cost of block 3a with 1 x 1 bottlenecks over the same without", float64(s.FLOPs)/float64(nn.Summary(direct, in).FLOPs), 0.6)
}
