package optest

// Unary is the reference, for Case.Want, of an elementwise function.
func Unary(f func(a float64) float64) func([]Array) []Array {
	return func(in []Array) []Array {
		out := Array{Shape: in[0].Shape, Data: make([]float64, len(in[0].Data))}
		for i, a := range in[0].Data {
			out.Data[i] = f(a)
		}
		return []Array{out}
	}
}

// Binary is the reference, for Case.Want, of an elementwise function of two inputs that broadcast.
func Binary(f func(a, b float64) float64) func([]Array) []Array {
	return func(in []Array) []Array {
		out := Array{Shape: broadcast(in[0].Shape, in[1].Shape)}
		Each(out.Shape, func(at []int) { out.Data = append(out.Data, f(in[0].At(at...), in[1].At(at...))) })
		return []Array{out}
	}
}

func broadcast(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	s := append([]int(nil), a...)
	for i, d := range b {
		if k := i + len(a) - len(b); s[k] == 1 {
			s[k] = d
		}
	}
	return s
}

// Each calls f with every index of the shape, in row-major order. f must not keep the slice.
func Each(shape []int, f func(at []int)) {
	at := make([]int, len(shape))
	for range size(shape) {
		f(at)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
}

// Build returns an array with the elements f(index).
func Build(shape []int, f func(at []int) float64) Array {
	a := Array{Shape: append([]int{}, shape...), Data: make([]float64, 0, size(shape))}
	Each(shape, func(at []int) { a.Data = append(a.Data, f(at)) })
	return a
}

// At returns the element at an index, which may have more dimensions in front and any position where the size is 1: that
// of a shape that the array broadcasts to.
func (a Array) At(at ...int) float64 { return a.Data[a.Offset(at...)] }

// Offset returns the place in Data of the element that At returns.
func (a Array) Offset(at ...int) int {
	o := 0
	for i, d := range a.Shape {
		o *= d
		if d > 1 {
			o += at[len(at)-len(a.Shape)+i]
		}
	}
	return o
}
