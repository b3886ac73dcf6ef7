package tensor_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

// watched runs f in a watched scope and returns the ops that were seen, with the shape of each one's first result.
func watched(f func(s *tensor.Scope)) string {
	var seen []string
	tensor.WithScope(func(s *tensor.Scope) {
		s.Watch(func(op tensor.Op, in, out []*tensor.Tensor) {
			seen = append(seen, fmt.Sprintf("%s%d%v", op.Name(), len(in), out[0].Shape()))
		})
		f(s)
	})
	return strings.Join(seen, " ")
}

// A watcher sees what was recorded in its scope, in order, and nothing else.
func TestScopeWatch(t *testing.T) {
	w := tensor.NewParam(tensor.Ones(2, 3))
	x := tensor.Ones(4, 3)
	net := func(x *tensor.Tensor) *tensor.Tensor { return x.MatMul(w.T()).ReLU().Sum() }
	forward := "matmul2(4, 2) relu1(4, 2) sum1()" // not the transpose: a parameter's view belongs to no scope
	for _, c := range []struct {
		name, want string
		run        func(s *tensor.Scope)
	}{
		{"forward", forward, func(s *tensor.Scope) { net(s.Enter(x)) }},
		{"backward is not recorded", forward, func(s *tensor.Scope) { net(s.Enter(x)).Backward() }},
		{"not recorded", "", func(s *tensor.Scope) { s.Enter(x).Exp().Sum() }},
		{"not in the scope", "", func(*tensor.Scope) { net(x) }},
		{"ended", "matmul2(4, 2)", func(s *tensor.Scope) {
			y := s.Enter(x).MatMul(w.T())
			s.Watch(nil)
			y.ReLU()
		}},
		{"in another scope", "", func(*tensor.Scope) { tensor.WithScope(func(s *tensor.Scope) { net(s.Enter(x)) }) }},
	} {
		if got := watched(c.run); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		w.ZeroGrad()
	}
	// Of a checkpointed function the ops are seen once, then the checkpoint itself.
	got := watched(func(s *tensor.Scope) {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{net(in[0])} }, s.Enter(x))[0].Backward()
	})
	if strings.Count(got, "relu1(4, 2)") != 1 || !strings.HasSuffix(got, "()") {
		t.Errorf("checkpoint: %q", got)
	}
}

// What a watcher reads is there, also of elementwise ops that would be put off, and the gradients are the same bits.
func TestScopeWatchBits(t *testing.T) {
	x := make([]float64, 1<<14)
	for i := range x {
		x[i] = float64(i%97)/48 - 1
	}
	gradient := func(watch bool) (g []float64, sums []float64) {
		w := tensor.NewParam(tensor.Of(x, 1<<14))
		tensor.WithScope(func(s *tensor.Scope) {
			if watch {
				s.Watch(func(_ tensor.Op, _, out []*tensor.Tensor) {
					sum := 0.
					for _, v := range tensor.Data[float64](out[0].Detach()) {
						sum += v
					}
					sums = append(sums, sum)
				})
			}
			s.Enter(tensor.Of(x, 1<<14)).Mul(w.Tensor).Tanh().MulScalar(3).Exp().Sum().Backward()
		})
		return tensor.Data[float64](w.Grad()), sums
	}
	plain, _ := gradient(false)
	seen, sums := gradient(true)
	if len(sums) != 5 {
		t.Fatalf("%d ops were seen", len(sums))
	}
	if math.Abs(sums[4]-sums[3]) > 1e-9*sums[3] {
		t.Errorf("the sum of the exponentials is %v, of the last result %v", sums[3], sums[4])
	}
	for i := range plain {
		if plain[i] != seen[i] {
			t.Fatalf("gradient %d is %v, watched %v", i, plain[i], seen[i])
		}
	}
}
