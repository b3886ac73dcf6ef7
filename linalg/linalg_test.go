package linalg_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

var f64 = tensor.With(tensor.Float64)

// calls are the functions with an error result, by name, each on a matrix (N, N).
var calls = map[string]func(a *tensor.Tensor) error{
	"cholesky":       func(a *tensor.Tensor) error { _, err := linalg.Cholesky(a); return err },
	"cholesky_solve": func(a *tensor.Tensor) error { _, err := linalg.CholeskySolve(a, a); return err },
	"solve_triangular": func(a *tensor.Tensor) error {
		_, err := linalg.SolveTriangular(a, a, linalg.SolveTriangularConfig{})
		return err
	},
	"solve":        func(a *tensor.Tensor) error { _, err := linalg.Solve(a, a); return err },
	"lu":           func(a *tensor.Tensor) error { _, _, _, err := linalg.LU(a); return err },
	"lu_factor":    func(a *tensor.Tensor) error { _, _, err := linalg.LUFactor(a); return err },
	"inv":          func(a *tensor.Tensor) error { _, err := linalg.Inv(a); return err },
	"det":          func(a *tensor.Tensor) error { _, err := linalg.Det(a); return err },
	"slogdet":      func(a *tensor.Tensor) error { _, _, err := linalg.SlogDet(a); return err },
	"qr":           func(a *tensor.Tensor) error { _, _, err := linalg.QR(a, linalg.QRReduced); return err },
	"eigh":         func(a *tensor.Tensor) error { _, _, err := linalg.Eigh(a); return err },
	"eigvalsh":     func(a *tensor.Tensor) error { _, err := linalg.Eigvalsh(a); return err },
	"eig":          func(a *tensor.Tensor) error { _, err := linalg.Eig(a); return err },
	"eigvals":      func(a *tensor.Tensor) error { _, err := linalg.Eigvals(a); return err },
	"svd":          func(a *tensor.Tensor) error { _, _, _, err := linalg.SVD(a, false); return err },
	"svdvals":      func(a *tensor.Tensor) error { _, err := linalg.SVDVals(a); return err },
	"pinv":         func(a *tensor.Tensor) error { _, err := linalg.Pinv(a, linalg.ToleranceConfig{}); return err },
	"lstsq":        func(a *tensor.Tensor) error { _, err := linalg.Lstsq(a, a, linalg.ToleranceConfig{}); return err },
	"matrix_rank":  func(a *tensor.Tensor) error { _, err := linalg.MatrixRank(a, linalg.ToleranceConfig{}); return err },
	"matrix_power": func(a *tensor.Tensor) error { _, err := linalg.MatrixPower(a, 3); return err },
	"matrix_norm":  func(a *tensor.Tensor) error { _, err := linalg.MatrixNorm(a, linalg.Nuclear); return err },
	"cond":         func(a *tensor.Tensor) error { _, err := linalg.Cond(a, linalg.TwoNorm); return err },
	"expm":         func(a *tensor.Tensor) error { _, err := linalg.Expm(a); return err },
	"sqrtm":        func(a *tensor.Tensor) error { _, err := linalg.SqrtM(a); return err },
	"logm":         func(a *tensor.Tensor) error { _, err := linalg.LogM(a); return err },
}

// rectangular are those that take matrices that are not square.
var rectangular = map[string]bool{"lu": true, "lu_factor": true, "qr": true, "svd": true, "svdvals": true, "pinv": true, "lstsq": true, "matrix_rank": true, "matrix_norm": true, "cond": true}

func TestBadInput(t *testing.T) {
	for name, f := range calls {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			a := f64.Eye(3).Expand(2, 3, 3).Floats()
			a[9+5] = bad
			err := f(tensor.Of(a, 2, 3, 3))
			var e *linalg.Error
			if !errors.As(err, &e) || !errors.Is(err, linalg.ErrNotFinite) || !strings.Contains(err.Error(), "[1] of the batch") || !strings.Contains(err.Error(), "[1, 2]") {
				t.Errorf("%s of %v: %v", name, bad, err)
			}
		}
		refuses := func(kind tensor.Kind, a *tensor.Tensor) {
			t.Helper()
			if err := tensor.Catch(func() { _ = f(a) }); !errors.Is(err, kind) {
				t.Errorf("%s of %v %v: %v, want %v", name, a.DType(), a.Shape(), err, kind)
			}
		}
		refuses(tensor.ErrShape, tensor.Ones(3))
		refuses(tensor.ErrDType, f64.Eye(3).To(tensor.Int64))
		refuses(tensor.ErrDType, f64.Eye(3).To(tensor.Bool))
		if err := f(f64.Eye(3).To(tensor.BFloat16)); err != nil {
			t.Errorf("%s of bfloat16: %v", name, err)
		}
		if !rectangular[name] {
			refuses(tensor.ErrShape, tensor.Ones(2, 3))
		}
	}
}

func TestBadArguments(t *testing.T) {
	a, b := f64.Eye(3), f64.Ones(2, 3, 3)
	none := linalg.ToleranceConfig{}
	for name, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"solve: rows":             {tensor.ErrShape, func() { _, _ = linalg.Solve(a, f64.Ones(2, 3)) }},
		"solve: vector":           {tensor.ErrShape, func() { _, _ = linalg.Solve(a, f64.Ones(4)) }},
		"solve: batch":            {tensor.ErrShape, func() { _, _ = linalg.Solve(b, f64.Ones(3, 3, 1)) }},
		"solve: types":            {tensor.ErrDType, func() { _, _ = linalg.Solve(a, tensor.Ones(3, 1)) }},
		"solve_triangular: rows":  {tensor.ErrShape, func() { _, _ = linalg.SolveTriangular(a, f64.Ones(2, 3), linalg.SolveTriangularConfig{}) }},
		"solve_triangular: right": {tensor.ErrShape, func() { _, _ = linalg.SolveTriangular(a, f64.Ones(3, 2), linalg.SolveTriangularConfig{Right: true}) }},
		"cholesky_solve: rows":    {tensor.ErrShape, func() { _, _ = linalg.CholeskySolve(f64.Ones(2, 1), a) }},
		"cholesky_solve: batch":   {tensor.ErrShape, func() { _, _ = linalg.CholeskySolve(f64.Ones(3, 3, 1), b) }},
		"lu_solve: pivots":        {tensor.ErrShape, func() { _, _ = linalg.LUSolve(a, f64.Ones(3), f64.Ones(3, 1)) }},
		"lu_solve: values":        {tensor.ErrValue, func() { _, _ = linalg.LUSolve(a, tensor.Of([]int32{1, 1, 3}), f64.Ones(3, 1)) }},
		"lu_solve: high":          {tensor.ErrValue, func() { _, _ = linalg.LUSolve(a, tensor.Of([]int32{1, 4, 3}), f64.Ones(3, 1)) }},
		"qr: mode":                {tensor.ErrValue, func() { _, _, _ = linalg.QR(a, 7) }},
		"pinv: tolerance":         {tensor.ErrValue, func() { _, _ = linalg.Pinv(a, linalg.ToleranceConfig{ATol: -1}) }},
		"matrix_rank: tolerance":  {tensor.ErrValue, func() { _, _ = linalg.MatrixRank(a, linalg.ToleranceConfig{RTol: new(-1.0)}) }},
		"lstsq: rows":             {tensor.ErrShape, func() { _, _ = linalg.Lstsq(a, f64.Ones(2, 1), none) }},
		"lstsq: vector":           {tensor.ErrShape, func() { _, _ = linalg.Lstsq(a, f64.Ones(3), none) }},
		"matrix_norm: order":      {tensor.ErrValue, func() { _, _ = linalg.MatrixNorm(a, 8) }},
		"matrix_norm: one axis":   {tensor.ErrAxis, func() { _, _ = linalg.MatrixNorm(b, linalg.Frobenius, 1) }},
		"matrix_norm: same axis":  {tensor.ErrAxis, func() { _, _ = linalg.MatrixNorm(b, linalg.Frobenius, 1, -2) }},
		"matrix_norm: outside":    {tensor.ErrAxis, func() { _, _ = linalg.MatrixNorm(b, linalg.Frobenius, 1, 3) }},
		"matrix_norm: of nothing": {tensor.ErrShape, func() { _, _ = linalg.MatrixNorm(f64.Ones(0, 3), linalg.InfNorm) }},
		"cond: order":             {tensor.ErrValue, func() { _, _ = linalg.Cond(a, -1) }},
		"cond: not square":        {tensor.ErrShape, func() { _, _ = linalg.Cond(f64.Ones(2, 3), linalg.OneNorm) }},
		"vector_norm: type":       {tensor.ErrDType, func() { linalg.VectorNorm(tensor.Arange(0, 3, 1), 2) }},
		"vector_norm: axis":       {tensor.ErrAxis, func() { linalg.VectorNorm(a, 2, 2) }},
		"multi_dot: one":          {tensor.ErrShape, func() { linalg.MultiDot(a) }},
		"multi_dot: inner":        {tensor.ErrShape, func() { linalg.MultiDot(a, f64.Ones(2, 3)) }},
		"multi_dot: batch":        {tensor.ErrShape, func() { linalg.MultiDot(a, b) }},
		"multi_dot: vector":       {tensor.ErrShape, func() { linalg.MultiDot(a, f64.Ones(3), a) }},
		"vander: scalar":          {tensor.ErrShape, func() { linalg.Vander(tensor.Scalar(1.0), 2) }},
		"vander: columns":         {tensor.ErrShape, func() { linalg.Vander(f64.Ones(2), -1) }},
		"vander: type":            {tensor.ErrDType, func() { linalg.Vander(tensor.Arange(0, 3, 1), 2) }},
		"cross: size":             {tensor.ErrShape, func() { linalg.Cross(f64.Ones(2), f64.Ones(2), 0) }},
		"cross: axis":             {tensor.ErrAxis, func() { linalg.Cross(f64.Ones(3), f64.Ones(3), 1) }},
		"cross: dimensions":       {tensor.ErrShape, func() { linalg.Cross(a, f64.Ones(3), 0) }},
		"must":                    {tensor.ErrNumeric, func() { linalg.Must(linalg.Inv(f64.Zeros(2, 2))) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
}

// What a numerical failure says.
func TestFailures(t *testing.T) {
	eye := f64.Eye(3)
	singular := tensor.Of([]float64{1, 2, 3, 2, 4, 6, 0, 0, 1}, 3, 3)
	negative := tensor.Of([]float64{1, 0, 0, 0, -1, 0, 0, 0, 1}, 3, 3)
	batch := func(bad *tensor.Tensor) *tensor.Tensor { // the fourth of 2 x 2 is bad, and the one after it
		return tensor.Stack(0, eye, eye, eye, bad).Reshape(2, 2, 3, 3)
	}
	for name, c := range map[string]struct {
		reason error
		says   string
		f      func() error
	}{
		"cholesky":       {linalg.ErrNotPositiveDefinite, "cholesky: matrix [1, 1] of the batch is not positive definite: the leading minor of order 2", func() error { return calls["cholesky"](batch(negative)) }},
		"solve":          {linalg.ErrSingular, "solve: matrix [1, 1] of the batch is singular: pivot 1", func() error { return calls["solve"](batch(singular)) }},
		"cholesky solve": {linalg.ErrSingular, "cholesky_solve: the matrix is singular: pivot 0", func() error { return calls["cholesky_solve"](f64.Zeros(3, 3)) }},
		"inv":            {linalg.ErrSingular, "inv: the matrix is singular: pivot 1", func() error { return calls["inv"](singular) }},
		"power":          {linalg.ErrSingular, "matrix_power: the matrix is singular", func() error { _, err := linalg.MatrixPower(singular, -1); return err }},
		"triangle":       {linalg.ErrSingular, "solve_triangular: matrix [1, 1] of the batch is singular: pivot 0", func() error { return calls["solve_triangular"](batch(f64.Zeros(3, 3))) }},
		"sqrtm":          {linalg.ErrNotPositiveDefinite, "sqrtm: the matrix is not positive semidefinite: its smallest eigenvalue is -1", func() error { return calls["sqrtm"](negative) }},
		"logm":           {linalg.ErrNotPositiveDefinite, "logm: matrix [1, 1] of the batch is not positive definite", func() error { return calls["logm"](batch(negative)) }},
		"expm":           {linalg.ErrNotFinite, "expm: the matrix has an exponential that overflows", func() error { return calls["expm"](eye.MulScalar(1e4)) }},
	} {
		if err := c.f(); !errors.Is(err, c.reason) || !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
	}
	// Derivatives that do not exist.
	for name, f := range map[string]func(a *tensor.Tensor) *tensor.Tensor{
		"eigh": func(a *tensor.Tensor) *tensor.Tensor { _, v, _ := linalg.Eigh(a); return v },
		"svd":  func(a *tensor.Tensor) *tensor.Tensor { u, _, _, _ := linalg.SVD(a, false); return u },
		"slogdet": func(a *tensor.Tensor) *tensor.Tensor {
			_, l, _ := linalg.SlogDet(a.Mul(f64.Zeros(3, 3)))
			return l
		},
		"qr": func(a *tensor.Tensor) *tensor.Tensor {
			_, r, _ := linalg.QR(a.Mul(f64.Zeros(3, 3)), linalg.QRReduced)
			return r
		},
		"sqrtm": func(a *tensor.Tensor) *tensor.Tensor { return linalg.Must(linalg.SqrtM(a.Mul(f64.Zeros(3, 3)))) },
	} {
		if err := tensor.Catch(func() { f(eye.RequireGrad()).Sum().Backward() }); !errors.Is(err, tensor.ErrNumeric) {
			t.Errorf("derivative of %s: %v", name, err)
		}
	}
	for name, f := range map[string]func(a *tensor.Tensor) *tensor.Tensor{
		"qr": func(a *tensor.Tensor) *tensor.Tensor {
			q, _, _ := linalg.QR(a.Narrow(1, 0, 2), linalg.QRComplete)
			return q
		},
		"eig": func(a *tensor.Tensor) *tensor.Tensor { r, _ := linalg.Eig(a); return r.Real },
	} {
		if err := tensor.Catch(func() { f(eye.RequireGrad()).Sum().Backward() }); !errors.Is(err, tensor.ErrGraph) {
			t.Errorf("derivative of %s: %v", name, err)
		}
	}
}

// Equal eigenvalues and singular values: the first derivative of sums of them is that of the trace and of the trace norm.
func TestEqualValues(t *testing.T) {
	a := f64.Eye(3).RequireGrad()
	linalg.Must(linalg.Eigvalsh(a)).Sum().Backward()
	same(t, "eigvalsh", a.Grad(), f64.Eye(3), 1e-14)
	a = f64.Eye(3).RequireGrad()
	linalg.Must(linalg.MatrixNorm(a, linalg.Nuclear)).Backward()
	same(t, "nuclear norm", a.Grad(), f64.Eye(3), 1e-14)
	// The cofactors of a matrix of rank 1 are zero, those of rank 2 are not.
	a = tensor.Of([]float64{1, 2, 3, 2, 4, 6, -1, -2, -3}, 3, 3).RequireGrad()
	linalg.Must(linalg.Det(a)).Backward()
	same(t, "det of rank 1", a.Grad(), f64.Zeros(3, 3), 1e-13)
	a = tensor.Of([]float64{1, 0, 0, 0, 5, 0, 0, 0, 0}, 3, 3).RequireGrad()
	linalg.Must(linalg.Det(a)).Backward()
	same(t, "det of rank 2", a.Grad(), tensor.Of([]float64{0, 0, 0, 0, 0, 0, 0, 0, 5}, 3, 3), 1e-14)
}

// The condition of a singular matrix is infinite, in a batch with others.
func TestCondSingular(t *testing.T) {
	a := tensor.Stack(0, f64.Eye(2), f64.Zeros(2, 2), tensor.Of([]float64{1, 2, 2, 4}, 2, 2))
	for _, ord := range []linalg.NormOrder{linalg.OneNorm, linalg.InfNorm} {
		c := linalg.Must(linalg.Cond(a, ord)).Floats()
		if c[0] != 1 || !math.IsInf(c[1], 1) || !math.IsInf(c[2], 1) {
			t.Errorf("norm %d: %v", ord, c)
		}
	}
	if c := linalg.Must(linalg.Cond(a, linalg.TwoNorm)).Floats(); c[0] != 1 || !math.IsInf(c[1], 1) || c[2] < 1e15 {
		t.Errorf("2-norm: %v", c)
	}
}

// Numbers near the limits of float64 are scaled.
func TestScales(t *testing.T) {
	for _, scale := range []float64{1e-300, 1e-160, 1e160, 1e300, 5e307} {
		a := tensor.Of([]float64{2 * scale, scale, scale, 2 * scale}, 2, 2)
		w := linalg.Must(linalg.Eigvalsh(a)).Floats()
		_, s, _, err := linalg.SVD(a, false)
		check(err)
		v, _, err := linalg.Eigh(a)
		check(err)
		for _, got := range [][]float64{w, v.Floats(), {s.Floats()[1], s.Floats()[0]}} {
			if math.Abs(got[0]/scale-1) > 1e-14 || math.Abs(got[1]/scale-3) > 1e-14 {
				t.Errorf("scale %v: %v", scale, got)
			}
		}
	}
}

func same(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want *tensor.Tensor, tol float64) {
	t.Helper()
	if got.Shape() != want.Shape() {
		t.Errorf("%s: shape %v, want %v", what, got.Shape(), want.Shape())
		return
	}
	g, w := got.Detach().Floats(), want.Detach().Floats()
	scale := 1.0
	for _, v := range w {
		scale = max(scale, math.Abs(v))
	}
	for i := range w {
		if !(math.Abs(g[i]-w[i]) <= tol*scale) {
			t.Errorf("%s: element %d of %v is %v, want %v", what, i, got.Shape(), g[i], w[i])
			return
		}
	}
}

// Identities that hold for any matrix, on shapes up to beyond the recursions' leaves.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := random.New(rapid.Uint64().Draw(t, "seed"))
		m, n := rapid.IntRange(1, 40).Draw(t, "m"), rapid.IntRange(1, 40).Draw(t, "n")
		var batch []int
		if rapid.Bool().Draw(t, "batch") {
			batch = []int{2}
		}
		randn := func(m, n int) *tensor.Tensor {
			x := f64.Randn(g, append(append([]int{}, batch...), m, n)...)
			if rapid.Bool().Draw(t, "transposed") { // other strides
				x = transpose(transpose(x).Contiguous())
			}
			return x
		}
		eye := func(n int) *tensor.Tensor { return f64.Eye(n).Expand(append(append([]int{}, batch...), n, n)...) }
		a, s := randn(m, n), randn(n, n)
		b := randn(n, 3)
		dominant := s.Add(eye(n).MulScalar(2 * float64(n)))

		x := linalg.Must(linalg.Solve(dominant, b))
		same(t, "A x = b", dominant.MatMul(x), b, 1e-12)
		inv := linalg.Must(linalg.Inv(dominant))
		same(t, "A A⁻¹ = I", dominant.MatMul(inv), eye(n), 1e-12)
		p, l, u, err := linalg.LU(a)
		check(err)
		same(t, "P L U = A", p.MatMul(l).MatMul(u), a, 1e-12)
		for _, mode := range []linalg.QRMode{linalg.QRReduced, linalg.QRComplete} {
			q, r, err := linalg.QR(a, mode)
			check(err)
			same(t, "Q R = A", q.MatMul(r), a, 1e-12)
			same(t, "QᵀQ = I", transpose(q).MatMul(q), eye(q.Dim(-1)), 1e-12)
			same(t, "R upper", r.Tril(-1), tensor.ZerosLike(r), 0)
		}
		spd := a.MatMul(transpose(a)).Add(eye(m))
		c := linalg.Must(linalg.Cholesky(spd))
		same(t, "L Lᵀ = A", c.MatMul(transpose(c)), spd, 1e-12)
		same(t, "L lower", c.Triu(1), tensor.ZerosLike(c), 0)
		w, v, err := linalg.Eigh(spd)
		check(err)
		same(t, "V w Vᵀ = A", v.Mul(w.Unsqueeze(-2)).MatMul(transpose(v)), spd, 1e-12)
		same(t, "VᵀV = I", transpose(v).MatMul(v), eye(m), 1e-12)
		same(t, "eigvalsh", linalg.Must(linalg.Eigvalsh(spd)), w, 1e-12)
		for _, full := range []bool{false, true} {
			u, s, vh, err := linalg.SVD(a, full)
			check(err)
			k := min(m, n)
			same(t, "U S Vᵀ = A", u.Narrow(-1, 0, k).Mul(s.Unsqueeze(-2)).MatMul(vh.Narrow(-2, 0, k)), a, 1e-12)
			same(t, "UᵀU = I", transpose(u).MatMul(u), eye(u.Dim(-1)), 1e-12)
			same(t, "V Vᵀ = I", vh.MatMul(transpose(vh)), eye(vh.Dim(-2)), 1e-12)
			same(t, "svdvals", linalg.Must(linalg.SVDVals(a)), s, 1e-12)
		}
		root := linalg.Must(linalg.SqrtM(spd))
		same(t, "√A √A = A", root.MatMul(root), spd, 1e-12)
		sym := s.Add(transpose(s)).MulScalar(1 / (4 * math.Sqrt(float64(n))))
		same(t, "log exp A = A", linalg.Must(linalg.LogM(linalg.Must(linalg.Expm(sym)))), sym, 1e-11)
		_, d1, err := linalg.SlogDet(dominant)
		check(err)
		_, d2, err := linalg.SlogDet(spd.Narrow(-1, 0, 1).Narrow(-2, 0, 1).Mul(dominant))
		check(err)
		same(t, "det(c A) = cⁿ det A", d2, spd.Narrow(-1, 0, 1).Narrow(-2, 0, 1).Log().MulScalar(float64(n)).Squeeze(-1).Squeeze(-1).Add(d1), 1e-12)
		if n <= 8 {
			other := randn(n, n)
			product := linalg.Must(linalg.Det(s)).Mul(linalg.Must(linalg.Det(other)))
			same(t, "det(A B) = det A det B", linalg.Must(linalg.Det(s.MatMul(other))), product, 1e-9)
		}
		pinv := linalg.Must(linalg.Pinv(a, linalg.ToleranceConfig{}))
		same(t, "A A⁺ A = A", a.MatMul(pinv).MatMul(a), a, 1e-11)
	})
}

// The number of workers changes no bit.
func TestDeterministic(t *testing.T) {
	defer parallel.SetWorkers(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	a := f64.Randn(random.New(3), 2, 150, 150)
	spd := positive(a)
	var first []float64
	for workers := 1; workers <= 4; workers++ {
		parallel.SetWorkers(workers)
		runtime.GOMAXPROCS(workers)
		var all []float64
		w, v, err := linalg.Eigh(spd)
		check(err)
		u, s, vh, err := linalg.SVD(a, true)
		check(err)
		q, r, err := linalg.QR(a, linalg.QRReduced)
		check(err)
		for _, x := range (tensors{w, v, u, s, vh, q, r, linalg.Must(linalg.Solve(a, spd)), linalg.Must(linalg.Cholesky(spd)), linalg.Must(linalg.Expm(a.MulScalar(0.05))), linalg.Must(linalg.Eigvals(a)).Real}) {
			all = append(all, x.Floats()...)
		}
		if workers == 1 {
			first = all
			continue
		}
		for i := range all {
			if all[i] != first[i] {
				t.Fatalf("%d workers: element %d is %v, with one %v", workers, i, all[i], first[i])
			}
		}
	}
}

// Matrices on which iterations stall or divide by zero when done badly, and a size at which rotations become products.
func TestHardMatrices(t *testing.T) {
	build := func(n int, f func(i, j int) float64) *tensor.Tensor {
		a := make([]float64, n*n)
		for i := range n {
			for j := range n {
				a[i*n+j] = f(i, j)
			}
		}
		return tensor.Of(a, n, n)
	}
	when := func(b bool, v float64) float64 {
		if b {
			return v
		}
		return 0
	}
	noise := f64.Randn(random.New(9), 200, 200)
	for name, a := range map[string]*tensor.Tensor{
		"zero":             f64.Zeros(7, 7),
		"identity":         f64.Eye(9),
		"ones":             f64.Ones(12, 12),
		"graded down":      build(12, func(i, j int) float64 { return math.Pow(10, -2*float64(i+j)) }),
		"graded up":        build(12, func(i, j int) float64 { return math.Pow(10, 2*float64(i+j)-40) }),
		"Hilbert":          build(12, func(i, j int) float64 { return 1 / float64(i+j+1) }),
		"Jordan, zero":     build(20, func(i, j int) float64 { return when(j == i+1, 1) }),
		"zeros inside":     build(20, func(i, j int) float64 { return when(j == i && i%3 != 0, 1) + when(j == i+1, 2) }),
		"zero corner":      build(20, func(i, j int) float64 { return when(j == i && i != 19, 1) + when(j == i+1, 2) }),
		"zero first":       build(20, func(i, j int) float64 { return when(j == i && i != 0, 1) + when(j == i+1, 2) }),
		"Wilkinson":        build(21, func(i, j int) float64 { return when(i == j, math.Abs(float64(i-10))) + when(i-j == 1 || j-i == 1, 1) }),
		"tiny off":         build(10, func(i, j int) float64 { return when(i == j, 1) + when(i-j == 1 || j-i == 1, 1e-14) }),
		"two blocks":       build(10, func(i, j int) float64 { return when(i/5 == j/5, 1+when(i == j, 3)) }),
		"negative":         f64.Eye(5).Neg(),
		"rank 2, large":    noise.Narrow(1, 0, 2).MatMul(noise.Narrow(0, 0, 2)),
		"random, large":    noise,
		"clustered, large": noise.MulScalar(1e-9).Add(f64.Eye(200)),
	} {
		n := a.Dim(-1)
		u, s, vh, err := linalg.SVD(a, false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		size := max(1e-300, s.Floats()[0])
		scaled := func(x *tensor.Tensor) *tensor.Tensor { return x.DivScalar(size) }
		same(t, name+": U S Vᵀ", scaled(u.Mul(s).MatMul(vh)), scaled(a), 1e-13)
		same(t, name+": UᵀU", transpose(u).MatMul(u), f64.Eye(n), 1e-13)
		same(t, name+": V Vᵀ", vh.MatMul(transpose(vh)), f64.Eye(n), 1e-13)
		same(t, name+": svdvals", scaled(linalg.Must(linalg.SVDVals(a))), scaled(s), 1e-13)
		for i, v := range s.Floats()[1:] {
			if v > s.Floats()[i] || v < 0 {
				t.Errorf("%s: singular values %v do not descend", name, s)
				break
			}
		}
		sym := a.Add(transpose(a))
		w, v, err := linalg.Eigh(sym)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, name+": V w Vᵀ", scaled(v.Mul(w).MatMul(transpose(v))), scaled(sym), 1e-13)
		same(t, name+": VᵀV", transpose(v).MatMul(v), f64.Eye(n), 1e-13)
		same(t, name+": eigvalsh", scaled(linalg.Must(linalg.Eigvalsh(sym))), scaled(w), 1e-13)
	}
}
