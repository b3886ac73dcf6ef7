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

	"github.com/hadal-go/hadal/internal/cpu/_asm/zmm"
)

// The kernels are of AVX2 and FMA; wide.go says which there are for AVX-512 too.
const lanes = 8

// streaming makes whole vectors pass by the caches on their way to memory: a result that is too large for them need not
// be read before it is written.
var streaming bool

func main() {
	ConstraintExpr("amd64,!noasm")
	zmm.Install()
	constants()
	rowMax()
	expSum()
	sum()
	sumSquares()
	sumProducts()
	normGradSums()
	for _, streaming = range []bool{false, true} {
		affine()
		affineGrad()
		softmaxGrad()
		logSoftmaxGrad()
		normalize()
		normGrad()
		arithmetic()
		float32Functions()
		withScalars()
		shares()
	}
	streaming = false
	optimizers()
	fence()
	extremes()
	philox()
	functions()
	elementaryFunctions()
	wide()
	constants32.write()
	writeConstants64()
	pools()
	poolRows()
	rearrangements()
	Generate()
}

// The float32 constants, each a vector.
const (
	log2e = iota
	ln2High
	ln2Low
	c2      // to c6: of e^r = 1 + r + c2 r² + ... with the least relative error for |r| < 0.3466, 4e-9
	c6      = c2 + 4
	one     = c6 + 1
	low     = one + 1 // e^low is 0 and e^high infinite
	high    = low + 1
	round   = high + 1    // added to n, it leaves n + 127 as the lowest bits
	deep    = round + 1   // the same with n + 127 + 64
	tiny    = deep + 1    // 2^-64
	bias    = tiny + 1    // 127, an integer
	inf     = bias + 1    // -Inf
	iota32  = inf + 1     // 0 to 7, integers
	order32 = iota32 + 1  // of eight bytes after packing: 0, 4, 1, 5, 2, 6, 3, 7
	ones8   = order32 + 1 // 1, bytes
)

var table, masks Mem

func constants() {
	table = GLOBL("vectorConstants", attr.RODATA|attr.NOPTR)
	for i, v := range []float32{
		math.Log2E, 0.693359375, -2.12194440e-4,
		0.49999994, 0.16666521, 0.04166839, 0.008368711, 0.001381461, 1,
		-104, 89, 0x1.8p23 + 127, 0x1.8p23 + 127 + 64, 0x1p-64, math.Float32frombits(127),
		float32(math.Inf(-1)),
	} {
		for j := range lanes {
			DATA(32*i+4*j, U32(math.Float32bits(v)))
		}
	}
	for i, lane := range []func(j int) int{
		func(j int) int { return j },
		func(j int) int { return j/2 + j%2*4 },
		func(int) int { return 0x01010101 },
	} {
		for j := range lanes {
			DATA(32*(iota32+i)+4*j, U32(lane(j)))
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

// exp makes x its exponential within 1.01 units in the last place: e^x = 2^n e^r with n the nearest integer to x log2 e. NaN
// stay NaN.
func exp(x, n, t, p VecPhysical) {
	VMOVUPS(at(high), t)
	VMINPS(x, t, x) // the first operand, x, where one is NaN
	expParts(x, n, t, p, round)
	VPSUBD(at(round), n, n)
	VPSRAD(Imm(1), n, t)
	VPSUBD(t, n, n)
	for _, half := range []VecPhysical{t, n} { // results that are not normal need 2^n in two halves
		VPADDD(at(bias), half, half)
		VPSLLD(Imm(23), half, half)
		VMULPS(half, p, p)
	}
	VMOVAPS(p, x)
}

// expDown is exp for x <= 0.
func expDown(x, n, t, p VecPhysical) {
	expParts(x, n, t, p, deep)
	VPSLLD(Imm(23), n, n)
	VMULPS(n, p, p)
	VMULPS(at(tiny), p, x) // after it, 2^n need not be normal
}

// expParts leaves e^r in p and n plus a constant's bits in n.
func expParts(x, n, t, p VecPhysical, shift int) {
	VMOVUPS(at(low), t)
	VMAXPS(x, t, x)
	VMOVUPS(at(shift), n)
	VFMADD231PS(at(log2e), x, n)
	VSUBPS(at(shift), n, t)
	VFNMADD231PS(at(ln2High), t, x)
	VFNMADD231PS(at(ln2Low), t, x)
	VMOVUPS(at(c6), p)
	for c := c6 - 1; c >= c2; c-- {
		VFMADD213PS(at(c), x, p)
	}
	VMULPS(x, x, t)
	VFMADD213PS(x, t, p)
	VADDPS(at(one), p, p)
}

// text begins function vector<name>AVX2, or AVX512, and loads the pointers and n, into count.
func text(name, args string, doc []string, pointers []string) (ptr []GPPhysical) {
	if streaming {
		name += "Stream"
		doc[len(doc)-1] += " The result begins at a multiple of 32 bytes and passes by the caches; vectorFence must follow."
	}
	name = "vector" + name + zmm.Suffix(bytes)
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

// access is how a body reaches memory: vector u of the number that are done in one round, or what is left after the last whole
// vector; then Y15 has all ones where there are elements.
type access struct {
	u, of int
	last  bool
}

func (a access) load(p GPPhysical, dst VecPhysical) {
	if a.last {
		VMASKMOVPS(Mem{Base: p}, Y15, dst)
	} else {
		VMOVUPS(Mem{Base: p, Disp: bytes * a.u}, dst)
	}
}

func (a access) store(src VecPhysical, p GPPhysical) {
	switch {
	case a.last:
		VMASKMOVPS(src, Y15, Mem{Base: p})
	case streaming:
		VMOVNTPS(src, Mem{Base: p, Disp: bytes * a.u})
	default:
		VMOVUPS(src, Mem{Base: p, Disp: bytes * a.u})
	}
}

// load64 loads a vector as two of float64, with zeros, or other, after the last element.
func (a access) load64(p GPPhysical, lo, hi VecPhysical, other ...VecPhysical) {
	if !a.last {
		VCVTPS2PD(Mem{Base: p, Disp: bytes * a.u}, lo)
		VCVTPS2PD(Mem{Base: p, Disp: bytes*a.u + bytes/2}, hi)
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
			ADDQ(distance(bytes*by), p)
		}
	}
	for _, u := range []int{unroll, 1} {
		label, next := fmt.Sprintf("by%d", u), fmt.Sprintf("after%d", u)
		SUBQ(Imm(uint64(bytes/4*u)), count)
		JLT(LabelRef(next))
		Label(label)
		for i := range u {
			body(access{u: i, of: u})
		}
		advance(u)
		SUBQ(Imm(uint64(bytes/4*u)), count)
		JGE(LabelRef(label))
		Label(next)
		ADDQ(Imm(uint64(bytes/4*u)), count)
		if unroll == 1 {
			break
		}
	}
	JEQ(LabelRef("done"))
	loadMask()
	body(access{of: 1, last: true})
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
	fold(acc[0], Y14, func(x, t Op) { VADDPD(t, x, x) })
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

func fence() {
	TEXT("vectorFence", attr.NOSPLIT, "func()")
	Doc("vectorFence makes what was streamed visible to other processors.")
	SFENCE()
	RET()
}
