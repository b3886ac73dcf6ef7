package nn

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// ReceptiveField is the part of the input that a unit depends on, along one dimension: unit o of a layer sees the elements from
// Start + o·Jump to Start + o·Jump + Size − 1 (A. Araujo, W. Norris and J. Sim, 2019, Computing receptive fields of convolutional
// neural networks). Elements outside the input are padding: of an input of length L a unit sees min(Size, L) at most.
type ReceptiveField struct {
	Size  int     // elements from the first to the last that a unit sees; after transposed convolutions the most of any unit
	Jump  float64 // from a unit's field to its neighbour's, the effective stride; a fraction after transposed convolutions
	Start int     // where the first unit's field begins; negative in the padding, whose effective width is −Start
	Whole bool    // every unit depends on the whole input; the other fields are 0
}

// Center returns where the middle of unit o's field lies, the first element's being 0.
func (f ReceptiveField) Center(o int) float64 {
	return float64(f.Start) + float64(o)*f.Jump + float64(f.Size-1)/2
}

// ReceptiveFields returns the receptive field after each of a chain of layers:
//
//	size += (k−1)·d·jump,   start −= padding·jump,   jump *= stride,   from 1, 0 and 1,
//
// so that the last one's size is 1 + Σ_i (k_i−1)·d_i·∏_{j<i} s_j. Behind transposed convolutions, where neighbouring units
// may see parts of different sizes, they are found from the units themselves. It panics with ErrValue on options that are out of range.
func ReceptiveFields(layers ...tensor.Window) []ReceptiveField {
	all := make([]ReceptiveField, len(layers))
	v := identityView()
	for i, w := range layers {
		w.Span() // refuses what is out of range
		v = v.through(w)
		all[i] = v.field()
	}
	return all
}

// view is what the units of a layer see along one dimension: unit o sees lo(o) to hi(o) of the input, where both functions grow
// by jump from o to o + len(lo), and lo and hi hold their first values.
type view struct {
	lo, hi []int
	jump   int
	whole  bool
}

func identityView() *view { return &view{lo: []int{0}, hi: []int{0}, jump: 1} }

// maxPeriod bounds the units that are looked at one by one, maxField the elements they see.
const (
	maxPeriod = 1 << 16
	maxField  = 1 << 40
)

// extend is f(o) of a function that is given for one period.
func extend(f []int, jump, o int) int {
	q, r := o/len(f), o%len(f)
	if r < 0 {
		q, r = q-1, r+len(f)
	}
	return f[r] + q*jump
}

// through is what the units of a layer behind v's see.
func (v *view) through(w tensor.Window) *view {
	if v == nil || v.whole {
		return v
	}
	stride, span := max(1, w.Stride), w.Span()
	first, last := func(o int) int { return o*stride - w.Padding }, func(o int) int { return o*stride - w.Padding + span - 1 }
	if jump := v.jump / len(v.lo); !w.Transposed && span > maxField/(jump+1) || stride > maxField/(jump+1) {
		tensor.Fail("receptive field", tensor.ErrValue, nil, "a field of more than %d elements is more than can be reckoned with", maxField)
	}
	period := len(v.lo) / gcd(len(v.lo), stride)
	jump := v.jump * (stride * period / len(v.lo))
	if w.Transposed { // element i reaches o = i·stride − padding + t, t < span
		first = func(o int) int { return ceilDiv(o+w.Padding-span+1, stride) }
		last = func(o int) int { return floorDiv(o+w.Padding, stride) }
		period, jump = len(v.lo)*stride, v.jump
	}
	if period > maxPeriod {
		tensor.Fail("receptive field", tensor.ErrValue, nil, "the strides of the transposed convolutions multiply to %d; at most %d is reckoned with", period, maxPeriod)
	}
	r := &view{lo: make([]int, period), hi: make([]int, period), jump: jump}
	for o := range period {
		r.lo[o], r.hi[o] = extend(v.lo, v.jump, first(o)), extend(v.hi, v.jump, last(o))
	}
	return r
}

// join is what a unit sees that looks at a unit of v and one of u at the same place.
func (v *view) join(u *view) *view {
	switch {
	case v == nil || u == nil:
		return nil
	case v.whole || u.whole:
		return &view{whole: true}
	}
	period := len(v.lo) / gcd(len(v.lo), len(u.lo)) * len(u.lo)
	if period > maxPeriod {
		return nil
	}
	r := &view{lo: make([]int, period), hi: make([]int, period), jump: v.jump * (period / len(v.lo))}
	if r.jump != u.jump*(period/len(u.lo)) { // places of maps that are not aligned
		return nil
	}
	for o := range period {
		r.lo[o] = min(extend(v.lo, v.jump, o), extend(u.lo, u.jump, o))
		r.hi[o] = max(extend(v.hi, v.jump, o), extend(u.hi, u.jump, o))
	}
	return r
}

func (v *view) field() ReceptiveField {
	if v.whole {
		return ReceptiveField{Whole: true}
	}
	f := ReceptiveField{Jump: float64(v.jump) / float64(len(v.lo)), Start: v.lo[0]}
	for o := range v.lo {
		f.Size = max(f.Size, v.hi[o]-v.lo[o]+1)
	}
	return f
}

// covers reports whether each of n units sees all of an input of the given size.
func (v *view) covers(n, size int) bool {
	for o := range n {
		if extend(v.lo, v.jump, o) > 0 || extend(v.hi, v.jump, o) < size-1 {
			return false
		}
	}
	return true
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int) int { return -floorDiv(-a, b) }

// Ops that leave each place of a map where it is. A normalisation's statistics do not count as what a unit sees.
var inPlaceOps = map[string]bool{"batch_norm": true, "dropout": true, "concat": true, "hook": true, "to": true, "clone": true, "alias": true}

// Ops that leave each place where it is if they keep the sizes of the dimensions in question.
var keepingOps = map[string]bool{"reshape": true, "slice": true, "split": true}

// viewsOf returns, for each step, what its units see of the input along each of the input's spatial dimensions, which are the last
// ones of (N, C, ...): none for steps that do not depend on the input, nil ones where it is not known.
func viewsOf(steps []tensor.Step, in *tensor.Tensor) [][]*view {
	dims := in.Rank() - 2
	all := make([][]*view, len(steps))
	if dims < 1 {
		return all
	}
	start := make([]*view, dims)
	for i := range start {
		start[i] = identityView()
	}
	for k, st := range steps {
		out := st.Out[0].Shape
		windows := st.Windows()
		_, elementwise := st.Op.(interface{ Kernel() cpu.Pointwise })
		for j, spec := range st.In {
			seen := start
			if from := st.From[j]; from >= 0 {
				seen = all[from]
			} else if l := st.Leaves[j]; l == nil || !tensor.SameLeaf(l, in) {
				continue // a parameter or a constant
			}
			if seen == nil { // computed from parameters alone
				continue
			}
			if out.Rank() <= dims || spec.Shape.Rank() <= dims {
				all[k] = make([]*view, dims)
				break
			}
			now := make([]*view, dims)
			for i := range now {
				v := seen[i]
				from, to := spec.Shape.Dim(spec.Shape.Rank()-dims+i), out.Dim(out.Rank()-dims+i)
				switch {
				case windows != nil && len(windows) >= dims: // of volumes whose depth is channels, say, the last ones
					v = v.through(windows[len(windows)-dims+i])
				case elementwise && from != to && v != nil: // broadcast
					v = &view{whole: v.whole || v.covers(from, in.Dim(2+i))}
					if !v.whole {
						v = nil
					}
				case !elementwise && !inPlaceOps[st.Op.Name()] && !(keepingOps[st.Op.Name()] && sameEnd(spec.Shape, out, dims)) || from != to:
					v = nil
				}
				if all[k] != nil {
					v = v.join(all[k][i])
				}
				now[i] = v
			}
			all[k] = now
		}
	}
	return all
}

// sameEnd reports whether the last n dimensions of two shapes agree.
func sameEnd(a, b tensor.Shape, n int) bool {
	for i := 1; i <= n; i++ {
		if a.Dim(a.Rank()-i) != b.Dim(b.Rank()-i) {
			return false
		}
	}
	return true
}

// fieldsOf returns the receptive fields of views, nil if one is not known.
func fieldsOf(views []*view) []ReceptiveField {
	if len(views) == 0 {
		return nil
	}
	all := make([]ReceptiveField, len(views))
	for i, v := range views {
		if v == nil {
			return nil
		}
		all[i] = v.field()
	}
	return all
}

// FieldTable is the summary as a table of the receptive fields of the layers' units, along height and width, and the multiply-adds
// that the layers take.
func (s ModelSummary) FieldTable() string {
	rows := [][]string{{"Module", "Op", "Output", "MACs", "Field", "Jump", "Start"}, {"", "input", s.Input.String(), "", "", "", ""}}
	for i, l := range s.Layers {
		row := []string{l.Module, l.Op, l.Output.String(), count(l.FLOPs / 2), "", "", ""}
		for d, f := range s.Fields[i] {
			by := ""
			if d > 0 {
				by = " x "
			}
			if f.Whole {
				row[4] += by + "all"
				continue
			}
			row[4] += by + fmt.Sprint(f.Size)
			row[5] += by + fmt.Sprintf("%.4g", f.Jump)
			row[6] += by + fmt.Sprint(f.Start)
		}
		rows = append(rows, row)
	}
	var width [7]int
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %-*s", width[0], r[0], width[1], r[1], width[2], r[2])
		for i := 3; i < len(r); i++ {
			line += fmt.Sprintf("  %*s", width[i], r[i])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
