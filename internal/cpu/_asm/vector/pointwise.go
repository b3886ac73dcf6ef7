package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// elementwise are the functions of x, y and the constant s, in registers 0, 1 and 8, whose result is left in register 0.
var elementwise = []struct {
	name, formula string
	inputs        int
	write         func()
}{
	{"Add", "a[i] + b[i]", 2, func() { VADDPS(Y1, Y0, Y0) }},
	{"Sub", "a[i] - b[i]", 2, func() { VSUBPS(Y1, Y0, Y0) }},
	{"Mul", "a[i] * b[i]", 2, func() { VMULPS(Y1, Y0, Y0) }},
	{"Div", "a[i] / b[i]", 2, func() { VDIVPS(Y1, Y0, Y0) }},
	{"AddS", "a[i] + s", 1, func() { VADDPS(Y8, Y0, Y0) }},
	{"RSubS", "s - a[i]", 1, func() { VSUBPS(Y0, Y8, Y0) }},
	{"MulS", "a[i] * s", 1, func() { VMULPS(Y8, Y0, Y0) }},
	{"DivS", "a[i] / s", 1, func() { VDIVPS(Y8, Y0, Y0) }},
	{"Square", "a[i] * a[i]", 1, func() { VMULPS(Y0, Y0, Y0) }},
	{"Sqrt", "sqrt(a[i])", 1, func() { VSQRTPS(Y0, Y0) }},
	{"ReLU", "max(a[i], 0)", 1, func() {
		VXORPS(Y2, Y2, Y2)
		VMAXPS(Y0, Y2, Y0) // the first operand, a, where it is NaN or -0
		VADDPS(Y2, Y0, Y0) // -0 + 0 is 0
	}},
	{"ReLUGrad", "a[i], but 0 where b[i] <= 0", 2, func() {
		VXORPS(Y2, Y2, Y2)
		VCMPPS(Imm(2), Y2, Y1, Y1)
		VANDNPS(Y0, Y1, Y0)
	}},
}

func arithmetic() {
	for _, e := range elementwise {
		args, pointers := "d, a *float32, n int, s float32)", []string{"a", "d"}
		if e.inputs == 2 {
			args, pointers = "d, a, b *float32, n int)", []string{"a", "b", "d"}
		}
		p := text(e.name, args, []string{"", "\tfor i := range n { d[i] = " + e.formula + " }", "", "with n >= 0."}, pointers)
		if e.inputs == 1 {
			broadcast32("s", Y8)
		}
		each(p, 4, func(a access) {
			a.load(p[0], Y0)
			if e.inputs == 2 {
				a.load(p[1], Y1)
			}
			e.write()
			a.store(Y0, p[e.inputs])
		})
		finish()
	}
}

func extremes() {
	p := text("Extremes", "x *float32, n int) (lo, hi float32, nan int)", []string{"the smallest and the largest number among x, and whether there are NaN (not 0); n >= 1."}, []string{"x"})
	lo, hi, nan := []VecPhysical{Y0, Y1}, []VecPhysical{Y2, Y3}, []VecPhysical{Y4, Y5}
	VBROADCASTSS(Mem{Base: p[0]}, Y0)
	for _, v := range []VecPhysical{Y1, Y2, Y3} {
		VMOVAPS(Y0, v)
	}
	VMOVAPS(Y0, Y7)
	zero(nan...)
	each(p, 2, func(a access) {
		x := Y6
		a.load(p[0], x)
		if a.last {
			VBLENDVPS(Y15, x, Y7, x) // the first element again
		}
		VMINPS(lo[a.u], x, lo[a.u])
		VMAXPS(hi[a.u], x, hi[a.u])
		VCMPPS(Imm(3), x, x, x)
		VORPS(x, nan[a.u], nan[a.u])
	})
	VMINPS(Y0, Y1, Y0)
	VMAXPS(Y2, Y3, Y2)
	VEXTRACTF128(Imm(1), Y0, X1)
	VEXTRACTF128(Imm(1), Y2, X3)
	VMINPS(X0, X1, X0)
	VMAXPS(X2, X3, X2)
	for _, half := range []uint64{0b1110, 0b01} {
		VPERMILPS(Imm(half), X0, X1)
		VPERMILPS(Imm(half), X2, X3)
		VMINPS(X0, X1, X0)
		VMAXPS(X2, X3, X2)
	}
	VORPS(Y5, Y4, Y4)
	VMOVMSKPS(Y4, EAX)
	Store(X0, ReturnIndex(0))
	Store(X2, ReturnIndex(1))
	Store(RAX, ReturnIndex(2))
	finish()
}
