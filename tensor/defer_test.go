package tensor_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/internal/hook"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// deferring runs f with elementwise ops put off from n elements on.
func deferring(n int64, f func()) {
	defer hook.DeferLeast.Store(hook.DeferLeast.Swap(n))
	f()
}

const never = math.MaxInt64

// TestDeferredBits compares random programs of elementwise and other ops, forward and backward, with the same run one op at
// a time: every bit must be the same, whatever is kept on the way and in whatever order results are read.
func TestDeferredBits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dtype := rapid.SampledFrom([]tensor.DType{tensor.Float32, tensor.Float64}).Draw(r, "dtype")
		dims := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 4).Draw(r, "dims")
		if rapid.Bool().Draw(r, "large") {
			dims[len(dims)-1] = rapid.SampledFrom([]int{1023, 1024, 2100}).Draw(r, "last")
		}
		program := rapid.SliceOfN(rapid.IntRange(0, 1<<20), 1, 24).Draw(r, "program")
		reads := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 4).Draw(r, "reads")
		scoped, create := rapid.Bool().Draw(r, "scoped"), rapid.Bool().Draw(r, "create")
		run := func() (results [][]float64) {
			body := func(s *tensor.Scope) { results = deferredProgram(s, dtype, dims, program, reads, create) }
			if scoped {
				tensor.WithScope(body)
			} else {
				body(nil)
			}
			return results
		}
		var want, got [][]float64
		deferring(never, func() { want = run() })
		deferring(1, func() { got = run() })
		if len(got) != len(want) {
			r.Fatalf("%d results put off, %d at once", len(got), len(want))
		}
		for i := range want {
			if len(got[i]) != len(want[i]) {
				r.Fatalf("result %d has %d elements put off, %d at once", i, len(got[i]), len(want[i]))
			}
			for j := range want[i] {
				if math.Float64bits(want[i][j]) != math.Float64bits(got[i][j]) {
					r.Fatalf("result %d, element %d: %v put off, %v at once", i, j, got[i][j], want[i][j])
				}
			}
		}
	})
}

// deferredProgram computes tensors from tensors as program says and returns some of them and the gradients.
func deferredProgram(s *tensor.Scope, dtype tensor.DType, dims, program, reads []int, create bool) (results [][]float64) {
	g := random.New(1)
	fresh := func(dims ...int) *tensor.Tensor { return tensor.Randn(g, dims...).To(dtype) }
	row := make([]int, len(dims))
	copy(row, dims)
	row[0] = 1
	p := tensor.NewParam(fresh(row...))
	leaf := fresh(dims...).RequireGrad()
	x := s.Enter(leaf)
	pool := []*tensor.Tensor{x, fresh(dims...), x.Mul(p.Tensor), fresh(dims...).Add(x)}
	for _, op := range program {
		a, b := pool[op/16%len(pool)], pool[op/1024%len(pool)]
		var y *tensor.Tensor
		switch op % 16 {
		case 0, 1:
			y = a.Add(b)
		case 2:
			y = a.Mul(b)
		case 3:
			y = a.Sub(b).MulScalar(0.5)
		case 4:
			y = a.Tanh()
		case 5:
			y = a.ReLU()
		case 6:
			y = a.Sigmoid()
		case 7:
			y = a.GELU()
		case 8:
			y = a.Mul(p.Tensor)
		case 9:
			y = a.Add(b.Sum(0).MulScalar(0.1))
		case 10:
			y = a.Maximum(b)
		case 11:
			y = a.Softmax(-1)
		case 12:
			y = a.Reshape(-1).Square().Reshape(dims...)
		case 13:
			y = a.Transpose(0, -1).Neg().Transpose(0, -1)
		case 14:
			if len(dims) < 2 {
				continue
			}
			y, _, _ = tensor.BatchNorm(a, tensor.Ones(dims[1]).To(dtype), tensor.Zeros(dims[1]).To(dtype), 1e-3)
		case 15:
			y = a.Square().AddScalar(1).Sqrt()
		}
		pool = append(pool, y)
	}
	for _, i := range reads {
		results = append(results, pool[i%len(pool)].Detach().Floats())
	}
	loss := pool[len(pool)-1].Mul(pool[len(pool)/2]).Mean()
	if !loss.RequiresGrad() {
		return append(results, loss.Floats())
	}
	if !create {
		loss.Backward()
		if g := leaf.Grad(); g != nil {
			results = append(results, g.Floats())
		}
		if g := p.Grad(); g != nil {
			results = append(results, g.Floats())
		}
		return append(results, loss.Detach().Floats())
	}
	first := tensor.Gradients([]*tensor.Tensor{loss}, nil, []*tensor.Tensor{x}, true, true)[0]
	if first == nil {
		return append(results, loss.Detach().Floats())
	}
	results = append(results, first.Detach().Floats())
	if d := first.Square().Sum(); d.RequiresGrad() {
		if second := tensor.Gradients([]*tensor.Tensor{d}, nil, []*tensor.Tensor{x}, false, false)[0]; second != nil {
			results = append(results, second.Floats())
		}
	}
	return results
}

// TestDeferredSeesOldData changes and frees what a result that is put off was computed from.
func TestDeferredSeesOldData(t *testing.T) {
	deferring(1, func() {
		p := tensor.NewParam(tensor.Full(2, 100))
		twice := p.Detach().MulScalar(2)
		sum := tensor.Full(1, 50, 100).Add(p.Detach())
		p.CopyFrom(tensor.Full(7, 100))
		if got := twice.Floats()[99]; got != 4 {
			t.Errorf("2·2 = %v after the parameter was updated", got)
		}
		if got := sum.Floats()[4999]; got != 3 {
			t.Errorf("1 + 2 = %v after the parameter was updated", got)
		}
		var kept *tensor.Tensor
		tensor.WithScope(func(s *tensor.Scope) {
			x := s.Enter(tensor.Full(3, 100)).Clone()
			kept = s.Keep(x.Square().AddScalar(1))
		})
		if got := kept.Floats()[7]; got != 10 {
			t.Errorf("3² + 1 = %v after the scope of 3", got)
		}
		var gone *tensor.Tensor
		tensor.WithScope(func(s *tensor.Scope) { gone = s.Enter(tensor.Full(3, 100)).Square() })
		if err := tensor.Catch(func() { gone.Floats() }); err == nil {
			t.Errorf("a result of an ended scope could be read")
		}
		x := tensor.Full(1, 100).RequireGrad()
		tensor.WithScope(func(s *tensor.Scope) { s.Enter(x).Mul(s.Enter(tensor.Full(3, 100))).Sum().Backward() })
		old := x.Grad().MulScalar(2)
		x.ZeroGrad()
		tensor.WithScope(func(s *tensor.Scope) { s.Enter(x).Square().Sum().Backward() })
		if got := old.Floats()[0]; got != 6 {
			t.Errorf("twice the gradient of 3x = %v after the next gradient", got)
		}
	})
}

// TestDeferredHook keeps what a hook computes of a gradient until long after.
func TestDeferredHook(t *testing.T) {
	deferring(1, func() {
		var seen []*tensor.Tensor
		p := tensor.NewParam(tensor.Full(2, 64))
		for range 3 {
			tensor.WithScope(func(s *tensor.Scope) {
				x := s.Enter(tensor.Full(3, 64))
				y := x.Mul(p.Tensor).Tanh().WithHook(func(g *tensor.Tensor) *tensor.Tensor {
					h := g.MulScalar(2)
					seen = append(seen, s.Keep(h.AddScalar(1)))
					return h
				}).MulScalar(5)
				y.Sum().Backward()
				if got, want := p.Grad().Floats()[0], 10*3*(1-math.Pow(math.Tanh(6), 2)); math.Abs(got-want) > 1e-6 {
					t.Errorf("the gradient is %v, not %v", got, want)
				}
			})
			p.ZeroGrad()
		}
		for _, g := range seen {
			if got := g.Floats()[0]; got != 11 {
				t.Errorf("the hook's tensor holds %v, not 11", got)
			}
		}
	})
}

// TestDeferredOnce reads one result and what depends on it from several goroutines.
func TestDeferredOnce(t *testing.T) {
	deferring(1, func() {
		for range 200 {
			x := tensor.Full(1, 2000)
			a := x.AddScalar(1)
			b, c := a.MulScalar(3), a.Square()
			var wg sync.WaitGroup
			for _, r := range []struct {
				t    *tensor.Tensor
				want float64
			}{{a, 2}, {b, 6}, {c, 4}, {b.Add(c), 10}, {a.Sub(c), -2}, {a, 2}} {
				wg.Go(func() {
					if v := r.t.Floats(); v[0] != r.want || v[1999] != r.want {
						t.Errorf("got %v, want %v", v[0], r.want)
					}
				})
			}
			wg.Wait()
		}
	})
}

// A chain of n ops reads its inputs and writes its result: on a machine that is bound by memory it takes as long as one op.
func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1e5, 1e6, 1e7} {
		for name, least := range map[string]int64{"fused": 4096, "one at a time": never} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				x, y, z := tensor.Full(1, n), tensor.Full(2, n), tensor.Full(3, n)
				deferring(least, func() {
					for b.Loop() {
						tensor.WithScope(func(s *tensor.Scope) { s.Enter(x).Mul(y).Add(z).ReLU().Materialize() })
					}
				})
			})
		}
	}
}

// sharesOp passes three quarters of its gradient on to its first input and one to its second, the first computed from the
// second.
type sharesOp struct{}

func (sharesOp) Name() string         { return "shares" }
func (sharesOp) Reads() tensor.Reads  { return tensor.ReadsNothing }
func (sharesOp) Infer(c *tensor.Call) { c.Output(c.In[0].Shape(), c.In[0].DType()) }
func (sharesOp) Run(_ tensor.Device, c *tensor.Call) bool {
	copy(tensor.Slice[float32](c.Y(0)), tensor.Slice[float32](c.X(0)))
	return true
}
func (sharesOp) VJP(b *tensor.Back) []*tensor.Tensor {
	quarter := b.Dout(0).MulScalar(0.25)
	return b.Give(b.Dout(0).Sub(quarter), quarter)
}

// TestDeferredResultsOfOneVJP computes a gradient, because it is added to others, before the one that it reads has its turn.
func TestDeferredResultsOfOneVJP(t *testing.T) {
	deferring(1, func() {
		th := math.Tanh(3)
		for _, last := range []bool{false, true} {
			x, z := tensor.Full(3, 4096).RequireGrad(), tensor.Full(2, 4096).RequireGrad()
			y := tensor.Apply1(sharesOp{}, x, z)
			sum := x.Tanh().Add(x.Exp()).Add(x.Square())
			if last {
				sum = sum.Add(y)
			} else {
				sum = y.Add(sum)
			}
			sum.Sum().Backward()
			if got, want := x.Grad().Floats()[0], 1-th*th+math.Exp(3)+6+0.75; math.Abs(got-want) > 1e-5*want {
				t.Errorf("the gradient of x is %v, not %v", got, want)
			}
			if got := z.Grad().Floats()[0]; got != 0.25 {
				t.Errorf("the gradient of z is %v, not 0.25", got)
			}
		}
	})
}
