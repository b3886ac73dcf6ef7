package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// bytes is the length of a vector: 64 for the functions of AVX-512, which package zmm makes of those that are written for AVX2.
var bytes = 32

// wide writes once more, for AVX-512, what does not wait for memory.
func wide() {
	bytes = 64
	rowMax()
	expSum()
	sum()
	sumSquares()
	sumProducts()
	normGradSums()
	affine()
	affineGrad()
	softmaxGrad()
	logSoftmaxGrad()
	normalize()
	normGrad()
	functions()
	elementaryFunctions()
	float32Functions()
	bytes = 32
}

// loadMask sets Y15 to ones in the first count lanes. It overwrites count.
func loadMask() {
	if bytes == 64 {
		MOVQ(I32(-1), RAX)
		BZHIQ(count, RAX, RAX)
		KMOVW(EAX, K7)
		VPMOVM2D(K7, Z15)
		return
	}
	NEGQ(count)
	LEAQ(masks.Offset(32), RAX)
	VMOVUPS(Mem{Base: RAX, Index: count, Scale: 4}, Y15)
}

// fold halves x, by a function of x and what its second half is moved to, until it is 16 bytes long.
func fold(x, t VecPhysical, f func(x, t Op)) {
	if bytes == 64 {
		VEXTRACTF64X4(Imm(1), x.AsZ(), t.AsY())
		f(x, t)
		VEXTRACTF32X4(Imm(1), x.AsZ(), t.AsX())
	} else {
		VEXTRACTF128(Imm(1), x, t.AsX())
	}
	f(x.AsX(), t.AsX())
}

// distance is n bytes as an operand.
func distance(n int) Op {
	if n > math.MaxUint8 {
		return U32(n)
	}
	return Imm(uint64(n))
}
