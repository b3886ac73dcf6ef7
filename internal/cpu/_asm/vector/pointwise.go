package main

import (
	"math"

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
	{"Neg", "-a[i]", 1, func() { VXORPS(f(math.Copysign(0, -1)), Y0, Y0) }},
	{"Abs", "|a[i]|", 1, func() {
		VMOVUPS(f(math.Copysign(0, -1)), Y2)
		VANDNPS(Y0, Y2, Y0)
	}},
	{"Recip", "1 / a[i]", 1, func() {
		VMOVUPS(f(1), Y2)
		VDIVPS(Y0, Y2, Y0)
	}},
	{"Floor", "floor(a[i])", 1, func() { VROUNDPS(Imm(9), Y0, Y0) }},
	{"Ceil", "ceil(a[i])", 1, func() { VROUNDPS(Imm(10), Y0, Y0) }},
	{"Round", "the even of two nearest whole numbers of a[i]", 1, func() { VROUNDPS(Imm(8), Y0, Y0) }},
	{"Trunc", "trunc(a[i])", 1, func() { VROUNDPS(Imm(11), Y0, Y0) }},
	{"Sign", "1 or 0 as a[i] > 0 - 1 or 0 as a[i] < 0", 1, func() {
		VXORPS(Y2, Y2, Y2)
		VCMPPS(Imm(30), Y2, Y0, Y3)
		VCMPPS(Imm(17), Y2, Y0, Y0)
		VANDPS(f(1), Y3, Y3)
		VANDPS(f(1), Y0, Y0)
		VSUBPS(Y0, Y3, Y0)
	}},
	{"Hardsigmoid", "min(max(a[i] + 3, 0), 6) / 6", 1, hardsigmoid},
	{"Hardswish", "a[i] * (min(max(a[i] + 3, 0), 6) / 6)", 1, func() {
		VMOVAPS(Y0, Y4)
		hardsigmoid()
		VMULPS(Y4, Y0, Y0)
	}},
	{"LeakyReLU", "max(a[i], 0) + s * min(a[i], 0)", 1, func() {
		VXORPS(Y2, Y2, Y2)
		VMAXPS(Y0, Y2, Y3)
		VADDPS(Y2, Y3, Y3)
		VMINPS(Y0, Y2, Y0)
		VMULPS(Y8, Y0, Y0)
		VADDPS(Y0, Y3, Y0)
	}},
	{"MaxOf", "max(a[i], b[i])", 2, func() { extreme(VMAXPS, VANDPS) }},
	{"MinOf", "min(a[i], b[i])", 2, func() { extreme(VMINPS, VORPS) }},
	{"TanhGrad", "a[i] * (1 - b[i]*b[i])", 2, func() {
		VMULPS(Y1, Y1, Y1)
		VMOVUPS(f(1), Y2)
		VSUBPS(Y1, Y2, Y1)
		VMULPS(Y1, Y0, Y0)
	}},
	{"SigmoidGrad", "a[i] * (b[i] * (1 - b[i]))", 2, func() {
		VMOVUPS(f(1), Y2)
		VSUBPS(Y1, Y2, Y2)
		VMULPS(Y2, Y1, Y1)
		VMULPS(Y1, Y0, Y0)
	}},
	{"HardsigmoidGrad", "a[i] / 6, but 0 unless -3 < b[i] < 3", 2, func() {
		VANDPS(f(float64(math.Float32frombits(math.MaxInt32))), Y1, Y1)
		VCMPPS(Imm(17), f(3), Y1, Y1)
		VANDPS(Y1, Y0, Y0)
		VDIVPS(f(6), Y0, Y0)
	}},
	{"HardswishGrad", "a[i] * (b[i]/3 + 1/2), but 0 where b[i] < -3 and a[i] where b[i] >= 3", 2, func() {
		VDIVPS(f(3), Y1, Y2)
		VADDPS(f(0.5), Y2, Y2)
		VMULPS(Y0, Y2, Y2)
		VCMPPS(Imm(29), f(3), Y1, Y3)
		VBLENDVPS(Y3, Y0, Y2, Y0)
		VCMPPS(Imm(17), f(-3), Y1, Y1)
		VANDNPS(Y0, Y1, Y0)
	}},
	{"ReLUGrad", "a[i], but 0 where b[i] <= 0", 2, func() {
		VXORPS(Y2, Y2, Y2)
		VCMPPS(Imm(2), Y2, Y1, Y1)
		VANDNPS(Y0, Y1, Y0)
	}},
}

func hardsigmoid() {
	VADDPS(f(3), Y0, Y0)
	VXORPS(Y2, Y2, Y2)
	VMAXPS(Y0, Y2, Y0)
	VMOVUPS(f(6), Y3)
	VMINPS(Y0, Y3, Y0)
	VDIVPS(Y3, Y0, Y0)
}

// shares are the gradients of max and min.
func shares() {
	for _, e := range []struct {
		name, formula string
		lost          uint64
	}{{"MaxGrad", "<", 17}, {"MinGrad", ">", 30}} {
		p := text(e.name, "d, a, b, c *float32, n int)", []string{"", "\tfor i := range n { d[i] = a[i], but a[i]/2 where b[i] = c[i] and 0 where b[i] " + e.formula + " c[i] }", "", "with n >= 0."}, []string{"a", "b", "c", "d"})
		each(p, 2, func(a access) {
			for i := range 3 {
				a.load(p[i], []VecPhysical{Y0, Y1, Y2}[i])
			}
			VMULPS(f(0.5), Y0, Y3)
			VCMPPS(Imm(0), Y2, Y1, Y4)
			VBLENDVPS(Y4, Y3, Y0, Y0)
			VCMPPS(Imm(e.lost), Y2, Y1, Y1)
			VANDNPS(Y0, Y1, Y0)
			a.store(Y0, p[3])
		})
		finish()
	}
}

// extreme leaves the larger or the smaller of registers 0 and 1: NaN win, and 0 over -0 or -0 over 0.
func extreme(pick, zeros func(...Op)) {
	VCMPPS(Imm(3), Y1, Y0, Y4)
	VADDPS(Y1, Y0, Y5)
	pick(Y1, Y0, Y2)
	pick(Y0, Y1, Y3)
	zeros(Y2, Y3, Y2)
	VBLENDVPS(Y4, Y5, Y2, Y0)
}

// withScalars are the functions with constants s, t and u, in registers 8, 9 and 10.
func withScalars() {
	for _, e := range []struct {
		name, formula string
		inputs        int
		write         func()
	}{
		{"Clamp", "min(max(a[i], s), t) + u", 1, func() {
			VMAXPS(Y0, Y8, Y0) // a, where it is NaN
			VMINPS(Y0, Y9, Y0)
			VADDPS(Y10, Y0, Y0)
		}},
		{"ClampGrad", "a[i], but 0 unless s <= b[i] <= t", 2, func() {
			VCMPPS(Imm(29), Y8, Y1, Y2) // not less
			VCMPPS(Imm(18), Y9, Y1, Y1)
			VANDPS(Y2, Y1, Y1)
			VANDPS(Y1, Y0, Y0)
		}},
		{"Drop", "a[i] * t, but 0 where the upper 24 bits of the bits of b[i] are less than s 2^24", 2, func() {
			VPSRLD(Imm(8), Y1, Y1)
			VCVTDQ2PS(Y1, Y1)
			VMULPS(f(0x1p-24), Y1, Y1)
			VCMPPS(Imm(17), Y8, Y1, Y1)
			VMULPS(Y9, Y0, Y0)
			VANDNPS(Y0, Y1, Y0)
		}},
		{"HardtanhGrad", "a[i], but 0 where b[i] <= s or b[i] >= t", 2, func() {
			VCMPPS(Imm(18), Y8, Y1, Y2)
			VCMPPS(Imm(29), Y9, Y1, Y1)
			VORPS(Y2, Y1, Y1)
			VANDNPS(Y0, Y1, Y0)
		}},
		{"LeakyReLUGrad", "a[i], but s * a[i] unless b[i] > 0", 2, func() {
			VMULPS(Y8, Y0, Y2)
			VXORPS(Y3, Y3, Y3)
			VCMPPS(Imm(30), Y3, Y1, Y1)
			VBLENDVPS(Y1, Y0, Y2, Y0)
		}},
		{"ELU", "a[i] <= 0: s * t * (exp(u * a[i]) - 1), else t * a[i]", 1, func() {
			x, z, n, m, r, d := Y0, Y1, Y2, Y3, Y4, Y5
			VXORPS(r, r, r)
			VMINPS(x, r, z)
			VMULPS(Y10, z, z)
			VMOVUPS(f(-60), r)
			VMAXPS(z, r, z)
			expRest(z, n, r, 0x1.8p23+127)
			expTail(z, m, r, d)
			VFMADD213PS(z, r, m)
			VPSLLD(Imm(23), n, n)
			VSUBPS(f(1), n, r)
			VFMADD213PS(r, n, m)
			VMULPS(Y11, m, m)
			VMULPS(Y9, x, z)
			VXORPS(r, r, r)
			VCMPPS(Imm(22), r, x, r) // not less or equal
			VBLENDVPS(r, z, m, x)
		}},
		{"ELUGrad", "a[i] * (b[i] <= 0: s * t * u * exp(u * b[i]), else t)", 2, func() {
			x, z, n, p, r := Y1, Y2, Y3, Y4, Y5
			VXORPS(r, r, r)
			VMINPS(x, r, z)
			VMULPS(Y10, z, z)
			expDown32(z, n, r, p)
			VMULPS(f(0x1p-64), p, p)
			VMULPS(Y11, p, p)
			VMULPS(Y10, p, p)
			VXORPS(r, r, r)
			VCMPPS(Imm(22), r, x, r) // not less or equal
			VBLENDVPS(r, Y9, p, p)
			VMULPS(p, Y0, Y0)
		}},
	} {
		args, pointers := "d, a *float32, n int, s, t, u float32)", []string{"a", "d"}
		if e.inputs == 2 {
			args, pointers = "d, a, b *float32, n int, s, t, u float32)", []string{"a", "b", "d"}
		}
		p := text(e.name, args, []string{"", "\tfor i := range n { d[i] = " + e.formula + " }", "", "with n >= 0."}, pointers)
		for i, r := range []VecPhysical{Y8, Y9, Y10} {
			broadcast32([]string{"s", "t", "u"}[i], r)
		}
		VMULPS(Y8, Y9, Y11)
		each(p, 2, func(a access) {
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
