package tensor_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// naiveEinsum loops over the whole index space of an equation in letters with an explicit result.
func naiveEinsum(equation string, in tensors) (shape []int, out []float64) {
	left, result, _ := strings.Cut(equation, "->")
	terms := strings.Split(left, ",")
	size := map[rune]int{}
	var order []rune
	for i, term := range terms {
		for k, c := range term {
			n := in[i].Dim(k)
			if old, ok := size[c]; !ok {
				size[c], order = n, append(order, c)
			} else if old == 1 {
				size[c] = n
			}
		}
	}
	total, cells := 1, 1
	for _, c := range order {
		total *= size[c]
	}
	for _, c := range result {
		shape = append(shape, size[c])
		cells *= size[c]
	}
	out = make([]float64, cells)
	var data [][]float64
	for _, x := range in {
		data = append(data, tensor.Data[float64](x))
	}
	at := map[rune]int{}
	for n := range total {
		for _, c := range order {
			at[c] = n % size[c]
			n /= size[c]
		}
		p := 1.0
		for i, term := range terms {
			k := 0
			for d, c := range term {
				k *= in[i].Dim(d)
				if in[i].Dim(d) > 1 {
					k += at[c]
				}
			}
			p *= data[i][k]
		}
		k := 0
		for _, c := range result {
			k = k*size[c] + at[c]
		}
		out[k] += p
	}
	return shape, out
}

func TestEinsum(t *testing.T) {
	g := random.New(1)
	for _, c := range []struct {
		equation, plain string // plain is the same with letters for the ellipsis and the result
		shapes          [][]int
	}{
		{"ij,jk->ik", "ij,jk->ik", [][]int{{3, 4}, {4, 5}}},
		{"ij,kj", "ij,kj->ik", [][]int{{3, 4}, {5, 4}}},
		{"bij,bjk->bik", "bij,bjk->bik", [][]int{{2, 3, 4}, {2, 4, 5}}},
		{"ii->i", "ii->i", [][]int{{4, 4}}},
		{"ii", "ii->", [][]int{{4, 4}}},
		{"iii->i", "iii->i", [][]int{{3, 3, 3}}},
		{"iijj->ji", "iijj->ji", [][]int{{2, 2, 3, 3}}},
		{"...ij,...jk->...ik", "xyij,xyjk->xyik", [][]int{{2, 1, 2, 3}, {1, 4, 3, 2}}},
		{"...ij,jk", "xyij,jk->xyik", [][]int{{2, 3, 2, 3}, {3, 4}}},
		{"...,...", "xy,xy->xy", [][]int{{2, 3}, {1, 3}}},
		{"i...->...", "ix->x", [][]int{{2, 3}}},
		{"...i->i", "xi->i", [][]int{{2, 3}}},
		{"i,j->ij", "i,j->ij", [][]int{{2}, {3}}},
		{"i,j->ji", "i,j->ji", [][]int{{2}, {3}}},
		{"ij->", "ij->", [][]int{{2, 3}}},
		{"ba", "ba->ab", [][]int{{2, 3}}},
		{"bA", "bA->Ab", [][]int{{2, 3}}},
		{"ijk,ilm->jlkm", "ijk,ilm->jlkm", [][]int{{2, 3, 4}, {2, 5, 2}}},
		{"abc,cd,de->abe", "abc,cd,de->abe", [][]int{{2, 3, 4}, {4, 2}, {2, 3}}},
		{"ij,ij->", "ij,ij->", [][]int{{2, 3}, {2, 3}}},
		{"ij,ij,ij->ij", "ij,ij,ij->ij", [][]int{{2, 3}, {1, 3}, {2, 1}}},
		{"ij,j->i", "ij,j->i", [][]int{{2, 1}, {4}}},
		{"i,i->", "i,i->", [][]int{{1}, {5}}},
		{"iji,jkk->k", "iji,jkk->k", [][]int{{2, 3, 2}, {3, 4, 4}}},
		{",", ",->", [][]int{{}, {}}},
		{"", "->", [][]int{{}}},
		{"ij,jk->ik", "ij,jk->ik", [][]int{{2, 0}, {0, 3}}},
		{"ij,jk->ik", "ij,jk->ik", [][]int{{0, 2}, {2, 3}}},
		{"bhqd,bhkd,bhkv->bhqv", "bhqd,bhkd,bhkv->bhqv", [][]int{{2, 2, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 3}}},
		{"i->...i", "i->i", [][]int{{3}}},
		{"ab,bc,cd,de->ae", "ab,bc,cd,de->ae", [][]int{{3, 2}, {2, 4}, {4, 2}, {2, 1}}},
		{"ij,jk,kl,lm,mn,no,op,pq->iq", "ij,jk,kl,lm,mn,no,op,pq->iq", [][]int{{2, 3}, {3, 2}, {2, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 2}, {2, 2}}},
		{"...a,a,b,b,...c,c,...", "xya,a,b,b,xyc,c,xy->xy", [][]int{{2, 3, 2}, {2}, {4}, {1}, {2, 1, 3}, {3}, {1, 3}}},
		{"abcde,fghij,abcde->fghij", "abcde,fghij,abcde->fghij", [][]int{{1, 2, 1, 1, 2}, {1, 2, 1, 2, 1}, {1, 2, 1, 1, 2}}},
	} {
		var in tensors
		for _, s := range c.shapes {
			in = append(in, tensor.With(tensor.Float64).Randn(g, s...))
		}
		shape, want := naiveEinsum(c.plain, in)
		got := tensor.Einsum(c.equation, in...)
		if got.Shape() != tensor.ShapeOf(shape...) {
			t.Errorf("%s: shape %v, want %v", c.equation, got.Shape(), shape)
			continue
		}
		for i, v := range tensor.Data[float64](got) {
			if math.Abs(v-want[i]) > 1e-12 {
				t.Errorf("%s: element %d is %v, want %v", c.equation, i, v, want[i])
			}
		}
	}
}

func TestEinsumRefuses(t *testing.T) {
	m, v := tensor.Zeros(2, 3), tensor.Zeros(3)
	nine, one := tensor.Zeros(1, 1, 1, 1, 1, 1, 1, 1), tensor.Scalar(float32(1)) // nine letters in all
	for _, c := range []struct {
		equation string
		in       tensors
		kind     tensor.Kind
		words    string
	}{
		{"ij,j", tensors{m}, tensor.ErrValue, "2 terms"},
		{"ij", tensors{}, tensor.ErrValue, "1 terms"},
		{"i1", tensors{m}, tensor.ErrValue, "'1'"},
		{"ié", tensors{m}, tensor.ErrValue, "'é'"},
		{"ij->i->j", tensors{m}, tensor.ErrValue, "'-'"},
		{"i.j", tensors{m}, tensor.ErrValue, "dots"},
		{"......ij", tensors{m}, tensor.ErrValue, "dots"},
		{"ij->k", tensors{m}, tensor.ErrValue, "letter k"},
		{"ij->ii", tensors{m}, tensor.ErrValue, "repeated in the result"},
		{"ij->......", tensors{m}, tensor.ErrValue, "dots"},
		{"i", tensors{m}, tensor.ErrShape, "names 1 dimensions"},
		{"ijk...", tensors{m}, tensor.ErrShape, "names 3 dimensions"},
		{"ii", tensors{m}, tensor.ErrShape, "letter i"},
		{"ij,i", tensors{m, v}, tensor.ErrShape, "letter i has size 3"},
		{"...,...", tensors{m, tensor.Zeros(2)}, tensor.ErrShape, "ellipsis has size 2"},
		{"ij,j", tensors{m, v.To(tensor.Float64)}, tensor.ErrDType, "float64"},
		{"abcde,fghij->abcdefghij", tensors{tensor.Zeros(1, 1, 1, 1, 1), tensor.Zeros(1, 1, 1, 1, 1)}, tensor.ErrShape, "at most 8"},
		{"abcdefgh,bcdefghi,cdefghia->abcdefgi", tensors{nine, nine, nine}, tensor.ErrShape, "on the way"},
		{"abcdefgh,bcdefghi,cdefghia,,,,->abcdefgi", tensors{nine, nine, nine, one, one, one, one}, tensor.ErrShape, "on the way"},
	} {
		refuses(t, c.kind, c.words, func() { tensor.Einsum(c.equation, c.in...) })
	}
	refuses(t, tensor.ErrShape, "1 axes", func() { tensor.Tensordot(m, m, []int{0}, []int{0, 1}) })
	refuses(t, tensor.ErrShape, "size 2", func() { tensor.Tensordot(m, m, []int{0}, []int{1}) })
	refuses(t, tensor.ErrAxis, "second time", func() { tensor.Tensordot(m, m, []int{0, -2}, []int{0, 1}) })
	refuses(t, tensor.ErrAxis, "axis 2", func() { tensor.Tensordot(m, m, []int{2}, []int{0}) })
	refuses(t, tensor.ErrShape, "at most 8", func() {
		x := tensor.Zeros(1, 1, 1, 1, 1)
		tensor.Tensordot(x, x, nil, nil)
	})
	refuses(t, tensor.ErrShape, "vectors", func() { m.Outer(v) })
	refuses(t, tensor.ErrShape, "at most 8", func() {
		x := tensor.Zeros(2, 2, 2, 2, 2)
		x.Kron(x)
	})
	refuses(t, tensor.ErrShape, "2 dimensions", func() { v.Tril(0) })
	refuses(t, tensor.ErrShape, "2 dimensions", func() { v.Triu(0) })
	refuses(t, tensor.ErrShape, "counts", func() { m.Repeat(2) })
	refuses(t, tensor.ErrShape, "at most 8", func() { m.Tile(1, 1, 1, 1, 1, 1, 1, 1, 1) })
	refuses(t, tensor.ErrValue, "negative", func() { m.Repeat(2, -1) })
	refuses(t, tensor.ErrValue, "negative", func() { m.RepeatInterleave(-1, 0) })
	refuses(t, tensor.ErrAxis, "axis 2", func() { m.RepeatInterleave(2, 2) })
	refuses(t, tensor.ErrValue, "indexing", func() { tensor.Meshgrid("yx", v) })
	refuses(t, tensor.ErrShape, "0 inputs", func() { tensor.Meshgrid("ij") })
	refuses(t, tensor.ErrShape, "input 1", func() { tensor.Meshgrid("ij", v, m) })
}

// TestEinsumSpecs covers what needs no product: integers, and shapes alone on Meta.
func TestEinsumSpecs(t *testing.T) {
	x := tensor.Of([]int64{1, 2, 3, 4, 5, 6}, 2, 3)
	wantValues(t, "transposed integers", tensor.Einsum("ij->ji", x).To(tensor.Float64), 1, 4, 2, 5, 3, 6)
	wantValues(t, "outer integers", tensor.Einsum("i,j->ij", x.Select(0, 0), x.Select(0, 1)).To(tensor.Float64), 4, 5, 6, 8, 10, 12, 12, 15, 18)
	meta := tensor.With(tensor.Float32).On(tensor.Meta)
	y := tensor.Einsum("bij,bjk->ik", meta.Zeros(2, 3, 4), meta.Zeros(2, 4, 5))
	if y.Shape() != tensor.ShapeOf(3, 5) || y.Device() != tensor.Meta {
		t.Errorf("on Meta: %v on %v", y.Shape(), y.Device())
	}
}

func ExampleEinsum() {
	a := tensor.Of([]float32{1, 2, 3, 4}, 2, 2)
	b := tensor.Of([]float32{1, 0, 1, 1}, 2, 2)
	fmt.Println(tensor.Data[float32](tensor.Einsum("ij,jk->ik", a, b))) // the matrix product
	fmt.Println(tensor.Data[float32](tensor.Einsum("ii", a)))           // the trace
	// Output:
	// [3 2 7 4]
	// [5]
}
