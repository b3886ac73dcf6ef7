// Instructions that Go's assembler does not know. Operands are numbers of registers in Arm's order, the result first; TestNEONWords
// compares the words with those of another assembler. _S4 is four float32, _D2 two float64.

// fmla vd.4s, vn.4s, vm.s[i]
#define FMLA_EL_S4(d, n, m, i) WORD $(0x4F801000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d))
// fmla vd.2d, vn.2d, vm.d[i]
#define FMLA_EL_D2(d, n, m, i) WORD $(0x4FC01000 | (i)<<11 | (m)<<16 | (n)<<5 | (d))
// fadd vd.4s, vn.4s, vm.4s
#define FADD_S4(d, n, m) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))
// fadd vd.2d, vn.2d, vm.2d
#define FADD_D2(d, n, m) WORD $(0x4E60D400 | (m)<<16 | (n)<<5 | (d))
// faddp vd.4s, vn.4s, vm.4s
#define FADDP_S4(d, n, m) WORD $(0x6E20D400 | (m)<<16 | (n)<<5 | (d))
// faddp vd.2d, vn.2d, vm.2d
#define FADDP_D2(d, n, m) WORD $(0x6E60D400 | (m)<<16 | (n)<<5 | (d))
// fcmlt vd.4s, vn.4s, #0.0
#define FCMLT0_S4(d, n) WORD $(0x4EA0E800 | (n)<<5 | (d))
// fcmlt vd.2d, vn.2d, #0.0
#define FCMLT0_D2(d, n) WORD $(0x4EE0E800 | (n)<<5 | (d))
// bic vd.16b, vn.16b, vm.16b
#define BIC(d, n, m) WORD $(0x4E601C00 | (m)<<16 | (n)<<5 | (d))
// fsub vd.4s, vn.4s, vm.4s
#define FSUB_S4(d, n, m) WORD $(0x4EA0D400 | (m)<<16 | (n)<<5 | (d))
// fsub vd.2d, vn.2d, vm.2d
#define FSUB_D2(d, n, m) WORD $(0x4EE0D400 | (m)<<16 | (n)<<5 | (d))
// fmul vd.4s, vn.4s, vm.4s
#define FMUL_S4(d, n, m) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))
// fmul vd.2d, vn.2d, vm.2d
#define FMUL_D2(d, n, m) WORD $(0x6E60DC00 | (m)<<16 | (n)<<5 | (d))
// fdiv vd.4s, vn.4s, vm.4s
#define FDIV_S4(d, n, m) WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d))
// fdiv vd.2d, vn.2d, vm.2d
#define FDIV_D2(d, n, m) WORD $(0x6E60FC00 | (m)<<16 | (n)<<5 | (d))
// fsqrt vd.4s, vn.4s
#define FSQRT_S4(d, n) WORD $(0x6EA1F800 | (n)<<5 | (d))
// fneg vd.4s, vn.4s
#define FNEG_S4(d, n) WORD $(0x6EA0F800 | (n)<<5 | (d))
// fneg vd.2d, vn.2d
#define FNEG_D2(d, n) WORD $(0x6EE0F800 | (n)<<5 | (d))
// fmla vd.4s, vn.4s, vm.4s
#define FMLA_S4(d, n, m) WORD $(0x4E20CC00 | (m)<<16 | (n)<<5 | (d))
// fmla vd.2d, vn.2d, vm.2d
#define FMLA_D2(d, n, m) WORD $(0x4E60CC00 | (m)<<16 | (n)<<5 | (d))
// fmls vd.4s, vn.4s, vm.4s
#define FMLS_S4(d, n, m) WORD $(0x4EA0CC00 | (m)<<16 | (n)<<5 | (d))
// fmls vd.2d, vn.2d, vm.2d
#define FMLS_D2(d, n, m) WORD $(0x4EE0CC00 | (m)<<16 | (n)<<5 | (d))
// fmax vd.4s, vn.4s, vm.4s
#define FMAX_S4(d, n, m) WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d))
// fmax vd.2d, vn.2d, vm.2d
#define FMAX_D2(d, n, m) WORD $(0x4E60F400 | (m)<<16 | (n)<<5 | (d))
// fmin vd.4s, vn.4s, vm.4s
#define FMIN_S4(d, n, m) WORD $(0x4EA0F400 | (m)<<16 | (n)<<5 | (d))
// fmin vd.2d, vn.2d, vm.2d
#define FMIN_D2(d, n, m) WORD $(0x4EE0F400 | (m)<<16 | (n)<<5 | (d))
// fmaxnm vd.4s, vn.4s, vm.4s
#define FMAXNM_S4(d, n, m) WORD $(0x4E20C400 | (m)<<16 | (n)<<5 | (d))
// fmaxnmv sd, vn.4s
#define FMAXNMV_S4(d, n) WORD $(0x6E30C800 | (n)<<5 | (d))
// fmaxv sd, vn.4s
#define FMAXV_S4(d, n) WORD $(0x6E30F800 | (n)<<5 | (d))
// fminv sd, vn.4s
#define FMINV_S4(d, n) WORD $(0x6EB0F800 | (n)<<5 | (d))
// fcmle vd.4s, vn.4s, #0.0
#define FCMLE0_S4(d, n) WORD $(0x6EA0D800 | (n)<<5 | (d))
// frintn vd.4s, vn.4s
#define FRINTN_S4(d, n) WORD $(0x4E218800 | (n)<<5 | (d))
// frintn vd.2d, vn.2d
#define FRINTN_D2(d, n) WORD $(0x4E618800 | (n)<<5 | (d))
// fcvtns vd.4s, vn.4s
#define FCVTNS_S4(d, n) WORD $(0x4E21A800 | (n)<<5 | (d))
// fcvtns vd.2d, vn.2d
#define FCVTNS_D2(d, n) WORD $(0x4E61A800 | (n)<<5 | (d))
// sshr vd.4s, vn.4s, #1
#define SSHR1_S4(d, n) WORD $(0x4F3F0400 | (n)<<5 | (d))
// fcvtl vd.2d, vn.2s
#define FCVTL(d, n) WORD $(0x0E617800 | (n)<<5 | (d))
// fcvtl2 vd.2d, vn.4s
#define FCVTL2(d, n) WORD $(0x4E617800 | (n)<<5 | (d))
// fcvtn vd.2s, vn.2d
#define FCVTN(d, n) WORD $(0x0E616800 | (n)<<5 | (d))
// fcvtn2 vd.4s, vn.2d
#define FCVTN2(d, n) WORD $(0x4E616800 | (n)<<5 | (d))
// mov vd.16b, vn.16b
#define MOV(d, n) WORD $(0x4EA01C00 | (n)<<16 | (n)<<5 | (d))
// add vd.4s, vn.4s, vm.4s
#define ADD_S4(d, n, m) WORD $(0x4EA08400 | (m)<<16 | (n)<<5 | (d))
// add vd.2d, vn.2d, vm.2d
#define ADD_D2(d, n, m) WORD $(0x4EE08400 | (m)<<16 | (n)<<5 | (d))
// sub vd.4s, vn.4s, vm.4s
#define SUB_S4(d, n, m) WORD $(0x6EA08400 | (m)<<16 | (n)<<5 | (d))
// shl vd.4s, vn.4s, #23
#define SHL23_S4(d, n) WORD $(0x4F375400 | (n)<<5 | (d))
// shl vd.2d, vn.2d, #52
#define SHL52_D2(d, n) WORD $(0x4F745400 | (n)<<5 | (d))
// fabs vd.2d, vn.2d
#define FABS_D2(d, n) WORD $(0x4EE0F800 | (n)<<5 | (d))
// fcmgt vd.2d, vn.2d, vm.2d
#define FCMGT_D2(d, n, m) WORD $(0x6EE0E400 | (m)<<16 | (n)<<5 | (d))
// bsl vd.16b, vn.16b, vm.16b
#define BSL(d, n, m) WORD $(0x6E601C00 | (m)<<16 | (n)<<5 | (d))
