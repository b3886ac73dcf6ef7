package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

type gridConfig = tensor.GridSampleConfig

// gridElement reads element i of an axis of size n; ok is false in a padding of zeros.
func gridElement(cfg gridConfig, i, n int) (at int, ok bool) {
	for i < 0 || i >= n {
		switch {
		case cfg.Padding == tensor.GridSampleZeros:
			return 0, false
		case cfg.Padding == tensor.GridSampleBorder || cfg.AlignCorners && n == 1:
			i = min(max(i, 0), n-1)
		case cfg.AlignCorners && i < 0:
			i = -i
		case cfg.AlignCorners:
			i = 2*(n-1) - i
		case i < 0:
			i = -1 - i
		default:
			i = 2*n - 1 - i
		}
	}
	return i, true
}

// gridWeight is how much of an element at a distance d from the position counts.
func gridWeight(mode tensor.GridSampleMode, d float64) float64 {
	const a = -0.75
	d = math.Abs(d)
	switch {
	case mode == tensor.GridSampleBilinear:
		return max(0, 1-d)
	case d <= 1:
		return (a+2)*d*d*d - (a+3)*d*d + 1
	case d < 2:
		return a*d*d*d - 5*a*d*d + 8*a*d - 4*a
	}
	return 0
}

// gridReference samples by the definition: every element within two of the position, by its weight. The padding goes on
// beyond the ends as gridElement says, which for linear weights and Reflection is also what reflecting the position gives.
func gridReference(cfg gridConfig) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, grid := in[0], in[1]
		rank := len(x.Shape) - 2
		shape := append([]int{x.Shape[0], x.Shape[1]}, grid.Shape[1:len(grid.Shape)-1]...)
		return []optest.Array{optest.Build(shape, func(at []int) float64 {
			pos := make([]float64, rank) // of the last axis first, as grids have it
			for a := range pos {
				u, n := grid.At(append(append([]int{at[0]}, at[2:]...), a)...), float64(x.Shape[len(x.Shape)-1-a])
				if pos[a] = (u+1)*n/2 - 0.5; cfg.AlignCorners {
					pos[a] = (u + 1) / 2 * (n - 1)
				}
			}
			place := append([]int{at[0], at[1]}, make([]int, rank)...)
			var sum func(axis int) float64
			sum = func(axis int) (total float64) {
				if axis == rank {
					return x.At(place...)
				}
				n := x.Shape[len(x.Shape)-1-axis]
				for i := int(math.Floor(pos[axis])) - 1; i <= int(math.Floor(pos[axis]))+2; i++ {
					w := 1.0
					if cfg.Mode != tensor.GridSampleNearest {
						w = gridWeight(cfg.Mode, pos[axis]-float64(i))
					} else if float64(i) != math.RoundToEven(pos[axis]) {
						continue
					}
					k, ok := gridElement(cfg, i, n)
					if !ok || w == 0 {
						continue
					}
					place[len(place)-1-axis] = k
					total += w * sum(axis+1)
				}
				return total
			}
			return sum(0)
		})}
	}
}

// gridValues are n positions that keep a quarter of an element from the places where a derivative jumps, up to one size
// beyond the ends: multiples of half an element off the centres by 1/4. All are exact in float32 for sizes that are.
func gridValues(shape []int, sizes []int, align bool) []float64 {
	v := make([]float64, tensor.ShapeOf(shape...).Numel())
	rank := len(sizes)
	for i := range v {
		n := sizes[rank-1-i%rank]
		steps := 2*n + 2 // positions from -(n+2)/2 on
		place := float64((i*7+i/rank*3)%steps) - float64(n)/2 - 0.5
		place = math.Floor(place) + 0.25 + 0.5*float64(i%3%2)
		u := (2*place+1)/float64(n) - 1
		if align {
			u = 0.3
			if n > 1 {
				u = 2*place/float64(n-1) - 1
			}
		}
		v[i] = float64(float32(u))
	}
	return v
}

func TestGridSample(t *testing.T) {
	var cases []optest.Case
	add := func(name string, x, grid []int, cfg gridConfig) *optest.Case {
		cases = append(cases, optest.Case{Op: "tensor.gridSampleOp", Name: fmt.Sprintf("%s %v", name, cfg),
			In:   []tin{{Shape: x}, {Shape: grid, Values: gridValues(grid, x[2:], cfg.AlignCorners)}},
			F:    func(in tensors) tensors { return tensors{tensor.GridSample(in[0], in[1], cfg)} },
			Want: gridReference(cfg)})
		return &cases[len(cases)-1]
	}
	for _, mode := range []tensor.GridSampleMode{tensor.GridSampleBilinear, tensor.GridSampleNearest, tensor.GridSampleBicubic} {
		for _, padding := range []tensor.GridSamplePadding{tensor.GridSampleZeros, tensor.GridSampleBorder, tensor.GridSampleReflection} {
			for _, align := range []bool{false, true} {
				cfg := gridConfig{mode, padding, align}
				c := add("images", []int{1, 2, 3, 4}, []int{1, 2, 3, 2}, cfg)
				if mode == tensor.GridSampleBicubic {
					c.Tol = 4 // float32 positions, up to a size away, are off by 2⁻²⁴ of it; cubic weights magnify that
				}
				if mode != tensor.GridSampleBicubic {
					add("volumes", []int{1, 1, 3, 2, 3}, []int{1, 1, 2, 2, 3}, cfg)
				}
			}
		}
	}
	cfg := gridConfig{}
	add("one element", []int{1, 1, 1, 1}, []int{1, 1, 1, 2}, cfg)
	add("one element, reflected", []int{1, 1, 1, 1}, []int{1, 1, 2, 2}, gridConfig{Padding: tensor.GridSampleReflection, AlignCorners: true})
	add("batch", []int{2, 2, 3, 5}, []int{2, 2, 3, 2}, cfg)
	add("no samples", []int{0, 2, 3, 3}, []int{0, 2, 2, 2}, cfg)
	add("no channels", []int{1, 0, 3, 3}, []int{1, 2, 2, 2}, cfg)
	add("no positions", []int{1, 2, 3, 3}, []int{1, 0, 2, 2}, cfg)
	add("many channels", []int{1, 35, 2, 3}, []int{1, 1, 5, 2}, cfg)
	add("many positions", []int{1, 1, 4, 4}, []int{1, 9, 15, 2}, gridConfig{Padding: tensor.GridSampleBorder})
	optest.Run(t, cases)
}

// TestGridSampleWild checks positions that are far away or no numbers.
func TestGridSampleWild(t *testing.T) {
	x := tensor.Of([]float64{1, 2, 3, 4}, 1, 1, 2, 2)
	for _, c := range []struct {
		u       float64
		padding tensor.GridSamplePadding
		want    float64
	}{
		{inf, tensor.GridSampleZeros, 0}, {-inf, tensor.GridSampleZeros, 0}, {nan, tensor.GridSampleZeros, 0}, {1e300, tensor.GridSampleZeros, 0},
		{inf, tensor.GridSampleBorder, 4}, {-inf, tensor.GridSampleBorder, 1}, {nan, tensor.GridSampleBorder, 1}, {1e300, tensor.GridSampleBorder, 4},
		{nan, tensor.GridSampleReflection, 1}, {-inf, tensor.GridSampleReflection, 1},
	} {
		for _, mode := range []tensor.GridSampleMode{tensor.GridSampleBilinear, tensor.GridSampleNearest} {
			y := tensor.GridSample(x, tensor.Of([]float64{c.u, c.u}, 1, 1, 1, 2), gridConfig{Mode: mode, Padding: c.padding})
			wantValues(t, fmt.Sprintf("%v with padding %d", c.u, c.padding), y, c.want)
		}
		tensor.GridSample(x, tensor.Of([]float64{c.u, c.u}, 1, 1, 1, 2), gridConfig{Mode: tensor.GridSampleBicubic, Padding: c.padding}) // must not panic
	}
	// Zeros beyond the edge are not multiplied in: a NaN there would spread.
	edge := tensor.GridSample(tensor.Of([]float64{nan, 2, 3, 4}, 1, 1, 2, 2), tensor.Of([]float64{1.25, 1.25}, 1, 1, 1, 2), gridConfig{})
	wantValues(t, "beside a NaN", edge, 4*0.25*0.25)
}

func TestGridSampleBadArguments(t *testing.T) {
	x, grid := tensor.Zeros(2, 3, 4, 5), tensor.Zeros(2, 6, 7, 2)
	sample := func(x, grid *tensor.Tensor, cfg gridConfig) func() { return func() { tensor.GridSample(x, grid, cfg) } }
	refuses(t, tensor.ErrShape, "grid_sample (2, 3, 4, 5), (2, 6, 7, 3)", sample(x, tensor.Zeros(2, 6, 7, 3), gridConfig{}))
	refuses(t, tensor.ErrShape, "with a grid (N, h, w, 2)", sample(x, tensor.Zeros(1, 6, 7, 2), gridConfig{}))
	refuses(t, tensor.ErrShape, "with a grid (N, h, w, 2)", sample(x, tensor.Zeros(2, 6, 2), gridConfig{}))
	refuses(t, tensor.ErrShape, "with a grid (N, h, w, 2)", sample(tensor.Zeros(2, 3, 4), tensor.Zeros(2, 6, 1), gridConfig{}))
	refuses(t, tensor.ErrShape, "with a grid (N, h, w, 2)", sample(tensor.Zeros(2, 3, 4, 5, 6), grid, gridConfig{}))
	refuses(t, tensor.ErrShape, "sizes after C must be positive", sample(tensor.Zeros(2, 3, 0, 5), grid, gridConfig{}))
	refuses(t, tensor.ErrDType, "convert one with To", sample(x, grid.To(tensor.Float64), gridConfig{}))
	refuses(t, tensor.ErrDType, "convert with To", sample(x.To(tensor.Int64), grid.To(tensor.Int64), gridConfig{}))
	refuses(t, tensor.ErrValue, "there is no mode 3", sample(x, grid, gridConfig{Mode: 3}))
	refuses(t, tensor.ErrValue, "no padding 9", sample(x, grid, gridConfig{Padding: 9}))
	refuses(t, tensor.ErrValue, "bicubic sampling is for images", sample(tensor.Zeros(2, 1, 2, 2, 2), tensor.Zeros(2, 1, 1, 1, 3), gridConfig{Mode: tensor.GridSampleBicubic}))

	theta := tensor.Zeros(2, 2, 3)
	refuses(t, tensor.ErrShape, "theta must be (3, 2, 3)", func() { tensor.AffineGrid(theta, []int{3, 1, 2, 2}, false) })
	refuses(t, tensor.ErrShape, "theta must be (2, 3, 4)", func() { tensor.AffineGrid(theta, []int{2, 1, 2, 2, 2}, false) })
	refuses(t, tensor.ErrShape, "must be (N, C, H, W)", func() { tensor.AffineGrid(theta, []int{2, 1, 2}, false) })
	refuses(t, tensor.ErrValue, "must be positive", func() { tensor.AffineGrid(theta, []int{2, 1, 0, 2}, false) })
	refuses(t, tensor.ErrDType, "convert with To", func() { tensor.AffineGrid(theta.To(tensor.Int64), []int{2, 1, 2, 2}, false) })
}

// TestGridSampleProperty compares random shapes, options and positions with the reference.
func TestGridSampleProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rank := rapid.IntRange(2, 3).Draw(r, "rank")
		modes := []tensor.GridSampleMode{tensor.GridSampleBilinear, tensor.GridSampleNearest, tensor.GridSampleBicubic}
		cfg := gridConfig{rapid.SampledFrom(modes[:5-rank]).Draw(r, "mode"), tensor.GridSamplePadding(rapid.IntRange(0, 2).Draw(r, "padding")), rapid.Bool().Draw(r, "align")}
		x := []int{rapid.IntRange(1, 2).Draw(r, "n"), rapid.IntRange(1, 20).Draw(r, "c")}
		grid := []int{x[0]}
		for range rank {
			x, grid = append(x, rapid.IntRange(1, 5).Draw(r, "size")), append(grid, rapid.IntRange(1, 6).Draw(r, "points"))
		}
		grid = append(grid, rank)
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		in := tensors{tensor.With(tensor.Float64).Randn(g, x...), tensor.With(tensor.Float64).Randn(g, grid...).MulScalar(1.5)}
		got := tensor.GridSample(in[0], in[1], cfg).Floats()
		want := gridReference(cfg)([]optest.Array{{Shape: x, Data: in[0].Floats()}, {Shape: grid, Data: in[1].Floats()}})[0].Data
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-11 {
				r.Fatalf("element %d is %v, want %v", i, got[i], want[i])
			}
		}
	})
}
