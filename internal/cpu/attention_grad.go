package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// AttentionGrad is what AttentionBackward reads and writes besides the arguments of the attention.
type AttentionGrad[T Float] struct {
	DY  Heads[T]  // the gradient of y
	Y   []T       // y itself (N, H, L, EV)
	LSE []float64 // as AttentionForward gave it

	DQ, DK, DV []T // contiguous
	// DBias has the bias's sizes, 1 where it repeats itself; without Data nobody wants it.
	DBias     Grid[T]
	DBiasSize [4]int

	Delta []float64 // workspace (N, H, L)
	Parts []T       // workspace (AttentionParts - 1) times the size of DQ
}

// AttentionParts returns how many sums DQ is made of: the blocks of keys are dealt out to as many tasks, so that few heads
// keep many workers busy. It depends on the sizes alone.
func AttentionParts(n, hkv, s int) int {
	const tasks = 16
	return max(1, min(tasks/max(1, n*hkv), blocksOf(s, 4*keyBlock)))
}

// AttentionBackward computes the gradients. It computes each block of P again, P = exp(scores - LSE), and with it
//
//	dV += Pᵀ dY,  dS = P (dY Vᵀ - Δ),  Δ_i = dY_i y_i,  dK += Scale dSᵀ Q,  dQ += Scale dS K,  dBias += dS
func AttentionBackward[T Float](a *Attention[T], g *AttentionGrad[T]) {
	im := inUse()
	g.delta(a)
	parts := AttentionParts(a.N, a.HKV, a.S)
	parallel.For(len(g.DQ), 1<<15, func(lo, hi int) { clear(g.DQ[lo:hi]) })
	parallel.For(len(g.Parts), 1<<15, func(lo, hi int) { clear(g.Parts[lo:hi]) })
	// A task has samples, heads and parts to itself, all of those that add to the same element of dBias.
	tn, th, tp := a.N, a.HKV, parts
	if g.DBias.Data != nil {
		clear(g.DBias.Data)
		if g.DBiasSize[0] == 1 {
			tn = 1
		}
		if g.DBiasSize[1] == 1 {
			th = 1
		}
		if g.DBiasSize[3] == 1 {
			tp = 1
		}
	}
	if a.N == 0 || a.HKV == 0 {
		return
	}
	flops := 4 * a.N * a.H * a.L * a.S * (2*a.E + a.EV + 16) / (tn * th * tp)
	parallel.For(tn*th*tp, grainFlops(im)/(flops+1)+1, func(lo, hi int) {
		w, free := a.work()
		defer free()
		for t := lo; t < hi; t++ {
			n0, n1 := portion(t/(th*tp), tn, a.N)
			h0, h1 := portion(t/tp%th, th, a.HKV)
			p0, p1 := portion(t%tp, tp, parts)
			for n := n0; n < n1; n++ {
				for h := h0; h < h1; h++ {
					for p := p0; p < p1; p++ {
						g.part(a, im, w, n, h, p, parts)
					}
				}
			}
		}
	})
	parallel.For(len(g.DQ), 1<<13, func(lo, hi int) {
		for p := 0; p < parts-1; p++ {
			part := g.Parts[p*len(g.DQ):][lo:hi]
			for i, v := range g.DQ[lo:hi] {
				g.DQ[lo+i] = v + part[i]
			}
		}
		scaleRow(g.DQ[lo:hi], T(a.Scale))
	})
}

// portion returns what task i of n, which is size or 1, has of size items.
func portion(i, n, size int) (lo, hi int) { return i * size / n, (i + 1) * size / n }

// delta computes Δ.
func (g *AttentionGrad[T]) delta(a *Attention[T]) {
	parallel.For(a.N*a.H*a.L, 1<<13/(a.EV+1)+1, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			dy := g.DY.at(r/(a.H*a.L), r/a.L%a.H, r%a.L)
			var sum float64
			if a.EV > 0 {
				_, sum = sumProducts(dy[:a.EV], g.Y[r*a.EV:(r+1)*a.EV], 0)
			}
			g.Delta[r] = sum
		}
	})
}

// part computes the blocks of keys p, p+parts, ... of a head of keys.
func (g *AttentionGrad[T]) part(a *Attention[T], im Impl, w *work[T], n, h, p, parts int) {
	dq := g.DQ
	if p > 0 {
		dq = g.Parts[(p-1)*len(g.DQ):]
	}
	for j0 := p * keyBlock; j0 < a.S; j0 += parts * keyBlock {
		g.keys(a, im, w, n, h, j0, min(a.S, j0+keyBlock), dq)
	}
}

// keys computes the gradients of keys and values [j0, j1) and adds to dQ.
func (g *AttentionGrad[T]) keys(a *Attention[T], im Impl, w *work[T], n, hkv, j0, j1 int, dq []T) {
	cols := j1 - j0
	at := (n*a.HKV+hkv)*a.S + j0
	dk, dv := g.DK[at*a.E:(at+cols)*a.E], g.DV[at*a.EV:(at+cols)*a.EV]
	clear(dk)
	clear(dv)
	k := a.K.at(n, hkv, j0)
	transpose(im, w.kt, k, a.K.Row, cols, a.E, T(a.Scale))
	transpose(im, w.vt, a.V.at(n, hkv, j0), a.V.Row, cols, a.EV, 1)
	group := a.H / a.HKV
	first := 0
	if a.Causal { // earlier queries do not see these keys
		first = max(0, j0-a.Offset) / queryBlock * queryBlock
	}
	for h := hkv * group; h < (hkv+1)*group; h++ {
		for i0 := first; i0 < a.L; i0 += queryBlock {
			i1 := min(a.L, i0+queryBlock)
			rows, row := i1-i0, (n*a.H+h)*a.L+i0
			q, dy := a.Q.at(n, h, i0), g.DY.at(n, h, i0)
			s, ds := w.s[:rows*cols], w.ds[:rows*cols]
			times(im, rows, cols, a.E, q, a.Q.Row, 1, w.kt, cols, s, cols, false)
			a.adjust(s, cols, 1, n, h, i0, i1, j0, j1)
			times(im, rows, cols, a.EV, dy, g.DY.Row, 1, w.vt, cols, ds, cols, false)
			lse, delta := g.LSE[row:row+rows], g.Delta[row:row+rows]
			for i := range rows {
				s, ds := s[i*cols:(i+1)*cols], ds[i*cols:(i+1)*cols]
				if a.P == 0 {
					softmaxGradRow(im, s, ds, lse[i], T(delta[i]))
					continue
				}
				f := a.factors(w, n, h, i0+i, j0, j1)
				mulRow(ds, f)
				softmaxGradRow(im, s, ds, lse[i], T(delta[i]))
				mulRow(s, f) // what dY meets
			}
			if g.DBias.Data != nil {
				g.addBias(ds, n, h, i0, i1, j0, j1)
			}
			times(im, cols, a.EV, rows, s, 1, cols, dy, g.DY.Row, dv, a.EV, true)
			times(im, cols, a.E, rows, ds, 1, cols, q, a.Q.Row, dk, a.E, true)
			times(im, rows, a.E, cols, ds, cols, 1, k, a.K.Row, dq[row*a.E:], a.E, true)
		}
	}
	scaleRow(dk, T(a.Scale))
}

// softmaxGradRow replaces scores s by p = exp(s - lse) and dp by p (dp - delta).
func softmaxGradRow[T Float](im Impl, s, dp []T, lse float64, delta T) {
	done := softmaxGradVector(im, s, dp, lse, delta)
	s, dp = s[done:], dp[done:len(s)]
	if s, ok := any(s).([]float32); ok {
		for i, v := range s {
			z := float64(v) - lse
			if z < -104 {
				z = -104 // below, it is 0 in float32
			}
			e, r := expParts(z)
			p := float32(e + float64(e*r))
			s[i] = p
			dp[i] = T(p) * (dp[i] - delta)
		}
		return
	}
	for i, v := range s {
		p := T(math.Exp(float64(v) - lse))
		s[i] = p
		dp[i] = p * (dp[i] - delta)
	}
}

func mulRow[T Float](x, f []T) {
	f = f[:len(x)]
	for i := range x {
		x[i] *= f[i]
	}
}

// addBias adds the scores' gradients to the bias's, the sums over what the bias repeats itself for in float64.
func (g *AttentionGrad[T]) addBias(ds []T, n, h, i0, i1, j0, j1 int) {
	cols := j1 - j0
	step := g.DBias.Step[3]
	if g.DBiasSize[2] > 1 {
		for i := i0; i < i1; i++ {
			d, row := g.DBias.row(n, h, i, j0), ds[(i-i0)*cols:(i-i0+1)*cols]
			if step == 0 {
				var sum float64
				for _, v := range row {
					sum += float64(v)
				}
				d[0] += T(sum)
				continue
			}
			for j, v := range row {
				d[j*step] += v
			}
		}
		return
	}
	var sums [keyBlock]float64
	for at := 0; at < len(ds); at += cols {
		for j, v := range ds[at : at+cols] {
			sums[j] += float64(v)
		}
	}
	d := g.DBias.row(n, h, 0, j0)
	if step == 0 {
		var sum float64
		for _, v := range sums[:cols] {
			sum += v
		}
		d[0] += T(sum)
		return
	}
	for j, v := range sums[:cols] {
		d[j*step] += T(v)
	}
}
