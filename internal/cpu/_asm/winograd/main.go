// Command winograd writes the amd64 kernels of conv_winograd.go and conv_phased.go. Run it through `go generate ./internal/cpu`.
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

// The lanes of a vector are tiles, or rows of the weights.
var bytes, lanes int

// patch is the lines of a transform, kept the vectors of scratch before what is kept of the lanes' beginnings.
var patch, kept = 6, 36

var (
	lane = []GPPhysical{R8, R9, R10, R11, R12, R13, R14, R15} // where the first lanes' elements begin; the others' are in memory
	// row is the distance of the elements at hand from there, tmp the scratch, the others walk over the transforms.
	row, tmp, base, column, walk, step = RAX, RSI, RDI, RCX, RDX, RBX

	y = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	x = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
)

func main() {
	ConstraintExpr("amd64,!noasm")
	zmm.Install()
	for _, bytes = range zmm.Widths {
		lanes = bytes / 4
		input()
		weights("winogradWeights", false)
		weights("winogradFlipped", true)
		output()
		gradient()
		phased()
	}
	Generate()
}

func scratch(i int) Mem { return Mem{Base: tmp, Disp: bytes * i} }

// constants broadcasts values into the registers from y[first] on.
func constants(name string, first int, values ...float32) {
	g := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i, v := range values {
		DATA(4*i, U32(math.Float32bits(v)))
		VBROADCASTSS(g.Offset(4*i), y[first+i])
	}
}

// begin sets the lanes' beginnings to from[off[l]].
func begin(from string) {
	Load(Param(from), row)
	Load(Param("off"), walk)
	set := func(r GPPhysical, l int) {
		MOVQ(Mem{Base: walk, Disp: 8 * l}, r)
		LEAQ(Mem{Base: row, Index: r, Scale: 4}, r)
	}
	if lanes > len(lane) {
		Load(Param("tmp"), tmp)
	}
	for l := len(lane); l < lanes; l++ {
		set(step, l)
		MOVQ(step, beginning(l))
	}
	for l, r := range lane {
		set(r, l)
	}
	XORQ(row, row)
}

// beginning is where that of a lane without a register is kept.
func beginning(l int) Mem { return Mem{Base: tmp, Disp: kept*bytes + 8*(l-len(lane))} }

// element is what lies disp bytes behind the elements at hand of lane l. It may use walk.
func element(l, disp int) Mem {
	base := walk
	if l < len(lane) {
		base = lane[l]
	} else {
		MOVQ(beginning(l), walk)
	}
	return Mem{Base: base, Index: row, Scale: 1, Disp: disp}
}

// insert sets 16 bytes of a vector, part i, from memory or a register.
func insert(i int, from Op, v VecPhysical) {
	if bytes == 64 {
		VINSERTF32X4(Imm(uint64(i)), from, v.AsZ(), v.AsZ())
	} else {
		VINSERTF128(Imm(uint64(i)), from, v, v)
	}
}

// extract stores part i of a vector.
func extract(i int, v VecPhysical, to Mem) {
	if bytes == 64 {
		VEXTRACTF32X4(Imm(uint64(i)), v.AsZ(), to)
	} else {
		VEXTRACTF128(Imm(uint64(i)), v, to)
	}
}

func text(name, args string, doc ...string) {
	TEXT(name+zmm.Suffix(bytes), attr.NOSPLIT, "func("+args+", channels int, tmp *float32)")
	Pragma("noescape")
	Doc(append([]string{name + zmm.Suffix(bytes) + " is, with one rounding in each multiply-add,", "",
		"	for c := range channels {",
		fmt.Sprintf("		for l := range %d {", lanes)}, doc...)...)
}

// scratchDoc says what tmp is.
func scratchDoc() string {
	if lanes > len(lane) {
		return fmt.Sprintf("tmp is scratch of %d*16+16 elements", kept)
	}
	return fmt.Sprintf("tmp is scratch of %d*8 elements", kept)
}

// advance moves a register by an argument, in elements.
func advance(r GPPhysical, by string, t GPPhysical) {
	Load(Param(by), t)
	LEAQ(Mem{Base: r, Index: t, Scale: 4}, r)
}

// again loops while there are channels.
func again(label string) {
	Load(Param("channels"), walk)
	DECQ(walk)
	Store(walk, Param("channels"))
	JNZ(LabelRef(label))
	VZEROUPPER()
	RET()
}

// transpose turns four vectors, in each half a 4x4 matrix, with four others to spare; the result is in the first four.
func transpose(v, t []VecPhysical) {
	VUNPCKLPS(v[1], v[0], t[0])
	VUNPCKHPS(v[1], v[0], t[1])
	VUNPCKLPS(v[3], v[2], t[2])
	VUNPCKHPS(v[3], v[2], t[3])
	VUNPCKLPD(t[2], t[0], v[0])
	VUNPCKHPD(t[2], t[0], v[1])
	VUNPCKLPD(t[3], t[1], v[2])
	VUNPCKHPD(t[3], t[1], v[3])
}

// four loads elements 0 to 3 of each lane, from disp on, into the registers from y[first] on.
func four(first, disp int) {
	for i := range 4 {
		VMOVUPS(element(i, disp), x[first+i])
		for part := 1; part < lanes/4; part++ {
			insert(part, element(4*part+i, disp), y[first+i])
		}
	}
}

// lastTwo loads elements 4 and 5 of each lane into Y6 and Y7, those of lanes 0, 1, 4, 5, ... and of the others. It takes Y8 and Y9.
func lastTwo() {
	pair := func(k int, x VecPhysical) { // of lanes 2k and 2k+1
		VMOVSD(element(2*k, 16), x)
		VMOVHPS(element(2*k+1, 16), x, x)
	}
	pair(0, X6)
	pair(1, X7)
	for part := 1; part < lanes/4; part++ {
		pair(2*part, X8)
		pair(2*part+1, X9)
		insert(part, X8, Y6)
		insert(part, X9, Y7)
	}
}

// columns calls f for each column with walk at its first element in memory, where rows are patch elements apart.
func columns(stride string, f func(j int)) {
	Load(Param(stride), step)
	IMUL3Q(Imm(uint64(4*patch)), step, step)
	MOVQ(base, column)
	for j := range patch {
		MOVQ(column, walk)
		f(j)
		if j < patch-1 {
			advance(column, stride, walk)
		}
	}
}

// save stores vectors from walk on.
func save(v []VecPhysical) {
	for i, r := range v {
		VMOVUPS(r, Mem{Base: walk})
		if i < len(v)-1 {
			ADDQ(step, walk)
		}
	}
}

// forth transforms n lines of each lane's elements, of which load sets the registers from Y0 on to the next, then their columns, and saves
// those.
func forth(from, to string, n int, load func(), transform func() []VecPhysical) {
	begin(from)
	Load(Param(to), base)
	Load(Param("tmp"), tmp)
	Label("channel")
	MOVQ(row, column)
	for i := range n {
		load()
		for j, r := range transform() {
			VMOVUPS(r, scratch(patch*i+j))
		}
		if i < n-1 {
			advance(row, "pitch", walk)
		}
	}
	MOVQ(column, row)
	columns(to+"p", func(j int) {
		for i := range n {
			VMOVUPS(scratch(patch*i+j), y[i])
		}
		save(transform())
	})
	advance(row, from+"c", walk)
	advance(base, to+"c", walk)
	again("channel")
}

// transformColumns transforms the columns at base to scratch, from vector first on.
func transformColumns(stride string, first int, transform func() []VecPhysical) {
	columns(stride, func(j int) {
		for i := range patch {
			VMOVUPS(Mem{Base: walk}, y[i])
			if i < patch-1 {
				ADDQ(step, walk)
			}
		}
		for i, r := range transform() {
			VMOVUPS(r, scratch(first+patch*i+j))
		}
	})
}

// spread stores four vectors, transposed, from disp bytes behind the elements at hand on.
func spread(v []VecPhysical, disp int) {
	for k, r := range v {
		VMOVUPS(r.AsX(), element(k, disp))
		for part := 1; part < lanes/4; part++ {
			extract(part, r, element(4*part+k, disp))
		}
	}
}

// back transforms the columns of m, then lines, adds the bias, and stores what is not below least. The transform does not take Y11 and Y12,
// and leaves its results beside four registers to spare.
func back(transform func() []VecPhysical, spare []VecPhysical) {
	bias, least := Y12, Y11
	begin("y")
	Load(Param("m"), base)
	Load(Param("tmp"), tmp)
	VXORPS(bias, bias, bias)
	Load(Param("least"), least.AsX())
	VBROADCASTSS(least.AsX(), least)
	Label("channel")
	transformColumns("mp", 0, transform)
	Load(Param("bias"), walk)
	TESTQ(walk, walk)
	JZ(LabelRef("rows"))
	VBROADCASTSS(Mem{Base: walk}, bias)
	ADDQ(Imm(4), walk)
	Store(walk, Param("bias"))
	Label("rows")
	MOVQ(row, column)
	for i := range 4 {
		for j := range patch {
			VMOVUPS(scratch(patch*i+j), y[j])
		}
		v := transform()
		for _, r := range v {
			VADDPS(bias, r, r)
			VMAXPS(r, least, r)
		}
		transpose(v, spare)
		spread(v, 0)
		if i < 3 {
			advance(row, "pitch", walk)
		}
	}
	MOVQ(column, row)
	advance(row, "yc", walk)
	advance(base, "mc", walk)
	again("channel")
}

func input() {
	text("winogradInput", "v *float32, vp, vc int, x *float32, xc, pitch int, off *int",
		"			d := 6x6 matrix x[c*xc+off[l]+i*pitch+j]",
		"			for p := range 36 { v[p*vp+c*vc+l] = (Bᵀ d B)[p/6][p%6] }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+".")
	constants("winogradInputConstants", 13, 2, 4, 5)
	two, fourTimes, five := Y13, Y14, Y15
	// transform takes y[0:6].
	transform := func() []VecPhysical {
		VMOVAPS(Y4, Y6)
		VFNMADD231PS(fourTimes, Y2, Y6)
		VMOVAPS(Y3, Y7)
		VFNMADD231PS(fourTimes, Y1, Y7)
		VADDPS(Y7, Y6, Y8)
		VSUBPS(Y7, Y6, Y9)
		VSUBPS(Y2, Y4, Y10)
		VSUBPS(Y1, Y3, Y7)
		VMOVAPS(Y10, Y11)
		VFMADD231PS(two, Y7, Y10)
		VFNMADD231PS(two, Y7, Y11)
		VFMADD231PS(fourTimes, Y0, Y4)
		VFNMADD231PS(five, Y2, Y4)
		VFMADD231PS(fourTimes, Y1, Y5)
		VFNMADD231PS(five, Y3, Y5)
		return []VecPhysical{Y4, Y8, Y9, Y10, Y11, Y5}
	}
	forth("x", "v", 6, func() {
		four(0, 0)
		transpose(y[0:4], y[6:10])
		lastTwo()
		VSHUFPS(Imm(0x88), Y7, Y6, Y4)
		VSHUFPS(Imm(0xdd), Y7, Y6, Y5)
	}, transform)
}

func weights(name string, flip bool) {
	index := "3*i+j"
	if flip {
		index = "8-3*i-j"
	}
	text(name, "u *float32, up, uc int, w *float32, wc int, off *int",
		"			g := 3x3 matrix w[c*wc+off[l]+"+index+"]",
		"			for p := range 36 { u[p*up+c*uc+l] = (G g Gᵀ)[p/6][p%6] }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+". Where vectors overlap, those of later channels are written last.")
	constants(name+"Constants", 11, 1./4, -1./6, 1./6, 1./24, 1./12)
	quarter, minusSixth, sixth, part24, part12 := Y11, Y12, Y13, Y14, Y15
	// transform takes three vectors, and y[3:9].
	transform := func(a, b, c VecPhysical) []VecPhysical {
		VMULPS(quarter, a, Y3)
		VADDPS(c, a, Y4)
		VSUBPS(b, Y4, Y5)
		VADDPS(b, Y4, Y4)
		VMULPS(minusSixth, Y4, Y4)
		VMULPS(minusSixth, Y5, Y5)
		VMULPS(part24, a, Y6)
		VFMADD231PS(sixth, c, Y6)
		VMOVAPS(Y6, Y7)
		VFMADD231PS(part12, b, Y6)
		VFNMADD231PS(part12, b, Y7)
		return []VecPhysical{Y3, Y4, Y5, Y6, Y7, c}
	}
	begin("w")
	Load(Param("u"), base)
	Load(Param("tmp"), tmp)
	Label("channel")
	at := func(e int) Mem {
		if flip {
			e = 8 - e
		}
		return scratch(18 + e)
	}
	for _, first := range []int{0, 4, 5} { // twice what they share: no load reaches past the nine elements
		four(0, 4*first)
		transpose(y[0:4], y[4:8])
		for k := range 4 {
			VMOVUPS(y[k], at(first+k))
		}
	}
	element9 := func(i, j int) Mem { return scratch(18 + 3*i + j) }
	for i := range 3 {
		for j := range 3 {
			VMOVUPS(element9(i, j), y[j])
		}
		for j, r := range transform(Y0, Y1, Y2) {
			if i < 2 {
				VMOVUPS(r, scratch(6*i+j))
			} else {
				VMOVUPS(r, scratch(30+j)) // what the nine elements do not take
			}
		}
	}
	columns("up", func(j int) {
		VMOVUPS(scratch(j), Y0)
		VMOVUPS(scratch(6+j), Y1)
		VMOVUPS(scratch(30+j), Y2)
		save(transform(Y0, Y1, Y2))
	})
	advance(row, "wc", walk)
	advance(base, "uc", walk)
	again("channel")
}

func output() {
	text("winogradOutput", "y *float32, yc, pitch int, off *int, m *float32, mp, mc int, bias *float32, least float32",
		"			z := 6x6 matrix m[(6*i+j)*mp+c*mc+l]",
		"			for i, j := range 4x4 { y[c*yc+off[l]+i*pitch+j] = max(least, (Aᵀ z A)[i][j] + bias[c]) }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+"; a nil bias is zeros. NaN stays.")
	constants("winogradOutputConstants", 13, 2, 4, 8)
	two, fourTimes, eight := Y13, Y14, Y15
	// transform takes y[0:6].
	transform := func() []VecPhysical {
		VADDPS(Y2, Y1, Y6)
		VSUBPS(Y2, Y1, Y7)
		VADDPS(Y4, Y3, Y8)
		VSUBPS(Y4, Y3, Y9)
		VADDPS(Y6, Y0, Y0)
		VADDPS(Y8, Y0, Y0)
		VMOVAPS(Y7, Y1)
		VFMADD231PS(two, Y9, Y1)
		VFMADD231PS(fourTimes, Y8, Y6)
		VFMADD231PS(eight, Y9, Y7)
		VADDPS(Y5, Y7, Y7)
		return []VecPhysical{Y0, Y1, Y6, Y7}
	}
	back(transform, y[2:6])
}

func gradient() {
	text("winogradGrad", "z *float32, zp, zc int, y *float32, yc, pitch int, off *int",
		"			d := 4x4 matrix y[c*yc+off[l]+i*pitch+j]",
		"			for p := range 36 { z[p*zp+c*zc+l] = (A d Aᵀ)[p/6][p%6] }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+". Where vectors overlap, those of later channels are written last.")
	constants("winogradGradConstants", 14, 2, 4)
	two, fourTimes := Y14, Y15
	// transform takes y[0:4].
	transform := func() []VecPhysical {
		VADDPS(Y2, Y0, Y4)
		VADDPS(Y3, Y1, Y5)
		VADDPS(Y5, Y4, Y6)
		VSUBPS(Y5, Y4, Y7)
		VMOVAPS(Y0, Y8)
		VFMADD231PS(fourTimes, Y2, Y8)
		VMOVAPS(Y1, Y5)
		VFMADD231PS(fourTimes, Y3, Y5)
		VMOVAPS(Y8, Y9)
		VFMADD231PS(two, Y5, Y8)
		VFNMADD231PS(two, Y5, Y9)
		return []VecPhysical{Y0, Y6, Y7, Y8, Y9, Y3}
	}
	forth("y", "z", 4, func() {
		four(0, 0)
		transpose(y[0:4], y[4:8])
	}, transform)
}
