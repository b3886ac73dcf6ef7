package tensor_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// elementwise is a use of an elementwise op with its meaning in mathematics.
type elementwise struct {
	op    string       // without package and the ending Op
	name  string       // of the case; the op's if empty
	in    optest.Input // range, kinks; of both inputs, unless in2 is set
	in2   *optest.Input
	f1    func(x *tensor.Tensor) *tensor.Tensor
	want1 func(x float64) float64
	f2    func(x, y *tensor.Tensor) *tensor.Tensor
	want2 func(x, y float64) float64
	ints  bool
	ties  bool // has a kink where x = y: many pairs come too close to it for finite differences
}

// shapes of the operands: odd, a scalar, a single element, empty, more than a tile of the kernels; and, for two operands,
// those that broadcast.
var elementwiseShapes = []struct {
	name string
	x, y []int
}{
	{"matrix", []int{5, 3}, []int{5, 3}},
	{"scalar", []int{}, []int{}},
	{"one", []int{1}, []int{1}},
	{"empty", []int{0, 4}, []int{0, 4}},
	{"tiles", []int{3, 701}, []int{3, 701}},
	{"row", []int{4, 3}, []int{3}},
	{"column", []int{2, 1, 3}, []int{4, 1}},
	{"scalar right", []int{2, 3}, []int{}},
}

func runElementwise(t *testing.T, uses []elementwise) {
	t.Helper()
	var cases []optest.Case
	for _, u := range uses {
		for _, s := range elementwiseShapes {
			c := optest.Case{Op: "tensor." + u.op + "Op", Name: strings.TrimSpace(u.name + " " + s.name), Ints: u.ints}
			x := u.in
			x.Shape = s.x
			c.In = []optest.Input{x}
			if u.f1 != nil {
				if fmt.Sprint(s.x) != fmt.Sprint(s.y) {
					continue
				}
				c.F = func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{u.f1(in[0])} }
				c.Want = optest.Unary(u.want1)
			} else {
				y := u.in
				if u.in2 != nil {
					y = *u.in2
				}
				y.Shape = s.y
				c.In = append(c.In, y)
				c.F = func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{u.f2(in[0], in[1])} }
				c.Want = optest.Binary(u.want2)
				if u.ties && s.name == "tiles" {
					c.Order = -1
				}
			}
			cases = append(cases, c)
		}
	}
	optest.Run(t, cases)
}

// refuses checks that f panics with an error of the kind whose line holds the words.
func refuses(t *testing.T, kind tensor.Kind, words string, f func()) {
	t.Helper()
	err := tensor.Catch(f)
	if !errors.Is(err, kind) || !strings.Contains(fmt.Sprint(err), words) {
		t.Errorf("got %v, want %q naming %q", err, kind, words)
	}
}

var nan, inf = math.NaN(), math.Inf(1)

// TestTransposedOperands covers inputs large enough to be packed before an elementwise op reads them.
func TestTransposedOperands(t *testing.T) {
	x := tensor.With(tensor.Float32).Arange(0, 70*90, 1).Reshape(70, 90).Transpose(0, 1)
	y := x.Contiguous()
	if !tensor.Equal(x.Add(x), y.MulScalar(2)) || !tensor.Equal(x.Mul(y), y.Square()) {
		t.Error("elementwise ops of a transposed matrix differ from those of its copy")
	}
	if !tensor.Equal(tensor.Where(x.GtScalar(100), x, x.Neg()), tensor.Where(y.GtScalar(100), y, y.Neg())) {
		t.Error("Where of a transposed matrix differs from that of its copy")
	}
	row := tensor.With(tensor.Float32).Arange(0, 70, 1)
	if !tensor.Equal(x.Sub(row), y.Sub(row)) {
		t.Error("a broadcast operand beside a transposed matrix is misread")
	}
}
