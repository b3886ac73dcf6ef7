// Command attention writes the amd64 kernels of attention.go. Run it through `go generate ./internal/cpu`.
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

var bytes, lanes int // of a vector

func main() {
	ConstraintExpr("amd64,!noasm")
	zmm.Install()
	constants()
	for _, bytes = range zmm.Widths {
		lanes = bytes / 4
		colMax()
		expCols()
		softmaxGrad()
	}
	Generate()
}

// The constants of exp, each a vector: Cephes' expf (Moshier, 1992).
const (
	log2e = iota
	ln2High
	ln2Low
	c0
	c5   = c0 + 5
	one  = c5 + 1
	bias = one + 1 // 127, an integer
	low  = bias + 1
)

var table Mem

func constants() {
	table = GLOBL("attentionExp", attr.RODATA|attr.NOPTR)
	for i, v := range []float32{
		math.Log2E, 0.693359375, -2.12194440e-4,
		1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1,
		math.Float32frombits(127), -87.33654,
	} {
		for j := range 8 {
			DATA(32*i+4*j, U32(math.Float32bits(v)))
		}
	}
}

func at(i int) Mem { return table.Offset(32 * i) }

// exp makes x its exponential: e^x = 2^n e^r with n the nearest integer to x log2 e. Below low, where the result would not
// be a normal number, it is 0; NaN stays NaN. x must not be so large that the result overflows. It uses registers 6 to 10,
// of which lowest holds the constant low.
func exp(x VecPhysical) {
	n, t, p, mask, lowest := Y6, Y7, Y8, Y9, Y10
	VCMPPS(Imm(5), lowest, x, mask) // not less than
	VMAXPS(x, lowest, x)
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
	VPADDD(at(bias), n, n)
	VPSLLD(Imm(23), n, n)
	VMULPS(n, p, p)
	VANDPS(mask, p, x)
}

func text(name, args string, doc ...string) {
	name = "attention" + name + zmm.Suffix(bytes)
	TEXT(name, attr.NOSPLIT, "func("+args+")")
	Pragma("noescape")
	Doc(append([]string{name + " is"}, doc...)...)
}

// columns writes a loop over n/lanes vectors of columns, with first and last around a loop over the rows of s.
func columns(first func(), row func(s Mem), last func()) {
	s, ld, rows, n, p := RSI, RBX, RCX, RDX, RAX
	Load(Param("s"), s)
	Load(Param("ld"), ld)
	Load(Param("n"), n)
	SHLQ(U8(2), ld)
	Label("columns")
	first()
	Load(Param("rows"), rows)
	MOVQ(s, p)
	Label("rows")
	row(Mem{Base: p})
	ADDQ(ld, p)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	last()
	ADDQ(Imm(uint64(bytes)), s)
	SUBQ(Imm(uint64(lanes)), n)
	JG(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

func colMax() {
	text("ColMax", "s *float32, ld, rows, n int, top *float32", "",
		"	for j := range rows { for i := range n { if s[j*ld+i] > top[i] { top[i] = s[j*ld+i] } } }", "",
		fmt.Sprintf("for n a multiple of %d and rows, both at least 1.", lanes))
	top := RDI
	Load(Param("top"), top)
	acc, x := Y0, Y1
	columns(func() { VMOVUPS(Mem{Base: top}, acc) },
		func(s Mem) {
			VMOVUPS(s, x)
			VMAXPS(acc, x, acc) // the second of the two where one is NaN
		},
		func() {
			VMOVUPS(acc, Mem{Base: top})
			ADDQ(Imm(uint64(bytes)), top)
		})
}

func expCols() {
	text("ExpCols", "s *float32, ld, rows, n int, m, sum *float32", "",
		"	for j := range rows { for i := range n { s[j*ld+i] = exp(s[j*ld+i] - m[i]); sum[i] += s[j*ld+i] } }", "",
		fmt.Sprintf("for n a multiple of %d and rows, both at least 1; exp is 0 below -87.33654.", lanes))
	m, sum := RDI, R9
	Load(Param("m"), m)
	Load(Param("sum"), sum)
	acc, x, shift := Y0, Y1, Y2
	VMOVUPS(at(low), Y10)
	columns(func() {
		VMOVUPS(Mem{Base: sum}, acc)
		VMOVUPS(Mem{Base: m}, shift)
	}, func(s Mem) {
		VMOVUPS(s, x)
		VSUBPS(shift, x, x)
		exp(x)
		VMOVUPS(x, s)
		VADDPS(x, acc, acc)
	}, func() {
		VMOVUPS(acc, Mem{Base: sum})
		ADDQ(Imm(uint64(bytes)), m)
		ADDQ(Imm(uint64(bytes)), sum)
	})
}

func softmaxGrad() {
	text("SoftmaxGrad", "s, ds *float32, n int, high, low, delta float32", "",
		"	for j := range n { s[j] = exp(s[j] - high - low); ds[j] = s[j] * (ds[j] - delta) }", "",
		fmt.Sprintf("for n a multiple of %d and at least 1; exp is 0 below -87.33654.", lanes))
	s, ds, n := RSI, RDI, RDX
	Load(Param("s"), s)
	Load(Param("ds"), ds)
	Load(Param("n"), n)
	for j, name := range []string{"high", "low", "delta"} {
		a, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(a.Addr, []VecPhysical{Y0, Y1, Y2}[j])
	}
	x, d := Y3, Y4
	VMOVUPS(at(low), Y10)
	Label("loop")
	VMOVUPS(Mem{Base: s}, x)
	VSUBPS(Y0, x, x)
	VSUBPS(Y1, x, x)
	exp(x)
	VMOVUPS(x, Mem{Base: s})
	VMOVUPS(Mem{Base: ds}, d)
	VSUBPS(Y2, d, d)
	VMULPS(x, d, d)
	VMOVUPS(d, Mem{Base: ds})
	ADDQ(Imm(uint64(bytes)), s)
	ADDQ(Imm(uint64(bytes)), ds)
	SUBQ(Imm(uint64(lanes)), n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
