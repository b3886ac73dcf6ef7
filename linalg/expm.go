package linalg

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// Expm returns the matrix exponentials Σ Aᵏ/k! of square matrices (..., N, N), torch.linalg.matrix_exp, by Padé approximants with scaling
// and squaring (N. Higham, "The scaling and squaring method for the matrix exponential revisited", 2005). The gradient is a block of
// the exponential of a matrix of twice the size. What overflows is an ErrNotFinite.
func Expm(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "expm"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	y, err := apply1(op, expmOp{}, x[0])
	if err != nil {
		return nil, err
	}
	return y.To(d), nil
}

// expmOp is the matrix exponential in float64.
type expmOp struct{}

func (expmOp) Name() string         { return "expm" }
func (expmOp) Reads() tensor.Reads  { return tensor.ReadsIn(0) }
func (expmOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape, tensor.Float64) }

func (o expmOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, y := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 30*n*n*n, func(i int) *failure {
		a, out := x[i*n*n:(i+1)*n*n], y[i*n*n:(i+1)*n*n]
		if firstNonFinite(a) >= 0 { // only from gradients that are so
			for j := range out {
				out[j] = math.NaN()
			}
			return nil
		}
		expm(n, a, out)
		if firstNonFinite(out) >= 0 {
			return fail(ErrNotFinite, "has an exponential that overflows")
		}
		return nil
	})
	return true
}

// VJP is the derivative of exp at Aᵀ along dY, the upper right block of exp([[Aᵀ, dY], [0, Aᵀ]]) (R. Mathias, "A chain rule for
// matrix functions and applications", 1996).
func (o expmOp) VJP(b *tensor.Back) []*tensor.Tensor {
	at, dy := t(b.In(0)), b.Dout(0)
	n := at.Dim(-1)
	// The derivative is linear in dY, and a large one would cost squarings, and digits: it is scaled to 1.
	size := dy.Detach().Abs().SumKeepdim(-1, -2)
	size = size.MaskedFill(size.EqScalar(0), 1)
	block := tensor.Concat(-2, tensor.Concat(-1, at, dy.Div(size)), tensor.Concat(-1, tensor.ZerosLike(at), at))
	return b.Give(tensor.Apply1(o, block).Narrow(-2, 0, n).Narrow(-1, n, n).Mul(size))
}

// The coefficients of the diagonal Padé approximants of the degrees that are used, and the 1-norms up to which they are exact to
// float64 (Higham 2005, table 2.3).
var pades = []struct {
	norm float64
	b    []float64
}{
	{1.495585217958292e-2, []float64{120, 60, 12, 1}},
	{2.539398330063230e-1, []float64{30240, 15120, 3360, 420, 30, 1}},
	{9.504178996162932e-1, []float64{17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1}},
	{2.097847961257068, []float64{17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1}},
	{5.371920351148152, []float64{64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
		670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1}},
}

// expm writes exp(A) of A (n, n) to y.
func expm(n int, a, y []float64) {
	if n == 0 {
		return
	}
	norm := oneNorm(n, a)
	p := pades[len(pades)-1]
	squarings := 0
	for _, q := range pades {
		if norm <= q.norm {
			p = q
			break
		}
	}
	x := append([]float64(nil), a...)
	if norm > p.norm {
		squarings = int(math.Ceil(math.Log2(norm / p.norm)))
		f := math.Ldexp(1, -squarings)
		for i := range x {
			x[i] *= f
		}
	}
	// exp(X) ≈ (V - U)⁻¹ (V + U), U the odd and V the even powers.
	u, v := padeSums(n, x, p.b)
	for i := range u {
		u[i], v[i] = v[i]+u[i], v[i]-u[i]
	}
	pivots := make([]int32, n)
	luFactor(n, n, v, n, pivots)
	swapRows(u, n, n, pivots, 0)
	solveLower(n, n, v, n, 1, true, u, n)
	solveUpper(n, n, v, n, 1, false, u, n)
	for range squarings {
		multiply(n, u, u, x)
		u, x = x, u
	}
	copy(y, u)
}

// padeSums returns U = X Σ b[2k+1] X²ᵏ and V = Σ b[2k] X²ᵏ.
func padeSums(n int, x, b []float64) (u, v []float64) {
	x2 := make([]float64, n*n)
	multiply(n, x, x, x2)
	odd, even := make([]float64, n*n), make([]float64, n*n)
	add := func(y []float64, f float64, p []float64) {
		if p == nil { // the identity
			for i := range n {
				y[i*(n+1)] += f
			}
			return
		}
		axpy(f, p, y)
	}
	powers := [][]float64{nil, x2}
	next := func() []float64 {
		p := make([]float64, n*n)
		multiply(n, powers[len(powers)-1], x2, p)
		powers = append(powers, p)
		return p
	}
	if len(b) < 14 {
		for len(powers) < len(b)/2 {
			next()
		}
		for k, p := range powers {
			add(odd, b[2*k+1], p)
			add(even, b[2*k], p)
		}
	} else { // degree 13 in six products: X⁶ (higher) + lower
		next()
		x6 := next()
		high := make([]float64, n*n)
		for k := range 4 {
			add(odd, b[2*k+1], powers[k])
			add(even, b[2*k], powers[k])
		}
		accumulate := cpu.Epilogue[float64]{Accumulate: true}
		for k := 1; k < 4; k++ {
			add(high, b[2*k+7], powers[k])
		}
		cpu.GemmF64(n, n, n, x6, n, 1, high, n, 1, odd, n, accumulate)
		clear(high)
		for k := 1; k < 4; k++ {
			add(high, b[2*k+6], powers[k])
		}
		cpu.GemmF64(n, n, n, x6, n, 1, high, n, 1, even, n, accumulate)
	}
	u = make([]float64, n*n)
	multiply(n, x, odd, u)
	return u, even
}

// multiply writes the product of A and B (n, n) to c.
func multiply(n int, a, b, c []float64) {
	cpu.GemmF64(n, n, n, a, n, 1, b, n, 1, c, n, cpu.Epilogue[float64]{})
}

// oneNorm returns the largest sum of magnitudes of a column.
func oneNorm(n int, a []float64) float64 {
	sums := make([]float64, n)
	for i := range n {
		for j, v := range a[i*n : (i+1)*n] {
			sums[j] += math.Abs(v)
		}
	}
	most := 0.0
	for _, s := range sums {
		most = max(most, s)
	}
	return most
}
