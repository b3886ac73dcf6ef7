package cpu

//go:generate sh -c "cd _asm && go run ./attention -out ../attention_amd64.s -stubs ../attention_stubs_amd64.go -pkg cpu"

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Heads is a tensor of matrices, one for each sample n and head h: it begins at Data[n*SN+h*SH], its rows are Row apart,
// the elements of a row are neighbours.
type Heads[T any] struct {
	Data        []T
	SN, SH, Row int
}

// at returns matrix (n, h) from row i on.
func (x *Heads[T]) at(n, h, i int) []T { return x.Data[n*x.SN+h*x.SH+i*x.Row:] }

// Grid is what scores are biased or masked with, element (n, h, i, j) for query i and key j; a stride of 0 repeats it. Without
// Data there is none.
type Grid[T any] struct {
	Data []T
	Step [4]int
}

// row returns what belongs to a query, from key j on; the next key's is Step[3] further.
func (x *Grid[T]) row(n, h, i, j int) []T {
	return x.Data[n*x.Step[0]+h*x.Step[1]+i*x.Step[2]+j*x.Step[3]:]
}

// Attention is the arguments of scaled dot-product attention (Vaswani et al., 2017): in each head
//
//	y = P v,  P = softmax(Scale q kᵀ + Bias) along the keys
//
// where the softmax leaves out keys that Keep is false or Drop is true for and, if Causal, keys j > i+Offset of query i. A
// query without any key gives 0. Query head h meets key and value head h/(H/HKV).
//
// The scores exist one block at a time, as in FlashAttention (Dao et al., 2022; Dao, 2023): a block of queries walks over
// the blocks of keys with a running maximum and sum of exponentials.
type Attention[T Float] struct {
	N, H, HKV   int
	L, S, E, EV int // queries, keys, elements of a query and of a value
	Scale       float64
	Causal      bool
	Offset      int
	Q, K, V     Heads[T]
	Bias        Grid[T]
	Keep, Drop  Grid[bool]
	// With dropout, probability P > 0, Uniform fills u with the draws of the elements of P (N, H, L, S) from number at on.
	P       float64
	Uniform func(u []float32, at int)
}

// Most queries and keys in a block: the scores, the block of values and what is summed stay in the second-level cache.
const (
	queryBlock = 64
	keyBlock   = 64
)

func blocksOf(n, size int) int { return (n + size - 1) / size }

// work is the memory in which one worker computes.
type work[T Float] struct {
	qt, kt, vt []T // transposed blocks
	s, ds      []T // scores and their gradients
	max        []T
	sum        []float64
	u          []float32 // draws and factors of dropout
	f          []T
}

func (a *Attention[T]) work() (w *work[T], free func()) {
	const slack, most = panelSlack, max(queryBlock, keyBlock)
	left, right := a.E*most+slack, a.EV*most+slack
	rest, block := borrow[T](2*left + right + 2*queryBlock*keyBlock + queryBlock)
	cut := func(n int) []T {
		x := rest[:n:n]
		rest = rest[n:]
		return x
	}
	w = &work[T]{qt: cut(left), kt: cut(left), vt: cut(right), s: cut(queryBlock * keyBlock), ds: cut(queryBlock * keyBlock), max: cut(queryBlock)}
	sum, sums := borrow[float64](queryBlock)
	w.sum = sum
	return w, func() { block.Put(); sums.Put() }
}

// times adds the product of A (m, k) and B (k, n) to C, or replaces it.
func times[T Float](im Impl, m, n, k int, a []T, ars, acs int, b []T, brs int, c []T, ldc int, add bool) {
	if m == 0 || n == 0 {
		return
	}
	g := product[T]{im, m, n, k, a, ars, acs, b, brs, 1, c, ldc, Epilogue[T]{Accumulate: add}}
	g.run()
}

// transpose computes dst[p*rows+i] = scale x[i*ld+p] for i < rows and p < n, with panelSlack elements of dst to spare.
func transpose[T Float](im Impl, dst, x []T, ld, rows, n int, scale T) {
	if n == 0 {
		return
	}
	if ld == 1 { // packPanel takes a panel's width of neighbours at most
		packStrided(dst, rows, x, ld, 1, rows, n)
	} else {
		packPanel(im, dst, rows, x, ld, 1, rows, n)
	}
	if scale != 1 {
		dst = dst[:n*rows]
		for i := range dst {
			dst[i] *= scale
		}
	}
}

// keysOf returns how many keys the queries before i1 see at most.
func (a *Attention[T]) keysOf(i1 int) int {
	if a.Causal {
		return max(0, min(a.S, i1+a.Offset))
	}
	return a.S
}

// AttentionForward computes y (N, H, L, EV), contiguous, and, unless nil, for each query the logarithm of the sum of the
// exponentials of its scores, lse (N, H, L): +Inf for one without any key.
func AttentionForward[T Float](a *Attention[T], y []T, lse []float64) {
	im := inUse()
	blocks := blocksOf(a.L, queryBlock)
	flops := 2 * min(a.L, queryBlock) * a.S * (a.E + a.EV + 16)
	parallel.For(a.N*a.H*blocks, grainFlops(im)/(flops+1)+1, func(lo, hi int) {
		w, free := a.work()
		defer free()
		for t := lo; t < hi; t++ {
			head, b := t/blocks, blocks-1-t%blocks // of causal ones the longest first
			i0, i1 := b*queryBlock, min(a.L, (b+1)*queryBlock)
			at := head*a.L + i0
			var l []float64
			if lse != nil {
				l = lse[at : at+i1-i0]
			}
			a.forward(im, w, head/a.H, head%a.H, i0, i1, y[at*a.EV:(at+i1-i0)*a.EV], l)
		}
	})
}

// forward computes queries [i0, i1) of a head. Scores are transposed, (keys, queries): both products then read their
// matrices as they lie.
func (a *Attention[T]) forward(im Impl, w *work[T], n, h, i0, i1 int, y []T, lse []float64) {
	rows := i1 - i0
	transpose(im, w.qt, a.Q.at(n, h, i0), a.Q.Row, rows, a.E, T(a.Scale))
	top, sum := w.max[:rows], w.sum[:rows]
	for i := range top {
		top[i], sum[i] = T(math.Inf(-1)), 0
	}
	clear(y)
	g := h / (a.H / a.HKV)
	end := a.keysOf(i1)
	size := queryBlock * keyBlock / rows &^ 7 // few queries meet many keys at a time
	for j0 := 0; j0 < end; j0 += size {
		j1 := min(j0+size, end)
		s := w.s[:(j1-j0)*rows]
		times(im, j1-j0, rows, a.E, a.K.at(n, g, j0), a.K.Row, 1, w.qt, rows, s, rows, false)
		a.adjust(s, 1, rows, n, h, i0, i1, j0, j1)
		a.online(im, s, top, sum, y)
		for i := 0; a.P > 0 && i < rows; i++ {
			for j, f := range a.factors(w, n, h, i0+i, j0, j1) {
				s[j*rows+i] *= f
			}
		}
		times(im, rows, a.EV, j1-j0, s, 1, rows, a.V.at(n, g, j0), a.V.Row, y, a.EV, true)
	}
	for i, l := range sum {
		m := float64(top[i])
		inv := 1 / l
		if l == l && math.IsInf(m, -1) { // no key at all
			inv, l, m = 0, 1, math.Inf(1)
		}
		scaleRow(y[i*a.EV:(i+1)*a.EV], T(inv))
		if lse != nil {
			lse[i] = m + math.Log(l)
		}
	}
}

func scaleRow[T Float](x []T, f T) {
	for i := range x {
		x[i] *= f
	}
}

// online replaces transposed scores by their exponentials less the greatest score so far, top, and adds these to sum. It
// first scales what was summed with an earlier maximum (Milakov and Gimelshein, 2018).
func (a *Attention[T]) online(im Impl, s, top []T, sum []float64, y []T) {
	rows := len(top)
	var before, shift, part [queryBlock]T
	copy(before[:], top)
	done := colMax(im, s, top)
	for at := 0; at < len(s) && done < rows; at += rows {
		for i, v := range s[at+done : at+rows] {
			if v > top[done+i] {
				top[done+i] = v
			}
		}
	}
	for i, m := range top {
		if math.IsInf(float64(m), -1) {
			continue // no key yet: differences to 0 leave 0
		}
		shift[i] = m
		if f := math.Exp(float64(before[i]) - float64(m)); f != 1 && sum[i] != 0 {
			sum[i] *= f
			scaleRow(y[i*a.EV:(i+1)*a.EV], T(f))
		}
	}
	done = expCols(im, s, shift[:rows], part[:rows])
	for i, v := range part[:done] {
		sum[i] += float64(v)
	}
	for at := 0; at < len(s) && done < rows; at += rows {
		expShifted(s[at+done:at+rows], shift[done:rows], sum[done:])
	}
}

// expShifted replaces x by exp(x - m) elementwise and adds it to sum.
func expShifted[T Float](x, m []T, sum []float64) {
	m, sum = m[:len(x)], sum[:len(x)]
	if x, ok := any(x).([]float32); ok {
		for i, v := range x {
			z := float64(v) - float64(m[i])
			if z < -104 {
				z = -104 // below, it is 0 in float32
			}
			s, q := expParts(z)
			e := s + float64(s*q)
			sum[i] += e
			x[i] = float32(e)
		}
		return
	}
	for i, v := range x {
		e := math.Exp(float64(v) - float64(m[i]))
		sum[i] += e
		x[i] = T(e)
	}
}

// adjust adds the bias to the scores of queries [i0, i1) and keys [j0, j1), s[(i-i0)*si+(j-j0)*sj], and makes -Inf of those
// to leave out.
func (a *Attention[T]) adjust(s []T, si, sj, n, h, i0, i1, j0, j1 int) {
	inf := T(math.Inf(-1))
	for i := i0; i < i1; i++ {
		s := s[(i-i0)*si:]
		last := j1
		if a.Causal {
			last = max(j0, min(j1, i+a.Offset+1))
		}
		if a.Bias.Data != nil {
			b := a.Bias.row(n, h, i, j0)
			for j := range last - j0 {
				s[j*sj] += b[j*a.Bias.Step[3]]
			}
		}
		if a.Keep.Data != nil {
			b := a.Keep.row(n, h, i, j0)
			for j := range last - j0 {
				if !b[j*a.Keep.Step[3]] {
					s[j*sj] = inf
				}
			}
		}
		if a.Drop.Data != nil {
			b := a.Drop.row(n, h, i, j0)
			for j := range last - j0 {
				if b[j*a.Drop.Step[3]] {
					s[j*sj] = inf
				}
			}
		}
		for j := last - j0; j < j1-j0; j++ {
			s[j*sj] = inf
		}
	}
}

// factors returns what dropout multiplies keys [j0, j1) of a query with: 0 with probability P, else 1/(1-P).
func (a *Attention[T]) factors(w *work[T], n, h, i, j0, j1 int) []T {
	limit, scale := float32(a.P), T(1/(1-a.P))
	if n := j1 - j0; len(w.u) < n {
		w.u, w.f = make([]float32, n), make([]T, n)
	}
	u, f := w.u[:j1-j0], w.f[:j1-j0]
	a.Uniform(u, ((n*a.H+h)*a.L+i)*a.S+j0)
	for j, u := range u {
		f[j] = scale
		if u < limit {
			f[j] = 0
		}
	}
	return f
}
