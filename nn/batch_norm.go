package nn

import "github.com/hadal-go/hadal/tensor"

// BatchNorm normalises each channel, dimension 1, of x (N, C, ...) (Ioffe and Szegedy, 2015):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// While training, mean and biased variance are the batch's, and the running ones follow them,
//
//	running ← (1 − momentum) running + momentum batch
//
// with the unbiased variance; Eval modules use the running ones. BatchNorm1d, BatchNorm2d and BatchNorm3d are the same layer
// with a check of the input's dimensions.
type BatchNorm struct {
	Weight            *Param   // (C,), or nil: 1
	Bias              *Param   // (C,), or nil: 0
	RunningMean       *Buffer  // (C,)
	RunningVar        *Buffer  // (C,)
	NumBatchesTracked *Buffer  // Int64 scalar
	Momentum          *float64 // nil: a plain average over all batches
	Eps               float64
	Mode              Mode
	// Frozen layers use the running statistics and leave them as they are while training too; weight and bias still train.
	// It is how a pre-trained network is tuned on batches too small to have statistics.
	Frozen bool
	// Sync, unless nil, joins replicas of the layer that train on parts of one batch: mean and variance are the whole
	// batch's.
	Sync  AllReducer
	ranks [2]int // least and most dimensions of the input; zero: any
}

// BatchNormConfig are the options of batch normalisation.
type BatchNormConfig struct {
	Eps               float64  // 0: 1e-5
	Momentum          *float64 // nil: 0.1
	CumulativeAverage bool     // running statistics are plain averages over all batches; Momentum is not used
	NoAffine          bool     // neither weight nor bias
	Frozen            bool     // see BatchNorm.Frozen
	Sync              AllReducer
}

// NewBatchNorm1d returns a layer for x (N, C) or (N, C, L).
func NewBatchNorm1d(channels int, cfg BatchNormConfig) *BatchNorm {
	return newBatchNorm(channels, cfg, [2]int{2, 3})
}

// NewBatchNorm2d returns a layer for x (N, C, H, W).
func NewBatchNorm2d(channels int, cfg BatchNormConfig) *BatchNorm {
	return newBatchNorm(channels, cfg, [2]int{4, 4})
}

// NewBatchNorm3d returns a layer for x (N, C, D, H, W).
func NewBatchNorm3d(channels int, cfg BatchNormConfig) *BatchNorm {
	return newBatchNorm(channels, cfg, [2]int{5, 5})
}

func newBatchNorm(c int, cfg BatchNormConfig, ranks [2]int) *BatchNorm {
	l := &BatchNorm{
		RunningMean:       tensor.NewBuffer(tensor.Zeros(c)),
		RunningVar:        tensor.NewBuffer(tensor.Ones(c)),
		NumBatchesTracked: tensor.NewBuffer(tensor.Scalar[int64](0)),
		Eps:               epsilon("batch_norm", cfg.Eps),
		Frozen:            cfg.Frozen,
		Sync:              cfg.Sync,
		ranks:             ranks,
	}
	if !cfg.NoAffine {
		l.Weight, l.Bias = tensor.NewParam(tensor.Ones(c)), tensor.NewParam(tensor.Zeros(c))
	}
	if !cfg.CumulativeAverage {
		l.Momentum = new(or(cfg.Momentum, 0.1))
	}
	return l
}

// Forward normalises x. It panics with ErrShape on other dimensions, and while training on a single value a channel,
// which has no variance.
func (l *BatchNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	l.check(x)
	switch {
	case l.Mode == Infer || l.Frozen:
		return l.infer(x)
	case l.Sync != nil && x.Device() != tensor.Meta:
		return l.synchronised(x)
	}
	n, computes := x.Numel()/max(1, x.Dim(1)), x.Device() != tensor.Meta
	if n == 1 && computes {
		tensor.Fail("batch_norm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "training needs more than one value a channel; use a larger batch")
	}
	w, b := affine(x, l.Weight, l.Bias, []int{x.Dim(1)})
	y, mean, variance := tensor.BatchNorm(x, w, b, l.Eps)
	if computes {
		l.track(mean, variance.MulScalar(float64(n)/float64(n-1)))
	}
	return y
}

func (l *BatchNorm) check(x *tensor.Tensor) {
	want := "(N, C, ...)"
	switch l.ranks {
	case [2]int{2, 3}:
		want = "(N, C) or (N, C, L)"
	case [2]int{4, 4}:
		want = "(N, C, H, W)"
	case [2]int{5, 5}:
		want = "(N, C, D, H, W)"
	}
	c, r := l.RunningMean.Numel(), x.Rank()
	if r < max(2, l.ranks[0]) || l.ranks[1] > 0 && r > l.ranks[1] || x.Dim(1) != c {
		tensor.Fail("batch_norm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be %s with C = %d", want, c)
	}
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
	w, b := affine(x, l.Weight, l.Bias, []int{x.Dim(1)})
	scale := wide(l.RunningVar.Tensor).AddScalar(l.Eps).Rsqrt().Mul(w)
	shift := b.Sub(l.RunningMean.Mul(scale))
	return x.Mul(perChannel(x, scale)).Add(perChannel(x, shift)).To(x.DType())
}

// perChannel shapes v (C,) to broadcast against x (N, C, ...).
func perChannel(x, v *tensor.Tensor) *tensor.Tensor {
	dims := make([]int, x.Rank()-1)
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = x.Dim(1)
	return v.Reshape(dims...)
}

// wide returns halves as float32, others as they are: the difference of two numbers of one size, a value and the mean, would
// keep few of their digits.
func wide(x *tensor.Tensor) *tensor.Tensor { return x.To(tensor.Promote(x.DType(), tensor.Float32)) }
