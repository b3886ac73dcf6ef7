package tensor

import (
	"slices"
	"strings"
)

// Einsum sums products of tensors by Einstein's convention, as torch.einsum does. The equation names each dimension of each
// tensor by a letter: "bij,bjk->bik" is out[b, i, k] = Σ_j x[b, i, j] y[b, j, k].
//
//   - A letter on the left alone is summed over; one that is repeated within a tensor takes its diagonal ("ii->i").
//   - Without "->" the result has the letters that occur once, in alphabetical order (capitals first).
//   - "..." stands for the dimensions not named; they broadcast, and come first in an implicit result. A result that leaves
//     them out sums over them.
//   - Dimensions of one letter have one size, or 1, which broadcasts. Spaces are ignored.
//
// Tensors are contracted from left to right, each pair as one batched matrix product, so order them such that the
// products on the way are small. It panics with ErrValue on a malformed equation, ErrShape when it does not fit the shapes
// or a product on the way has more than MaxRank dimensions, and ErrDType on mixed dtypes.
func Einsum(equation string, ts ...*Tensor) *Tensor {
	e := &einsum{equation: equation}
	for i, t := range ts {
		e.shapes = append(e.shapes, t.shape)
		if t.dtype != ts[0].dtype {
			e.fail(ErrDType, "inputs 0 and %d are %v and %v; convert one with To", i, ts[0].dtype, t.dtype)
		}
	}
	e.parse()
	acc := e.operand(ts, 0)
	for i := 1; i < len(ts); i++ {
		acc = e.contract(acc, e.operand(ts, i), e.wanted(i+1))
	}
	acc = acc.sumExcept(e.out)
	return acc.order(e.out).t
}

// labels name dimensions: letters, and for the dimensions of an ellipsis ellipsis + their distance from its last one.
type labels []byte

const ellipsis = 128

func (l labels) has(c byte) bool { return slices.Contains(l, c) }

type einsum struct {
	equation string
	shapes   []Shape
	in       []labels
	out      labels
}

func (e *einsum) fail(kind Kind, format string, args ...any) {
	Fail("einsum", kind, e.shapes, "in %q, "+format, append([]any{e.equation}, args...)...)
}

// parse fills in and out and checks them against the shapes.
func (e *einsum) parse() {
	left, right, explicit := strings.Cut(strings.ReplaceAll(e.equation, " ", ""), "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(e.shapes) {
		e.fail(ErrValue, "%d terms name the dimensions of %d tensors; separate one for each by commas", len(terms), len(e.shapes))
	}
	size, count := map[byte]int{}, map[byte]int{}
	hidden := 0
	for i, term := range terms {
		s := e.shapes[i]
		named := len(strings.Replace(term, "...", "", 1))
		dots := s.rank - named
		if dots < 0 || dots > 0 && !strings.Contains(term, "...") {
			e.check(term)
			e.fail(ErrShape, "term %q names %d dimensions of tensor %d, which has %d", term, named, i, s.rank)
		}
		l := e.expand(term, dots)
		hidden = max(hidden, dots)
		for k, c := range l {
			n := s.at(k)
			if first := slices.Index(l, c); s.at(first) != n {
				e.fail(ErrShape, "%s is repeated in tensor %d for sizes %d and %d, which have no diagonal", name(c), i, s.at(first), n)
			}
			if old, ok := size[c]; !ok || old == 1 {
				size[c] = n
			} else if n != 1 && n != old {
				e.fail(ErrShape, "%s has size %d in tensor %d and %d before", name(c), n, i, old)
			}
			count[c]++
		}
		e.in = append(e.in, l)
	}
	if !explicit {
		e.out = e.expand("...", hidden)
		for c := range byte(ellipsis) {
			if count[c] == 1 {
				e.out = append(e.out, c)
			}
		}
	} else {
		e.out = e.expand(right, hidden)
	}
	for i, c := range e.out {
		if count[c] == 0 {
			e.fail(ErrValue, "%s of the result is in no term before the arrow", name(c))
		}
		if e.out[:i].has(c) {
			e.fail(ErrValue, "%s is repeated in the result", name(c))
		}
	}
	if len(e.out) > MaxRank {
		e.fail(ErrShape, "the result has %d dimensions; at most %d are supported", len(e.out), MaxRank)
	}
}

func name(c byte) string {
	if c >= ellipsis {
		return "a dimension of the ellipsis"
	}
	return "letter " + string(rune(c))
}

// check refuses what is neither a letter nor a single ellipsis.
func (e *einsum) check(term string) {
	for _, c := range strings.Replace(term, "...", "", 1) {
		if c == '.' {
			e.fail(ErrValue, "term %q has dots that are not one ellipsis of three", term)
		}
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			e.fail(ErrValue, "term %q has %q; only letters and one ellipsis may name dimensions", term, c)
		}
	}
}

// expand returns the labels of a term whose ellipsis stands for n dimensions.
func (e *einsum) expand(term string, n int) labels {
	e.check(term)
	before, after, ok := strings.Cut(term, "...")
	l := labels(before)
	for ok && n > 0 {
		n--
		l = append(l, ellipsis+byte(n))
	}
	return append(l, after...)
}

// wanted returns the labels of the result and of the tensors from number i on.
func (e *einsum) wanted(i int) labels {
	l := slices.Clone(e.out)
	for _, in := range e.in[i:] {
		l = append(l, in...)
	}
	return l
}

// factor is a tensor whose dimensions have different labels.
type factor struct {
	t *Tensor
	labels
}

// operand returns tensor i with the diagonals of repeated labels taken.
func (e *einsum) operand(ts []*Tensor, i int) factor {
	f := factor{ts[i], slices.Clone(e.in[i])}
	for k := 0; k < len(f.labels); {
		c := f.labels[k]
		j := slices.Index(f.labels[k+1:], c)
		if j < 0 {
			k++
			continue
		}
		j += k + 1
		f.t = f.t.Diagonal(0, k, j)
		f.labels = append(slices.Delete(slices.Delete(f.labels, j, j+1), k, k+1), c)
	}
	return f
}

// sumExcept sums over the dimensions whose labels are not kept.
func (f factor) sumExcept(keep labels) factor {
	var axes []int
	var l labels
	for i, c := range f.labels {
		if keep.has(c) {
			l = append(l, c)
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return f
	}
	return factor{f.t.Sum(axes...), l}
}

// order permutes the dimensions.
func (f factor) order(to labels) factor {
	if slices.Equal(f.labels, to) {
		return f
	}
	axes := make([]int, len(to))
	for i, c := range to {
		axes[i] = slices.Index(f.labels, c)
	}
	return factor{f.t.Permute(axes...), to}
}

// broadcastTo drops dimensions of size 1 that have another size in g: there they are sizes of g alone.
func (f factor) broadcastTo(g factor) factor {
	for i := len(f.labels) - 1; i >= 0; i-- {
		if j := slices.Index(g.labels, f.labels[i]); j >= 0 && f.t.Dim(i) == 1 && g.t.Dim(j) != 1 {
			f = factor{f.t.Squeeze(i), slices.Delete(slices.Clone(f.labels), i, i+1)}
		}
	}
	return f
}

// contract multiplies two factors and sums over the labels that are not kept: a batched matrix product of x (batch, left,
// summed) and y (batch, summed, right).
func (e *einsum) contract(x, y factor, keep labels) factor {
	x, y = x.broadcastTo(y), y.broadcastTo(x)
	x, y = x.sumExcept(slices.Concat(keep, y.labels)), y.sumExcept(slices.Concat(keep, x.labels))
	var batch, left, summed, right labels
	for _, c := range x.labels {
		switch {
		case !y.has(c):
			left = append(left, c)
		case keep.has(c):
			batch = append(batch, c)
		default:
			summed = append(summed, c)
		}
	}
	for _, c := range y.labels {
		if !x.has(c) {
			right = append(right, c)
		}
	}
	l := slices.Concat(batch, left, right)
	if len(l) > MaxRank {
		e.fail(ErrShape, "a product on the way has %d dimensions; at most %d are supported", len(l), MaxRank)
	}
	x, y = x.order(slices.Concat(batch, left, summed)), y.order(slices.Concat(batch, summed, right))
	b, nl := len(batch), len(left)
	xd, yd := x.t.shape.Dims(), y.t.shape.Dims()
	dims := slices.Concat(xd[:b+nl], yd[len(yd)-len(right):])
	xm := x.t.Reshape(product(xd[:b]), product(xd[b:b+nl]), product(xd[b+nl:]))
	ym := y.t.Reshape(product(yd[:b]), product(yd[b:b+len(summed)]), product(yd[b+len(summed):]))
	var out *Tensor
	if len(summed) == 0 {
		out = xm.Mul(ym) // (batch, left, 1) by (batch, 1, right)
	} else {
		out = xm.MatMul(ym)
	}
	return factor{out.Reshape(dims...), l}
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
