package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// PoolConfig are the options of pooling over images, and over sequences, where the second of each pair counts. Each pair is
// (height, width).
type PoolConfig struct {
	Kernel   [2]int
	Stride   [2]int // 0: the kernel's size
	Padding  [2]int // at most half the kernel; maxima ignore it
	Dilation [2]int // of MaxPool; 0: 1
	CeilMode bool   // also windows that hang over the padded end, if they start in the input or the padding before it
	// IgnorePadding divides averages by the elements inside the input alone (PyTorch's count_include_pad=False).
	IgnorePadding bool
	// DivisorOverride is what averages divide the sums by in place of the number of elements; 0: that number.
	DivisorOverride int
}

// Pool3dConfig are the options of pooling over volumes: PoolConfig's, each triple (depth, height, width).
type Pool3dConfig struct {
	Kernel, Stride, Padding, Dilation [3]int
	CeilMode, IgnorePadding           bool
	DivisorOverride                   int
}

// Square returns a PoolConfig with an n by n kernel and stride n.
func Square(n int) PoolConfig { return PoolConfig{Kernel: [2]int{n, n}} }

// Cube returns a Pool3dConfig with an n by n by n kernel and stride n.
func Cube(n int) Pool3dConfig { return Pool3dConfig{Kernel: [3]int{n, n, n}} }

// rank1 and rank2 return the options for sequences and images.
func (c PoolConfig) rank1() Pool3dConfig {
	c.Kernel[0], c.Stride[0], c.Padding[0], c.Dilation[0] = 1, 1, 0, 1
	return c.rank2()
}

func (c PoolConfig) rank2() Pool3dConfig {
	last := func(first int, p [2]int) [3]int { return [3]int{first, p[0], p[1]} }
	return Pool3dConfig{last(1, c.Kernel), last(1, c.Stride), last(0, c.Padding), last(1, c.Dilation), c.CeilMode, c.IgnorePadding, c.DivisorOverride}
}

// poolInputs are the shapes that pooling over 1, 2 and 3 dimensions takes.
var poolInputs = [...]string{1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}

// poolSizes returns the sizes of x (N, C, ...) as depth, height and width.
func poolSizes(op string, x *Tensor, rank int) (in [3]int) {
	if x.shape.rank != rank+2 {
		Fail(op, ErrShape, []Shape{x.shape}, "input must be %s", poolInputs[rank])
	}
	in = [3]int{1, 1, 1}
	n := 1
	for i := range rank {
		in[3-rank+i] = x.shape.at(2 + i)
		if n *= in[3-rank+i]; n < 1 {
			Fail(op, ErrShape, []Shape{x.shape}, "the sizes of %s after C must be positive", poolInputs[rank])
		}
	}
	if n > math.MaxInt32 {
		Fail(op, ErrShape, []Shape{x.shape}, "a channel of %d elements is larger than the %d that places are counted to", n, math.MaxInt32)
	}
	return in
}

// poolWindow is a window and the name of the op that moves it.
type poolWindow struct {
	name string
	cpu.Window
}

// window checks the options for x, of which rank dimensions are pooled.
func (c Pool3dConfig) window(op string, x *Tensor, rank int) poolWindow {
	in := poolSizes(op, x, rank)
	var out [3]int
	for i := range out {
		if c.Stride[i] == 0 {
			c.Stride[i] = c.Kernel[i]
		}
		if c.Dilation[i] == 0 {
			c.Dilation[i] = 1
		}
		k, s, p, d, size := c.Kernel[i], c.Stride[i], c.Padding[i], c.Dilation[i], in[i]
		if k < 1 || s < 1 || d < 1 || p < 0 || 2*p > k {
			Fail(op, ErrValue, []Shape{x.shape}, "kernel %d, stride %d and dilation %d must be positive, padding %d between 0 and half the kernel", k, s, d, p)
		}
		n := size + 2*p - d*(k-1) - 1
		if c.CeilMode {
			n += s - 1
		}
		out[i] = n/s + 1
		if c.CeilMode && (out[i]-1)*s >= size+p {
			out[i]--
		}
		if n < 0 || out[i] < 1 {
			Fail(op, ErrShape, []Shape{x.shape}, "the kernel spans %d, more than the padded input's %d", d*(k-1)+1, size+2*p)
		}
	}
	return poolWindow{op, cpu.Window{In: in, Out: out, Kernel: c.Kernel, Stride: c.Stride, Pad: c.Padding, Dilated: c.Dilation}}
}

// adaptive returns the windows that pool x to the sizes.
func adaptive(op string, x *Tensor, sizes ...int) poolWindow {
	rank := len(sizes)
	g := poolWindow{op, cpu.Window{In: poolSizes(op, x, rank), Out: [3]int{1, 1, 1}, Adaptive: true}}
	for i, n := range sizes {
		if n < 1 {
			Fail(op, ErrValue, []Shape{x.shape}, "the output sizes %s must be positive", formatSizes(sizes))
		}
		g.Out[3-rank+i] = n
	}
	return g
}

// formatSizes formats sizes that may be negative as a Shape would.
func formatSizes(sizes []int) string {
	s := Shape{rank: len(sizes)}
	for i, n := range sizes {
		s.dim[i] = int32(max(min(n, maxSize), -maxSize))
	}
	return s.String()
}

// pooled returns s with the sizes after C replaced by the last of those of depth, height and width.
func pooled(s Shape, sizes [3]int) Shape {
	for i := 2; i < s.rank; i++ {
		s.set(i, sizes[3-s.rank+i])
	}
	return s
}

func planes(v View) int { return v.Shape.at(0) * v.Shape.at(1) }

// area is the number of elements of a channel of (N, C, ...).
func (s *Shape) area() int {
	n := 1
	for i := 2; i < s.rank; i++ {
		n *= s.at(i)
	}
	return n
}
