//go:build !noasm

#include "textflag.h"

// CLAMP is the row after prev, or prev again where there are at most i rows. R12 is rows, R13 the bytes between rows.
#define CLAMP(i, prev, row) ADD R13, prev, row; CMP $i, R12; CSEL LE, prev, row, row

// func gemmTransposeF32NEON(dst *float32, w int, src *float32, stride, rows, k int)
TEXT ·gemmTransposeF32NEON(SB), NOSPLIT, $0-48
	MOVD	dst+0(FP), R8
	MOVD	w+8(FP), R9
	MOVD	src+16(FP), R0
	MOVD	stride+24(FP), R13
	MOVD	rows+32(FP), R12
	MOVD	k+40(FP), R10
	LSL	$2, R9
	LSL	$2, R13
	CLAMP(1, R0, R1)
	CLAMP(2, R1, R2)
	CLAMP(3, R2, R3)
	CLAMP(4, R3, R4)
	CLAMP(5, R4, R5)
	CLAMP(6, R5, R6)
	CLAMP(7, R6, R7)
loop:
	FMOVQ.P	16(R0), F0
	FMOVQ.P	16(R1), F1
	FMOVQ.P	16(R2), F2
	FMOVQ.P	16(R3), F3
	FMOVQ.P	16(R4), F4
	FMOVQ.P	16(R5), F5
	FMOVQ.P	16(R6), F6
	FMOVQ.P	16(R7), F7
	VTRN1	V1.S4, V0.S4, V16.S4
	VTRN2	V1.S4, V0.S4, V17.S4
	VTRN1	V3.S4, V2.S4, V18.S4
	VTRN2	V3.S4, V2.S4, V19.S4
	VTRN1	V5.S4, V4.S4, V20.S4
	VTRN2	V5.S4, V4.S4, V21.S4
	VTRN1	V7.S4, V6.S4, V22.S4
	VTRN2	V7.S4, V6.S4, V23.S4
	VTRN1	V18.D2, V16.D2, V0.D2
	VTRN1	V22.D2, V20.D2, V1.D2
	VTRN1	V19.D2, V17.D2, V2.D2
	VTRN1	V23.D2, V21.D2, V3.D2
	VTRN2	V18.D2, V16.D2, V4.D2
	VTRN2	V22.D2, V20.D2, V5.D2
	VTRN2	V19.D2, V17.D2, V6.D2
	VTRN2	V23.D2, V21.D2, V7.D2
	VST1.P	[V0.S4, V1.S4], (R8)(R9)
	VST1.P	[V2.S4, V3.S4], (R8)(R9)
	VST1.P	[V4.S4, V5.S4], (R8)(R9)
	VST1.P	[V6.S4, V7.S4], (R8)(R9)
	SUBS	$4, R10
	BEQ	done
	CMP	$4, R10
	BGE	loop
	// The last block ends where the rows end: back by what it shares with the one before.
	MOVD	$4, R11
	SUB	R10, R11
	MUL	R9, R11, R14
	SUB	R14, R8
	LSL	$2, R11
	SUB	R11, R0
	SUB	R11, R1
	SUB	R11, R2
	SUB	R11, R3
	SUB	R11, R4
	SUB	R11, R5
	SUB	R11, R6
	SUB	R11, R7
	MOVD	$4, R10
	B	loop
done:
	RET

// func gemmTransposeF64NEON(dst *float64, w int, src *float64, stride, rows, k int)
TEXT ·gemmTransposeF64NEON(SB), NOSPLIT, $0-48
	MOVD	dst+0(FP), R8
	MOVD	w+8(FP), R9
	MOVD	src+16(FP), R0
	MOVD	stride+24(FP), R13
	MOVD	rows+32(FP), R12
	MOVD	k+40(FP), R10
	LSL	$3, R9
	LSL	$3, R13
	CLAMP(1, R0, R1)
	CLAMP(2, R1, R2)
	CLAMP(3, R2, R3)
loop:
	FMOVQ.P	16(R0), F0
	FMOVQ.P	16(R1), F1
	FMOVQ.P	16(R2), F2
	FMOVQ.P	16(R3), F3
	VTRN1	V1.D2, V0.D2, V4.D2
	VTRN1	V3.D2, V2.D2, V5.D2
	VTRN2	V1.D2, V0.D2, V6.D2
	VTRN2	V3.D2, V2.D2, V7.D2
	VST1.P	[V4.D2, V5.D2], (R8)(R9)
	VST1.P	[V6.D2, V7.D2], (R8)(R9)
	SUBS	$2, R10
	BEQ	done
	CMP	$2, R10
	BGE	loop
	SUB	R9, R8
	SUB	$8, R0
	SUB	$8, R1
	SUB	$8, R2
	SUB	$8, R3
	MOVD	$2, R10
	B	loop
done:
	RET

// func gemmCopyRowsNEON(dst *float32, w int, src *float32, stride, cols, k int)
TEXT ·gemmCopyRowsNEON(SB), NOSPLIT, $0-48
	MOVD	dst+0(FP), R0
	MOVD	w+8(FP), R1
	MOVD	src+16(FP), R2
	MOVD	stride+24(FP), R3
	MOVD	cols+32(FP), R4
	MOVD	k+40(FP), R5
	LSL	$2, R1
	LSL	$2, R3
	CMP	$8, R4
	BNE	copy16
copy8:
	VLD1.P	(R2)(R3), [V0.S4, V1.S4]
	VST1.P	[V0.S4, V1.S4], (R0)(R1)
	SUBS	$1, R5
	BNE	copy8
	RET
copy16:
	VLD1.P	(R2)(R3), [V0.S4, V1.S4, V2.S4, V3.S4]
	VST1.P	[V0.S4, V1.S4, V2.S4, V3.S4], (R0)(R1)
	SUBS	$1, R5
	BNE	copy16
	RET
