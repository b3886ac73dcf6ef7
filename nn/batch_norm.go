package nn

import (
	"github.com/hadal-go/hadal/tensor"
)

// BatchNorm normalises each channel, dimension 1, of x (N, C, ...) (Ioffe and Szegedy, 2015). While training it uses the
// batch's mean and variance and updates the running ones,
//
//	running ← (1 − momentum) running + momentum batch
//
// with the unbiased variance; Eval modules use the running ones. BatchNorm1d and BatchNorm2d are the same layer with a
// check of the input's dimensions.
type BatchNorm struct {
	Weight            *Param  // (C,), or nil
	Bias              *Param  // (C,), or nil
	RunningMean       *Buffer // (C,)
	RunningVar        *Buffer // (C,)
	NumBatchesTracked *Buffer // Int64 scalar
	Eps               float64
	Momentum          *float64 // nil: a plain average over all batches
	Mode              Mode
	ranks             [2]int // allowed dimensions of the input; zero: any
}

// BatchNormConfig are the options of batch normalisation.
type BatchNormConfig struct {
	Eps               float64  // 0: 1e-5
	Momentum          *float64 // nil: 0.1
	CumulativeAverage bool     // running statistics are plain averages over all batches; Momentum is not used
}

// NewBatchNorm1d returns a layer for x (N, C) or (N, C, L).
func NewBatchNorm1d(channels int, cfg BatchNormConfig) *BatchNorm {
	return newBatchNorm(channels, cfg, [2]int{2, 3})
}

// NewBatchNorm2d returns a layer for x (N, C, H, W).
func NewBatchNorm2d(channels int, cfg BatchNormConfig) *BatchNorm {
	return newBatchNorm(channels, cfg, [2]int{4, 4})
}

func newBatchNorm(c int, cfg BatchNormConfig, ranks [2]int) *BatchNorm {
	l := &BatchNorm{
		Weight:            tensor.NewParam(tensor.Ones(c)),
		Bias:              tensor.NewParam(tensor.Zeros(c)),
		RunningMean:       tensor.NewBuffer(tensor.Zeros(c)),
		RunningVar:        tensor.NewBuffer(tensor.Ones(c)),
		NumBatchesTracked: tensor.NewBuffer(tensor.Scalar[int64](0)),
		Eps:               cfg.Eps,
		Momentum:          cfg.Momentum,
		ranks:             ranks,
	}
	if l.Eps == 0 {
		l.Eps = 1e-5
	}
	switch {
	case cfg.CumulativeAverage:
		l.Momentum = nil
	case l.Momentum == nil:
		l.Momentum = new(0.1)
	}
	return l
}

// Forward normalises x. It panics with ErrShape on other dimensions, and while training on a single value a channel,
// which has no variance.
func (l *BatchNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.ranks != [2]int{} && (x.Rank() < l.ranks[0] || x.Rank() > l.ranks[1]) || x.Rank() < 2 || x.Dim(1) != l.RunningMean.Numel() {
		tensor.Fail("batch_norm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must have %d to %d dimensions with %d channels in the second", l.ranks[0], l.ranks[1], l.RunningMean.Numel())
	}
	if l.Mode == Infer {
		return l.infer(x)
	}
	n := x.Numel() / max(1, x.Dim(1))
	if n == 1 {
		tensor.Fail("batch_norm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "training needs more than one value a channel; use a larger batch")
	}
	y, mean, variance := tensor.BatchNorm(x, l.Weight.Tensor, l.Bias.Tensor, l.Eps)
	if x.Device() != tensor.Meta {
		l.track(mean, variance.MulScalar(float64(n)/float64(n-1)))
	}
	return y
}

// track moves the running statistics towards those of the batch.
func (l *BatchNorm) track(mean, variance *tensor.Tensor) {
	l.NumBatchesTracked.CopyFrom(l.NumBatchesTracked.AddScalar(1))
	m := 1 / l.NumBatchesTracked.Item()
	if l.Momentum != nil {
		m = *l.Momentum
	}
	l.RunningMean.CopyFrom(l.RunningMean.MulScalar(1 - m).Add(mean.MulScalar(m)))
	l.RunningVar.CopyFrom(l.RunningVar.MulScalar(1 - m).Add(variance.MulScalar(m)))
}

// infer applies y = x·scale + shift with scale = weight/√(var + eps), shift = bias − mean·scale.
func (l *BatchNorm) infer(x *tensor.Tensor) *tensor.Tensor {
	scale := l.RunningVar.AddScalar(l.Eps).Rsqrt().Mul(l.Weight.Tensor)
	shift := l.Bias.Sub(l.RunningMean.Mul(scale))
	dims := make([]int, x.Rank()-1)
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = x.Dim(1)
	return x.Mul(scale.Reshape(dims...)).Add(shift.Reshape(dims...))
}
