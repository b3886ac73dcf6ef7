package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The float64 constants of the functions that are computed in float64, each a vector.
const (
	log2eD = iota
	ln2D
	shiftD    // added to n, it leaves n + 1023 as the lowest bits
	d2        // to d8: of e^r = 1 + r + d2 r² + ... with the least relative error for |r| < 0.3466, 1.2e-12
	d8        = d2 + 6
	oneD      = d8 + 1
	twoD      = oneD + 1
	lowD      = twoD + 1 // where the exponential is surely 0 and infinite in float32
	highD     = lowD + 1
	sixtyD    = highD + 1 // e^60 and e^-60 are nothing beside 1, or 1 beside them
	minusD    = sixtyD + 1
	signD     = minusD + 1
	fourD     = signD + 1
	tailD     = fourD + 1 // the normal distribution's density is surely 0 in float32
	mhalfD    = tailD + 1
	densD     = mhalfD + 1 // 1/√2π
	m0        = densD + 1  // to m13: e^(t²/2) Φ(-t) as a polynomial of (t - 4)/(t + 4) for 0 <= t <= 14.8, with a relative error of 4e-12
	m13       = m0 + 13
	sqrt2D    = m13 + 1
	erf1D     = sqrt2D + 1 // erf x is near erf1 x + erf3 x³
	erf3D     = erf1D + 1
	nearD     = erf3D + 1
	linearD   = nearD + 1
	cubicD    = linearD + 1
	minusInfD = cubicD + 1
	farD      = minusInfD + 1
	deepD     = farD + 1
	halfD     = deepD + 1
	a0        = halfD + 1 // to a0 + 6: 2/(2i + 1)
)

func functions() {
	wide := GLOBL("vectorConstants64", attr.RODATA|attr.NOPTR)
	for i, v := range []float64{
		math.Log2E, math.Ln2, 0x1.8p52 + 1023,
		0.5000000000426874, 0.16666666784454814, 0.04166666440480202, 0.00833328180428637, 0.0013889197157649844, 0.00019908941438192174, 2.4708282978328942e-05,
		1, 2, -104, 89, 60, -60, math.Copysign(0, -1), 4, 14.8, -0.5, 1 / (math.Sqrt2 * math.SqrtPi),
		0.09441064130203033, -0.17039772155486424, 0.12437925533707257, -0.07170740691990524, 0.030864804060206343, -0.008492103280550788, 0.000507561584748639, 0.0006388777992569063, -0.00018716013434412525, -4.581602688084534e-05, 2.8456452851694325e-05, 5.138187766330386e-06, -3.717639366243973e-06, -1.127239900851107e-06,
		math.Sqrt2, 2 / math.SqrtPi, -2 / (3 * math.SqrtPi), 1e-3, -2 * math.Sqrt2 / math.SqrtPi, -2 * math.Sqrt2 / math.SqrtPi * 0.044715, math.Inf(-1), 600, -300, 0.5, 2, 2. / 3, 2. / 5, 2. / 7, 2. / 9, 2. / 11, 2. / 13,
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
	abs := func(x, z, t VecPhysical) {
		VMOVUPD(c(signD), t)
		VANDNPD(x, t, z)
	}
	// softplus leaves ln(1 + e^-|x|) in y.
	softplus := func(x, y, s, q, t VecPhysical) {
		VMOVUPD(c(signD), t)
		VORPD(x, t, y)
		VMOVUPD(c(deepD), t)
		VMAXPD(y, t, y)
		parts(y, s, q, t)
		VFMADD213PD(s, s, q) // e
		VADDPD(c(oneD), q, s)
		VSUBPD(c(oneD), s, t)
		VSUBPD(t, q, q) // what 1 + e loses
		// ln s = ln m, or ln 2 more, with m = s or s/2 and 2 artanh((m - 1)/(m + 1)) for ln m
		VCMPPD(Imm(30), c(sqrt2D), s, t)
		VMULPD(c(halfD), s, y)
		VBLENDVPD(t, y, s, s)
		VANDPD(c(ln2D), t, t)
		VADDPD(t, q, q)
		VADDPD(c(oneD), s, t)
		VSUBPD(c(oneD), s, s)
		VDIVPD(t, s, s)
		VMULPD(s, s, t)
		VMOVUPD(c(a0+6), y)
		for a := a0 + 5; a >= a0; a-- {
			VFMADD213PD(c(a), t, y)
		}
		VFMADD213PD(q, s, y)
	}
	for _, f := range []struct {
		name, formula string
		write         func(x, s, q, t VecPhysical)
	}{
		{"Erf", "erf(a[i])", func(x, s, q, t VecPhysical) { // 1 - 2 Φ(-√2 |x|), or near 0 the first terms of the series
			z, r, near := Y8, Y9, Y12
			abs(x, near, t)
			VMULPD(c(sqrt2D), near, s)
			tail(s, z, s, q, t, r)
			VMULPD(r, q, q)
			VADDPD(q, q, q)
			VMOVUPD(c(oneD), t)
			VSUBPD(q, t, q)
			VMULPD(near, near, t)
			VMULPD(c(erf3D), t, t)
			VADDPD(c(erf1D), t, t)
			VMULPD(near, t, t)
			VMOVUPD(c(nearD), s)
			VCMPPD(Imm(1), s, near, s)
			VBLENDVPD(s, t, q, q)
			VMOVUPD(c(signD), t)
			VANDPD(t, x, x)
			VORPD(q, x, x)
		}},
		{"LogSigmoid", "min(a[i], 0) - ln(1 + exp(-|a[i]|))", func(x, s, q, t VecPhysical) {
			softplus(x, Y8, s, q, t)
			VXORPD(t, t, t)
			VMINPD(x, t, x)
			VSUBPD(Y8, x, x)
		}},
		{"Softplus", "max(a[i], 0) + ln(1 + exp(-|a[i]|))", func(x, s, q, t VecPhysical) {
			softplus(x, Y8, s, q, t)
			VXORPD(t, t, t)
			VMAXPD(x, t, x)
			VADDPD(Y8, x, x)
		}},
		{"GELUTanh", "a[i] / (1 + exp(-2 √(2/π) (a[i] + 0.044715 a[i]³)))", func(x, s, q, t VecPhysical) {
			e := Y8
			VMULPD(x, x, t)
			VMULPD(c(cubicD), t, t)
			VADDPD(c(linearD), t, t)
			VMULPD(x, t, e)
			clamp(e, t, lowD, farD)
			parts(e, s, q, t)
			VFMADD213PD(s, s, q)
			VADDPD(c(oneD), q, q)
			VCMPPD(Imm(0), c(minusInfD), x, t) // no number times 0
			VORPD(t, x, x)
			VDIVPD(q, x, x)
		}},
	} {
		args, pointers := "d, a *float32, n int)", []string{"a", "d"}
		p := text(f.name, args, []string{"", "\tfor i := range n { d[i] = " + f.formula + " }", "", "computed in float64 and rounded once; n >= 0."}, pointers)
		each(p, 1, func(a access) {
			lo, hi := Y0, Y1
			a.load64(p[0], lo, hi)
			f.write(lo, Y2, Y3, Y4)
			f.write(hi, Y5, Y6, Y7)
			VCVTPD2PSY(lo, X0)
			VCVTPD2PSY(hi, X1)
			VINSERTF128(Imm(1), X1, Y0, Y0)
			a.store(Y0, p[1])
		})
		finish()
	}
}
