package nn

import (
	"errors"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// AllReducer is one member of a group that computes in step: AllReduce returns the sum of the tensors, of one shape, that all
// members give in the same call, and waits for them. Replicate makes groups of goroutines.
type AllReducer interface {
	AllReduce(x *tensor.Tensor) *tensor.Tensor
}

// synchronised normalises by the statistics of all replicas' inputs, whose sizes may differ. Each replica's gradient is that
// of the sum of all their losses.
func (l *BatchNorm) synchronised(x *tensor.Tensor) *tensor.Tensor {
	axes := []int{0}
	for i := 2; i < x.Rank(); i++ {
		axes = append(axes, i)
	}
	count := float64(x.Numel() / max(1, x.Dim(1)))
	n := l.Sync.AllReduce(tensor.Scalar(count)).Item()
	if n < 2 {
		tensor.Fail("batch_norm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "training needs more than one value a channel in all replicas together; use a larger batch")
	}
	mean := allReduce(l.Sync, wide(x).Sum(axes...)).DivScalar(n)
	d := wide(x).Sub(perChannel(x, mean))
	variance := allReduce(l.Sync, d.Square().Sum(axes...)).DivScalar(n)
	w, b := affine(x, l.Weight, l.Bias, []int{x.Dim(1)})
	l.track(mean.Detach(), variance.Detach().MulScalar(n/(n-1)))
	return d.Mul(perChannel(x, variance.AddScalar(l.Eps).Rsqrt().Mul(w))).Add(perChannel(x, b)).To(x.DType())
}

// allReduce is group.AllReduce with its gradient: x reaches every replica's loss, so the gradient is the sum of theirs.
func allReduce(group AllReducer, x *tensor.Tensor) *tensor.Tensor {
	return tensor.Function{
		Name:    "all_reduce",
		Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{group.AllReduce(in[0])} },
		VJP:     func(_, _, d []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{allReduce(group, d[0])} },
	}.Apply(x)[0]
}

// Replicate runs f in n goroutines, each with its rank, 0 to n−1, and its membership of one group, and waits for all. All
// must make the same calls of AllReduce in the same order, in forward and backward passes alike, so their graphs must be
// the same. When one panics or returns early, the others' next AllReduce panics too, and Replicate panics with what the
// first, by rank, panicked with.
func Replicate(n int, f func(rank int, group AllReducer)) {
	if n < 1 {
		tensor.Fail("replicate", tensor.ErrValue, nil, "%d replicas; there must be at least one", n)
	}
	g := &meeting{parts: make([]*tensor.Tensor, n)}
	g.all.L = &g.mu
	panics := make([]any, n)
	var wg sync.WaitGroup
	for rank := range n {
		wg.Go(func() {
			defer func() {
				if r := recover(); r == errLeft {
					panics[rank] = r
				} else {
					panics[rank] = parallel.Recovered(r)
				}
				g.leave()
			}()
			f(rank, member{g, rank})
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil && p != errLeft {
			panic(p)
		}
	}
	for _, p := range panics {
		if p != nil {
			tensor.Fail("all_reduce", tensor.ErrGraph, nil, "a replica returned while others wait for it; all must make the same calls")
		}
	}
}

// errLeft is what AllReduce panics with when another member is gone.
var errLeft = errors.New("all_reduce: another replica has left the group")

// meeting is the meeting place of n goroutines.
type meeting struct {
	mu    sync.Mutex
	all   sync.Cond
	parts []*tensor.Tensor // by rank
	here  int              // how many have come to this round
	round int
	sum   *tensor.Tensor // of the last round
	left  bool           // a member is gone
}

type member struct {
	*meeting
	rank int
}

// AllReduce adds up in the order of ranks, so the sum does not depend on who comes first.
func (m member) AllReduce(x *tensor.Tensor) *tensor.Tensor {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left {
		panic(errLeft)
	}
	m.parts[m.rank] = outside(x)
	round := m.round
	if m.here++; m.here == len(m.parts) {
		m.finish()
	}
	for m.round == round && !m.left {
		m.all.Wait()
	}
	if m.round == round {
		panic(errLeft)
	}
	return m.sum
}

// finish ends the round. A panic in it, of different shapes, ends the group.
func (g *meeting) finish() {
	done := false
	defer func() {
		g.left = !done
		g.all.Broadcast()
	}()
	for _, p := range g.parts {
		if a := g.parts[0]; p.Spec() != a.Spec() {
			tensor.Fail("all_reduce", tensor.ErrShape, []tensor.Shape{a.Shape(), p.Shape()}, "the replicas' tensors differ in shape or dtype")
		}
	}
	g.sum = g.parts[0]
	for _, p := range g.parts[1:] {
		g.sum = g.sum.Add(p)
	}
	g.here, done = 0, true
	g.round++
}

func (g *meeting) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = true
	g.all.Broadcast()
}

// outside returns a copy of x that belongs to no scope.
func outside(x *tensor.Tensor) *tensor.Tensor {
	return tensor.OfShape(x.Detach().Floats(), x.Shape()).To(x.DType())
}
