// Command taps writes the amd64 kernels of conv_taps.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"fmt"

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
	masks()
	for _, bytes = range zmm.Widths {
		lanes = bytes / 4
		sum()
		dots()
	}
	Generate()
}

// laneMasks is a vector of AVX2 of ones and one of zeros: the mask of the first n lanes begins at lane 8-n.
var laneMasks Mem

func masks() {
	laneMasks = GLOBL("convLaneMasks", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		v := U64(0)
		if i < 4 {
			v--
		}
		DATA(8*i, v)
	}
}

// loadMask sets y to the mask of the lanes of the last vector of n elements. It overwrites n and t.
func loadMask(n, t GPPhysical, y VecPhysical) {
	SUBQ(Imm(1), n)
	ANDQ(Imm(uint64(lanes-1)), n)
	ADDQ(Imm(1), n)
	if bytes == 64 {
		MOVQ(I32(-1), t)
		BZHIQ(n, t, t)
		KMOVW(t.As32(), K7)
		VPMOVM2D(K7, y.AsZ())
		return
	}
	LEAQ(laneMasks.Offset(bytes), t)
	SHLQ(U8(2), n)
	SUBQ(n, t)
	VMOVUPS(Mem{Base: t}, y)
}

func at(base GPPhysical, vector int) Mem { return Mem{Base: base, Disp: bytes * vector} }

// sum adds to each line of z, four vectors at a time, then the rest in as many vectors as it takes.
func sum() {
	name := "convTapSum" + zmm.Suffix(bytes)
	TEXT(name, attr.NOSPLIT, "func(z *float32, zp int, buf *float32, bp, lines, n int, off *int, w *float32, taps int)")
	Pragma("noescape")
	Doc(name+" is, with one rounding in each multiply-add,", "",
		"	for l := range lines {",
		"		for j := range n {",
		"			for i := range taps { z[l*zp+j] += w[i] * buf[off[i]+l*bp+j] }",
		"		}",
		"	}", "",
		"lines, n and taps are at least 1. It reads and writes nothing else.")
	z, buf, off, w, taps, n := RDI, RSI, R8, R9, R10, RDX
	zl, bl, lines, i, o, t := R11, R12, R13, RAX, RBX, RCX
	mask, coef, part := Y15, Y14, Y13
	Load(Param("z"), zl)
	Load(Param("buf"), bl)
	Load(Param("lines"), lines)
	Load(Param("off"), off)
	Load(Param("w"), w)
	Load(Param("taps"), taps)
	Load(Param("n"), n)
	loadMask(n, t, mask)
	acc := []VecPhysical{Y0, Y1, Y2, Y3}
	// eachTap adds the taps' lines to the sums of v vectors, the last one masked.
	eachTap := func(label string, v int, masked bool) {
		XORQ(i, i)
		Label(label)
		MOVQ(Mem{Base: off, Index: i, Scale: 8}, o)
		VBROADCASTSS(Mem{Base: w, Index: i, Scale: 4}, coef)
		for k := range v {
			m := Mem{Base: buf, Index: o, Scale: 4, Disp: bytes * k}
			if masked && k == v-1 {
				VMASKMOVPS(m, mask, part)
				VFMADD231PS(part, coef, acc[k])
			} else {
				VFMADD231PS(m, coef, acc[k])
			}
		}
		INCQ(i)
		CMPQ(i, taps)
		JLT(LabelRef(label))
	}
	Label("line")
	MOVQ(zl, z)
	MOVQ(bl, buf)
	Load(Param("n"), n)
	Label("wide")
	CMPQ(n, Imm(uint64(4*lanes)))
	JLT(LabelRef("rest"))
	for k := range 4 {
		VMOVUPS(at(z, k), acc[k])
	}
	eachTap("wideTap", 4, false)
	for k := range 4 {
		VMOVUPS(acc[k], at(z, k))
	}
	for _, r := range []GPPhysical{z, buf} {
		if bytes == 64 {
			ADDQ(U32(4*bytes), r)
		} else {
			ADDQ(Imm(uint64(4*bytes)), r)
		}
	}
	SUBQ(Imm(uint64(4*lanes)), n)
	JMP(LabelRef("wide"))
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("next"))
	for v := 1; v <= 4; v++ {
		if v < 4 {
			CMPQ(n, Imm(uint64(lanes*v)))
			JGT(LabelRef(fmt.Sprint("more", v)))
		}
		for k := range v - 1 {
			VMOVUPS(at(z, k), acc[k])
		}
		VMASKMOVPS(at(z, v-1), mask, acc[v-1])
		eachTap(fmt.Sprint("tap", v), v, true)
		for k := range v - 1 {
			VMOVUPS(acc[k], at(z, k))
		}
		VMASKMOVPS(acc[v-1], mask, at(z, v-1))
		if v < 4 {
			JMP(LabelRef("next"))
			Label(fmt.Sprint("more", v))
		}
	}
	Label("next")
	Load(Param("zp"), t)
	LEAQ(Mem{Base: zl, Index: t, Scale: 4}, zl)
	Load(Param("bp"), t)
	LEAQ(Mem{Base: bl, Index: t, Scale: 4}, bl)
	DECQ(lines)
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

// dots takes four taps at a time, each with two vectors of sums.
func dots() {
	name := "convTapDots" + zmm.Suffix(bytes)
	TEXT(name, attr.NOSPLIT, "func(v *float32, vp int, buf *float32, bp, lines, n int, off *int, taps int, sums *float32)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is, with one rounding in each multiply-add and each sum kept in %d parts,", name, 2*lanes), "",
		"	for i := range taps {",
		"		sums[i] = 0",
		"		for l := range lines {",
		"			for j := range n { sums[i] += v[l*vp+j] * buf[off[i]+l*bp+j] }",
		"		}",
		"	}", "",
		"lines, n and taps are at least 1. It also writes what follows in sums up to a multiple of four.")
	v, off, taps, n, lines, t := RDI, R12, R13, RDX, RCX, RAX
	j := RBX
	b := []GPPhysical{R8, R9, R10, R11}
	mask, part := Y15, Y14
	x := []VecPhysical{Y12, Y13}
	acc := func(tap, half int) VecPhysical { return []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}[4*half+tap] }
	Load(Param("off"), off)
	Load(Param("taps"), taps)
	Load(Param("n"), n)
	loadMask(n, t, mask)
	Label("four")
	Load(Param("buf"), v)
	MOVQ(Mem{Base: off}, t)
	LEAQ(Mem{Base: v, Index: t, Scale: 4}, b[0])
	for k := 1; k < 4; k++ { // taps that do not exist are the last one again
		MOVQ(b[k-1], b[k])
		CMPQ(taps, Imm(uint64(k)))
		JLE(LabelRef(fmt.Sprint("have", k)))
		MOVQ(Mem{Base: off, Disp: 8 * k}, t)
		LEAQ(Mem{Base: v, Index: t, Scale: 4}, b[k])
		Label(fmt.Sprint("have", k))
	}
	for k := range 4 {
		VXORPS(acc(k, 0), acc(k, 0), acc(k, 0))
		VXORPS(acc(k, 1), acc(k, 1), acc(k, 1))
	}
	Load(Param("v"), v)
	Load(Param("lines"), lines)
	Label("line")
	Load(Param("n"), n)
	XORQ(j, j)
	Label("pair")
	CMPQ(n, Imm(uint64(2*lanes)))
	JLT(LabelRef("one"))
	for h := range 2 {
		VMOVUPS(Mem{Base: v, Index: j, Scale: 4, Disp: bytes * h}, x[h])
	}
	for k := range 4 {
		for h := range 2 {
			VFMADD231PS(Mem{Base: b[k], Index: j, Scale: 4, Disp: bytes * h}, x[h], acc(k, h))
		}
	}
	ADDQ(Imm(uint64(2*lanes)), j)
	SUBQ(Imm(uint64(2*lanes)), n)
	JMP(LabelRef("pair"))
	Label("one")
	CMPQ(n, Imm(uint64(lanes)))
	JLE(LabelRef("last"))
	VMOVUPS(Mem{Base: v, Index: j, Scale: 4}, x[0])
	for k := range 4 {
		VFMADD231PS(Mem{Base: b[k], Index: j, Scale: 4}, x[0], acc(k, 0))
	}
	ADDQ(Imm(uint64(lanes)), j)
	SUBQ(Imm(uint64(lanes)), n)
	Label("last")
	TESTQ(n, n)
	JZ(LabelRef("next"))
	VMASKMOVPS(Mem{Base: v, Index: j, Scale: 4}, mask, x[1])
	for k := range 4 {
		VMASKMOVPS(Mem{Base: b[k], Index: j, Scale: 4}, mask, part)
		VFMADD231PS(part, x[1], acc(k, 1))
	}
	Label("next")
	Load(Param("vp"), t)
	LEAQ(Mem{Base: v, Index: t, Scale: 4}, v)
	Load(Param("bp"), t)
	for k := range 4 {
		LEAQ(Mem{Base: b[k], Index: t, Scale: 4}, b[k])
	}
	DECQ(lines)
	JNZ(LabelRef("line"))
	for k := range 4 {
		VADDPS(acc(k, 1), acc(k, 0), acc(k, 0))
	}
	if bytes == 64 { // the halves, twice, then pairs of neighbours, twice
		for k := range 4 {
			a := acc(k, 0)
			VEXTRACTF64X4(Imm(1), a.AsZ(), Y8)
			VADDPS(Y8, a, a)
			VEXTRACTF32X4(Imm(1), a.AsZ(), X8)
			VADDPS(X8, a.AsX(), a.AsX())
		}
		VHADDPS(X1, X0, X0)
		VHADDPS(X3, X2, X2)
		VHADDPS(X2, X0, X0)
	} else { // the other way round
		VHADDPS(Y1, Y0, Y0)
		VHADDPS(Y3, Y2, Y2)
		VHADDPS(Y2, Y0, Y0)
		VEXTRACTF128(Imm(1), Y0, X1)
		VADDPS(X1, X0, X0)
	}
	Load(Param("sums"), t)
	MOVQ(taps, j)
	VMOVUPS(X0, Mem{Base: t})
	ADDQ(Imm(16), t)
	Store(t, Param("sums"))
	ADDQ(Imm(32), off)
	SUBQ(Imm(4), taps)
	JG(LabelRef("four"))
	VZEROUPPER()
	RET()
}
