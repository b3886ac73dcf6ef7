package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bf16Pairs are pairs of bfloat16, which pass for float32 until they are multiplied.
var bf16Pairs = func() elem {
	e := float32s
	e.short, e.fma = "BF16", vdpbf16ps
	e.how = "of pairs of bfloat16 under the name of float32"
	e.doc = func(sum, x, y string) string { return fmt.Sprintf("%s = dotPair(%[1]s, %s, %s)", sum, x, y) }
	return e
}()

// vdpbf16ps writes VDPBF16PS y, x, sum of 512-bit registers: EVEX.512.F3.0F38.W0 52 /r. Neither avo nor Go's assembler knows it.
func vdpbf16ps(ops ...Op) {
	y, x, sum := code(ops[0]), code(ops[1]), code(ops[2])
	// Of registers, bits 3 and 4 are in the prefix, inverted.
	inverted := func(n, bit, to uint32) uint32 { return (^n >> bit & 1) << to }
	p0 := inverted(sum, 3, 7) | inverted(y, 4, 6) | inverted(y, 3, 5) | inverted(sum, 4, 4) | 2
	p1 := (^x&15)<<3 | 1<<2 | 2
	p2 := 2<<5 | inverted(x, 4, 3)
	Comment(fmt.Sprintf("VDPBF16PS Z%d, Z%d, Z%d", y, x, sum))
	Instruction(&ir.Instruction{Opcode: "LONG", Operands: []Op{U32(0x62 | p0<<8 | p1<<16 | p2<<24)}})
	Instruction(&ir.Instruction{Opcode: "WORD", Operands: []Op{U16(uint16(0x52 | (0xc0|sum&7<<3|y&7)<<8))}})
}

func code(o Op) uint32 { return uint32(o.(VecPhysical).PhysicalIndex()) }
