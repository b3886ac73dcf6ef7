package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// philox computes eight blocks at a time, in two groups of four: each word of a block has the lower half of 64 bits, whose upper half does
// not matter to the multiplications of the next round.
func philox() {
	consts := GLOBL("vectorPhilox", attr.RODATA|attr.NOPTR)
	words := []uint64{0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85}
	for i, w := range words {
		for j := range 4 {
			DATA(32*i+8*j, U64(w))
		}
	}
	for j := range 8 {
		DATA(32*len(words)+8*j, U64(uint64(j)))
	}
	c := func(i int) Mem { return consts.Offset(32 * i) }

	p := text("Philox", "dst *uint32, n int, index, lo, hi uint64)", []string{
		"", "\tfor i := range n { *[4]uint32(dst[4*i:]) = philox4x32(index + i, lo, hi) }", "", "with n > 0, a multiple of 8.",
	}, []string{"dst"})
	index := RAX
	Load(Param("index"), index)
	Label("blocks")
	k0, k1 := Y12, Y13
	VPBROADCASTQ(param("lo"), k0)
	VPSRLQ(Imm(32), k0, k1)
	groups := [2][6]VecPhysical{{Y0, Y1, Y2, Y3, Y4, Y5}, {Y6, Y7, Y8, Y9, Y10, Y11}}
	VMOVQ(index, X14)
	VPBROADCASTQ(X14, Y14)
	VPBROADCASTQ(param("hi"), Y15)
	for g, x := range groups {
		VPADDQ(c(len(words)+g), Y14, x[0])
		VPSRLQ(Imm(32), x[0], x[1])
		VMOVDQA(Y15, x[2])
		VPSRLQ(Imm(32), Y15, x[3])
	}
	for round := range 10 {
		if round > 0 {
			VPADDD(c(2), k0, k0)
			VPADDD(c(3), k1, k1)
		}
		for g := range groups {
			x := &groups[g]
			VPMULUDQ(c(0), x[0], x[4])
			VPMULUDQ(c(1), x[2], x[5])
			VPXOR(k0, x[1], x[1])
			VPXOR(k1, x[3], x[3])
		}
		for g := range groups {
			x := &groups[g]
			VPSRLQ(Imm(32), x[5], x[0])
			VPSRLQ(Imm(32), x[4], x[2])
			VPXOR(x[1], x[0], x[0])
			VPXOR(x[3], x[2], x[2])
			x[1], x[3], x[4], x[5] = x[5], x[4], x[1], x[3]
		}
	}
	for g, x := range groups {
		for i := 0; i < 4; i += 2 {
			VPSLLQ(Imm(32), x[i+1], x[i+1])
			VPBLENDD(Imm(0b10101010), x[i+1], x[i], x[i])
		}
		VPUNPCKLQDQ(x[2], x[0], x[4]) // blocks 0 and 2
		VPUNPCKHQDQ(x[2], x[0], x[5]) // 1 and 3
		for i, halves := range []uint64{0x20, 0x31} {
			VPERM2I128(Imm(halves), x[5], x[4], x[0])
			VMOVDQU(x[0], Mem{Base: p[0], Disp: 64*g + 32*i})
		}
	}
	ADDQ(Imm(128), p[0])
	ADDQ(Imm(8), index)
	SUBQ(Imm(8), count)
	JG(LabelRef("blocks"))
	finish()
}
