package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of this file are computed in float64, four at a time, and rounded once.

// constants64 has the places of float64 constants, each a vector.
var constants64 []uint64

// d is the vector of v.
func d(v float64) Op { return bits(math.Float64bits(v)) }

func bits(v uint64) Op {
	for i, u := range constants64 {
		if u == v {
			return NewDataAddr(Symbol{Name: "vectorElementary", Static: true}, 32*i)
		}
	}
	constants64 = append(constants64, v)
	return bits(v)
}

func writeConstants64() {
	GLOBL("vectorElementary", attr.RODATA|attr.NOPTR)
	for i, v := range constants64 {
		for j := range 4 {
			DATA(32*i+8*j, U64(v))
		}
	}
}

// bound64 makes x lie between low and high; NaN stay.
func bound64(x, t VecPhysical, low, high float64) {
	VMOVUPD(d(low), t)
	VMAXPD(x, t, x)
	VMOVUPD(d(high), t)
	VMINPD(x, t, x)
}

// parts64 leaves s and q with e^x = s + s q, s a power of 2; q is accurate near 0 too, with an error of 6e-10.
func parts64(x, s, q, t VecPhysical) {
	VMOVUPD(d(0x1.8p52+1023), s)
	VFMADD231PD(d(math.Log2E), x, s)
	VSUBPD(d(0x1.8p52+1023), s, t)
	VFNMADD231PD(d(math.Ln2), t, x)
	VPSLLQ(Imm(52), s, s)
	c := expCoefficients64
	VMULPD(x, x, t)
	VMOVUPD(d(c[len(c)-1]), q)
	for i := len(c) - 2; i >= 0; i-- {
		VFMADD213PD(d(c[i]), x, q)
	}
	VFMADD213PD(x, t, q)
}

var expCoefficients64 = []float64{0.5000000000426874, 0.16666666784454814, 0.04166666440480202, 0.00833328180428637, 0.0013889197157649844, 0.00019908941438192174, 2.4708282978328942e-05}

// exp64 leaves e^x in q.
func exp64(x, s, q, t VecPhysical) {
	parts64(x, s, q, t)
	VFMADD213PD(s, s, q)
}

// log64 makes x > 0, a normal number, its logarithm, with an error of 2e-13 of it: 2 artanh((m - 1)/(m + 1)) + n ln 2 for x = m 2^n, √½ <= m < √2.
// Unless near is nil, it leaves in q what is taken for m - 1, by whether and where m - 1 is known better.
func log64(x, s, q, t VecPhysical, near func()) {
	VPSUBQ(bits(math.Float64bits(math.Sqrt2/2)-1023<<52), x, s)
	VPSRLQ(Imm(52), s, s)
	VPSLLQ(Imm(52), s, t)
	VPSUBQ(t, x, x)
	VPADDQ(bits(1023<<52), x, x)
	VORPD(d(0x1p52), s, s)
	VSUBPD(d(0x1p52+1023), s, s)
	VADDPD(d(1), x, t)
	VSUBPD(d(1), x, x)
	if near != nil {
		near()
	}
	VDIVPD(t, x, x)
	VMULPD(x, x, t)
	VMOVUPD(d(2./13), q)
	for i := 11; i >= 1; i -= 2 {
		VFMADD213PD(d(2/float64(i)), t, q)
	}
	VMULPD(q, x, x)
	VFMADD231PD(d(math.Ln2), s, x)
}

// sine64 makes x, |x| < 1e5, its sine or cosine: π = pi1 + pi2, where n pi1 is exact.
func sine64(x, z, t, p VecPhysical, cosine bool) {
	const pi1 = 0x1.921fb544p1
	if cosine {
		VMOVUPD(d(0.5), z)
	} else {
		VXORPD(z, z, z)
	}
	VFMADD231PD(d(1/math.Pi), x, z)
	VADDPD(d(0x1.8p52), z, z)
	VSUBPD(d(0x1.8p52), z, t)
	if cosine {
		VSUBPD(d(0.5), t, t)
	}
	VFNMADD231PD(d(pi1), t, x)
	VFNMADD231PD(d(math.Pi-pi1), t, x)
	VMULPD(x, x, t)
	VMOVUPD(d(2.6057776426195196e-06), p)
	for _, c := range []float64{-0.00019809601621118808, 0.008333066229727343, -0.16666659549841062} {
		VFMADD213PD(d(c), t, p)
	}
	VMULPD(x, t, t)
	VFMADD231PD(t, p, x)
	VPSLLQ(Imm(63), z, z)
	VXORPD(z, x, x)
}

// elementary64 are functions of x and y: stop leaves ones in t where they do not take x, in float32, and write makes of x, in float64, its function.
var elementary64 = []struct {
	name, formula string
	inputs        string // a: x; ab: x and a power, y; as: x and a power, in register 13; ba: dy and x
	stop          func(x, t, u VecPhysical)
	write         func(x, s, q, t, y VecPhysical)
}{
	{"Sin", "sin(a[i])", "a", beyond, func(x, s, q, t, _ VecPhysical) { sine64(x, s, q, t, false) }},
	{"Cos", "cos(a[i])", "a", beyond, func(x, s, q, t, _ VecPhysical) { sine64(x, s, q, t, true) }},
	{"Tan", "tan(a[i])", "a", beyond, func(x, s, q, t, y VecPhysical) {
		VMOVAPD(x, y)
		sine64(x, s, q, t, false)
		sine64(y, s, q, t, true)
		VDIVPD(y, x, x)
	}},
	{"Exp2", "2^a[i]", "a", nil, func(x, s, q, t, _ VecPhysical) {
		VMULPD(d(math.Ln2), x, x)
		bound64(x, t, -200, 200)
		exp64(x, s, q, t)
		VMOVAPD(q, x)
	}},
	{"Expm1", "exp(a[i]) - 1", "a", nil, func(x, s, q, t, _ VecPhysical) {
		bound64(x, t, -200, 200)
		expm64(x, s, q, t)
	}},
	{"Sinh", "sinh(a[i])", "a", nil, func(x, s, q, t, y VecPhysical) { // (m + m/(m + 1)) / 2, m = e^|x| - 1
		VANDPD(d(math.Copysign(0, -1)), x, y)
		VXORPD(y, x, x)
		VMOVUPD(d(200), t)
		VMINPD(x, t, x)
		expm64(x, s, q, t)
		VADDPD(d(1), x, t)
		VDIVPD(t, x, t)
		VADDPD(t, x, x)
		VMULPD(d(0.5), x, x)
		VORPD(y, x, x)
	}},
	{"Cosh", "cosh(a[i])", "a", nil, func(x, s, q, t, _ VecPhysical) {
		bound64(x, t, -200, 200)
		exp64(x, s, q, t)
		VMOVUPD(d(1), t)
		VDIVPD(q, t, t)
		VADDPD(t, q, q)
		VMULPD(d(0.5), q, x)
	}},
	{"Log2", "log2(a[i])", "a", notPositive, func(x, s, q, t, _ VecPhysical) {
		log64(x, s, q, t, nil)
		VMULPD(d(math.Log2E), x, x)
	}},
	{"Log10", "log10(a[i])", "a", notPositive, func(x, s, q, t, _ VecPhysical) {
		log64(x, s, q, t, nil)
		VMULPD(d(math.Log10E), x, x)
	}},
	{"Log1p", "ln(1 + a[i])", "a", notAbove1, func(x, s, q, t, y VecPhysical) {
		VMOVAPD(x, y)
		VADDPD(d(1), x, x)
		log64(x, s, q, t, func() { // where |y| < 1/4, it is m - 1
			VANDPD(bits(math.MaxInt64), y, q)
			VCMPPD(Imm(17), d(0.25), q, q)
			VBLENDVPD(q, y, x, x)
		})
	}},
	{"Rsqrt", "1 / sqrt(a[i])", "a", nil, func(x, s, _, _, _ VecPhysical) {
		VSQRTPD(x, s)
		VMOVUPD(d(1), x)
		VDIVPD(s, x, x)
	}},
	{"Pow", "a[i] ^ b[i]", "ab", notPositiveOrFinite, func(x, s, q, t, y VecPhysical) {
		log64(x, s, q, t, nil)
		VMULPD(y, x, x)
		bound64(x, t, -200, 200)
		exp64(x, s, q, t)
		VMOVAPD(q, x)
	}},
	{"PowS", "|a[i]| ^ s, with the bits of below where a[i] < 0", "as", notZero, func(x, s, q, t, y VecPhysical) {
		VANDPD(bits(math.MaxInt64), x, x)
		log64(x, s, q, t, nil)
		VMULPD(Y13, x, x)
		bound64(x, t, -200, 200)
		exp64(x, s, q, t)
		VMOVAPD(q, x)
	}},
	{"Mish", "a[i] * n / (n + 2), n = exp(a[i]) * (exp(a[i]) + 2)", "a", nil, func(x, s, q, t, y VecPhysical) {
		VCMPPD(Imm(0), d(math.Inf(-1)), x, y)
		VORPD(x, y, y) // no number times 0
		bound64(x, t, -300, 300)
		exp64(x, s, q, t)
		VADDPD(d(2), q, x)
		VMULPD(x, q, q)
		VADDPD(d(2), q, x)
		VDIVPD(x, q, q)
		VMULPD(q, y, x)
	}},
	{"MishGrad", "a[i] * k * (n + 4 * b[i] * e * (1 + e) * k), e = exp(b[i]), n = e * (e + 2), k = 1 / (n + 2)", "ba", nil, func(x, s, q, t, y VecPhysical) {
		VSUBPD(x, x, y) // NaN for infinities
		bound64(x, t, -300, 60)
		VFMADD231PD(d(4), x, y)
		exp64(x, s, q, t)
		VADDPD(d(2), q, s)
		VMULPD(q, s, s) // n
		VADDPD(d(2), s, t)
		VMOVUPD(d(1), x)
		VDIVPD(t, x, x) // k
		VADDPD(d(1), q, t)
		VMULPD(t, q, q)
		VMULPD(q, y, y)
		VFMADD213PD(s, x, y)
		VMULPD(y, x, x)
	}},
	{"GELUTanhGrad", "a[i] * f * (1 + b[i] * e * f * dz), z = 2 √(2/π) (b[i] + 0.044715 b[i]³), dz its derivative, e = exp(-z), f = 1 / (1 + e)", "ba", nil, func(x, s, q, t, y VecPhysical) {
		const k = 2 * math.Sqrt2 / math.SqrtPi
		bound64(x, t, -50, 50)
		VMULPD(x, x, t)
		VMOVUPD(d(-k*0.044715), y)
		VFMADD213PD(d(-k), t, y)
		VMOVUPD(d(3*k*0.044715), s)
		VFMADD213PD(d(k), t, s)
		VMULPD(x, y, y) // -z
		VMULPD(s, x, x) // x dz
		bound64(y, t, -600, 600)
		exp64(y, s, q, t)
		VADDPD(d(1), q, t)
		VMOVUPD(d(1), s)
		VDIVPD(t, s, s) // f
		VMULPD(s, q, q)
		VFMADD213PD(d(1), q, x)
		VMULPD(s, x, x)
	}},
}

// expm64 makes x e^x - 1.
func expm64(x, s, q, t VecPhysical) {
	parts64(x, s, q, t)
	VSUBPD(d(1), s, x)
	VFMADD231PD(s, q, x)
}

var signless = float64(math.Float32frombits(math.MaxInt32))

func beyond(x, t, _ VecPhysical) {
	VANDPS(f(signless), x, t)
	VCMPPS(Imm(21), f(1e5), t, t) // not less
}

func notPositive(x, t, u VecPhysical) {
	zero(t)
	VCMPPS(Imm(26), t, x, t) // not greater
	VCMPPS(Imm(22), f(math.MaxFloat32), x, u)
	VORPS(u, t, t)
}

func notZero(x, t, u VecPhysical) {
	VANDPS(f(signless), x, x)
	notPositive(x, t, u)
}

func notAbove1(x, t, u VecPhysical) {
	VCMPPS(Imm(26), f(-1), x, t)
	VCMPPS(Imm(22), f(math.MaxFloat32), x, u)
	VORPS(u, t, t)
}

// notPositiveOrFinite is for powers y, in register 12, too.
func notPositiveOrFinite(x, t, u VecPhysical) {
	notPositive(x, t, u)
	VANDPS(f(signless), Y12, u)
	VCMPPS(Imm(22), f(math.MaxFloat32), u, u)
	VORPS(u, t, t)
}

func elementaryFunctions() {
	start := RDX
	for _, e := range elementary64 {
		args, pointers := "d, a *float32, n int", []string{"a", "d"}
		switch e.inputs {
		case "ab":
			args, pointers = "d, a, b *float32, n int", []string{"a", "d", "b"}
		case "ba":
			args, pointers = "d, a, b *float32, n int", []string{"b", "d", "a"}
		case "as":
			args = "d, a *float32, n int, s float64, below uint32"
		}
		note, result := "computed in float64 and rounded once; n >= 0.", ")"
		if e.stop != nil {
			note, result = "computed in float64 and rounded once; n >= 0. It stops before a vector with elements that it does not take, and returns the number of those done.", ") int"
		}
		p := text(e.name, args+result, []string{"", "\tfor i := range n { d[i] = " + e.formula + " }", "", note}, pointers)
		if e.inputs == "as" {
			broadcast64("s", Y13)
			broadcast32("below", Y12)
		}
		MOVQ(p[0], start)
		each(p, 1, func(a access) {
			lo, hi := Y0, Y1
			if e.stop != nil {
				if e.inputs == "ab" {
					a.load(p[2], Y12)
				}
				a.load(p[0], Y0)
				e.stop(Y0, Y14, Y1)
				if a.last {
					VANDPS(Y15, Y14, Y14)
				}
				VMOVMSKPS(Y14, EAX)
				TESTL(EAX, EAX)
				JNE(LabelRef("stop"))
			}
			a.load64(p[0], lo, hi)
			if e.inputs == "ab" {
				a.load64(p[2], Y8, Y9)
			}
			e.write(lo, Y2, Y3, Y4, Y8)
			e.write(hi, Y5, Y6, Y7, Y9)
			if e.inputs == "ba" {
				a.load64(p[2], Y2, Y3)
				VMULPD(Y2, lo, lo)
				VMULPD(Y3, hi, hi)
			}
			VCVTPD2PSY(lo, X0)
			VCVTPD2PSY(hi, X1)
			VINSERTF128(Imm(1), X1, Y0, Y0)
			if e.inputs == "as" {
				a.load(p[0], Y1)
				VPSRAD(Imm(31), Y1, Y1)
				VANDPS(Y12, Y1, Y1)
				VORPS(Y1, Y0, Y0)
			}
			a.store(Y0, p[1])
		})
		if e.stop != nil {
			Load(Param("n"), RAX)
			Store(RAX, ReturnIndex(0))
			finish()
			Label("stop")
			MOVQ(p[0], RAX)
			SUBQ(start, RAX)
			SHRQ(Imm(2), RAX)
			Store(RAX, ReturnIndex(0))
		}
		finish()
	}
}
