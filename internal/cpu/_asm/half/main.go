// Command half writes the amd64 kernels of half.go: conversions between float32 and halves. Run it through
// `go generate ./internal/cpu`.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, stream := range []bool{false, true} {
		widenBF16(stream)
		widenF16(stream)
	}
	roundBF16()
	roundF16()
	pairs()
	Generate()
}

// kernel writes a loop over 16 elements a turn, at pointers that each take so many bytes of them.
func kernel(name, args string, stream bool, doc []string, pointers []string, bytes []int, before func(), body func(p []GPPhysical)) {
	if stream {
		name += "Stream"
		doc = append(doc, "The result begins at a multiple of 32 bytes and passes by the caches; vectorFence must follow.")
	}
	name = "half" + name + "AVX2"
	TEXT(name, attr.NOSPLIT, "func("+args+", n int)")
	Pragma("noescape")
	Doc(append([]string{name + " is"}, doc...)...)
	p := []GPPhysical{RDI, RSI, RDX}[:len(pointers)]
	for i, r := range p {
		Load(Param(pointers[i]), r)
	}
	Load(Param("n"), RCX)
	SHRQ(Imm(4), RCX)
	JZ(LabelRef("done"))
	if before != nil {
		before()
	}
	Label("loop")
	body(p)
	for i, r := range p {
		ADDQ(Imm(uint64(bytes[i])), r)
	}
	DECQ(RCX)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func loop(line string) []string {
	return []string{"", "	for i := range n { " + line + " }", "", "n is a multiple of 16."}
}

func put(stream bool, v, m Op) {
	if stream {
		VMOVNTPS(v, m)
	} else {
		VMOVUPS(v, m)
	}
}

func widenBF16(stream bool) {
	kernel("WidenBF16", "dst *float32, src *uint16", stream, loop("dst[i] = math.Float32frombits(uint32(src[i]) << 16)"), []string{"dst", "src"}, []int{64, 32}, nil, func(p []GPPhysical) {
		for v, y := range []VecPhysical{Y0, Y1} {
			VPMOVZXWD(Mem{Base: p[1], Disp: 16 * v}, y)
			VPSLLD(Imm(16), y, y)
			put(stream, y, Mem{Base: p[0], Disp: 32 * v})
		}
	})
}

func widenF16(stream bool) {
	kernel("WidenF16", "dst *float32, src *uint16", stream, loop("dst[i] = float32(src[i]) // of binary16; a signalling NaN becomes quiet"), []string{"dst", "src"}, []int{64, 32}, nil, func(p []GPPhysical) {
		for v, y := range []VecPhysical{Y0, Y1} {
			VCVTPH2PS(Mem{Base: p[1], Disp: 16 * v}, y)
			put(stream, y, Mem{Base: p[0], Disp: 32 * v})
		}
	})
}

func roundBF16() {
	one, half, quiet := Y13, Y14, Y15 // in every lane 1, 0x7fff, 0x40
	kernel("RoundBF16", "dst *uint16, src *float32", false, loop("dst[i] = bfloat16(src[i]) // to nearest even; a NaN keeps its upper bits and becomes quiet"), []string{"dst", "src"}, []int{32, 64}, func() {
		VPCMPEQD(half, half, half)
		VPSRLD(Imm(31), half, one)
		VPSRLD(Imm(17), half, half)
		VPSLLD(Imm(6), one, quiet)
	}, func(p []GPPhysical) {
		for v, r := range [][4]VecPhysical{{Y0, Y1, Y2, Y3}, {Y4, Y5, Y6, Y7}} {
			x, up, sum, nan := r[0], r[1], r[2], r[3]
			VMOVDQU(Mem{Base: p[1], Disp: 32 * v}, x)
			VPSRLD(Imm(16), x, up)
			VPAND(one, up, sum)
			VPADDD(x, sum, sum)
			VPADDD(half, sum, sum)
			VPSRLD(Imm(16), sum, sum)
			VCMPPS(Imm(3), x, x, nan)
			VPOR(quiet, up, up)
			VBLENDVPS(nan, up, sum, sum)
		}
		VPACKUSDW(Y6, Y2, Y2)
		VPERMQ(Imm(0xd8), Y2, Y2)
		VMOVDQU(Y2, Mem{Base: p[0]})
	})
}

func roundF16() {
	kernel("RoundF16", "dst *uint16, src *float32", false, loop("dst[i] = binary16(src[i]) // to nearest even; a NaN keeps its upper bits and becomes quiet"), []string{"dst", "src"}, []int{32, 64}, nil, func(p []GPPhysical) {
		for v, y := range []VecPhysical{Y0, Y1} {
			VMOVUPS(Mem{Base: p[1], Disp: 32 * v}, y)
			VCVTPS2PH(Imm(0), y, Mem{Base: p[0], Disp: 16 * v})
		}
	})
}

func pairs() {
	kernel("Pairs", "dst *float32, even, odd *uint16", false, loop("dst[i] = math.Float32frombits(uint32(even[i]) | uint32(odd[i])<<16)"), []string{"dst", "even", "odd"}, []int{64, 32, 32}, nil, func(p []GPPhysical) {
		VMOVDQU(Mem{Base: p[1]}, Y0)
		VMOVDQU(Mem{Base: p[2]}, Y1)
		VPUNPCKLWD(Y1, Y0, Y2)
		VPUNPCKHWD(Y1, Y0, Y3)
		VPERM2I128(Imm(0x20), Y3, Y2, Y0)
		VPERM2I128(Imm(0x31), Y3, Y2, Y1)
		VMOVUPS(Y0, Mem{Base: p[0]})
		VMOVUPS(Y1, Mem{Base: p[0], Disp: 32})
	})
}
