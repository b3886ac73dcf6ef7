// The tile kernel for the element type whose macros are defined (gemm_arm64.s):
//
//	SHIFT, LANES    log2 of an element's bytes, elements in a vector
//	LD1             loads one element and zeros the rest of the register
//	EL(d, n, m, i)  d += n * m[i]
//	ADDV(d, n, m)   d = n + m
//	LT0(d, n)       d = n < 0
//	LDN(r), STN(r)  load n elements from r to V24, store n elements of V0 to r
//	DUP             the arrangement of a broadcast load into V24
//	PACKED0, 1      multiply the 8 elements of a packed column of A by a row of B; even and odd steps use other registers
//
// R0 to R7 are rows of A, R8 the bytes from their beginning, R9 to the next column; R10 is a row of B, R11 the bytes to the next;
// R12 a row of C, R13 the bytes to the next; R14 counts terms, R15 is m, R16 is n. Row r of the tile is V(2r) and V(2r+1), or V(2r)
// where n <= LANES; a single wide row is V0 to V15.

	MOVD	a+0(FP), R0
	MOVD	ars+8(FP), R17
	MOVD	acs+16(FP), R9
	MOVD	b+24(FP), R10
	MOVD	brs+32(FP), R11
	MOVD	c+40(FP), R12
	MOVD	ldc+48(FP), R13
	MOVD	m+56(FP), R15
	MOVD	n+64(FP), R16
	MOVD	k+72(FP), R14
	MOVD	rowBias+80(FP), R19
	MOVD	colBias+88(FP), R20
	MOVD	flags+96(FP), R24
	LSL	$SHIFT, R17
	LSL	$SHIFT, R9
	LSL	$SHIFT, R11
	LSL	$SHIFT, R13
	ADD	R17, R0, R1
	ADD	R17, R1, R2
	ADD	R17, R2, R3
	ADD	R17, R3, R4
	ADD	R17, R4, R5
	ADD	R17, R5, R6
	ADD	R17, R6, R7
	MOVD	$0, R8
	VEOR	V0.B16, V0.B16, V0.B16
	VEOR	V1.B16, V1.B16, V1.B16
	VEOR	V2.B16, V2.B16, V2.B16
	VEOR	V3.B16, V3.B16, V3.B16
	VEOR	V4.B16, V4.B16, V4.B16
	VEOR	V5.B16, V5.B16, V5.B16
	VEOR	V6.B16, V6.B16, V6.B16
	VEOR	V7.B16, V7.B16, V7.B16
	VEOR	V8.B16, V8.B16, V8.B16
	VEOR	V9.B16, V9.B16, V9.B16
	VEOR	V10.B16, V10.B16, V10.B16
	VEOR	V11.B16, V11.B16, V11.B16
	VEOR	V12.B16, V12.B16, V12.B16
	VEOR	V13.B16, V13.B16, V13.B16
	VEOR	V14.B16, V14.B16, V14.B16
	VEOR	V15.B16, V15.B16, V15.B16
	CMP	$LANES, R16
	BLE	narrow
	CMP	$(2*LANES), R16
	BGT	wide

	// Two vectors.
	// Loads come first, for processors that take instructions in order.
#define MUL(num, s0, s1) EL(s0, 24, num, 0); EL(s1, 25, num, 0)
#define GET1 LD1 (R0)(R8), F16
#define GET2 GET1; LD1 (R1)(R8), F17
#define GET3 GET2; LD1 (R2)(R8), F18
#define GET4 GET3; LD1 (R3)(R8), F19
#define GET5 GET4; LD1 (R4)(R8), F20
#define GET6 GET5; LD1 (R5)(R8), F21
#define GET7 GET6; LD1 (R6)(R8), F22
#define GET8 GET7; LD1 (R7)(R8), F23
#define MULS1 MUL(16, 0, 1)
#define MULS2 MULS1; MUL(17, 2, 3)
#define MULS3 MULS2; MUL(18, 4, 5)
#define MULS4 MULS3; MUL(19, 6, 7)
#define MULS5 MULS4; MUL(20, 8, 9)
#define MULS6 MULS5; MUL(21, 10, 11)
#define MULS7 MULS6; MUL(22, 12, 13)
#define MULS8 MULS7; MUL(23, 14, 15)
#define LOOP(get, muls, label) label: \
	FLDPQ	(R10), (F24, F25); \
	get; \
	muls; \
	ADD	R9, R8; \
	ADD	R11, R10; \
	SUBS	$1, R14; \
	BNE	label; \
	B	end

	CBZ	R14, end
	CMP	$8, R15
	BEQ	full
	CMP	$7, R15
	BEQ	m7
	CMP	$6, R15
	BEQ	m6
	CMP	$5, R15
	BEQ	m5
	CMP	$4, R15
	BEQ	m4
	CMP	$3, R15
	BEQ	m3
	CMP	$2, R15
	BEQ	m2
	LOOP(GET1, MULS1, m1)
	LOOP(GET2, MULS2, m2)
	LOOP(GET3, MULS3, m3)
	LOOP(GET4, MULS4, m4)
	LOOP(GET5, MULS5, m5)
	LOOP(GET6, MULS6, m6)
	LOOP(GET7, MULS7, m7)
full:
	// Columns of A that are contiguous come as vectors, two of them a turn.
	CMP	$(1<<SHIFT), R17
	BNE	m8
	LSR	$1, R14, R21
	CBZ	R21, m8
	MOVD	R0, R22
packed:
	PACKED0
	PACKED1
	SUBS	$1, R21
	BNE	packed
	SUB	R0, R22, R8
	AND	$1, R14
	CBZ	R14, end
	LOOP(GET8, MULS8, m8)

end:
#define ACC(s0, s1) FLDPQ (R21), (F24, F25); ADDV(s0, s0, 24); ADDV(s1, s1, 25); ADD R13, R21; SUBS $1, R22; BEQ row
	TBZ	$0, R24, row
	MOVD	R12, R21
	MOVD	R15, R22
	ACC(0, 1)
	ACC(2, 3)
	ACC(4, 5)
	ACC(6, 7)
	ACC(8, 9)
	ACC(10, 11)
	ACC(12, 13)
	ACC(14, 15)
row:
#define BIAS(s0, s1) VLD1R.P (1<<SHIFT)(R19), [V24.DUP]; ADDV(s0, s0, 24); ADDV(s1, s1, 24); SUBS $1, R22; BEQ col
	CBZ	R19, col
	MOVD	R15, R22
	BIAS(0, 1)
	BIAS(2, 3)
	BIAS(4, 5)
	BIAS(6, 7)
	BIAS(8, 9)
	BIAS(10, 11)
	BIAS(12, 13)
	BIAS(14, 15)
col:
#define COL(s0, s1) ADDV(s0, s0, 24); ADDV(s1, s1, 25)
	CBZ	R20, relu
	FLDPQ	(R20), (F24, F25)
	COL(0, 1)
	COL(2, 3)
	COL(4, 5)
	COL(6, 7)
	COL(8, 9)
	COL(10, 11)
	COL(12, 13)
	COL(14, 15)
relu:
	// Clears what is below 0; a maximum would make +0 of -0.
#define RELU(s) LT0(24, s); BIC(s, s, 24)
#define RELU4(a, b, c, d) RELU(a); RELU(b); RELU(c); RELU(d)
	TBZ	$1, R24, store
	RELU4(0, 1, 2, 3)
	RELU4(4, 5, 6, 7)
	RELU4(8, 9, 10, 11)
	RELU4(12, 13, 14, 15)
store:
#define STORE(s0, s1) FSTPQ (s0, s1), (R12); ADD R13, R12; SUBS $1, R15; BEQ done
	STORE(F0, F1)
	STORE(F2, F3)
	STORE(F4, F5)
	STORE(F6, F7)
	STORE(F8, F9)
	STORE(F10, F11)
	STORE(F12, F13)
	STORE(F14, F15)
done:
	RET

	// One vector, or less of it.
narrow:
#define MULSN1 EL(0, 24, 16, 0)
#define MULSN2 MULSN1; EL(2, 24, 17, 0)
#define MULSN3 MULSN2; EL(4, 24, 18, 0)
#define MULSN4 MULSN3; EL(6, 24, 19, 0)
#define MULSN5 MULSN4; EL(8, 24, 20, 0)
#define MULSN6 MULSN5; EL(10, 24, 21, 0)
#define MULSN7 MULSN6; EL(12, 24, 22, 0)
#define MULSN8 MULSN7; EL(14, 24, 23, 0)
#define LOOPN(get, muls, label) label: \
	LDN(R10); \
	get; \
	muls; \
	ADD	R9, R8; \
	ADD	R11, R10; \
	SUBS	$1, R14; \
	BNE	label; \
	B	endn

	CBZ	R14, endn
	CMP	$8, R15
	BEQ	n8
	CMP	$7, R15
	BEQ	n7
	CMP	$6, R15
	BEQ	n6
	CMP	$5, R15
	BEQ	n5
	CMP	$4, R15
	BEQ	n4
	CMP	$3, R15
	BEQ	n3
	CMP	$2, R15
	BEQ	n2
	LOOPN(GET1, MULSN1, n1)
	LOOPN(GET2, MULSN2, n2)
	LOOPN(GET3, MULSN3, n3)
	LOOPN(GET4, MULSN4, n4)
	LOOPN(GET5, MULSN5, n5)
	LOOPN(GET6, MULSN6, n6)
	LOOPN(GET7, MULSN7, n7)
	LOOPN(GET8, MULSN8, n8)
endn:
	// Row by row through memory: code for every row and width would be long.
	MOVD	$rows-128(SP), R21
	FSTPQ	(F0, F2), (R21)
	FSTPQ	(F4, F6), 32(R21)
	FSTPQ	(F8, F10), 64(R21)
	FSTPQ	(F12, F14), 96(R21)
rown:
	FMOVQ.P	16(R21), F0
	TBZ	$0, R24, rowbiasn
	LDN(R12)
	ADDV(0, 0, 24)
rowbiasn:
	CBZ	R19, coln
	VLD1R.P	(1<<SHIFT)(R19), [V24.DUP]
	ADDV(0, 0, 24)
coln:
	CBZ	R20, relun
	LDN(R20)
	ADDV(0, 0, 24)
relun:
	TBZ	$1, R24, storen
	RELU(0)
storen:
	STN(R12)
	ADD	R13, R12
	SUBS	$1, R15
	BNE	rown
	RET

	// One row of 16 vectors.
wide:
#define LOAD4(r) VLD1.P 64(r), [V20.S4, V21.S4, V22.S4, V23.S4]
#define FMA4(a, b, c, d) LOAD4(R21); EL(a, 20, 16, 0); EL(b, 21, 16, 0); EL(c, 22, 16, 0); EL(d, 23, 16, 0)
#define ADD4(r, a, b, c, d) LOAD4(r); ADDV(a, a, 20); ADDV(b, b, 21); ADDV(c, c, 22); ADDV(d, d, 23)
#define ADD16(r) ADD4(r, 0, 1, 2, 3); ADD4(r, 4, 5, 6, 7); ADD4(r, 8, 9, 10, 11); ADD4(r, 12, 13, 14, 15)
#define ROWBIAS4(a, b, c, d) ADDV(a, a, 24); ADDV(b, b, 24); ADDV(c, c, 24); ADDV(d, d, 24)
	CBZ	R14, endw
loopw:
	LD1	(R0)(R8), F16
	MOVD	R10, R21
	FMA4(0, 1, 2, 3)
	FMA4(4, 5, 6, 7)
	FMA4(8, 9, 10, 11)
	FMA4(12, 13, 14, 15)
	ADD	R9, R8
	ADD	R11, R10
	SUBS	$1, R14
	BNE	loopw
endw:
	TBZ	$0, R24, roww
	MOVD	R12, R21
	ADD16(R21)
roww:
	CBZ	R19, colw
	VLD1R	(R19), [V24.DUP]
	ROWBIAS4(0, 1, 2, 3)
	ROWBIAS4(4, 5, 6, 7)
	ROWBIAS4(8, 9, 10, 11)
	ROWBIAS4(12, 13, 14, 15)
colw:
	CBZ	R20, reluw
	ADD16(R20)
reluw:
	TBZ	$1, R24, storew
	RELU4(0, 1, 2, 3)
	RELU4(4, 5, 6, 7)
	RELU4(8, 9, 10, 11)
	RELU4(12, 13, 14, 15)
storew:
	VST1.P	[V0.S4, V1.S4, V2.S4, V3.S4], 64(R12)
	VST1.P	[V4.S4, V5.S4, V6.S4, V7.S4], 64(R12)
	VST1.P	[V8.S4, V9.S4, V10.S4, V11.S4], 64(R12)
	VST1.P	[V12.S4, V13.S4, V14.S4, V15.S4], 64(R12)
	RET

#undef MUL
#undef GET1
#undef GET2
#undef GET3
#undef GET4
#undef GET5
#undef GET6
#undef GET7
#undef GET8
#undef MULS1
#undef MULS2
#undef MULS3
#undef MULS4
#undef MULS5
#undef MULS6
#undef MULS7
#undef MULS8
#undef LOOP
#undef ACC
#undef BIAS
#undef COL
#undef RELU
#undef RELU4
#undef STORE
#undef MULSN1
#undef MULSN2
#undef MULSN3
#undef MULSN4
#undef MULSN5
#undef MULSN6
#undef MULSN7
#undef MULSN8
#undef LOOPN
#undef LOAD4
#undef FMA4
#undef ADD4
#undef ADD16
#undef ROWBIAS4
