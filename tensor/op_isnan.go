package tensor

import "math"

// IsNaN returns, as bools, where x is not a number.
func (x *Tensor) IsNaN() *Tensor { return x.Ne(x) }

// IsInf returns, as bools, where x is +Inf or -Inf.
func (x *Tensor) IsInf() *Tensor { return x.Detach().Abs().EqScalar(math.Inf(1)) }

// IsFinite returns, as bools, where x is neither NaN nor infinite.
func (x *Tensor) IsFinite() *Tensor { return x.Detach().Abs().LtScalar(math.Inf(1)) }
