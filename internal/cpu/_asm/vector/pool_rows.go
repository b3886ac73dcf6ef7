package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Maxima and averages of windows of two or three columns, two columns apart. A vector of results comes from two vectors of a row, from which
// VSHUFPS takes every other element: results 0, 1, 4, 5, 2, 3, 6, 7, which VPERMPD puts in order at the end.

var everyOther Mem // twice the number of the result in each lane

func poolRows() {
	everyOther = GLOBL("vectorEveryOther", attr.RODATA|attr.NOPTR)
	for i, v := range []uint32{0, 2, 8, 10, 4, 6, 12, 14} {
		DATA(4*i, U32(v))
	}
	for _, width := range []int{2, 3} {
		poolRow(width, false, false)
		poolRow(width, true, false)
		poolRow(width, false, true)
	}
	unpoolRows()
}

// pieces stores the first n < 8 lanes of v.
func pieces(label string, v VecPhysical, n, p, at GPPhysical) {
	MOVQ(p, at)
	TESTQ(U32(4), n)
	JEQ(LabelRef(label + "Below4"))
	VMOVUPS(v.AsX(), Mem{Base: at})
	VEXTRACTF128(Imm(1), v, v.AsX())
	ADDQ(Imm(16), at)
	Label(label + "Below4")
	TESTQ(U32(2), n)
	JEQ(LabelRef(label + "Below2"))
	VMOVLPS(v.AsX(), Mem{Base: at})
	VPSRLDQ(Imm(8), v.AsX(), v.AsX())
	ADDQ(Imm(8), at)
	Label(label + "Below2")
	TESTQ(U32(1), n)
	JEQ(LabelRef(label + "Stored"))
	VMOVSS(v.AsX(), Mem{Base: at})
	Label(label + "Stored")
}

// poolRow writes the kernel of maxima, with places or without, or of averages.
func poolRow(width int, places, average bool) {
	name, args := fmt.Sprintf("vectorMax%d", width), "y, x *float32, n, rows, ldx, out, step, left int) (odd int)"
	code := fmt.Sprintf("			y[r*n+i] = max over j < rows, k < %d of x[r*step+j*ldx+2*i+k]", width)
	if places {
		name, args = name+"Places", "y *float32, place *int32, x *float32, n, rows, ldx, out, step, left, first int) (odd int)"
		code = fmt.Sprintf("			y[r*n+i], place[r*n+i] = max over j < rows, k < %d of x[r*step+j*ldx+2*i+k], first+r*step+j*ldx+2*i+k", width)
	}
	doc := []string{"with n, rows and out >= 1, the first of equals, and x that begins left elements, 0 or 1, behind: with 1 the first column is not there. The result is not 0 if there are",
		"NaN, or -Inf that might be mistaken for what is not there; the maxima are then not to be trusted."}
	if average {
		name, args = fmt.Sprintf("vectorAverage%d", width), "y, x *float32, n, rows, ldx, out, step, left int, divisor float32)"
		code = fmt.Sprintf("			y[r*n+i] = (sum over j < rows, k < %d of x[r*step+j*ldx+2*i+k]) / divisor", width)
		doc = []string{"with n, rows and out >= 1, and x that begins left elements, 0 or 1, behind: with 1 the first column is 0."}
	}
	TEXT(name+"AVX2", attr.NOSPLIT, "func("+args)
	Pragma("noescape")
	Doc(append([]string{name + "AVX2 is", "", "	for r := range out {", "		for i := range n {", code, "		}", "	}", ""}, doc...)...)
	y, x, place, n, step, rows, ldx, out := RDI, RSI, R8, R9, R10, R11, R12, R13
	Load(Param("y"), y)
	Load(Param("x"), x)
	Load(Param("n"), n)
	Load(Param("step"), step)
	Load(Param("rows"), rows)
	Load(Param("ldx"), ldx)
	Load(Param("out"), out)
	SHLQ(Imm(2), step)
	SHLQ(Imm(2), ldx)
	Load(Param("left"), RAX)
	SHLQ(Imm(2), RAX)
	SUBQ(RAX, x)
	i, from, more, t := RCX, RBX, RDX, RAX
	best, where, a, b, v, m, odd, line, here, none, notFirst := Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10
	maskA, maskB, ones, down := Y12, Y13, Y14, Y15
	if places {
		Load(Param("place"), place)
		VPBROADCASTD(param("first"), line)
		VPADDD(everyOther, line, line)
		VPCMPEQD(ones, ones, ones) // -1, which is subtracted
		VPBROADCASTD(param("ldx"), down)
	}
	zero(odd, a)
	if average {
		zero(none)
		VBROADCASTSS(param("divisor"), line)
	} else {
		VMOVUPS(at(inf), none)
	}
	VPCMPEQD(notFirst, notFirst, notFirst)
	VBLENDPS(Imm(1), a, notFirst, notFirst)

	// merge takes v, which is tap k of a row, into the best so far.
	merge := func(k int, start bool) {
		if places && k > 0 {
			VPSUBD(ones, here, here)
		}
		switch {
		case start && k == 0:
			VMOVAPS(v, best)
			if places {
				VMOVDQA(here, where)
			}
		case average:
			VADDPS(v, best, best)
		case places:
			VCMPPS(Imm(30), best, v, m) // greater
			VBLENDVPS(m, v, best, best)
			VBLENDVPS(m, here, where, where)
		default:
			VMAXPS(best, v, best) // best, where they are equal
		}
	}
	load := func(disp int, mask, dst VecPhysical, part bool) {
		if part {
			VMASKMOVPS(Mem{Base: from, Disp: disp}, mask, dst)
		} else {
			VMOVUPS(Mem{Base: from, Disp: disp}, dst)
		}
	}
	row := func(start, left, part bool) {
		switch {
		case left: // without the first element
			if part {
				VANDPS(maskA, notFirst, v)
				VMASKMOVPS(Mem{Base: from}, v, a)
			} else {
				VMASKMOVPS(Mem{Base: from}, notFirst, a)
			}
			VBLENDPS(Imm(1), none, a, a)
		default:
			load(0, maskA, a, part)
		}
		load(32, maskB, b, part)
		if !average {
			VCMPPS(Imm(3), b, a, m) // unordered
			VORPS(m, odd, odd)
		}
		VSHUFPS(Imm(0b10001000), b, a, v)
		merge(0, start)
		VSHUFPS(Imm(0b11011101), b, a, v)
		merge(1, start)
		if width == 3 {
			load(4, maskA, a, part)
			load(36, maskB, b, part)
			VSHUFPS(Imm(0b11011101), b, a, v)
			if !average {
				VCMPPS(Imm(3), v, v, m)
				VORPS(m, odd, odd)
			}
			merge(2, start)
		}
	}
	vector := func(label string, left, part bool) {
		LEAQ(Mem{Base: x, Index: i, Scale: 8}, from)
		if places {
			LEAL(Mem{Base: i, Index: i, Scale: 1}, t.As32())
			VMOVD(t.As32(), here.AsX())
			VPBROADCASTD(here.AsX(), here)
			VPADDD(line, here, here)
		}
		MOVQ(rows, more)
		row(true, left, part)
		DECQ(more)
		JEQ(LabelRef(label + "End"))
		Label(label)
		ADDQ(ldx, from)
		if places {
			VPADDD(down, here, here)
			for range width - 1 {
				VPADDD(ones, here, here)
			}
		}
		row(false, left, part)
		DECQ(more)
		JNE(LabelRef(label))
		Label(label + "End")
		if average {
			VDIVPS(line, best, best)
		} else if left {
			VCMPPS(Imm(0), none, best, m)
			VORPS(m, odd, odd)
		}
		VPERMPD(Imm(0b11011000), best, best)
		if places {
			VPERMPD(Imm(0b11011000), where, where)
		}
		if part {
			pieces(label+"Y", best, n, y, t)
			if places {
				pieces(label+"Place", where, n, place, t)
			}
			return
		}
		VMOVUPS(best, Mem{Base: y, Index: i, Scale: 4})
		if places {
			VMOVDQU(where, Mem{Base: place, Index: i, Scale: 4})
		}
	}

	CMPQ(n, Imm(8))
	JLT(LabelRef("short"))
	Label("row")
	XORQ(i, i)
	Load(Param("left"), t)
	TESTQ(t, t)
	JEQ(LabelRef("vectors"))
	vector("leftRow", true, false)
	JMP(LabelRef("next"))
	Label("vectors")
	vector("row1", false, false)
	Label("next")
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JGE(LabelRef("rowDone"))
	LEAQ(Mem{Base: n, Disp: -8}, t) // the last vector begins there
	CMPQ(i, t)
	CMOVQGT(t, i)
	JMP(LabelRef("vectors"))
	Label("rowDone")
	advance := func() {
		ADDQ(step, x)
		LEAQ(Mem{Base: y, Index: n, Scale: 4}, y)
		if places {
			LEAQ(Mem{Base: place, Index: n, Scale: 4}, place)
			VPBROADCASTD(param("step"), m)
			VPADDD(m, line, line)
		}
		DECQ(out)
	}
	advance()
	JNE(LabelRef("row"))
	JMP(LabelRef("done"))

	Label("short")
	XORQ(i, i)
	LEAQ(masks.Offset(32), t)
	MOVQ(n, more)
	CMPQ(more, Imm(4))
	JLE(LabelRef("half"))
	MOVQ(U32(4), more)
	Label("half")
	NEGQ(more)
	VMOVUPS(Mem{Base: t, Index: more, Scale: 8}, maskA) // min(2n, 8) lanes
	ADDQ(n, more)
	NEGQ(more)
	VMOVUPS(Mem{Base: t, Index: more, Scale: 8}, maskB) // the others
	Label("shortRow")
	Load(Param("left"), t)
	TESTQ(t, t)
	JEQ(LabelRef("shortRight"))
	vector("leftPart", true, true)
	JMP(LabelRef("shortNext"))
	Label("shortRight")
	vector("part", false, true)
	Label("shortNext")
	advance()
	JNE(LabelRef("shortRow"))
	Label("done")
	if !average {
		VMOVMSKPS(odd, EAX)
		Store(RAX, ReturnIndex(0))
	}
	finish()
}

// unpoolRows is the gradient of windows of 2 x 2 that do not overlap.
func unpoolRows() {
	TEXT("vectorUnpool2AVX2", attr.NOSPLIT, "func(dx, dy *float32, place *int32, n, ldx, out, first int)")
	Pragma("noescape")
	Doc("vectorUnpool2AVX2 is", "", "	for r := range out {", "		for j := range 2 {", "			for i := range 2*n {",
		"				dx[(2*r+j)*ldx+i] = 0", "				if place[r*n+i/2] == first+(2*r+j)*ldx+i { dx[(2*r+j)*ldx+i] = dy[r*n+i/2] }", "			}", "		}", "	}", "",
		"with n >= 8 and out >= 1.")
	dx, dy, place, n, ldx, out := RDI, RSI, R8, R9, R12, R13
	Load(Param("dx"), dx)
	Load(Param("dy"), dy)
	Load(Param("place"), place)
	Load(Param("n"), n)
	Load(Param("ldx"), ldx)
	Load(Param("out"), out)
	i, to, t := RCX, RBX, RAX
	line, here, ones, down, g, a, m := Y7, Y8, Y9, Y10, Y0, Y1, Y2
	VPBROADCASTD(param("first"), line)
	VPCMPEQD(ones, ones, ones)
	VMOVDQU(at(iota32), Y11)
	VPADDD(Y11, Y11, Y11)
	VPADDD(Y11, line, line) // of the windows' first elements
	VPBROADCASTD(param("ldx"), down)
	SHLQ(Imm(2), ldx)
	Label("row")
	XORQ(i, i)
	Label("vectors")
	LEAQ(Mem{Base: dx, Index: i, Scale: 8}, to)
	LEAL(Mem{Base: i, Index: i, Scale: 1}, t.As32())
	VMOVD(t.As32(), here.AsX())
	VPBROADCASTD(here.AsX(), here)
	VPADDD(line, here, here)
	VMOVUPS(Mem{Base: dy, Index: i, Scale: 4}, g)
	VMOVDQU(Mem{Base: place, Index: i, Scale: 4}, a)
	for j := range 2 {
		if j > 0 {
			VPADDD(down, here, here)
			ADDQ(ldx, to)
		}
		VPCMPEQD(here, a, m)
		VANDPS(g, m, Y3)
		VPSUBD(ones, here, Y5)
		VPCMPEQD(Y5, a, m)
		VANDPS(g, m, Y4)
		VUNPCKLPS(Y4, Y3, Y5)
		VUNPCKHPS(Y4, Y3, Y6)
		VPERM2F128(Imm(0x20), Y6, Y5, Y3)
		VPERM2F128(Imm(0x31), Y6, Y5, Y4)
		VMOVUPS(Y3, Mem{Base: to})
		VMOVUPS(Y4, Mem{Base: to, Disp: 32})
	}
	ADDQ(Imm(8), i)
	CMPQ(i, n)
	JGE(LabelRef("rowDone"))
	LEAQ(Mem{Base: n, Disp: -8}, t) // the last vector begins there
	CMPQ(i, t)
	CMOVQGT(t, i)
	JMP(LabelRef("vectors"))
	Label("rowDone")
	LEAQ(Mem{Base: dx, Index: ldx, Scale: 2}, dx)
	LEAQ(Mem{Base: dy, Index: n, Scale: 4}, dy)
	LEAQ(Mem{Base: place, Index: n, Scale: 4}, place)
	VPADDD(down, line, line)
	VPADDD(down, line, line)
	DECQ(out)
	JNE(LabelRef("row"))
	finish()
}
