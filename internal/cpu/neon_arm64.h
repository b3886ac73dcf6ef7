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
