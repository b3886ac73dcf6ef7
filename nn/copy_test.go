package nn_test

import (
	"errors"
	"log"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// mixed has one of everything that a copy must treat.
type mixed struct {
	base
	Body   nn.Sequential
	Drop   *nn.Dropout
	Second *nn.Dropout // the same layer as Drop
	Tied   *nn.Linear
	Head   *nn.Linear // has Tied's weight
	Value  nn.Dropout2d
	Frozen *nn.Param
	Log    *log.Logger
	Table  *tensor.Tensor
	Parent *mixed
	Empty  nn.Layer
	steps  int
}

func newMixed(seed uint64) *mixed {
	g := random.New(seed)
	m := &mixed{
		base:   base{tensor.NewParam(tensor.Ones(4))},
		Body:   nn.NewSequential(nn.NewLinear(g, 4, 4, nn.LinearConfig{}), nn.NewBatchNorm1d(4, nn.BatchNormConfig{}), nn.Tanh{}),
		Drop:   nn.NewDropout(g, 0.5),
		Tied:   nn.NewLinear(g, 4, 4, nn.LinearConfig{}),
		Head:   nn.NewLinear(g, 4, 4, nn.LinearConfig{}),
		Value:  *nn.NewDropout2d(g, 0.5),
		Frozen: &nn.Param{Tensor: tensor.Ones(4)},
		Log:    log.New(os.Stderr, "", 0),
		Table:  tensor.Ones(4),
		steps:  3,
	}
	m.Head.Weight, m.Second, m.Parent = m.Tied.Weight, m.Drop, m
	return m
}

func (m *mixed) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = m.Second.Forward(m.Drop.Forward(m.Body.Forward(x.Mul(m.Scale.Tensor))))
	return m.Head.Forward(m.Tied.Forward(x)).Mul(m.Frozen.Tensor)
}

// train takes one step of plain gradient descent.
func train(m *mixed, x *tensor.Tensor) {
	nn.ZeroGrad(m)
	losses.MSE(m.Forward(x), tensor.ZerosLike(x)).Backward()
	for _, p := range nn.Params(m) {
		if p.Grad() != nil {
			p.CopyFrom(p.Sub(p.Grad().MulScalar(0.1)))
		}
	}
}

// checkCopy checks what every copy keeps: ties, what is not copied, and that the structs are others.
func checkCopy(t *testing.T, m, c *mixed) {
	t.Helper()
	switch {
	case c == m || c.Tied == m.Tied || c.Scale == m.Scale || c.Body[1] == m.Body[1] || &c.Body[0] == &m.Body[0] || c.Drop == m.Drop:
		t.Error("a struct or parameter is shared")
	case c.Head.Weight != c.Tied.Weight || c.Second != c.Drop || c.Parent != c:
		t.Error("ties are lost")
	case c.Log != m.Log || c.Table != m.Table || c.steps != m.steps:
		t.Error("what holds no parameters is not shared")
	case c.Frozen.RequiresGrad():
		t.Error("a frozen parameter became trainable")
	case c.Empty != nil:
		t.Error("an absent layer became one")
	}
}

func TestEval(t *testing.T) {
	m := newMixed(1)
	x := fill(tensor.Float32, 0, 8, 4)
	train(m, x)
	e := nn.Eval(m)
	checkCopy(t, m, e)
	if e.Drop.Mode != nn.Infer || e.Value.Mode != nn.Infer || e.Body[1].(*nn.BatchNorm).Mode != nn.Infer {
		t.Error("a layer still trains")
	}
	if m.Drop.Mode != nn.Train || m.Value.Mode != nn.Train || m.Body[1].(*nn.BatchNorm).Mode != nn.Train {
		t.Error("the original does not train any more")
	}
	before := e.Forward(x)
	if before.RequiresGrad() {
		t.Error("Eval records")
	}
	if !slices.Equal(before.Floats(), e.Forward(x).Floats()) {
		t.Error("inference draws")
	}
	if e.Drop.Generator.State() != m.Drop.Generator.State() {
		t.Error("the generators differ")
	}
	if y := e.Forward(x.RequireGrad()); !y.RequiresGrad() {
		t.Error("gradients for the input are lost")
	}
	train(m, x)
	if slices.Equal(before.Floats(), e.Forward(x).Floats()) {
		t.Error("an update of the original does not show")
	}
	if got, want := e.Forward(x).Floats(), nn.Eval(m).Forward(x).Floats(); !slices.Equal(got, want) {
		t.Error("the weights are not shared")
	}
	if again := nn.Eval(e); !slices.Equal(again.Forward(x).Floats(), e.Forward(x).Floats()) {
		t.Error("Eval of Eval differs")
	}
}

func TestClone(t *testing.T) {
	m := newMixed(1)
	x := fill(tensor.Float32, 0, 8, 4)
	train(m, x)
	c := nn.Clone(m)
	checkCopy(t, m, c)
	for i, p := range nn.NamedParams(c) {
		o := nn.NamedParams(m)[i]
		if p.Name != o.Name || p.RequiresGrad() != o.RequiresGrad() || p.Grad() != nil || !slices.Equal(p.Floats(), o.Floats()) {
			t.Errorf("parameter %s differs from %s", p.Name, o.Name)
		}
	}
	// The same masks, the same statistics: both train alike, and apart.
	for range 3 {
		train(m, x)
	}
	differ := false
	for i, s := range nn.State(c) {
		differ = differ || !slices.Equal(s.Floats(), nn.State(m)[i].Floats())
	}
	if !differ {
		t.Error("the clone shares its weights")
	}
	for range 3 {
		train(c, x)
	}
	for i, s := range nn.State(c) {
		if !slices.Equal(s.Floats(), nn.State(m)[i].Floats()) {
			t.Errorf("%s differs after the same steps", s.Name)
		}
	}
	if c.Drop.Mode != nn.Train || nn.Clone(nn.Eval(m)).Drop.Mode != nn.Infer {
		t.Error("the mode changed")
	}
}

func TestTo(t *testing.T) {
	m := newMixed(1)
	d := nn.To(m, tensor.Float64)
	checkCopy(t, m, d)
	for i, s := range nn.State(d) {
		want := tensor.Float64
		if s.Name == "body.1.num_batches_tracked" {
			want = tensor.Int64
		}
		if s.DType() != want || !slices.Equal(s.Floats(), nn.State(m)[i].Floats()) {
			t.Errorf("%s is %v", s.Name, s.DType())
		}
	}
	if y := d.Forward(fill(tensor.Float64, 0, 8, 4)); y.DType() != tensor.Float64 {
		t.Errorf("the result is %v", y.DType())
	}
	train(d, fill(tensor.Float64, 0, 8, 4))
	if same := nn.To(m, tensor.Float32); same.Tied.Weight == m.Tied.Weight || same.Tied.Weight.DType() != tensor.Float32 {
		t.Error("To does not copy when the dtype stays")
	}
	if err := tensor.Catch(func() { nn.To(m, tensor.Int64) }); !errors.Is(err, tensor.ErrDType) {
		t.Errorf("To int64: %v", err)
	}
}

// TestSnapshot lets two goroutines infer while the original trains; run it with -race.
func TestSnapshot(t *testing.T) {
	m := newMixed(1)
	x := fill(tensor.Float32, 0, 8, 4)
	train(m, x)
	s := nn.Snapshot(m)
	checkCopy(t, m, s)
	want := s.Forward(x).Floats()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 20 {
				y := s.Forward(x)
				if y.RequiresGrad() || !slices.Equal(y.Floats(), want) {
					t.Error("the snapshot changed")
					return
				}
			}
		})
	}
	for range 20 {
		train(m, x)
	}
	wg.Wait()
	if slices.Equal(nn.Eval(m).Forward(x).Floats(), want) {
		t.Error("the original did not train")
	}
}

func TestCopiesOfOtherKinds(t *testing.T) {
	l := nn.NewLinear(g, 2, 2, nn.LinearConfig{})
	var layer nn.Layer = l
	if nn.Eval(layer).(*nn.Linear).Weight.RequiresGrad() {
		t.Error("an interface is not copied")
	}
	if nn.Eval(*l).Weight.RequiresGrad() {
		t.Error("a struct is not copied")
	}
	if s := nn.Eval(nn.NewSequential(l, l)); s[0] != s[1] || s[0] == nn.Layer(l) {
		t.Error("a slice is not copied")
	}
	if nn.Eval[nn.Layer](nil) != nil || nn.Clone((*nn.Linear)(nil)) != nil || nn.Clone(nn.Sequential(nil)) != nil {
		t.Error("a copy of nothing is something")
	}
}
