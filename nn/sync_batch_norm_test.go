package nn_test

import (
	"errors"
	"math"
	"sync/atomic"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Replicas on parts of a batch, of different sizes, give what one layer gives on the whole.
func TestSyncBatchNorm(t *testing.T) {
	f := tensor.With(tensor.Float64)
	x, slope := f.Randn(random.New(1), 7, 3, 2), f.Randn(random.New(2), 7, 3, 2)
	double := func(l *nn.BatchNorm) *nn.BatchNorm { return nn.To(l, tensor.Float64) }
	whole := double(nn.NewBatchNorm1d(3, nn.BatchNormConfig{}))
	whole.Weight.CopyFrom(tensor.Of([]float64{0.5, -1, 2}))
	in := x.RequireGrad()
	y := whole.Forward(in)
	y.Mul(slope).Sum().Backward()

	cut := []int{0, 2, 3, 7}
	replicas := make([]*nn.BatchNorm, 3)
	ys, dx := make([]*tensor.Tensor, 3), make([]*tensor.Tensor, 3)
	nn.Replicate(3, func(rank int, group nn.AllReducer) {
		l := nn.Clone(double(nn.NewBatchNorm1d(3, nn.BatchNormConfig{Sync: group})))
		l.Weight.CopyFrom(tensor.Of([]float64{0.5, -1, 2}))
		replicas[rank] = l
		tensor.WithScope(func(s *tensor.Scope) {
			lo, n := cut[rank], cut[rank+1]-cut[rank]
			part := s.Enter(x.Narrow(0, lo, n)).RequireGrad()
			y := l.Forward(part)
			y.Mul(slope.Narrow(0, lo, n)).Sum().Backward()
			ys[rank], dx[rank] = s.Keep(y), part.Grad()
		})
	})
	near := func(what string, got, want *tensor.Tensor) {
		t.Helper()
		g, w := got.Detach().Floats(), want.Detach().Floats()
		for i := range w {
			if math.Abs(g[i]-w[i]) > 1e-12*(1+math.Abs(w[i])) {
				t.Fatalf("%s: element %d is %v, of the whole batch %v", what, i, g[i], w[i])
			}
		}
	}
	near("outputs", tensor.Concat(0, ys...), y)
	near("input gradients", tensor.Concat(0, dx...), in.Grad())
	dw := replicas[0].Weight.Grad().Add(replicas[1].Weight.Grad()).Add(replicas[2].Weight.Grad())
	near("weight gradient, summed over replicas", dw, whole.Weight.Grad())
	for _, l := range replicas {
		near("running mean", l.RunningMean.Tensor, whole.RunningMean.Tensor)
		near("running variance", l.RunningVar.Tensor, whole.RunningVar.Tensor)
	}
}

func TestReplicateFails(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(rank int, group nn.AllReducer)
		kind tensor.Kind
	}{
		"a replica panics": {func(rank int, group nn.AllReducer) {
			if rank == 1 {
				tensor.Ones(2).Add(tensor.Ones(3))
			}
			group.AllReduce(tensor.Ones(1))
		}, tensor.ErrShape},
		"a replica returns early": {func(rank int, group nn.AllReducer) {
			if rank == 0 {
				group.AllReduce(tensor.Ones(1))
			}
		}, tensor.ErrGraph},
		"shapes differ": {func(rank int, group nn.AllReducer) { group.AllReduce(tensor.Ones(rank + 1)) }, tensor.ErrShape},
		"one value in all": {func(rank int, group nn.AllReducer) {
			nn.NewBatchNorm1d(2, nn.BatchNormConfig{Sync: group}).Forward(tensor.Ones(1-rank, 2))
		}, tensor.ErrShape},
	} {
		if err := tensor.Catch(func() { nn.Replicate(2, c.f) }); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	if tensor.Catch(func() { nn.Replicate(0, nil) }) == nil {
		t.Error("no replicas were accepted")
	}
	var ran atomic.Int32
	nn.Replicate(4, func(rank int, group nn.AllReducer) {
		for i := range 50 {
			if s := group.AllReduce(tensor.Scalar(float64(rank * i))).Item(); s != float64(6*i) {
				t.Errorf("the sum is %v, want %v", s, 6*i)
			}
		}
		ran.Add(1)
	})
	if ran.Load() != 4 {
		t.Errorf("%d of 4 replicas ran", ran.Load())
	}
}

// A frozen layer is (x − running mean)/√(running variance + eps) · weight + bias, and learns only these two.
func TestFrozenBatchNorm(t *testing.T) {
	l := nn.NewBatchNorm2d(2, nn.BatchNormConfig{Frozen: true})
	l.RunningMean.CopyFrom(tensor.Of([]float32{1, -2}))
	l.RunningVar.CopyFrom(tensor.Of([]float32{4, 0.25}))
	x := tensor.Of([]float32{3, 5, 0, -2}, 1, 2, 1, 2).RequireGrad()
	y := l.Forward(x)
	y.Sum().Backward()
	near := func(what string, got *tensor.Tensor, want ...float64) {
		t.Helper()
		for i, g := range got.Detach().Floats() {
			if math.Abs(g-want[i]) > 1e-4 {
				t.Errorf("%s is %v, want %v", what, got.Detach(), want)
			}
		}
	}
	near("output", y, 1, 2, 4, 0)
	near("input gradient", x.Grad(), 0.5, 0.5, 2, 2)
	near("weight gradient", l.Weight.Grad(), 3, 4)
	near("bias gradient", l.Bias.Grad(), 2, 2)
	near("running mean", l.RunningMean.Tensor, 1, -2)
	if l.NumBatchesTracked.Item() != 0 {
		t.Error("a frozen layer counted the batch")
	}
}
