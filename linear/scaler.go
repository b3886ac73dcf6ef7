package linear

import (
	"github.com/hadal-go/hadal/tensor"
)

// StandardScalerConfig are the options of StandardScaler.
type StandardScalerConfig struct {
	NoMean bool // leaves the mean where it is
	NoStd  bool // does not divide by the standard deviation
}

// StandardScaler gives each feature mean 0 and variance 1 over the data it was fitted on, (x - mean) / std with the standard deviation √(Σ
// (x - mean)² / N). A constant feature is divided by 1. Fit it on training data alone and transform the test data with what it learned.
type StandardScaler struct {
	Mean  *tensor.Tensor // (D,), float64; 0 with NoMean
	Scale *tensor.Tensor // (D,), float64: what is divided by

	cfg StandardScalerConfig
}

// NewStandardScaler returns a scaler to be fitted.
func NewStandardScaler(cfg StandardScalerConfig) *StandardScaler { return &StandardScaler{cfg: cfg} }

// Fit learns from rows x (N, D). NaN or infinite data is an ErrNotFinite, no data an ErrNoSamples.
func (s *StandardScaler) Fit(x *tensor.Tensor) error {
	x, err := samples("standard scaler", x)
	if err != nil {
		return err
	}
	centered, mean := center(x)
	scale := centered.Square().Mean(0).Sqrt()
	scale = tensor.Where(scale.GtScalar(0), scale, tensor.OnesLike(scale))
	if s.cfg.NoMean {
		mean = tensor.ZerosLike(mean)
	}
	if s.cfg.NoStd {
		scale = tensor.OnesLike(scale)
	}
	s.Mean, s.Scale = mean, scale
	return nil
}

// Transform returns (x - Mean) / Scale of x (N, D), in the dtype of x.
func (s *StandardScaler) Transform(x *tensor.Tensor) *tensor.Tensor {
	return rescale("standard scaler", x, s.Mean, s.Scale)
}

// InverseTransform returns x Scale + Mean of x (N, D), in the dtype of x.
func (s *StandardScaler) InverseTransform(x *tensor.Tensor) *tensor.Tensor {
	return unscale("standard scaler", x, s.Mean, s.Scale)
}

// MinMaxScalerConfig are the options of MinMaxScaler.
type MinMaxScalerConfig struct {
	Min, Max *float64 // the range that features are brought to; nil is 0 and 1
}

// MinMaxScaler brings each feature from its range over the data it was fitted on to [Min, Max], by default [0, 1]. Other data may lie
// outside. A constant feature becomes Min.
type MinMaxScaler struct {
	Offset *tensor.Tensor // (D,), float64
	Scale  *tensor.Tensor // (D,), float64: the result is (x - Offset) / Scale

	cfg MinMaxScalerConfig
}

// NewMinMaxScaler returns a scaler to be fitted. It panics with ErrValue unless Min < Max, both finite.
func NewMinMaxScaler(cfg MinMaxScalerConfig) *MinMaxScaler {
	cfg.Min, cfg.Max = orDefault(cfg.Min, 0), orDefault(cfg.Max, 1)
	if !(*cfg.Min < *cfg.Max) || notFinite([]float64{*cfg.Min, *cfg.Max}) >= 0 {
		tensor.Fail("min-max scaler", tensor.ErrValue, nil, "Min %v must be below Max %v, both finite", *cfg.Min, *cfg.Max)
	}
	return &MinMaxScaler{cfg: cfg}
}

// Fit learns from rows x (N, D). NaN or infinite data is an ErrNotFinite, no data an ErrNoSamples.
func (s *MinMaxScaler) Fit(x *tensor.Tensor) error {
	x, err := samples("min-max scaler", x)
	if err != nil {
		return err
	}
	lo := x.Min(0)
	span := x.Max(0).Sub(lo)
	span = tensor.Where(span.GtScalar(0), span, tensor.OnesLike(span))
	s.Scale = span.DivScalar(*s.cfg.Max - *s.cfg.Min)
	s.Offset = lo.Sub(s.Scale.MulScalar(*s.cfg.Min))
	return nil
}

// Transform returns (x - Offset) / Scale of x (N, D), in the dtype of x.
func (s *MinMaxScaler) Transform(x *tensor.Tensor) *tensor.Tensor {
	return rescale("min-max scaler", x, s.Offset, s.Scale)
}

// InverseTransform returns x Scale + Offset of x (N, D), in the dtype of x.
func (s *MinMaxScaler) InverseTransform(x *tensor.Tensor) *tensor.Tensor {
	return unscale("min-max scaler", x, s.Offset, s.Scale)
}

func rescale(op string, x, offset, scale *tensor.Tensor) *tensor.Tensor {
	checkFitted(op, x, offset)
	return x.To(tensor.Float64).Sub(offset).Div(scale).To(x.DType())
}

func unscale(op string, x, offset, scale *tensor.Tensor) *tensor.Tensor {
	checkFitted(op, x, offset)
	return x.To(tensor.Float64).Mul(scale).Add(offset).To(x.DType())
}
