package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func sumSquares() {
	p := text("SumSquares", "x *float32, n int, x0 float32) (s, q float64)",
		lines("for i := range n { d := float64(x[i]) - float64(x0); s += d; q += d*d }"), []string{"x"})
	broadcast32("x0", Y12)
	VCVTPS2PD(X12, Y13)
	s, q := []VecPhysical{Y0, Y1, Y2, Y3}, []VecPhysical{Y4, Y5, Y6, Y7}
	zero(append(s, q...)...)
	each(p, 2, func(a access) {
		d := []VecPhysical{Y8, Y9}
		a.load64(p[0], d[0], d[1], Y12)
		for i, v := range d {
			VSUBPD(Y13, v, v)
			VADDPD(v, s[2*a.u+i], s[2*a.u+i])
			VFMADD231PD(v, v, q[2*a.u+i])
		}
	})
	sum64(0, s...)
	sum64(1, q...)
	finish()
}

func sumProducts() {
	ptr := text("SumProducts", "dy, x *float32, n int, mu float64) (s, p float64)",
		lines("for i := range n { s += float64(dy[i]); p += float64(dy[i]) * (float64(x[i]) - mu) }"), []string{"dy", "x"})
	broadcast64("mu", Y13)
	s, p := []VecPhysical{Y0, Y1, Y2, Y3}, []VecPhysical{Y4, Y5, Y6, Y7}
	zero(append(s, p...)...)
	each(ptr, 2, func(a access) {
		g, x := []VecPhysical{Y8, Y9}, []VecPhysical{Y10, Y11}
		a.load64(ptr[0], g[0], g[1])
		a.load64(ptr[1], x[0], x[1])
		for i := range g {
			VSUBPD(Y13, x[i], x[i])
			VADDPD(g[i], s[2*a.u+i], s[2*a.u+i])
			VFMADD231PD(g[i], x[i], p[2*a.u+i])
		}
	})
	sum64(0, s...)
	sum64(1, p...)
	finish()
}

func normalize() {
	p := text("Normalize", "y, x, w, b *float32, n int, m, scale, shift float32)",
		lines("for i := range n { y[i] = ((x[i]-m)*scale+shift)*w[i] + b[i] }"), []string{"x", "w", "b", "y"})
	broadcast32("m", Y8)
	broadcast32("scale", Y9)
	broadcast32("shift", Y10)
	each(p, 2, func(a access) {
		x, w, b := Y0, Y1, Y2
		a.load(p[0], x)
		a.load(p[1], w)
		a.load(p[2], b)
		VSUBPS(Y8, x, x)
		VFMADD213PS(Y10, Y9, x)
		VFMADD213PS(b, w, x)
		a.store(x, p[3])
	})
	finish()
}

func affineGrad() {
	p := text("AffineGrad", "dx, dy, x *float32, n int, m, a, b, t float32)",
		lines("for i := range n { dx[i] = a*dy[i] - ((x[i]-m)*t + b) }"), []string{"dy", "x", "dx"})
	broadcast32("m", Y8)
	broadcast32("a", Y9)
	broadcast32("b", Y10)
	broadcast32("t", Y11)
	each(p, 2, func(a access) {
		g, x := Y0, Y1
		a.load(p[0], g)
		a.load(p[1], x)
		VSUBPS(Y8, x, x)
		VFMADD213PS(Y10, Y11, x)
		VFMSUB213PS(x, Y9, g)
		a.store(g, p[2])
	})
	finish()
}

func normGrad() {
	p := text("NormGrad", "dx, dy, x, w *float32, n int, m, r, b, t float32)",
		lines("for i := range n { dx[i] = r * (dy[i]*w[i] - ((x[i]-m)*t + b)) }"), []string{"dy", "x", "w", "dx"})
	broadcast32("m", Y8)
	broadcast32("r", Y9)
	broadcast32("b", Y10)
	broadcast32("t", Y11)
	each(p, 2, func(a access) {
		g, x, w := Y0, Y1, Y2
		a.load(p[0], g)
		a.load(p[1], x)
		a.load(p[2], w)
		VSUBPS(Y8, x, x)
		VFMADD213PS(Y10, Y11, x)
		VFMSUB213PS(x, w, g)
		VMULPS(Y9, g, g)
		a.store(g, p[3])
	})
	finish()
}

func normGradSums() {
	ptr := text("NormGradSums", "dy, x, w *float32, n int, mu, r float64, pw, pb *float64) (s, p float64)",
		lines("for i := range n {",
			"	v, xh := float64(dy[i]), (float64(x[i])-mu)*r",
			"	pw[i] += v * xh",
			"	pb[i] += v",
			"	gw := v * float64(w[i])",
			"	s += gw",
			"	p += gw * xh",
			"}"), []string{"dy", "x", "w"})
	pw, pb := R9, R10
	Load(Param("pw"), pw)
	Load(Param("pb"), pb)
	broadcast64("mu", Y12)
	broadcast64("r", Y13)
	s, p := []VecPhysical{Y0, Y1}, []VecPhysical{Y2, Y3}
	zero(append(s, p...)...)
	each(ptr, 1, func(a access) {
		g, x, w := []VecPhysical{Y4, Y5}, []VecPhysical{Y6, Y7}, []VecPhysical{Y8, Y9}
		a.load64(ptr[0], g[0], g[1])
		a.load64(ptr[1], x[0], x[1])
		a.load64(ptr[2], w[0], w[1])
		if a.last { // the masks of float64
			VPMOVSXDQ(X15, Y11)
			VEXTRACTF128(Imm(1), Y15, X15)
			VPMOVSXDQ(X15, Y15)
		}
		for i := range g {
			VSUBPD(Y12, x[i], x[i])
			VMULPD(Y13, x[i], x[i])
			add := func(base GPPhysical, f func(acc VecPhysical)) {
				m := Mem{Base: base, Disp: bytes * i}
				mask := []VecPhysical{Y11, Y15}[i]
				if a.last {
					VMASKMOVPD(m, mask, Y10)
				} else {
					VMOVUPD(m, Y10)
				}
				f(Y10)
				if a.last {
					VMASKMOVPD(Y10, mask, m)
				} else {
					VMOVUPD(Y10, m)
				}
			}
			add(pw, func(acc VecPhysical) { VFMADD231PD(g[i], x[i], acc) })
			add(pb, func(acc VecPhysical) { VADDPD(g[i], acc, acc) })
			VMULPD(w[i], g[i], w[i])
			VADDPD(w[i], s[i], s[i])
			VFMADD231PD(w[i], x[i], p[i])
		}
		if !a.last {
			ADDQ(distance(2*bytes), pw)
			ADDQ(distance(2*bytes), pb)
		}
	})
	sum64(0, s...)
	sum64(1, p...)
	finish()
}
