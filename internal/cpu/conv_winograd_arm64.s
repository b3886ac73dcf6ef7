//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// The transforms of Winograd's convolution, for four tiles at a time, each in a lane. First the rows of the matrices, which go to
// scratch, then their columns.
//
// R0 to R3 are the lanes' matrices of a channel, R7 the bytes to the next channel's; R4 is the transform, R5 the bytes between its
// elements, R6 those between its channels; R8 the bytes between rows; R9 counts channels, R10 is scratch.

DATA winogradConstants<>+0(SB)/4, $4.0
DATA winogradConstants<>+4(SB)/4, $5.0
DATA winogradConstants<>+8(SB)/4, $2.0
DATA winogradConstants<>+12(SB)/4, $8.0
DATA winogradConstants<>+16(SB)/4, $0.25
DATA winogradConstants<>+20(SB)/4, $0.041666666666666664
DATA winogradConstants<>+24(SB)/4, $0.16666666666666666
DATA winogradConstants<>+28(SB)/4, $-0.16666666666666666
DATA winogradConstants<>+32(SB)/4, $0.08333333333333333
DATA winogradConstants<>+36(SB)/4, $0
GLOBL winogradConstants<>(SB), RODATA|NOPTR, $40

// V26 to V29 are 4, 5, 2 and 8.
#define INTEGERS \
	MOVD	$winogradConstants<>(SB), R20; \
	VLD1R.P	4(R20), [V26.S4]; \
	VLD1R.P	4(R20), [V27.S4]; \
	VLD1R.P	4(R20), [V28.S4]; \
	VLD1R.P	4(R20), [V29.S4]

// LANES makes R0 to R3 of R0 and four offsets at R20, in elements.
#define LANES \
	LDP	(R20), (R1, R2); \
	LDP	16(R20), (R3, R21); \
	ADD	R2<<2, R0, R17; \
	ADD	R3<<2, R0, R2; \
	ADD	R21<<2, R0, R3; \
	ADD	R1<<2, R0, R0; \
	MOVD	R17, R1

#define ADVANCE(by, a, b, c, d) ADD by, a; ADD by, b; ADD by, c; ADD by, d

// TRANSPOSE turns the rows V0 to V3 of a 4 x 4 matrix into V20 to V23.
#define TRANSPOSE \
	VTRN1	V1.S4, V0.S4, V16.S4; \
	VTRN2	V1.S4, V0.S4, V17.S4; \
	VTRN1	V3.S4, V2.S4, V18.S4; \
	VTRN2	V3.S4, V2.S4, V19.S4; \
	VTRN1	V18.D2, V16.D2, V20.D2; \
	VTRN2	V18.D2, V16.D2, V22.D2; \
	VTRN1	V19.D2, V17.D2, V21.D2; \
	VTRN2	V19.D2, V17.D2, V23.D2

// Six vectors between V0 to V5 and scratch, a row of it at R15.
#define PUTROW FSTPQ.P (F0, F1), 32(R15); FSTPQ.P (F2, F3), 32(R15); FSTPQ.P (F4, F5), 32(R15)
// The first three to six rows of a column of scratch, to V20 and on.
#define GET3ROWS FMOVQ (R15), F20; FMOVQ 96(R15), F21; FMOVQ 192(R15), F22
#define GET4ROWS GET3ROWS; FMOVQ 288(R15), F23
#define GET6ROWS GET4ROWS; FMOVQ 384(R15), F24; FMOVQ 480(R15), F25
// V0 to V5 to a column of the transform at R17, its rows R19 apart.
#define PUTCOLUMN \
	FMOVQ	F0, (R17); \
	ADD	R19, R17, R21; \
	FMOVQ	F1, (R21); \
	ADD	R19, R21; \
	FMOVQ	F2, (R21); \
	ADD	R19, R21; \
	FMOVQ	F3, (R21); \
	ADD	R19, R21; \
	FMOVQ	F4, (R21); \
	ADD	R19, R21; \
	FMOVQ	F5, (R21)
// The second half of a transform to 6 x 6.
#define COLUMNS(get, f, label) \
	MOVD	R10, R15; \
	MOVD	R4, R17; \
	MOVD	$6, R16; \
label: \
	get; \
	f; \
	PUTCOLUMN; \
	ADD	$16, R15; \
	ADD	R5, R17; \
	SUBS	$1, R16; \
	BNE	label; \
	ADD	R6, R4

// IN is winogradIn of V20 to V25: V0 to V5.
#define IN \
	MOV(6, 24); \
	FMLS_S4(6, 22, 26); \
	MOV(7, 23); \
	FMLS_S4(7, 21, 26); \
	FSUB_S4(16, 24, 22); \
	FSUB_S4(17, 23, 21); \
	FADD_S4(17, 17, 17); \
	MOV(0, 24); \
	FMLA_S4(0, 20, 26); \
	FMLS_S4(0, 22, 27); \
	FADD_S4(1, 6, 7); \
	FSUB_S4(2, 6, 7); \
	FADD_S4(3, 16, 17); \
	FSUB_S4(4, 16, 17); \
	MOV(5, 25); \
	FMLA_S4(5, 21, 26); \
	FMLS_S4(5, 23, 27)

// func winogradInputNEON(v *float32, vp, vc int, x *float32, xc, pitch int, off *int, channels int, tmp *float32)
TEXT ·winogradInputNEON(SB), NOSPLIT, $0-72
	MOVD	v+0(FP), R4
	MOVD	vp+8(FP), R5
	MOVD	vc+16(FP), R6
	MOVD	x+24(FP), R0
	MOVD	xc+32(FP), R7
	MOVD	pitch+40(FP), R8
	MOVD	off+48(FP), R20
	MOVD	channels+56(FP), R9
	MOVD	tmp+64(FP), R10
	LANES
	INTEGERS
	LSL	$2, R5
	LSL	$2, R6
	LSL	$2, R7
	LSL	$2, R8
	MOVD	$6, R16
	MUL	R16, R5, R19
channel:
	MOVD	R0, R11
	MOVD	R1, R12
	MOVD	R2, R13
	MOVD	R3, R14
	MOVD	R10, R15
	MOVD	$6, R16
row:
	FMOVQ	(R11), F0
	FMOVQ	(R12), F1
	FMOVQ	(R13), F2
	FMOVQ	(R14), F3
	FMOVD	16(R11), F4
	FMOVD	16(R12), F5
	FMOVD	16(R13), F6
	FMOVD	16(R14), F7
	TRANSPOSE
	VTRN1	V5.S4, V4.S4, V16.S4
	VTRN2	V5.S4, V4.S4, V17.S4
	VTRN1	V7.S4, V6.S4, V18.S4
	VTRN2	V7.S4, V6.S4, V19.S4
	VTRN1	V18.D2, V16.D2, V24.D2
	VTRN1	V19.D2, V17.D2, V25.D2
	IN
	PUTROW
	ADVANCE(R8, R11, R12, R13, R14)
	SUBS	$1, R16
	BNE	row
	COLUMNS(GET6ROWS, IN, column)
	ADVANCE(R7, R0, R1, R2, R3)
	SUBS	$1, R9
	BNE	channel
	RET

// UP is winogradA of V20 to V23: V0 to V5.
#define UP \
	MOV(0, 20); \
	MOV(5, 23); \
	FADD_S4(6, 20, 22); \
	FADD_S4(7, 21, 23); \
	MOV(16, 20); \
	FMLA_S4(16, 22, 26); \
	MOV(17, 21); \
	FMLA_S4(17, 23, 26); \
	FADD_S4(17, 17, 17); \
	FADD_S4(1, 6, 7); \
	FSUB_S4(2, 6, 7); \
	FADD_S4(3, 16, 17); \
	FSUB_S4(4, 16, 17)

// func winogradGradNEON(z *float32, zp, zc int, y *float32, yc, pitch int, off *int, channels int, tmp *float32)
TEXT ·winogradGradNEON(SB), NOSPLIT, $0-72
	MOVD	z+0(FP), R4
	MOVD	zp+8(FP), R5
	MOVD	zc+16(FP), R6
	MOVD	y+24(FP), R0
	MOVD	yc+32(FP), R7
	MOVD	pitch+40(FP), R8
	MOVD	off+48(FP), R20
	MOVD	channels+56(FP), R9
	MOVD	tmp+64(FP), R10
	LANES
	INTEGERS
	LSL	$2, R5
	LSL	$2, R6
	LSL	$2, R7
	LSL	$2, R8
	MOVD	$6, R16
	MUL	R16, R5, R19
channel:
	MOVD	R0, R11
	MOVD	R1, R12
	MOVD	R2, R13
	MOVD	R3, R14
	MOVD	R10, R15
	MOVD	$4, R16
row:
	FMOVQ	(R11), F0
	FMOVQ	(R12), F1
	FMOVQ	(R13), F2
	FMOVQ	(R14), F3
	TRANSPOSE
	UP
	PUTROW
	ADVANCE(R8, R11, R12, R13, R14)
	SUBS	$1, R16
	BNE	row
	COLUMNS(GET4ROWS, UP, column)
	ADVANCE(R7, R0, R1, R2, R3)
	SUBS	$1, R9
	BNE	channel
	RET

// WEIGHTS is winogradG of three vectors: V0 to V5. V26 to V30 are 1/4, 1/24, 1/6, -1/6 and 1/12.
#define WEIGHTS(g0, g1, g2) \
	FADD_S4(6, g0, g2); \
	FMUL_S4(7, g0, 27); \
	FMLA_S4(7, g2, 28); \
	FMUL_S4(0, g0, 26); \
	FADD_S4(1, 6, g1); \
	FMUL_S4(1, 1, 29); \
	FSUB_S4(2, 6, g1); \
	FMUL_S4(2, 2, 29); \
	MOV(3, 7); \
	FMLA_S4(3, g1, 30); \
	MOV(4, 7); \
	FMLS_S4(4, g1, 30); \
	MOV(5, g2)

// func winogradWeightsNEON(u *float32, up, uc int, w *float32, wc int, off *int, channels int, flip int, tmp *float32)
TEXT ·winogradWeightsNEON(SB), NOSPLIT, $0-72
	MOVD	u+0(FP), R4
	MOVD	up+8(FP), R5
	MOVD	uc+16(FP), R6
	MOVD	w+24(FP), R0
	MOVD	wc+32(FP), R7
	MOVD	off+40(FP), R20
	MOVD	channels+48(FP), R9
	MOVD	flip+56(FP), R8
	MOVD	tmp+64(FP), R10
	LANES
	MOVD	$winogradConstants<>+16(SB), R20
	VLD1R.P	4(R20), [V26.S4]
	VLD1R.P	4(R20), [V27.S4]
	VLD1R.P	4(R20), [V28.S4]
	VLD1R.P	4(R20), [V29.S4]
	VLD1R.P	4(R20), [V30.S4]
	LSL	$2, R5
	LSL	$2, R6
	LSL	$2, R7
	MOVD	$6, R16
	MUL	R16, R5, R19
channel:
	// The nine elements are V8 to V11, V20 to V23 and V31.
	FMOVQ	(R0), F0
	FMOVQ	(R1), F1
	FMOVQ	(R2), F2
	FMOVQ	(R3), F3
	TRANSPOSE
	MOV(8, 20)
	MOV(9, 21)
	MOV(10, 22)
	MOV(11, 23)
	FMOVQ	16(R0), F0
	FMOVQ	16(R1), F1
	FMOVQ	16(R2), F2
	FMOVQ	16(R3), F3
	TRANSPOSE
	FMOVS	32(R0), F31
	ADD	$32, R1, R21
	VLD1	(R21), V31.S[1]
	ADD	$32, R2, R21
	VLD1	(R21), V31.S[2]
	ADD	$32, R3, R21
	VLD1	(R21), V31.S[3]
	MOVD	R10, R15
	CBNZ	R8, reverse
	WEIGHTS(8, 9, 10)
	PUTROW
	WEIGHTS(11, 20, 21)
	PUTROW
	WEIGHTS(22, 23, 31)
	B	last
reverse:
	WEIGHTS(31, 23, 22)
	PUTROW
	WEIGHTS(21, 20, 11)
	PUTROW
	WEIGHTS(10, 9, 8)
last:
	PUTROW
	COLUMNS(GET3ROWS, WEIGHTS(20, 21, 22), column)
	ADVANCE(R7, R0, R1, R2, R3)
	SUBS	$1, R9
	BNE	channel
	RET

// OUT is winogradOut of V20 to V25: V0 to V3.
#define OUT \
	FADD_S4(4, 21, 22); \
	FSUB_S4(5, 21, 22); \
	FADD_S4(6, 23, 24); \
	FSUB_S4(7, 23, 24); \
	FADD_S4(0, 20, 4); \
	FADD_S4(0, 0, 6); \
	MOV(1, 5); \
	FMLA_S4(1, 7, 28); \
	MOV(2, 4); \
	FMLA_S4(2, 6, 26); \
	MOV(3, 5); \
	FMLA_S4(3, 7, 29); \
	FADD_S4(3, 3, 25)

// func winogradOutputNEON(y *float32, yc, pitch int, off *int, m *float32, mp, mc int, bias *float32, channels int, tmp *float32)
TEXT ·winogradOutputNEON(SB), NOSPLIT, $0-80
	MOVD	y+0(FP), R0
	MOVD	yc+8(FP), R7
	MOVD	pitch+16(FP), R8
	MOVD	off+24(FP), R20
	MOVD	m+32(FP), R4
	MOVD	mp+40(FP), R5
	MOVD	mc+48(FP), R6
	MOVD	bias+56(FP), R22
	MOVD	channels+64(FP), R9
	MOVD	tmp+72(FP), R10
	LANES
	INTEGERS
	LSL	$2, R5
	LSL	$2, R6
	LSL	$2, R7
	LSL	$2, R8
	MOVD	$6, R16
	MUL	R16, R5, R19
	VEOR	V30.B16, V30.B16, V30.B16
channel:
	// Columns first: their six elements are R19 apart.
	MOVD	R10, R15
	MOVD	R4, R17
	MOVD	$6, R16
column:
	FMOVQ	(R17), F20
	ADD	R19, R17, R21
	FMOVQ	(R21), F21
	ADD	R19, R21
	FMOVQ	(R21), F22
	ADD	R19, R21
	FMOVQ	(R21), F23
	ADD	R19, R21
	FMOVQ	(R21), F24
	ADD	R19, R21
	FMOVQ	(R21), F25
	OUT
	FMOVQ	F0, (R15)
	FMOVQ	F1, 96(R15)
	FMOVQ	F2, 192(R15)
	FMOVQ	F3, 288(R15)
	ADD	$16, R15
	ADD	R5, R17
	SUBS	$1, R16
	BNE	column
	CBZ	R22, rows
	VLD1R.P	4(R22), [V30.S4]
rows:
	MOVD	R0, R11
	MOVD	R1, R12
	MOVD	R2, R13
	MOVD	R3, R14
	MOVD	R10, R15
	MOVD	$4, R16
row:
	FLDPQ.P	32(R15), (F20, F21)
	FLDPQ.P	32(R15), (F22, F23)
	FLDPQ.P	32(R15), (F24, F25)
	OUT
	FADD_S4(0, 0, 30)
	FADD_S4(1, 1, 30)
	FADD_S4(2, 2, 30)
	FADD_S4(3, 3, 30)
	TRANSPOSE
	FMOVQ	F20, (R11)
	FMOVQ	F21, (R12)
	FMOVQ	F22, (R13)
	FMOVQ	F23, (R14)
	ADVANCE(R8, R11, R12, R13, R14)
	SUBS	$1, R16
	BNE	row
	ADD	R6, R4
	ADVANCE(R7, R0, R1, R2, R3)
	SUBS	$1, R9
	BNE	channel
	RET
