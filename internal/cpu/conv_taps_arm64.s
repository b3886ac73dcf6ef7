//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// func convTapSumNEON(z *float32, zp int, buf *float32, bp, lines, n int, off *int, w *float32, taps int)
TEXT ·convTapSumNEON(SB), NOSPLIT, $0-72
	MOVD	z+0(FP), R0
	MOVD	zp+8(FP), R1
	MOVD	buf+16(FP), R2
	MOVD	bp+24(FP), R3
	MOVD	lines+32(FP), R4
	MOVD	n+40(FP), R5
	MOVD	off+48(FP), R6
	MOVD	w+56(FP), R7
	MOVD	taps+64(FP), R8
	LSL	$2, R1
	LSL	$2, R3
// TAPS adds the products of all taps: load brings what is at R15 to V4 and on, mul multiplies it by V16.
#define TAPS(load, mul, label) \
	MOVD	R6, R12; \
	MOVD	R7, R13; \
	MOVD	R8, R14; \
label: \
	MOVD.P	8(R12), R15; \
	VLD1R.P	4(R13), [V16.S4]; \
	ADD	R15<<2, R10, R15; \
	load; \
	mul; \
	SUBS	$1, R14; \
	BNE	label
#define LOAD4 FMOVQ (R15), F4
#define LOAD1 FMOVS (R15), F4
#define LOAD16 VLD1 (R15), [V4.S4, V5.S4, V6.S4, V7.S4]
#define MUL16 FMLA_S4(0, 4, 16); FMLA_S4(1, 5, 16); FMLA_S4(2, 6, 16); FMLA_S4(3, 7, 16)
line:
	MOVD	R0, R9
	MOVD	R2, R10
	SUBS	$16, R5, R11
	BLT	vectors
sixteen:
	VLD1	(R9), [V0.S4, V1.S4, V2.S4, V3.S4]
	TAPS(LOAD16, MUL16, taps16)
	VST1.P	[V0.S4, V1.S4, V2.S4, V3.S4], 64(R9)
	ADD	$64, R10
	SUBS	$16, R11
	BGE	sixteen
vectors:
	ADD	$16, R11
	SUBS	$4, R11
	BLT	ones
four:
	FMOVQ	(R9), F0
	TAPS(LOAD4, FMLA_S4(0, 4, 16), taps4)
	FMOVQ.P	F0, 16(R9)
	ADD	$16, R10
	SUBS	$4, R11
	BGE	four
ones:
	ADDS	$4, R11
	BEQ	next
one:
	FMOVS	(R9), F0
	TAPS(LOAD1, FMLA_S4(0, 4, 16), taps1)
	FMOVS.P	F0, 4(R9)
	ADD	$4, R10
	SUBS	$1, R11
	BNE	one
next:
	ADD	R1, R0
	ADD	R3, R2
	SUBS	$1, R4
	BNE	line
	RET

// func convTapDotsNEON(v *float32, vp int, buf *float32, bp, lines, n int, off *int, taps int, sums *float32)
TEXT ·convTapDotsNEON(SB), NOSPLIT, $0-72
	MOVD	vp+8(FP), R1
	MOVD	bp+24(FP), R3
	MOVD	n+40(FP), R5
	MOVD	off+48(FP), R6
	MOVD	taps+56(FP), R8
	MOVD	sums+64(FP), R7
	LSL	$2, R1
	LSL	$2, R3
group:
	// Four taps. Those that do not exist are the last one again.
	MOVD	(R6), R10
	MOVD	R10, R11
	MOVD	R10, R12
	MOVD	R10, R13
	CMP	$2, R8
	BLT	start
	MOVD	8(R6), R11
	BEQ	start
	MOVD	16(R6), R12
	CMP	$4, R8
	BLT	start
	MOVD	24(R6), R13
start:
	MOVD	v+0(FP), R0
	MOVD	buf+16(FP), R2
	MOVD	lines+32(FP), R4
	VEOR	V0.B16, V0.B16, V0.B16
	VEOR	V1.B16, V1.B16, V1.B16
	VEOR	V2.B16, V2.B16, V2.B16
	VEOR	V3.B16, V3.B16, V3.B16
line:
	MOVD	R0, R9
	ADD	R10<<2, R2, R14
	ADD	R11<<2, R2, R15
	ADD	R12<<2, R2, R16
	ADD	R13<<2, R2, R17
	SUBS	$4, R5, R19
	BLT	ones
four:
	FMOVQ.P	16(R9), F4
	FMOVQ.P	16(R14), F5
	FMOVQ.P	16(R15), F6
	FMOVQ.P	16(R16), F7
	FMOVQ.P	16(R17), F8
	FMLA_S4(0, 4, 5)
	FMLA_S4(1, 4, 6)
	FMLA_S4(2, 4, 7)
	FMLA_S4(3, 4, 8)
	SUBS	$4, R19
	BGE	four
ones:
	ADDS	$4, R19
	BEQ	next
one:
	FMOVS.P	4(R9), F4
	FMOVS.P	4(R14), F5
	FMOVS.P	4(R15), F6
	FMOVS.P	4(R16), F7
	FMOVS.P	4(R17), F8
	FMLA_S4(0, 4, 5)
	FMLA_S4(1, 4, 6)
	FMLA_S4(2, 4, 7)
	FMLA_S4(3, 4, 8)
	SUBS	$1, R19
	BNE	one
next:
	ADD	R1, R0
	ADD	R3, R2
	SUBS	$1, R4
	BNE	line
	FADDP_S4(0, 0, 1)
	FADDP_S4(2, 2, 3)
	FADDP_S4(0, 0, 2)
	FMOVQ.P	F0, 16(R7)
	ADD	$32, R6
	SUBS	$4, R8
	BGT	group
	RET
