package tensor

// Outer returns the outer product of two vectors, out[i, j] = x[i] y[j]: (M,) and (N,) -> (M, N). It panics with ErrShape unless
// both have one dimension.
func (x *Tensor) Outer(y *Tensor) *Tensor {
	if x.shape.rank != 1 || y.shape.rank != 1 {
		Fail("outer", ErrShape, []Shape{x.shape, y.shape}, "both inputs must be vectors; use Flatten(0), or Einsum for more dimensions")
	}
	return x.Unsqueeze(1).Mul(y)
}

// Kron returns the Kronecker product, out[i₀ b₀ + j₀, i₁ b₁ + j₁, ...] = x[i₀, i₁, ...] y[j₀, j₁, ...] for y of sizes b; the shape of
// lower rank gets leading ones, and sizes multiply. It panics with ErrShape when so many sizes of both are above 1 that
// the product on the way has more than MaxRank dimensions.
func (x *Tensor) Kron(y *Tensor) *Tensor {
	r := max(x.shape.rank, y.shape.rank)
	var xs, ys, out []int
	for i := range r {
		a, b := 1, 1
		if k := i - r + x.shape.rank; k >= 0 {
			a = x.shape.at(k)
		}
		if k := i - r + y.shape.rank; k >= 0 {
			b = y.shape.at(k)
		}
		if a == 1 || b == 1 {
			xs, ys = append(xs, a), append(ys, b)
		} else {
			xs, ys = append(xs, a, 1), append(ys, 1, b)
		}
		out = append(out, a*b)
	}
	if len(xs) > MaxRank {
		Fail("kron", ErrShape, []Shape{x.shape, y.shape}, "the product needs %d dimensions on the way; at most %d are supported", len(xs), MaxRank)
	}
	return x.Reshape(xs...).Mul(y.Reshape(ys...)).Reshape(out...)
}
