package training

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/tinyshakespeare"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E04", Tier: catalog.Large, Title: "Dropout in recurrent networks: non-recurrent, variational, recurrent, zoneout",
		Source: "Zaremba, Sutskever and Vinyals 2014; Gal and Ghahramani 2016; Semeniuta, Severyn and Barth 2016; Krueger et al. 2017",
		Target: "the variational mask is the same at all steps; validation perplexity on Tiny Shakespeare with variational dropout ≤ without dropout; with a new mask at each step on the recurrent state it is worse",
		Note: "an LSTM of 200 cells on the first 60,000 characters, so that regularisation matters; perplexities are those of the best epoch, which favours the network without dropout, for it over-fits. " +
			"The recurrent state is h and c: a new mask at each step on h alone did no harm here, for the cell still remembers. The perplexities of the papers are those of words on the Penn Treebank, which is not free",
		Test: recurrentDropout,
	})
}

// A language model of characters.
const (
	lmTrain, lmValidation = 60_000, 30_000 // characters
	lmBatch, lmSteps      = 20, 50         // streams side by side, and the characters of each that the gradient goes back
	lmEmbedding, lmHidden = 64, 200
	lmEpochs, lmRate      = 20, 6e-3
	lmDropout             = 0.3 // the probability of all masks but zoneout's of h
)

// lmNoise is a way to regularise the LSTM.
type lmNoise struct {
	name   string
	lstm   nn.RecurrentNoise
	output float64
	locked bool // one mask for all steps at the output too
}

var (
	lmNone        = lmNoise{name: "none"}
	lmVariational = lmNoise{name: "variational", lstm: nn.RecurrentNoise{Input: lmDropout, Hidden: lmDropout}, output: lmDropout, locked: true}
	lmNaive       = lmNoise{name: "naive: new masks on h and c", lstm: nn.RecurrentNoise{Input: lmDropout, Hidden: lmDropout, Cell: lmDropout, PerStep: true}, output: lmDropout}
	lmOthers      = []lmNoise{
		{name: "non-recurrent", lstm: nn.RecurrentNoise{Input: lmDropout, PerStep: true}, output: lmDropout},
		{name: "recurrent", lstm: nn.RecurrentNoise{Candidate: lmDropout, PerStep: true}, output: lmDropout},
		{name: "zoneout", lstm: nn.RecurrentNoise{ZoneoutCell: lmDropout, ZoneoutHidden: 0.05}, output: lmDropout},
	}
)

// charLM predicts the next character.
type charLM struct {
	Embed *nn.Embedding
	LSTM  *nn.DropoutLSTM
	Drop  nn.Layer // nil: none
	Out   *nn.Linear
}

func newCharLM(g *random.Generator, characters int, noise lmNoise) *charLM {
	m := &charLM{
		Embed: nn.NewEmbedding(g, characters, lmEmbedding, nn.EmbeddingConfig{}),
		LSTM:  nn.NewDropoutLSTM(g, lmEmbedding, lmHidden, nn.DropoutLSTMConfig{RecurrentNoise: noise.lstm}),
		Out:   nn.NewLinear(g, lmHidden, characters, nn.LinearConfig{}),
	}
	switch {
	case noise.locked:
		m.Drop = nn.NewLockedDropout(g, noise.output)
	case noise.output > 0:
		m.Drop = nn.NewDropout(g, noise.output)
	}
	return m
}

// loss is the mean cross-entropy of the characters of text (T+1, N) from the second on, in nats, with the LSTM's last state.
func (m *charLM) loss(text *tensor.Tensor, in nn.LSTMInput) (loss *tensor.Tensor, last nn.LSTMInput) {
	steps := text.Dim(0) - 1
	y, h, c := m.LSTM.ForwardWith(m.Embed.Forward(text.Narrow(0, 0, steps)), in)
	if m.Drop != nil {
		y = m.Drop.Forward(y)
	}
	logits := m.Out.Forward(y)
	return losses.CrossEntropy(logits.Reshape(-1, logits.Dim(2)), text.Narrow(0, 1, steps).Reshape(-1)), nn.LSTMInput{H0: h, C0: c}
}

// perplexity is exp of the mean cross-entropy on streams (T, N), with the state carried over.
func (m *charLM) perplexity(streams *tensor.Tensor) float64 {
	eval, sum, n := nn.Eval(m), 0.0, 0
	var state nn.LSTMInput
	for at := 0; at+1 < streams.Dim(0); at += 2 * lmSteps {
		steps := min(2*lmSteps, streams.Dim(0)-1-at)
		var loss *tensor.Tensor
		loss, state = eval.loss(streams.Narrow(0, at, steps+1), state)
		sum, n = sum+loss.Item()*float64(steps), n+steps
	}
	return math.Exp(sum / float64(n))
}

// streams cuts a text into n columns (T, n) that are read side by side.
func streams(codes []int64, n int) *tensor.Tensor {
	steps := len(codes) / n
	return tensor.Of(codes[:n*steps], n, steps).T().Contiguous()
}

// trainCharLM returns the validation perplexity after each epoch.
func trainCharLM(ctx context.Context, seed uint64, train, validation *tensor.Tensor, characters int, noise lmNoise) (perplexity []float64, err error) {
	m := newCharLM(random.New(seed), characters, noise)
	params := nn.Params(m)
	opt := optim.NewAdam(params, optim.AdamConfig{LR: lmRate})
	parts := (train.Dim(0) - 1) / lmSteps
	falling := optim.NewScheduler(opt, optim.Cosine(parts*lmEpochs, 0.05))
	for range lmEpochs {
		var state nn.LSTMInput
		for k := range parts {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			tensor.WithScope(func(s *tensor.Scope) {
				opt.ZeroGrad()
				loss, last := m.loss(s.Enter(train.Narrow(0, k*lmSteps, lmSteps+1)), state)
				loss.Backward()
				optim.ClipGradNorm(params, 1, 2)
				opt.Step()
				state = nn.LSTMInput{H0: s.Keep(last.H0.Detach()), C0: s.Keep(last.C0.Detach())}
			})
			falling.Step()
		}
		perplexity = append(perplexity, m.perplexity(validation))
	}
	return perplexity, nil
}

// forgotten returns how many of 200 units an LSTM has lost after its first step and after 30: its states are h_t = tanh(tanh(4 z h_{t-1})),
// so that a unit is 0 from the step on at which its mask z is.
func forgotten(noise nn.RecurrentNoise) (first, last float64) {
	const steps, samples, n = 30, 4, 50
	m := nn.NewDropoutLSTM(random.New(1), 1, n, nn.DropoutLSTMConfig{RecurrentNoise: noise})
	w, zero := m.Weights[0], tensor.Zeros(n, n)
	w.WeightIH.CopyFrom(tensor.Zeros(4*n, 1))
	w.WeightHH.CopyFrom(tensor.Concat(0, zero, zero, tensor.Eye(n).MulScalar(4), zero))
	w.BiasHH.CopyFrom(tensor.Zeros(4 * n))
	w.BiasIH.CopyFrom(tensor.Concat(0, tensor.Full(30, n), tensor.Full(-30, n), tensor.Zeros(n), tensor.Full(30, n))) // i and o open, f shut
	y, _, _ := m.ForwardWith(tensor.Zeros(steps, samples, 1), nn.LSTMInput{H0: tensor.Ones(1, samples, n)})
	count := func(t int) float64 { return y.Select(0, t).Abs().LtScalar(1e-6).To(tensor.Float32).Sum().Item() }
	return count(0), count(steps - 1)
}

func recurrentDropout(ctx context.Context, c *catalog.Check) error {
	cfg := c.Source
	cfg.Offline = true
	text, err := tinyshakespeare.Text(ctx, cfg)
	if err != nil {
		return err
	}
	codes, characters := tinyshakespeare.Encode(text)
	head, tail := codes[:lmTrain], codes[len(codes)*9/10:]
	train, validation := streams(head, lmBatch), streams(tail[:lmValidation], 50)

	var curves []plot.Series
	run := func(noise lmNoise, seeds int) (best, end float64, err error) {
		var ends []float64
		best, err = c.Median(seeds, func(seed uint64) (float64, error) {
			p, err := trainCharLM(ctx, seed, train, validation, len(characters), noise)
			if err != nil {
				return 0, err
			}
			if len(ends) == 0 {
				s := plot.Series{Name: noise.name, Y: p}
				for e := range p {
					s.X = append(s.X, float64(e+1))
				}
				curves = append(curves, s)
			}
			ends = append(ends, p[len(p)-1])
			return slices.Min(p), nil
		})
		return best, catalog.Median(ends), err
	}
	const seeds = 3
	variational, variationalEnd, err := run(lmVariational, seeds)
	if err != nil {
		return err
	}
	none, noneEnd, err := run(lmNone, seeds)
	if err != nil {
		return err
	}
	naive, _, err := run(lmNaive, seeds)
	if err != nil {
		return err
	}
	c.AtMost(fmt.Sprintf("validation perplexity with variational dropout, over %.2f without", none), variational/none, 1)
	c.AtMost(fmt.Sprintf("after the last epoch, over %.2f without", noneEnd), variationalEnd/noneEnd, 0.95)
	c.Control(func() {
		c.AtLeast(fmt.Sprintf("a new mask at each step on the state, over %.2f with variational dropout", variational), naive/variational, 1.02)
		c.AtLeast(fmt.Sprintf("over %.2f without dropout", none), naive/none, 1)
	})
	for _, noise := range lmOthers {
		p, _, err := run(noise, 1)
		if err != nil {
			return err
		}
		c.AtMost(noise.name+" dropout, over none (one seed)", p/none, 1)
	}

	first, last := forgotten(nn.RecurrentNoise{Hidden: lmDropout})
	c.Equal("units of 200 dropped after 30 steps less those after the first: the mask stays", last-first, 0)
	c.Near("dropped units of 200", first, 200*lmDropout, 6*math.Sqrt(200*lmDropout*(1-lmDropout)))
	masked := nn.NewLockedDropout(random.New(1), lmDropout).Forward(tensor.Ones(lmSteps, 4, lmEmbedding))
	c.Equal("largest difference of two steps' masks of LockedDropout", masked.Sub(masked.Narrow(0, 0, 1)).Abs().Max().Item(), 0)
	c.Control(func() {
		_, last := forgotten(nn.RecurrentNoise{Hidden: lmDropout, PerStep: true})
		c.AtLeast("with a new mask at each step, units of 200 that are lost", last, 199)
	})
	return c.Picture("perplexity", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "A character LSTM on 60,000 characters of Tiny Shakespeare", XLabel: "epoch", YLabel: "validation perplexity", Series: curves})
	})
}
