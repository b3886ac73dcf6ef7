//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"
#include "vector_arm64.h"

// Rows and norms.

// The constants of EXP, also for attention.
DATA ·neonExp32+0(SB)/4, $1.4426950408889634
DATA ·neonExp32+4(SB)/4, $0.693359375
DATA ·neonExp32+8(SB)/4, $-2.12194440e-4
DATA ·neonExp32+12(SB)/4, $0.49999994
DATA ·neonExp32+16(SB)/4, $0.16666521
DATA ·neonExp32+20(SB)/4, $0.04166839
DATA ·neonExp32+24(SB)/4, $0.008368711
DATA ·neonExp32+28(SB)/4, $0.001381461
DATA ·neonExp32+32(SB)/4, $1.0
DATA ·neonExp32+36(SB)/4, $-104.0
DATA ·neonExp32+40(SB)/4, $89.0
DATA ·neonExp32+44(SB)/4, $127
DATA ·neonExp32+48(SB)/4, $191          // 127 + 64
DATA ·neonExp32+52(SB)/4, $0x1F800000   // 2^-64
DATA ·neonExp32+56(SB)/4, $0xFF800000   // -Inf
DATA ·neonExp32+60(SB)/4, $0
GLOBL ·neonExp32(SB), RODATA|NOPTR, $64

#define NOTHING NOOP
#define ONEALL VLD1R.P 4(R1), [V0.S4]

// func vectorMaxNEON(x *float32, n int) float32
TEXT ·vectorMaxNEON(SB), NOSPLIT, $0-20
	MOVD	x+0(FP), R1
	MOVD	n+8(FP), R4
	MOVD	$·neonExp32+56(SB), R8
	VLD1R	(R8), [V4.S4]
	// Of a number and NaN the number; all lanes are the last elements.
	EACH(GET1, ONEALL, FMAXNM_S4(4, 4, 0), NOTHING, NOTHING)
	FMAXNMV_S4(4, 4)
	FMOVS	F4, ret+16(FP)
	RET

// func vectorExtremesNEON(x *float32, n int) (lo, hi float32)
TEXT ·vectorExtremesNEON(SB), NOSPLIT, $0-24
	MOVD	x+0(FP), R1
	MOVD	n+8(FP), R4
	VLD1R	(R1), [V4.S4]
	MOV(5, 4)
#define BOTH FMIN_S4(4, 4, 0); FMAX_S4(5, 5, 0)
	EACH(GET1, ONEALL, BOTH, NOTHING, NOTHING)
	FMINV_S4(4, 4)
	FMAXV_S4(5, 5)
	FMOVS	F4, lo+16(FP)
	FMOVS	F5, hi+20(FP)
	RET

// func vectorSumNEON(x *float32, n int) (sum float64)
TEXT ·vectorSumNEON(SB), NOSPLIT, $0-24
	MOVD	x+0(FP), R1
	MOVD	n+8(FP), R4
	ZERO
#define SUM FCVTL(1, 0); FCVTL2(2, 0); FADD_D2(4, 4, 1); FADD_D2(5, 5, 2)
	EACH(GET1, ONE1, SUM, NOTHING, NOTHING)
	SUM64(4, 5)
	FMOVD	F4, sum+16(FP)
	RET

// func vectorSumSquaresNEON(x *float32, n int, x0 float32) (s, q float64)
TEXT ·vectorSumSquaresNEON(SB), NOSPLIT, $0-40
	MOVD	x+0(FP), R1
	MOVD	n+8(FP), R4
	SCALAR(x0+16, F12, V12)
	FCVTL(13, 12)
	ZERO
// The first lane, beside lanes whose difference to x0 is 0.
#define ONEOVER MOV(0, 12); VLD1.P 4(R1), V0.S[0]
#define SQUARES \
	FCVTL(1, 0); \
	FCVTL2(2, 0); \
	FSUB_D2(1, 1, 13); \
	FSUB_D2(2, 2, 13); \
	FADD_D2(4, 4, 1); \
	FADD_D2(5, 5, 2); \
	FMLA_D2(6, 1, 1); \
	FMLA_D2(7, 2, 2)
	EACH(GET1, ONEOVER, SQUARES, NOTHING, NOTHING)
	SUM64(4, 5)
	SUM64(6, 7)
	FMOVD	F4, s+24(FP)
	FMOVD	F6, q+32(FP)
	RET

// func vectorSumProductsNEON(dy, x *float32, n int, mu float64) (s, p float64)
TEXT ·vectorSumProductsNEON(SB), NOSPLIT, $0-48
	MOVD	dy+0(FP), R1
	MOVD	x+8(FP), R2
	MOVD	n+16(FP), R4
	FMOVD	mu+24(FP), F13
	VDUP	V13.D[0], V13.D2
	ZERO
#define PRODUCTS \
	FCVTL2(3, 1); \
	FCVTL(1, 1); \
	FCVTL2(2, 0); \
	FCVTL(0, 0); \
	FSUB_D2(1, 1, 13); \
	FSUB_D2(3, 3, 13); \
	FADD_D2(4, 4, 0); \
	FADD_D2(5, 5, 2); \
	FMLA_D2(6, 0, 1); \
	FMLA_D2(7, 2, 3)
	SUBS	$4, R4
	BLT	tail
loop:
	GET2
	PRODUCTS
	SUBS	$4, R4
	BGE	loop
tail:
	ADDS	$4, R4
	BEQ	done
one:
	// A scalar instruction leaves zeros beside its result, which keep what is no element out of the sums.
	ONE2
	FCVTSD	F0, F0
	FCVTSD	F1, F1
	FSUBD	F13, F1
	FADD_D2(4, 4, 0)
	FMULD	F0, F1
	FADD_D2(6, 6, 1)
	SUBS	$1, R4
	BNE	one
done:
	SUM64(4, 5)
	SUM64(6, 7)
	FMOVD	F4, s+32(FP)
	FMOVD	F6, p+40(FP)
	RET

// func vectorNormGradSumsNEON(dy, x, w *float32, n int, mu, r float64, pw, pb *float64) (s, p float64)
TEXT ·vectorNormGradSumsNEON(SB), NOSPLIT, $0-80
	MOVD	dy+0(FP), R1
	MOVD	x+8(FP), R2
	MOVD	w+16(FP), R3
	MOVD	n+24(FP), R4
	FMOVD	mu+32(FP), F12
	VDUP	V12.D[0], V12.D2
	FMOVD	r+40(FP), F13
	VDUP	V13.D[0], V13.D2
	MOVD	pw+48(FP), R5
	MOVD	pb+56(FP), R6
	ZERO
#define NORMSUMS(g, x, w, s, p) \
	FSUB_D2(x, x, 12); \
	FMUL_D2(x, x, 13); \
	FMLA_D2(20, g, x); \
	FADD_D2(21, 21, g); \
	FMUL_D2(w, g, w); \
	FADD_D2(s, s, w); \
	FMLA_D2(p, w, x)
	SUBS	$4, R4
	BLT	tail
loop:
	GET3
	FCVTL2(16, 0)
	FCVTL2(17, 1)
	FCVTL2(18, 2)
	FCVTL(0, 0)
	FCVTL(1, 1)
	FCVTL(2, 2)
	FMOVQ	(R5), F20
	FMOVQ	(R6), F21
	NORMSUMS(0, 1, 2, 4, 6)
	FMOVQ.P	F20, 16(R5)
	FMOVQ.P	F21, 16(R6)
	FMOVQ	(R5), F20
	FMOVQ	(R6), F21
	NORMSUMS(16, 17, 18, 5, 7)
	FMOVQ.P	F20, 16(R5)
	FMOVQ.P	F21, 16(R6)
	SUBS	$4, R4
	BGE	loop
tail:
	ADDS	$4, R4
	BEQ	done
	// The lanes beside the first are zeros from here on.
	FMOVD	F12, F12
	FMOVD	F13, F13
one:
	ONE3
	FCVTL(0, 0)
	FCVTL(1, 1)
	FCVTL(2, 2)
	FMOVD	(R5), F20
	FMOVD	(R6), F21
	NORMSUMS(0, 1, 2, 4, 6)
	FMOVD.P	F20, 8(R5)
	FMOVD.P	F21, 8(R6)
	SUBS	$1, R4
	BNE	one
done:
	SUM64(4, 5)
	SUM64(6, 7)
	FMOVD	F4, s+64(FP)
	FMOVD	F6, p+72(FP)
	RET

// func vectorExpSumNEON(y, x *float32, n int, m float32) (sum float64)
TEXT ·vectorExpSumNEON(SB), NOSPLIT, $0-40
	MOVD	y+0(FP), R0
	MOVD	x+8(FP), R1
	MOVD	n+16(FP), R4
	SCALAR(m+24, F8, V8)
	EXPDOWNCONSTANTS
	ZERO
#define TERMS FSUB_S4(0, 0, 8); EXPDOWN(0, 1, 2, 3)
#define KEEP CBZ R0, 2(PC); FMOVQ.P F0, 16(R0); FCVTL(1, 0); FCVTL2(2, 0); FADD_D2(4, 4, 1); FADD_D2(5, 5, 2)
// FCVTSD leaves one lane.
#define KEEPONE CBZ R0, 2(PC); FMOVS.P F0, 4(R0); FCVTSD F0, F1; FADD_D2(4, 4, 1)
	EACH(GET1, ONE1, TERMS, KEEP, KEEPONE)
	SUM64(4, 5)
	FMOVD	F4, sum+32(FP)
	RET

// func vectorAffineNEON(y, x *float32, n int, m, a, b float32)
TEXT ·vectorAffineNEON(SB), NOSPLIT, $0-36
	MOVD	y+0(FP), R0
	MOVD	x+8(FP), R1
	MOVD	n+16(FP), R4
	SCALAR(m+24, F8, V8)
	SCALAR(a+28, F9, V9)
	SCALAR(b+32, F10, V10)
#define AFFINE FSUB_S4(1, 0, 8); MOV(0, 10); FMLA_S4(0, 1, 9)
	MAP1(AFFINE, F0)

// func vectorAffineGradNEON(dx, dy, x *float32, n int, m, a, b, t float32)
TEXT ·vectorAffineGradNEON(SB), NOSPLIT, $0-48
	MOVD	dx+0(FP), R0
	MOVD	dy+8(FP), R1
	MOVD	x+16(FP), R2
	MOVD	n+24(FP), R4
	SCALAR(m+32, F8, V8)
	SCALAR(a+36, F9, V9)
	SCALAR(b+40, F10, V10)
	SCALAR(t+44, F11, V11)
	FNEG_S4(10, 10)
#define AFFINEGRAD FSUB_S4(1, 1, 8); MOV(2, 10); FMLS_S4(2, 1, 11); FMLA_S4(2, 0, 9)
	MAP2(AFFINEGRAD, F2)

// func vectorSoftmaxGradNEON(dx, dy, y *float32, n int, s float32)
TEXT ·vectorSoftmaxGradNEON(SB), NOSPLIT, $0-36
	MOVD	dx+0(FP), R0
	MOVD	dy+8(FP), R1
	MOVD	y+16(FP), R2
	MOVD	n+24(FP), R4
	SCALAR(s+32, F8, V8)
#define SOFTMAXGRAD FSUB_S4(0, 0, 8); FMUL_S4(0, 0, 1)
	MAP2(SOFTMAXGRAD, F0)

// func vectorLogSoftmaxGradNEON(dx, dy, y *float32, n int, s float32)
TEXT ·vectorLogSoftmaxGradNEON(SB), NOSPLIT, $0-36
	MOVD	dx+0(FP), R0
	MOVD	dy+8(FP), R1
	MOVD	y+16(FP), R2
	MOVD	n+24(FP), R4
	SCALAR(s+32, F8, V8)
	EXPCONSTANTS
#define LOGSOFTMAXGRAD EXP(1, 2, 3, 4); FMLS_S4(0, 1, 8)
	MAP2(LOGSOFTMAXGRAD, F0)

// func vectorNormalizeNEON(y, x, w, b *float32, n int, m, scale, shift float32)
TEXT ·vectorNormalizeNEON(SB), NOSPLIT, $0-52
	MOVD	y+0(FP), R0
	MOVD	x+8(FP), R1
	MOVD	w+16(FP), R2
	MOVD	b+24(FP), R3
	MOVD	n+32(FP), R4
	SCALAR(m+40, F8, V8)
	SCALAR(scale+44, F9, V9)
	SCALAR(shift+48, F10, V10)
#define NORMALIZE FSUB_S4(0, 0, 8); MOV(3, 10); FMLA_S4(3, 0, 9); FMLA_S4(2, 3, 1)
	MAP3(NORMALIZE, F2)

// func vectorNormGradNEON(dx, dy, x, w *float32, n int, m, r, b, t float32)
TEXT ·vectorNormGradNEON(SB), NOSPLIT, $0-56
	MOVD	dx+0(FP), R0
	MOVD	dy+8(FP), R1
	MOVD	x+16(FP), R2
	MOVD	w+24(FP), R3
	MOVD	n+32(FP), R4
	SCALAR(m+40, F8, V8)
	SCALAR(r+44, F9, V9)
	SCALAR(b+48, F10, V10)
	SCALAR(t+52, F11, V11)
	FNEG_S4(10, 10)
#define NORMGRAD FSUB_S4(1, 1, 8); MOV(3, 10); FMLS_S4(3, 1, 11); FMLA_S4(3, 0, 2); FMUL_S4(0, 3, 9)
	MAP3(NORMGRAD, F0)
