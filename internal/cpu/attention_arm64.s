//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"
#include "vector_arm64.h"

// Columns of the scores of attention, eight at a time: R0 is s, R1 the bytes between rows, R3 counts columns.

// func attentionColMaxNEON(s *float32, ld, rows, n int, top *float32)
TEXT ·attentionColMaxNEON(SB), NOSPLIT, $0-40
	MOVD	s+0(FP), R0
	MOVD	ld+8(FP), R1
	MOVD	rows+16(FP), R2
	MOVD	n+24(FP), R3
	MOVD	top+32(FP), R5
	LSL	$2, R1
columns:
	FLDPQ	(R5), (F2, F3)
	MOVD	R0, R6
	MOVD	R2, R4
rows:
	FLDPQ	(R6), (F0, F1)
	FMAXNM_S4(2, 2, 0)
	FMAXNM_S4(3, 3, 1)
	ADD	R1, R6
	SUBS	$1, R4
	BNE	rows
	FSTPQ.P	(F2, F3), 32(R5)
	ADD	$32, R0
	SUBS	$8, R3
	BGT	columns
	RET

// func attentionExpColsNEON(s *float32, ld, rows, n int, m, sum *float32)
TEXT ·attentionExpColsNEON(SB), NOSPLIT, $0-48
	MOVD	s+0(FP), R0
	MOVD	ld+8(FP), R1
	MOVD	rows+16(FP), R2
	MOVD	n+24(FP), R3
	MOVD	m+32(FP), R5
	MOVD	sum+40(FP), R7
	LSL	$2, R1
	EXPDOWNCONSTANTS
columns:
	FLDPQ.P	32(R5), (F8, F9)
	FLDPQ	(R7), (F10, F11)
	MOVD	R0, R6
	MOVD	R2, R4
rows:
	FLDPQ	(R6), (F0, F1)
	FSUB_S4(0, 0, 8)
	FSUB_S4(1, 1, 9)
	EXPDOWN(0, 2, 3, 4)
	EXPDOWN(1, 5, 6, 7)
	FADD_S4(10, 10, 0)
	FADD_S4(11, 11, 1)
	FSTPQ	(F0, F1), (R6)
	ADD	R1, R6
	SUBS	$1, R4
	BNE	rows
	FSTPQ.P	(F10, F11), 32(R7)
	ADD	$32, R0
	SUBS	$8, R3
	BGT	columns
	RET

// func attentionSoftmaxGradNEON(s, ds *float32, n int, high, low, delta float32)
TEXT ·attentionSoftmaxGradNEON(SB), NOSPLIT, $0-36
	MOVD	s+0(FP), R1
	MOVD	ds+8(FP), R2
	MOVD	n+16(FP), R4
	SCALAR(high+24, F8, V8)
	SCALAR(low+28, F9, V9)
	SCALAR(delta+32, F10, V10)
	EXPDOWNCONSTANTS
#define GETBOTH FMOVQ (R1), F0; FMOVQ (R2), F1
#define ONEBOTH FMOVS (R1), F0; FMOVS (R2), F1
#define PUTBOTH FMOVQ.P F0, 16(R1); FMOVQ.P F1, 16(R2)
#define PUTONEBOTH FMOVS.P F0, 4(R1); FMOVS.P F1, 4(R2)
#define SCOREGRAD FSUB_S4(0, 0, 8); FSUB_S4(0, 0, 9); EXPDOWN(0, 2, 3, 4); FSUB_S4(1, 1, 10); FMUL_S4(1, 0, 1)
	EACH(GETBOTH, ONEBOTH, SCOREGRAD, PUTBOTH, PUTONEBOTH)
	RET
