package tensor_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

func selectPair(values, indices *tensor.Tensor) tensors { return tensors{values, indices} }
func selectTriple(values, inverse, counts *tensor.Tensor) tensors {
	return tensors{values, inverse, counts}
}

// selections are the ops by the names of testdata/golden_select.py, for inputs x and numbers a.
var selections = map[string]func(x tensors, a []float64) tensors{
	"sort":     func(x tensors, a []float64) tensors { return selectPair(x[0].Sort(int(a[0]), a[1] == 1)) },
	"argsort":  func(x tensors, a []float64) tensors { return tensors{x[0].ArgSort(int(a[0]), a[1] == 1)} },
	"topk":     func(x tensors, a []float64) tensors { return selectPair(x[0].TopK(int(a[0]), int(a[1]), a[2] == 1)) },
	"kthvalue": func(x tensors, a []float64) tensors { return selectPair(x[0].Kthvalue(int(a[0]), int(a[1]))) },
	"median":   func(x tensors, a []float64) tensors { return selectPair(x[0].Median(int(a[0]))) },
	"nanmedian": func(x tensors, a []float64) tensors {
		return selectPair(x[0].NanMedian(int(a[0])))
	},
	"quantile": func(x tensors, a []float64) tensors {
		return tensors{x[0].Quantile(a[2:], int(a[0]), tensor.QuantileMode(a[1]))}
	},
	"nanquantile": func(x tensors, a []float64) tensors {
		return tensors{x[0].NanQuantile(a[2:], int(a[0]), tensor.QuantileMode(a[1]))}
	},
	"take_along_dim":     func(x tensors, a []float64) tensors { return tensors{x[0].TakeAlongDim(int(a[0]), x[1])} },
	"take":               func(x tensors, _ []float64) tensors { return tensors{x[0].Take(x[1])} },
	"unique":             func(x tensors, _ []float64) tensors { return selectTriple(x[0].Unique()) },
	"unique_consecutive": func(x tensors, _ []float64) tensors { return selectTriple(x[0].UniqueConsecutive()) },
	"unique_along":       func(x tensors, a []float64) tensors { return selectTriple(x[0].UniqueAlong(int(a[0]))) },
	"unique_consecutive_along": func(x tensors, a []float64) tensors {
		return selectTriple(x[0].UniqueConsecutiveAlong(int(a[0])))
	},
	"nonzero": func(x tensors, _ []float64) tensors { return tensors{x[0].NonZero()} },
	"count_nonzero": func(x tensors, a []float64) tensors {
		var axes []int
		for _, v := range a {
			axes = append(axes, int(v))
		}
		return tensors{x[0].CountNonzero(axes...)}
	},
	"masked_select":  func(x tensors, _ []float64) tensors { return tensors{x[0].MaskedSelect(x[1])} },
	"masked_fill":    func(x tensors, a []float64) tensors { return tensors{x[0].MaskedFill(x[1], a[0])} },
	"masked_scatter": func(x tensors, _ []float64) tensors { return tensors{x[0].MaskedScatter(x[1], x[2])} },
	"searchsorted": func(x tensors, a []float64) tensors {
		cfg := tensor.SearchSortedConfig{Right: a[0] == 1}
		if len(x) == 3 {
			cfg.Sorter = x[2]
		}
		return tensors{tensor.SearchSorted(x[0], x[1], cfg)}
	},
	"bucketize": func(x tensors, a []float64) tensors { return tensors{x[0].Bucketize(x[1], a[0] == 1)} },
	"bincount": func(x tensors, a []float64) tensors {
		var w *tensor.Tensor
		if len(x) == 2 {
			w = x[1]
		}
		return tensors{x[0].Bincount(w, int(a[0]))}
	},
	"histc": func(x tensors, a []float64) tensors { return tensors{x[0].HistC(int(a[0]), a[1], a[2])} },
	"histogram": func(x tensors, a []float64) tensors {
		cfg := tensor.HistogramConfig{Density: a[3] == 1}
		if a[1] != a[2] {
			cfg.Range = &[2]float64{a[1], a[2]}
		}
		if len(x) == 2 {
			cfg.Weights = x[1]
		}
		return selectPair(x[0].Histogram(int(a[0]), cfg))
	},
	"histogram_at": func(x tensors, a []float64) tensors {
		cfg := tensor.HistogramConfig{Density: a[0] == 1}
		if len(x) == 3 {
			cfg.Weights = x[2]
		}
		return tensors{x[0].HistogramAt(x[1], cfg)}
	},
	"isin": func(x tensors, _ []float64) tensors { return tensors{x[0].Isin(x[1])} },
}

// selectArray is a tensor in golden_select.json.
type selectArray struct {
	DType string
	Shape []int
	Data  []any
}

// floats returns the elements, bools as 0 and 1.
func (a selectArray) floats(t *testing.T) []float64 {
	v := make([]float64, len(a.Data))
	for i, e := range a.Data {
		switch e := e.(type) {
		case bool:
			if e {
				v[i] = 1
			}
		case json.Number:
			f, err := e.Float64()
			if err != nil {
				t.Fatal(err)
			}
			switch f {
			case 1e300:
				f = math.NaN()
			case 2e300, -2e300:
				f *= 1e300
			}
			v[i] = f
		}
	}
	return v
}

func (a selectArray) tensor(t *testing.T) *tensor.Tensor {
	d, ok := tensor.ParseDType(a.DType)
	if !ok {
		t.Fatalf("dtype %q", a.DType)
	}
	if d != tensor.Int64 {
		return tensor.OfShape(a.floats(t), tensor.ShapeOf(a.Shape...)).To(d)
	}
	v := make([]int64, len(a.Data))
	for i, e := range a.Data {
		n, err := e.(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		v[i] = n
	}
	return tensor.OfShape(v, tensor.ShapeOf(a.Shape...))
}

func TestGoldenSelect(t *testing.T) {
	file, err := os.Open("testdata/golden_select.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []struct {
		Op    string
		Args  []float64
		In    []selectArray
		Out   []selectArray
		Grads [][]float64
	}
	dec := json.NewDecoder(file)
	dec.UseNumber()
	if err := dec.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for k, c := range cases {
		seen[c.Op] = true
		name := fmt.Sprintf("case %d: %s %v", k, c.Op, c.Args)
		var in, wrt tensors
		var at []int
		for i, a := range c.In {
			x := a.tensor(t)
			if i < len(c.Grads) && (len(c.Grads[i]) > 0 || a.DType == "float64") {
				x = x.RequireGrad()
				wrt, at = append(wrt, x), append(at, i)
			}
			in = append(in, x)
		}
		f := selections[c.Op]
		if f == nil {
			t.Fatalf("%s: unknown", name)
		}
		got := f(in, c.Args)
		if len(got) != len(c.Out) {
			t.Fatalf("%s: %d results, PyTorch's %d", name, len(got), len(c.Out))
		}
		for i, o := range c.Out {
			want := o.tensor(t)
			if got[i].Shape() != want.Shape() || got[i].DType() != want.DType() {
				t.Errorf("%s: result %d is %v %v, PyTorch's %v %v", name, i, got[i].DType(), got[i].Shape(), want.DType(), want.Shape())
				continue
			}
			tol := 0.0
			switch {
			case c.Op[:4] == "hist" && want.DType() == tensor.Float32:
				tol = 1e-6 // PyTorch adds and divides in float32
			case c.Op[:4] == "hist", c.Op == "bincount", c.Op == "quantile", c.Op == "nanquantile":
				tol = 1e-14
				if want.DType() == tensor.Float32 {
					tol = 1e-6
				}
			}
			nearSelect(t, fmt.Sprintf("%s: result %d", name, i), got[i], want.Floats(), tol)
		}
		if len(wrt) == 0 {
			continue
		}
		slopes := make([]float64, got[0].Numel())
		for i := range slopes {
			slopes[i] = math.Cos(float64(i))
		}
		for i, g := range tensor.Gradients(got[:1], tensors{tensor.OfShape(slopes, got[0].Shape())}, wrt, false, false) {
			if g == nil {
				g = tensor.ZerosLike(wrt[i])
			}
			nearSelect(t, fmt.Sprintf("%s: gradient %d", name, at[i]), g, c.Grads[at[i]], 1e-14)
		}
		if got[0].Numel() > 30 || wrt[0].Numel() > 30 {
			continue
		}
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor {
			use := append(tensors{}, in...)
			for i, k := range at {
				use[k] = x[i]
			}
			y := f(use, c.Args)[0]
			return tensors{y.Square().Mul(y)} // linear ops have no second derivative of their own
		}, detachAll(wrt), autograd.GradCheckConfig{Order: 2, Eps: 1e-5, Tol: 1e-4}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for op := range selections {
		if !seen[op] {
			t.Errorf("no case of %s", op)
		}
	}
}

func detachAll(ts tensors) (r tensors) {
	for _, t := range ts {
		r = append(r, t.Detach())
	}
	return r
}

// nearSelect compares elements: NaN with NaN, infinities with themselves, others up to a relative or absolute tolerance.
func nearSelect(t *testing.T, what string, got *tensor.Tensor, want []float64, tol float64) {
	t.Helper()
	g := got.Detach().Floats()
	if len(g) != len(want) {
		t.Errorf("%s has %d elements, want %d", what, len(g), len(want))
		return
	}
	for i, v := range g {
		w := want[i]
		if v != w && !(v != v && w != w) && !(math.Abs(v-w) <= tol*max(1, math.Abs(w))) {
			t.Errorf("%s, element %d is %v, want %v", what, i, v, w)
			return
		}
	}
}
