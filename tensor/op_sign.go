package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sign returns -1, 0 or 1 elementwise; as in PyTorch, 0 for NaN. Its derivative is 0.
func (x *Tensor) Sign() *Tensor { return Apply1(signOp{}, x) }

type signOp struct{ pointwise }

func (signOp) Name() string          { return "sign" }
func (signOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sign} }
func (signOp) Reads() Reads          { return ReadsNothing }
func (signOp) VJP(b *Back) []*Tensor { return b.Give(ZerosLike(b.Dout(0))) }
