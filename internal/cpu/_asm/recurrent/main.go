// Command recurrent writes the amd64 kernels of recurrent.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"fmt"
	"maps"
	"math"
	"slices"

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
		activation("Sigmoid", "1 / (1 + exp(-x[i]))", sigmoid)
		activation("Tanh", "tanh(x[i])", tanh)
		lstmBackward()
		gruBackward()
	}
	Generate()
}

// The constants, each a vector of 32 bytes. The polynomial of exp is that of Cephes' expf (Moshier, 1992).
const (
	log2e = iota
	ln2High
	ln2Low
	c0
	c5   = c0 + 5
	one  = c5 + 1
	bias = one + 1 // 127, an integer
	two  = bias + 1
	high = two + 1 // sigmoid and tanh are 1 in float32 from far below on; e^high is finite
	low  = high + 1
	sign = low + 1
)

var table Mem

func constants() {
	table = GLOBL("recurrentConstants", attr.RODATA|attr.NOPTR)
	for i, v := range []float32{
		math.Log2E, 0.693359375, -2.12194440e-4,
		1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
		1, math.Float32frombits(127), 2, 87, -87, float32(math.Copysign(0, -1)),
	} {
		for j := range 8 {
			DATA(32*i+4*j, U32(math.Float32bits(v)))
		}
	}
}

func at(i int) Mem { return table.Offset(32 * i) }

// expParts takes x apart: e^x = s + s q with s = 2^n for the nearest integer n to x log2 e. x is lost; NaN stays in q.
func expParts(x, s, q, t VecPhysical) {
	VMAXPS(x, s, s) // of s, which holds low, and x, the second where one is NaN
	VMOVUPS(at(high), t)
	VMINPS(s, t, x)
	VMULPS(at(log2e), x, s)
	VCVTPS2DQ(s, s)
	VCVTDQ2PS(s, t)
	VFNMADD231PS(at(ln2High), t, x)
	VFNMADD231PS(at(ln2Low), t, x)
	VMOVUPS(at(c0), q)
	for c := c0 + 1; c <= c5; c++ {
		VFMADD213PS(at(c), x, q)
	}
	VMULPS(x, x, t)
	VFMADD213PS(x, t, q)
	VPADDD(at(bias), s, s)
	VPSLLD(Imm(23), s, s)
}

// sigmoid makes x 1 / (1 + e^-x).
func sigmoid(x VecPhysical) {
	VXORPS(at(sign), x, x)
	VMOVUPS(at(low), Y1)
	expParts(x, Y1, Y2, Y3)
	VFMADD213PS(Y1, Y1, Y2) // e^-x
	VMOVUPS(at(one), Y1)
	VADDPS(Y1, Y2, Y2)
	VDIVPS(Y2, Y1, x)
}

// tanh makes x m / (m + 2) with m = e^2x - 1, which is accurate near 0 too.
func tanh(x VecPhysical) {
	VADDPS(x, x, x)
	VMOVUPS(at(low), Y1)
	expParts(x, Y1, Y2, Y3)
	VSUBPS(at(one), Y1, Y3)
	VFMADD213PS(Y3, Y1, Y2) // m
	VADDPS(at(two), Y2, Y1)
	VDIVPS(Y1, Y2, x)
	// Beyond 30 e^2x would swallow the 2: m/(m + 2) is 1 as it should be.
}

// text begins a function.
func text(name, args string, doc ...string) {
	name = "recurrent" + name + zmm.Suffix(bytes)
	TEXT(name, attr.NOSPLIT, "func("+args+")")
	Pragma("noescape")
	Doc(append([]string{name + " is"}, doc...)...)
}

func activation(name, formula string, f func(x VecPhysical)) {
	text(name, "y, x *float32, n int", "", "	for i := range n { y[i] = "+formula+" }", "", fmt.Sprintf("for n a positive multiple of %d, within 4e-7 of the exact value and 1 part in 2e6 of it where that is above 1e-37.", lanes))
	y, x, n := RDI, RSI, RDX
	Load(Param("y"), y)
	Load(Param("x"), x)
	Load(Param("n"), n)
	Label("loop")
	VMOVUPS(Mem{Base: x}, Y0)
	f(Y0)
	VMOVUPS(Y0, Mem{Base: y})
	ADDQ(Imm(uint64(bytes)), x)
	ADDQ(Imm(uint64(bytes)), y)
	SUBQ(Imm(uint64(lanes)), n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func lstmBackward() {
	text("LSTMBackward", "a, tanh, before, dm, dc, da *float32, n, count int",
		fmt.Sprintf("cellBackward of recurrent_lstm.go without peepholes, for the first count of n cells, a positive multiple of %d.", lanes))
	a, th, before, dm, dc, da := RDI, RSI, R8, R9, R10, R11
	gate := arguments(map[string]GPPhysical{"a": a, "tanh": th, "before": before, "dm": dm, "dc": dc, "da": da})
	i, f, g, o, t, m, d, v, w, ones := Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9
	VMOVUPS(at(one), ones)
	Label("loop")
	for k, r := range []VecPhysical{i, f, g, o} {
		VMOVUPS(gate(a, k), r)
	}
	VMOVUPS(Mem{Base: th}, t)
	VMULPS(Mem{Base: dm}, o, m) // dm o
	VMULPS(t, m, v)
	VSUBPS(o, ones, w)
	VMULPS(w, v, v)
	VMOVUPS(v, gate(da, 3)) // dm o tanh (1 - o)
	VMULPS(t, t, t)
	VSUBPS(t, ones, t)
	VMOVUPS(Mem{Base: dc}, d)
	VFMADD231PS(t, m, d) // dc + dm o (1 - tanh²)
	VMULPS(i, d, v)      // dc i
	VMULPS(g, v, w)
	VSUBPS(i, ones, i)
	VMULPS(i, w, w)
	VMOVUPS(w, gate(da, 0)) // dc i g (1 - i)
	VMULPS(g, g, g)
	VSUBPS(g, ones, g)
	VMULPS(g, v, v)
	VMOVUPS(v, gate(da, 2)) // dc i (1 - g²)
	VMULPS(f, d, d)         // dc f
	VMOVUPS(d, Mem{Base: dc})
	VMULPS(Mem{Base: before}, d, d)
	VSUBPS(f, ones, f)
	VMULPS(f, d, d)
	VMOVUPS(d, gate(da, 1)) // dc f before (1 - f)
	next(a, th, before, dm, dc, da)
}

func gruBackward() {
	text("GRUBackward", "a, u, h, dy, dh, di, dw *float32, n, count int",
		fmt.Sprintf("gruCellBackward of recurrent_gru.go for the first count of n units, a positive multiple of %d.", lanes))
	a, u, h, dy, dh, di, dw := RDI, RSI, R8, R9, R10, R11, R12
	gate := arguments(map[string]GPPhysical{"a": a, "u": u, "h": h, "dy": dy, "dh": dh, "di": di, "dw": dw})
	r, z, c, d, e, v, w, ones := Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7
	VMOVUPS(at(one), ones)
	Label("loop")
	for k, x := range []VecPhysical{r, z, c} {
		VMOVUPS(gate(a, k), x)
	}
	VMOVUPS(Mem{Base: dy}, d)
	VADDPS(Mem{Base: dh}, d, d)
	VSUBPS(z, ones, e)
	VMULPS(e, d, e) // d (1 - z)
	VMOVUPS(Mem{Base: h}, v)
	VSUBPS(c, v, v)
	VMULPS(z, e, w)
	VMULPS(v, w, w)
	VMOVUPS(w, gate(di, 1)) // d (1 - z) z (h - n)
	VMOVUPS(w, gate(dw, 1))
	VMULPS(z, d, d)
	VMOVUPS(d, Mem{Base: dh}) // d z
	VMULPS(c, c, c)
	VSUBPS(c, ones, c)
	VMULPS(c, e, e)
	VMOVUPS(e, gate(di, 2)) // d (1 - z) (1 - n²)
	VMULPS(r, e, e)
	VMOVUPS(e, gate(dw, 2)) // the same times r
	VMULPS(Mem{Base: u}, e, e)
	VSUBPS(r, ones, r)
	VMULPS(r, e, e)
	VMOVUPS(e, gate(di, 0)) // the same times u (1 - r)
	VMOVUPS(e, gate(dw, 0))
	next(a, u, h, dy, dh, di, dw)
}

// arguments loads pointers, n and count, and returns where gate k of n units is from a pointer on.
func arguments(pointers map[string]GPPhysical) (gate func(base GPPhysical, k int) Mem) {
	for _, name := range slices.Sorted(maps.Keys(pointers)) {
		Load(Param(name), pointers[name])
	}
	Load(Param("n"), RDX)
	Load(Param("count"), RCX)
	SHLQ(Imm(2), RDX)
	LEAQ(Mem{Base: RDX, Index: RDX, Scale: 2}, RAX)
	return func(base GPPhysical, k int) Mem {
		return [...]Mem{{Base: base}, {Base: base, Index: RDX, Scale: 1}, {Base: base, Index: RDX, Scale: 2}, {Base: base, Index: RAX, Scale: 1}}[k]
	}
}

// next ends the loop over a vector of units at a time.
func next(pointers ...GPPhysical) {
	for _, p := range pointers {
		ADDQ(Imm(uint64(bytes)), p)
	}
	SUBQ(Imm(uint64(lanes)), RCX)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
