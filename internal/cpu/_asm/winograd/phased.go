package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/hadal-go/hadal/internal/cpu/_asm/zmm"
)

// phased writes the kernels of conv_phased.go.
func phased() {
	patch, kept = 5, 40
	phasedInput()
	phasedWeights("phasedWeights", false)
	phasedWeights("phasedFlipped", true)
	phasedOutput()
	phasedPair()
	phasedGrad()
	phasedSums()
	patch, kept = 6, 36
}

func phasedInput() {
	text("phasedInput", "v *float32, vp, vc int, x *float32, xc, pitch int, off *int",
		"			d := 5x5 matrix x[c*xc+off[l]+i*pitch+j]",
		"			for p := range 25 { v[p*vp+c*vc+l] = (Bᵀ d B)[p/5][p%5] }",
		"		}",
		"	}", "",
		"It reads an element after each line. channels is at least 1; "+scratchDoc()+".")
	constants("phasedInputConstants", 15, 2)
	two := Y15
	// transform takes y[0:5].
	transform := func() []VecPhysical {
		VSUBPS(Y1, Y3, Y5)
		VSUBPS(Y2, Y3, Y6)
		VSUBPS(Y2, Y0, Y7)
		VSUBPS(Y2, Y1, Y8)
		VSUBPS(Y2, Y4, Y4)
		VMOVAPS(Y5, Y9)
		VFMADD231PS(two, Y7, Y9)
		VMOVAPS(Y6, Y10)
		VFNMADD231PS(two, Y1, Y10)
		VFMADD231PS(two, Y8, Y6)
		VFNMADD231PS(two, Y5, Y4)
		return []VecPhysical{Y9, Y10, Y6, Y5, Y4}
	}
	forth("x", "v", 5, func() {
		four(0, 0)
		transpose(y[0:4], y[6:10])
		lastTwo()
		VSHUFPS(Imm(0x88), Y7, Y6, Y4)
	}, transform)
}

func phasedWeights(name string, flip bool) {
	index := "4*(2*i+f/2)+2*j+f%2"
	if flip {
		index = "4*(2-2*i+f/2)+2-2*j+f%2"
	}
	text(name, "u *float32, up, uc, us int, w *float32, wc int, off *int",
		"			for f := range 4 {",
		"				g := 2x2 matrix w[c*wc+off[l]+"+index+"]",
		"				for p := range 25 { u[p*up+c*uc+f*us+l] = (G g Gᵀ)[p/5][p%5] }",
		"			}",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+". Where vectors overlap, those of later channels and phases are written last.")
	constants(name+"Constants", 12, 1./2, -1./2, 1./6, 1./3)
	half, minusHalf, sixth, third := Y12, Y13, Y14, Y15
	// transform takes two vectors, and y[4:8].
	transform := func(a, b VecPhysical) []VecPhysical {
		if flip {
			a, b = b, a
		}
		VMULPS(half, a, Y4)
		VADDPS(b, a, Y5)
		VMULPS(minusHalf, Y5, Y5)
		VSUBPS(a, b, Y6)
		VMULPS(sixth, Y6, Y6)
		VMULPS(sixth, a, Y7)
		VFMADD231PS(third, b, Y7)
		return []VecPhysical{Y4, Y5, Y6, Y7, b}
	}
	begin("w")
	Load(Param("u"), base)
	Load(Param("tmp"), tmp)
	Label("channel")
	// The weights of a later channel are on another page of memory, if those of a row are not beside each other.
	Load(Param("wc"), column)
	SHLQ(Imm(4), column)
	ADDQ(row, column)
	for l := range lanes {
		m := element(l, 0)
		PREFETCHT0(Mem{Base: m.Base, Index: column, Scale: 1})
	}
	at := func(line, phase, j int) Mem { return scratch(10*line + 5*phase + j) }
	for line := range 4 {
		four(0, 16*line)
		transpose(y[0:4], y[4:8])
		for b := range 2 {
			for j, r := range transform(y[b], y[2+b]) {
				VMOVUPS(r, at(line, b, j))
			}
		}
	}
	for f := range 4 {
		columns("up", func(j int) {
			VMOVUPS(at(f/2, f%2, j), Y0)
			VMOVUPS(at(2+f/2, f%2, j), Y1)
			save(transform(Y0, Y1))
		})
		advance(base, "us", walk)
	}
	Load(Param("us"), walk)
	SHLQ(Imm(4), walk)
	SUBQ(walk, base)
	advance(row, "wc", walk)
	advance(base, "uc", walk)
	again("channel")
}

// phasedBack returns the transform of the outputs, which takes y[0:7], and sets its constants.
func phasedBack(name string) func() []VecPhysical {
	constants(name+"Constants", 13, 2, 4, 8)
	return func() []VecPhysical {
		VADDPS(Y2, Y1, Y5)
		VSUBPS(Y2, Y1, Y6)
		VADDPS(Y5, Y0, Y0)
		VADDPS(Y3, Y0, Y0)
		VMOVAPS(Y6, Y7)
		VFMADD231PS(Y13, Y3, Y7)
		VFMADD231PS(Y14, Y3, Y5)
		VFMADD231PS(Y15, Y3, Y6)
		VADDPS(Y4, Y6, Y6)
		return []VecPhysical{Y0, Y7, Y5, Y6}
	}
}

func phasedOutput() {
	text("phasedOutput", "y *float32, yc, pitch int, off *int, m *float32, mp, mc int, bias *float32, least float32",
		"			z := 5x5 matrix m[(5*i+j)*mp+c*mc+l]",
		"			for i, j := range 4x4 { y[c*yc+off[l]+i*pitch+j] = max(least, (Aᵀ z A)[i][j] + bias[c]) }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+"; a nil bias is zeros. NaN stays.")
	back(phasedBack("phasedOutput"), y[1:5])
}

func phasedPair() {
	text("phasedPair", "y *float32, yc, pitch int, off *int, m *float32, mp, mc, ms int",
		"			for b := range 2 {",
		"				z := 5x5 matrix m[(5*i+j)*mp+c*mc+b*ms+l]",
		"				for i, j := range 4x4 { y[c*yc+off[l]+i*pitch+2*j+b] = (Aᵀ z A)[i][j] }",
		"			}",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+".")
	transform := phasedBack("phasedPair")
	begin("y")
	Load(Param("m"), base)
	Load(Param("tmp"), tmp)
	Label("channel")
	transformColumns("mp", 0, transform)
	advance(base, "ms", walk)
	transformColumns("mp", 20, transform)
	Load(Param("ms"), walk)
	SHLQ(Imm(2), walk)
	SUBQ(walk, base)
	MOVQ(row, column)
	for i := range 4 {
		for b := range 2 {
			for j := range 5 {
				VMOVUPS(scratch(20*b+5*i+j), y[j])
			}
			v := transform()
			for j := 0; b == 0 && j < 4; j++ {
				VMOVAPS(v[j], y[8+j])
			}
		}
		for k, v := range [][]VecPhysical{{Y8, Y0, Y9, Y7}, {Y10, Y5, Y11, Y6}} {
			transpose(v, y[1:5])
			spread(v, 16*k)
		}
		if i < 3 {
			advance(row, "pitch", walk)
		}
	}
	MOVQ(column, row)
	advance(row, "yc", walk)
	advance(base, "mc", walk)
	again("channel")
}

func phasedGrad() {
	text("phasedGrad", "z *float32, zp, zc int, y *float32, yc, pitch int, off *int",
		"			d := 4x4 matrix y[c*yc+off[l]+i*pitch+j]",
		"			for p := range 25 { z[p*zp+c*zc+l] = (A d Aᵀ)[p/5][p%5] }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+". Where vectors overlap, those of later channels are written last.")
	constants("phasedGradConstants", 14, 2, 4)
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
		VFMADD231PS(two, Y5, Y8)
		return []VecPhysical{Y0, Y6, Y7, Y8, Y3}
	}
	forth("y", "z", 4, func() {
		four(0, 0)
		transpose(y[0:4], y[4:8])
	}, transform)
}

func phasedSums() {
	TEXT("phasedSums"+zmm.Suffix(bytes), attr.NOSPLIT, "func(dw, u *float32, up int, channels int, tmp *float32)")
	Pragma("noescape")
	Doc("phasedSums"+zmm.Suffix(bytes)+" is, with one rounding in each multiply-add,", "",
		fmt.Sprintf("	for c := range %d * channels {", lanes/4),
		"		for f := range 4 {",
		"			d := 5x5 matrix u[(5*i+j)*up+4*c+f]",
		"			for i, j := range 2x2 { dw[16*c+4*(2*i+f/2)+2*j+f%2] = (Gᵀ d G)[i][j] }",
		"		}",
		"	}", "",
		"channels is at least 1; "+scratchDoc()+".")
	constants("phasedSumsConstants", 13, 1./2, 1./6, 1./3)
	half, sixth, third := Y13, Y14, Y15
	// transform takes y[0:5].
	transform := func() []VecPhysical {
		VSUBPS(Y1, Y0, Y5)
		VSUBPS(Y2, Y3, Y6)
		VMULPS(half, Y5, Y5)
		VFMADD231PS(sixth, Y6, Y5)
		VFNMADD231PS(half, Y1, Y4)
		VFMADD231PS(sixth, Y2, Y4)
		VFMADD231PS(third, Y3, Y4)
		return []VecPhysical{Y5, Y4}
	}
	Load(Param("dw"), row)
	Load(Param("u"), base)
	Load(Param("tmp"), tmp)
	Label("channel")
	transformColumns("up", 0, transform)
	for i := range 2 {
		for j := range 5 {
			VMOVUPS(scratch(5*i+j), y[j])
		}
		v := transform()
		VUNPCKLPD(v[1], v[0], Y6)
		VUNPCKHPD(v[1], v[0], Y7)
		for a, r := range []VecPhysical{Y6, Y7} {
			line := 16 * (2*i + a)
			VMOVUPS(r.AsX(), Mem{Base: row, Disp: line})
			for part := 1; part < lanes/4; part++ {
				extract(part, r, Mem{Base: row, Disp: 64*part + line})
			}
		}
	}
	ADDQ(U32(16*bytes/4), row)
	ADDQ(U32(bytes), base)
	again("channel")
}
