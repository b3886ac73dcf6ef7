package tensor_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestGoldenSpecial(t *testing.T) {
	var cases []struct {
		Name string
		N    int
		X, Y []any
	}
	optest.ReadGolden(t, "testdata/golden_special.json", &cases)
	floats := func(v []any) (f []float64) {
		for _, v := range v {
			x, ok := v.(float64)
			if s, text := v.(string); text {
				var err error
				if x, err = strconv.ParseFloat(s, 64); err != nil {
					t.Fatal(err)
				}
				ok = true
			}
			if !ok {
				t.Fatalf("%v is no number", v)
			}
			f = append(f, x)
		}
		return f
	}
	for _, c := range cases {
		f := map[string]func(x *tensor.Tensor) *tensor.Tensor{
			"lgamma": (*tensor.Tensor).Lgamma, "digamma": (*tensor.Tensor).Digamma, "erfinv": (*tensor.Tensor).Erfinv,
			"polygamma": func(x *tensor.Tensor) *tensor.Tensor { return x.Polygamma(c.N) },
		}[c.Name]
		x, want := floats(c.X), floats(c.Y)
		for i, g := range f(tensor.Of(x)).Floats() {
			if w := want[i]; g != w && !(g != g && w != w) && !(math.Abs(g-w) <= 1e-13*math.Abs(w)+1e-15) {
				t.Errorf("%s %d of %v is %v, SciPy's %v", c.Name, c.N, x[i], g, w)
			}
		}
	}
}
