package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The registers of a tile kernel. Strides are in bytes once they are here.
var (
	tileA    = []GPPhysical{R8, R9, R10} // rows 0, 5 and 10 of A; the others are at most four strides further
	tileARS  = RBX
	tileARS3 = R11 // 3 * ARS
	tileACS  = RCX
	tileB    = RSI
	tileBRS  = RDX
	tileC    = RDI
	tileLDC  = R12
	tileK    = RAX
	tileCur  = R13 // a row of C
	tileEnd  = R15 // the end of C's rows, where the next block begins
	tileNext = R14 // what to bring to the cache
)

// tiles writes the kernel of blocks of C that fit the registers, one below the other, for every count of rows and width.
func tiles(i isa, e elem) {
	rows, lanes := 6, i.bytes/e.size
	if i.k() {
		rows = 14
	}
	TEXT(fmt.Sprintf("gemmTile%s%s", e.short, i.name), attr.NOSPLIT, fmt.Sprintf(
		"func(a *%[1]s, ars, acs, down int, b *%[1]s, brs int, c *%[1]s, ldc int, m, n, k, blocks int, rowBias, colBias *%[1]s, flags int, next *%[1]s, step, jump int)", e.name))
	Pragma("noescape")
	Doc(fmt.Sprintf("gemmTile%s%s is, %s and s in a register,", e.short, i.name, e.how),
		"",
		"	for range blocks {",
		"		for i := range m {",
		"			for j := range n {",
		"				s := 0",
		"				for p := range k { "+e.doc("s", "a[i*ars+p*acs]", "b[p*brs+j]")+" }",
		"				if flags&1 != 0 { s += c[i*ldc+j] }",
		"				if rowBias != nil { s += rowBias[i] }",
		"				if colBias != nil { s += colBias[j] }",
		"				if flags&2 != 0 { s = max(s, 0) } // NaN and -0 stay",
		"				c[i*ldc+j] = s",
		"			}",
		"		}",
		"		a, c = a[down:], c[m*ldc:]",
		"		if rowBias != nil { rowBias = rowBias[m:] }",
		"	}",
		"",
		fmt.Sprintf("m is 1 to %d. n is 1 to %d, %d, or %d if m is 1. It reads and writes nothing else.", rows, lanes, 2*lanes, 8*lanes),
		"Meanwhile it brings to the cache what begins at next and, for each block, jump bytes further: a line every step bytes for",
		"four terms.")
	Load(Param("a"), tileA[0])
	Load(Param("ars"), tileARS)
	Load(Param("acs"), tileACS)
	Load(Param("b"), tileB)
	Load(Param("brs"), tileBRS)
	Load(Param("c"), tileC)
	Load(Param("ldc"), tileLDC)
	for _, r := range []GPPhysical{tileARS, tileACS, tileBRS, tileLDC} {
		SHLQ(U8(e.shift), r)
	}
	Load(Param("next"), tileNext)
	Load(Param("n"), R9)
	Load(Param("m"), R10)
	MOVQ(tileLDC, tileEnd)
	IMULQ(R10, tileEnd)
	ADDQ(tileC, tileEnd)
	MOVQ(tileC, tileCur)
	LEAQ(Mem{Base: tileARS, Index: tileARS, Scale: 2}, tileARS3)
	CMPQ(R9, Imm(uint64(2*lanes)))
	JG(LabelRef("wide"))
	CMPQ(R9, Imm(uint64(lanes)))
	JLE(LabelRef("narrow"))
	choose(rows, 2)
	Label("narrow")
	if i.k() {
		loadKMask(R9, tileK, K1)
	} else {
		SHLQ(U8(e.shift), R9)
		loadLaneMask(R9, tileK, Y15)
	}
	choose(rows, 1)
	for v := 2; v >= 1; v-- {
		for r := rows; r >= 1; r-- {
			tile(i, e, r, v)
		}
	}
	Label("wide")
	tile(i, e, 1, 8)
}

// choose jumps to the code for the number of rows in R10.
func choose(rows, vecs int) {
	for r := rows; r > 1; r-- {
		CMPQ(R10, Imm(uint64(r)))
		JEQ(LabelRef(tileLabel(r, vecs, "")))
	}
	JMP(LabelRef(tileLabel(1, vecs, "")))
}

func tileLabel(rows, vecs int, part string) string { return fmt.Sprintf("m%dv%d%s", rows, vecs, part) }

// tile writes the code for a number of rows and of vectors in a row.
func tile(i isa, e elem, rows, vecs int) {
	t := tileGen{i, e, rows, vecs}
	label := func(part string) string { return tileLabel(rows, vecs, part) }
	Label(label(""))
	for r := range rows {
		for v := range vecs {
			i.zero(t.acc(r, v))
		}
	}
	for b := 1; b*5 < rows; b++ {
		LEAQ(Mem{Base: tileA[b-1], Index: tileARS, Scale: 4}, tileA[b])
		ADDQ(tileARS, tileA[b])
	}
	Load(Param("k"), tileK)
	SHRQ(U8(2), tileK)
	JZ(LabelRef(label("tail")))
	Label(label("loop"))
	for range 4 {
		t.step()
	}
	PREFETCHT1(Mem{Base: tileNext})
	ADDQ(param("step"), tileNext)
	// Bring one row of C a turn to the cache, over and over: it costs less than knowing when to stop.
	PREFETCHT0(Mem{Base: tileCur})
	PREFETCHT0(Mem{Base: tileCur, Disp: min(64, i.bytes*vecs-e.size)})
	ADDQ(tileLDC, tileCur)
	CMPQ(tileCur, tileEnd)
	CMOVQEQ(tileC, tileCur)
	DECQ(tileK)
	JNZ(LabelRef(label("loop")))
	Label(label("tail"))
	Load(Param("k"), tileK)
	ANDQ(Imm(3), tileK)
	JZ(LabelRef(label("end")))
	Label(label("tailloop"))
	t.step()
	DECQ(tileK)
	JNZ(LabelRef(label("tailloop")))
	Label(label("end"))
	t.epilogue(label)
	DECQ(param("blocks"))
	JZ(LabelRef(label("last")))
	t.below()
	JMP(LabelRef(label("")))
	Label(label("last"))
	VZEROUPPER()
	RET()
}

// param is where a parameter is in memory.
func param(name string) Op {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// below moves on to the next block of rows.
func (t tileGen) below() {
	Load(Param("down"), tileA[0])
	SHLQ(U8(t.shift), tileA[0])
	ADDQ(param("a"), tileA[0])
	MOVQ(tileA[0], param("a"))
	Load(Param("next"), tileNext)
	ADDQ(param("jump"), tileNext)
	MOVQ(tileNext, param("next"))
	Load(Param("b"), tileB)
	MOVQ(tileEnd, tileCur)
	SUBQ(tileC, tileEnd)
	MOVQ(tileCur, tileC)
	ADDQ(tileC, tileEnd)
	Load(Param("rowBias"), tileK)
	TESTQ(tileK, tileK)
	JZ(LabelRef(tileLabel(t.rows, t.vecs, "")))
	ADDQ(Imm(uint64(t.rows*t.size)), param("rowBias"))
}

type tileGen struct {
	isa
	elem
	rows, vecs int
}

func (t tileGen) acc(r, v int) VecPhysical { return t.regs[r*t.vecs+v] }

// spare is the i-th register that holds no sum, from the last on.
func (t tileGen) spare(i int) VecPhysical {
	n := len(t.regs) - 1
	if t.masked() && !t.k() {
		n-- // Y15 is the mask
	}
	return t.regs[n-i]
}

// masked says that K1 or Y15 masks the columns. A mask costs a cycle on the multiply-add units of some processors, so full tiles have none.
func (t tileGen) masked() bool { return t.vecs == 1 }

// loadVec loads vector v of a row whose first element is at m.
func (t tileGen) loadVec(m Mem, v int, dst VecPhysical) {
	m.Disp += v * t.bytes
	switch {
	case !t.masked():
		t.load(m, dst)
	case t.k():
		t.loadZ(m, K1, dst)
	default:
		t.elem.mask(m, Y15, dst)
	}
}

// step adds one column of A times one row of B.
func (t tileGen) step() {
	b := Mem{Base: tileB}
	if t.vecs <= 2 {
		for v := range t.vecs {
			t.loadVec(b, v, t.spare(2+v))
		}
	}
	for r := range t.rows {
		a := t.spare(r % 2)
		m := Mem{Base: tileA[r/5]}
		switch r % 5 {
		case 1, 2, 4:
			m.Index, m.Scale = tileARS, uint8(r%5)
		case 3:
			m.Index, m.Scale = tileARS3, 1
		}
		t.broadcast(m, a)
		for v := range t.vecs {
			switch {
			case t.vecs <= 2:
				t.fma(a, t.spare(2+v), t.acc(r, v))
			case t.short == "BF16": // which is written for registers alone
				t.load(b.Offset(v*t.bytes), t.spare(2+v))
				t.fma(a, t.spare(2+v), t.acc(r, v))
			default:
				t.fma(b.Offset(v*t.bytes), a, t.acc(r, v))
			}
		}
	}
	for i := 0; i*5 < t.rows; i++ {
		ADDQ(tileACS, tileA[i])
	}
	ADDQ(tileBRS, tileB)
}

// epilogue adds C and the biases, applies ReLU and stores.
func (t tileGen) epilogue(label func(string) string) {
	flags, bias := tileK, tileB
	each := func(f func(r, v int)) {
		for r := range t.rows {
			for v := range t.vecs {
				f(r, v)
			}
		}
	}
	overC := func(f func(c Mem, r, v int)) {
		MOVQ(tileC, tileCur)
		each(func(r, v int) {
			f(Mem{Base: tileCur}, r, v)
			if v == t.vecs-1 && r < t.rows-1 {
				ADDQ(tileLDC, tileCur)
			}
		})
	}
	Load(Param("flags"), flags)
	TESTQ(U32(1), flags)
	JZ(LabelRef(label("row")))
	overC(func(c Mem, r, v int) {
		x := t.spare((r*t.vecs + v) % 2)
		t.loadVec(c, v, x)
		t.add(x, t.acc(r, v), t.acc(r, v))
	})
	Label(label("row"))
	Load(Param("rowBias"), bias)
	TESTQ(bias, bias)
	JZ(LabelRef(label("col")))
	each(func(r, v int) {
		x := t.spare(r % 2)
		if v == 0 {
			t.broadcast(Mem{Base: bias, Disp: r * t.size}, x)
		}
		t.add(x, t.acc(r, v), t.acc(r, v))
	})
	Label(label("col"))
	Load(Param("colBias"), bias)
	TESTQ(bias, bias)
	JZ(LabelRef(label("relu")))
	for v := range t.vecs {
		x := t.spare(v % 2)
		t.loadVec(Mem{Base: bias}, v, x)
		for r := range t.rows {
			t.add(x, t.acc(r, v), t.acc(r, v))
		}
	}
	Label(label("relu"))
	TESTQ(U32(2), flags)
	JZ(LabelRef(label("store")))
	t.zero(t.spare(0))
	each(func(r, v int) { t.max(t.acc(r, v), t.spare(0), t.acc(r, v)) })
	Label(label("store"))
	switch {
	case !t.masked():
		overC(func(c Mem, r, v int) { t.load(t.acc(r, v), c.Offset(v*t.bytes)) })
		return
	case t.k():
		overC(func(c Mem, r, v int) { t.load(t.acc(r, v), K1, c) })
		return
	}
	// A masked store takes a dozen cycles: store a half, a quarter and an eighth as needed.
	n := tileB
	Load(Param("n"), n)
	CMPQ(n, Imm(uint64(t.bytes/t.size)))
	JNE(LabelRef(label("part")))
	overC(func(c Mem, r, v int) { t.load(t.acc(r, v), c) })
	JMP(LabelRef(label("stored")))
	Label(label("part"))
	SHLQ(U8(t.shift), n)
	overC(func(c Mem, r, v int) {
		at := func(s string) string { return label(fmt.Sprintf("row%d%s", r, s)) }
		y, to := t.acc(r, v), Mem{Base: tileA[0]}
		x := y.AsX()
		MOVQ(tileCur, tileA[0])
		TESTQ(U32(16), n)
		JZ(LabelRef(at("b8")))
		VMOVUPS(x, to)
		VEXTRACTF128(Imm(1), y, x)
		ADDQ(Imm(16), tileA[0])
		Label(at("b8"))
		TESTQ(U32(8), n)
		JZ(LabelRef(at("b4")))
		VMOVLPS(x, to)
		if t.size == 4 {
			VMOVHLPS(x, x, x)
			ADDQ(Imm(8), tileA[0])
		}
		Label(at("b4"))
		if t.size == 4 {
			TESTQ(U32(4), n)
			JZ(LabelRef(at("end")))
			VMOVSS(x, to)
			Label(at("end"))
		}
	})
	Label(label("stored"))
}
