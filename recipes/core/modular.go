package core

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C13", Tier: catalog.Small, Title: "Modularisation needs less data: {girls, boys} x {long, short hair}", Source: "Lee, Machine Learning 2016",
		Target: "with 5 boys of long hair among 3005 people, a network with a head for each factor names at least 0.9 of them in the test, one with four classes at most 0.7",
		Note: "the four classes are girls and boys of long and of short hair; a list that has girls of long hair twice and those of short hair never is a misprint, which costs that class. " +
			"Both networks have 64 hidden units and learn from batches that hold all classes alike. From batches as the people come, a head for the sex learns that long hair is " +
			"a girl's: 0.57 and 0.25 of the rare ones were found, with 40 features at ±2.5",
		Test: modular,
	})
}

// cell is one of the four kinds of people.
type cell struct{ boy, short int64 }

var cellNames = []string{"girls, long", "girls, short", "boys, long", "boys, short"}

// cellOf is the cell of class 2 boy + short, in the order of cellNames.
func cellOf(class int64) cell { return cell{class / 2, class % 2} }

const (
	peopleFeatures = 400
	peopleSize     = 4
	rareCell       = 2 // boys, long
	rareSamples    = 5
	commonSamples  = 1000 // of each other kind
)

// people are x (N, 400) and classes (N,) of cellNames: noise of N(0, 1), moved by ±4 along one random direction for the sex and
// along another for the hair.
type people struct {
	x, class *tensor.Tensor
	n        int
}

func somePeople(g *random.Generator, directions *tensor.Tensor, counts [4]int) people {
	var xs []*tensor.Tensor
	var class []int64
	for k, n := range counts {
		c := cellOf(int64(k))
		signs := tensor.Of([]float32{float32(2*c.boy - 1), float32(2*c.short - 1)}, 1, 2)
		xs = append(xs, tensor.Randn(g, n, peopleFeatures).Add(signs.MatMul(directions).MulScalar(peopleSize)))
		for range n {
			class = append(class, int64(k))
		}
	}
	return people{tensor.Concat(0, xs...), tensor.Of(class), len(class)}
}

// draw returns the places of n people, as many of each kind on average.
func (p people) draw(g *random.Generator, n int) *tensor.Tensor {
	of := make([][]int64, 4)
	for i, k := range tensor.Data[int64](p.class) {
		of[k] = append(of[k], int64(i))
	}
	at := make([]int64, n)
	for i := range at {
		k := g.Intn(4)
		for len(of[k]) == 0 {
			k = g.Intn(4)
		}
		at[i] = of[k][g.Intn(len(of[k]))]
	}
	return tensor.Of(at)
}

// trainPeople takes two epochs' steps with a loss of the logits (N, outputs) and the classes.
func trainPeople(ctx context.Context, g *random.Generator, p people, outputs int, loss func(logits, class *tensor.Tensor) *tensor.Tensor) (nn.Layer, error) {
	net := nn.Sequential{nn.NewLinear(g, peopleFeatures, 64, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 64, outputs, nn.LinearConfig{})}
	opt := optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: 2e-3})
	const batch, epochs = 64, 2
	for range epochs * p.n / batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := p.draw(g, batch)
		opt.ZeroGrad()
		loss(net.Forward(p.x.IndexSelect(0, at)), p.class.IndexSelect(0, at)).Backward()
		opt.Step()
	}
	return nn.Eval(net), nil
}

// twoHeads is the sum of a loss for the sex, columns 0 and 1, and one for the hair, columns 2 and 3.
func twoHeads(logits, class *tensor.Tensor) *tensor.Tensor {
	boy := class.GeScalar(2).To(tensor.Int64)
	short := class.Sub(boy.MulScalar(2))
	return losses.CrossEntropy(logits.Narrow(1, 0, 2), boy).Add(losses.CrossEntropy(logits.Narrow(1, 2, 2), short))
}

// fromHeads joins the heads: ln P(sex, hair) = ln P(sex) + ln P(hair), (N, 4).
func fromHeads(logits *tensor.Tensor) *tensor.Tensor {
	sex, hair := logits.Narrow(1, 0, 2).LogSoftmax(1), logits.Narrow(1, 2, 2).LogSoftmax(1)
	return sex.Unsqueeze(2).Add(hair.Unsqueeze(1)).Flatten(1)
}

// recalls returns the share of each class that is named right.
func recalls(logits, class *tensor.Tensor) (r [4]float64) {
	var all [4]float64
	got := tensor.Data[int64](logits.ArgMax(1))
	for i, k := range tensor.Data[int64](class) {
		all[k]++
		if got[i] == k {
			r[k]++
		}
	}
	for k := range r {
		r[k] /= all[k]
	}
	return r
}

// distinct counts the cells of {girls, boys} x {long, short} that a list has.
func distinct(list [4]cell) float64 {
	seen := map[cell]bool{}
	for _, c := range list {
		seen[c] = true
	}
	return float64(len(seen))
}

func modular(ctx context.Context, c *catalog.Check) error {
	var heads, whole, fed, listed [][4]float64 // recalls by seed
	rare, err := c.Seeds(5, func(seed uint64) (float64, error) {
		g := random.New(seed)
		directions := tensor.Randn(g, 2, peopleFeatures)
		directions = directions.Div(directions.NormKeepdim(2, 1))
		few := somePeople(g, directions, [4]int{commonSamples, commonSamples, rareSamples, commonSamples})
		many := somePeople(g, directions, [4]int{commonSamples, commonSamples, commonSamples, commonSamples})
		misprint := somePeople(g, directions, [4]int{2 * commonSamples, 0, rareSamples, commonSamples}) // girls of long hair twice
		test := somePeople(g, directions, [4]int{1000, 1000, 1000, 1000})
		for _, run := range []struct {
			data    people
			outputs int
			loss    func(logits, class *tensor.Tensor) *tensor.Tensor
			join    func(*tensor.Tensor) *tensor.Tensor
			keep    *[][4]float64
		}{
			{few, 4, twoHeads, fromHeads, &heads},
			{few, 4, losses.CrossEntropy, nil, &whole},
			{many, 4, losses.CrossEntropy, nil, &fed},
			{misprint, 4, losses.CrossEntropy, nil, &listed},
		} {
			net, err := trainPeople(ctx, g, run.data, run.outputs, run.loss)
			if err != nil {
				return 0, err
			}
			logits := net.Forward(test.x)
			if run.join != nil {
				logits = run.join(logits)
			}
			*run.keep = append(*run.keep, recalls(logits, test.class))
		}
		return heads[len(heads)-1][rareCell], nil
	})
	if err != nil {
		return err
	}
	median := func(all [][4]float64, k int) float64 {
		var v []float64
		for _, r := range all {
			v = append(v, r[k])
		}
		return catalog.Median(v)
	}
	c.AtLeast("recall of boys of long hair, 5 in training, by two heads", catalog.Median(rare), 0.9)
	for k, name := range cellNames {
		if k != rareCell {
			c.AtLeast("recall of "+name+", by two heads", median(heads, k), 0.9)
		}
	}
	c.Control(func() {
		c.AtMost("recall of boys of long hair by one network of four classes", median(whole, rareCell), 0.7)
		c.AtLeast("the same with 1000 of them in training", median(fed, rareCell), 0.9)
	})
	list := [4]cell{cellOf(0), cellOf(1), cellOf(2), cellOf(3)}
	c.Equal("cells of {girls, boys} x {long, short} in the list of classes", distinct(list), 4)
	c.Control(func() {
		c.Equal("in the misprinted list", distinct([4]cell{cellOf(0), cellOf(0), cellOf(2), cellOf(3)}), 3)
		c.Equal("recall of girls of short hair when trained on it", median(listed, 1), 0)
	})
	return c.Picture("recall", func(path string) error {
		var groups []plot.Group
		for _, of := range []struct {
			name string
			all  [][4]float64
		}{{"two heads", heads}, {"four classes", whole}, {"four classes, 1000 of the rare kind", fed}} {
			group := plot.Group{Name: of.name}
			for k := range cellNames {
				group.Values = append(group.Values, median(of.all, k))
			}
			groups = append(groups, group)
		}
		return plot.Bars(path, cellNames, groups, plot.BarsConfig{Title: "5 boys of long hair in training, 1000 of each other kind", XLabel: "recall in the test, median of 5 seeds"})
	})
}
