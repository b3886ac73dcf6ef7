package tensor

import "fmt"

// ReLURule says what a backward pass sends through rectified linear units y = max(x, 0), where a gradient dy arrives. Rules other than the
// derivative do not differentiate: they make pictures of what a unit looks at. A convolution with ReLU in its options is two ops here, and
// the rule holds for what a Checkpoint computes again; it does not hold for ReLU6 and other activations, nor inside a Function.
type ReLURule uint8

const (
	ReLUDerivative ReLURule = iota // dy where y > 0
	ReLUGuided                     // dy where y > 0 and dy > 0: guided back-propagation (Springenberg, Dosovitskiy, Brox and Riedmiller, 2015)
	ReLUDeconv                     // dy where dy > 0: the deconvolutional network (Zeiler and Fergus, 2014)
)

// String is the rule's name.
func (r ReLURule) String() string {
	if r > ReLUDeconv {
		return fmt.Sprintf("ReLURule(%d)", uint8(r))
	}
	return [...]string{"derivative", "guided", "deconv"}[r]
}

// rectified returns what goes on to x where dy arrives at y = max(x, 0).
func (b *Back) rectified(dy, y *Tensor) *Tensor {
	if b.relu != ReLUDerivative {
		dy = dy.ReLU()
	}
	if b.relu == ReLUDeconv {
		return dy
	}
	return Apply1(reluGradOp{}, dy, y)
}

// GradientsConfig are the options of GradientsWith.
type GradientsConfig struct {
	Douts       []*Tensor // gradients of the outputs; nil, or nil among them: ones, of a single element only
	CreateGraph bool      // record the gradients; implies Retain
	Retain      bool      // keep the graph for another pass
	ReLU        ReLURule
}

// GradientsWith is Gradients with all its options. It panics with ErrValue on a rule that is none.
func GradientsWith(outs, wrt []*Tensor, cfg GradientsConfig) []*Tensor {
	if cfg.ReLU > ReLUDeconv {
		Fail("gradients", ErrValue, nil, "there is no rule %d for rectified linear units", uint8(cfg.ReLU))
	}
	noneNil("gradients", "output", outs)
	noneNil("gradients", "tensor to differentiate by", wrt)
	return gradients(outs, cfg.Douts, wrt, cfg.CreateGraph, cfg.CreateGraph || cfg.Retain, nil, cfg.ReLU)
}
