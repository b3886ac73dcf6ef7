package optest

import (
	"math"
	"math/rand/v2"

	"github.com/hadal-go/hadal/tensor"
)

// layout is how inputs lie in memory.
type layout int

const (
	contiguous layout = iota
	strided           // gaps between elements, dimensions in reverse order, an offset; NaN in the gaps
	expanded          // stride 0 along one dimension
)

var layouts = []layout{contiguous, strided, expanded}

func (l layout) String() string { return [...]string{"contiguous", "strided", "expanded"}[l] }

// draw makes the inputs' values: all different, so that finite differences meet no tie, and exact in float32.
func (s *suite) draw() {
	for i := range s.c.In {
		in := &s.c.In[i]
		if !in.Fixed {
			s.diff = append(s.diff, i)
		}
		n := size(in.Shape)
		if in.Values != nil {
			if len(in.Values) != n {
				s.t.Errorf("input %d: %d Values for shape %v", i, len(in.Values), in.Shape)
			}
			s.vals = append(s.vals, in.Values)
			continue
		}
		s.vals = append(s.vals, in.draw(s.generator("input"+string(rune('0'+i))), n))
	}
}

func (in *Input) draw(g *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	lo, hi := in.Lo, in.Hi
	if in.Fixed && !in.DType.IsFloat() {
		if lo == hi {
			lo, hi = 0, 2
		}
		for i := range v {
			v[i] = lo + float64(g.IntN(int(hi-lo)))
		}
		return v
	}
	if lo == hi {
		lo, hi = -2, 2
	}
	for i, k := range g.Perm(n) {
		v[i] = float64(float32(lo + (hi-lo)*(float64(k)+0.25+0.5*g.Float64())/float64(n)))
		for _, a := range in.Away {
			if d := v[i] - a; math.Abs(d) < 0.05 {
				v[i] = float64(float32(a + math.Copysign(0.05+math.Abs(d), d)))
			}
		}
	}
	return v
}

// whole returns the values as integers from 0 to 10, for integer runs.
func (s *suite) whole(vals [][]float64) [][]float64 {
	r := make([][]float64, len(vals))
	for i, v := range vals {
		in := &s.c.In[i]
		if in.Fixed && !in.follows() {
			r[i] = v
			continue
		}
		r[i] = make([]float64, len(v))
		for k, x := range v {
			n := math.Mod(math.Round(math.Abs(x)*2.5), 11)
			for _, a := range in.Away {
				if n == a {
					n++
				}
			}
			r[i][k] = n
		}
	}
	return r
}

// follows reports whether the input takes the run's dtype.
func (in *Input) follows() bool { return !in.Fixed || in.DType == tensor.Float32 }

// constantAlongAxis returns values for the expanded layout: equal along each input's first dimension that is longer than
// 1. It returns nil when no input has one.
func (s *suite) constantAlongAxis() [][]float64 {
	r := make([][]float64, len(s.vals))
	any := false
	for i, v := range s.vals {
		r[i] = v
		axis := s.c.In[i].expandAxis()
		if axis < 0 {
			continue
		}
		any = true
		shape := s.c.In[i].Shape
		inner := size(shape[axis+1:])
		r[i] = make([]float64, len(v))
		for k := range v {
			r[i][k] = v[k-k/inner%shape[axis]*inner]
		}
	}
	if !any {
		return nil
	}
	return r
}

// expandAxis returns the dimension along which the expanded layout repeats the input, or -1.
func (in *Input) expandAxis() int {
	if in.Fixed || in.Values != nil || size(in.Shape) == 0 {
		return -1
	}
	for i, d := range in.Shape {
		if d > 1 {
			return i
		}
	}
	return -1
}

// inputs returns the values as tensors.
func (s *suite) inputs(vals [][]float64, d tensor.DType, l layout) []*tensor.Tensor {
	r := make([]*tensor.Tensor, len(vals))
	for i, v := range vals {
		in := &s.c.In[i]
		dt := d
		if !in.follows() {
			dt = in.DType
		}
		switch l {
		case strided:
			r[i] = stridedOf(v, in.Shape, dt)
		case expanded:
			r[i] = expandedOf(v, in.Shape, dt, in.expandAxis())
		default:
			r[i] = tensor.OfShape(v, tensor.ShapeOf(in.Shape...)).To(dt)
		}
	}
	return r
}

// stridedOf stores v with its dimensions in reverse order, every second element of each, from the second on.
func stridedOf(v []float64, shape []int, d tensor.DType) *tensor.Tensor {
	gap := math.NaN()
	if !d.IsFloat() {
		gap = 77
	}
	if len(shape) == 0 {
		return tensor.Of([]float64{gap, v[0], gap}).To(d).Select(0, 1)
	}
	n := len(shape)
	rev := make([]int, n)
	for i, k := range shape {
		rev[n-1-i] = 2*k + 1
	}
	base := make([]float64, size(rev))
	for i := range base {
		base[i] = gap
	}
	for i, x := range v {
		at, stride := 0, 1
		rest := i
		idx := make([]int, n)
		for k := n - 1; k >= 0; k-- {
			idx[k] = rest % shape[k]
			rest /= shape[k]
		}
		for k := range n { // dimension 0 is the innermost
			at += (2*idx[k] + 1) * stride
			stride *= 2*shape[k] + 1
		}
		base[at] = x
	}
	axes := make([]int, n)
	for i := range axes {
		axes[i] = n - 1 - i
	}
	t := tensor.Of(base, rev...).To(d).Permute(axes...)
	for i, k := range shape {
		t = t.Slice(i, 1, 2*k+1, 2)
	}
	return t
}

// expandedOf stores v once along axis, where it repeats itself.
func expandedOf(v []float64, shape []int, d tensor.DType, axis int) *tensor.Tensor {
	t := tensor.OfShape(v, tensor.ShapeOf(shape...)).To(d)
	if axis < 0 {
		return t
	}
	return t.Narrow(axis, 0, 1).Clone().Expand(shape...)
}

func (s *suite) arrays(vals [][]float64) []Array {
	r := make([]Array, len(vals))
	for i, v := range vals {
		r[i] = Array{append([]int(nil), s.c.In[i].Shape...), append([]float64(nil), v...)}
	}
	return r
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
