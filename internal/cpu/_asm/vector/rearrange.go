package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Kernels that move elements, compare them, or add up rows.
func rearrangements() {
	turn()
	comparisons()
	choose()
	addRows()
}

// turn transposes in registers, eight rows of eight elements at a time.
func turn() {
	p := text("Turn", "y, x *float32, n int, stride int)", []string{"", "\tfor j := range n { for i := range 32 { y[32*i+j] = x[j*stride+i] } }", "", "with n a multiple of 8."}, []string{"x", "y"})
	x, y, stride, row, left := p[0], p[1], R8, R9, RDX
	Load(Param("stride"), stride)
	SHLQ(Imm(2), stride)
	SUBQ(Imm(8), count)
	JLT(LabelRef("done"))
	Label("rows")
	MOVQ(x, row)
	MOVQ(y, R10)
	MOVQ(U32(4), left)
	Label("block")
	LEAQ(Mem{Base: row, Index: stride, Scale: 4}, R11)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, R12)
	in := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}
	for i := range 4 {
		for h, base := range []GPPhysical{row, R11} {
			m := Mem{Base: base, Index: stride, Scale: uint8(i)}
			switch i {
			case 0:
				m = Mem{Base: base}
			case 3:
				m = Mem{Base: base, Index: R12, Scale: 1}
			}
			VMOVUPS(m, in[4*h+i])
		}
	}
	pair := []VecPhysical{Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	for i := range 4 {
		VUNPCKLPS(in[2*i+1], in[2*i], pair[2*i])
		VUNPCKHPS(in[2*i+1], in[2*i], pair[2*i+1])
	}
	// Of four rows the columns 0 and 4, 1 and 5, 2 and 6, 3 and 7; then of the other four.
	for h := range 2 {
		for k := range 4 {
			VSHUFPS(Imm([]uint64{0x44, 0xEE}[k%2]), pair[4*h+2+k/2], pair[4*h+k/2], in[4*h+k])
		}
	}
	for k := range 4 {
		VPERM2F128(Imm(0x20), in[4+k], in[k], pair[k])
		VPERM2F128(Imm(0x31), in[4+k], in[k], pair[4+k])
	}
	for i, v := range pair {
		VMOVUPS(v, Mem{Base: R10, Disp: 128 * i})
	}
	ADDQ(Imm(32), row)
	ADDQ(U32(128*8), R10)
	DECQ(left)
	JNE(LabelRef("block"))
	LEAQ(Mem{Base: x, Index: stride, Scale: 8}, x)
	ADDQ(Imm(32), y)
	SUBQ(Imm(8), count)
	JGE(LabelRef("rows"))
	Label("done")
	finish()
}

func comparisons() {
	for i, c := range []struct{ name, sign string }{{"Equal", "=="}, {"NotEqual", "!="}, {"Less", "<"}, {"LessEqual", "<="}, {"Greater", ">"}, {"GreaterEqual", ">="}} {
		code := []uint64{0, 4, 17, 18, 30, 29}[i]
		p := text(c.name, "d *bool, a, b *float32, n int)", []string{"", fmt.Sprintf("\tfor i := range n { d[i] = a[i] %s b[i] }", c.sign), "", "with n a multiple of 32."}, []string{"a", "b", "d"})
		order := Y4
		VMOVDQU(at(order32), order)
		VMOVDQU(at(ones8), Y5)
		SUBQ(Imm(32), count)
		JLT(LabelRef("done"))
		Label("vectors")
		for k, v := range []VecPhysical{Y0, Y1, Y2, Y3} {
			VMOVUPS(Mem{Base: p[0], Disp: 32 * k}, v)
			VCMPPS(Imm(code), Mem{Base: p[1], Disp: 32 * k}, v, v)
		}
		VPACKSSDW(Y1, Y0, Y0)
		VPACKSSDW(Y3, Y2, Y2)
		VPACKSSWB(Y2, Y0, Y0)
		VPERMD(Y0, order, Y0)
		VPAND(Y5, Y0, Y0)
		VMOVDQU(Y0, Mem{Base: p[2]})
		ADDQ(U32(128), p[0])
		ADDQ(U32(128), p[1])
		ADDQ(Imm(32), p[2])
		SUBQ(Imm(32), count)
		JGE(LabelRef("vectors"))
		Label("done")
		finish()
	}
}

func choose() {
	p := text("Choose", "d *float32, c *bool, a, b *float32, n int)", []string{"", "\tfor i := range n { d[i] = b[i]; if c[i] { d[i] = a[i] } }", "", "with n a multiple of 8."}, []string{"c", "a", "b", "d"})
	zero(Y3)
	SUBQ(Imm(8), count)
	JLT(LabelRef("done"))
	Label("vectors")
	VPMOVZXBD(Mem{Base: p[0]}, Y0)
	VPCMPEQD(Y3, Y0, Y0)
	VMOVUPS(Mem{Base: p[1]}, Y1)
	VBLENDVPS(Y0, Mem{Base: p[2]}, Y1, Y1)
	VMOVUPS(Y1, Mem{Base: p[3]})
	ADDQ(Imm(8), p[0])
	for _, r := range p[1:] {
		ADDQ(Imm(32), r)
	}
	SUBQ(Imm(8), count)
	JGE(LabelRef("vectors"))
	Label("done")
	finish()
}

func addRows() {
	p := text("AddRows", "acc *float64, x *float32, n, rows, stride int)", []string{"", "\tfor r := range rows { for i := range n { acc[i] += float64(x[r*stride+i]) } }", "", "with n >= 0."}, []string{"acc", "x"})
	acc, x, rows, stride := p[0], p[1], RDX, R8
	Load(Param("rows"), rows)
	Load(Param("stride"), stride)
	SHLQ(Imm(2), stride)
	for _, k := range []int{4, 1} {
		label := fmt.Sprintf("rowsBy%d", k)
		SUBQ(Imm(uint64(k)), rows)
		JLT(LabelRef(label + "Done"))
		Label(label)
		to, at := R9, []GPPhysical{R10, R11, R12, R13}[:k]
		MOVQ(acc, to)
		MOVQ(x, at[0])
		for i := 1; i < k; i++ {
			LEAQ(Mem{Base: at[i-1], Index: stride, Scale: 1}, at[i])
		}
		MOVQ(count, RBX)
		advance := func(n int) {
			ADDQ(Imm(uint64(8*n)), to)
			for _, a := range at {
				ADDQ(Imm(uint64(4*n)), a)
			}
		}
		SUBQ(Imm(8), RBX)
		JLT(LabelRef(label + "Rest"))
		Label(label + "Vectors")
		VMOVUPD(Mem{Base: to}, Y0)
		VMOVUPD(Mem{Base: to, Disp: 32}, Y1)
		for _, a := range at {
			VCVTPS2PD(Mem{Base: a}, Y2)
			VCVTPS2PD(Mem{Base: a, Disp: 16}, Y3)
			VADDPD(Y2, Y0, Y0)
			VADDPD(Y3, Y1, Y1)
		}
		VMOVUPD(Y0, Mem{Base: to})
		VMOVUPD(Y1, Mem{Base: to, Disp: 32})
		advance(8)
		SUBQ(Imm(8), RBX)
		JGE(LabelRef(label + "Vectors"))
		Label(label + "Rest")
		ADDQ(Imm(8), RBX)
		JEQ(LabelRef(label + "Next"))
		Label(label + "Single")
		VMOVSD(Mem{Base: to}, X0)
		for _, a := range at {
			VXORPS(X2, X2, X2)
			VCVTSS2SD(Mem{Base: a}, X2, X2)
			VADDSD(X2, X0, X0)
		}
		VMOVSD(X0, Mem{Base: to})
		advance(1)
		DECQ(RBX)
		JNE(LabelRef(label + "Single"))
		Label(label + "Next")
		LEAQ(Mem{Base: x, Index: stride, Scale: uint8(k)}, x)
		SUBQ(Imm(uint64(k)), rows)
		JGE(LabelRef(label))
		Label(label + "Done")
		ADDQ(Imm(uint64(k)), rows)
	}
	finish()
}
