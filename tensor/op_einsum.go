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
// Tensors are contracted two at a time, each pair as one batched matrix product, in the order that EinsumPath returns. It
// panics with ErrValue on a malformed equation, ErrShape when it does not fit the shapes or each order needs a product of
// more than MaxRank dimensions, and ErrDType on mixed dtypes.
func Einsum(equation string, ts ...*Tensor) *Tensor {
	e := &einsum{equation: equation, size: map[byte]int{}}
	for i, t := range ts {
		e.shapes = append(e.shapes, t.shape)
		if t.dtype != ts[0].dtype {
			e.fail(ErrDType, "inputs 0 and %d are %v and %v; convert one with To", i, ts[0].dtype, t.dtype)
		}
	}
	e.parse()
	fs := make([]factor, len(ts), 2*len(ts))
	for i, t := range ts {
		fs[i] = e.operand(t, e.in[i])
	}
	for i, f := range fs {
		fs[i] = f.sumExcept(e.elsewhere(fs, i))
	}
	pairs := [][2]int{{0, 1}}
	if len(fs) != 2 { // the plan of two costs as much as a small product
		pairs, _ = e.path(fs)
	}
	for _, p := range pairs {
		x, y := fs[p[0]], fs[p[1]]
		fs[p[0]], fs[p[1]] = factor{}, factor{}
		fs = append(fs, contract(x, y, e.elsewhere(fs, -1)))
	}
	return fs[len(fs)-1].order(e.out).t
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
	size     map[byte]int
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
	count := map[byte]int{}
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
			if old, ok := e.size[c]; !ok || old == 1 {
				e.size[c] = n
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

// factor is a tensor whose dimensions have different labels.
type factor struct {
	t *Tensor
	labels
}

// elsewhere returns the labels of the result and of the factors other than number i.
func (e *einsum) elsewhere(fs []factor, i int) labels {
	l := slices.Clone(e.out)
	for j, f := range fs {
		if j != i {
			l = append(l, f.labels...)
		}
	}
	return l
}

// operand returns tensor t with the diagonals of repeated labels taken, without the dimensions of size 1 that broadcast: a
// product with the others has them anyway.
func (e *einsum) operand(t *Tensor, l labels) factor {
	f := factor{t, slices.Clone(l)}
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
	for k := len(f.labels) - 1; k >= 0; k-- {
		if f.t.Dim(k) == 1 && e.size[f.labels[k]] != 1 {
			f = factor{f.t.Squeeze(k), slices.Delete(f.labels, k, k+1)}
		}
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

// contract multiplies two factors and sums over the labels of both that are not kept: a batched matrix product of x (batch,
// left, summed) and y (batch, summed, right).
func contract(x, y factor, keep labels) factor {
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
