//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"
#include "vector_arm64.h"

// The optimizers round every step of arithmetic, as the loops in Go do where these are not fused. p is at R0, its gradient at R1,
// the state at R2 and R3.

#define GETSGD FMOVQ (R0), F0; FMOVQ.P 16(R1), F1; FMOVQ (R2), F2
#define ONESGD FMOVS (R0), F0; FMOVS.P 4(R1), F1; FMOVS (R2), F2
#define PUTSGD FMOVQ.P F0, 16(R0); FMOVQ.P F2, 16(R2)
#define PUTONESGD FMOVS.P F0, 4(R0); FMOVS.P F2, 4(R2)
#define ARGSSGD \
	MOVD	p+0(FP), R0; \
	MOVD	grad+8(FP), R1; \
	MOVD	buf+16(FP), R2; \
	MOVD	n+24(FP), R4; \
	SCALAR(lr+32, F8, V8); \
	SCALAR(wd+36, F9, V9); \
	SCALAR(mu+40, F10, V10); \
	SCALAR(keep+44, F11, V11)
// V1 becomes d and V2 the momentum's buffer.
#define MOMENTUM FMUL_S4(3, 9, 0); FADD_S4(1, 1, 3); FMUL_S4(2, 10, 2); FMUL_S4(3, 11, 1); FADD_S4(2, 2, 3)

// func vectorSGDNEON(p, grad, buf *float32, n int, lr, wd, mu, keep float32)
TEXT ·vectorSGDNEON(SB), NOSPLIT, $0-48
	ARGSSGD
#define SGD MOMENTUM; FMUL_S4(3, 8, 2); FSUB_S4(0, 0, 3)
	EACH(GETSGD, ONESGD, SGD, PUTSGD, PUTONESGD)
	RET

// func vectorNesterovNEON(p, grad, buf *float32, n int, lr, wd, mu, keep float32)
TEXT ·vectorNesterovNEON(SB), NOSPLIT, $0-48
	ARGSSGD
#define NESTEROV MOMENTUM; FMUL_S4(3, 10, 2); FADD_S4(3, 1, 3); FMUL_S4(3, 8, 3); FSUB_S4(0, 0, 3)
	EACH(GETSGD, ONESGD, NESTEROV, PUTSGD, PUTONESGD)
	RET

// func vectorAdamNEON(p, grad, m, v *float32, n int, b1, k1, b2, k2, size, root, eps, shrink, wd, sign float32)
TEXT ·vectorAdamNEON(SB), NOSPLIT, $0-80
	MOVD	p+0(FP), R0
	MOVD	grad+8(FP), R1
	MOVD	m+16(FP), R2
	MOVD	v+24(FP), R3
	MOVD	n+32(FP), R4
	SCALAR(b1+40, F16, V16)
	SCALAR(k1+44, F17, V17)
	SCALAR(b2+48, F18, V18)
	SCALAR(k2+52, F19, V19)
	SCALAR(size+56, F20, V20)
	SCALAR(root+60, F21, V21)
	SCALAR(eps+64, F22, V22)
	SCALAR(shrink+68, F23, V23)
	SCALAR(wd+72, F24, V24)
	SCALAR(sign+76, F25, V25)
#define GETADAM FMOVQ (R0), F0; FMOVQ.P 16(R1), F1; FMOVQ (R2), F2; FMOVQ (R3), F3
#define ONEADAM FMOVS (R0), F0; FMOVS.P 4(R1), F1; FMOVS (R2), F2; FMOVS (R3), F3
#define PUTADAM FMOVQ.P F0, 16(R0); FMOVQ.P F2, 16(R2); FMOVQ.P F3, 16(R3)
#define PUTONEADAM FMOVS.P F0, 4(R0); FMOVS.P F2, 4(R2); FMOVS.P F3, 4(R3)
#define ADAM \
	FMUL_S4(1, 25, 1); \
	FMUL_S4(4, 24, 0); \
	FADD_S4(1, 1, 4); \
	FMUL_S4(2, 16, 2); \
	FMUL_S4(4, 17, 1); \
	FADD_S4(2, 2, 4); \
	FMUL_S4(3, 18, 3); \
	FMUL_S4(4, 19, 1); \
	FMUL_S4(4, 4, 1); \
	FADD_S4(3, 3, 4); \
	FSQRT_S4(4, 3); \
	FMUL_S4(4, 4, 21); \
	FADD_S4(4, 4, 22); \
	FMUL_S4(5, 20, 2); \
	FDIV_S4(5, 5, 4); \
	FMUL_S4(0, 23, 0); \
	FSUB_S4(0, 0, 5)
	EACH(GETADAM, ONEADAM, ADAM, PUTADAM, PUTONEADAM)
	RET
