package core

import (
	"context"
	"errors"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C17", Tier: catalog.Unit, Title: "History, 1958 to 2011", Source: "Rosenblatt 1958; Minsky and Papert 1969; Rumelhart, Hinton and Williams 1986; Cybenko 1989; Glorot and Bengio 2010; Seide, Li and Yu 2011",
		Target: "the perceptron learns AND and not XOR; a hidden layer and backpropagation learn XOR; one hidden layer comes as near to a sine as one likes; the parts of a speech recogniser run",
		Note: "docs/history.md is the timeline, with the row, command or function that runs each milestone, and what is not there yet: computing on GPUs and a whole speech recogniser. " +
			"RBM initialisation (2006) is row E09",
		Test: history,
	})
}

func history(_ context.Context, c *catalog.Check) error {
	// 1958 and 1969: the perceptron and its limit.
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	and, xor := tensor.Of([]int64{0, 0, 0, 1}), tensor.Of([]int64{0, 1, 1, 0})
	p := linear.NewPerceptron(linear.PerceptronConfig{})
	err := p.Fit(x, and)
	c.True("1958: the perceptron converges on AND", err == nil && p.Score(x, and) == 1)
	err = p.Fit(x, xor)
	c.Control(func() {
		c.True("1969: it does not on XOR, and says so", errors.Is(err, linear.ErrNotConverged))
	})

	// 1986: backpropagation through a hidden layer.
	g := random.New(max(c.Seed, 1))
	net := xorNet(func(dims ...int) *tensor.Tensor {
		if len(dims) == 1 {
			return initialize.Constant(0, dims...)
		}
		return initialize.XavierUniform(g, 1, dims...)
	})
	right, _ := learnXOR(net, optim.NewSGD(nn.Params(net), optim.SGDConfig{LR: 0.5, Momentum: 0.9}))
	c.Equal("1986: points of XOR that a hidden layer gets right after backpropagation", right, 4)

	// 1989: one hidden layer. Twice the units, a quarter of the error.
	grid, y := targets[0].grid(5001)
	off := func(n int) float64 { return hatSum(n).Forward(grid).Sub(y).Abs().Max().Item() }
	c.Near("1989: error on sin(3x) of one hidden layer of 64 units over that of 128", off(64)/off(128), 4, 0.05)

	// 2011: what hears and what aligns. A tone of 440 Hz at 8 kHz is in band 440 · 256 / 8000 = 14.08.
	tone := tensor.Arange(0, 4096, 1).To(tensor.Float64).MulScalar(2 * math.Pi * 440 / 8000).Sin()
	power := fft.STFT(tone, 256, fft.STFTConfig{}).Square().Sum(-1).Mean(-1) // (frequencies)
	c.Equal("2011: the band of the spectrum where a tone of 440 Hz is loudest", float64(tensor.Data[int64](power.ArgMax(0))[0]), 14)
	flat := tensor.With(tensor.Float64).Zeros(3, 1, 3).LogSoftmax(2)
	// Of 27 labellings of 3 steps with 3 labels, aa-, a--, -a-, --a, -aa and aaa say a.
	c.Near("the likelihood that CTC gives the word a when all labels are alike", math.Exp(-losses.CTCLoss{Reduction: losses.Sum}.Of(flat, tensor.Of([]int64{1}, 1, 1),
		tensor.Of([]int64{3}), tensor.Of([]int64{1})).Item()), 6.0/27, 1e-12)
	return nil
}
