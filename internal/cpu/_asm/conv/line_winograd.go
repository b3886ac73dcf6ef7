package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// points is the number of elements of a transform, six finite points and infinity.
const points = 7

// constants loads numbers into registers, from the last on.
func constants(name string, values ...float32) []VecPhysical {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	var regs []VecPhysical
	for i, v := range values {
		DATA(4*i, U32(math.Float32bits(v)))
		r := y[len(y)-1-i]
		VBROADCASTSS(m.Offset(4*i), r)
		regs = append(regs, r)
	}
	return regs
}

func lineInput() {
	const name = "convLineInputAVX2"
	TEXT(name, attr.NOSPLIT, "func(v *float32, vp int, x *float32, xp, n int)")
	Pragma("noescape")
	Doc(name + " is convLineInputGo. n is a multiple of 8, at least 8.")
	v, vp, x, xp, n := RDI, RDX, RSI, RCX, RAX
	vp3, vp5, xp3, xp5 := R8, R9, R10, R11
	Load(Param("v"), v)
	Load(Param("vp"), vp)
	Load(Param("x"), x)
	Load(Param("xp"), xp)
	Load(Param("n"), n)
	SHLQ(U8(2), vp)
	SHLQ(U8(2), xp)
	LEAQ(Mem{Base: vp, Index: vp, Scale: 2}, vp3)
	LEAQ(Mem{Base: vp, Index: vp, Scale: 4}, vp5)
	LEAQ(Mem{Base: xp, Index: xp, Scale: 2}, xp3)
	LEAQ(Mem{Base: xp, Index: xp, Scale: 4}, xp5)
	at := func(base, p, p3, p5 GPPhysical, i int) Mem {
		m := Mem{Base: base}
		switch i {
		case 1, 2, 4:
			m.Index, m.Scale = p, uint8(i)
		case 3:
			m.Index, m.Scale = p3, 1
		case 5:
			m.Index, m.Scale = p5, 1
		case 6:
			m.Index, m.Scale = p3, 2
		}
		return m
	}
	c := constants("convLineInputConstants", 4.25, .25, 1.25, 5, 2.5, .5, 5.25)
	Label("loop")
	for q := range 6 {
		VMOVUPS(at(x, xp, xp3, xp5, q), y[q])
	}
	// even and odd coefficients of the polynomials, each in two points of either sign
	pair := func(i int, even, odd func()) {
		even()
		odd()
		VADDPS(y[7], y[6], y[8])
		VMOVUPS(y[8], at(v, vp, vp3, vp5, i))
		VSUBPS(y[7], y[6], y[8])
		VMOVUPS(y[8], at(v, vp, vp3, vp5, i+1))
	}
	pair(0, func() {
		VADDPS(y[5], y[1], y[6])
		VFNMADD231PS(c[0], y[3], y[6])
	}, func() {
		VADDPS(y[4], y[0], y[7])
		VFNMADD231PS(c[0], y[2], y[7])
	})
	pair(2, func() {
		VMOVAPS(y[5], y[6])
		VFMADD231PS(c[1], y[1], y[6])
		VFNMADD231PS(c[2], y[3], y[6])
	}, func() {
		VMULPS(c[5], y[0], y[7])
		VFNMADD231PS(c[4], y[2], y[7])
		VADDPS(y[4], y[7], y[7])
		VADDPS(y[4], y[7], y[7])
	})
	pair(4, func() {
		VMOVAPS(y[5], y[6])
		VFNMADD231PS(c[3], y[3], y[6])
		VADDPS(y[1], y[1], y[1])
		VADDPS(y[1], y[1], y[1])
		VADDPS(y[1], y[6], y[6])
	}, func() {
		VADDPS(y[0], y[0], y[7])
		VFNMADD231PS(c[4], y[2], y[7])
		VFMADD231PS(c[5], y[4], y[7])
	})
	VMOVUPS(at(x, xp, xp3, xp5, 6), y[6])
	VSUBPS(y[0], y[6], y[6])
	VSUBPS(y[4], y[2], y[2])
	VFMADD231PS(c[6], y[2], y[6])
	VMOVUPS(y[6], at(v, vp, vp3, vp5, 6))
	ADDQ(Imm(bytes), x)
	ADDQ(Imm(bytes), v)
	SUBQ(Imm(lanes), n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func lineTile() {
	const name = "convLineTileAVX2"
	TEXT(name, attr.NOSPLIT, "func(u, v *float32, k int, tmp, c *float32, ldc, m int, bias *float32, flags int)")
	Pragma("noescape")
	Doc(name + " is convLineTileGo. m is 1 to 6, k at least 1.")
	u, v, tmp, k, at := R8, RSI, RDI, RAX, RBX
	c, cur, ldc, m, left := R12, RDX, R11, R10, RCX
	Load(Param("u"), u)
	Load(Param("v"), v)
	Load(Param("tmp"), tmp)
	Load(Param("c"), c)
	Load(Param("ldc"), ldc)
	SHLQ(U8(2), ldc)
	Load(Param("m"), m)
	MOVQ(U32(points), left)
	choose(m, 2)
	for m := rows; m >= 1; m-- {
		label := func(part string) string { return label(m, 2, part) }
		Label(label(""))
		MOVQ(c, cur)
		Label(label("point"))
		for i := range 4 { // to have a row of C at hand
			PREFETCHT0(Mem{Base: cur, Disp: 64 * i})
		}
		ADDQ(ldc, cur)
		each(m, 2, func(r, v int) { VXORPS(acc(r, v), acc(r, v), acc(r, v)) })
		Load(Param("k"), k)
		unrolled(k, label, func(i int) {
			for j := range 2 {
				VMOVUPS(Mem{Base: v, Disp: bytes * (2*i + j)}, y[14+j])
			}
			for r := range m {
				x := y[12+r%2]
				VBROADCASTSS(Mem{Base: u, Disp: 4 * (rows*i + r)}, x)
				for j := range 2 {
					VFMADD231PS(x, y[14+j], acc(r, j))
				}
			}
		}, func(steps int) {
			ADDQ(U32(uint32(2*bytes*steps)), v)
			ADDQ(Imm(uint64(4*rows*steps)), u)
		})
		each(m, 2, func(r, v int) { VMOVUPS(acc(r, v), Mem{Base: tmp, Disp: bytes * (2*r + v)}) })
		ADDQ(U32(2*bytes*rows), tmp)
		DECQ(left)
		JNZ(LabelRef(label("point")))
		MOVQ(U32(m), left)
		JMP(LabelRef("outputs"))
	}
	Label("outputs")
	Load(Param("tmp"), tmp)
	Load(Param("bias"), at)
	Load(Param("flags"), k)
	z := constants("convLineTileConstants", 2, .5, 4, .25, 8, .125)
	Label("row")
	VXORPS(y[9], y[9], y[9])
	TESTQ(at, at)
	JZ(LabelRef("vectors"))
	VBROADCASTSS(Mem{Base: at}, y[9])
	ADDQ(Imm(4), at)
	Label("vectors")
	for j := range 2 {
		in := func(p int) Mem { return Mem{Base: tmp, Disp: 2*bytes*rows*p + bytes*j} }
		for i := range 3 { // sums and differences of two points of either sign
			VMOVUPS(in(2*i), y[2*i])
			VMOVUPS(in(2*i+1), y[8])
			VSUBPS(y[8], y[2*i], y[2*i+1])
			VADDPS(y[8], y[2*i], y[2*i])
		}
		s, d := []VecPhysical{y[0], y[2], y[4]}, []VecPhysical{y[1], y[3], y[5]}
		VADDPS(s[1], s[0], y[6]) // y0
		VADDPS(s[2], y[6], y[6])
		VFMADD231PS(z[2], s[1], s[0]) // y2
		VFMADD231PS(z[3], s[2], s[0])
		VADDPS(in(6), d[0], y[7]) // y3
		VFMADD231PS(z[4], d[1], y[7])
		VFMADD231PS(z[5], d[2], y[7])
		VFMADD231PS(z[0], d[1], d[0]) // y1
		VFMADD231PS(z[1], d[2], d[0])
		out := []VecPhysical{y[6], y[1], y[0], y[7]}
		for _, o := range out {
			VADDPS(y[9], o, o)
		}
		TESTQ(U32(2), k)
		JZ(LabelRef(fmt.Sprintf("store%d", j)))
		VXORPS(y[8], y[8], y[8])
		for _, o := range out {
			VMAXPS(o, y[8], o) // NaN and -0 stay
		}
		Label(fmt.Sprintf("store%d", j))
		VUNPCKLPS(out[1], out[0], y[2])
		VUNPCKHPS(out[1], out[0], y[3])
		VUNPCKLPS(out[3], out[2], y[4])
		VUNPCKHPS(out[3], out[2], y[5])
		VUNPCKLPD(y[4], y[2], y[0])
		VUNPCKHPD(y[4], y[2], y[1])
		VUNPCKLPD(y[5], y[3], y[6])
		VUNPCKHPD(y[5], y[3], y[7])
		for i, half := range []uint64{0x20, 0x31} {
			VPERM2F128(Imm(half), y[1], y[0], y[2])
			VPERM2F128(Imm(half), y[7], y[6], y[3])
			VMOVUPS(y[2], Mem{Base: c, Disp: 4*bytes*j + 2*bytes*i})
			VMOVUPS(y[3], Mem{Base: c, Disp: 4*bytes*j + 2*bytes*i + bytes})
		}
	}
	ADDQ(Imm(2*bytes), tmp)
	ADDQ(ldc, c)
	DECQ(left)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func linePack() {
	const name = "convLinePackAVX2"
	TEXT(name, attr.NOSPLIT, "func(dst, v *float32, vp int, off *int32, k int)")
	Pragma("noescape")
	Doc(name+" is", "",
		fmt.Sprintf("	for p := range %d {", points),
		"		for t := range k {",
		"			for j := range 16 { dst[(p*k+t)*16+j] = v[p*vp+off[t]+j] }",
		"		}",
		"	}", "",
		"k is at least 1.")
	dst, v, off, k, at, vp, left := RDI, RSI, R9, RAX, RBX, RDX, RCX
	Load(Param("dst"), dst)
	Load(Param("v"), v)
	Load(Param("vp"), vp)
	SHLQ(U8(2), vp)
	MOVQ(U32(points), left)
	Label("point")
	Load(Param("off"), off)
	Load(Param("k"), k)
	Label("term")
	MOVLQSX(Mem{Base: off}, at)
	for j := range 2 {
		VMOVUPS(Mem{Base: v, Index: at, Scale: 4, Disp: bytes * j}, y[j])
		VMOVUPS(y[j], Mem{Base: dst, Disp: bytes * j})
	}
	ADDQ(Imm(4), off)
	ADDQ(Imm(2*bytes), dst)
	DECQ(k)
	JNZ(LabelRef("term"))
	ADDQ(vp, v)
	DECQ(left)
	JNZ(LabelRef("point"))
	VZEROUPPER()
	RET()
}
