// The dot products of a vector and rows for the element type whose macros are defined: SHIFT, LANES, LD1, ADDV as in
// gemm_tile_arm64.h, FMLAV(m, n, d) d += n * m, and REDUCE, the four sums of V0, V2, V4 and V6 to where R4 points, moved on.
//
// R0 is x, R5 to R8 four rows of b, R9 the next one, R1 the bytes between them.

	MOVD	b+8(FP), R9
	MOVD	ldb+16(FP), R1
	MOVD	n+24(FP), R2
	MOVD	sum+40(FP), R4
	LSL	$SHIFT, R1
rows:
	MOVD	x+0(FP), R0
	MOVD	k+32(FP), R3
	// Rows that do not exist are the last one again.
	MOVD	R9, R5
	ADD	R1, R5, R6
	CMP	$1, R2
	CSEL	LE, R5, R6, R6
	ADD	R1, R6, R7
	CMP	$2, R2
	CSEL	LE, R6, R7, R7
	ADD	R1, R7, R8
	CMP	$3, R2
	CSEL	LE, R7, R8, R8
	ADD	R1, R8, R9
	VEOR	V0.B16, V0.B16, V0.B16
	VEOR	V1.B16, V1.B16, V1.B16
	VEOR	V2.B16, V2.B16, V2.B16
	VEOR	V3.B16, V3.B16, V3.B16
	VEOR	V4.B16, V4.B16, V4.B16
	VEOR	V5.B16, V5.B16, V5.B16
	VEOR	V6.B16, V6.B16, V6.B16
	VEOR	V7.B16, V7.B16, V7.B16
#define TWO(r, s0, s1) FLDPQ.P 32(r), (F18, F19); FMLAV(V18, V16, s0); FMLAV(V19, V17, s1)
#define ONE(r, s) LD1.P (1<<SHIFT)(r), F18; FMLAV(V18, V16, s)
	SUBS	$(2*LANES), R3
	BLT	tail
loop:
	FLDPQ.P	32(R0), (F16, F17)
	TWO(R5, V0, V1)
	TWO(R6, V2, V3)
	TWO(R7, V4, V5)
	TWO(R8, V6, V7)
	SUBS	$(2*LANES), R3
	BGE	loop
tail:
	ADDS	$(2*LANES), R3
	BEQ	reduce
	// One term at a time, in the first lane.
one:
	LD1.P	(1<<SHIFT)(R0), F16
	ONE(R5, V0)
	ONE(R6, V2)
	ONE(R7, V4)
	ONE(R8, V6)
	SUBS	$1, R3
	BNE	one
reduce:
	ADDV(0, 0, 1)
	ADDV(2, 2, 3)
	ADDV(4, 4, 5)
	ADDV(6, 6, 7)
	REDUCE
	SUBS	$4, R2
	BGT	rows
	RET
#undef TWO
#undef ONE
