//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"
#include "vector_arm64.h"

// Elementwise functions of float32.

// The arguments of functions of two vectors, and of one and a constant, in V8.
#define POINTERS2 \
	MOVD	d+0(FP), R0; \
	MOVD	a+8(FP), R1; \
	MOVD	b+16(FP), R2; \
	MOVD	n+24(FP), R4
#define POINTERS1 \
	MOVD	d+0(FP), R0; \
	MOVD	a+8(FP), R1; \
	MOVD	n+16(FP), R4; \
	FMOVS	s+24(FP), F8; \
	VDUP	V8.S[0], V8.S4

// func vectorAddNEON(d, a, b *float32, n int)
TEXT ·vectorAddNEON(SB), NOSPLIT, $0-32
	POINTERS2
	MAP2(FADD_S4(0, 0, 1), F0)

// func vectorSubNEON(d, a, b *float32, n int)
TEXT ·vectorSubNEON(SB), NOSPLIT, $0-32
	POINTERS2
	MAP2(FSUB_S4(0, 0, 1), F0)

// func vectorMulNEON(d, a, b *float32, n int)
TEXT ·vectorMulNEON(SB), NOSPLIT, $0-32
	POINTERS2
	MAP2(FMUL_S4(0, 0, 1), F0)

// func vectorDivNEON(d, a, b *float32, n int)
TEXT ·vectorDivNEON(SB), NOSPLIT, $0-32
	POINTERS2
	MAP2(FDIV_S4(0, 0, 1), F0)

// func vectorReLUGradNEON(d, a, b *float32, n int)
TEXT ·vectorReLUGradNEON(SB), NOSPLIT, $0-32
	POINTERS2
#define RELUGRAD FCMLE0_S4(1, 1); BIC(0, 0, 1)
	MAP2(RELUGRAD, F0)

// func vectorAddSNEON(d, a *float32, n int, s float32)
TEXT ·vectorAddSNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FADD_S4(0, 0, 8), F0)

// func vectorRSubSNEON(d, a *float32, n int, s float32)
TEXT ·vectorRSubSNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FSUB_S4(0, 8, 0), F0)

// func vectorMulSNEON(d, a *float32, n int, s float32)
TEXT ·vectorMulSNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FMUL_S4(0, 0, 8), F0)

// func vectorDivSNEON(d, a *float32, n int, s float32)
TEXT ·vectorDivSNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FDIV_S4(0, 0, 8), F0)

// func vectorSquareNEON(d, a *float32, n int, s float32)
TEXT ·vectorSquareNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FMUL_S4(0, 0, 0), F0)

// func vectorSqrtNEON(d, a *float32, n int, s float32)
TEXT ·vectorSqrtNEON(SB), NOSPLIT, $0-28
	POINTERS1
	MAP1(FSQRT_S4(0, 0), F0)

// func vectorReLUNEON(d, a *float32, n int, s float32)
TEXT ·vectorReLUNEON(SB), NOSPLIT, $0-28
	POINTERS1
	VEOR	V8.B16, V8.B16, V8.B16
	MAP1(FMAX_S4(0, 0, 8), F0)

// Computed in float64: V0 and V1 are the halves of a vector.

DATA neonExp64<>+0(SB)/8, $1.4426950408889634
DATA neonExp64<>+8(SB)/8, $0.6931471805599453
DATA neonExp64<>+16(SB)/8, $1023
DATA neonExp64<>+24(SB)/8, $0.5000000000426874
DATA neonExp64<>+32(SB)/8, $0.16666666784454814
DATA neonExp64<>+40(SB)/8, $0.04166666440480202
DATA neonExp64<>+48(SB)/8, $0.00833328180428637
DATA neonExp64<>+56(SB)/8, $0.0013889197157649844
DATA neonExp64<>+64(SB)/8, $0.00019908941438192174
DATA neonExp64<>+72(SB)/8, $2.4708282978328942e-05
DATA neonExp64<>+80(SB)/8, $1.0
DATA neonExp64<>+88(SB)/8, $2.0
DATA neonExp64<>+96(SB)/8, $-104.0
DATA neonExp64<>+104(SB)/8, $89.0
DATA neonExp64<>+112(SB)/8, $-60.0
DATA neonExp64<>+120(SB)/8, $60.0
GLOBL neonExp64<>(SB), RODATA|NOPTR, $128

#define FUNCTION64(f) FCVTL2(1, 0); FCVTL(0, 0); f(0, 2, 3, 4); f(1, 5, 6, 7); FCVTN(0, 0); FCVTN2(0, 1)

#define POINTERS \
	MOVD	d+0(FP), R0; \
	MOVD	a+8(FP), R1; \
	MOVD	n+16(FP), R4; \
	EXPCONSTANTS64

// func vectorExpNEON(d, a *float32, n int)
TEXT ·vectorExpNEON(SB), NOSPLIT, $0-24
	POINTERS
#define EXP64(x, s, y, t) CLAMP64(x); PARTS64(x, s, y, t); FMLA_D2(s, s, x); MOV(x, s)
	MAP1(FUNCTION64(EXP64), F0)

// func vectorSigmoidNEON(d, a *float32, n int)
TEXT ·vectorSigmoidNEON(SB), NOSPLIT, $0-24
	POINTERS
#define SIGMOID64(x, s, y, t) CLAMP64(x); FNEG_D2(x, x); PARTS64(x, s, y, t); FMLA_D2(s, s, x); FADD_D2(s, s, 26); FDIV_D2(x, 26, s)
	MAP1(FUNCTION64(SIGMOID64), F0)

// func vectorTanhNEON(d, a *float32, n int)
TEXT ·vectorTanhNEON(SB), NOSPLIT, $0-24
	POINTERS
	VLD1R.P	8(R8), [V28.D2]
	VLD1R.P	8(R8), [V29.D2]
// m/(m + 2) with m = e^2x - 1; beyond 30, 1 and 2 are nothing beside it, or it beside them.
#define TANH64(x, s, y, t) FADD_D2(x, x, x); CLAMP64(x); PARTS64(x, s, y, t); FSUB_D2(t, s, 26); FMLA_D2(t, s, x); FADD_D2(s, t, 27); FDIV_D2(x, t, s)
	MAP1(FUNCTION64(TANH64), F0)

// The coefficients m13 to m0 of e^(z²/2) Φ(-z) as a polynomial of (z - 4)/(z + 4) for 0 <= z <= 14.8, with a relative error of 4e-12; where
// the density of the normal distribution is surely 0 in float32, 4, -1/2 and 1/√2π.
DATA neonTail<>+0(SB)/8, $-1.127239900851107e-06
DATA neonTail<>+8(SB)/8, $-3.717639366243973e-06
DATA neonTail<>+16(SB)/8, $5.138187766330386e-06
DATA neonTail<>+24(SB)/8, $2.8456452851694325e-05
DATA neonTail<>+32(SB)/8, $-4.581602688084534e-05
DATA neonTail<>+40(SB)/8, $-0.00018716013434412525
DATA neonTail<>+48(SB)/8, $0.0006388777992569063
DATA neonTail<>+56(SB)/8, $0.000507561584748639
DATA neonTail<>+64(SB)/8, $-0.008492103280550788
DATA neonTail<>+72(SB)/8, $0.030864804060206343
DATA neonTail<>+80(SB)/8, $-0.07170740691990524
DATA neonTail<>+88(SB)/8, $0.12437925533707257
DATA neonTail<>+96(SB)/8, $-0.17039772155486424
DATA neonTail<>+104(SB)/8, $0.09441064130203033
DATA neonTail<>+112(SB)/8, $14.8
DATA neonTail<>+120(SB)/8, $4.0
DATA neonTail<>+128(SB)/8, $-0.5
DATA neonTail<>+136(SB)/8, $0.3989422804014327
GLOBL neonTail<>(SB), RODATA|NOPTR, $144

#define TAILCONSTANTS \
	MOVD	$neonTail<>+112(SB), R9; \
	VLD1R.P	8(R9), [V27.D2]; \
	VLD1R.P	8(R9), [V28.D2]; \
	VLD1R.P	8(R9), [V29.D2]; \
	VLD1R.P	8(R9), [V30.D2]

// RATIO leaves (z - 4)/(z + 4) in t for z = |x|, at most 14.8.
#define RATIO(x, z, t) FABS_D2(z, x); FMIN_D2(z, z, 27); FADD_D2(t, z, 28); FSUB_D2(z, z, 28); FDIV_D2(t, z, t)

// POLYNOMIAL leaves e^(z²/2) Φ(-z) of the two halves in V10 and V11, for their ratios in V4 and V7. A load is also the copy that a
// multiply-add needs.
#define POLYNOMIAL \
	MOVD	$neonTail<>(SB), R9; \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7); \
	VLD1R.P	8(R9), [V8.D2]; \
	MOV(9, 8); \
	FMLA_D2(8, 10, 4); \
	FMLA_D2(9, 11, 7); \
	VLD1R.P	8(R9), [V10.D2]; \
	MOV(11, 10); \
	FMLA_D2(10, 8, 4); \
	FMLA_D2(11, 9, 7)

// DENSITY leaves z = |x| and makes x e^(-z²/2), 0 beyond 14.8.
#define DENSITY(x, z, s, y, t) FABS_D2(z, x); FMIN_D2(x, z, 27); FMUL_D2(x, x, x); FMUL_D2(x, x, 29); PARTS64(x, s, y, t); FMLA_D2(s, s, x); FCMGT_D2(t, z, 27); BIC(x, s, t)

// UPPER makes q, what a function is at -|x|, what it is at x: the same or 1 less that. It uses t.
#define UPPER(x, q, t) FSUB_D2(t, 26, q); FCMLT0_D2(x, x); BSL(x, q, t)

// func vectorGELUNEON(d, a *float32, n int)
TEXT ·vectorGELUNEON(SB), NOSPLIT, $0-24
	POINTERS
	TAILCONSTANTS
// V12 and V13 keep x.
#define GELU \
	FCVTL2(13, 0); \
	FCVTL(12, 0); \
	RATIO(12, 0, 4); \
	RATIO(13, 1, 7); \
	POLYNOMIAL; \
	MOV(0, 12); \
	MOV(1, 13); \
	DENSITY(0, 8, 2, 3, 4); \
	DENSITY(1, 9, 5, 6, 7); \
	FMUL_D2(10, 10, 0); \
	FMUL_D2(11, 11, 1); \
	MOV(0, 12); \
	MOV(1, 13); \
	UPPER(0, 10, 4); \
	UPPER(1, 11, 7); \
	FMUL_D2(0, 0, 12); \
	FMUL_D2(1, 1, 13); \
	FCVTN(0, 0); \
	FCVTN2(0, 1)
	MAP1(GELU, F0)

// func vectorGELUGradNEON(d, a, b *float32, n int)
TEXT ·vectorGELUGradNEON(SB), NOSPLIT, $0-32
	MOVD	d+0(FP), R0
	MOVD	b+16(FP), R1
	MOVD	a+8(FP), R2
	MOVD	n+24(FP), R4
	EXPCONSTANTS64
	TAILCONSTANTS
// At -z it is Φ(-z) - z φ(z). V31 keeps a.
#define GELUGRAD \
	MOV(31, 1); \
	FCVTL2(13, 0); \
	FCVTL(12, 0); \
	RATIO(12, 0, 4); \
	RATIO(13, 1, 7); \
	POLYNOMIAL; \
	MOV(0, 12); \
	MOV(1, 13); \
	DENSITY(0, 8, 2, 3, 4); \
	DENSITY(1, 9, 5, 6, 7); \
	FMLS_D2(10, 8, 30); \
	FMLS_D2(11, 9, 30); \
	FMUL_D2(10, 10, 0); \
	FMUL_D2(11, 11, 1); \
	MOV(0, 12); \
	MOV(1, 13); \
	UPPER(0, 10, 4); \
	UPPER(1, 11, 7); \
	FCVTL(4, 31); \
	FCVTL2(5, 31); \
	FMUL_D2(0, 0, 4); \
	FMUL_D2(1, 1, 5); \
	FCVTN(0, 0); \
	FCVTN2(0, 1)
	MAP2(GELUGRAD, F0)
