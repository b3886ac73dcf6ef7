package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// LogSigmoid returns ln Sigmoid(x) = -ln(1 + e^-x) elementwise, without overflow; integers become float32.
func (x *Tensor) LogSigmoid() *Tensor { return Apply1(logSigmoidOp{}, x) }

type logSigmoidOp struct{ floatPointwise }

func (logSigmoidOp) Name() string          { return "logsigmoid" }
func (logSigmoidOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.LogSigmoid} }
func (logSigmoidOp) Reads() Reads          { return ReadsIn(0) }
func (logSigmoidOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(logSigmoidGradOp{}, b.Dout(0), b.In(0)))
}

// logSigmoidGradOp is dx = dy Sigmoid(-x).
type logSigmoidGradOp struct{ pointwise }

func (logSigmoidGradOp) Name() string          { return "logsigmoid_grad" }
func (logSigmoidGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.LogSigmoidGrad} }
func (logSigmoidGradOp) Reads() Reads          { return ReadsAllIn }
func (logSigmoidGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (logSigmoidGradOp) Lower(in []*Tensor) []*Tensor {
	return []*Tensor{in[0].Mul(in[1].Neg().Sigmoid())}
}
