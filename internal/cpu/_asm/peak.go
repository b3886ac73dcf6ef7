package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// peakSums is the number of independent sums in the peak loops: enough to hide 5 cycles on two units.
const peakSums = 12

// peak writes a loop of multiply-adds on registers.
func peak(i isa, e elem) {
	name, adds := "gemmPeak"+i.name, "multiply-adds"
	if e.short == "BF16" {
		name, adds = "gemmPeakBF16"+i.name, "dotPairs"
	}
	TEXT(name, attr.NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n times %d independent float32 %s of %d lanes, for benchmarks.", name, peakSums, adds, i.bytes/4))
	Load(Param("n"), RCX)
	for r := range peakSums + 2 {
		i.zero(i.regs[r])
	}
	Label("loop")
	for r := range peakSums {
		e.fma(i.regs[peakSums], i.regs[peakSums+1], i.regs[r])
	}
	DECQ(RCX)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
