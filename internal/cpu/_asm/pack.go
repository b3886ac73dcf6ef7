package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The registers of the transposing kernels. Strides are in bytes once they are here.
var (
	packDst = RDI
	packW   = RDX
	packW3  = RBX
	packSrc = []GPPhysical{R8, R9, R10, R11, R12, R13, RSI, R15}
	packP   = RAX // where in a row
	packK   = RCX
)

// transpose begins a kernel that transposes blocks of n rows and columns, n = 32 / size, and calls block for one. The last
// block of a row ends where the row ends, so it may overlap the one before.
func transpose(e elem, block func()) {
	n := 32 / e.size
	TEXT(fmt.Sprintf("gemmTranspose%sAVX2", e.short), attr.NOSPLIT, fmt.Sprintf(
		"func(dst *%[1]s, w int, src *%[1]s, stride, rows, k int)", e.name))
	Pragma("noescape")
	Doc(fmt.Sprintf("gemmTranspose%sAVX2 is", e.short),
		"",
		"	for p := range k {",
		"		for i := range rows { dst[p*w+i] = src[i*stride+p] }",
		"	}",
		"",
		fmt.Sprintf("rows is 1 to %d, w at least rows, k at least %d. It also writes the elements dst[p*w+rows] to dst[p*w+%d],", n, n, n-1),
		"in ascending order of p.")
	stride, rows := packK, packP
	Load(Param("src"), packSrc[0])
	Load(Param("stride"), stride)
	Load(Param("rows"), rows)
	SHLQ(U8(e.shift), stride)
	for i := 1; i < n; i++ { // rows that do not exist are the last one again
		LEAQ(Mem{Base: packSrc[i-1], Index: stride, Scale: 1}, packSrc[i])
		CMPQ(rows, Imm(uint64(i)))
		CMOVQLE(packSrc[i-1], packSrc[i])
	}
	Load(Param("dst"), packDst)
	Load(Param("w"), packW)
	SHLQ(U8(e.shift), packW)
	LEAQ(Mem{Base: packW, Index: packW, Scale: 2}, packW3)
	Load(Param("k"), packK)
	SUBQ(Imm(uint64(n)), packK)
	XORQ(packP, packP)
	Label("loop")
	block()
	ADDQ(Imm(uint64(n)), packP)
	CMPQ(packP, packK)
	JLE(LabelRef("loop"))
	ADDQ(Imm(uint64(n)), packK)
	CMPQ(packP, packK)
	JEQ(LabelRef("done"))
	SUBQ(Imm(uint64(n)), packK) // one more block, at k-n
	SUBQ(packK, packP)
	IMULQ(packW, packP)
	SUBQ(packP, packDst)
	MOVQ(packK, packP)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// storeColumns stores n vectors at distances of w, and moves dst on.
func storeColumns(columns []VecPhysical) {
	for i, c := range columns {
		m := Mem{Base: packDst}
		switch i % 4 {
		case 1, 2:
			m.Index, m.Scale = packW, uint8(i%4)
		case 3:
			m.Index, m.Scale = packW3, 1
		}
		VMOVUPS(c, m)
		if i%4 == 3 {
			LEAQ(Mem{Base: packDst, Index: packW, Scale: 4}, packDst)
		}
	}
}

func transpose8() {
	transpose(float32s, func() {
		// Register i has row i and row i+4, four columns each: the halves need no shuffle later.
		in := func(row, col int) Mem { return Mem{Base: packSrc[row], Index: packP, Scale: 4, Disp: 4 * col} }
		var out []VecPhysical
		for h := range 2 { // columns 0 to 3, then 4 to 7
			r := ymm[8*h:]
			for i := range 4 {
				VMOVUPS(in(i, 4*h), r[i].AsX())
				VINSERTF128(Imm(1), in(i+4, 4*h), r[i], r[i])
			}
			VUNPCKLPS(r[1], r[0], r[4])
			VUNPCKHPS(r[1], r[0], r[5])
			VUNPCKLPS(r[3], r[2], r[6])
			VUNPCKHPS(r[3], r[2], r[7])
			VSHUFPS(Imm(0x44), r[6], r[4], r[0])
			VSHUFPS(Imm(0xee), r[6], r[4], r[1])
			VSHUFPS(Imm(0x44), r[7], r[5], r[2])
			VSHUFPS(Imm(0xee), r[7], r[5], r[3])
			out = append(out, r[:4]...)
		}
		storeColumns(out)
	})
}

func transpose4() {
	transpose(float64s, func() {
		in := func(row, col int) Mem { return Mem{Base: packSrc[row], Index: packP, Scale: 8, Disp: 8 * col} }
		var out []VecPhysical
		for h := range 2 { // columns 0 and 1, then 2 and 3
			r := ymm[8*h:]
			for i := range 2 {
				VMOVUPD(in(i, 2*h), r[i].AsX())
				VINSERTF128(Imm(1), in(i+2, 2*h), r[i], r[i])
			}
			VUNPCKLPD(r[1], r[0], r[2])
			VUNPCKHPD(r[1], r[0], r[3])
			out = append(out, r[2:4]...)
		}
		storeColumns(out)
	})
}

// packRows writes the copy of blocks of short rows that lie side by side.
func packRows() {
	TEXT("gemmCopyRowsAVX2", attr.NOSPLIT, "func(dst *float32, w, size int, src *float32, stride, cols, blocks, k int)")
	Pragma("noescape")
	Doc("gemmCopyRowsAVX2 is",
		"",
		"	for p := range k {",
		"		for q := range blocks {",
		"			for j := range cols { dst[q*size+p*w+j] = src[p*stride+q*cols+j] }",
		"		}",
		"	}",
		"",
		"cols is 1 to 32, blocks and k at least 1. It also writes what follows in dst up to a multiple of 8 elements a row, in",
		"ascending order of p.")
	dst, w, size, src, stride, cols, k, tmp := RDI, RDX, R9, RSI, RCX, RBX, RAX, R8
	to, from, n := R10, R11, R12
	Load(Param("dst"), dst)
	Load(Param("w"), w)
	Load(Param("size"), size)
	Load(Param("src"), src)
	Load(Param("stride"), stride)
	Load(Param("cols"), cols)
	Load(Param("k"), k)
	for _, r := range []GPPhysical{w, size, stride, cols} {
		SHLQ(U8(2), r)
	}
	for v := 1; v <= 4; v++ {
		if v < 4 {
			CMPQ(cols, I32(int32(32*v)))
			JG(LabelRef(fmt.Sprintf("more%d", v)))
		}
		MOVQ(cols, n)
		SUBQ(I32(int32(32*(v-1))), n)
		loadLaneMask(n, tmp, Y15)
		Label(fmt.Sprintf("row%d", v))
		MOVQ(dst, to)
		MOVQ(src, from)
		Load(Param("blocks"), n)
		Label(fmt.Sprintf("block%d", v))
		for i := range v - 1 {
			VMOVUPS(Mem{Base: from, Disp: 32 * i}, ymm[i])
		}
		VMASKMOVPS(Mem{Base: from, Disp: 32 * (v - 1)}, Y15, ymm[v-1])
		for i := range v {
			VMOVUPS(ymm[i], Mem{Base: to, Disp: 32 * i})
		}
		// Both sides jump from row to row: without this each line is waited for.
		for i := 0; i < v; i += 2 {
			PREFETCHT0(Mem{Base: to, Disp: 384 + 32*i})
			PREFETCHT0(Mem{Base: from, Index: stride, Scale: 8, Disp: 32 * i})
		}
		ADDQ(cols, from)
		ADDQ(size, to)
		DECQ(n)
		JNZ(LabelRef(fmt.Sprintf("block%d", v)))
		ADDQ(stride, src)
		ADDQ(w, dst)
		DECQ(k)
		JNZ(LabelRef(fmt.Sprintf("row%d", v)))
		VZEROUPPER()
		RET()
		if v < 4 {
			Label(fmt.Sprintf("more%d", v))
		}
	}
}
