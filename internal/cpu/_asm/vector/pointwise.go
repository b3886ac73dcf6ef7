package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
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

// The float64 constants of the functions that are computed in float64, each a vector.
const (
	log2eD = iota
	ln2D
	shiftD // added to n, it leaves n + 1023 as the lowest bits
	d2     // to d8: of e^r = 1 + r + d2 r² + ... with the least relative error for |r| < 0.3466, 1.2e-12
	d8     = d2 + 6
	oneD   = d8 + 1
	twoD   = oneD + 1
	lowD   = twoD + 1 // where the exponential is surely 0 and infinite in float32
	highD  = lowD + 1
	sixtyD = highD + 1 // e^60 and e^-60 are nothing beside 1, or 1 beside them
	minusD = sixtyD + 1
	signD  = minusD + 1
	fourD  = signD + 1
	tailD  = fourD + 1 // the normal distribution's density is surely 0 in float32
	mhalfD = tailD + 1
	densD  = mhalfD + 1 // 1/√2π
	m0     = densD + 1  // to m13: e^(t²/2) Φ(-t) as a polynomial of (t - 4)/(t + 4) for 0 <= t <= 14.8, with a relative error of 4e-12
	m13    = m0 + 13
)

func functions() {
	wide := GLOBL("vectorConstants64", attr.RODATA|attr.NOPTR)
	for i, v := range []float64{
		math.Log2E, math.Ln2, 0x1.8p52 + 1023,
		0.5000000000426874, 0.16666666784454814, 0.04166666440480202, 0.00833328180428637, 0.0013889197157649844, 0.00019908941438192174, 2.4708282978328942e-05,
		1, 2, -104, 89, 60, -60, math.Copysign(0, -1), 4, 14.8, -0.5, 1 / (math.Sqrt2 * math.SqrtPi),
		0.09441064130203033, -0.17039772155486424, 0.12437925533707257, -0.07170740691990524, 0.030864804060206343, -0.008492103280550788, 0.000507561584748639, 0.0006388777992569063, -0.00018716013434412525, -4.581602688084534e-05, 2.8456452851694325e-05, 5.138187766330386e-06, -3.717639366243973e-06, -1.127239900851107e-06,
	} {
		for j := range 4 {
			DATA(32*i+8*j, U64(math.Float64bits(v)))
		}
	}
	c := func(i int) Mem { return wide.Offset(32 * i) }
	// clamp bounds x; NaN stay.
	clamp := func(x, t VecPhysical, low, high int) {
		VMOVUPD(c(low), t)
		VMAXPD(x, t, x)
		VMOVUPD(c(high), t)
		VMINPD(x, t, x)
	}
	// parts leaves s and q with e^x = s + s q, s a power of 2; q is accurate near 0 too.
	parts := func(x, s, q, t VecPhysical) {
		VMOVUPD(c(shiftD), s)
		VFMADD231PD(c(log2eD), x, s)
		VSUBPD(c(shiftD), s, t)
		VFNMADD231PD(c(ln2D), t, x)
		VPSLLQ(Imm(52), s, s)
		VMOVUPD(c(d8), q)
		for d := d8 - 1; d >= d2; d-- {
			VFMADD213PD(c(d), x, q)
		}
		VMULPD(x, x, t)
		VFMADD213PD(x, t, q)
	}
	// tail leaves |x| in z, e^(-z²/2), 0 beyond 14.8, in q and e^(z²/2) Φ(-z) in r.
	tail := func(x, z, s, q, t, r VecPhysical) {
		near, v := Y10, Y11
		VMOVUPD(c(signD), t)
		VANDNPD(x, t, z)
		VMOVUPD(c(tailD), t)
		VMINPD(z, t, near)
		VADDPD(c(fourD), near, t)
		VSUBPD(c(fourD), near, r)
		VDIVPD(t, r, t)
		VMOVUPD(c(m13), r)
		for m := m13 - 1; m >= m0; m-- {
			VFMADD213PD(c(m), t, r)
		}
		VMULPD(near, near, v)
		VMULPD(c(mhalfD), v, v)
		parts(v, s, q, t)
		VFMADD213PD(s, s, q)
		VMOVUPD(c(tailD), t)
		VCMPPD(Imm(1), z, t, t)
		VANDNPD(q, t, q)
	}
	// upper makes q, what a function is at -z, what it is at x: the same or 1 less that.
	upper := func(x, q, t VecPhysical) {
		VMOVUPD(c(oneD), t)
		VSUBPD(q, t, t)
		VBLENDVPD(x, q, t, q)
	}
	for _, f := range []struct {
		name, formula string
		write         func(x, s, q, t VecPhysical)
	}{
		{"GELU", "a[i] * Φ(a[i])", func(x, s, q, t VecPhysical) {
			z, r := Y8, Y9
			tail(x, z, s, q, t, r)
			VMULPD(r, q, q)
			upper(x, q, t)
			VMULPD(q, x, x)
		}},
		{"GELUGrad", "a[i] * (Φ(b[i]) + b[i] φ(b[i]))", func(x, s, q, t VecPhysical) {
			z, r := Y8, Y9
			tail(x, z, s, q, t, r)
			VFNMADD231PD(c(densD), z, r)
			VMULPD(r, q, q)
			upper(x, q, t)
			VMOVAPD(q, x)
		}},
		{"Exp", "exp(a[i])", func(x, s, q, t VecPhysical) {
			clamp(x, t, lowD, highD)
			parts(x, s, q, t)
			VFMADD213PD(s, s, q)
			VMOVAPD(q, x)
		}},
		{"Tanh", "tanh(a[i])", func(x, s, q, t VecPhysical) { // m/(m + 2) with m = e^2x - 1
			VADDPD(x, x, x)
			clamp(x, t, minusD, sixtyD)
			parts(x, s, q, t)
			VSUBPD(c(oneD), s, t)
			VFMADD213PD(t, s, q)
			VADDPD(c(twoD), q, t)
			VDIVPD(t, q, x)
		}},
		{"Sigmoid", "1 / (1 + exp(-a[i]))", func(x, s, q, t VecPhysical) {
			clamp(x, t, lowD, highD)
			VXORPD(c(signD), x, x)
			parts(x, s, q, t)
			VFMADD213PD(s, s, q)
			VMOVUPD(c(oneD), t)
			VADDPD(t, q, q)
			VDIVPD(q, t, x)
		}},
	} {
		args, pointers, grad := "d, a *float32, n int)", []string{"a", "d"}, f.name == "GELUGrad"
		if grad {
			args, pointers = "d, a, b *float32, n int)", []string{"b", "d", "a"}
		}
		p := text(f.name, args, []string{"", "\tfor i := range n { d[i] = " + f.formula + " }", "", "computed in float64 and rounded once; n >= 0."}, pointers)
		each(p, 1, func(a access) {
			lo, hi := Y0, Y1
			a.load64(p[0], lo, hi)
			f.write(lo, Y2, Y3, Y4)
			f.write(hi, Y5, Y6, Y7)
			if grad {
				a.load64(p[2], Y2, Y3)
				VMULPD(Y2, lo, lo)
				VMULPD(Y3, hi, hi)
			}
			VCVTPD2PSY(lo, X0)
			VCVTPD2PSY(hi, X1)
			VINSERTF128(Imm(1), X1, Y0, Y0)
			a.store(Y0, p[1])
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
