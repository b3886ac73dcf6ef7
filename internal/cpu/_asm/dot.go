package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dot writes the product of a vector and the rows of a matrix, four at a time.
func dot(i isa, e elem) {
	lanes := i.bytes / e.size
	TEXT(fmt.Sprintf("gemmDot%s%s", e.short, i.name), attr.NOSPLIT, fmt.Sprintf(
		"func(x, b *%[1]s, ldb, n, k int, sum *%[1]s)", e.name))
	Pragma("noescape")
	Doc(fmt.Sprintf("gemmDot%s%s is, %s and every sum kept in %d parts (by p %% %d),", e.short, i.name, e.how, 2*lanes, 2*lanes),
		"",
		"	for j := range n {",
		"		sum[j] = 0",
		"		for p := range k { "+e.doc("sum[j]", "x[p]", "b[j*ldb+p]")+" }",
		"	}",
		"",
		"n is at least 1. It also writes what follows in sum up to a multiple of four.")
	x, k, sum, n, tmp := RSI, RCX, RDI, RAX, RDX
	next, ldb, rows := R12, RBX, R13
	b := []GPPhysical{R8, R9, R10, R11}
	Load(Param("b"), next)
	Load(Param("ldb"), ldb)
	Load(Param("n"), rows)
	Load(Param("sum"), sum)
	SHLQ(U8(e.shift), ldb)
	Label("rows")
	Load(Param("x"), x)
	Load(Param("k"), k)
	MOVQ(next, b[0])
	for j := 1; j < 4; j++ { // rows that do not exist are the last one again
		LEAQ(Mem{Base: b[j-1], Index: ldb, Scale: 1}, b[j])
		CMPQ(rows, Imm(uint64(j)))
		CMOVQLE(b[j-1], b[j])
	}
	LEAQ(Mem{Base: b[3], Index: ldb, Scale: 1}, next)
	acc := func(j, v int) VecPhysical { return i.regs[2*j+v] }
	xs, bs := i.regs[8:10], i.regs[10:14]
	for r := range 8 {
		i.zero(i.regs[r])
	}
	step := func(load func(base GPPhysical, v int, dst VecPhysical)) {
		for v := range 2 {
			load(x, v, xs[v])
		}
		for j := range 4 {
			for v := range 2 {
				load(b[j], v, bs[2*(j%2)+v])
				e.fma(bs[2*(j%2)+v], xs[v], acc(j, v))
			}
		}
	}
	MOVQ(k, n)
	SHRQ(U8(log2(2*lanes)), n)
	JZ(LabelRef("tail"))
	Label("loop")
	step(func(base GPPhysical, v int, dst VecPhysical) { e.load(Mem{Base: base, Disp: v * i.bytes}, dst) })
	for _, r := range append(b, x) {
		ADDQ(I32(int32(2*i.bytes)), r)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("tail")
	ANDQ(Imm(uint64(2*lanes-1)), k)
	JZ(LabelRef("reduce"))
	if i.k() {
		MOVQ(I32(-1), n)
		BZHIQ(k, n, n)
		KMOVW(n.As32(), K1)
		SHRQ(U8(uint64(lanes)), n)
		KMOVW(n.As32(), K2)
		step(func(base GPPhysical, v int, dst VecPhysical) {
			e.loadZ(Mem{Base: base, Disp: v * i.bytes}, []OpmaskPhysical{K1, K2}[v], dst)
		})
	} else {
		// The first vector has min(k, lanes) elements, the second what is left.
		SHLQ(U8(e.shift), k)
		MOVQ(k, n)
		MOVQ(I32(32), tmp)
		CMPQ(n, tmp)
		CMOVQGT(tmp, n)
		SUBQ(n, k)
		loadLaneMask(n, tmp, Y14)
		loadLaneMask(k, tmp, Y15)
		step(func(base GPPhysical, v int, dst VecPhysical) {
			e.mask(Mem{Base: base, Disp: v * i.bytes}, []VecPhysical{Y14, Y15}[v], dst)
		})
	}
	Label("reduce")
	addUp(i, e, sum)
	ADDQ(Imm(uint64(4*e.size)), sum)
	SUBQ(Imm(4), rows)
	JG(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// addUp stores the sums of registers 0 and 1, 2 and 3, 4 and 5, 6 and 7.
func addUp(i isa, e elem, sum GPPhysical) {
	acc := func(j, v int) VecPhysical { return i.regs[2*j+v] }
	for j := range 4 {
		e.add(acc(j, 1), acc(j, 0), acc(j, 0))
	}
	lo := func(j int) VecPhysical { return ymm[2*j] }
	hi := func(j int) VecPhysical { return ymm[2*j+1] }
	for j := range 4 {
		if i.k() {
			VEXTRACTF64X4(Imm(1), acc(j, 0), hi(j))
			e.add(hi(j), lo(j), lo(j))
		}
	}
	if e.size == 4 { // pairs of neighbours, twice, then the two halves
		VHADDPS(lo(1), lo(0), lo(0))
		VHADDPS(lo(3), lo(2), lo(2))
		VHADDPS(lo(2), lo(0), lo(0))
		VEXTRACTF128(Imm(1), Y0, X1)
		VADDPS(X1, X0, X0)
		VMOVUPS(X0, Mem{Base: sum})
	} else { // pairs of neighbours, then the two halves
		VHADDPD(lo(1), lo(0), lo(0)) // 0 1 0 1
		VHADDPD(lo(3), lo(2), lo(2)) // 2 3 2 3
		VPERM2F128(Imm(0x20), lo(2), lo(0), Y1)
		VPERM2F128(Imm(0x31), lo(2), lo(0), Y3)
		VADDPD(Y3, Y1, Y0)
		VMOVUPD(Y0, Mem{Base: sum})
	}
}

// dotHalf writes dot for rows of halves, which it widens in registers. The order of additions is the same.
func dotHalf(i isa, name string, widen func(m Mem, dst VecPhysical)) {
	e, lanes := float32s, i.bytes/4
	name = fmt.Sprintf("gemmDotF32%s%s", name, i.name)
	TEXT(name, attr.NOSPLIT, "func(x *float32, b *uint16, ldb, n, k int, sum *float32)")
	Pragma("noescape")
	Doc(name + fmt.Sprintf(" is gemmDotF32%s of rows of halves. k is a multiple of %d.", i.name, 2*lanes))
	x, k, sum := RSI, RCX, RDI
	next, ldb, rows := R12, RBX, R13
	b := []GPPhysical{R8, R9, R10, R11}
	Load(Param("b"), next)
	Load(Param("ldb"), ldb)
	Load(Param("n"), rows)
	Load(Param("sum"), sum)
	SHLQ(Imm(1), ldb)
	Label("rows")
	Load(Param("x"), x)
	Load(Param("k"), k)
	MOVQ(next, b[0])
	for j := 1; j < 4; j++ { // rows that do not exist are the last one again
		LEAQ(Mem{Base: b[j-1], Index: ldb, Scale: 1}, b[j])
		CMPQ(rows, Imm(uint64(j)))
		CMOVQLE(b[j-1], b[j])
	}
	LEAQ(Mem{Base: b[3], Index: ldb, Scale: 1}, next)
	xs, bs := i.regs[8:10], i.regs[10:14]
	for r := range 8 {
		i.zero(i.regs[r])
	}
	SHRQ(U8(log2(2*lanes)), k)
	JZ(LabelRef("reduce"))
	Label("loop")
	for v := range 2 {
		e.load(Mem{Base: x, Disp: v * i.bytes}, xs[v])
	}
	for j := range 4 {
		for v := range 2 {
			y := bs[2*(j%2)+v]
			widen(Mem{Base: b[j], Disp: v * i.bytes / 2}, y)
			e.fma(y, xs[v], i.regs[2*j+v])
		}
		ADDQ(I32(int32(i.bytes)), b[j])
	}
	ADDQ(I32(int32(2*i.bytes)), x)
	DECQ(k)
	JNZ(LabelRef("loop"))
	Label("reduce")
	addUp(i, e, sum)
	ADDQ(Imm(uint64(4*e.size)), sum)
	SUBQ(Imm(4), rows)
	JG(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

func log2(n int) (s uint64) {
	for ; n > 1; n /= 2 {
		s++
	}
	return s
}
