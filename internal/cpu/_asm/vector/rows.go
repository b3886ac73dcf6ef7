package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func rowMax() {
	p := text("Max", "x *float32, n int) float32", []string{"the largest number among x, -Inf without any; NaN are passed over."}, []string{"x"})
	acc := []VecPhysical{Y0, Y1, Y2, Y3}
	for _, a := range acc {
		VMOVUPS(at(inf), a)
	}
	each(p, 4, func(a access) {
		if !a.last {
			// Of acc and x the first where one is NaN.
			VMOVUPS(Mem{Base: p[0], Disp: bytes * a.u}, Y4)
			VMAXPS(acc[a.u], Y4, acc[a.u])
			return
		}
		a.load(p[0], Y4)
		VMOVUPS(at(inf), Y5)
		VBLENDVPS(Y15, Y4, Y5, Y4)
		VMAXPS(acc[0], Y4, acc[0])
	})
	VMAXPS(Y0, Y1, Y0)
	VMAXPS(Y2, Y3, Y2)
	VMAXPS(Y0, Y2, Y0)
	fold(Y0, Y1, func(x, t Op) { VMAXPS(x, t, x) })
	VPERMILPS(Imm(0b1110), X0, X1)
	VMAXPS(X0, X1, X0)
	VPERMILPS(Imm(0b01), X0, X1)
	VMAXPS(X0, X1, X0)
	Store(X0, ReturnIndex(0))
	finish()
}

func expSum() {
	for _, keep := range []bool{true, false} {
		name, args, code := "ExpSum", "y, x *float32, n int, m float32) (sum float64)", "for i := range n { y[i] = exp(x[i] - m); sum += y[i] } // no x[i] is above m"
		pointers := []string{"x", "y"}
		if !keep {
			name, args, code = "ExpSumOnly", "x *float32, n int, m float32) (sum float64)", "for i := range n { sum += exp(x[i] - m) } // no x[i] is above m"
			pointers = pointers[:1]
		}
		p := text(name, args, lines(code), pointers)
		shift, x := Y8, []VecPhysical{Y0, Y1, Y2, Y3}
		broadcast32("m", shift)
		zero(Y9, Y10)
		each(p, 4, func(a access) {
			a.load(p[0], x[a.u])
			VSUBPS(shift, x[a.u], x[a.u])
			expDown(x[a.u], Y5, Y6, Y7)
			if keep {
				a.store(x[a.u], p[1])
			}
			if a.u != a.of-1 {
				return
			}
			// Four terms, none of them negative, add up in float32.
			if a.of == 4 {
				VADDPS(x[1], x[0], x[0])
				VADDPS(x[3], x[2], x[2])
				VADDPS(x[2], x[0], x[0])
			}
			if a.last {
				VANDPS(Y15, x[0], x[0])
			}
			widen(x[0], Y13, Y14)
			VADDPD(Y13, Y9, Y9)
			VADDPD(Y14, Y10, Y10)
		})
		sum64(0, Y9, Y10)
		finish()
	}
}

func affine() {
	p := text("Affine", "y, x *float32, n int, m, a, b float32)", lines("for i := range n { y[i] = (x[i] - m)*a + b }"), []string{"x", "y"})
	broadcast32("m", Y8)
	broadcast32("a", Y9)
	broadcast32("b", Y10)
	each(p, 4, func(a access) {
		x := []VecPhysical{Y0, Y1, Y2, Y3}[a.u]
		a.load(p[0], x)
		VSUBPS(Y8, x, x)
		VFMADD213PS(Y10, Y9, x)
		a.store(x, p[1])
	})
	finish()
}

func softmaxGrad() {
	p := text("SoftmaxGrad", "dx, dy, y *float32, n int, s float32)", lines("for i := range n { dx[i] = y[i] * (dy[i] - s) }"), []string{"dy", "y", "dx"})
	broadcast32("s", Y8)
	each(p, 2, func(a access) {
		a.load(p[0], Y0)
		a.load(p[1], Y1)
		VSUBPS(Y8, Y0, Y0)
		VMULPS(Y1, Y0, Y0)
		a.store(Y0, p[2])
	})
	finish()
}

func logSoftmaxGrad() {
	p := text("LogSoftmaxGrad", "dx, dy, y *float32, n int, s float32)", lines("for i := range n { dx[i] = dy[i] - exp(y[i])*s }"), []string{"dy", "y", "dx"})
	broadcast32("s", Y8)
	each(p, 2, func(a access) {
		x := []VecPhysical{Y0, Y4}[a.u]
		a.load(p[1], x)
		exp(x, []VecPhysical{Y1, Y5}[a.u], []VecPhysical{Y2, Y6}[a.u], []VecPhysical{Y3, Y7}[a.u])
		a.load(p[0], Y9)
		VFNMADD231PS(Y8, x, Y9)
		a.store(Y9, p[2])
	})
	finish()
}

func sum() {
	p := text("Sum", "x *float32, n int) (sum float64)", lines("for i := range n { sum += x[i] }"), []string{"x"})
	acc := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}
	zero(acc...)
	each(p, 4, func(a access) {
		a.load64(p[0], Y8, Y9)
		VADDPD(Y8, acc[2*a.u], acc[2*a.u])
		VADDPD(Y9, acc[2*a.u+1], acc[2*a.u+1])
	})
	sum64(0, acc...)
	finish()
}
