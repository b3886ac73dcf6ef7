package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// LSTM is a long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000) in one direction:
//
//	i, f, o = sigmoid(W_ih x_t + W_hh y_{t-1} + b)    rows 0, 1 and 3 of the weights' four parts
//	g       = tanh(the same)                          row 2
//	c_t     = f c_{t-1} + i g
//	m_t     = o tanh(c_t)
//	y_t     = m_t, or W_hr m_t with a projection (Sak et al., 2014)
//
// With peepholes (Gers and Schmidhuber, 2000) the arguments of i and f have p_i c_{t-1} and p_f c_{t-1} added, that of o
// p_o c_t.
type LSTM[T Float] struct {
	Sequence
	In, Hidden, Out          int // Out is the size of y
	X                        []T // (Steps, Batch, In)
	WeightIH, WeightHH, Bias []T // (4 Hidden, In), (4 Hidden, Out), (4 Hidden)
	Peephole                 []T // (3, Hidden): p_i, p_f, p_o; nil for none
	WeightHR                 []T // (Out, Hidden), nil for none
	H0, C0                   []T // (Batch, Out), (Batch, Hidden)
	Y, C, M                  []T // (Steps, Batch, Out), twice (Steps, Batch, Hidden); M only with a projection
	Gates, TanhC             []T // (Steps, Batch, 4 Hidden): i, f, g, o; tanh(C); nil: not wanted
	DY, DC, DM               []T // gradients of Y, C and M; nil for zero, except DY
	DGates                   []T // gradients of the arguments of i, f, g and o
	DProj                    []T // (Steps, Batch, Out), with a projection: all of the gradient of y_t, that by y_{t+1} included
	DH0, DC0                 []T

	t  int
	h  []T // (Batch, Out): the state of each sample
	dm []T // (Batch, Hidden): the gradient of m_t
}

// Forward computes Y, C, M, Gates and TanhC from the fields above them.
func (l *LSTM[T]) Forward() {
	n, p, batch := l.Hidden, l.Out, l.Batch
	if l.Gates == nil {
		kept, keptBlock := borrow[T](l.Steps * batch * 4 * n)
		defer keptBlock.Put()
		l.Gates = kept
	}
	inputProduct(l.Steps*batch, 4*n, l.In, l.X, l.WeightIH, l.Bias, l.Gates)
	w := packB(batch, 4*n, p, l.WeightHH, 1, p)
	defer w.free()
	h, block := state(l.H0)
	defer block.Put()
	l.h = h
	var wr *packedB[T]
	if l.WeightHR != nil {
		wr = packB(batch, p, n, l.WeightHR, 1, n)
		defer wr.free()
	}
	gates, project := lstmForward[T], lstmProjected[T]
	for i := range l.Steps {
		l.t = l.step(i)
		rows := l.rows(l.t)
		w.mul(rows, l.h, p, l.Gates[l.t*batch*4*n:], 4*n, Epilogue[T]{Accumulate: true})
		parallel.ForArg(batch, l.grain(4*n), l, gates)
		if wr != nil {
			wr.mul(rows, l.M[l.t*batch*n:], n, l.Y[l.t*batch*p:], p, Epilogue[T]{})
			parallel.ForArg(batch, l.grain(n), l, project)
		}
	}
}

func lstmForward[T Float](l *LSTM[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		at := l.t*l.Batch + b
		c := l.C[at*n:][:n]
		m := l.M
		if l.WeightHR == nil {
			m = l.Y
		}
		m = m[at*n:][:n]
		if !l.has(l.t, b) {
			clear(c)
			clear(m)
			continue
		}
		a := l.Gates[at*4*n:][:4*n]
		i, f, g, o := a[:n], a[n:][:n], a[2*n:][:n], a[3*n:][:n]
		before := before(&l.Sequence, l.C, l.C0, n, l.t, b)[:n]
		if p := l.Peephole; p != nil {
			pi, pf := p[:n], p[n:][:n]
			for k, v := range before {
				i[k] += T(pi[k] * v)
				f[k] += T(pf[k] * v)
			}
		}
		activate(Sigmoid, a[:2*n], a[:2*n])
		activate(Tanh, g, g)
		for k := range c {
			c[k] = T(f[k]*before[k]) + T(i[k]*g[k])
		}
		if p := l.Peephole; p != nil {
			po := p[2*n:][:n]
			for k, v := range c {
				o[k] += T(po[k] * v)
			}
		}
		activate(Sigmoid, o, o)
		tanh := m
		if l.TanhC != nil {
			tanh = l.TanhC[at*n:][:n]
		}
		activate(Tanh, tanh, c)
		for k := range m {
			m[k] = o[k] * tanh[k]
		}
		if l.WeightHR == nil {
			copy(l.h[b*n:], m)
		}
	}
}

// lstmProjected moves y_t on into the state.
func lstmProjected[T Float](l *LSTM[T], lo, hi int) {
	p := l.Out
	for b := lo; b < hi; b++ {
		y := l.Y[(l.t*l.Batch+b)*p:][:p]
		if l.has(l.t, b) {
			copy(l.h[b*p:], y)
		} else {
			clear(y)
		}
	}
}

// Backward computes DGates, DProj, DH0 and DC0 from DY, DC, DM and what Forward computed.
func (l *LSTM[T]) Backward() {
	n, p, batch := l.Hidden, l.Out, l.Batch
	w := packB(batch, p, 4*n, l.WeightHH, p, 1)
	defer w.free()
	dm, block := borrow[T](batch * n)
	defer block.Put()
	l.dm = dm
	var wr *packedB[T]
	if l.WeightHR != nil {
		wr = packB(batch, n, p, l.WeightHR, n, 1)
		defer wr.free()
	}
	clear(l.DH0)
	clear(l.DC0)
	output, gates := lstmOutputBackward[T], lstmBackward[T]
	for i := l.Steps - 1; i >= 0; i-- {
		l.t = l.step(i)
		rows := l.rows(l.t)
		if wr != nil {
			parallel.ForArg(batch, l.grain(n), l, output)
			wr.mul(rows, l.DProj[l.t*batch*p:], p, l.dm, n, Epilogue[T]{})
		}
		parallel.ForArg(batch, l.grain(4*n), l, gates)
		w.mul(rows, l.DGates[l.t*batch*4*n:], 4*n, l.DH0, p, Epilogue[T]{Accumulate: true})
	}
}

// lstmOutputBackward sums up the gradient of y_t. DH0 holds that of the state, and 0 where the product is to be added.
func lstmOutputBackward[T Float](l *LSTM[T], lo, hi int) {
	p := l.Out
	for b := lo; b < hi; b++ {
		at := (l.t*l.Batch + b) * p
		d := l.DProj[at:][:p]
		if !l.has(l.t, b) {
			clear(d)
			continue
		}
		dh := l.DH0[b*p:][:p]
		for k, v := range l.DY[at:][:p] {
			d[k] = v + dh[k]
		}
		clear(dh)
	}
}

func lstmBackward[T Float](l *LSTM[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		at := l.t*l.Batch + b
		da := l.DGates[at*4*n:][:4*n]
		if !l.has(l.t, b) {
			clear(da)
			continue
		}
		dm, dc := l.dm[b*n:][:n], l.DC0[b*n:][:n]
		if l.WeightHR == nil {
			dh := l.DH0[b*n:][:n]
			for k, v := range l.DY[at*n:][:n] {
				dm[k] = v + dh[k]
			}
			clear(dh)
		}
		if l.DM != nil {
			for k, v := range l.DM[at*n:][:n] {
				dm[k] += v
			}
		}
		if l.DC != nil {
			for k, v := range l.DC[at*n:][:n] {
				dc[k] += v
			}
		}
		l.cellBackward(l.Gates[at*4*n:][:4*n], l.TanhC[at*n:][:n], before(&l.Sequence, l.C, l.C0, n, l.t, b), dm, dc, da)
	}
}

// cellBackward computes the gradients da of the gates' arguments and moves dc on to the step before.
func (l *LSTM[T]) cellBackward(a, tanh, before, dm, dc, da []T) {
	n, done := len(dc), 0
	if l.Peephole == nil {
		done = lstmCellVector(a, tanh, before, dm, dc, da)
	}
	part := func(x []T, k int) []T { return x[k*n+done:][:n-done] }
	i, f, g, o := part(a, 0), part(a, 1), part(a, 2), part(a, 3)
	di, df, dg, do := part(da, 0), part(da, 1), part(da, 2), part(da, 3)
	tanh, before, dm, dc = tanh[done:n], before[done:n], dm[done:n], dc[done:n]
	for k := range do {
		m, t := dm[k]*o[k], tanh[k]
		do[k] = m * t * (1 - o[k])
		dc[k] += T(m * (1 - T(t*t)))
	}
	if p := l.Peephole; p != nil {
		po := p[2*n:][:n]
		for k := range dc {
			dc[k] += T(po[k] * do[k])
		}
	}
	for k, d := range dc {
		ik, fk, gk := i[k], f[k], g[k]
		e := d * ik
		di[k] = e * gk * (1 - ik)
		dg[k] = e * (1 - T(gk*gk))
		d *= fk
		df[k] = d * before[k] * (1 - fk)
		dc[k] = d
	}
	if p := l.Peephole; p != nil {
		pi, pf := p[:n], p[n:][:n]
		for k := range dc {
			dc[k] += T(pi[k]*di[k]) + T(pf[k]*df[k])
		}
	}
}
