package optest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/hook"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// Run checks each case as a subtest, on every CPU implementation: results against Want and against Lower, the shape rule
// on Meta, gradients, and that neither layout, the number of workers nor putting off elementwise ops matters. With -short, which
// is for the race detector, only the best implementation and first derivatives.
func Run(t *testing.T, cases []Case) {
	t.Helper()
	for i := range cases {
		c := &cases[i]
		t.Run(c.Op[strings.LastIndexByte(c.Op, '.')+1:]+"/"+c.Name, func(t *testing.T) { check(t, c) })
	}
}

// reporter is the part of testing.T that the suite needs; its own tests put another in place.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// suite is the run of one case.
type suite struct {
	t     reporter
	c     *Case
	impl  string
	order int
	vals  [][]float64 // the inputs' values
	diff  []int       // the inputs that take gradients
	douts [][]float64 // gradients of the results, once their sizes are known
	seen  map[string]bool
	// calls are the applications of ops with a Lower, while watching.
	watching bool
	calls    []call
	applied  []applied // all applications, unless nil
	checks   int
}

// call is one application of an op.
type call struct {
	op      tensor.Lowerer
	in, out []*tensor.Tensor
}

var watch sync.Mutex // a Case runs alone: implementation, workers and hook belong to the process

func check(t reporter, c *Case) {
	t.Helper()
	watch.Lock()
	defer watch.Unlock()
	s := &suite{t: t, c: c, order: 2, seen: map[string]bool{}}
	switch {
	case c.Order > 0:
		s.order = c.Order
	case c.Order < 0:
		s.order = 0
	}
	best := cpu.Current()
	defer func() {
		hook.Apply.Store(nil)
		parallel.SetWorkers(0)
		_ = cpu.Use(best)
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v\n%s", s.impl, r, debug.Stack())
		}
		report.add(s)
	}()
	if c.F == nil || c.Want == nil || c.Name == "" || c.Op == "" {
		t.Errorf("a case needs Op, Name, F and Want")
		return
	}
	s.draw()
	observe := s.observe()
	hook.Apply.Store(&observe)
	fell := fallbacks()
	s.meta()
	order := s.order
	if testing.Short() {
		s.order = min(order, 1)
	}
	for _, impl := range cpu.Impls() {
		s.impl = impl.String()
		if testing.Short() && s.impl != best {
			continue
		}
		if err := cpu.Use(s.impl); err != nil {
			t.Errorf("%v", err)
		}
		s.forward()
		if s.order > 0 {
			s.backward()
		}
		if !s.seen[c.Op] && s.order < order { // an op of second derivatives alone
			s.order = order
			s.backward()
		}
		s.workers()
	}
	s.halves()
	s.deferred(best)
	if !s.seen[c.Op] {
		t.Errorf("the case did not apply %s", c.Op)
	}
	for line := range fallbacks() {
		if !fell[line] && !c.Lowers {
			t.Errorf("no CPU kernel, Lower ran: %s", line)
		}
	}
}

// deferred checks results and gradients once more with all elementwise ops put off, and without the hook, which has them done
// at once.
func (s *suite) deferred(best string) {
	_ = cpu.Use(best)
	s.impl = best + ", put off"
	hook.Apply.Store(nil)
	defer hook.DeferLeast.Store(hook.DeferLeast.Swap(1))
	s.forward()
	if s.order > 0 {
		s.backward()
	}
}

// fallbacks returns the ops that have fallen back on Lower on the CPU in this process.
func fallbacks() map[string]bool {
	m := map[string]bool{}
	for _, line := range tensor.Fallbacks() {
		if op, device, _ := strings.Cut(line, " on "); strings.HasPrefix(device, "cpu") {
			m[op] = true
		}
	}
	return m
}

// typeName returns the name of an op's type as reports and Case.Op spell it.
func typeName(op any) string { return strings.TrimPrefix(fmt.Sprintf("%T", op), "*") }

// observe returns the hook that notes which ops ran.
func (s *suite) observe() func(op, in, out any) {
	var mu sync.Mutex
	return func(op, in, out any) {
		mu.Lock()
		defer mu.Unlock()
		s.seen[typeName(op)] = true
		l, ok := op.(tensor.Lowerer)
		if s.applied == nil && (!ok || !s.watching) {
			return
		}
		detached := func(l any) (r []*tensor.Tensor) {
			for _, t := range l.([]*tensor.Tensor) {
				r = append(r, t.Detach())
			}
			return r
		}
		if s.applied != nil {
			s.applied = append(s.applied, applied{op.(tensor.Op), detached(in), detached(out)})
			return
		}
		s.calls = append(s.calls, call{l, detached(in), detached(out)})
	}
}

// generator returns the generator of the case's values; what keeps several apart.
func (s *suite) generator(what string) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, s.c.Op, s.c.Name, what)
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// meta checks that the shape rule alone, without data, gives the specs of the results.
func (s *suite) meta() {
	if s.c.Host {
		return
	}
	s.impl = "meta"
	for _, d := range s.dtypes() {
		in := s.inputs(s.vals, d, contiguous)
		out := s.c.F(in)
		for i := range in {
			in[i] = in[i].ToDevice(tensor.Meta)
		}
		m := s.c.F(in)
		if len(m) != len(out) {
			s.fail(d, "", "%d results on Meta, %d on CPU", len(m), len(out))
			return
		}
		for i := range m {
			s.checks++
			if m[i].Device() != tensor.Meta || m[i].Shape() != out[i].Shape() || m[i].DType() != out[i].DType() {
				s.fail(d, "", "Infer: result %d is %v %v on %v, on the CPU %v %v", i, m[i].DType(), m[i].Shape(), m[i].Device(), out[i].DType(), out[i].Shape())
			}
		}
	}
}

// forward compares results with Want for every dtype and layout, and those of fused ops with Lower.
func (s *suite) forward() {
	for _, d := range s.dtypes() {
		for _, l := range layouts {
			vals := s.vals
			if l == expanded {
				if vals = s.constantAlongAxis(); vals == nil {
					continue
				}
			}
			if !d.IsFloat() {
				vals = s.whole(vals)
			}
			in := s.inputs(vals, d, l)
			s.watching = l == contiguous
			out := s.c.F(in)
			s.watching = false
			s.compare(d, l, out, s.c.Want(s.arrays(vals)))
			s.lower(d)
			s.unchanged(d, l, in, vals)
		}
	}
}

// compare checks results against the reference.
func (s *suite) compare(d tensor.DType, l layout, got []*tensor.Tensor, want []Array) {
	if len(got) != len(want) {
		s.fail(d, l.String(), "%d results, want %d", len(got), len(want))
		return
	}
	for i, g := range got {
		s.checks++
		if g.Shape() != tensor.ShapeOf(want[i].Shape...) {
			s.fail(d, l.String(), "result %d has shape %v, want %v", i, g.Shape(), want[i].Shape)
			continue
		}
		w := want[i].Data
		if g.DType() == tensor.Uint8 { // wraps around, as in C
			w = append([]float64(nil), w...)
			for k := range w {
				w[k] = float64(uint8(int64(w[k])))
			}
		}
		if e := s.near(d, l.String(), fmt.Sprintf("result %d", i), g.Floats(), w, forwardTolerance(g.DType())); g.DType().IsFloat() {
			report.worst(forwardOf(g.DType()), e)
		}
	}
}

// lower compares the fused ops that were seen with the simpler ops they stand for, computed in float64.
func (s *suite) lower(d tensor.DType) {
	calls := s.calls
	s.calls = nil
	for _, c := range calls {
		in := make([]*tensor.Tensor, len(c.in))
		for i, t := range c.in {
			if in[i] = t; t.DType().IsFloat() {
				in[i] = t.To(tensor.Float64)
			}
		}
		for i, w := range c.op.Lower(in) {
			if i >= len(c.out) || w == nil {
				break
			}
			s.checks++
			name := fmt.Sprintf("result %d of %s against its Lower", i, typeName(c.op))
			if g := c.out[i]; g.Shape() != w.Shape() {
				s.fail(d, "", "%s: shape %v, want %v", name, g.Shape(), w.Shape())
			} else {
				s.near(d, "", name, g.Floats(), w.Floats(), gradTolerance(g.DType()))
			}
		}
	}
}

// unchanged checks that nothing wrote to the inputs.
func (s *suite) unchanged(d tensor.DType, l layout, in []*tensor.Tensor, vals [][]float64) {
	for i, t := range in {
		s.checks++
		if k := firstDifference(t.Detach().Floats(), vals[i]); k >= 0 {
			s.fail(d, l.String(), "input %d was written to: element %d", i, k)
		}
	}
}

// workers checks that the number of workers changes no bit of results and gradients.
func (s *suite) workers() {
	for _, d := range s.dtypes() {
		vals := s.vals
		if !d.IsFloat() {
			vals = s.whole(vals)
		}
		var first [][]float64
		for w := 1; w <= 2; w++ {
			parallel.SetWorkers(w)
			var all [][]float64
			for _, o := range s.c.F(s.inputs(vals, d, contiguous)) {
				all = append(all, o.Floats())
			}
			if s.order > 0 && d.IsFloat() {
				all = append(all, s.first(vals, s.inputs(vals, d, contiguous), s.diff)...)
			}
			if w == 1 {
				first = all
				continue
			}
			for i := range all {
				s.checks++
				if k := firstDifference(all[i], first[i]); k >= 0 {
					s.fail(d, "", "2 workers change bits of result or gradient %d: element %d is %v, with 1 worker %v", i, k, all[i][k], first[i][k])
				}
			}
		}
		parallel.SetWorkers(0)
	}
}

func (s *suite) dtypes() []tensor.DType {
	d := []tensor.DType{tensor.Float64, tensor.Float32}
	if s.c.Float64Only {
		d = d[:1]
	}
	if s.c.Ints {
		d = append(d, tensor.Int64, tensor.Int32, tensor.Uint8)
	}
	return d
}

func (s *suite) fail(d tensor.DType, layout, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s %v %s: %s", s.impl, d, layout, fmt.Sprintf(format, args...))
}
