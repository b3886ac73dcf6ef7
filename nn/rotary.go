package nn

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// Rotary turns pairs of elements of queries and keys by angles in proportion to their positions, so that their products
// depend on the distance alone (Su et al., 2021: RoFormer). Pair i at position p becomes
//
//	a cos θ − b sin θ,  b cos θ + a sin θ,  θ = p Base^(−2i/Dim)
//
// Pairs are elements i and i + Dim/2 (as in GPT-NeoX, LLaMA of Hugging Face), or with Interleaved 2i and 2i + 1 (as in the
// paper, GPT-J, LLaMA of Meta).
type Rotary struct {
	Dim         int
	Interleaved bool
	cos, sin    []float64 // (MaxLen, Dim/2)
}

// RotaryConfig are the options of NewRotary.
type RotaryConfig struct {
	Base        float64 // 0: 10000
	Interleaved bool
}

// NewRotary returns the rotation of the first dim elements of a head for positions below maxLen. It panics with ErrValue
// unless dim is even and both are positive.
func NewRotary(dim, maxLen int, cfg RotaryConfig) *Rotary {
	if cfg.Base == 0 {
		cfg.Base = 10000
	}
	if dim < 2 || dim%2 != 0 || maxLen < 1 || !(cfg.Base > 0) {
		tensor.Fail("rotary", tensor.ErrValue, nil, "the elements to turn, %d, must be even, they, the positions, %d, and the base, %v, positive", dim, maxLen, cfg.Base)
	}
	r := &Rotary{Dim: dim, Interleaved: cfg.Interleaved}
	for p := range maxLen {
		for i := range dim / 2 {
			sin, cos := math.Sincos(float64(p) * math.Pow(cfg.Base, -2*float64(i)/float64(dim)))
			r.cos, r.sin = append(r.cos, cos), append(r.sin, sin)
		}
	}
	return r
}

// MaxLen returns the number of positions.
func (r *Rotary) MaxLen() int { return 2 * len(r.cos) / r.Dim }

// Rotate turns x (..., L, D), D >= Dim, whose first row is at position offset. Elements from Dim on stay as they are. It
// panics with ErrShape when a position or Dim is beyond.
func (r *Rotary) Rotate(x *tensor.Tensor, offset int) *tensor.Tensor {
	return tensor.Apply1(rotaryOp{r, offset, false}, x)
}

// rotaryOp is linear; its transpose is the rotation by the opposite angles.
type rotaryOp struct {
	*Rotary
	offset int
	back   bool
}

func (rotaryOp) Name() string        { return "rotary" }
func (rotaryOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o rotaryOp) Infer(c *tensor.Call) {
	x := c.Spec(0).Shape
	if x.Rank() < 2 || x.Dim(-1) < o.Dim {
		c.Fail(tensor.ErrShape, "the input must be (..., L, D) with D at least %d", o.Dim)
	}
	if o.offset < 0 || o.offset+x.Dim(-2) > o.MaxLen() {
		c.Fail(tensor.ErrShape, "positions %d to %d are not all in [0, %d); give NewRotary more", o.offset, o.offset+x.Dim(-2), o.MaxLen())
	}
	c.Output(x, c.SameDType())
}
func (o rotaryOp) VJP(b *tensor.Back) []*tensor.Tensor {
	o.back = !o.back
	return b.Give(tensor.Apply1(o, b.Dout(0)))
}
func (o rotaryOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		rotate[float64](o, c)
	default:
		rotate[float32](o, c)
	}
	return true
}

func rotate[T tensor.Float](o rotaryOp, c *tensor.Call) {
	x, y := tensor.Slice[T](c.X(0)), tensor.Slice[T](c.Y(0))
	s := c.Spec(0).Shape
	d, l, half := s.Dim(-1), s.Dim(-2), o.Dim/2
	first, second, step := 0, half, 1
	if o.Interleaved {
		second, step = 1, 2
	}
	sign := 1.0
	if o.back {
		sign = -1
	}
	parallel.For(s.Numel()/d, 1<<12/d+1, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			x, y := x[row*d:(row+1)*d], y[row*d:(row+1)*d]
			at := (o.offset + row%l) * half
			cos, sin := o.cos[at:at+half], o.sin[at:at+half]
			for i, c := range cos {
				s := sign * sin[i]
				a, b := float64(x[first+i*step]), float64(x[second+i*step])
				y[first+i*step], y[second+i*step] = T(a*c-b*s), T(b*c+a*s)
			}
			copy(y[o.Dim:], x[o.Dim:])
		}
	})
}

func (o rotaryOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	x := in[0]
	half, l := o.Dim/2, x.Dim(-2)
	table := func(t []float64) *tensor.Tensor {
		return tensor.Of(t[o.offset*half:(o.offset+l)*half], l, half).To(x.DType())
	}
	cos, sin := table(o.cos), table(o.sin)
	if o.back {
		sin = sin.Neg()
	}
	turned := x.Narrow(-1, 0, o.Dim)
	var a, b *tensor.Tensor
	if o.Interleaved {
		a, b = turned.Slice(-1, 0, o.Dim, 2), turned.Slice(-1, 1, o.Dim, 2)
	} else {
		a, b = turned.Narrow(-1, 0, half), turned.Narrow(-1, half, half)
	}
	ya, yb := a.Mul(cos).Sub(b.Mul(sin)), b.Mul(cos).Add(a.Mul(sin))
	y := tensor.Concat(-1, ya, yb)
	if o.Interleaved {
		y = tensor.Stack(-1, ya, yb).ReshapeTo(turned.Shape())
	}
	return []*tensor.Tensor{tensor.Concat(-1, y, x.Narrow(-1, o.Dim, x.Dim(-1)-o.Dim))}
}
