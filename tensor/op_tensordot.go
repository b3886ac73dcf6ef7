package tensor

// Tensordot sums the product of x and y over pairs of axes, xAxes[i] of x with yAxes[i] of y, as torch.tensordot does:
//
//	out[free axes of x, free axes of y] = Σ x[...] y[...]
//
// It is one matrix product. It panics with ErrAxis when an axis is out of range or named twice and with ErrShape when
// the lists or the paired sizes differ.
func Tensordot(x, y *Tensor, xAxes, yAxes []int) *Tensor {
	fail := func(kind Kind, format string, args ...any) {
		Fail("tensordot", kind, []Shape{x.shape, y.shape}, format, args...)
	}
	if len(xAxes) != len(yAxes) {
		fail(ErrShape, "%d axes of the first input and %d of the second; they are summed in pairs", len(xAxes), len(yAxes))
	}
	var xSum, ySum []int
	var xSeen, ySeen axisSet
	k := 1
	for i := range xAxes {
		a, b := x.shape.axis("tensordot", xAxes[i]), y.shape.axis("tensordot", yAxes[i])
		if xSeen[a] || ySeen[b] {
			fail(ErrAxis, "pair %d, axes %d and %d, names an axis for the second time", i, a, b)
		}
		if x.shape.at(a) != y.shape.at(b) {
			fail(ErrShape, "axis %d of size %d is paired with axis %d of size %d", a, x.shape.at(a), b, y.shape.at(b))
		}
		xSeen[a], ySeen[b] = true, true
		xSum, ySum, k = append(xSum, a), append(ySum, b), k*x.shape.at(a)
	}
	free := func(s Shape, seen *axisSet) (axes, dims []int, n int) {
		n = 1
		for i := range s.rank {
			if !seen[i] {
				axes, dims, n = append(axes, i), append(dims, s.at(i)), n*s.at(i)
			}
		}
		return axes, dims, n
	}
	xFree, xDims, m := free(x.shape, &xSeen)
	yFree, yDims, n := free(y.shape, &ySeen)
	if len(xDims)+len(yDims) > MaxRank {
		fail(ErrShape, "the result would have %d dimensions; at most %d are supported", len(xDims)+len(yDims), MaxRank)
	}
	left := x.Permute(append(xFree, xSum...)...).Reshape(m, k)
	right := y.Permute(append(ySum, yFree...)...).Reshape(k, n)
	return left.MatMul(right).Reshape(append(xDims, yDims...)...)
}
