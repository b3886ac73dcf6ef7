package nn

import "github.com/hadal-go/hadal/tensor"

// LPPool1d takes the P-norm (Σ xᴾ)^(1/P) of each window of a sequence; see tensor.LPPool1d.
type LPPool1d struct {
	P      float64
	Config tensor.PoolConfig
}

// NewLPPool1d returns a layer with windows of n side by side.
func NewLPPool1d(p float64, n int) *LPPool1d { return &LPPool1d{p, tensor.Square(n)} }

// Forward maps x (N, C, L) to (N, C, OL).
func (l *LPPool1d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.LPPool1d(x, l.P, l.Config) }

// LPPool2d takes the P-norm (Σ xᴾ)^(1/P) of each window of an image; see tensor.LPPool2d.
type LPPool2d struct {
	P      float64
	Config tensor.PoolConfig
}

// NewLPPool2d returns a layer with n by n windows side by side.
func NewLPPool2d(p float64, n int) *LPPool2d { return &LPPool2d{p, tensor.Square(n)} }

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *LPPool2d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.LPPool2d(x, l.P, l.Config) }
