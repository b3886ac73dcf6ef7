package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The optimizers round each step of arithmetic, as their loops in Go do where these are not fused.
const rounded = "with each step of arithmetic rounded; n >= 0."

func optimizers() {
	descend()
	sgd()
	adam()
}

func descend() {
	ptr := text("Descend", "p, grad *float32, n int, lr, wd float32)", []string{"", "	for i := range n { p[i] -= lr*(grad[i] + wd*p[i]) }", "", rounded}, []string{"p", "grad"})
	lr, wd := Y8, Y9
	broadcast32("lr", lr)
	broadcast32("wd", wd)
	each(ptr, 2, func(a access) {
		p, d, t := Y0, Y1, Y2
		a.load(ptr[0], p)
		a.load(ptr[1], d)
		VMULPS(wd, p, t)
		VADDPS(t, d, d)
		VMULPS(lr, d, d)
		VSUBPS(d, p, p)
		a.store(p, ptr[0])
	})
	finish()
}

func sgd() {
	for _, nesterov := range []bool{false, true} {
		name, code := "SGD", []string{"", "	for i := range n { d := grad[i] + wd*p[i]; buf[i] = mu*buf[i] + keep*d; p[i] -= lr*buf[i] }", "", rounded}
		if nesterov {
			name, code[1] = "Nesterov", "	for i := range n { d := grad[i] + wd*p[i]; buf[i] = mu*buf[i] + keep*d; p[i] -= lr*(d + mu*buf[i]) }"
		}
		ptr := text(name, "p, grad, buf *float32, n int, lr, wd, mu, keep float32)", code, []string{"p", "grad", "buf"})
		lr, wd, mu, keep := Y8, Y9, Y10, Y11
		broadcast32("lr", lr)
		broadcast32("wd", wd)
		broadcast32("mu", mu)
		broadcast32("keep", keep)
		each(ptr, 2, func(a access) {
			p, d, b, t := Y0, Y1, Y2, Y3
			a.load(ptr[0], p)
			a.load(ptr[1], d)
			a.load(ptr[2], b)
			VMULPS(wd, p, t)
			VADDPS(t, d, d)
			VMULPS(mu, b, b)
			VMULPS(keep, d, t)
			VADDPS(t, b, b)
			a.store(b, ptr[2])
			if nesterov {
				VMULPS(mu, b, b)
				VADDPS(d, b, b)
			}
			VMULPS(lr, b, b)
			VSUBPS(b, p, p)
			a.store(p, ptr[0])
		})
		finish()
	}
}

func adam() {
	ptr := text("Adam", "p, grad, m, v *float32, n int, b1, k1, b2, k2, size, root, eps, shrink, wd, sign float32)", []string{"",
		"	for i := range n {",
		"		d := sign*grad[i] + wd*p[i]",
		"		m[i] = b1*m[i] + k1*d",
		"		v[i] = b2*v[i] + k2*d*d",
		"		p[i] = shrink*p[i] - size*m[i]/(sqrt(v[i])*root+eps)",
		"	}", "", rounded}, []string{"p", "grad", "m", "v"})
	b1, k1, b2, k2, size, root, eps, shrink, wd, sign := Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14
	for i, name := range []string{"b1", "k1", "b2", "k2", "size", "root", "eps", "shrink", "wd", "sign"} {
		broadcast32(name, []VecPhysical{b1, k1, b2, k2, size, root, eps, shrink, wd, sign}[i])
	}
	each(ptr, 1, func(a access) {
		p, d, m, v, t := Y0, Y1, Y2, Y3, Y4
		a.load(ptr[0], p)
		a.load(ptr[1], d)
		a.load(ptr[2], m)
		a.load(ptr[3], v)
		VMULPS(sign, d, d)
		VMULPS(wd, p, t)
		VADDPS(t, d, d)
		VMULPS(b1, m, m)
		VMULPS(k1, d, t)
		VADDPS(t, m, m)
		a.store(m, ptr[2])
		VMULPS(b2, v, v)
		VMULPS(k2, d, t)
		VMULPS(d, t, t)
		VADDPS(t, v, v)
		a.store(v, ptr[3])
		VSQRTPS(v, v)
		VMULPS(root, v, v)
		VADDPS(eps, v, v)
		VMULPS(size, m, m)
		VDIVPS(v, m, m)
		VMULPS(shrink, p, p)
		VSUBPS(m, p, p)
		a.store(p, ptr[0])
	})
	finish()
}
