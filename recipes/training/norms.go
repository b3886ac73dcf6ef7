package training

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E06", Tier: catalog.Unit, Title: "Layer, instance and group normalisation", Source: "Ba, Kiros and Hinton 2016; Ulyanov, Vedaldi and Lempitsky 2016; Wu and He 2018",
		Target: "outputs by their formulas to 1e-12; gradients of orders 1 and 2; the invariances of Ba et al.'s table 1, and no others; group norm with 1 group is layer norm, with C groups instance norm",
		Test:   norms,
	})
}

func norms(_ context.Context, c *catalog.Check) error {
	const n, channels, h, w = 3, 6, 4, 5
	x := normals(1, n, channels, h, w).MulScalar(3).AddScalar(7)
	weight, bias := normals(2, channels), normals(3, channels)
	param := func(t *tensor.Tensor) *nn.Param { return &nn.Param{Tensor: t} }
	group := func(groups int, weight, bias *tensor.Tensor) *nn.GroupNorm {
		return &nn.GroupNorm{Weight: param(weight), Bias: param(bias), Groups: groups, Eps: 1e-5}
	}

	// By the formula: sets of neighbouring values are normalised, of a sample, of a group of channels, or of a channel.
	formula := func(size int) *tensor.Tensor {
		v := x.Floats()
		for at := 0; at < len(v); at += size {
			mean, variance := moments(v[at : at+size])
			for i := at; i < at+size; i++ {
				v[i] = (v[i] - mean) / math.Sqrt(variance+1e-5)
			}
		}
		gain, shift := weight.Floats(), bias.Floats()
		return each(tensor.OfShape(v, x.Shape()), func(i int, v float64) float64 {
			channel := i / (h * w) % channels
			return v*gain[channel] + shift[channel]
		})
	}
	const plane = h * w
	c.AtMost("error of group norm, 2 groups, by its formula", furthest(group(2, weight, bias).Forward(x), formula(channels/2*plane)), 1e-12)
	instance := nn.NewInstanceNorm(channels, nn.GroupNormConfig{})
	instance.Weight, instance.Bias = param(weight), param(bias)
	c.AtMost("error of instance norm", furthest(instance.Forward(x), formula(plane)), 1e-12)
	perPixel := func(v *tensor.Tensor) *tensor.Tensor { // layer norm has a weight for each value
		return v.Reshape(channels, 1, 1).Expand(channels, h, w).Contiguous()
	}
	layer := &nn.LayerNorm{Weight: param(perPixel(weight)), Bias: param(perPixel(bias)), Dims: []int{channels, h, w}, Eps: 1e-5}
	c.AtMost("error of layer norm", furthest(layer.Forward(x), formula(channels*plane)), 1e-12)
	c.AtMost("group norm with 1 group, from layer norm", furthest(group(1, weight, bias).Forward(x), layer.Forward(x)), 1e-12)
	c.AtMost("group norm with C groups, from instance norm", furthest(group(channels, weight, bias).Forward(x), instance.Forward(x)), 0)

	small := x.Narrow(2, 0, 2).Narrow(3, 0, 2).Contiguous() // (3, 6, 2, 2)
	for _, g := range []struct {
		name string
		f    autograd.Func
	}{
		{"group norm", func(in []*tensor.Tensor) []*tensor.Tensor { return one(group(2, in[1], in[2]).Forward(in[0])) }},
		{"instance norm", func(in []*tensor.Tensor) []*tensor.Tensor { return one(group(channels, in[1], in[2]).Forward(in[0])) }},
		{"layer norm", func(in []*tensor.Tensor) []*tensor.Tensor {
			l := &nn.LayerNorm{Weight: param(in[1]), Bias: param(in[2]), Dims: []int{channels}, Eps: 1e-5}
			return one(l.Forward(in[0].Permute(0, 2, 3, 1)))
		}},
	} {
		c.True("gradients of "+g.name+" of orders 1 and 2, to 1e-6", autograd.GradCheck(g.f, []*tensor.Tensor{small, weight, bias}, autograd.GradCheckConfig{}) == nil)
	}
	normInvariances(c)
	pictureInvariances(c, x)
	return nil
}

func one(t *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{t} }

// normInvariances goes through table 1 of Ba et al.: what may be done to the weights W (units, features) of a layer and to its
// inputs X (samples, features) without a change of the normalised X Wᵀ.
func normInvariances(c *catalog.Check) {
	const samples, features, units = 8, 5, 6
	const eps = 1e-12 // that of a layer, 1e-5, is part of the variance and would show
	x, w, shift := normals(4, samples, features), normals(5, units, features), normals(6, features)
	layer := nn.NewLayerNorm([]int{units}, nn.LayerNormConfig{Eps: eps, NoAffine: true})
	batch := nn.NewBatchNorm1d(units, nn.BatchNormConfig{Eps: eps, NoAffine: true})
	// firstRow multiplies the first row by 3.
	firstRow := func(t *tensor.Tensor) *tensor.Tensor {
		return tensor.Concat(0, t.Narrow(0, 0, 1).MulScalar(3), t.Narrow(0, 1, t.Dim(0)-1))
	}
	kept, changed := 0.0, math.Inf(1)
	for _, line := range []struct {
		x, w         *tensor.Tensor
		batch, layer bool // invariant
	}{
		{x, w.MulScalar(3), true, true},    // weight matrix re-scaled
		{x, w.Add(shift), false, true},     // weight matrix re-centred
		{x, firstRow(w), true, false},      // one weight vector re-scaled
		{x.MulScalar(3), w, true, true},    // all of the data re-scaled
		{x.Add(shift), w, true, false},     // all of the data re-centred
		{firstRow(x), w, false, true},      // one sample re-scaled
		{x, w.MulScalar(-1), false, false}, // the sign is not lost
	} {
		for _, norm := range []struct {
			layer     nn.Layer
			invariant bool
		}{{batch, line.batch}, {layer, line.layer}} {
			change := furthest(norm.layer.Forward(line.x.MatMul(line.w.Transpose(0, 1))), norm.layer.Forward(x.MatMul(w.Transpose(0, 1))))
			if norm.invariant {
				kept = max(kept, change)
			} else {
				changed = min(changed, change)
			}
		}
	}
	c.AtMost("change under the 8 invariances of table 1 of batch and layer norm", kept, 1e-9)
	c.AtLeast("least change under what they are not invariant to", changed, 0.1)
}

// pictureInvariances looks at changes of contrast and brightness of pictures (N, C, H, W).
func pictureInvariances(c *catalog.Check, x *tensor.Tensor) {
	const eps = 1e-12
	n, channels := x.Dim(0), x.Dim(1)
	factors := func(seed uint64, dims ...int) *tensor.Tensor { return normals(seed, dims...).Exp() }
	ofSamples := x.Mul(factors(7, n, 1, 1, 1)).Add(normals(8, n, 1, 1, 1))
	ofChannels := x.Mul(factors(9, n, channels, 1, 1)).Add(normals(10, n, channels, 1, 1))
	change := func(groups int, other *tensor.Tensor) float64 {
		l := nn.NewGroupNorm(groups, channels, nn.GroupNormConfig{Eps: eps, NoAffine: true})
		return furthest(l.Forward(x), l.Forward(other))
	}
	most := 0.0
	for _, groups := range []int{1, 2, channels} { // layer, group and instance norm
		most = max(most, change(groups, ofSamples))
	}
	c.AtMost("change when each sample is scaled and shifted", most, 1e-9)
	c.AtMost("change of instance norm when each channel of each sample is", change(channels, ofChannels), 1e-9)
	c.Control(func() {
		c.AtLeast("change of layer norm when each channel is", change(1, ofChannels), 0.1)
		c.AtLeast("change of group norm, 2 groups, when each channel is", change(2, ofChannels), 0.1)
	})
	instance := nn.NewInstanceNorm(channels, nn.GroupNormConfig{NoAffine: true})
	first := x.Narrow(0, 0, 1)
	c.AtMost("a sample in a batch, from the sample alone", furthest(instance.Forward(x).Narrow(0, 0, 1), instance.Forward(first)), 0)
	batch := nn.NewBatchNorm2d(channels, nn.BatchNormConfig{NoAffine: true})
	c.AtMost("instance norm, from batch norm of a batch of one", furthest(instance.Forward(first), batch.Forward(first)), 1e-12)
	c.Control(func() {
		c.AtLeast("with batch norm: a sample in a batch, from the sample alone", furthest(batch.Forward(x).Narrow(0, 0, 1), batch.Forward(first)), 0.1)
	})
}
