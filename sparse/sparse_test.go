package sparse

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { os.Exit(optest.Main(m)) }

func near(t interface{ Fatalf(string, ...any) }, what string, got *tensor.Tensor, want []float64) {
	g := got.Detach().Floats()
	if len(g) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(g), len(want))
	}
	for i := range g {
		if !(math.Abs(g[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, g[i], want[i])
		}
	}
}

func TestAgainstPyTorch(t *testing.T) {
	var cases []struct {
		Rows, Cols, F                                 int
		Row, Col, Ptr, Columns                        []int64
		Values, Coalesced, X, Y, DValues, DX, Softmax []float64
	}
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	for _, c := range cases {
		v, x := tensor.Of(c.Values, len(c.Values)).RequireGrad(), tensor.Of(c.X, c.Cols, c.F).RequireGrad()
		m := FromCOO(c.Rows, c.Cols, tensor.Of(c.Row, len(c.Row)), tensor.Of(c.Col, len(c.Col)), v)
		near(t, "coalesced values", m.Values, c.Coalesced)
		ptr, cols := m.CSR()
		near(t, "row pointers", ptr, tensor.Of(c.Ptr, len(c.Ptr)).Floats())
		near(t, "columns", cols, tensor.Of(c.Columns, len(c.Columns)).Floats())
		near(t, "softmax", m.RowSoftmax().Values, c.Softmax)
		y := m.MatMul(x)
		near(t, "product", y, c.Y)
		slope := make([]float64, y.Numel())
		for i := range slope {
			slope[i] = math.Cos(float64(i))
		}
		y.Mul(tensor.OfShape(slope, y.Shape())).Sum().Backward()
		near(t, "gradient of x", x.Grad(), c.DX)
		near(t, "gradient of the values", v.Grad(), c.DValues)
		again := New(c.Rows, c.Cols, ptr, cols, m.Values)
		near(t, "the matrix from its CSR form", again.Dense(), m.Dense().Detach().Floats())
	}
}

// pattern5 has an empty row, an empty column, a full row of more than four entries and single ones.
func pattern5() *Matrix {
	row := []int64{3, 0, 0, 2, 2, 2, 2, 2, 3, 5}
	col := []int64{1, 4, 0, 0, 1, 2, 4, 5, 5, 5}
	return FromCOO(6, 6, tensor.Of(row), tensor.Of(col), tensor.Ones(10))
}

func TestOps(t *testing.T) {
	p := pattern5()
	row, col := p.COO()
	r, c := tensor.Data[int64](row), tensor.Data[int64](col)
	empty := FromCOO(2, 3, tensor.Of([]int64{}, 0), tensor.Of([]int64{}, 0), tensor.Zeros(0))
	spmm := func(transpose bool) func(in []optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			f := in[1].Shape[1]
			y := optest.Array{Shape: []int{6, f}, Data: make([]float64, 6*f)}
			for e := range r {
				to, from := int(r[e]), int(c[e])
				if transpose {
					to, from = from, to
				}
				for i := range f {
					y.Data[to*f+i] += in[0].Data[e] * in[1].Data[from*f+i]
				}
			}
			return []optest.Array{y}
		}
	}
	var cases []optest.Case
	for name, f := range map[string]int{"vector": 1, "odd": 5, "no columns": 0} {
		for _, transpose := range []bool{false, true} {
			full := name
			if transpose {
				full += " transposed"
			}
			cases = append(cases, optest.Case{
				Op: "sparse.spmmOp", Name: full, In: []optest.Input{{Shape: []int{10}}, {Shape: []int{6, f}}},
				F: func(in []*tensor.Tensor) []*tensor.Tensor {
					return []*tensor.Tensor{tensor.Apply1(spmmOp{p.pattern, transpose}, in...)}
				},
				Want: spmm(transpose),
			})
		}
		cases = append(cases, optest.Case{
			Op: "sparse.sddmmOp", Name: name, In: []optest.Input{{Shape: []int{6, f}}, {Shape: []int{6, f}}},
			F: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{p.SDDMM(in[0], in[1]).Values} },
			Want: func(in []optest.Array) []optest.Array {
				v := optest.Array{Shape: []int{10}, Data: make([]float64, 10)}
				for e := range r {
					for i := range f {
						v.Data[e] += in[0].Data[int(r[e])*f+i] * in[1].Data[int(c[e])*f+i]
					}
				}
				return []optest.Array{v}
			},
		})
	}
	cases = append(cases, optest.Case{
		Op: "sparse.spmmOp", Name: "no entries", In: []optest.Input{{Shape: []int{0}}, {Shape: []int{3, 2}}},
		F: func(in []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{empty.WithValues(in[0]).MatMul(in[1])}
		},
		Want: func(in []optest.Array) []optest.Array {
			return []optest.Array{{Shape: []int{2, 2}, Data: make([]float64, 4)}}
		},
	})
	optest.Run(t, cases)
}

// Sparse matrices do what their dense forms do: random sizes, entries in any order, repeated and missing.
func TestAgainstDense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 12).Draw(t, "columns")
		n, f := rapid.IntRange(0, 40).Draw(t, "entries"), rapid.IntRange(1, 9).Draw(t, "f")
		g := random.New(uint64(rapid.IntRange(0, 1<<30).Draw(t, "seed")))
		d := tensor.With(tensor.Float64)
		row, col := tensor.RandInt(g, 0, int64(rows), n), tensor.RandInt(g, 0, int64(cols), n)
		v, x := d.Randn(g, n), d.Randn(g, cols, f, 2)
		m := FromCOO(rows, cols, row, col, v)
		dense := d.Zeros(rows*cols).ScatterAdd(0, row.MulScalar(float64(cols)).Add(col), v).Reshape(rows, cols)
		near(t, "Dense", m.Dense(), dense.Floats())
		near(t, "MatMul", m.MatMul(x), dense.MatMul(x.Reshape(cols, f*2)).Floats())
		near(t, "Transpose", m.Transpose().Dense(), dense.Transpose(0, 1).Floats())
		near(t, "Transpose twice", m.Transpose().Transpose().Dense(), dense.Floats())
		near(t, "RowSum", m.RowSum(), dense.Sum(1).Floats())
		near(t, "ColumnSum", m.ColumnSum(), dense.Sum(0).Floats())
		near(t, "FromDense", FromDense(dense).Dense(), dense.Floats())
		a, b := d.Randn(g, rows, f), d.Randn(g, cols, f)
		mask := m.WithValues(d.Ones(m.Entries())).Dense()
		near(t, "SDDMM", m.SDDMM(a, b).Dense(), a.MatMul(b.Transpose(0, 1)).Mul(mask).Floats())
		s, u := d.Randn(g, rows), d.Randn(g, cols)
		near(t, "ScaleRows", m.ScaleRows(s).Dense(), dense.Mul(s.Unsqueeze(1)).Floats())
		near(t, "ScaleColumns", m.ScaleColumns(u).Dense(), dense.Mul(u).Floats())
		other := FromCOO(rows, cols, col.MulScalar(0), row.MulScalar(0), v)
		near(t, "Add", m.Add(other).Dense(), dense.Add(other.Dense()).Floats())
		joint, of := BlockDiagonal(m, other)
		if joint.Rows() != 2*rows || joint.Columns() != 2*cols || of.Sum().Item() != float64(rows) {
			t.Fatalf("BlockDiagonal is %v, batch %v", joint, of)
		}
		near(t, "block 0", joint.Dense().Slice(0, 0, rows, 1).Slice(1, 0, cols, 1), dense.Floats())
		near(t, "block 1", joint.Dense().Slice(0, rows, 2*rows, 1).Slice(1, cols, 2*cols, 1), other.Dense().Floats())
		if off := joint.Dense().Abs().Sum().Sub(dense.Abs().Sum()).Sub(other.Dense().Abs().Sum()).Item(); math.Abs(off) > 1e-9 {
			t.Fatalf("BlockDiagonal has entries off the diagonal: %v", off)
		}
	})
}

func TestNormalization(t *testing.T) {
	// A path of three nodes with a fourth alone: with self-loops the degrees are 2, 3, 2, 1.
	a := FromCOO(4, 4, tensor.Of([]int64{0, 1, 1, 2}), tensor.Of([]int64{1, 0, 2, 1}), tensor.With(tensor.Float64).Ones(4)).AddIdentity()
	s := math.Sqrt(1.0 / 6)
	near(t, "symmetric", a.NormalizeSymmetric().Dense(), []float64{0.5, s, 0, 0, s, 1.0 / 3, s, 0, 0, s, 0.5, 0, 0, 0, 0, 1})
	near(t, "rows", a.NormalizeRows().RowSum(), []float64{1, 1, 1, 1})
	near(t, "degree", a.Degree(), []float64{2, 3, 2, 1})
	p := pattern5()
	near(t, "rows with an empty one", p.NormalizeRows().RowSum().To(tensor.Float64), []float64{1, 0, 1, 1, 0, 1})
	soft := p.WithValues(tensor.With(tensor.Float64).Full(800, 10)).RowSoftmax()
	near(t, "softmax of large values", soft.RowSum(), []float64{1, 0, 1, 1, 0, 1})
	f := func(in []*tensor.Tensor) []*tensor.Tensor {
		m := FromCOO(6, 6, row6, col6, in[0])
		return []*tensor.Tensor{m.NormalizeSymmetric().MatMul(in[1]), m.RowSoftmax().Values, m.Transpose().MatMul(in[1]), m.Dense()}
	}
	g := random.New(3)
	in := []*tensor.Tensor{tensor.With(tensor.Float64).Rand(g, 10).AddScalar(0.5), tensor.With(tensor.Float64).Randn(g, 6, 2)}
	if err := autograd.GradCheck(f, in, autograd.GradCheckConfig{Order: 2}); err != nil {
		t.Error(err)
	}
}

var row6, col6 = tensor.Of([]int64{3, 0, 0, 2, 2, 2, 2, 2, 3, 0}), tensor.Of([]int64{1, 4, 0, 0, 1, 2, 4, 5, 5, 4})

func TestRefuses(t *testing.T) {
	ints := func(v ...int64) *tensor.Tensor { return tensor.Of(v, len(v)) }
	one := tensor.Ones(1)
	m := pattern5()
	for name, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"row outside":          {tensor.ErrIndex, func() { FromCOO(2, 2, ints(2), ints(0), one) }},
		"negative column":      {tensor.ErrIndex, func() { FromCOO(2, 2, ints(0), ints(-1), one) }},
		"lengths":              {tensor.ErrShape, func() { FromCOO(2, 2, ints(0, 1), ints(0), one) }},
		"float places":         {tensor.ErrDType, func() { FromCOO(2, 2, one, ints(0), one) }},
		"integer values":       {tensor.ErrDType, func() { FromCOO(2, 2, ints(0), ints(0), ints(1)) }},
		"negative size":        {tensor.ErrShape, func() { FromCOO(-1, 2, ints(0), ints(0), one) }},
		"pointers fall":        {tensor.ErrIndex, func() { New(2, 2, ints(0, 2, 1), ints(0), one) }},
		"pointers start at 1":  {tensor.ErrIndex, func() { New(1, 2, ints(1, 1), ints(0), one) }},
		"pointers end early":   {tensor.ErrIndex, func() { New(1, 2, ints(0, 0), ints(0), one) }},
		"pointers' number":     {tensor.ErrShape, func() { New(2, 2, ints(0, 1), ints(0), one) }},
		"columns repeat":       {tensor.ErrIndex, func() { New(1, 2, ints(0, 2), ints(1, 1), tensor.Ones(2)) }},
		"columns fall":         {tensor.ErrIndex, func() { New(1, 2, ints(0, 2), ints(1, 0), tensor.Ones(2)) }},
		"operand":              {tensor.ErrShape, func() { m.MatMul(tensor.Ones(5, 2)) }},
		"scalar operand":       {tensor.ErrShape, func() { m.MatMul(tensor.Ones()) }},
		"dtypes":               {tensor.ErrDType, func() { m.MatMul(tensor.With(tensor.Float64).Ones(6, 2)) }},
		"number of values":     {tensor.ErrShape, func() { m.WithValues(one) }},
		"sampled operands":     {tensor.ErrShape, func() { m.SDDMM(tensor.Ones(6, 2), tensor.Ones(6, 3)) }},
		"factors":              {tensor.ErrShape, func() { m.ScaleRows(tensor.Ones(5)) }},
		"not square":           {tensor.ErrShape, func() { FromDense(tensor.Ones(2, 3)).NormalizeSymmetric() }},
		"identity, not square": {tensor.ErrShape, func() { FromDense(tensor.Ones(2, 3)).AddIdentity() }},
		"sizes":                {tensor.ErrShape, func() { m.Add(Eye(5, tensor.Float32)) }},
		"vector":               {tensor.ErrShape, func() { FromDense(tensor.Ones(2)) }},
		"no matrix":            {tensor.ErrValue, func() { BlockDiagonal() }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
}

func BenchmarkSpMM(b *testing.B) {
	const n, e, f = 2708, 13264, 128 // Cora with self-loops
	g := random.New(1)
	m := FromCOO(n, n, tensor.RandInt(g, 0, n, e), tensor.RandInt(g, 0, n, e), tensor.Ones(e))
	x := tensor.Randn(g, n, f)
	for b.Loop() {
		m.MatMul(x)
	}
}

// Values is exported to be read; another number of them is refused, not read past.
func TestReplacedValues(t *testing.T) {
	m := Eye(3, tensor.Float32)
	m.Values = tensor.Ones(2)
	if err := tensor.Catch(func() { m.MatMul(tensor.Ones(3, 1)) }); err == nil || !strings.Contains(err.Error(), "3 entries") {
		t.Errorf("got %v", err)
	}
}
