package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of this file are computed in float32, eight at a time. Where the rounding of a step would show, the part that is
// lost is computed and added later: the sum of a >= b is s = a + b with the rest b - (s - a), that of a product is
// one multiply-subtract.

// constants32 has the places of float32 constants, each a vector.
var constants32 = vectorTable{at: map[uint32]int{}}

type vectorTable struct{ at map[uint32]int }

// hoisted are the constants that the function being written keeps in registers.
var hoisted = map[uint32]VecPhysical{}

// hoist loads constants before a loop.
func hoist(regs []VecPhysical, values []float64) {
	clear(hoisted)
	for i, r := range regs[:min(len(regs), len(values))] {
		VMOVUPS(f(values[i]), r)
		hoisted[math.Float32bits(float32(values[i]))] = r
	}
}

// f is the vector of v.
func f(v float64) Op {
	t := &constants32
	x := math.Float32bits(float32(v))
	if r, ok := hoisted[x]; ok {
		return r
	}
	i, ok := t.at[x]
	if !ok {
		i = len(t.at)
		t.at[x] = i
	}
	return NewDataAddr(Symbol{Name: "vectorConstants32", Static: true}, 32*i)
}

// write declares the table when all that is in it is known.
func (t *vectorTable) write() {
	GLOBL("vectorConstants32", attr.RODATA|attr.NOPTR)
	byPlace := make([]uint32, len(t.at))
	for v, i := range t.at {
		byPlace[i] = v
	}
	for i, v := range byPlace {
		for j := range lanes {
			DATA(32*i+4*j, U32(v))
		}
	}
}

// expLow is where e^x is surely 0 in float32, also times a number below 1e4.
const expLow = -114

// expRest leaves r in x and n plus a constant's bits in n for e^x = 2^n e^r, |r| < 0.3466.
func expRest(x, n, t VecPhysical, shift float64) {
	VMOVUPS(f(shift), n)
	VFMADD231PS(f(math.Log2E), x, n)
	VSUBPS(f(shift), n, t)
	VFNMADD231PS(f(0.693359375), t, x)
	VFNMADD231PS(f(-2.12194440e-4), t, x)
}

// expTail leaves (e^x - 1 - x) / x² in p, with an error of 3e-9 e^x for |x| < 0.3466, and x² in sq.
func expTail(x, p, sq, q VecPhysical) {
	c := expCoefficients
	VMULPS(x, x, sq)
	VMOVUPS(f(c[3]), q)
	VFMADD213PS(f(c[2]), x, q)
	VMOVUPS(f(c[1]), p)
	VFMADD213PS(f(c[0]), x, p)
	VFMADD231PS(f(c[4]), sq, q)
	VFMADD231PS(q, sq, p)
}

// polynomial leaves the polynomial with the coefficients c of x in p, and x² in sq: the even terms and the odd ones are two chains,
// for half the latency.
func polynomial(c []float64, x, p, sq, q VecPhysical) {
	VMULPS(x, x, sq)
	chains, top := []VecPhysical{p, q}, len(c)-1
	VMOVUPS(f(c[top]), chains[top%2])
	VMOVUPS(f(c[top-1]), chains[(top-1)%2])
	for i := top - 2; i >= 0; i-- {
		VFMADD213PS(f(c[i]), sq, chains[i%2])
	}
	VFMADD231PS(q, x, p)
}

// pairs is polynomial with a shorter chain still: each of the two begins with pairs of its terms. It needs fourth and t too.
func pairs(c []float64, x, p, sq, q, fourth, t VecPhysical) {
	VMULPS(x, x, sq)
	VMULPS(sq, sq, fourth)
	for first, acc := range []VecPhysical{p, q} {
		var own []float64
		for i := first; i < len(c); i += 2 {
			own = append(own, c[i])
		}
		top := len(own) - 1
		VMOVUPS(f(own[len(own)-1]), acc)
		if len(own)%2 == 0 {
			top = len(own) - 2
			VFMADD213PS(f(own[top]), sq, acc)
		}
		for i := top - 2; i >= 0; i -= 2 {
			VMOVUPS(f(own[i+1]), t)
			VFMADD213PS(f(own[i]), sq, t)
			VFMADD213PS(t, fourth, acc)
		}
	}
	VFMADD231PS(q, x, p)
}

var (
	expCoefficients = []float64{0.4999999344623306, 0.16666520609725455, 0.04166838832473361, 0.008368719483548285, 0.0013814591424992132}
	expConstants    = append([]float64{1, math.Log2E, 0.693359375, -2.12194440e-4}, expCoefficients...)
	logCoefficients = []float64{-0.5, 0.33333316727463974, -0.2500081042804981, 0.20002286084074083, -0.16624553144356988, 0.14181196113506603, -0.1312876763279219, 0.12881622395990935, -0.07859545867380519}
	logConstants    = append([]float64{1, 0.693359375, -2.12194440e-4, math.Inf(1)}, logCoefficients...)
)

// exp32 makes x its exponential.
func exp32(x, n, t, p VecPhysical) {
	bound(x, t, expLow, 89)
	expRest(x, n, t, 0x1.8p23+254)
	exp1(x, p, t)
	VPSRLD(Imm(1), n, t) // results that are not normal need 2^n in two halves
	VPSUBD(t, n, n)
	for _, half := range []VecPhysical{t, n} {
		VPSLLD(Imm(23), half, half)
		VMULPS(half, p, p)
	}
	VMOVAPS(p, x)
}

// exp1 leaves e^x in p for |x| < 0.3466, within 0.76 units in the last place, and destroys x.
func exp1(x, p, t VecPhysical) {
	expTail(x, p, t, Y14)
	VMULPS(t, p, p)
	VADDPS(f(1), x, t) // what it loses is added to x² p
	VSUBPS(f(1), t, Y14)
	VSUBPS(Y14, x, x)
	VADDPS(x, p, p)
	VADDPS(t, p, p)
}

// expNear1 is exp1 within 1.01 units in the last place.
func expNear1(x, p, t VecPhysical) {
	expTail(x, p, t, Y14)
	VFMADD213PS(x, t, p)
	VADDPS(f(1), p, p)
}

// expDown32 leaves 2^64 e^x in p for x <= 0.
func expDown32(x, n, t, p VecPhysical) {
	VMOVUPS(f(expLow), t)
	VMAXPS(x, t, x)
	expRest(x, n, t, 0x1.8p23+127+64)
	expNear1(x, p, t)
	VPSLLD(Imm(23), n, n)
	VMULPS(n, p, p)
}

// bound makes x lie between low and high; NaN stay.
func bound(x, t VecPhysical, low, high float64) {
	VMOVUPS(f(high), t)
	VMINPS(x, t, x)
	VMOVUPS(f(low), t)
	VMAXPS(x, t, x)
}

// negated leaves -|x| in z.
func negated(x, z VecPhysical) {
	VMOVUPS(f(math.Copysign(0, -1)), z)
	VORPS(x, z, z)
}

// sigmoid32 leaves sigmoid(|x|) in q and 2^64 sigmoid(-|x|) in e. It needs registers 1 to 4 and 14.
func sigmoid32(x, q, e VecPhysical) {
	z, n, t := Y1, Y2, Y3
	negated(x, z)
	expDown32(z, n, t, e)
	VMOVUPS(f(1), q)
	VMOVAPS(e, t)
	VFMADD132PS(f(0x1p-64), q, t)
	VDIVPS(t, q, q)
	VMULPS(q, e, e)
}

// signDown leaves 2^-64 in t where x < 0 and 1 elsewhere.
func signDown(x, t, u VecPhysical) {
	VMOVUPS(f(0x1p-64), t)
	VMOVUPS(f(1), u)
	VBLENDVPS(x, t, u, t)
}

// tanh32 is (1 - e) / (1 + e), e = e^-2|x|, where that is less than about 1/2 and 1 - 2 e / (1 + e) elsewhere, which loses nothing near
// 1: gradients need 1 - tanh².
func tanh32() {
	x, z, n, m, t, d, small := Y0, Y1, Y2, Y3, Y4, Y5, Y6
	VADDPS(x, x, z)
	VORPS(f(math.Copysign(0, -1)), z, z)
	VMOVUPS(f(-60), t) // far beyond where it is 1
	VMAXPS(z, t, z)
	VCMPPS(Imm(30), f(-1.1), z, small)
	expRest(z, n, t, 0x1.8p23+127)
	expTail(z, m, t, d)
	VFMADD213PS(z, t, m) // e^r - 1
	VPSLLD(Imm(23), n, n)
	VMOVAPS(n, z)
	VFMADD231PS(n, m, z) // e
	VMOVUPS(f(1), t)
	VADDPS(t, z, d)
	VSUBPS(n, t, t)
	VFNMADD213PS(t, n, m) // 1 - e
	VBLENDVPS(small, m, z, m)
	VDIVPS(d, m, m)
	VMOVUPS(f(1), z)
	VFNMADD231PS(f(2), m, z)
	VBLENDVPS(small, m, z, m)
	VMOVUPS(f(math.Copysign(0, -1)), d)
	VANDPS(d, x, x)
	VANDNPS(m, d, m)
	VORPS(m, x, x)
}

func log32() {
	x, e, m, p, u, t, odd := Y0, Y1, Y2, Y3, Y4, Y5, Y6
	// A number that is not normal is scaled.
	VCMPPS(Imm(1), f(0x1p-126), x, t)
	VMULPS(f(0x1p23), x, m)
	VBLENDVPS(t, m, x, m)
	VANDPS(f(-23), t, odd)
	VPSUBD(f(sqrtHalf), m, e)
	VPSRAD(Imm(23), e, e)
	VPSLLD(Imm(23), e, t)
	VPSUBD(t, m, m)
	VCVTDQ2PS(e, e)
	VADDPS(odd, e, e)
	logOf(m, e, p, u, t)
	// What is no positive number.
	VCMPPS(Imm(21), f(math.Inf(1)), x, t) // not less: it stays
	VBLENDVPS(t, x, m, m)
	zero(t)
	VCMPPS(Imm(0), t, x, u)
	VBLENDVPS(u, f(math.Inf(-1)), m, m)
	VCMPPS(Imm(1), t, x, u)
	VORPS(u, m, x)
}

var sqrtHalf = float64(math.Float32frombits(0x3f3504f3))

// logOf makes m e ln 2 + ln m, for √½ <= m <= √2.
func logOf(m, e, p, u, t VecPhysical) {
	VSUBPS(f(1), m, m)
	polynomial(logCoefficients, m, p, u, t)
	VMULPS(p, u, u)
	VFMADD231PS(f(-2.12194440e-4), e, u)
	VADDPS(u, m, m)
	VFMADD231PS(f(0.693359375), e, m)
}

// tail32 leaves e^(-x²/2) 2^64 in p, 0 beyond 14.8, |x| in z and e^(x²/2) Φ(-|x|) in r.
func tail32(x, z, p, r, n, t, u VecPhysical) {
	near, w := Y8, Y9
	VMOVUPS(f(math.Copysign(0, -1)), t)
	VANDNPS(x, t, z)
	VMOVUPS(f(14.8), t)
	VMINPS(z, t, near)
	VADDPS(f(4), near, t)
	VDIVPS(t, near, w)
	VSUBPS(f(0.5), w, w)
	polynomial([]float64{0.0944106417052499, -0.340795446862084, 0.49751685260874645, -0.5736584652293251, 0.493848374384429, -0.271780771092917, 0.03218594041207869, 0.08221064637269081, -0.04439035637952016, -0.024325855803171238, 0.011977713370619228}, w, r, n, t)
	// -x²/2 and what it loses.
	VMULPS(f(-0.5), near, t)
	VMULPS(near, t, w)
	VFMSUB213PS(w, near, t)
	VMOVAPS(t, near)
	expRest(w, n, t, 0x1.8p23+127+64)
	VADDPS(near, w, w)
	expNear1(w, p, t)
	VPSLLD(Imm(23), n, n)
	VMULPS(n, p, p)
	VMOVUPS(f(14.8), t)
	VCMPPS(Imm(1), z, t, t)
	VANDNPS(p, t, p)
}

// For |x| <= 3, Φ(-|x|) is a polynomial of |x| - 2.625 with an error of 3e-8 Φ, and the slope of GELU is 1/2 and x times a polynomial of x² - 5,
// with one of 1e-8. Their coefficients, as they stand, were moved by a few units in the last place to where the rounding errors are least.
var (
	geluTail  = []float64{0.004332448355853558, -0.012724182568490505, 0.01670048013329506, -0.01249217614531517, 0.00541478069499135, -0.0009693233296275139, -0.0002996533294208348, 0.00022749941854272038, -3.7549998523900285e-05, -3.6406775052455487e-06, 8.518710274074692e-06, -1.6002594520614366e-06, -1.326785422861576e-06, -1.5760370786210842e-07}
	geluSlope = []float64{0.2506861388683319, -0.03489277884364128, 0.006052606739103794, -0.0008723080973140895, 0.00010148169531021267, -9.743193004396744e-06, 7.919884410512168e-07, -5.509246747692487e-08, 3.3276343902599592e-09, -2.0961696267640662e-10, 1.218716100259698e-11}
)

// later are the parts of the function being written that come after its end: what few elements need.
var later []func()

// middle leaves |x| in z and writes inside, for vectors without a number beyond 3 or NaN, and outside, for the others.
func middle(x, z VecPhysical, inside, outside func()) {
	out, in := fmt.Sprintf("outside%d", len(later)), fmt.Sprintf("inside%d", len(later))
	VANDPS(f(float64(math.Float32frombits(math.MaxInt32))), x, z)
	VCMPPS(Imm(22), f(3), z, Y14) // not less or equal
	VMOVMSKPS(Y14, EAX)
	TESTL(EAX, EAX)
	JNE(LabelRef(out))
	inside()
	Label(in)
	later = append(later, func() {
		Label(out)
		outside()
		JMP(LabelRef(in))
	})
}

// function32 are the functions of x, in register 0, and the gradients of dy, in register 13.
var functions32 = []struct {
	name, formula string
	grad          bool
	free          []VecPhysical // registers for
	often         []float64     // constants
	write         func()
}{
	{"Exp", "exp(a[i])", false, []VecPhysical{Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13}, expConstants, func() { exp32(Y0, Y1, Y2, Y3) }},
	{"Log", "ln(a[i])", false, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14}, logConstants, log32},
	{"Tanh", "tanh(a[i])", false, []VecPhysical{Y8, Y9, Y10, Y11, Y12, Y13, Y14}, expConstants, tanh32},
	{"Sigmoid", "1 / (1 + exp(-a[i]))", false, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12, Y13}, expConstants, func() {
		sigmoid32(Y0, Y6, Y5)
		VMULPS(f(0x1p-64), Y5, Y5)
		VBLENDVPS(Y0, Y5, Y6, Y0)
	}},
	{"SiLU", "a[i] / (1 + exp(-a[i]))", false, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12, Y13}, expConstants, func() {
		sigmoid32(Y0, Y6, Y5)
		silenced(Y0, Y5)
		VMULPS(Y0, Y6, Y6)
		VMULPS(Y0, Y5, Y5)
		VMULPS(f(0x1p-64), Y5, Y5)
		VBLENDVPS(Y0, Y5, Y6, Y0)
	}},
	{"GELU", "a[i] * Φ(a[i])", false, []VecPhysical{Y7, Y10, Y11, Y12, Y13}, geluTail, func() {
		x, z, t, p, sq, q := Y0, Y1, Y2, Y3, Y4, Y5
		middle(x, z, func() {
			VSUBPS(f(2.625), z, t)
			pairs(geluTail[1:], t, p, sq, q, Y6, Y8)
			VFMADD213PS(f(geluTail[0]), t, p) // Φ(-z)
			zero(t)
			VMAXPS(x, t, t) // x, where it is NaN or -0
			VFNMADD213PS(t, z, p)
			VMOVAPS(p, x)
		}, func() {
			p, r, n, t, u := Y2, Y3, Y4, Y5, Y6
			tail32(x, z, p, r, n, t, u)
			VMULPS(r, p, p)
			upper32(x, p, t)
			signDown(x, n, u)
			VMULPS(p, x, x)
			VMULPS(n, x, x)
		})
	}},
	{"GELUGrad", "a[i] * (Φ(b[i]) + b[i] φ(b[i]))", true, []VecPhysical{Y7, Y10, Y11, Y12}, geluSlope, func() {
		x, z, t, p, sq, q := Y0, Y1, Y2, Y3, Y4, Y5
		middle(x, z, func() {
			VMULPS(x, x, t)
			VSUBPS(f(5), t, t)
			pairs(geluSlope[1:], t, p, sq, q, Y6, Y8)
			VFMADD213PS(f(geluSlope[0]), t, p)
			VFMADD213PS(f(0.5), p, x)
			VMULPS(Y13, x, x)
		}, func() {
			p, r, n, t, u := Y2, Y3, Y4, Y5, Y6
			tail32(x, z, p, r, n, t, u)
			VFNMADD231PS(f(1/(math.Sqrt2*math.SqrtPi)), z, r)
			VMULPS(r, p, p)
			upper32(x, p, t)
			signDown(x, n, u)
			VMULPS(n, p, p)
			VMULPS(Y13, p, x)
		})
	}},
	{"SigmoidTimes", "a[i] / (1 + exp(-b[i]))", true, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12}, expConstants, func() {
		sigmoid32(Y0, Y6, Y5)
		VMULPS(f(0x1p-64), Y5, Y5)
		VBLENDVPS(Y0, Y5, Y6, Y0)
		VMULPS(Y13, Y0, Y0)
	}},
	{"LogSigmoidGrad", "a[i] / (1 + exp(b[i]))", true, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12}, expConstants, func() {
		sigmoid32(Y0, Y6, Y5)
		VMULPS(f(0x1p-64), Y5, Y5)
		VBLENDVPS(Y0, Y6, Y5, Y0)
		VMULPS(Y13, Y0, Y0)
	}},
	{"SiLUGrad", "a[i] * s * (1 + b[i] * (1 - s)), s = 1 / (1 + exp(-b[i]))", true, []VecPhysical{Y7, Y8, Y9, Y10, Y11, Y12}, expConstants, func() {
		sigmoid32(Y0, Y6, Y5)
		silenced(Y0, Y5)
		VMULPS(f(0x1p-64), Y5, Y5)
		VBLENDVPS(Y0, Y6, Y5, Y4) // 1 - s
		VBLENDVPS(Y0, Y5, Y6, Y5) // s
		VFMADD213PS(f(1), Y0, Y4)
		VMULPS(Y13, Y5, Y5)
		VMULPS(Y4, Y5, Y0)
	}},
}

// upper32 makes p, 2^64 times what a function is at -|x|, what it is at x >= 0: 1 less that.
func upper32(x, p, t VecPhysical) {
	VMOVUPS(f(1), t)
	VFNMADD231PS(f(0x1p-64), p, t)
	VBLENDVPS(x, p, t, p)
}

// silenced makes y 0 where x < expLow.
func silenced(x, y VecPhysical) {
	VMOVUPS(f(expLow), Y1)
	VCMPPS(Imm(14), x, Y1, Y1) // expLow > x
	VANDNPS(y, Y1, y)
}

func float32Functions() {
	for _, fn := range functions32 {
		args, pointers := "d, a *float32, n int)", []string{"a", "d"}
		if fn.grad {
			args, pointers = "d, a, b *float32, n int)", []string{"b", "d", "a"}
		}
		p := text(fn.name, args, []string{"", "\tfor i := range n { d[i] = " + fn.formula + " }", "", "with n >= 0."}, pointers)
		hoist(fn.free, fn.often)
		each(p, 1, func(a access) {
			a.load(p[0], Y0)
			if fn.grad {
				a.load(p[2], Y13)
			}
			fn.write()
			a.store(Y0, p[1])
		})
		finish()
		for _, write := range later {
			write()
		}
		later = nil
		clear(hoisted)
	}
}
