//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

#define SHIFT 2
#define LANES 4
#define LD1 FMOVS

#define DUP S4
#define EL(d, n, m, i) FMLA_EL_S4(d, n, m, i)
#define ADDV(d, n, m) FADD_S4(d, n, m)
#define LT0(d, n) FCMLT0_S4(d, n)
#define FMLAV(m, n, d) VFMLA m.S4, n.S4, d.S4
#define REDUCE FADDP_S4(0, 0, 2); FADDP_S4(4, 4, 6); FADDP_S4(0, 0, 4); FMOVQ.P F0, 16(R4)
// 4, 3, 2 or 1 elements: bits 2, 1 and 0 of n.
#define LDN(r) \
	TBZ	$2, R16, 3(PC); \
	FMOVQ	(r), F24; \
	B	8(PC); \
	TBZ	$1, R16, 6(PC); \
	FMOVD	(r), F24; \
	TBZ	$0, R16, 5(PC); \
	ADD	$8, r, R23; \
	VLD1	(R23), V24.S[2]; \
	B	2(PC); \
	FMOVS	(r), F24
#define STN(r) \
	TBZ	$2, R16, 3(PC); \
	FMOVQ	F0, (r); \
	B	8(PC); \
	TBZ	$1, R16, 6(PC); \
	FMOVD	F0, (r); \
	TBZ	$0, R16, 5(PC); \
	ADD	$8, r, R23; \
	VST1	V0.S[2], (R23); \
	B	2(PC); \
	FMOVS	F0, (r)
#define COLUMN(a0, a1, b0, b1) \
	EL(0, b0, a0, 0); \
	EL(1, b1, a0, 0); \
	EL(2, b0, a0, 1); \
	EL(3, b1, a0, 1); \
	EL(4, b0, a0, 2); \
	EL(5, b1, a0, 2); \
	EL(6, b0, a0, 3); \
	EL(7, b1, a0, 3); \
	EL(8, b0, a1, 0); \
	EL(9, b1, a1, 0); \
	EL(10, b0, a1, 1); \
	EL(11, b1, a1, 1); \
	EL(12, b0, a1, 2); \
	EL(13, b1, a1, 2); \
	EL(14, b0, a1, 3); \
	EL(15, b1, a1, 3)
#define PACKED0 VLD1.P (R22)(R9), [V16.S4, V17.S4]; VLD1.P (R10)(R11), [V24.S4, V25.S4]; COLUMN(16, 17, 24, 25)
#define PACKED1 VLD1.P (R22)(R9), [V18.S4, V19.S4]; VLD1.P (R10)(R11), [V26.S4, V27.S4]; COLUMN(18, 19, 26, 27)

// func gemmTileF32NEON(a *float32, ars, acs int, b *float32, brs int, c *float32, ldc, m, n, k int, rowBias, colBias *float32, flags int)
TEXT ·gemmTileF32NEON(SB), NOSPLIT, $128-104
#include "gemm_tile_arm64.h"

// func gemmDotF32NEON(x, b *float32, ldb, n, k int, sum *float32)
TEXT ·gemmDotF32NEON(SB), NOSPLIT, $0-48
#include "gemm_dot_arm64.h"

#undef SHIFT
#undef LANES
#undef LD1
#undef DUP
#undef EL
#undef ADDV
#undef LT0
#undef FMLAV
#undef REDUCE
#undef LDN
#undef STN
#undef COLUMN
#undef PACKED0
#undef PACKED1
#define SHIFT 3
#define LANES 2
#define LD1 FMOVD
#define DUP D2
#define EL(d, n, m, i) FMLA_EL_D2(d, n, m, i)
#define ADDV(d, n, m) FADD_D2(d, n, m)
#define LT0(d, n) FCMLT0_D2(d, n)
#define FMLAV(m, n, d) VFMLA m.D2, n.D2, d.D2
#define REDUCE FADDP_D2(0, 0, 2); FADDP_D2(1, 4, 6); FSTPQ.P (F0, F1), 32(R4)
#define LDN(r) \
	TBZ	$1, R16, 3(PC); \
	FMOVQ	(r), F24; \
	B	2(PC); \
	FMOVD	(r), F24
#define STN(r) \
	TBZ	$1, R16, 3(PC); \
	FMOVQ	F0, (r); \
	B	2(PC); \
	FMOVD	F0, (r)
#define COLUMN(a0, a1, a2, a3, b0, b1) \
	EL(0, b0, a0, 0); \
	EL(1, b1, a0, 0); \
	EL(2, b0, a0, 1); \
	EL(3, b1, a0, 1); \
	EL(4, b0, a1, 0); \
	EL(5, b1, a1, 0); \
	EL(6, b0, a1, 1); \
	EL(7, b1, a1, 1); \
	EL(8, b0, a2, 0); \
	EL(9, b1, a2, 0); \
	EL(10, b0, a2, 1); \
	EL(11, b1, a2, 1); \
	EL(12, b0, a3, 0); \
	EL(13, b1, a3, 0); \
	EL(14, b0, a3, 1); \
	EL(15, b1, a3, 1)
#define PACKED0 VLD1.P (R22)(R9), [V16.D2, V17.D2, V18.D2, V19.D2]; VLD1.P (R10)(R11), [V24.D2, V25.D2]; COLUMN(16, 17, 18, 19, 24, 25)
#define PACKED1 VLD1.P (R22)(R9), [V20.D2, V21.D2, V22.D2, V23.D2]; VLD1.P (R10)(R11), [V26.D2, V27.D2]; COLUMN(20, 21, 22, 23, 26, 27)

// func gemmTileF64NEON(a *float64, ars, acs int, b *float64, brs int, c *float64, ldc, m, n, k int, rowBias, colBias *float64, flags int)
TEXT ·gemmTileF64NEON(SB), NOSPLIT, $128-104
#include "gemm_tile_arm64.h"

// func gemmDotF64NEON(x, b *float64, ldb, n, k int, sum *float64)
TEXT ·gemmDotF64NEON(SB), NOSPLIT, $0-48
#include "gemm_dot_arm64.h"

// func gemmPeakNEON(n int)
TEXT ·gemmPeakNEON(SB), NOSPLIT, $0-8
	MOVD	n+0(FP), R0
	VEOR	V16.B16, V16.B16, V16.B16
	CBZ	R0, done
loop:
	FMLA_S4(0, 16, 16)
	FMLA_S4(1, 16, 16)
	FMLA_S4(2, 16, 16)
	FMLA_S4(3, 16, 16)
	FMLA_S4(4, 16, 16)
	FMLA_S4(5, 16, 16)
	FMLA_S4(6, 16, 16)
	FMLA_S4(7, 16, 16)
	FMLA_S4(8, 16, 16)
	FMLA_S4(9, 16, 16)
	FMLA_S4(10, 16, 16)
	FMLA_S4(11, 16, 16)
	FMLA_S4(12, 16, 16)
	FMLA_S4(13, 16, 16)
	FMLA_S4(14, 16, 16)
	FMLA_S4(15, 16, 16)
	SUBS	$1, R0
	BNE	loop
done:
	RET
