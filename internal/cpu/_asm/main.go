// Command asm writes the amd64 kernels of package cpu. Run it through `go generate ./internal/cpu`.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	masks()
	for _, i := range []isa{avx2, avx512} {
		for _, e := range []elem{float32s, float64s} {
			tiles(i, e)
			dot(i, e)
		}
		peak(i, float32s)
		dotHalf(i, "BF16", func(m Mem, dst VecPhysical) {
			VPMOVZXWD(m, dst)
			VPSLLD(Imm(16), dst, dst)
		})
		dotHalf(i, "F16", func(m Mem, dst VecPhysical) { VCVTPH2PS(m, dst) })
	}
	tiles(avx512, bf16Pairs)
	dot(avx512, bf16Pairs)
	peak(avx512, bf16Pairs)
	transpose8()
	transpose4()
	packRows()
	Generate()
}
