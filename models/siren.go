package models

import (
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// SIRENConfig are the options of NewSIREN.
type SIRENConfig struct {
	Omega float64 // ω of all layers but the first; 0: 30
	First float64 // ω of the first layer, which sets how fine the signal may be; 0: 30, for pictures of some 256 pixels a side
}

// NewSIREN returns a sinusoidal representation network (V. Sitzmann, J. N. P. Martel, A. W. Bergman, D. B. Lindell and G. Wetzstein, 2020,
// Implicit neural representations with periodic activation functions): layers of dense units and sines, h ← sin(ω (W h + b)), so many
// of hidden units, and a last dense layer. It maps coordinates (N, in) from -1 to 1 to values (N, out) of a signal, such as a picture,
// a sound or a distance, and its derivatives to those of the signal.
//
// Weights are uniform in ±1/in in the first layer and in ±√(6/hidden)/ω in the others, which gives what each sine is applied to
// standard normal distribution in every layer; biases are PyTorch's. It panics with ErrValue on a number that is not positive.
func NewSIREN(g *random.Generator, in, hidden, layers, out int, cfg SIRENConfig) nn.Sequential {
	if cfg.Omega == 0 {
		cfg.Omega = 30
	}
	if cfg.First == 0 {
		cfg.First = 30
	}
	if in < 1 || hidden < 1 || layers < 1 || out < 1 || !(cfg.Omega > 0) || !(cfg.First > 0) {
		tensor.Fail("siren", tensor.ErrValue, nil, "%d inputs, %d units in %d layers, %d outputs and ω of %v and %v must be positive", in, hidden, layers, out, cfg.First, cfg.Omega)
	}
	var m nn.Sequential
	dense := func(from, to int, limit float64) {
		l := nn.NewLinear(g, from, to, nn.LinearConfig{})
		l.Weight = tensor.NewParam(initialize.Uniform(g, -limit, limit, to, from))
		m = append(m, l)
	}
	omega, limit := cfg.First, 1/float64(in)
	for range layers {
		dense(in, hidden, limit)
		m = append(m, nn.Sine{Omega: new(omega)})
		in, omega, limit = hidden, cfg.Omega, math.Sqrt(6/float64(hidden))/cfg.Omega
	}
	dense(in, out, limit)
	return m
}
