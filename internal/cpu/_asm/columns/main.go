// Command columns writes the amd64 kernel of columns.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	sumColumns()
	Generate()
}

func sumColumns() {
	TEXT("sumColumnsAVX2", attr.NOSPLIT, "func(sum *float64, x *float32, stride, rows, n int)")
	Pragma("noescape")
	Doc("sumColumnsAVX2 is",
		"",
		"	for i := range rows { for j := range n { sum[j] += float64(x[i*stride+j]) } }",
		"",
		"for n a multiple of 8 and rows, both at least 1.")
	sum, stride, n, rows, j := RDI, RBX, RDX, RCX, RAX
	x := []GPPhysical{RSI, R8, R9, R10}
	Load(Param("sum"), sum)
	Load(Param("x"), x[0])
	Load(Param("stride"), stride)
	Load(Param("rows"), rows)
	Load(Param("n"), n)
	SHLQ(U8(2), stride)
	// add passes along the sums with so many rows at a time.
	add := func(group int, label, next string) {
		Label(label)
		SUBQ(Imm(uint64(group)), rows)
		JL(LabelRef(next))
		for i := 1; i < group; i++ {
			LEAQ(Mem{Base: x[i-1], Index: stride, Scale: 1}, x[i])
		}
		XORQ(j, j)
		Label(label + "columns")
		acc := []VecPhysical{Y0, Y1}
		for v, a := range acc {
			VMOVUPD(Mem{Base: sum, Index: j, Scale: 8, Disp: 32 * v}, a)
		}
		for i := range group {
			for v, a := range acc {
				wide := []VecPhysical{Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9}[2*i+v]
				VCVTPS2PD(Mem{Base: x[i], Index: j, Scale: 4, Disp: 16 * v}, wide)
				VADDPD(wide, a, a)
			}
		}
		for v, a := range acc {
			VMOVUPD(a, Mem{Base: sum, Index: j, Scale: 8, Disp: 32 * v})
		}
		ADDQ(Imm(8), j)
		CMPQ(j, n)
		JL(LabelRef(label + "columns"))
		LEAQ(Mem{Base: x[group-1], Index: stride, Scale: 1}, x[0])
		JMP(LabelRef(label))
	}
	add(4, "four", "rest")
	Label("rest")
	ADDQ(Imm(4), rows)
	add(1, "one", "end")
	Label("end")
	VZEROUPPER()
	RET()
}
