package linalg_test

import (
	"math"
	"sort"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func counting(like *tensor.Tensor) *tensor.Tensor {
	return tensor.With(like.DType()).Arange(1, float64(like.Dim(-1))+1, 1)
}

func transpose(x *tensor.Tensor) *tensor.Tensor { return x.Transpose(-1, -2) }

func ints(a []float64) (r []int) {
	for _, v := range a {
		r = append(r, int(v))
	}
	return r
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// goldens are the functions by the names of testdata/golden.py, for inputs x and numbers a.
var goldens = map[string]func(x tensors, a []float64) *tensor.Tensor{
	"cholesky": func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.Cholesky(positive(x[0]))) },
	"cholesky_solve": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.Must(linalg.CholeskySolve(x[0], x[1]))
	},
	"inv": func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.Inv(x[0])) },
	"det": func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.Det(x[0])) },
	"slogdet": func(x tensors, _ []float64) *tensor.Tensor {
		sign, l, err := linalg.SlogDet(x[0])
		check(err)
		return sign.Add(l)
	},
	"eigvalsh": func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.Eigvalsh(positive(x[0]))) },
	"eigh": func(x tensors, _ []float64) *tensor.Tensor {
		w, v, err := linalg.Eigh(positive(x[0]))
		check(err)
		return v.Mul(counting(v)).MatMul(transpose(v)).Add(w.Unsqueeze(-1))
	},
	"expm": func(x tensors, a []float64) *tensor.Tensor {
		if len(a) > 0 {
			return linalg.Must(linalg.Expm(x[0].MulScalar(a[0])))
		}
		return linalg.Must(linalg.Expm(x[0]))
	},
	"matrix_power": func(x tensors, a []float64) *tensor.Tensor { return linalg.Must(linalg.MatrixPower(x[0], int(a[0]))) },
	"sqrtm":        func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.SqrtM(positive(x[0]))) },
	"logm":         func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.LogM(positive(x[0]))) },
	"solve":        func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.Solve(x[0], x[1])) },
	"solve_triangular": func(x tensors, a []float64) *tensor.Tensor {
		b := x[1]
		if a[1] == 1 {
			b = transpose(b)
		}
		return linalg.Must(linalg.SolveTriangular(x[0], b, linalg.SolveTriangularConfig{Upper: a[0] == 1, Right: a[1] == 1, UniTriangular: a[2] == 1}))
	},
	"lu": func(x tensors, _ []float64) *tensor.Tensor {
		p, l, u, err := linalg.LU(x[0])
		check(err)
		return p.MatMul(l).Narrow(-1, 0, 1).Mul(u.Narrow(-2, 0, 1)).Add(l.Sum()).Add(u.Square().Sum())
	},
	"lu_solve": func(x tensors, _ []float64) *tensor.Tensor {
		lu, pivots, err := linalg.LUFactor(x[0])
		check(err)
		return linalg.Must(linalg.LUSolve(lu, pivots, x[1]))
	},
	"lu_pivots": func(x tensors, _ []float64) *tensor.Tensor {
		_, pivots, err := linalg.LUFactor(x[0])
		check(err)
		return pivots.To(tensor.Float64)
	},
	"qr": func(x tensors, _ []float64) *tensor.Tensor {
		q, r, err := linalg.QR(x[0], linalg.QRReduced)
		check(err)
		sign := r.Detach().Diagonal(0, -2, -1).Sign()
		return tensor.Concat(0, q.Mul(sign.Unsqueeze(-2)).Flatten(0), r.Mul(sign.Unsqueeze(-1)).Flatten(0))
	},
	"qr_complete": func(x tensors, _ []float64) *tensor.Tensor {
		q, r, err := linalg.QR(x[0], linalg.QRComplete)
		check(err)
		return q.MatMul(transpose(q)).Add(q.MatMul(r).Sum())
	},
	"qr_r": func(x tensors, _ []float64) *tensor.Tensor {
		q, _, err := linalg.QR(x[0], linalg.QRComplete)
		check(err)
		return q
	},
	"svdvals": func(x tensors, _ []float64) *tensor.Tensor { return linalg.Must(linalg.SVDVals(x[0])) },
	"svd": func(x tensors, _ []float64) *tensor.Tensor {
		u, s, vh, err := linalg.SVD(x[0], false)
		check(err)
		return u.Mul(counting(s)).MatMul(vh).Add(s.Sum())
	},
	"svd_full": func(x tensors, a []float64) *tensor.Tensor {
		u, _, vh, err := linalg.SVD(x[0], true)
		check(err)
		if len(a) > 0 {
			return u
		}
		return vh
	},
	"pinv": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.Must(linalg.Pinv(x[0], linalg.ToleranceConfig{}))
	},
	"lstsq": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.Must(linalg.Lstsq(x[0], x[1], linalg.ToleranceConfig{})).Solution
	},
	"lstsq_residuals": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.Must(linalg.Lstsq(x[0], x[1], linalg.ToleranceConfig{})).Residuals
	},
	"matrix_norm": func(x tensors, a []float64) *tensor.Tensor {
		return linalg.Must(linalg.MatrixNorm(x[0], linalg.NormOrder(a[0]), ints(a[1:])...))
	},
	"matrix_rank": func(x tensors, a []float64) *tensor.Tensor {
		cfg := linalg.ToleranceConfig{}
		if len(a) > 0 {
			cfg.ATol = a[0]
		}
		return linalg.Must(linalg.MatrixRank(x[0], cfg)).To(tensor.Float64)
	},
	"cond": func(x tensors, a []float64) *tensor.Tensor {
		return linalg.Must(linalg.Cond(x[0], linalg.NormOrder(a[0])))
	},
	"vector_norm": func(x tensors, a []float64) *tensor.Tensor { return linalg.VectorNorm(x[0], a[0], ints(a[1:])...) },
	"vector_norm_inf": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.VectorNorm(x[0], math.Inf(1), -1)
	},
	"vector_norm_-inf": func(x tensors, _ []float64) *tensor.Tensor {
		return linalg.VectorNorm(x[0], math.Inf(-1), -1)
	},
	"multi_dot": func(x tensors, _ []float64) *tensor.Tensor { return linalg.MultiDot(x...) },
	"vander":    func(x tensors, a []float64) *tensor.Tensor { return linalg.Vander(x[0], int(a[0])) },
	"cross":     func(x tensors, a []float64) *tensor.Tensor { return linalg.Cross(x[0], x[1], int(a[0])) },
	"eigvals": func(x tensors, _ []float64) *tensor.Tensor {
		r, err := linalg.Eigvals(x[0])
		check(err)
		sorted := func(v *tensor.Tensor) *tensor.Tensor {
			d, n := v.Floats(), v.Dim(-1)
			for at := 0; at < len(d); at += n {
				sort.Float64s(d[at : at+n])
			}
			return tensor.OfShape(d, v.Shape())
		}
		size := r.Real.Square().Add(r.Imag.Square()).Sqrt()
		return tensor.Stack(0, sorted(r.Real.Add(r.Imag.MulScalar(7))), sorted(size))
	},
}

type goldenArray struct {
	Shape []int
	Data  []float64
}

type goldenCase struct {
	Op    string
	Args  []float64
	In    []goldenArray
	Out   goldenArray
	Grads [][]float64
}

func TestGolden(t *testing.T) {
	var cases []goldenCase
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	seen := map[string]bool{}
	for i, c := range cases {
		seen[c.Op] = true
		var in tensors
		for _, a := range c.In {
			in = append(in, tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...)))
		}
		checkGolden(t, i, c, in)
	}
	if len(seen) != len(goldens) {
		t.Errorf("cases of %d functions, %d are here", len(seen), len(goldens))
	}
}

func checkGolden(t *testing.T, number int, c goldenCase, in tensors) {
	t.Helper()
	shape := tensor.ShapeOf(c.Out.Shape...)
	leaves := append(tensors(nil), in...)
	if len(c.Grads) > 0 {
		for i := range leaves {
			leaves[i] = leaves[i].RequireGrad()
		}
	}
	y := goldens[c.Op](leaves, c.Args)
	if y.Shape() != shape {
		t.Errorf("%d %s %v: shape %v, PyTorch's %v", number, c.Op, c.Args, y.Shape(), shape)
		return
	}
	near := func(what string, got, want []float64) {
		t.Helper()
		scale := 1.0 // of the tensor: the matrices are not all well-conditioned
		for _, w := range want {
			scale = max(scale, math.Abs(w))
		}
		for i, v := range got {
			if !(math.Abs(v-want[i]) <= 1e-10*scale) {
				t.Errorf("%d %s %v: %s %d is %v, PyTorch's %v", number, c.Op, c.Args, what, i, v, want[i])
				return
			}
		}
	}
	near("result", y.Detach().Floats(), c.Out.Data)
	if len(c.Grads) == 0 {
		return
	}
	slopes := make([]float64, len(c.Out.Data))
	for i := range slopes {
		slopes[i] = math.Cos(float64(i))
	}
	if y.RequiresGrad() {
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.OfShape(slopes, shape)})
	}
	for i, g := range c.Grads {
		if got := leaves[i].Grad(); got != nil {
			near("gradient", got.Floats(), g)
		} else {
			near("gradient", make([]float64, len(g)), g)
		}
	}
	// Float32 inputs give float32 results.
	var narrow tensors
	for _, x := range in {
		narrow = append(narrow, x.To(tensor.Float32))
	}
	y32 := goldens[c.Op](narrow, c.Args)
	if y32.DType() != tensor.Float32 {
		t.Errorf("%d %s: %v of float32", number, c.Op, y32.DType())
	}
}

// The second derivatives of every golden function, at random matrices near a multiple of the identity.
func TestSecondDerivatives(t *testing.T) {
	g := random.New(1)
	random := func(shift float64, dims ...int) *tensor.Tensor {
		x := tensor.With(tensor.Float64).Randn(g, dims...)
		if m, n := x.Dim(-2), x.Dim(-1); shift != 0 {
			x = x.Add(tensor.With(tensor.Float64).Eye(max(m, n)).Narrow(0, 0, m).Narrow(1, 0, n).MulScalar(shift))
		}
		return x
	}
	for _, c := range []struct {
		op   string
		in   tensors
		args []float64
	}{
		{"cholesky", tensors{random(0, 2, 3, 3)}, nil},
		{"cholesky_solve", tensors{random(0, 2, 3, 2), random(4, 2, 3, 3)}, nil},
		{"inv", tensors{random(4, 2, 3, 3)}, nil},
		{"det", tensors{random(0, 2, 3, 3)}, nil},
		{"slogdet", tensors{random(3, 2, 3, 3)}, nil},
		{"eigvalsh", tensors{random(1, 3, 3)}, nil},
		{"eigh", tensors{random(1, 3, 3)}, nil},
		{"expm", tensors{random(0, 3, 3)}, nil},
		{"matrix_power", tensors{random(3, 3, 3)}, []float64{-2}},
		{"matrix_power", tensors{random(0, 3, 3)}, []float64{5}},
		{"sqrtm", tensors{random(1, 2, 3, 3)}, nil},
		{"logm", tensors{random(1, 2, 3, 3)}, nil},
		{"solve", tensors{random(4, 2, 3, 3), random(0, 2, 3)}, nil},
		{"solve", tensors{random(4, 3, 3), random(0, 2, 3, 2)}, nil},
		{"lu", tensors{random(4, 4, 3)}, nil}, {"lu", tensors{random(4, 3, 4)}, nil},
		{"lu_solve", tensors{random(4, 3, 3), random(0, 3, 2)}, nil},
		{"qr", tensors{random(3, 4, 3)}, nil}, {"qr", tensors{random(3, 3, 4)}, nil},
		{"svdvals", tensors{random(0, 4, 3)}, nil},
		{"svd", tensors{random(0, 3, 3)}, nil}, {"svd", tensors{random(0, 4, 2)}, nil}, {"svd", tensors{random(0, 2, 4)}, nil},
		{"pinv", tensors{random(2, 4, 3)}, nil}, {"pinv", tensors{random(2, 3, 4)}, nil},
		{"lstsq", tensors{random(2, 4, 3), random(0, 4, 2)}, nil},
		{"lstsq_residuals", tensors{random(2, 4, 3), random(0, 4, 2)}, nil},
		{"matrix_norm", tensors{random(0, 3, 4)}, []float64{0}}, {"matrix_norm", tensors{random(0, 3, 4)}, []float64{1}},
		{"matrix_norm", tensors{random(0, 3, 4)}, []float64{4}}, {"matrix_norm", tensors{random(0, 3, 4)}, []float64{6}},
		{"cond", tensors{random(3, 3, 3)}, []float64{0}}, {"cond", tensors{random(3, 3, 3)}, []float64{4}},
		{"vector_norm", tensors{random(0, 3, 4)}, []float64{3}},
		{"multi_dot", tensors{random(0, 3, 5), random(0, 5, 2), random(0, 2, 4)}, nil},
		{"vander", tensors{random(0, 2, 3)}, []float64{5}},
		{"cross", tensors{random(0, 2, 3), random(0, 2, 3)}, []float64{1}},
	} {
		f := func(x tensors) tensors { return tensors{goldens[c.op](x, c.args)} }
		if err := autograd.GradCheck(f, c.in, autograd.GradCheckConfig{Order: 2, Eps: 1e-4, Tol: 1e-5}); err != nil {
			t.Errorf("%s %v: %v", c.op, c.args, err)
		}
	}
}
