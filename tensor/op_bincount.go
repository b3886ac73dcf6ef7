package tensor

// Bincount counts how often each number occurs: Int64 y[k] = |{i : x[i] = k}| for a vector x of integers, of size max(x) + 1, or
// minLength if that is more. With weights (N,) it adds up those of equal numbers, as float64 but for float32 weights, which
// stay; their gradient is y's at x. It reads the data, so it panics with ErrDevice on Meta; with ErrValue on negative numbers.
func (x *Tensor) Bincount(weights *Tensor, minLength int) *Tensor {
	x.hasData("bincount")
	shapes := []Shape{x.shape}
	if weights != nil {
		shapes = append(shapes, weights.shape)
	}
	if x.dtype.IsFloat() || x.dtype == Bool {
		Fail("bincount", ErrDType, shapes, "the numbers are %v; convert them with To(tensor.Int64)", x.dtype)
	}
	if x.shape.rank != 1 {
		Fail("bincount", ErrShape, shapes, "the numbers must have one dimension; use Flatten")
	}
	if weights != nil && weights.shape != x.shape {
		Fail("bincount", ErrShape, shapes, "there must be one weight for each number")
	}
	if minLength < 0 {
		Fail("bincount", ErrValue, shapes, "the least length, %d, is negative", minLength)
	}
	idx := x.Detach().To(Int64)
	size := int64(minLength)
	Read(idx.ToDevice(CPU), func(v []int64) {
		for i, k := range v {
			if k < 0 {
				Fail("bincount", ErrValue, shapes, "number %d at position %d is negative; subtract the minimum first", k, i)
			}
			if k >= maxSize {
				Fail("bincount", ErrValue, shapes, "number %d at position %d is too large to count up to; use Unique", k, i)
			}
			size = max(size, k+1)
		}
	})
	if weights != nil {
		d := Float64
		if weights.dtype == Float32 {
			d = Float32
		}
		return Apply1(indexAddOp{0, int(size), -1}, weights.To(d), idx)
	}
	counts := Factory{DType: Int64}.empty(ShapeOf(int(size)))
	n := sliceOf[int64](counts.view("bincount"))
	clear(n)
	Read(idx.ToDevice(CPU), func(v []int64) {
		for _, k := range v {
			n[k]++
		}
	})
	return counts.onDeviceOf(x)
}
