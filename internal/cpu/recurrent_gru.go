package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// GRU is a gated recurrent unit (Cho et al., 2014; with the reset gate behind the product, as cuDNN and PyTorch have it) in
// one direction:
//
//	r, z = sigmoid(W_ih x_t + b_ih + W_hh y_{t-1} + b_hh)    rows 0 and 1 of the weights' three parts
//	u    = W_hh y_{t-1} + b_hh                               row 2
//	n    = tanh(W_ih x_t + b_ih + r u)                       row 2
//	y_t  = (1 - z) n + z y_{t-1}
type GRU[T Float] struct {
	Sequence
	In, Hidden         int
	X                  []T // (Steps, Batch, In)
	WeightIH, WeightHH []T // (3 Hidden, In), (3 Hidden, Hidden)
	BiasIH, BiasHH     []T // (3 Hidden)
	H0                 []T // (Batch, Hidden)
	Y                  []T // (Steps, Batch, Hidden)
	Gates, U           []T // (Steps, Batch, 3 Hidden): r, z, n; u as Y; nil: not wanted
	DY                 []T // Y's gradient
	DGatesI, DGatesH   []T // as Gates: gradients of W_ih x_t + b_ih and of W_hh y_{t-1} + b_hh
	DH0                []T

	t int
	h []T // (Batch, Hidden): the state of each sample
}

// Forward computes Y, Gates and U from the fields above them.
func (l *GRU[T]) Forward() {
	n, batch := l.Hidden, l.Batch
	if l.Gates == nil {
		kept, keptBlock := borrow[T](l.Steps * batch * 4 * n)
		defer keptBlock.Put()
		l.Gates, l.U = kept[:l.Steps*batch*3*n], kept[l.Steps*batch*3*n:]
	}
	inputProduct(l.Steps*batch, 3*n, l.In, l.X, l.WeightIH, l.BiasIH, l.Gates)
	// r and z add the product to that of x, which u must stay apart from.
	rz := packB(batch, 2*n, n, l.WeightHH, 1, n)
	defer rz.free()
	u := packB(batch, n, n, l.WeightHH[2*n*n:], 1, n)
	defer u.free()
	h, block := state(l.H0)
	defer block.Put()
	l.h = h
	body := gruForward[T]
	for i := range l.Steps {
		l.t = l.step(i)
		rows := l.rows(l.t)
		rz.mul(rows, l.h, n, l.Gates[l.t*batch*3*n:], 3*n, Epilogue[T]{Accumulate: true, ColBias: l.BiasHH})
		u.mul(rows, l.h, n, l.U[l.t*batch*n:], n, Epilogue[T]{ColBias: l.BiasHH[2*n:]})
		parallel.ForArg(batch, l.grain(3*n), l, body)
	}
}

func gruForward[T Float](l *GRU[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		at := l.t*l.Batch + b
		y := l.Y[at*n:][:n]
		if !l.has(l.t, b) {
			clear(y)
			continue
		}
		a := l.Gates[at*3*n:][:3*n]
		r, z, c, u, h := a[:n], a[n:][:n], a[2*n:][:n], l.U[at*n:][:n], l.h[b*n:][:n]
		activate(Sigmoid, a[:2*n], a[:2*n])
		for k := range c {
			c[k] += T(r[k] * u[k])
		}
		activate(Tanh, c, c)
		for k := range y {
			v := T((1-z[k])*c[k]) + T(z[k]*h[k])
			y[k], h[k] = v, v
		}
	}
}

// Backward computes DGatesI, DGatesH and DH0 from DY and what Forward computed.
func (l *GRU[T]) Backward() {
	n, batch := l.Hidden, l.Batch
	w := packB(batch, n, 3*n, l.WeightHH, n, 1)
	defer w.free()
	clear(l.DH0)
	body := gruBackward[T]
	for i := l.Steps - 1; i >= 0; i-- {
		l.t = l.step(i)
		parallel.ForArg(batch, l.grain(3*n), l, body)
		w.mul(l.rows(l.t), l.DGatesH[l.t*batch*3*n:], 3*n, l.DH0, n, Epilogue[T]{Accumulate: true})
	}
}

// gruBackward takes DH0 for the gradient of the state; it leaves there what the product is added to.
func gruBackward[T Float](l *GRU[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		at := l.t*l.Batch + b
		di, dw := l.DGatesI[at*3*n:][:3*n], l.DGatesH[at*3*n:][:3*n]
		if !l.has(l.t, b) {
			clear(di)
			clear(dw)
			continue
		}
		h := before(&l.Sequence, l.Y, l.H0, n, l.t, b)
		gruCellBackward(l.Gates[at*3*n:][:3*n], l.U[at*n:][:n], h, l.DY[at*n:][:n], l.DH0[b*n:][:n], di, dw)
	}
}

// gruCellBackward computes the gradients di and dw of the two parts of the gates' arguments, and replaces dh by what reaches
// the step before past the gates.
func gruCellBackward[T Float](a, u, h, dy, dh, di, dw []T) {
	n := len(dh)
	done := gruCellVector(a, u, h, dy, dh, di, dw)
	part := func(x []T, k int) []T { return x[k*n+done:][:n-done] }
	r, z, c, dr, dz, dn, du := part(a, 0), part(a, 1), part(a, 2), part(di, 0), part(di, 1), part(di, 2), part(dw, 2)
	u, h, dy, dh = u[done:n], h[done:n], dy[done:n], dh[done:n]
	for k := range dh {
		d, rk, zk, ck := dy[k]+dh[k], r[k], z[k], c[k]
		e := d * (1 - zk)
		dz[k] = e * zk * (h[k] - ck)
		e *= 1 - T(ck*ck)
		dn[k] = e
		e *= rk
		du[k] = e
		dr[k] = e * u[k] * (1 - rk)
		dh[k] = d * zk
	}
	copy(part(dw, 0), dr)
	copy(part(dw, 1), dz)
}
