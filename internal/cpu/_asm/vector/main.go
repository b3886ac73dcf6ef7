// Command vector writes the amd64 kernels of vector.go: rows, norms, optimizers and elementwise functions of float32. Run it
// through `go generate ./internal/cpu`.
package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The kernels are of AVX2 and FMA. With AVX-512, too: what they do waits for memory.
const lanes = 8

func main() {
	ConstraintExpr("amd64,!noasm")
	constants()
	rows()
	norms()
	optimizers()
	pointwise()
	Generate()
}

// The float32 constants, each a vector; the polynomial of exp is that of Cephes' expf (Moshier, 1992).
const (
	log2e = iota
	ln2High
	ln2Low
	c0
	c5   = c0 + 5
	one  = c5 + 1
	bias = one + 1 // 127, an integer
	low  = bias + 1
	high = low + 1
	inf  = high + 1 // -Inf
	sign = inf + 1
	end  = sign + 1
)

var table, masks Mem

func constants() {
	table = GLOBL("vectorConstants", attr.RODATA|attr.NOPTR)
	for i, v := range []float32{
		math.Log2E, 0.693359375, -2.12194440e-4,
		1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
		1, math.Float32frombits(127),
		-104, 89, // e^low is 0 and e^high infinite in float32
		float32(math.Inf(-1)), float32(math.Copysign(0, -1)),
	} {
		for j := range lanes {
			DATA(32*i+4*j, U32(math.Float32bits(v)))
		}
	}
	masks = GLOBL("vectorMasks", attr.RODATA|attr.NOPTR)
	for j := range 2 * lanes {
		v := uint32(math.MaxUint32)
		if j >= lanes {
			v = 0
		}
		DATA(4*j, U32(v))
	}
}

func at(i int) Mem { return table.Offset(32 * i) }

// exp makes x its exponential within 1.01 units in the last place: e^x = 2^n e^r with n the nearest integer to x log2 e. 2^n is
// multiplied in two halves, so that results that are not normal come out right. NaN stays NaN.
func exp(x, n, t, p VecPhysical) {
	VMOVUPS(at(low), t)
	VMAXPS(x, t, x) // the first operand, x, where one is NaN
	VMOVUPS(at(high), t)
	VMINPS(x, t, x)
	VMULPS(at(log2e), x, n)
	VCVTPS2DQ(n, n)
	VCVTDQ2PS(n, t)
	VFNMADD231PS(at(ln2High), t, x)
	VFNMADD231PS(at(ln2Low), t, x)
	VMOVUPS(at(c0), p)
	for c := c0 + 1; c <= c5; c++ {
		VFMADD213PS(at(c), x, p)
	}
	VMULPS(x, x, t)
	VFMADD213PS(x, t, p)
	VADDPS(at(one), p, p)
	VPSRAD(Imm(1), n, t)
	VPSUBD(t, n, n)
	for _, half := range []VecPhysical{t, n} {
		VPADDD(at(bias), half, half)
		VPSLLD(Imm(23), half, half)
		VMULPS(half, p, p)
	}
	VMOVAPS(p, x)
}

// text begins function vector<name>AVX2 and loads the pointers and n, into count.
func text(name, args string, doc []string, pointers []string) (ptr []GPPhysical) {
	name = "vector" + name + "AVX2"
	TEXT(name, attr.NOSPLIT, "func("+args)
	Pragma("noescape")
	Doc(append([]string{name + " is"}, doc...)...)
	for i, p := range pointers {
		r := []GPPhysical{RDI, RSI, R8, R9, R10, R11, R12}[i]
		Load(Param(p), r)
		ptr = append(ptr, r)
	}
	Load(Param("n"), count)
	return ptr
}

var count = RCX

func broadcast32(name string, dst VecPhysical) { VBROADCASTSS(param(name), dst) }
func broadcast64(name string, dst VecPhysical) { VBROADCASTSD(param(name), dst) }

func param(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// access is how a body reaches memory: vector u of those that are done in one round, or what is left after the last whole
// vector; then Y15 has all ones where there are elements.
type access struct {
	u    int
	last bool
}

func (a access) load(p GPPhysical, dst VecPhysical) {
	if a.last {
		VMASKMOVPS(Mem{Base: p}, Y15, dst)
	} else {
		VMOVUPS(Mem{Base: p, Disp: 32 * a.u}, dst)
	}
}

func (a access) store(src VecPhysical, p GPPhysical) {
	if a.last {
		VMASKMOVPS(src, Y15, Mem{Base: p})
	} else {
		VMOVUPS(src, Mem{Base: p, Disp: 32 * a.u})
	}
}

// load64 loads a vector as two of float64, with zeros, or other, after the last element.
func (a access) load64(p GPPhysical, lo, hi VecPhysical, other ...VecPhysical) {
	if !a.last {
		VCVTPS2PD(Mem{Base: p, Disp: 32 * a.u}, lo)
		VCVTPS2PD(Mem{Base: p, Disp: 32*a.u + 16}, hi)
		return
	}
	a.load(p, lo)
	for _, o := range other {
		VBLENDVPS(Y15, lo, o, lo)
	}
	widen(lo, lo, hi)
}

func widen(x, lo, hi VecPhysical) {
	VEXTRACTF128(Imm(1), x, hi.AsX())
	VCVTPS2PD(hi.AsX(), hi)
	VCVTPS2PD(x.AsX(), lo)
}

// each writes a loop over count elements at pointers: unroll vectors at a time, then one, then what is left.
func each(pointers []GPPhysical, unroll int, body func(a access)) {
	advance := func(by int) {
		for _, p := range pointers {
			ADDQ(Imm(uint64(32*by)), p)
		}
	}
	for _, u := range []int{unroll, 1} {
		label, next := fmt.Sprintf("by%d", u), fmt.Sprintf("after%d", u)
		SUBQ(Imm(uint64(lanes*u)), count)
		JLT(LabelRef(next))
		Label(label)
		for i := range u {
			body(access{u: i})
		}
		advance(u)
		SUBQ(Imm(uint64(lanes*u)), count)
		JGE(LabelRef(label))
		Label(next)
		ADDQ(Imm(uint64(lanes*u)), count)
		if unroll == 1 {
			break
		}
	}
	JEQ(LabelRef("done"))
	NEGQ(count)
	LEAQ(masks.Offset(32), RAX)
	VMOVUPS(Mem{Base: RAX, Index: count, Scale: 4}, Y15)
	body(access{last: true})
	Label("done")
}

func finish() {
	VZEROUPPER()
	RET()
}

// sum64 adds up the lanes of float64 vectors and returns the sum as result i.
func sum64(i int, acc ...VecPhysical) {
	for len(acc) > 1 {
		half := len(acc) / 2
		for k := range half {
			VADDPD(acc[k+half], acc[k], acc[k])
		}
		acc = acc[:half]
	}
	x := acc[0].AsX()
	VEXTRACTF128(Imm(1), acc[0], X14)
	VADDPD(X14, x, x)
	VPERMILPD(Imm(1), x, X14)
	VADDSD(X14, x, x)
	Store(x, ReturnIndex(i))
}

func zero(v ...VecPhysical) {
	for _, x := range v {
		VXORPS(x, x, x)
	}
}

// lines are a comment's code, with an empty line around.
func lines(code ...string) (doc []string) {
	doc = append(doc, "")
	for _, c := range code {
		doc = append(doc, "\t"+c)
	}
	return append(doc, "", "with one rounding where a product is added to or subtracted; n >= 0.")
}
