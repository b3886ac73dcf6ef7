// Command fft writes the amd64 kernels of fft.go. Run it through `go generate ./internal/cpu`.
package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/hadal-go/hadal/internal/cpu/_asm/zmm"
)

// The kernels are of AVX2 and FMA, on vectors of four complex numbers; those whose numbers do not change places are of AVX-512, too.
const bytes = 32

var width int // of a vector of a pass

func main() {
	ConstraintExpr("amd64,!noasm")
	zmm.Install()
	constants()
	for _, width = range zmm.Widths {
		pass("Two", 2, two)
		pass("Three", 3, three)
		pass("Four", 4, four)
		pass("Five", 5, five)
		if width == bytes {
			first()
			mirror()
		}
	}
	Generate()
}

// The constants, each a vector.
const (
	oddSign = iota // flips the imaginary parts
	sin3           // of 2π/3
	half
	cos1 // of 2π/5
	sin1
	cos2 // of 4π/5
	sin2
)

var table Mem

func constants() {
	table = GLOBL("fftConstants", attr.RODATA|attr.NOPTR)
	for j := range 8 {
		DATA(4*j, U32(j%2<<31))
	}
	for i, v := range []float64{math.Sin(2 * math.Pi / 3), 0.5, math.Cos(2 * math.Pi / 5), math.Sin(2 * math.Pi / 5), math.Cos(4 * math.Pi / 5), math.Sin(4 * math.Pi / 5)} {
		for j := range 8 {
			DATA(bytes*(i+1)+4*j, U32(math.Float32bits(float32(v))))
		}
	}
}

func at(i int) Mem { return table.Offset(bytes * i) }

// timesMinI makes v, with the help of tmp, -i·v.
func timesMinI(v VecPhysical) {
	VPERMILPS(Imm(0xb1), v, v)
	VXORPD(at(oddSign), v, v) // PD: the constant is of two lanes
}

// times multiplies v by the factor whose parts fill re and im.
func times(v, re, im, tmp VecPhysical) {
	VPERMILPS(Imm(0xb1), v, tmp)
	VMULPS(im, tmp, tmp)
	VFMADDSUB213PS(tmp, re, v)
}

// place is where a pass reads and writes vector k of the group at hand; w is where its factors are.
type place struct {
	x [5]Mem
	y [5]Mem
	w GPPhysical
}

// factor multiplies v by factor k >= 1, using the other registers.
func (p *place) factor(k int, v, re, im, tmp VecPhysical) {
	VBROADCASTSS(Mem{Base: p.w, Disp: 8 * (k - 1)}, re)
	VBROADCASTSS(Mem{Base: p.w, Disp: 8*(k-1) + 4}, im)
	times(v, re, im, tmp)
}

// pass writes a pass of radix r on m groups of n neighbouring butterflies.
func pass(name string, r int, butterfly func(p *place)) {
	name = "fft" + name + zmm.Suffix(width)
	TEXT(name, attr.NOSPLIT, "func(x, y, w *float32, at *[4]int, s, n, m int)")
	Pragma("noescape")
	Doc(name+" is, for complex numbers, and at, s and n in bytes,", "",
		fmt.Sprintf("	for i := range m { for q := range n { y[(%[1]d*i+k)*s+q] = w[%[2]d*i+k-1]·Σ_j x[at[j-1]+i*s+q] exp(-2πi jk/%[1]d), k < %[1]d } }", r, r-1), "",
		fmt.Sprintf("where at[-1] and w[-1] stand for 0 and 1; n is a multiple of %d, n and m are at least 1.", width))
	x, y, w, s, s3, m, n, px, py := RSI, RDI, RBX, RCX, RDX, RAX, R8, R9, R10
	o := []GPPhysical{R11, R12, R13, R15}
	Load(Param("x"), x)
	Load(Param("y"), y)
	Load(Param("w"), w)
	Load(Param("at"), px)
	for k := range r - 1 {
		MOVQ(Mem{Base: px, Disp: 8 * k}, o[k])
	}
	Load(Param("s"), s)
	Load(Param("m"), m)
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, s3)
	p := place{w: w}
	p.x[0] = Mem{Base: px}
	for k := range r - 1 {
		p.x[k+1] = Mem{Base: px, Index: o[k], Scale: 1}
	}
	p.y = [5]Mem{{Base: py}, {Base: py, Index: s, Scale: 1}, {Base: py, Index: s, Scale: 2}, {Base: py, Index: s3, Scale: 1}, {Base: py, Index: s, Scale: 4}}
	Label("group")
	MOVQ(x, px)
	MOVQ(y, py)
	Load(Param("n"), n)
	Label("vector")
	butterfly(&p)
	ADDQ(Imm(uint64(width)), px)
	ADDQ(Imm(uint64(width)), py)
	SUBQ(Imm(uint64(width)), n)
	JG(LabelRef("vector"))
	ADDQ(s, x)
	for range r {
		ADDQ(s, y)
	}
	ADDQ(Imm(uint64(8*(r-1))), w)
	DECQ(m)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

func two(p *place) {
	a, b, y0, re, im, tmp := Y0, Y1, Y2, Y3, Y4, Y5
	VMOVUPS(p.x[0], a)
	VMOVUPS(p.x[1], b)
	VADDPS(b, a, y0)
	VSUBPS(b, a, a)
	VMOVUPS(y0, p.y[0])
	p.factor(1, a, re, im, tmp)
	VMOVUPS(a, p.y[1])
}

func three(p *place) {
	a, b, c, sum, dif, re, im, tmp := Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7
	VMOVUPS(p.x[0], a)
	VMOVUPS(p.x[1], b)
	VMOVUPS(p.x[2], c)
	VADDPS(c, b, sum)
	VSUBPS(c, b, dif)
	VMULPS(at(sin3), dif, dif)
	timesMinI(dif)
	VADDPS(sum, a, b)
	VMOVUPS(b, p.y[0])
	VFNMADD231PS(at(half), sum, a)
	VADDPS(dif, a, b)
	VSUBPS(dif, a, c)
	p.factor(1, b, re, im, tmp)
	VMOVUPS(b, p.y[1])
	p.factor(2, c, re, im, tmp)
	VMOVUPS(c, p.y[2])
}

// fourPoints turns a, b, c, d into their transform, in the registers that it returns, using e and f.
func fourPoints(a, b, c, d, e, f VecPhysical) (y0, y1, y2, y3 VecPhysical) {
	VADDPS(c, a, e)
	VSUBPS(c, a, a)
	VADDPS(d, b, f)
	VSUBPS(d, b, b)
	timesMinI(b)
	VADDPS(f, e, c)
	VSUBPS(f, e, e)
	VADDPS(b, a, d)
	VSUBPS(b, a, a)
	return c, d, e, a
}

func four(p *place) {
	v := []VecPhysical{Y0, Y1, Y2, Y3}
	for k := range v {
		VMOVUPS(p.x[k], v[k])
	}
	v[0], v[1], v[2], v[3] = fourPoints(v[0], v[1], v[2], v[3], Y4, Y5)
	VMOVUPS(v[0], p.y[0])
	for k := 1; k < 4; k++ {
		p.factor(k, v[k], Y6, Y7, Y8)
		VMOVUPS(v[k], p.y[k])
	}
}

func five(p *place) {
	a, b, c, d, e := Y0, Y1, Y2, Y3, Y4
	p1, m1, p2, m2, e1, e2, f1, f2 := Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12
	for k, v := range []VecPhysical{a, b, c, d, e} {
		VMOVUPS(p.x[k], v)
	}
	VADDPS(e, b, p1)
	VSUBPS(e, b, m1)
	VADDPS(d, c, p2)
	VSUBPS(d, c, m2)
	VADDPS(p1, a, b)
	VADDPS(p2, b, b)
	VMOVUPS(b, p.y[0])
	VMOVUPS(a, e1)
	VFMADD231PS(at(cos1), p1, e1)
	VFMADD231PS(at(cos2), p2, e1)
	VMOVUPS(a, e2)
	VFMADD231PS(at(cos2), p1, e2)
	VFMADD231PS(at(cos1), p2, e2)
	VMULPS(at(sin1), m1, f1)
	VFMADD231PS(at(sin2), m2, f1)
	timesMinI(f1)
	VMULPS(at(sin2), m1, f2)
	VFNMADD231PS(at(sin1), m2, f2)
	timesMinI(f2)
	VADDPS(f1, e1, b)
	VADDPS(f2, e2, c)
	VSUBPS(f2, e2, d)
	VSUBPS(f1, e1, e)
	for k, v := range []VecPhysical{b, c, d, e} {
		p.factor(k+1, v, Y13, Y14, Y15)
		VMOVUPS(v, p.y[k+1])
	}
}

// first writes the pass of radix 4 on butterflies side by side.
func first() {
	const name = "fftFirstAVX2"
	TEXT(name, attr.NOSPLIT, "func(x, y, w *float32, at *[4]int, size, n int)")
	Pragma("noescape")
	Doc(name+" is, for complex numbers, and at and size in bytes,", "",
		"	for i := range n { y[4*i+k] = w[(k-1)*size+i]·Σ_j x[at[j-1]+i] exp(-2πi jk/4), k < 4 }", "",
		"where at[-1] stands for 0 and w[-size+i] for 1; n is a multiple of 4 and at least 1.")
	x, y, w, size, n := RSI, RDI, RBX, RCX, RDX
	o := []GPPhysical{R11, R12, R13}
	Load(Param("at"), y)
	for k := range o {
		MOVQ(Mem{Base: y, Disp: 8 * k}, o[k])
	}
	Load(Param("x"), x)
	Load(Param("y"), y)
	Load(Param("w"), w)
	Load(Param("size"), size)
	Load(Param("n"), n)
	v := []VecPhysical{Y0, Y1, Y2, Y3}
	Label("vector")
	VMOVUPS(Mem{Base: x}, v[0])
	for k := range o {
		VMOVUPS(Mem{Base: x, Index: o[k], Scale: 1}, v[k+1])
	}
	r := make([]VecPhysical, 4)
	r[0], r[1], r[2], r[3] = fourPoints(v[0], v[1], v[2], v[3], Y4, Y5)
	for k := 1; k < 4; k++ {
		f := Mem{Base: w}
		if k > 1 {
			f.Index, f.Scale = size, uint8(k-1)
		}
		VMOVSLDUP(f, Y6)
		VMOVSHDUP(f, Y7)
		times(r[k], Y6, Y7, Y8)
	}
	// The results of a butterfly are neighbours: a transpose of 4 x 4 numbers.
	VUNPCKLPD(r[1], r[0], Y9)
	VUNPCKHPD(r[1], r[0], Y10)
	VUNPCKLPD(r[3], r[2], Y11)
	VUNPCKHPD(r[3], r[2], Y12)
	for i, t := range [][2]VecPhysical{{Y9, Y11}, {Y10, Y12}} {
		VPERM2F128(Imm(0x20), t[1], t[0], Y13)
		VPERM2F128(Imm(0x31), t[1], t[0], Y14)
		VMOVUPS(Y13, Mem{Base: y, Disp: bytes * i})
		VMOVUPS(Y14, Mem{Base: y, Disp: bytes * (i + 2)})
	}
	ADDQ(Imm(bytes), x)
	ADDQ(Imm(bytes), w)
	ADDQ(Imm(4*bytes), y)
	SUBQ(Imm(4), n)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// mirror writes the loop of mirrorPairs.
func mirror() {
	const name = "fftMirrorAVX2"
	TEXT(name, attr.NOSPLIT, "func(x, xm, y, ym, w *float32, n int, scale float32)")
	Pragma("noescape")
	Doc(name+" is, for complex numbers,", "",
		"	for i := range n { a, b := x[i], xm[3-i]*; c := (a-b)·w[i]; y[i] = scale·(a+b+c); ym[3-i] = (scale·(a+b-c))* }", "",
		"n is a multiple of 4 and at least 1; x may be y and xm ym, with no other overlap.")
	x, xm, y, ym, w, n := RSI, RDI, RBX, RCX, RDX, RAX
	Load(Param("x"), x)
	Load(Param("xm"), xm)
	Load(Param("y"), y)
	Load(Param("ym"), ym)
	Load(Param("w"), w)
	Load(Param("n"), n)
	scale, sign := Y14, Y15
	arg, err := Param("scale").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(arg.Addr, scale)
	VMOVUPS(at(oddSign), sign)
	a, b, sum := Y0, Y1, Y2
	Label("vector")
	VMOVUPS(Mem{Base: x}, a)
	VPERMPD(Imm(0x1b), Mem{Base: xm}, b)
	VXORPS(sign, b, b)
	VADDPS(b, a, sum)
	VSUBPS(b, a, a)
	VMOVSLDUP(Mem{Base: w}, Y3)
	VMOVSHDUP(Mem{Base: w}, Y4)
	times(a, Y3, Y4, Y5)
	VADDPS(a, sum, b)
	VSUBPS(a, sum, sum)
	VMULPS(scale, b, b)
	VMULPS(scale, sum, sum)
	VXORPS(sign, sum, sum)
	VPERMPD(Imm(0x1b), sum, sum)
	VMOVUPS(b, Mem{Base: y})
	VMOVUPS(sum, Mem{Base: ym})
	for _, p := range []GPPhysical{x, y, w} {
		ADDQ(Imm(bytes), p)
	}
	for _, p := range []GPPhysical{xm, ym} {
		SUBQ(Imm(bytes), p)
	}
	SUBQ(Imm(4), n)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}
