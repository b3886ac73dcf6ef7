package tensor

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/hadal-go/hadal/internal/hook"
)

// Op is one primitive: a shape rule, a kernel and a gradient. The fields of the implementing type are the op's static
// arguments (axis, stride, ...); an op value never changes after it was applied.
type Op interface {
	// Name is the op's name in errors and printed tapes.
	Name() string
	// Infer reads c.In's specs and declares the results with c.Output, c.OutputView and, for values that only VJP needs,
	// c.Save. It touches no data and refuses bad input with c.Fail.
	Infer(c *Call)
	// Run computes the results. It returns false when the device has no kernel for the dtype (never by shape or stride):
	// then Lower runs instead, and the fallback is counted. Results arrive uninitialised.
	Run(d Device, c *Call) bool
	// VJP returns the gradient of each input, nil where b.Need says that it is not wanted or where it is zero. It is made of
	// Tensor methods, so that it can be differentiated again. An op whose result is never differentiable returns nil.
	VJP(b *Back) []*Tensor
	// Reads says which tensors' data VJP reads; the data of the others may be freed before it runs.
	Reads() Reads
}

// Lowerer is an op that is also expressed in simpler ops: the fallback where no kernel exists, the oracle of its tests,
// and, through LowerVJP, a gradient.
type Lowerer interface {
	Lower(in []*Tensor) []*Tensor
}

// stridedOp marks ops whose kernels read inputs of any strides; the others get contiguous copies.
type stridedOp interface{ Strided() }

// AnyStrides is embedded in ops whose kernels read inputs of any strides.
type AnyStrides struct{}

// Strided marks the op.
func (AnyStrides) Strided() {}

// Reads is a set of the inputs and outputs whose data a VJP reads.
type Reads uint32

// ReadsNothing is the set of a linear op. Saved values can always be read.
const ReadsNothing Reads = 0

// ReadsIn returns the set of the inputs numbered i.
func ReadsIn(i ...int) (r Reads) {
	for _, i := range i {
		r |= 1 << i
	}
	return r
}

// ReadsAllIn is the set of all inputs.
const ReadsAllIn Reads = 0xffff

// ReadsOut is the set of all outputs, to be joined with | to others.
const ReadsOut Reads = 1 << 16

func (r Reads) in(i int) bool { return i >= 16 && r&0x8000 != 0 || i < 16 && r>>i&1 != 0 }
func (r Reads) outs() bool    { return r&ReadsOut != 0 }

// Call is one application of an op. It is only valid during Infer and Run.
type Call struct {
	In    []*Tensor // the inputs; Infer may look at their specs
	op    Op
	specs []outSpec // outputs, then saved values
	nout  int
	outs  []*Tensor
	dev   Device // Meta when any input is, so that a model with real parameters can be walked without data
	rec   bool
	err   error

	inBuf   [4]*Tensor
	specBuf [4]outSpec
	outBuf  [4]*Tensor
}

type outSpec struct {
	Spec
	made    *Tensor // the result itself, computed elsewhere
	later   bool    // computed when it is read
	view    bool
	of      int
	strides Strides
	off     int
}

// Recording reports whether the call goes onto the tape; Save values only then.
func (c *Call) Recording() bool { return c.rec }

// Spec returns the spec of input i.
func (c *Call) Spec(i int) Spec { return c.In[i].Spec() }

// Output declares the next result, on the inputs' device.
func (c *Call) Output(s Shape, d DType) {
	c.Save(s, d)
	c.nout = len(c.specs)
}

// outputLater is Output for a result that Run, if isLater reports true, puts off with putOff.
func (c *Call) outputLater(s Shape, d DType) {
	c.Output(s, d)
	o := &c.specs[len(c.specs)-1]
	o.later = c.defers(&o.Spec)
}

func (c *Call) isLater(i int) bool { return c.specs[i].later }

// OutputView declares the next result as a view of input i: the given strides and an offset in elements from the input's
// first element.
func (c *Call) OutputView(i int, s Shape, st Strides, off int) {
	o := c.declare()
	o.Shape, o.DType, o.Device, o.made, o.view, o.later = s, c.In[i].dtype, c.In[i].dev, nil, true, false
	o.of, o.strides, o.off = i, st, off
	if s.Numel() == 0 {
		o.off = 0 // there may be no memory to point into
	}
	c.nout = len(c.specs)
}

// outputMade declares the next result as t, which was computed elsewhere; t is all of its storage, as whole says.
func (c *Call) outputMade(t *Tensor) {
	o := c.declare()
	o.Spec, o.made, o.view, o.later = t.Spec(), t, false, false
	c.nout = len(c.specs)
}

// Save declares, after all outputs, a value that Run computes for VJP alone. Call it only when Recording.
func (c *Call) Save(s Shape, d DType) {
	o := c.declare()
	o.Shape, o.DType, o.Device, o.made, o.view, o.later = s, d, c.dev, nil, false, false
}

// declare returns the next spec to fill in; it holds an earlier call's.
func (c *Call) declare() *outSpec {
	n := len(c.specs)
	if n == cap(c.specs) {
		c.specs = append(c.specs, outSpec{})
	}
	c.specs = c.specs[:n+1]
	return &c.specs[n]
}

// X, Y and S give access to the data of input i, output i and saved value i.
func (c *Call) X(i int) View { return c.In[i].view(c.op.Name()) }

// Y gives access to output i.
func (c *Call) Y(i int) View { return c.outs[i].view(c.op.Name()) }

// S gives access to saved value i.
func (c *Call) S(i int) View { return c.outs[c.nout+i].view(c.op.Name()) }

// SetErr reports a numerical failure that depends on the data, such as a singular matrix: TryApply returns it.
func (c *Call) SetErr(err error) { c.err = err }

// Shapes returns the shapes of the inputs.
func (c *Call) Shapes() []Shape {
	s := make([]Shape, len(c.In))
	for i, t := range c.In {
		s[i] = t.shape
	}
	return s
}

// Fail panics with an *Error that names the op and the inputs' shapes.
func (c *Call) Fail(kind Kind, format string, args ...any) {
	Fail(c.op.Name(), kind, c.Shapes(), format, args...)
}

// Rank panics with ErrShape unless input i has n dimensions; what describes them, as in "(N, C, H, W)".
func (c *Call) Rank(i, n int, what string) {
	if c.In[i].shape.rank != n {
		c.Fail(ErrShape, "input %d must be %s, %d dimensions", i, what, n)
	}
}

// SameDType panics with ErrDType unless all inputs have the same floating-point type, which it returns.
func (c *Call) SameDType() DType {
	d := c.In[0].dtype
	for _, t := range c.In {
		if t.dtype != d {
			c.Fail(ErrDType, "inputs are %v and %v; convert one with To", d, t.dtype)
		}
	}
	if !d.IsFloat() {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Float32)", d)
	}
	return d
}

var callPool = sync.Pool{New: func() any { return new(Call) }}

// Apply runs op on the inputs and returns its results, recorded if and only if an input requires grad.
func Apply(op Op, in ...*Tensor) []*Tensor {
	c, err := apply(op, in)
	if err != nil {
		Fail(op.Name(), ErrNumeric, c.Shapes(), "%v", err)
	}
	r := append([]*Tensor(nil), c.outs[:c.nout]...)
	c.put()
	return r
}

// Apply1 is Apply for an op with one result.
func Apply1(op Op, in ...*Tensor) *Tensor {
	c, err := apply(op, in)
	if err != nil {
		Fail(op.Name(), ErrNumeric, c.Shapes(), "%v", err)
	}
	r := c.outs[0]
	c.put()
	return r
}

// TryApply is Apply for numerics that can fail on the data, such as Cholesky of a non-positive matrix.
func TryApply(op Op, in ...*Tensor) ([]*Tensor, error) {
	c, err := apply(op, in)
	if err != nil {
		c.put()
		return nil, err
	}
	r := append([]*Tensor(nil), c.outs[:c.nout]...)
	c.put()
	return r, nil
}

func (c *Call) put() {
	runtime.KeepAlive(c.In)
	clear(c.In)
	clear(c.outs)
	for i := range c.specs {
		c.specs[i].made = nil
	}
	c.In, c.outs, c.specs, c.op, c.err, c.nout = nil, nil, nil, nil, nil, 0
	callPool.Put(c)
}

func apply(op Op, in []*Tensor) (*Call, error) {
	c := callPool.Get().(*Call)
	c.op = op
	c.In = append(c.inBuf[:0], in...)
	c.specs, c.outs = c.specBuf[:0], c.outBuf[:0]
	c.rec, c.dev = false, CPU
	var scope *Scope
	for i, t := range c.In {
		if t == nil {
			c.In = c.In[:i]
			Fail(op.Name(), ErrValue, c.Shapes(), "input %d is nil", i)
		}
		c.rec = c.rec || t.node != nil || t.leaf != nil
		if t.scope != nil && t.scope != scope {
			if scope != nil && !t.scope.within(scope) && !scope.within(t.scope) {
				c.Fail(ErrScope, "inputs belong to two scopes; Keep one of them first")
			}
			if scope == nil || t.scope.within(scope) {
				scope = t.scope
			}
			if t.scope.closed.Load() {
				c.Fail(ErrScope, "input %d's scope has ended; Keep it in the scope, or compute this before the scope ends", i)
			}
		}
		switch {
		case i == 0 || t.dev == Meta:
			c.dev = t.dev
		case t.dev != c.dev && c.dev != Meta:
			c.Fail(ErrDevice, "inputs are on %v and %v; move one with ToDevice", c.dev, t.dev)
		}
	}
	op.Infer(c)
	ran := c.dev == Meta
	if t := c.later(scope); t != nil {
		c.outs, ran = append(c.outs, t), true
	} else {
		for i := range c.specs {
			c.outs = append(c.outs, c.specs[i].tensor(c.In, scope, c.rec))
		}
	}
	if len(c.specs) > 0 && (c.specs[0].view || c.specs[0].made != nil) {
		ran = true
	}
	if !ran {
		if err := c.run(in); err != nil {
			return c, err
		}
	}
	if anomaly.Load() {
		c.checkFinite()
	}
	if h := hook.Apply.Load(); h != nil {
		for _, t := range c.outs {
			t.Materialize()
		}
		(*h)(op, c.In, c.outs)
	}
	if c.rec {
		c.record(in)
		if scope != nil && scope.watch != nil {
			scope.watch(op, append([]*Tensor(nil), in...), c.outs[:c.nout]) // a copy, or every caller's would escape
		}
	}
	return c, nil
}

func (o *outSpec) tensor(in []*Tensor, scope *Scope, recorded bool) *Tensor {
	switch {
	case o.view:
	case o.later:
		return newLater(o.Spec, scope)
	case o.made != nil:
		return &Tensor{shape: o.Shape, dtype: o.DType, dev: o.Device, st: o.made.st, scope: scope}
	case recorded:
		return newRecorded(o.Spec, scope)
	default:
		return newTensor(o.Spec, scope)
	}
	x := in[o.of]
	t := scope.header()
	t.shape, t.off, t.dtype, t.dev, t.st, t.scope = o.Shape, x.off+o.off, o.DType, x.dev, x.st, scope
	if !o.Shape.isContiguous(&o.strides) {
		t.step = new(o.strides)
	}
	return t
}

func (c *Call) run(in []*Tensor) error {
	if _, ok := c.op.(stridedOp); !ok {
		for i, t := range c.In {
			if t.step != nil {
				c.In[i] = t.Detach().Contiguous()
			}
		}
	}
	if c.half() && c.runHalf() || c.op.Run(c.dev, c) {
		return c.err
	}
	c.fallback(in)
	return c.err
}

// fallback puts the results of Lower in place and counts it. They are recorded as the simpler ops that they are: the op's
// own VJP could not read the values that Run was to save.
func (c *Call) fallback(in []*Tensor) {
	l, ok := c.op.(Lowerer)
	if !ok && c.dev == CPU {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Float32)", c.In[0].dtype)
	}
	if !ok {
		c.Fail(ErrDevice, "no kernel for %v on %v", c.In[0].dtype, c.dev)
	}
	countFallback(c.op.Name(), c.dev)
	outs := l.Lower(append([]*Tensor(nil), in...))
	if len(outs) < c.nout {
		c.Fail(ErrGraph, "Lower returned %d of %d results", len(outs), c.nout)
	}
	for i, t := range outs[:c.nout] {
		if s := c.specs[i].Spec; t.Spec() != s {
			c.Fail(ErrShape, "Lower's result %d is %v %v, Infer's %v %v", i, t.dtype, t.shape, s.DType, s.Shape)
		}
		c.outs[i] = t
	}
	c.rec = false
}

var fallbacks = struct {
	sync.Mutex
	n map[string]int
}{n: map[string]int{}}

func countFallback(op string, d Device) {
	fallbacks.Lock()
	fallbacks.n[op+" on "+d.String()]++
	fallbacks.Unlock()
}

// Fallbacks returns, for each op that ran its slower Lower for want of a kernel, a line "op on device: times".
func Fallbacks() (lines []string) {
	fallbacks.Lock()
	defer fallbacks.Unlock()
	for k, n := range fallbacks.n {
		lines = append(lines, fmt.Sprintf("%s: %d", k, n))
	}
	sort.Strings(lines)
	return lines
}

var anomaly atomic.Bool

// DetectAnomaly makes every op check its results and panic with ErrNaN, naming itself, at the first NaN or infinity. It is
// a debugging switch for the whole process and slow.
func DetectAnomaly(on bool) { anomaly.Store(on) }

func (c *Call) checkFinite() {
	if c.dev == Meta {
		return
	}
	for i, t := range c.outs[:c.nout] {
		if !t.dtype.IsFloat() || c.specs[i].view {
			continue
		}
		if bad := firstNonFinite(t); bad >= 0 {
			from := ""
			for j, in := range c.In {
				if in.dtype.IsFloat() && firstNonFinite(in) >= 0 {
					from = fmt.Sprintf("; input %d already had one", j)
					break
				}
			}
			c.Fail(ErrNaN, "element %d of the result is NaN or infinite%s", bad, from)
		}
	}
}

func firstNonFinite(t *Tensor) int {
	bad := -1
	check := func(i int, f float64) {
		if f-f != 0 && bad < 0 {
			bad = i
		}
	}
	t = t.Detach()
	switch t.dtype {
	case Float64:
		Read(t, func(d []float64) {
			for i, f := range d {
				check(i, f)
			}
		})
	case Float32:
		Read(t, func(d []float32) {
			for i, f := range d {
				check(i, float64(f))
			}
		})
	case BFloat16:
		Read(t, func(d []BF16) {
			for i, f := range d {
				check(i, float64(f.Float32()))
			}
		})
	case Float16:
		Read(t, func(d []F16) {
			for i, f := range d {
				check(i, float64(f.Float32()))
			}
		})
	}
	return bad
}
