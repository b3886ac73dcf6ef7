package convolution

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/mnist1d"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F01", Tier: catalog.Small, Title: "Convolutional layer: local connections, shared weights, structure kept", Source: "LeCun et al. 1989; Greydanus and Kobak 2020",
		Target: "a dense layer with the Toeplitz weights to 1e-10; moves with its input, to the bit; a CNN reaches 0.90 on MNIST-1D, and 0.60 at most where the places are shuffled",
		Note:   "published: 0.94 and 0.56. The same permutation of the 40 places is applied to all series: what a dense network would not notice. The margin is thin: with a permutation for each seed and 30 epochs 0.602 was measured",
		Test:   sharing,
	})
}

func sharing(ctx context.Context, c *catalog.Check) error {
	train, err := mnist1d.Train(ctx, c.Source)
	if err != nil {
		return err
	}
	test, err := mnist1d.Test(ctx, c.Source)
	if err != nil {
		return err
	}
	const seeds = 3
	order := tensor.Of(random.Permutation(mnist1d.Length, random.KeyAt(7)))
	accuracy := func(shuffled bool) (float64, error) {
		return c.Median(seeds, func(seed uint64) (float64, error) {
			x, xTest := train.X, test.X
			if shuffled {
				x, xTest = x.IndexSelect(1, order), xTest.IndexSelect(1, order)
			}
			m, err := trainSeries(ctx, x.Unsqueeze(1), train.Y, seed)
			if err != nil {
				return 0, err
			}
			return metrics.Accuracy(nn.Eval(m).Forward(xTest.Unsqueeze(1)), test.Y), nil
		})
	}
	straight, err := accuracy(false)
	if err != nil {
		return err
	}
	shuffled, err := accuracy(true)
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy of a CNN on MNIST-1D", straight, 0.90)
	c.Control(func() {
		c.AtMost("where the places are shuffled", shuffled, 0.60)
		c.AtLeast("which it learns from all the same", shuffled, 0.3)
	})
	c.AtMost("error of a dense layer with the Toeplitz weights", toeplitz(), 1e-10)
	moved, zeros := equivariance()
	c.True("with circular padding, the result of a moved picture is the moved result, to the bit", moved)
	c.Control(func() { c.True("which zeros around the picture break", !zeros) })
	conv := nn.ConvCost{In: 3, Out: 64, Windows: []tensor.Window{{Kernel: 3, Padding: 1}, {Kernel: 3, Padding: 1}}}
	c.Equal("parameters of 64 kernels of 3 x 3 on 3 x 32 x 32", float64(conv.Params()), 1792)
	dense := nn.NewLinear(random.Shapes(), 3*32*32, 64*32*32, nn.LinearConfig{})
	c.Equal("of the dense layer with as many results", float64(nn.NumParams(dense)), 201_392_128)
	return c.Picture("mnist1d", func(path string) error {
		return plot.Bars(path, []string{"places in order", "places shuffled"}, []plot.Group{
			{Name: "here", Values: []float64{straight, shuffled}}, {Name: "Greydanus and Kobak", Values: []float64{0.94, 0.56}},
		}, plot.BarsConfig{Title: "CNN on MNIST-1D", XLabel: "test accuracy"})
	})
}

// trainSeries trains the authors' network, three convolutions of 25 channels, on x (N, 1, 40).
func trainSeries(ctx context.Context, x, y *tensor.Tensor, seed uint64) (nn.Sequential, error) {
	const batch, epochs, width = 100, 40, 25
	g := random.New(seed)
	conv := func(in, kernel int) nn.Layer {
		return nn.NewConv1d(g, in, width, kernel, nn.ConvConfig{Stride: 2, Padding: 1})
	}
	m := nn.NewSequential(conv(1, 5), nn.ReLU{}, conv(width, 3), nn.ReLU{}, conv(width, 3), nn.ReLU{}, nn.NewFlatten(),
		nn.NewLinear(g, width*5, mnist1d.Classes, nn.LinearConfig{}))
	opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 0.025})
	loader := dataset.NewBatchLoader(dataset.NewTensors(x, y), dataset.LoaderConfig{BatchSize: batch, Shuffle: true, Seed: seed})
	schedule := optim.NewScheduler(opt, optim.Cosine(epochs*loader.Batches(), 0))
	for epoch := range epochs {
		for b, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return nil, err
			}
			var value float64
			tensor.WithScope(func(s *tensor.Scope) {
				b := b.Enter(s)
				loss := losses.CrossEntropy(m.Forward(b.X), b.Y)
				opt.ZeroGrad()
				loss.Backward()
				value = loss.Detach().Item()
			})
			if value-value != 0 {
				return nil, fmt.Errorf("the loss is %v in epoch %d", value, epoch)
			}
			opt.Step()
			schedule.Step()
		}
	}
	return m, nil
}

// toeplitz returns how far a convolution is from the dense layer whose weight from place (c, a, b) to (k, i, j) is
// w[k, c, a-i+1, b-j+1], 0 outside the kernel: one row for each result, the same numbers moved.
func toeplitz() float64 {
	const channels, out, h, w = 2, 3, 5, 6
	g := random.New(1)
	x, kernel := randn(g, 4, channels, h, w), randn(g, out, channels, 3, 3)
	dense := make([]float64, out*h*w*channels*h*w)
	ks := kernel.Floats()
	for k := range out {
		for i := range h {
			for j := range w {
				for c := range channels {
					for a := max(i-1, 0); a < min(i+2, h); a++ {
						for b := max(j-1, 0); b < min(j+2, w); b++ {
							dense[((k*h+i)*w+j)*channels*h*w+(c*h+a)*w+b] = ks[((k*channels+c)*3+a-i+1)*3+b-j+1]
						}
					}
				}
			}
		}
	}
	y := tensor.Conv2d(x, kernel, nil, tensor.ConvConfig{Padding: [2]int{1, 1}})
	return worst(y.Flatten(1), tensor.Linear(x.Flatten(1), tensor.Of(dense, out*h*w, channels*h*w), nil))
}

// equivariance tells whether convolutions of a picture moved by (2, 3) are the moved results, with circular padding and with zeros.
func equivariance() (circular, zeros bool) {
	g := random.New(2)
	x, w := tensor.Randn(g, 2, 3, 8, 8), tensor.Randn(g, 4, 3, 3, 3)
	moved := func(x *tensor.Tensor) *tensor.Tensor { return x.Roll(2, 2).Roll(3, 3).Contiguous() }
	same := func(mode tensor.PadMode) bool {
		f := func(x *tensor.Tensor) *tensor.Tensor {
			return tensor.Conv2d(x.Pad(mode, 0, 1, 1, 1, 1), w, nil, tensor.ConvConfig{})
		}
		return bytes.Equal(f(moved(x)).Bytes(), moved(f(x)).Bytes())
	}
	return same(tensor.PadCircular), same(tensor.PadConstant)
}
