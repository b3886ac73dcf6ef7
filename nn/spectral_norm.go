package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// SpectralNorm is a layer whose weight is divided by its largest singular value σ, so that it stretches no input by more
// than 1 (Miyato et al., 2018):
//
//	w = W/σ, σ = uᵀ W v
//
// W is the weight as a matrix with dimension Dim as rows. Each training Forward brings u and v, estimates of the singular
// vectors, closer by Iterations steps of the power iteration, v ← Wᵀu/‖Wᵀu‖, u ← Wv/‖Wv‖; they are constants in the gradient.
type SpectralNorm struct {
	WeightOrig *Param   // W in the weight's shape
	WeightU    *Buffer  // (rows,)
	WeightV    *Buffer  // (columns,)
	Layer      Weighted `name:""` // has no weight of its own
	Dim        int
	Iterations int
	Eps        float64 // least norm to divide by
	Mode       Mode
}

// SpectralNormConfig are the options of NewSpectralNorm.
type SpectralNormConfig struct {
	Dim        int     // 0 for Linear and Conv layers, 1 for ConvTranspose
	Iterations int     // a Forward; 0: 1
	Eps        float64 // 0: 1e-12
}

// NewSpectralNorm returns l with its weight normalised. u and v start at random and have 15 steps behind them. It panics
// with ErrValue when l has no weight and with ErrAxis when it has no such dimension.
func NewSpectralNorm(g *random.Generator, l Weighted, cfg SpectralNormConfig) *SpectralNorm {
	l, w := takeWeight("spectral_norm", l)
	n := &SpectralNorm{WeightOrig: w, Layer: l, Dim: cfg.Dim, Iterations: max(1, cfg.Iterations), Eps: cfg.Eps}
	if n.Eps == 0 {
		n.Eps = 1e-12
	}
	m, f := n.matrix(), tensor.With(w.DType())
	n.WeightU = tensor.NewBuffer(n.unit(f.Randn(g, m.Dim(0))))
	n.WeightV = tensor.NewBuffer(n.unit(f.Randn(g, m.Dim(1))))
	n.iterate(15)
	return n
}

// matrix returns the weight with Dim as rows.
func (l *SpectralNorm) matrix() *tensor.Tensor {
	w := l.WeightOrig.Tensor
	rows := w.Dim(l.Dim)
	order := []int{l.Dim}
	for i := range w.Rank() {
		if i != l.Dim && i != l.Dim+w.Rank() {
			order = append(order, i)
		}
	}
	w = w.Permute(order...)
	return w.Reshape(rows, w.Numel()/max(1, rows))
}

func (l *SpectralNorm) unit(x *tensor.Tensor) *tensor.Tensor {
	return x.Div(x.NormKeepdim(2).ClampMin(l.Eps))
}

func (l *SpectralNorm) iterate(n int) {
	w := l.matrix().Detach().To(l.WeightU.DType()) // in a Cast module the buffers keep their dtype
	u, v := l.WeightU.Tensor, l.WeightV.Tensor
	for range n {
		v = l.unit(w.Transpose(0, 1).MatMul(u))
		u = l.unit(w.MatMul(v))
	}
	l.WeightU.CopyFrom(u)
	l.WeightV.CopyFrom(v)
}

func (l *SpectralNorm) weight() *tensor.Tensor {
	// Copies: the buffers change at the next Forward, perhaps before Backward.
	u, v := l.WeightU.Clone(), l.WeightV.Clone()
	sigma := u.MatMul(l.matrix().To(u.DType()).MatMul(v))
	return l.WeightOrig.Div(sigma).To(l.WeightOrig.DType())
}

// Forward is the layer's with the weight W/σ.
func (l *SpectralNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.Mode == Train && x.Device() != tensor.Meta {
		l.iterate(l.Iterations)
	}
	return forwardWith(l.Layer, l.weight(), x)
}

// Remove returns the layer with the present weight as its parameter.
func (l *SpectralNorm) Remove() Weighted { return withParam(l.Layer, l.weight()) }
