package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set: its vector registers and how it masks.
type isa struct {
	name  string
	bytes int // of a vector register
	regs  []VecPhysical
}

var (
	ymm    = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	avx2   = isa{"AVX2", 32, ymm}
	avx512 = isa{"AVX512", 64, []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
)

func (i isa) k() bool { return i.bytes == 64 } // masks are in K registers

func (i isa) zero(r VecPhysical) {
	if i.k() {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
}

// elem is an element type and the instructions on vectors of it.
type elem struct {
	name      string
	short     string // as in the kernels' names
	size      int
	shift     uint64
	broadcast func(...Op)
	fma       func(...Op)
	add       func(...Op)
	max       func(...Op)
	load      func(...Op)         // also store; masked when the second of three operands is a K register
	loadZ     func(mxyz, k, d Op) // clears the lanes that the mask leaves out
	mask      func(a, b, c Op)    // AVX2 masked load and store
	how       string              // for the doc comment: what a multiply-add is
	doc       func(sum, x, y string) string
}

const oneRounding = "with one rounding in each multiply-add"

func multiplyAdd(sum, x, y string) string { return sum + " += " + x + " * " + y }

var (
	float32s = elem{"float32", "F32", 4, 2, VBROADCASTSS, VFMADD231PS, VADDPS, VMAXPS, VMOVUPS, VMOVUPS_Z, VMASKMOVPS, oneRounding, multiplyAdd}
	float64s = elem{"float64", "F64", 8, 3, VBROADCASTSD, VFMADD231PD, VADDPD, VMAXPD, VMOVUPD, VMOVUPD_Z, VMASKMOVPD, oneRounding, multiplyAdd}
)

// laneMasks is 32 bytes of ones and 32 of zeros: the mask of the first n bytes of a vector begins at byte 32-n.
var laneMasks Mem

func masks() {
	laneMasks = GLOBL("gemmLaneMasks", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		v := U64(0)
		if i < 4 {
			v--
		}
		DATA(8*i, v)
	}
}

// loadLaneMask sets the mask y to the first n bytes, n in [0, 32]. It overwrites n and t.
func loadLaneMask(n, t GPPhysical, y VecPhysical) {
	LEAQ(laneMasks.Offset(32), t)
	SUBQ(n, t)
	VMOVUPS(Mem{Base: t}, y)
}

// loadKMask sets mask k to the first n lanes. It overwrites t.
func loadKMask(n, t GPPhysical, k OpmaskPhysical) {
	MOVQ(I32(-1), t)
	BZHIQ(n, t, t)
	KMOVW(t.As32(), k)
}
