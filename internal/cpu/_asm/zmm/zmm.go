// Package zmm makes AVX-512 kernels of AVX2 ones, so that one source yields both. A generator writes its functions twice, first
// with vectors of 32 bytes and names that end in AVX2, then of 64 bytes and AVX512; the registers are called Y in both. In the
// latter functions each instruction becomes the one of AVX-512 (F, DQ, BW, VL) that does the same to twice as many lanes.
package zmm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
)

// Widths are the bytes of a vector of each of the two.
var Widths = []int{32, 64}

// Suffix ends the names of kernels with vectors of so many bytes.
func Suffix(bytes int) string {
	if bytes == 64 {
		return "AVX512"
	}
	return "AVX2"
}

// Install is to be called before avo's Generate. Data that a source defines for both widths is kept once.
func Install() {
	pass.Compile = pass.Concat(pass.Func(data), pass.FunctionPass(function), pass.Compile)
}

func data(f *ir.File) error {
	seen := map[string]bool{}
	f.Sections = slices.DeleteFunc(f.Sections, func(s ir.Section) bool {
		g, ok := s.(*ir.Global)
		again := ok && seen[g.Symbol.Name]
		if ok {
			seen[g.Symbol.Name] = true
		}
		return again
	})
	return nil
}

func function(f *ir.Function) error {
	if !strings.HasSuffix(f.Name, Suffix(64)) {
		return nil
	}
	var nodes []ir.Node
	for _, n := range f.Nodes {
		i, ok := n.(*ir.Instruction)
		if !ok {
			nodes = append(nodes, n)
			continue
		}
		wide, err := instruction(i)
		if err != nil {
			return fmt.Errorf("%s: %s %v: %w", f.Name, i.Opcode, i.Operands, err)
		}
		for _, w := range wide {
			nodes = append(nodes, w)
		}
	}
	f.Nodes = nodes
	return nil
}

// halves are the instructions of which an operand is half as long as the others: X where these are Y.
var halves = map[string]string{
	"VCVTPS2PD": "VCVTPS2PD", "VCVTPD2PSY": "VCVTPD2PS", "VPMOVSXDQ": "VPMOVSXDQ", "VEXTRACTF128": "VEXTRACTF64X4", "VINSERTF128": "VINSERTF64X4",
}

// instruction returns what i is with AVX-512. Where there are Z and K registers it is that already; where there is no Y it has nothing
// to do with the width. Masks remain vectors of all ones and zeros; on the way from and to them K7 is overwritten.
func instruction(i *ir.Instruction) ([]*ir.Instruction, error) {
	widens := halves[i.Opcode] != ""
	for _, o := range i.Operands {
		switch {
		case operand.IsZMM(o), operand.IsK(o):
			return []*ir.Instruction{i}, nil
		case operand.IsYMM(o):
			widens = true
		}
	}
	if !widens {
		return []*ir.Instruction{i}, nil
	}
	o := make([]operand.Op, len(i.Operands))
	half := halves[i.Opcode]
	for k, x := range i.Operands {
		o[k] = register(x, half != "")
	}
	double := strings.HasSuffix(i.Opcode, "PD")
	toMask, toVector, blend, load, store := x86.VPMOVD2M, x86.VPMOVM2D, x86.VBLENDMPS, x86.VMOVUPS_Z, x86.VMOVUPS
	if double {
		toMask, toVector, blend, load, store = x86.VPMOVQ2M, x86.VPMOVM2Q, x86.VBLENDMPD, x86.VMOVUPD_Z, x86.VMOVUPD
	}
	switch i.Opcode {
	case "VCMPPS", "VCMPPD":
		compare := x86.VCMPPS
		if double {
			compare = x86.VCMPPD
		}
		return list(first(compare(o[0], o[1], o[2], reg.K7)), first(toVector(reg.K7, o[3])))
	case "VBLENDVPS", "VBLENDVPD":
		return list(first(toMask(o[0], reg.K7)), first(blend(o[1], o[2], reg.K7, o[3])))
	case "VMASKMOVPS", "VMASKMOVPD":
		if operand.IsM(o[0]) {
			return list(first(toMask(o[1], reg.K7)), first(load(o[0], reg.K7, o[2])))
		}
		return list(first(toMask(o[1], reg.K7)), first(store(o[0], reg.K7, o[2])))
	case "VMOVMSKPS":
		return list(first(toMask(o[0], reg.K7)), first(x86.KMOVW(reg.K7, o[1])))
	case "VPERM2F128", "VPERM2I128", "VPERMPD", "VPERMPS", "VPERMQ", "VPERMD", "VPERMILPD", "VSHUFPD":
		return nil, errors.New("would move other lanes")
	}
	// What AVX-512 does not have, the assembler refuses.
	w := *i
	w.Operands, w.Inputs, w.Outputs = o, registers(i.Inputs, half != ""), registers(i.Outputs, half != "")
	if half != "" {
		w.Opcode = half
	}
	w.ISA = []string{"AVX512F"}
	return list(first(&w, nil))
}

// broadcast makes an instruction read one element, of its size, of a constant, whose lanes are all alike.
func broadcast(i *ir.Instruction) {
	for _, o := range i.Operands {
		if m, ok := o.(operand.Mem); !ok || !m.Symbol.Static {
			continue
		}
		switch i.Opcode {
		case "VMOVUPS":
			i.Opcode = "VBROADCASTSS"
		case "VMOVUPD":
			i.Opcode = "VBROADCASTSD"
		case "VBROADCASTSS", "VBROADCASTSD":
		default:
			i.Suffixes = []string{"BCST"}
		}
	}
}

// register is an operand of twice the length, also where it is X if the instruction takes halves.
func register(o operand.Op, halves bool) operand.Op {
	r, ok := o.(reg.VecPhysical)
	switch {
	case ok && operand.IsYMM(o):
		return r.AsZ()
	case ok && halves:
		return r.AsY()
	}
	return o
}

func registers(list []operand.Op, halves bool) (wide []operand.Op) {
	for _, o := range list {
		wide = append(wide, register(o, halves))
	}
	return wide
}

// result is an instruction, or why there is none.
type result struct {
	i   *ir.Instruction
	err error
}

func first(i *ir.Instruction, err error) result { return result{i, err} }

func list(results ...result) (is []*ir.Instruction, err error) {
	for _, r := range results {
		if r.err != nil {
			return nil, r.err
		}
		broadcast(r.i)
		is = append(is, r.i)
	}
	return is, nil
}
