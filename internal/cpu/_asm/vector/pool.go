package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func pools() {
	split()
	merge()
	for _, places := range []bool{false, true} {
		maxTaps(places)
	}
	addTaps()
}

// split finds what MaxTaps cannot compare on the way.
func split() {
	p := text("Split", "even, odd, x *float32, n int) (odds int)",
		[]string{"", "\tfor i := range n { even[i], odd[i] = x[2*i], x[2*i+1] }", "", "with n >= 0; the result is not 0 if there are NaN or -Inf among x."}, []string{"x", "even", "odd"})
	x, even, odd := p[0], p[1], p[2]
	VMOVUPS(at(inf), Y8)
	zero(Y9)
	SUBQ(Imm(lanes), count)
	JLT(LabelRef("rest"))
	Label("vector")
	VMOVUPS(Mem{Base: x}, Y0)
	VMOVUPS(Mem{Base: x, Disp: 32}, Y1)
	for i, v := range []VecPhysical{Y0, Y1} {
		t := []VecPhysical{Y2, Y3}[i]
		VCMPPS(Imm(10), Y8, v, t) // not greater
		VORPS(t, Y9, Y9)
	}
	VSHUFPS(Imm(0b10001000), Y1, Y0, Y2)
	VSHUFPS(Imm(0b11011101), Y1, Y0, Y3)
	VPERMPD(Imm(0b11011000), Y2, Y2)
	VPERMPD(Imm(0b11011000), Y3, Y3)
	VMOVUPS(Y2, Mem{Base: even})
	VMOVUPS(Y3, Mem{Base: odd})
	ADDQ(Imm(64), x)
	ADDQ(Imm(32), even)
	ADDQ(Imm(32), odd)
	SUBQ(Imm(lanes), count)
	JGE(LabelRef("vector"))
	Label("rest")
	ADDQ(Imm(lanes), count)
	JEQ(LabelRef("done"))
	Label("pair")
	VMOVSD(Mem{Base: x}, X0)
	VCMPPS(Imm(10), X8, X0, X2)
	VMOVQ(X2, X2) // the lower two
	VORPS(Y2, Y9, Y9)
	VMOVSS(X0, Mem{Base: even})
	VEXTRACTPS(Imm(1), X0, Mem{Base: odd})
	ADDQ(Imm(8), x)
	ADDQ(Imm(4), even)
	ADDQ(Imm(4), odd)
	DECQ(count)
	JNE(LabelRef("pair"))
	Label("done")
	VMOVMSKPS(Y9, EAX)
	Store(RAX, ReturnIndex(0))
	finish()
}

func merge() {
	p := text("Merge", "x, even, odd *float32, n int)",
		[]string{"", "\tfor i := range n { x[2*i], x[2*i+1] = even[i], odd[i] }", "", "with n >= 0."}, []string{"even", "odd", "x"})
	even, odd, x := p[0], p[1], p[2]
	SUBQ(Imm(lanes), count)
	JLT(LabelRef("rest"))
	Label("vector")
	VMOVUPS(Mem{Base: even}, Y0)
	VMOVUPS(Mem{Base: odd}, Y1)
	VUNPCKLPS(Y1, Y0, Y2)
	VUNPCKHPS(Y1, Y0, Y3)
	VPERM2F128(Imm(0x20), Y3, Y2, Y0)
	VPERM2F128(Imm(0x31), Y3, Y2, Y1)
	VMOVUPS(Y0, Mem{Base: x})
	VMOVUPS(Y1, Mem{Base: x, Disp: 32})
	ADDQ(Imm(32), even)
	ADDQ(Imm(32), odd)
	ADDQ(Imm(64), x)
	SUBQ(Imm(lanes), count)
	JGE(LabelRef("vector"))
	Label("rest")
	ADDQ(Imm(lanes), count)
	JEQ(LabelRef("done"))
	Label("pair")
	VMOVSS(Mem{Base: even}, X0)
	VINSERTPS(Imm(0x10), Mem{Base: odd}, X0, X0)
	VMOVSD(X0, Mem{Base: x})
	ADDQ(Imm(4), even)
	ADDQ(Imm(4), odd)
	ADDQ(Imm(8), x)
	DECQ(count)
	JNE(LabelRef("pair"))
	Label("done")
	finish()
}

func maxTaps(places bool) {
	name, args, code := "MaxTaps", "y, x *float32, n int, taps *int64, count int)", []string{"",
		"	for i := range n { y[i] = max over t < count of x[i+taps[2*t]] }", "",
		"with n >= 0, count >= 1 and no NaN; the first of equals."}
	pointers := []string{"x", "y"}
	if places {
		name, args = "MaxTapsPlaces", "y *float32, place *int32, x *float32, n int, taps *int64, count int, first, step int)"
		code[1] = "	for i := range n { y[i], place[i] = max over t < count of x[i+taps[2*t]], taps[2*t+1] + first + i*step of that tap }"
		pointers = append(pointers, "place")
	}
	p := text(name, args, code, pointers)
	x := p[0]
	taps, all, tap, left, off := R10, R11, R12, R13, RDX
	Load(Param("taps"), taps)
	Load(Param("count"), all)
	best, where, v, m, start, next := Y0, Y1, Y2, Y3, Y4, Y5
	if places {
		VPBROADCASTD(param("step"), start)
		VPMULLD(at(iota32), start, start)
		VPBROADCASTD(param("first"), next)
		VPADDD(next, start, start)
		VPBROADCASTD(param("step"), next)
		VPSLLD(Imm(3), next, next)
	}
	vector := func(a access, label string) {
		load := func(dst VecPhysical) {
			MOVQ(Mem{Base: tap}, off)
			from := Mem{Base: x, Index: off, Scale: 4}
			if a.last {
				VMASKMOVPS(from, Y15, dst)
			} else {
				VMOVUPS(from, dst)
			}
		}
		MOVQ(taps, tap)
		MOVQ(all, left)
		load(best)
		if places {
			VPBROADCASTD(Mem{Base: tap, Disp: 8}, where)
			VPADDD(start, where, where)
		}
		DECQ(left)
		JEQ(LabelRef(label + "End"))
		Label(label)
		ADDQ(Imm(16), tap)
		load(v)
		if places {
			VCMPPS(Imm(30), best, v, m) // greater
			VBLENDVPS(m, v, best, best)
			VPBROADCASTD(Mem{Base: tap, Disp: 8}, v)
			VPADDD(start, v, v)
			VBLENDVPS(m, v, where, where)
		} else {
			VMAXPS(best, v, best) // best, where they are equal
		}
		DECQ(left)
		JNE(LabelRef(label))
		Label(label + "End")
		a.store(best, p[1])
		if places {
			a.store(where, p[2])
			VPADDD(next, start, start)
		}
	}
	CMPQ(count, Imm(lanes))
	JLT(LabelRef("short"))
	SUBQ(Imm(lanes), count)
	Label("vectors")
	vector(access{of: 1}, "tap")
	for _, r := range p {
		ADDQ(Imm(32), r)
	}
	SUBQ(Imm(lanes), count)
	JGE(LabelRef("vectors"))
	// What is left is done with elements before it as one more vector: a store of a part is slow.
	ADDQ(Imm(lanes), count)
	JEQ(LabelRef("done"))
	SUBQ(Imm(lanes), count)
	for _, r := range p {
		LEAQ(Mem{Base: r, Index: count, Scale: 4}, r)
	}
	if places {
		VPBROADCASTD(param("step"), v)
		VMOVQ(count, X3)
		VPBROADCASTD(X3, m)
		VPMULLD(m, v, v)
		VPADDD(v, start, start)
	}
	XORQ(count, count)
	JMP(LabelRef("vectors"))
	Label("short")
	TESTQ(count, count)
	JEQ(LabelRef("done"))
	NEGQ(count)
	LEAQ(masks.Offset(32), RAX)
	VMOVUPS(Mem{Base: RAX, Index: count, Scale: 4}, Y15)
	vector(access{of: 1, last: true}, "tapOfRest")
	Label("done")
	finish()
}

func addTaps() {
	p := text("AddTaps", "dx, dy *float32, place *int32, n int, taps *int64, count int, first, step int)", []string{"",
		"	for t := range count { // from the last",
		"		for i := range n { if place[i] == taps[2*t+1] + first + i*step { dx[i+taps[2*t]] += dy[i] } }",
		"	}", "",
		"with n >= 0 and count >= 1; taps go backwards, so that the sums of overlapping windows are in the order of i."}, []string{"dx", "dy", "place"})
	taps, left, n, x, g, at32 := R10, R11, R12, R13, RBX, RDX
	Load(Param("taps"), taps)
	Load(Param("count"), left)
	MOVQ(count, n)
	next, first, start := Y5, Y6, Y4
	VPBROADCASTD(param("step"), first)
	VPMULLD(at(iota32), first, first)
	VPBROADCASTD(param("first"), next)
	VPADDD(next, first, first)
	VPBROADCASTD(param("step"), next)
	VPSLLD(Imm(3), next, next)
	MOVQ(left, RAX)
	SHLQ(Imm(4), RAX)
	ADDQ(RAX, taps)
	Label("tap")
	SUBQ(Imm(16), taps)
	MOVQ(Mem{Base: taps}, RAX)
	LEAQ(Mem{Base: p[0], Index: RAX, Scale: 4}, x)
	MOVQ(p[1], g)
	MOVQ(p[2], at32)
	MOVQ(n, count)
	VPBROADCASTD(Mem{Base: taps, Disp: 8}, start)
	VPADDD(first, start, start)
	each([]GPPhysical{x, g, at32}, 1, func(a access) {
		a.load(at32, Y0)
		VPCMPEQD(start, Y0, Y0)
		a.load(g, Y1)
		VANDPS(Y0, Y1, Y1)
		a.load(x, Y2)
		VADDPS(Y2, Y1, Y1)
		a.store(Y1, x)
		VPADDD(next, start, start)
	})
	DECQ(left)
	JNE(LabelRef("tap"))
	finish()
}
