package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Polygamma returns ψ⁽ⁿ⁾(x), the n-th derivative of Digamma, elementwise; integers become float32. At 0 and the negative
// integers it is +Inf for odd n and NaN for even n. It panics with ErrValue when n is negative.
func (x *Tensor) Polygamma(n int) *Tensor {
	if n < 0 {
		Fail("polygamma", ErrValue, []Shape{x.shape}, "there is no derivative number %d", n)
	}
	if n == 0 {
		return x.Digamma()
	}
	return Apply1(polygammaOp{n: n}, x)
}

type polygammaOp struct {
	floatPointwise
	n int
}

func (polygammaOp) Name() string { return "polygamma" }
func (o polygammaOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.PolygammaS, S0: float64(o.n)}
}
func (polygammaOp) Reads() Reads { return ReadsIn(0) }
func (o polygammaOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.In(0).Polygamma(o.n + 1)))
}
