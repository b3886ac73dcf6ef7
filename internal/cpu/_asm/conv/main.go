// Command conv writes the amd64 kernels of conv_direct.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The kernels are of AVX2 and FMA, on vectors of eight float32; a tile has up to six rows of two vectors.
const (
	bytes = 32
	lanes = 8
	rows  = 6
)

var y = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

func main() {
	ConstraintExpr("amd64,!noasm")
	masks()
	tiles()
	dots()
	planes()
	lines()
	scatter()
	lineInput()
	linePack()
	lineTile()
	Generate()
}

// laneMasks is a vector of ones and one of zeros: the mask of the first n lanes begins at lane 8-n.
var laneMasks Mem

func masks() {
	laneMasks = GLOBL("convDirectMasks", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		v := U64(0)
		if i < 4 {
			v--
		}
		DATA(8*i, v)
	}
}

// loadMask sets v to the mask of the first n lanes, 0 to 8. It overwrites n and t.
func loadMask(n, t GPPhysical, v VecPhysical) {
	LEAQ(laneMasks.Offset(bytes), t)
	SHLQ(U8(2), n)
	SUBQ(n, t)
	VMOVUPS(Mem{Base: t}, v)
}

// acc is the sum of row r, vector v.
func acc(r, v int) VecPhysical { return y[2*r+v] }

// each calls f for all sums of a tile.
func each(m, vecs int, f func(r, v int)) {
	for r := range m {
		for v := range vecs {
			f(r, v)
		}
	}
}

// label is part of the code for m rows of vecs vectors.
func label(m, vecs int, part string) string { return fmt.Sprintf("m%dv%d%s", m, vecs, part) }

// choose jumps to the code for the number of rows in m.
func choose(m GPPhysical, vecs int) {
	for r := rows; r > 1; r-- {
		CMPQ(m, Imm(uint64(r)))
		JEQ(LabelRef(label(r, vecs, "")))
	}
	JMP(LabelRef(label(1, vecs, "")))
}

// rowAddresses sets the registers to where rows begin in a, off[r] elements from there on, and m to their number. It overwrites at and t.
func rowAddresses(row []GPPhysical, m, at, t GPPhysical) {
	Load(Param("a"), at)
	Load(Param("off"), t)
	Load(Param("m"), m)
	for r := range rows {
		CMPQ(m, Imm(uint64(r)))
		JLE(LabelRef("rows"))
		MOVLQSX(Mem{Base: t, Disp: 4 * r}, row[r])
		LEAQ(Mem{Base: at, Index: row[r], Scale: 4}, row[r])
	}
	Label("rows")
}

// unrolled runs step k times, four at a time, then advance for as many steps. It overwrites k.
func unrolled(k GPPhysical, label func(string) string, step func(i int), advance func(steps int)) {
	SUBQ(Imm(4), k)
	JL(LabelRef(label("tail")))
	Label(label("loop"))
	for i := range 4 {
		step(i)
	}
	advance(4)
	SUBQ(Imm(4), k)
	JGE(LabelRef(label("loop")))
	Label(label("tail"))
	ADDQ(Imm(4), k)
	JZ(LabelRef(label("end")))
	Label(label("one"))
	step(0)
	advance(1)
	DECQ(k)
	JNZ(LabelRef(label("one")))
	Label(label("end"))
}

func tiles() {
	const name = "convTileAVX2"
	TEXT(name, attr.NOSPLIT, "func(a *float32, ars, acs int, b *float32, off *int32, c *float32, ldc, m, n, k, segments, skipA, skipOff int, bias *float32, flags int)")
	Pragma("noescape")
	Doc(name+" is, with one rounding in each multiply-add and s in a register,", "",
		"	for i := range m {",
		"		for j := range n {",
		"			s := 0",
		"			for q := range segments {",
		"				for p := range k { s += a[q*(k*acs+skipA)+i*ars+p*acs] * b[off[q*(k+skipOff)+p]+j] }",
		"			}",
		"			if flags&1 != 0 { s += c[i*ldc+j] }",
		"			if bias != nil { s += bias[i] }",
		"			if flags&2 != 0 { s = max(s, 0) } // NaN and -0 stay",
		"			c[i*ldc+j] = s",
		"		}",
		"	}", "",
		"m is 1 to 6, n, k and segments at least 1. It also reads what follows in b up to a multiple of eight elements.")
	a, b, off, c, ldc, k, at := R8, RSI, R9, RDI, R12, RAX, RBX
	m, n, t, cur := R10, R11, RCX, RDX
	ars, ars3, acs, a5 := R13, R15, RCX, R10
	segments := cur // between its uses
	Load(Param("ars"), ars)
	SHLQ(U8(2), ars)
	LEAQ(Mem{Base: ars, Index: ars, Scale: 2}, ars3)
	Load(Param("b"), b)
	Load(Param("c"), c)
	Load(Param("ldc"), ldc)
	SHLQ(U8(2), ldc)
	Label("tile")
	Load(Param("a"), a)
	Load(Param("acs"), acs)
	SHLQ(U8(2), acs)
	Load(Param("off"), off)
	Load(Param("m"), m)
	Load(Param("n"), n)
	row := []Mem{{Base: a}, {Base: a, Index: ars, Scale: 1}, {Base: a, Index: ars, Scale: 2}, {Base: a, Index: ars3, Scale: 1},
		{Base: a, Index: ars, Scale: 4}, {Base: a5}}
	CMPQ(n, Imm(lanes))
	JLE(LabelRef("narrow"))
	choose(m, 2)
	Label("narrow")
	choose(m, 1)
	for vecs := 2; vecs >= 1; vecs-- {
		for m := rows; m >= 1; m-- {
			label := func(part string) string { return label(m, vecs, part) }
			last := vecs - 1
			Label(label(""))
			MOVQ(c, cur)
			each(m, vecs, func(r, v int) { VXORPS(acc(r, v), acc(r, v), acc(r, v)) })
			for r := range m { // to have C at hand
				PREFETCHT0(Mem{Base: cur})
				if r < m-1 {
					ADDQ(ldc, cur)
				}
			}
			if m == rows {
				LEAQ(Mem{Base: a, Index: ars, Scale: 4}, a5)
				ADDQ(ars, a5)
			}
			Load(Param("segments"), segments)
			Label(label("segment"))
			Load(Param("k"), k)
			unrolled(k, label, func(i int) {
				MOVLQSX(Mem{Base: off, Disp: 4 * i}, at)
				for v := range vecs {
					VMOVUPS(Mem{Base: b, Index: at, Scale: 4, Disp: bytes * v}, y[14+v])
				}
				for r := range m {
					x := y[12+r%2]
					VBROADCASTSS(row[r], x)
					for v := range vecs {
						VFMADD231PS(x, y[14+v], acc(r, v))
					}
				}
				ADDQ(acs, a)
				if m == rows {
					ADDQ(acs, a5)
				}
			}, func(steps int) { ADDQ(Imm(uint64(4*steps)), off) })
			DECQ(segments)
			JZ(LabelRef(label("sum")))
			Load(Param("skipA"), at)
			LEAQ(Mem{Base: a, Index: at, Scale: 4}, a)
			if m == rows {
				LEAQ(Mem{Base: a5, Index: at, Scale: 4}, a5)
			}
			Load(Param("skipOff"), at)
			LEAQ(Mem{Base: off, Index: at, Scale: 4}, off)
			JMP(LabelRef(label("segment")))
			Label(label("sum"))
			overC := func(f func(c Mem, r, v int)) {
				MOVQ(c, cur)
				each(m, vecs, func(r, v int) {
					f(Mem{Base: cur, Disp: bytes * v}, r, v)
					if v == last && r < m-1 {
						ADDQ(ldc, cur)
					}
				})
			}
			mask, x := Y15, Y14
			Load(Param("n"), at)
			if last > 0 {
				SUBQ(Imm(lanes), at)
				MOVQ(U32(lanes), t)
				CMPQ(at, t)
				CMOVQGT(t, at)
			}
			loadMask(at, t, mask)
			flags := k
			Load(Param("flags"), flags)
			TESTQ(U32(1), flags)
			JZ(LabelRef(label("bias")))
			overC(func(c Mem, r, v int) {
				if v < last {
					VADDPS(c, acc(r, v), acc(r, v))
					return
				}
				VMASKMOVPS(c, mask, x)
				VADDPS(x, acc(r, v), acc(r, v))
			})
			Label(label("bias"))
			Load(Param("bias"), t)
			TESTQ(t, t)
			JZ(LabelRef(label("relu")))
			each(m, vecs, func(r, v int) {
				if v == 0 {
					VBROADCASTSS(Mem{Base: t, Disp: 4 * r}, x)
				}
				VADDPS(x, acc(r, v), acc(r, v))
			})
			Label(label("relu"))
			TESTQ(U32(2), flags)
			JZ(LabelRef(label("store")))
			VXORPS(x, x, x)
			each(m, vecs, func(r, v int) { VMAXPS(acc(r, v), x, acc(r, v)) })
			Label(label("store"))
			Load(Param("n"), at)
			CMPQ(at, Imm(uint64(lanes*vecs)))
			JLT(LabelRef(label("part")))
			overC(func(c Mem, r, v int) { VMOVUPS(acc(r, v), c) })
			SUBQ(Imm(uint64(lanes*vecs)), at)
			JZ(LabelRef(label("done")))
			Store(at, Param("n"))
			ADDQ(Imm(uint64(bytes*vecs)), b)
			ADDQ(Imm(uint64(bytes*vecs)), c)
			JMP(LabelRef("tile"))
			Label(label("part"))
			overC(func(c Mem, r, v int) {
				if v < last {
					VMOVUPS(acc(r, v), c)
				} else {
					VMASKMOVPS(acc(r, v), mask, c)
				}
			})
			Label(label("done"))
			VZEROUPPER()
			RET()
		}
	}
}

func dots() {
	const name = "convDotsAVX2"
	TEXT(name, attr.NOSPLIT, "func(a *float32, off *int32, b, c *float32, ldc, m, vecs, k, segments, step, flags int)")
	Pragma("noescape")
	Doc(name+" is, with one rounding in each multiply-add and s in a register,", "",
		"	for i := range m {",
		"		for j := range 8*vecs {",
		"			s := 0",
		"			for q := range segments {",
		"				for p := range k { s += a[off[i]+q*step+p] * b[16*(q*k+p)+j] }",
		"			}",
		"			if flags&1 != 0 { s += c[i*ldc+j] }",
		"			c[i*ldc+j] = s",
		"		}",
		"	}", "",
		"m is 1 to 6, vecs 1 or 2, k and segments at least 1. It reads and writes nothing else.")
	row := []GPPhysical{R8, R9, R10, R11, R12, R13}
	at, b, k, c, ldc, m := RAX, RSI, RDI, RBX, RCX, RDX
	rowAddresses(row, m, at, c)
	XORQ(at, at)
	Load(Param("b"), b)
	Load(Param("vecs"), k)
	CMPQ(k, Imm(1))
	JEQ(LabelRef("narrow"))
	choose(m, 2)
	Label("narrow")
	choose(m, 1)
	for vecs := 2; vecs >= 1; vecs-- {
		for m := rows; m >= 1; m-- {
			label := func(part string) string { return label(m, vecs, part) }
			Label(label(""))
			each(m, vecs, func(r, v int) { VXORPS(acc(r, v), acc(r, v), acc(r, v)) })
			Label(label("segment"))
			Load(Param("k"), k)
			unrolled(k, label, func(i int) {
				for v := range vecs {
					VMOVUPS(Mem{Base: b, Disp: 2*bytes*i + bytes*v}, y[14+v])
				}
				for r := range m {
					x := y[12+r%2]
					VBROADCASTSS(Mem{Base: row[r], Index: at, Scale: 4, Disp: 4 * i}, x)
					for v := range vecs {
						VFMADD231PS(x, y[14+v], acc(r, v))
					}
				}
			}, func(steps int) {
				ADDQ(Imm(uint64(steps)), at)
				ADDQ(I32(int32(2*bytes*steps)), b)
			})
			Load(Param("k"), k)
			SUBQ(k, at)
			Load(Param("step"), k)
			ADDQ(k, at)
			Load(Param("segments"), k)
			DECQ(k)
			Store(k, Param("segments"))
			JNZ(LabelRef(label("segment")))
			Load(Param("c"), c)
			Load(Param("ldc"), ldc)
			Load(Param("flags"), k)
			TESTQ(U32(1), k)
			JZ(LabelRef(label("store")))
			each(m, vecs, func(r, v int) {
				VADDPS(Mem{Base: c, Disp: bytes * v}, acc(r, v), acc(r, v))
				if v == vecs-1 && r < m-1 {
					LEAQ(Mem{Base: c, Index: ldc, Scale: 4}, c)
				}
			})
			Load(Param("c"), c)
			Label(label("store"))
			each(m, vecs, func(r, v int) {
				VMOVUPS(acc(r, v), Mem{Base: c, Disp: bytes * v})
				if v == vecs-1 && r < m-1 {
					LEAQ(Mem{Base: c, Index: ldc, Scale: 4}, c)
				}
			})
			VZEROUPPER()
			RET()
		}
	}
}

func planes() {
	const name = "convPlanesAVX2"
	TEXT(name, attr.NOSPLIT, "func(a *float32, off *int32, b *float32, ldb int, c *float32, m, vecs, k, lines, stepA, stepB, flags int)")
	Pragma("noescape")
	Doc(name+" is, with one rounding in each multiply-add and s in a register,", "",
		"	for i := range m {",
		"		for j := range vecs {",
		"			for l := range 8 {",
		"				s := 0",
		"				for q := range lines {",
		"					for p := l; p < k; p += 8 { s += a[off[i]+q*stepA+p] * b[j*ldb+q*stepB+p] }",
		"				}",
		"				if flags&1 != 0 { s += c[i*16+j*8+l] }",
		"				c[i*16+j*8+l] = s",
		"			}",
		"		}",
		"	}", "",
		"m is 1 to 6, vecs 1 or 2, k and lines at least 1. It reads and writes nothing else.")
	row := []GPPhysical{R8, R9, R10, R11, R12, R13}
	at, b, ldb, vectors, left, c, t, m := RAX, RSI, RDI, RBX, RCX, RCX, R15, RDX
	mask := Y15
	rowAddresses(row, m, at, t)
	Load(Param("k"), left)
	MOVQ(left, vectors)
	ANDQ(Imm(lanes-1), left)
	ANDQ(I32(-lanes), vectors)
	loadMask(left, t, mask)
	Load(Param("b"), b)
	Load(Param("ldb"), ldb)
	SHLQ(U8(2), ldb)
	// From the last vector of a line to the next line.
	Load(Param("stepA"), t)
	SUBQ(vectors, t)
	Store(t, Param("stepA"))
	Load(Param("stepB"), t)
	SUBQ(vectors, t)
	SHLQ(U8(2), t)
	Store(t, Param("stepB"))
	XORQ(at, at)
	Load(Param("vecs"), t)
	CMPQ(t, Imm(1))
	JEQ(LabelRef("narrow"))
	choose(m, 2)
	Label("narrow")
	choose(m, 1)
	for vecs := 2; vecs >= 1; vecs-- {
		for m := rows; m >= 1; m-- {
			label := func(part string) string { return label(m, vecs, part) }
			step := func(load func(m Mem, v VecPhysical)) {
				for v := range vecs {
					load([]Mem{{Base: b}, {Base: b, Index: ldb, Scale: 1}}[v], y[12+v])
				}
				for r := range m {
					load(Mem{Base: row[r], Index: at, Scale: 4}, y[14])
					for v := range vecs {
						VFMADD231PS(y[12+v], y[14], acc(r, v))
					}
				}
			}
			Label(label(""))
			each(m, vecs, func(r, v int) { VXORPS(acc(r, v), acc(r, v), acc(r, v)) })
			Label(label("line"))
			MOVQ(vectors, left)
			TESTQ(left, left)
			JZ(LabelRef(label("last")))
			Label(label("loop"))
			step(func(m Mem, v VecPhysical) { VMOVUPS(m, v) })
			ADDQ(Imm(lanes), at)
			ADDQ(Imm(bytes), b)
			SUBQ(Imm(lanes), left)
			JNZ(LabelRef(label("loop")))
			Label(label("last"))
			Load(Param("k"), left)
			CMPQ(left, vectors)
			JEQ(LabelRef(label("next")))
			step(func(m Mem, v VecPhysical) { VMASKMOVPS(m, mask, v) })
			Label(label("next"))
			Load(Param("stepA"), t)
			ADDQ(t, at)
			Load(Param("stepB"), t)
			ADDQ(t, b)
			Load(Param("lines"), t)
			DECQ(t)
			Store(t, Param("lines"))
			JNZ(LabelRef(label("line")))
			Load(Param("c"), c)
			Load(Param("flags"), t)
			TESTQ(U32(1), t)
			JZ(LabelRef(label("store")))
			each(m, vecs, func(r, v int) { VADDPS(Mem{Base: c, Disp: bytes * (2*r + v)}, acc(r, v), acc(r, v)) })
			Label(label("store"))
			each(m, vecs, func(r, v int) { VMOVUPS(acc(r, v), Mem{Base: c, Disp: bytes * (2*r + v)}) })
			VZEROUPPER()
			RET()
		}
	}
}

// lines writes the copies of lines, of all elements and of every other.
func lines() {
	for stride := 1; stride <= 2; stride++ {
		name := fmt.Sprintf("convLines%dAVX2", stride)
		TEXT(name, attr.NOSPLIT, "func(dst *float32, dp int, src *float32, sp, lines, head, n, tail int)")
		Pragma("noescape")
		Doc(name+" is", "",
			"	for l := range lines {",
			"		for j := range head { dst[l*dp+j] = 0 }",
			fmt.Sprintf("		for j := range n { dst[l*dp+head+j] = src[l*sp+%d*j] }", stride),
			"		for j := range tail { dst[l*dp+head+n+j] = 0 }",
			"	}", "",
			"lines and n are at least 1. It also writes up to seven elements after each line, before the next, and reads nothing else.")
		dst, dp, src, sp, count, n := RDI, RDX, RSI, RCX, RBX, RAX
		d, s, t, left := R8, R9, R10, R11
		Load(Param("dst"), dst)
		Load(Param("dp"), dp)
		Load(Param("src"), src)
		Load(Param("sp"), sp)
		Load(Param("lines"), count)
		Load(Param("n"), n)
		SHLQ(U8(2), dp)
		SHLQ(U8(2), sp)
		// The last vector has 1 to 8 elements, stride*last-(stride-1) to read.
		DECQ(n)
		MOVQ(n, left)
		ANDQ(Imm(7), left)
		if stride == 1 {
			INCQ(left)
			loadMask(left, t, Y15)
		} else {
			LEAQ(Mem{Base: left, Index: left, Scale: 1, Disp: 1}, left)
			MOVQ(left, s)
			MOVQ(U32(8), d)
			CMPQ(s, d)
			CMOVQGT(d, s)
			SUBQ(s, left)
			loadMask(s, t, Y15)
			loadMask(left, t, Y14)
		}
		SHRQ(U8(3), n) // whole vectors before it
		VXORPS(Y2, Y2, Y2)
		zeros := func(name, param string) { // from t on
			Load(Param(param), left)
			TESTQ(left, left)
			JZ(LabelRef(name + "End"))
			Label(name)
			VMOVUPS(Y2, Mem{Base: t})
			ADDQ(Imm(bytes), t)
			SUBQ(Imm(lanes), left)
			JG(LabelRef(name))
			Label(name + "End")
		}
		Label("line")
		MOVQ(dst, t)
		zeros("head", "head")
		Load(Param("head"), t)
		LEAQ(Mem{Base: dst, Index: t, Scale: 4}, d)
		MOVQ(src, s)
		MOVQ(n, left)
		vector := func(load func(i int, r VecPhysical)) {
			load(0, Y0)
			if stride == 2 {
				load(1, Y1)
				VSHUFPS(Imm(0x88), Y1, Y0, Y0) // even elements, halves interleaved
				VPERMPD(Imm(0xd8), Y0, Y0)
			}
			VMOVUPS(Y0, Mem{Base: d})
		}
		TESTQ(left, left)
		JZ(LabelRef("last"))
		Label("whole")
		vector(func(i int, r VecPhysical) { VMOVUPS(Mem{Base: s, Disp: bytes * i}, r) })
		ADDQ(Imm(bytes), d)
		ADDQ(Imm(uint64(bytes*stride)), s)
		DECQ(left)
		JNZ(LabelRef("whole"))
		Label("last")
		vector(func(i int, r VecPhysical) { VMASKMOVPS(Mem{Base: s, Disp: bytes * i}, y[15-i], r) })
		Load(Param("n"), left)
		Load(Param("head"), t)
		ADDQ(left, t)
		LEAQ(Mem{Base: dst, Index: t, Scale: 4}, t)
		zeros("tail", "tail")
		ADDQ(dp, dst)
		ADDQ(sp, src)
		DECQ(count)
		JNZ(LabelRef("line"))
		VZEROUPPER()
		RET()
	}
}

// scatter writes the inverse of convLines2AVX2 for two sources.
func scatter() {
	const name = "convZipAVX2"
	TEXT(name, attr.NOSPLIT, "func(dst *float32, even, odd *float32, n int)")
	Pragma("noescape")
	Doc(name+" is", "",
		"	for j := range n { dst[2*j], dst[2*j+1] = even[j], odd[j] }", "",
		"n is a multiple of 8, at least 8.")
	dst, even, odd, n := RDI, RSI, RDX, RCX
	Load(Param("dst"), dst)
	Load(Param("even"), even)
	Load(Param("odd"), odd)
	Load(Param("n"), n)
	Label("loop")
	VMOVUPS(Mem{Base: even}, Y0)
	VMOVUPS(Mem{Base: odd}, Y1)
	VUNPCKLPS(Y1, Y0, Y2)
	VUNPCKHPS(Y1, Y0, Y3)
	VPERM2F128(Imm(0x20), Y3, Y2, Y0)
	VPERM2F128(Imm(0x31), Y3, Y2, Y1)
	VMOVUPS(Y0, Mem{Base: dst})
	VMOVUPS(Y1, Mem{Base: dst, Disp: bytes})
	ADDQ(Imm(bytes), even)
	ADDQ(Imm(bytes), odd)
	ADDQ(Imm(2*bytes), dst)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
