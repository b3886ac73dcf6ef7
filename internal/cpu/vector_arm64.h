// The loop of the vector kernels: R4 elements, a vector at a time, then one at a time in the first lane, whose neighbours are
// zeros when they are loaded and anything later. Inputs are at R1, R2 and R3 and come to V0, V1 and V2; a result goes to R0.

#define EACH(load4, load1, body, store4, store1) \
	SUBS	$4, R4; \
	BLT	tail; \
loop: \
	load4; \
	body; \
	store4; \
	SUBS	$4, R4; \
	BGE	loop; \
tail: \
	ADDS	$4, R4; \
	BEQ	done; \
one: \
	load1; \
	body; \
	store1; \
	SUBS	$1, R4; \
	BNE	one; \
done:

// A vector of one to three inputs, one element of each, and the same of the result.
#define GET1 FMOVQ.P 16(R1), F0
#define GET2 GET1; FMOVQ.P 16(R2), F1
#define GET3 GET2; FMOVQ.P 16(R3), F2
#define ONE1 FMOVS.P 4(R1), F0
#define ONE2 ONE1; FMOVS.P 4(R2), F1
#define ONE3 ONE2; FMOVS.P 4(R3), F2
#define PUT(f) FMOVQ.P f, 16(R0)
#define PUTONE(f) FMOVS.P f, 4(R0)

// MAP1 to MAP3 are loops over one to three inputs, whose body leaves the result in f.
#define MAP1(body, f) EACH(GET1, ONE1, body, PUT(f), PUTONE(f)) \
	RET
#define MAP2(body, f) EACH(GET2, ONE2, body, PUT(f), PUTONE(f)) \
	RET
#define MAP3(body, f) EACH(GET3, ONE3, body, PUT(f), PUTONE(f)) \
	RET

// SCALAR loads an argument to all lanes of a register, which has two names.
#define SCALAR(arg, f, v) FMOVS arg(FP), f; VDUP v.S[0], v.S4

// EXPPARTS makes x (clobbered) e^x = 2^n p, n an integer nearest to x log2 e: see EXPCONSTANTS. It uses t.
#define EXPPARTS(x, n, t, p) \
	FMAX_S4(x, x, 25); \
	FMUL_S4(n, x, 16); \
	FRINTN_S4(t, n); \
	FMLS_S4(x, t, 17); \
	FMLS_S4(x, t, 18); \
	FCVTNS_S4(n, t); \
	MOV(p, 22); \
	FMLA_S4(p, 23, x); \
	MOV(t, 21); \
	FMLA_S4(t, p, x); \
	MOV(p, 20); \
	FMLA_S4(p, t, x); \
	MOV(t, 19); \
	FMLA_S4(t, p, x); \
	FMUL_S4(p, x, x); \
	FMLA_S4(x, t, p); \
	FADD_S4(p, x, 24)

// EXP makes x its exponential within 1.01 units in the last place. Results that are not normal need 2^n in two halves.
#define EXP(x, n, t, p) \
	FMIN_S4(x, x, 26); \
	EXPPARTS(x, n, t, p); \
	SSHR1_S4(t, n); \
	SUB_S4(n, n, t); \
	ADD_S4(t, t, 27); \
	ADD_S4(n, n, 27); \
	SHL23_S4(t, t); \
	SHL23_S4(n, n); \
	FMUL_S4(p, p, t); \
	FMUL_S4(x, p, n)

// EXPDOWN is EXP for x <= 0: V27 and V28 keep 2^n normal until the last multiplication.
#define EXPDOWN(x, n, t, p) \
	EXPPARTS(x, n, t, p); \
	ADD_S4(n, n, 27); \
	SHL23_S4(n, n); \
	FMUL_S4(p, p, n); \
	FMUL_S4(x, p, 28)

// log2 e, ln 2 in two parts, c2 to c6 of e^r = 1 + r + c2 r² + ..., 1, where e^x is surely 0 and infinite, 127.
#define EXPCONSTANTS \
	MOVD	$·neonExp32(SB), R8; \
	VLD1R.P	4(R8), [V16.S4]; \
	VLD1R.P	4(R8), [V17.S4]; \
	VLD1R.P	4(R8), [V18.S4]; \
	VLD1R.P	4(R8), [V19.S4]; \
	VLD1R.P	4(R8), [V20.S4]; \
	VLD1R.P	4(R8), [V21.S4]; \
	VLD1R.P	4(R8), [V22.S4]; \
	VLD1R.P	4(R8), [V23.S4]; \
	VLD1R.P	4(R8), [V24.S4]; \
	VLD1R.P	4(R8), [V25.S4]; \
	VLD1R.P	4(R8), [V26.S4]; \
	VLD1R.P	4(R8), [V27.S4]

// EXPDOWNCONSTANTS are the same, with 127 + 64 for 127, and 2^-64.
#define EXPDOWNCONSTANTS \
	EXPCONSTANTS; \
	VLD1R.P	4(R8), [V27.S4]; \
	VLD1R.P	4(R8), [V28.S4]

// PARTS64 leaves s and, in x, q with e^x = s + s q, s a power of 2; q is accurate near 0 too. It uses y and t.
#define PARTS64(x, s, y, t) \
	FMUL_D2(s, x, 16); \
	FRINTN_D2(t, s); \
	FMLS_D2(x, t, 17); \
	FCVTNS_D2(s, t); \
	ADD_D2(s, s, 18); \
	SHL52_D2(s, s); \
	MOV(t, 24); \
	FMLA_D2(t, 25, x); \
	MOV(y, 23); \
	FMLA_D2(y, t, x); \
	MOV(t, 22); \
	FMLA_D2(t, y, x); \
	MOV(y, 21); \
	FMLA_D2(y, t, x); \
	MOV(t, 20); \
	FMLA_D2(t, y, x); \
	MOV(y, 19); \
	FMLA_D2(y, t, x); \
	FMUL_D2(t, x, x); \
	FMLA_D2(x, y, t)

// CLAMP64 bounds x; NaN stay.
#define CLAMP64(x) FMAX_D2(x, x, 28); FMIN_D2(x, x, 29)

// EXPCONSTANTS64 are log2 e, ln 2, 1023, d2 to d8 of e^r, 1, 2, and bounds.
#define EXPCONSTANTS64 \
	MOVD	$neonExp64<>(SB), R8; \
	VLD1R.P	8(R8), [V16.D2]; \
	VLD1R.P	8(R8), [V17.D2]; \
	VLD1R.P	8(R8), [V18.D2]; \
	VLD1R.P	8(R8), [V19.D2]; \
	VLD1R.P	8(R8), [V20.D2]; \
	VLD1R.P	8(R8), [V21.D2]; \
	VLD1R.P	8(R8), [V22.D2]; \
	VLD1R.P	8(R8), [V23.D2]; \
	VLD1R.P	8(R8), [V24.D2]; \
	VLD1R.P	8(R8), [V25.D2]; \
	VLD1R.P	8(R8), [V26.D2]; \
	VLD1R.P	8(R8), [V27.D2]; \
	VLD1R.P	8(R8), [V28.D2]; \
	VLD1R.P	8(R8), [V29.D2]

// ZERO clears the accumulators V4 to V7; SUM64 leaves the sum of the float64 in two of them in the first.
#define ZERO \
	VEOR	V4.B16, V4.B16, V4.B16; \
	VEOR	V5.B16, V5.B16, V5.B16; \
	VEOR	V6.B16, V6.B16, V6.B16; \
	VEOR	V7.B16, V7.B16, V7.B16
#define SUM64(a, b) FADD_D2(a, a, b); FADDP_D2(a, a, a)
