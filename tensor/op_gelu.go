package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// GELU returns x Φ(x) elementwise, where Φ is the distribution function of the standard normal distribution (Hendrycks and
// Gimpel, 2016); integers become float32.
func (x *Tensor) GELU() *Tensor { return Apply1(geluOp{}, x) }

// GELUTanh returns GELU with Φ(x) approximated by (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as in GPT-2; integers become
// float32.
func (x *Tensor) GELUTanh() *Tensor { return Apply1(geluTanhOp{}, x) }

type geluOp struct{ floatPointwise }

func (geluOp) Name() string          { return "gelu" }
func (geluOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.GELU} }
func (geluOp) Reads() Reads          { return ReadsIn(0) }
func (geluOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(geluGradOp{}, b.Dout(0), b.In(0))) }

// geluGradOp is dx = dy (Φ(x) + x φ(x)).
type geluGradOp struct{ pointwise }

func (geluGradOp) Name() string          { return "gelu_grad" }
func (geluGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.GELUGrad} }
func (geluGradOp) Reads() Reads          { return ReadsAllIn }
func (geluGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (geluGradOp) Lower(in []*Tensor) []*Tensor {
	dy, z := in[0], in[1].MulScalar(1/math.Sqrt2)
	cdf := z.Neg().Erfc().MulScalar(0.5)
	return []*Tensor{dy.Mul(cdf.Add(z.Mul(z.gaussian()).MulScalar(0.5)))}
}

type geluTanhOp struct{ floatPointwise }

func (geluTanhOp) Name() string          { return "gelu_tanh" }
func (geluTanhOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.GELUTanh} }
func (geluTanhOp) Reads() Reads          { return ReadsIn(0) }
func (geluTanhOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(geluTanhGradOp{}, b.Dout(0), b.In(0)))
}

// geluTanhGradOp is dx = dy (s + x s (1 - s) z') where s = Sigmoid(z), z = 2 √(2/π) (x + 0.044715 x³).
type geluTanhGradOp struct{ pointwise }

func (geluTanhGradOp) Name() string          { return "gelu_tanh_grad" }
func (geluTanhGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.GELUTanhGrad} }
func (geluTanhGradOp) Reads() Reads          { return ReadsAllIn }
func (geluTanhGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (geluTanhGradOp) Lower(in []*Tensor) []*Tensor {
	const k = 2 * math.Sqrt2 / math.SqrtPi
	dy, x := in[0], in[1]
	q := x.Square().MulScalar(0.044715)
	s := x.Mul(q.AddScalar(1)).MulScalar(k).Sigmoid()
	t := q.MulScalar(3).AddScalar(1).Mul(x).MulScalar(k) // x z'
	return []*Tensor{dy.Mul(s).Mul(s.RSubScalar(1).Mul(t).AddScalar(1))}
}
