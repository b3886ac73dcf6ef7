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
