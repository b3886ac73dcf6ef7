package maths

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A01", Tier: catalog.Unit, Title: "Arrays, broadcasting, matrix products",
		Target: "xWᵀ + b equals a plain loop to 1e-12 (float64) and 1e-5 (float32) on 200 random shapes, empty, strided and transposed ones among them",
		Test:   arrays,
	}, catalog.Row{
		ID: "A10", Tier: catalog.Unit, Title: "Devices", Source: "PyTorch",
		Target: "a round trip through a device keeps every bit; an unknown name is an error, not a panic; \"auto\" falls back to the CPU",
		Note:   `"gpu" is a common misprint for "cuda": neither PyTorch nor this library knows it`,
		Test:   devices,
	})
}

// view returns random numbers of the given shape that lie in memory in one of several ways.
func view(g *random.Generator, rows, cols, layout int) *tensor.Tensor {
	f := tensor.With(tensor.Float64)
	switch layout {
	case 0:
		return f.Randn(g, rows, cols)
	case 1:
		return f.Randn(g, cols, rows).T()
	case 2: // every second row, the columns in the middle
		return f.Randn(g, 2*rows, cols+3).Slice(0, 0, 2*rows, 2).Slice(1, 1, cols+1, 1)
	}
	return f.Randn(g, 1, cols).Expand(rows, cols) // one row, repeated without copies
}

func arrays(_ context.Context, c *catalog.Check) error {
	g := random.New(1)
	var worst64, worst32 float64
	empty, strided := 0, 0
	for range 200 {
		n, in, out := g.Intn(40), g.Intn(60), g.Intn(40)
		if g.Intn(8) == 0 {
			in = 0 // a sum of nothing
		}
		x, w, b := view(g, n, in, g.Intn(4)), view(g, out, in, g.Intn(4)), tensor.With(tensor.Float64).Randn(g, out)
		if x.Numel() == 0 || w.Numel() == 0 {
			empty++
		}
		if !x.IsContiguous() || !w.IsContiguous() {
			strided++
		}
		off := func(x, w, b *tensor.Tensor) (most float64) {
			xs, ws, bs := x.Floats(), w.Floats(), b.Floats()
			got := x.MatMul(w.T()).Add(b).Floats() // b is broadcast over rows
			for i := range n {
				for j := range out {
					sum := bs[j]
					for k := range in {
						sum += xs[i*in+k] * ws[j*in+k]
					}
					if d := math.Abs(got[i*out+j]-sum) / max(1, math.Abs(sum)); !(d <= most) {
						most = d
					}
				}
			}
			return most
		}
		worst64 = max(worst64, off(x, w, b))
		worst32 = max(worst32, off(x.To(tensor.Float32), w.To(tensor.Float32), b.To(tensor.Float32)))
	}
	c.AtMost("largest difference in float64", worst64, 1e-12)
	c.AtMost("largest difference in float32", worst32, 1e-5)
	c.AtLeast("cases with an empty operand", float64(empty), 10)
	c.AtLeast("cases that are not contiguous", float64(strided), 100)

	// Broadcasting: (3, 1, 5) with (4, 1) is (3, 4, 5).
	x, y := tensor.With(tensor.Float64).Randn(g, 3, 1, 5), tensor.With(tensor.Float64).Randn(g, 4, 1)
	z, off := x.Mul(y), 0.0
	for i := range 3 {
		for j := range 4 {
			for k := range 5 {
				off = max(off, math.Abs(z.Floats()[(i*4+j)*5+k]-x.Floats()[i*5+k]*y.Floats()[j]))
			}
		}
	}
	c.Equal("difference of a broadcast product", off, 0)
	err := tensor.Catch(func() { x.Mul(tensor.With(tensor.Float64).Ones(2)) })
	c.True("(3, 1, 5) with (2,) is refused", err != nil)
	return nil
}

// remote is a device that holds data and computes nothing.
type remote struct{}

func (remote) Kind() string   { return "remote" }
func (remote) String() string { return "remote" }
func (remote) CopyDevice(y, x tensor.View) {
	copy(tensor.Slice[float64](y), tensor.Slice[float64](x))
}

func devices(_ context.Context, c *catalog.Check) error {
	x := tensor.Concat(0, tensor.With(tensor.Float64).Randn(random.New(1), 97), f64([]int{3}, math.Inf(-1), math.NaN(), math.Copysign(0, -1)))
	gone := x.ToDevice(remote{})
	back := tensor.Data[float64](gone.ToDevice(tensor.CPU))
	changed := 0
	for i, v := range tensor.Data[float64](x) {
		if math.Float64bits(v) != math.Float64bits(back[i]) {
			changed++
		}
	}
	c.Equal("of 100 numbers changed by the way to a device and back", float64(changed), 0)
	c.True("there they are not on the CPU", gone.Device() == remote{})
	err := tensor.Catch(func() { gone.Add(x) })
	c.True("operands on two devices are refused", err != nil)
	for _, name := range []string{"gpu", "", "cpu:x", "cuda 0"} {
		d, err := tensor.OpenDevice(name)
		c.True("\""+name+"\" is an error", d == nil && err != nil)
	}
	d, err := tensor.OpenDevice("cpu")
	c.True("cpu is the CPU", d == tensor.CPU && err == nil)

	auto, err := tensor.OpenDevice("auto")
	if err != nil {
		return err
	}
	g := random.New(2)
	a, w := tensor.Randn(g, 8, 16), tensor.Randn(g, 4, 16)
	here := tensor.Linear(a, w, nil).Tanh()
	there := tensor.Linear(a.ToDevice(auto), w.ToDevice(auto), nil).Tanh().ToDevice(tensor.CPU)
	c.AtMost("a layer on "+auto.String()+", which auto chose, differs by", worst(there.To(tensor.Float64), here.To(tensor.Float64)), 1e-4)
	return nil
}
