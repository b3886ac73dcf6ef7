// Command sparse writes the amd64 kernels of sparse.go, zeros.go and index.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var laneMasks Mem

func main() {
	ConstraintExpr("amd64,!noasm")
	laneMasks = GLOBL("sparseLaneMasks", attr.RODATA|attr.NOPTR)
	for i := range 16 {
		v := U32(0)
		if i < 8 {
			v--
		}
		DATA(4*i, v)
	}
	rows(false)
	rows(true)
	spread()
	find()
	sums(false)
	sums(true)
	Generate()
}

func text(name, args string, doc ...string) {
	TEXT(name+"AVX2", attr.NOSPLIT, "func("+args+")")
	Pragma("noescape")
	Doc(append([]string{name + "AVX2 is", ""}, doc...)...)
}

func load(name string, r GPPhysical) GPPhysical {
	Load(Param(name), r)
	return r
}

// mask sets y to ones in the first n%8 lanes, or in none. It overwrites t and u.
func mask(n, t, u GPPhysical, y VecPhysical) {
	MOVQ(n, u)
	ANDQ(Imm(7), u)
	NEGQ(u)
	LEAQ(laneMasks.Offset(32), t)
	VMOVUPS(Mem{Base: t, Index: u, Scale: 4}, y)
}

var acc = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}

// blocks goes through a row's columns, left of them: as many vectors at a time as registers hold, then fewer, then a part of one.
func blocks(label string, left GPPhysical, body func(label string, vectors int, part bool)) {
	for _, k := range []int{8, 2, 1} {
		l := fmt.Sprintf("%s%d", label, k)
		SUBQ(Imm(uint64(8*k)), left)
		JLT(LabelRef(l + "Done"))
		Label(l)
		body(l, k, false)
		SUBQ(Imm(uint64(8*k)), left)
		JGE(LabelRef(l))
		Label(l + "Done")
		ADDQ(Imm(uint64(8*k)), left)
	}
	JEQ(LabelRef(label + "Done"))
	body(label+"Part", 1, true)
	Label(label + "Done")
}

func rows(placed bool) {
	name, args, value := "sparseRows", "y, x, v *float32, ptr *int, col *int32, rows, n, ldx, ldy, add int", "v[e]"
	if placed {
		name, args, value = "sparseRowsPlaced", "y, x, v *float32, ptr *int, col, place *int32, rows, n, ldx, ldy, add int", "v[place[e]]"
	}
	text(name, args,
		"	for r := range rows {",
		"		for i := range n {",
		"			sum := 0",
		"			for e := ptr[r]; e < ptr[r+1]; e++ { sum += "+value+" * x[col[e]*ldx+i] }",
		"			if add != 0 { sum += y[r*ldy+i] }",
		"			y[r*ldy+i] = sum",
		"		}",
		"	}",
		"",
		"with rows and n >= 1 and one rounding where a product is added.")
	y, x, v, ptr, col := load("y", RDI), load("x", RSI), load("v", R8), load("ptr", R11), load("col", R9)
	ldx, count := load("ldx", R12), load("rows", R15)
	place := R10
	if placed {
		load("place", place)
	}
	xo, yo, left, e, at := RBX, R13, RCX, RDX, RAX
	SHLQ(Imm(2), ldx)
	load("n", left)
	part := Y15
	mask(left, RAX, RDX, part)
	Label("row")
	load("n", left)
	MOVQ(x, xo)
	MOVQ(y, yo)
	blocks("columns", left, func(label string, vectors int, last bool) {
		for i := range vectors {
			VXORPS(acc[i], acc[i], acc[i])
		}
		MOVQ(Mem{Base: ptr}, e)
		CMPQ(e, Mem{Base: ptr, Disp: 8})
		JGE(LabelRef(label + "Sum"))
		Label(label + "Entry")
		if placed {
			MOVLQSX(Mem{Base: place, Index: e, Scale: 4}, at)
			VBROADCASTSS(Mem{Base: v, Index: at, Scale: 4}, Y8)
		} else {
			VBROADCASTSS(Mem{Base: v, Index: e, Scale: 4}, Y8)
		}
		MOVLQSX(Mem{Base: col, Index: e, Scale: 4}, at)
		IMULQ(ldx, at)
		for i := range vectors {
			from := Mem{Base: xo, Index: at, Scale: 1, Disp: 32 * i}
			if last {
				VMASKMOVPS(from, part, Y9)
				VFMADD231PS(Y9, Y8, acc[0])
			} else {
				VFMADD231PS(from, Y8, acc[i])
			}
		}
		INCQ(e)
		CMPQ(e, Mem{Base: ptr, Disp: 8})
		JLT(LabelRef(label + "Entry"))
		Label(label + "Sum")
		load("add", at)
		TESTQ(at, at)
		JEQ(LabelRef(label + "Store"))
		for i := range vectors {
			if last {
				VMASKMOVPS(Mem{Base: yo}, part, Y9)
				VADDPS(Y9, acc[0], acc[0])
			} else {
				VADDPS(Mem{Base: yo, Disp: 32 * i}, acc[i], acc[i])
			}
		}
		Label(label + "Store")
		if last {
			storePart(left, yo)
			return
		}
		for i := range vectors {
			VMOVUPS(acc[i], Mem{Base: yo, Disp: 32 * i})
		}
		advance := uint32(32 * vectors)
		ADDQ(U32(advance), xo)
		ADDQ(U32(advance), yo)
	})
	load("ldy", at)
	LEAQ(Mem{Base: y, Index: at, Scale: 4}, y)
	ADDQ(Imm(8), ptr)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// storePart stores the first n < 8 lanes of Y0 in up to three pieces, which is faster than a masked store. It moves p.
func storePart(n, p GPPhysical) {
	TESTQ(U32(4), n)
	JEQ(LabelRef("two"))
	VMOVUPS(X0, Mem{Base: p})
	VEXTRACTF128(Imm(1), Y0, X0)
	ADDQ(Imm(16), p)
	Label("two")
	TESTQ(U32(2), n)
	JEQ(LabelRef("one"))
	VMOVLPS(X0, Mem{Base: p})
	VPSRLDQ(Imm(8), X0, X0)
	ADDQ(Imm(8), p)
	Label("one")
	TESTQ(U32(1), n)
	JEQ(LabelRef("columnsDone"))
	VMOVSS(X0, Mem{Base: p})
}

func spread() {
	text("sparseSpread", "t, d, v *float32, ptr *int, col *int32, rows, n, ldt, ldd int",
		"	for r := range rows {",
		"		for e := ptr[r]; e < ptr[r+1]; e++ {",
		"			for i := range n { t[col[e]*ldt+i] += v[e] * d[r*ldd+i] }",
		"		}",
		"	}",
		"",
		"with rows and n >= 1 and one rounding where a product is added. Rows of t are whole vectors: what is after n in the last keeps its value.")
	t, d, v, ptr, col := load("t", RDI), load("d", RSI), load("v", R8), load("ptr", R11), load("col", R9)
	ldt, ldd, count := load("ldt", R12), load("ldd", R10), load("rows", R15)
	to, from, left, e, at := RBX, R13, RCX, RDX, RAX
	SHLQ(Imm(2), ldt)
	load("n", left)
	part := Y15
	mask(left, RAX, RDX, part)
	Label("row")
	load("n", left)
	MOVQ(t, to)
	MOVQ(d, from)
	MOVQ(Mem{Base: ptr}, e)
	CMPQ(e, Mem{Base: ptr, Disp: 8})
	JGE(LabelRef("next"))
	blocks("columns", left, func(label string, vectors int, last bool) {
		for i := range vectors {
			if last {
				VMASKMOVPS(Mem{Base: from}, part, acc[0])
			} else {
				VMOVUPS(Mem{Base: from, Disp: 32 * i}, acc[i])
			}
		}
		MOVQ(Mem{Base: ptr}, e)
		Label(label + "Entry")
		VBROADCASTSS(Mem{Base: v, Index: e, Scale: 4}, Y8)
		MOVLQSX(Mem{Base: col, Index: e, Scale: 4}, at)
		IMULQ(ldt, at)
		for i := range vectors {
			m := Mem{Base: to, Index: at, Scale: 1, Disp: 32 * i}
			s := []VecPhysical{Y9, Y10, Y11, Y12}[i%4]
			VMOVUPS(m, s)
			VFMADD231PS(acc[i], Y8, s)
			VMOVUPS(s, m)
		}
		INCQ(e)
		CMPQ(e, Mem{Base: ptr, Disp: 8})
		JLT(LabelRef(label + "Entry"))
		advance := uint32(32 * vectors)
		ADDQ(U32(advance), to)
		ADDQ(U32(advance), from)
	})
	Label("next")
	LEAQ(Mem{Base: d, Index: ldd, Scale: 4}, d)
	ADDQ(Imm(8), ptr)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// find looks at 16 elements at a time: most often there is nothing. Moving what there is to the front of vectors, without a branch,
// takes three times as long where an element in a hundred is not 0.
func find() {
	text("sparseFind", "ptr *int, col *int32, v, x *float32, rows, n, ldx int",
		"	at := 0",
		"	for r := range rows {",
		"		for i := range n {",
		"			if x[r*ldx+i] != 0 { col[at], v[at] = i, x[r*ldx+i]; at++ }",
		"		}",
		"		ptr[r] = at",
		"	}",
		"",
		"with rows and n >= 1.")
	ptr, col, v, x := load("ptr", R11), load("col", R9), load("v", R8), load("x", RSI)
	ldx, count := load("ldx", R12), load("rows", R15)
	i, at, bits, more, to, n, ahead := RCX, RDX, RAX, RBX, R13, R10, RDI
	load("n", n)
	VXORPS(Y2, Y2, Y2)
	XORQ(at, at)
	take := func(label string) { // the elements from i on that bits names
		Label(label)
		TZCNTL(bits.As32(), more.As32())
		ADDQ(i, more)
		MOVL(Mem{Base: x, Index: more, Scale: 4}, to.As32())
		MOVL(more.As32(), Mem{Base: col, Index: at, Scale: 4})
		MOVL(to.As32(), Mem{Base: v, Index: at, Scale: 4})
		INCQ(at)
		BLSRL(bits.As32(), bits.As32())
		JNE(LabelRef(label))
	}
	const notEqual = 4 // NaN is not 0
	Label("row")
	XORQ(i, i)
	LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, ahead) // prefetch rows ahead: parts of rows are too short for the processor to do it
	LEAQ(Mem{Base: x, Index: ahead, Scale: 8}, ahead)
	SUBQ(Imm(16), n)
	JLT(LabelRef("rest"))
	Label("vectors")
	PREFETCHT0(Mem{Base: ahead, Index: i, Scale: 4})
	VCMPPS(Imm(notEqual), Mem{Base: x, Index: i, Scale: 4}, Y2, Y0)
	VCMPPS(Imm(notEqual), Mem{Base: x, Index: i, Scale: 4, Disp: 32}, Y2, Y1)
	VMOVMSKPS(Y0, bits.As32())
	VMOVMSKPS(Y1, more.As32())
	SHLL(Imm(8), more.As32())
	ORL(more.As32(), bits.As32())
	JNE(LabelRef("some"))
	Label("none")
	ADDQ(Imm(16), i)
	CMPQ(i, n)
	JLE(LabelRef("vectors"))
	Label("rest")
	ADDQ(Imm(16), n)
	Label("single")
	CMPQ(i, n)
	JGE(LabelRef("next"))
	VMOVSS(Mem{Base: x, Index: i, Scale: 4}, X0)
	VCMPPS(Imm(notEqual), X2, X0, X0)
	VMOVD(X0, bits.As32())
	ANDL(Imm(1), bits.As32())
	JNE(LabelRef("one"))
	Label("zero")
	INCQ(i)
	JMP(LabelRef("single"))
	Label("next")
	MOVQ(at, Mem{Base: ptr})
	ADDQ(Imm(8), ptr)
	LEAQ(Mem{Base: x, Index: ldx, Scale: 4}, x)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
	take("some")
	JMP(LabelRef("none"))
	take("one")
	JMP(LabelRef("zero"))
}

func sums(ordered bool) {
	name, args, row := "sparseSums", "y, x *float32, start *int32, groups, n, ld int", "p"
	if ordered {
		name, args, row = "sparseSumsOrdered", "y, x *float32, start, order *int32, groups, n, ld int", "order[p]"
	}
	text(name, args,
		"	for g := range groups {",
		"		for i := range n {",
		"			sum := 0.0",
		"			for p := start[g]; p < start[g+1]; p++ { sum += float64(x["+row+"*ld+i]) }",
		"			y[g*ld+i] = float32(sum)",
		"		}",
		"	}",
		"",
		"with groups and n >= 1.")
	y, x, start, order := load("y", RDI), load("x", RSI), load("start", R8), R9
	if ordered {
		load("order", order)
	}
	n, ld, count := load("n", R11), load("ld", R12), load("groups", R15)
	xo, yo, left, p, at, end := RBX, R13, RCX, RDX, RAX, R10
	SHLQ(Imm(2), ld)
	MOVQ(n, left)
	ANDQ(Imm(3), left)
	NEGQ(left)
	LEAQ(laneMasks.Offset(32), at)
	VMOVUPS(Mem{Base: at, Index: left, Scale: 4}, X15)
	Label("group")
	MOVQ(n, left)
	MOVQ(x, xo)
	MOVQ(y, yo)
	MOVLQSX(Mem{Base: start, Disp: 4}, end)
	body := func(label string, vectors int, part bool) {
		for i := range vectors {
			VXORPD(acc[i], acc[i], acc[i])
		}
		MOVLQSX(Mem{Base: start}, p)
		CMPQ(p, end)
		JGE(LabelRef(label + "Store"))
		Label(label + "Row")
		if ordered {
			MOVLQSX(Mem{Base: order, Index: p, Scale: 4}, at)
			IMULQ(ld, at)
		} else {
			MOVQ(p, at)
			IMULQ(ld, at)
		}
		for i := range vectors {
			from := Mem{Base: xo, Index: at, Scale: 1, Disp: 16 * i}
			if part {
				VMASKMOVPS(from, X15, X8)
				VCVTPS2PD(X8, Y8)
			} else {
				VCVTPS2PD(from, Y8)
			}
			VADDPD(Y8, acc[i], acc[i])
		}
		INCQ(p)
		CMPQ(p, end)
		JLT(LabelRef(label + "Row"))
		Label(label + "Store")
		for i := range vectors {
			VCVTPD2PSY(acc[i], acc[i].AsX())
			if !part {
				VMOVUPS(acc[i].AsX(), Mem{Base: yo, Disp: 16 * i})
			}
		}
		if part {
			storePart(left, yo)
			return
		}
		ADDQ(U32(uint32(16*vectors)), xo)
		ADDQ(U32(uint32(16*vectors)), yo)
	}
	for _, k := range []int{8, 4, 1} {
		l := fmt.Sprintf("columns%d", k)
		SUBQ(Imm(uint64(4*k)), left)
		JLT(LabelRef(l + "Done"))
		Label(l)
		body(l, k, false)
		SUBQ(Imm(uint64(4*k)), left)
		JGE(LabelRef(l))
		Label(l + "Done")
		ADDQ(Imm(uint64(4*k)), left)
	}
	JEQ(LabelRef("columnsDone"))
	body("columnsPart", 1, true)
	Label("columnsDone")
	ADDQ(ld, y)
	ADDQ(Imm(4), start)
	DECQ(count)
	JNE(LabelRef("group"))
	VZEROUPPER()
	RET()
}
