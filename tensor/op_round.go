package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Floor returns the largest whole number not above x, elementwise. Its derivative is 0.
func (x *Tensor) Floor() *Tensor { return x.round(cpu.Floor) }

// Ceil returns the smallest whole number not below x, elementwise. Its derivative is 0.
func (x *Tensor) Ceil() *Tensor { return x.round(cpu.Ceil) }

// Round returns the nearest whole number elementwise, halves to the even one. Its derivative is 0.
func (x *Tensor) Round() *Tensor { return x.round(cpu.Round) }

// Trunc returns x without its fraction, elementwise. Its derivative is 0.
func (x *Tensor) Trunc() *Tensor { return x.round(cpu.Trunc) }

func (x *Tensor) round(code cpu.Code) *Tensor {
	if !x.dtype.IsFloat() {
		return x
	}
	return Apply1(roundOp{code: code}, x)
}

type roundOp struct {
	pointwise
	code cpu.Code
}

func (o roundOp) Name() string {
	switch o.code {
	case cpu.Floor:
		return "floor"
	case cpu.Ceil:
		return "ceil"
	case cpu.Round:
		return "round"
	}
	return "trunc"
}
func (o roundOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: o.code} }
func (roundOp) Reads() Reads            { return ReadsNothing }
func (roundOp) VJP(b *Back) []*Tensor   { return b.Give(ZerosLike(b.Dout(0))) }
