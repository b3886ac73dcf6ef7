package nn

import (
	"math"
	"math/bits"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// ConvCost describes a convolution layer, a transposed one if its windows are, to count what it costs without making it.
type ConvCost struct {
	In, Out int             // channels
	Groups  int             // that the channels are cut into; 0: 1
	NoBias  bool            // without the Out values that are added
	Windows []tensor.Window // along each spatial dimension: {Kernel: 3, Padding: 1} twice for Conv2d
}

// Params returns the number of the layer's parameters: in/groups · out · ∏k weights, and out biases. It panics with ErrValue when a
// size is not positive or the groups do not divide the channels.
func (c ConvCost) Params() int64 {
	n := c.weights()
	if c.NoBias {
		return n
	}
	return n + int64(c.Out)
}

func (c ConvCost) weights() int64 {
	groups := checkConv("conv cost", c.In, c.Out, 1, c.Groups)
	if len(c.Windows) == 0 {
		tensor.Fail("conv cost", tensor.ErrValue, nil, "there are no windows; give one for each dimension")
	}
	factors := []int{c.In / groups, c.Out}
	for _, w := range c.Windows {
		if w.Transposed != c.Windows[0].Transposed {
			tensor.Fail("conv cost", tensor.ErrValue, nil, "some windows are transposed and others are not")
		}
		w.Span() // refuses what is out of range
		factors = append(factors, w.Kernel)
	}
	return product(factors)
}

// Size returns the sizes of the result, without its channels, for an input of the given ones: Window.Size along each dimension.
func (c ConvCost) Size(in ...int) []int {
	if len(in) != len(c.Windows) {
		tensor.Fail("conv cost", tensor.ErrValue, nil, "%d sizes for %d dimensions", len(in), len(c.Windows))
	}
	out := make([]int, len(in))
	for i, w := range c.Windows {
		out[i] = w.Size(in[i])
	}
	return out
}

// MACs returns the multiply-adds that the layer takes for one input of the given sizes, each two floating-point operations:
//
//	in/groups · out · ∏k · ∏o,
//
// where o are the sizes of the result, of a transposed convolution those of the input. Products with padding count, biases do not.
func (c ConvCost) MACs(in ...int) int64 {
	places := c.Size(in...)
	if c.weights(); c.Windows[0].Transposed {
		places = slices.Clone(in)
	}
	factors := []int{c.In / max(1, c.Groups), c.Out}
	for i, w := range c.Windows {
		factors = append(factors, w.Kernel, places[i])
	}
	return product(factors)
}

// product multiplies counts. It panics with ErrValue if the result is more than an int64 holds.
func product(factors []int) int64 {
	n := uint64(1)
	for _, f := range factors {
		hi, lo := bits.Mul64(n, uint64(f))
		if hi != 0 || lo > math.MaxInt64 {
			tensor.Fail("conv cost", tensor.ErrValue, nil, "%v multiply to more than %d; give smaller sizes", factors, math.MaxInt64)
		}
		n = lo
	}
	return int64(n)
}
