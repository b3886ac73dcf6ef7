package cpu

//go:generate sh -c "cd _asm && go run ./recurrent -out ../recurrent_amd64.s -stubs ../recurrent_stubs_amd64.go -pkg cpu"

import (
	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Sequence is what a recurrent layer goes through in one direction: arrays (Steps, Batch, ...), of which sample b has the
// first Lengths[b] steps. What follows is padding: zeros in results and gradients. The products of a step leave out the
// samples behind the last that has it, so a batch sorted by descending length wastes nothing.
type Sequence struct {
	Steps, Batch int
	Lengths      []int // nil: every sample has all steps
	Reverse      bool  // from each sample's last step down to step 0
}

// step returns the step at place i of the way.
func (s *Sequence) step(i int) int {
	if s.Reverse {
		return s.Steps - 1 - i
	}
	return i
}

// has reports whether sample b has step t.
func (s *Sequence) has(t, b int) bool { return s.Lengths == nil || t < s.Lengths[b] }

// rows returns how many samples there are up to the last that has step t.
func (s *Sequence) rows(t int) int {
	n := s.Batch
	for n > 0 && !s.has(t, n-1) {
		n--
	}
	return n
}

// before returns sample b's row of n elements at the step before t on its way: of x (Steps, Batch, n), or where it starts,
// of x0 (Batch, n).
func before[T Float](s *Sequence, x, x0 []T, n, t, b int) []T {
	if t--; s.Reverse {
		t += 2
	}
	if t < 0 || t >= s.Steps || !s.has(t, b) {
		return x0[b*n:][:n]
	}
	return x[(t*s.Batch+b)*n:][:n]
}

// grain is the number of rows of n costly elements that are worth a task.
func (s *Sequence) grain(n int) int { return max(1, grainCostly/max(1, n)) }

// RNN is a plain recurrent layer (Elman, 1990) in one direction, with Act Tanh or ReLU:
//
//	y_t = act(W_ih x_t + W_hh y_{t-1} + b)
type RNN[T Float] struct {
	Sequence
	In, Hidden               int
	Act                      Code
	X                        []T // (Steps, Batch, In)
	WeightIH, WeightHH, Bias []T // (Hidden, In), (Hidden, Hidden), (Hidden)
	H0                       []T // (Batch, Hidden)
	Y                        []T // (Steps, Batch, Hidden)
	DY                       []T // Y's gradient
	DGates                   []T // the gradient of what act is applied to, as Y
	DH0                      []T

	t int
	h []T // (Batch, Hidden): the state of each sample
}

// Forward computes Y from X, the weights and H0.
func (l *RNN[T]) Forward() {
	n, batch := l.Hidden, l.Batch
	inputProduct(l.Steps*batch, n, l.In, l.X, l.WeightIH, l.Bias, l.Y)
	w := packB(batch, n, n, l.WeightHH, 1, n)
	defer w.free()
	h, block := state(l.H0)
	defer block.Put()
	l.h = h
	body := rnnForward[T]
	for i := range l.Steps {
		l.t = l.step(i)
		w.mul(l.rows(l.t), l.h, n, l.Y[l.t*batch*n:], n, Epilogue[T]{Accumulate: true})
		parallel.ForArg(batch, l.grain(n), l, body)
	}
}

func rnnForward[T Float](l *RNN[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		y := l.Y[(l.t*l.Batch+b)*n:][:n]
		if !l.has(l.t, b) {
			clear(y)
			continue
		}
		activate(l.Act, y, y)
		copy(l.h[b*n:], y)
	}
}

// Backward computes DGates and DH0 from DY and what Forward computed.
func (l *RNN[T]) Backward() {
	n, batch := l.Hidden, l.Batch
	w := packB(batch, n, n, l.WeightHH, n, 1)
	defer w.free()
	clear(l.DH0)
	body := rnnBackward[T]
	for i := l.Steps - 1; i >= 0; i-- {
		l.t = l.step(i)
		parallel.ForArg(batch, l.grain(n), l, body)
		w.mul(l.rows(l.t), l.DGates[l.t*batch*n:], n, l.DH0, n, Epilogue[T]{Accumulate: true})
	}
}

// rnnBackward takes DH0 for the gradient of the state, which it leaves at 0 where the product is to be.
func rnnBackward[T Float](l *RNN[T], lo, hi int) {
	n := l.Hidden
	for b := lo; b < hi; b++ {
		at := (l.t*l.Batch + b) * n
		da := l.DGates[at:][:n]
		if !l.has(l.t, b) {
			clear(da)
			continue
		}
		y, dy, dh := l.Y[at:][:n], l.DY[at:][:n], l.DH0[b*n:][:n]
		if l.Act == ReLU {
			for k := range da {
				da[k] = 0
				if y[k] > 0 {
					da[k] = dy[k] + dh[k]
				}
			}
		} else {
			for k := range da {
				da[k] = (dy[k] + dh[k]) * (1 - T(y[k]*y[k]))
			}
		}
		clear(dh)
	}
}

// inputProduct computes y = x wᵀ + bias for all steps at once: x (rows, in), w (n, in), y (rows, n).
func inputProduct[T Float](rows, n, in int, x, w, bias, y []T) {
	gemm(rows, n, in, x, in, 1, w, 1, in, y, n, Epilogue[T]{ColBias: bias})
}

// state lends a copy of the first state.
func state[T Float](x0 []T) ([]T, mem.Block) {
	h, block := borrow[T](len(x0))
	copy(h, x0)
	return h, block
}

// activate computes y = f(x) for a row; they may be the same. In float32 sigmoid and tanh are within 4e-7 of the exact values
// and within 5e-7 times these, which the products before them are not.
func activate[T Float](code Code, y, x []T) {
	f := kernelOf[T](code)
	for len(x) > 0 {
		n := min(tile, len(x))
		if k := activateVector(code, y[:n], x[:n]); k < n {
			f(y[k:n], x[k:n], nil, nil, Pointwise{})
		}
		y, x = y[n:], x[n:]
	}
}
