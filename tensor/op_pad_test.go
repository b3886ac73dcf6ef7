package tensor_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// padded lists the positions of an axis of size n after padding, -1 for the constant: the definition, written by hand.
func padded(mode tensor.PadMode, n, before, after int) (from []int) {
	for i := before; i > 0; i-- {
		switch mode {
		case tensor.PadConstant:
			from = append(from, -1)
		case tensor.PadReflect: // ... 3 2 1 | 0 1 2 3
			from = append(from, i)
		case tensor.PadReplicate:
			from = append(from, 0)
		case tensor.PadCircular: // ... n-2 n-1 | 0 1 2
			from = append(from, n-i)
		}
	}
	for i := max(0, -before); i < n-max(0, -after); i++ {
		from = append(from, i)
	}
	for i := range max(0, after) {
		switch mode {
		case tensor.PadConstant:
			from = append(from, -1)
		case tensor.PadReflect:
			from = append(from, n-2-i)
		case tensor.PadReplicate:
			from = append(from, n-1)
		case tensor.PadCircular:
			from = append(from, i)
		}
	}
	return from
}

func TestPad(t *testing.T) {
	var cases []optest.Case
	add := func(name string, mode tensor.PadMode, value float64, shape []int, pairs ...int) {
		op := "tensor.indexSelectOp"
		if mode == tensor.PadConstant {
			op = "tensor.padOp"
		}
		cases = append(cases, optest.Case{Op: op, Name: mode.String() + " " + name, In: of(shape), Ints: value == math.Trunc(value) && value >= 0,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Pad(mode, value, pairs...) }),
			Want: func(in []optest.Array) []optest.Array {
				var sizes []int
				var from [][]int
				for i, n := range shape {
					before, after := 0, 0
					if k := 2 * (len(shape) - 1 - i); k < len(pairs) {
						before, after = pairs[k], pairs[k+1]
					}
					from = append(from, padded(mode, n, before, after))
					sizes = append(sizes, len(from[i]))
				}
				return []optest.Array{optest.Build(sizes, func(at []int) float64 {
					src := make([]int, len(at))
					for i, p := range at {
						if src[i] = from[i][p]; src[i] < 0 {
							return value
						}
					}
					return in[0].At(src...)
				})}
			}})
	}
	for _, mode := range []tensor.PadMode{tensor.PadConstant, tensor.PadReflect, tensor.PadReplicate, tensor.PadCircular} {
		add("vector", mode, 0, []int{4}, 2, 1)
		add("before", mode, 0, []int{3}, 2, 0)
		add("after", mode, 0, []int{2, 3}, 0, 2)
		add("image", mode, 0, []int{1, 2, 3, 4}, 1, 2, 2, 1)
		add("as much as there may be", mode, 0, []int{5}, 4, 4)
		add("first of three dimensions", mode, 0, []int{3, 2, 2}, 0, 0, 0, 0, 1, 2)
		add("empty rows", mode, 0, []int{0, 3}, 1, 1)
		add("eight dimensions", mode, 0, []int{1, 2, 1, 1, 3, 1, 2, 2}, 1, 1, 0, 0, 0, 0, 2, 1)
		if mode != tensor.PadReflect {
			add("one element", mode, 0, []int{1}, 1, 1)
		}
		if mode != tensor.PadCircular {
			add("tiles", mode, 0, []int{40, 70}, 3, 3, 3, 3)
		}
	}
	add("value", tensor.PadConstant, 7, []int{2, 3}, 1, 1, 1, 1)
	add("fraction", tensor.PadConstant, -0.5, []int{2, 3}, 1, 0, 0, 1)
	add("of nothing", tensor.PadConstant, 3, []int{0, 2}, 0, 0, 1, 2)
	add("crop and pad", tensor.PadConstant, 3, []int{5, 4}, -1, 2, 1, -2)
	optest.Run(t, cases)

	x := tensor.Of([]float32{1, 2, 3, 4})
	wantFloats(t, "cropped", x.Pad(tensor.PadConstant, 0, -1, -2), 2)
	wantFloats(t, "padded with -Inf", x.Pad(tensor.PadConstant, -inf, 1, 0), -inf, 1, 2, 3, 4)
	wantFloats(t, "padded with NaN", x.Pad(tensor.PadConstant, nan, 0, 1), 1, 2, 3, 4, nan)
	wantFloats(t, "cropped to nothing", x.Pad(tensor.PadConstant, 0, -2, -2))
	wantFloats(t, "larger than the input, replicated", x.Pad(tensor.PadReplicate, 0, 6, 0), 1, 1, 1, 1, 1, 1, 1, 2, 3, 4)
	wantFloats(t, "a whole round", x.Pad(tensor.PadCircular, 0, 4, 4), 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4)
	if x.Pad(tensor.PadReflect, 0) != x || x.Pad(tensor.PadConstant, 9, 0, 0) != x {
		t.Error("padding by nothing makes another tensor")
	}
	for d := tensor.Float32; d <= tensor.Bool; d++ {
		y := tensor.With(d).Zeros(1).Pad(tensor.PadConstant, 1, 1, 1)
		if y.DType() != d {
			t.Errorf("%v padded is %v", d, y.DType())
		}
		wantFloats(t, d.String()+" padded", y, 1, 0, 1)
	}
}

func TestRoll(t *testing.T) {
	roll := func(name string, shape []int, axis, n int) optest.Case {
		at := (axis + len(shape)) % len(shape)
		return optest.Case{Op: "tensor.concatOp", Name: "roll " + name, In: of(shape), Ints: true,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Roll(axis, n) }),
			Want: func(in []optest.Array) []optest.Array {
				y := optest.Build(shape, func([]int) float64 { return 0 })
				optest.Each(shape, func(i []int) {
					to := append([]int{}, i...)
					if to[at] += n % shape[at]; to[at] < 0 {
						to[at] += shape[at]
					} else if to[at] >= shape[at] {
						to[at] -= shape[at]
					}
					y.Data[y.Offset(to...)] = in[0].At(i...)
				})
				return []optest.Array{y}
			}}
	}
	optest.Run(t, []optest.Case{
		roll("vector", []int{5}, 0, 2),
		roll("back", []int{5}, 0, -1),
		roll("several rounds", []int{2, 3}, -1, 7),
		roll("several rounds back", []int{3, 2}, 0, -10),
	})
	x, empty := tensor.Ones(3), tensor.Ones(0, 2)
	if x.Roll(0, 0) != x || x.Roll(0, -6) != x || empty.Roll(0, 1) != empty {
		t.Error("rolling back to the start makes another tensor")
	}
	rejects(t, tensor.ErrAxis, "roll", "axis 1 is out of range", func() { x.Roll(1, 1) })
}

func TestPadRefuses(t *testing.T) {
	x, odd := tensor.Ones(2, 3), make([]int, 3)
	rejects(t, tensor.ErrShape, "pad", "3 numbers are not pairs", func() { x.Pad(tensor.PadConstant, 0, odd...) })
	rejects(t, tensor.ErrShape, "pad", "for at most 2 dimensions", func() { x.Pad(tensor.PadConstant, 0, 1, 1, 1, 1, 1, 1) })
	rejects(t, tensor.ErrShape, "pad", "reflect padding of 3 and 0 needs more than the 3 elements of axis 1", func() { x.Pad(tensor.PadReflect, 0, 3, 0) })
	rejects(t, tensor.ErrShape, "pad", "circular padding of 0 and 4 needs more than the 3 elements of axis 1", func() { x.Pad(tensor.PadCircular, 0, 0, 4) })
	rejects(t, tensor.ErrShape, "pad", "replicate padding of 1 and 0 needs more than the 0 elements of axis 0", func() { tensor.Ones(0).Pad(tensor.PadReplicate, 0, 1, 0) })
	rejects(t, tensor.ErrShape, "pad", "cropping 1 and 3 takes more than the 3 elements of axis 1", func() { x.Pad(tensor.PadConstant, 0, -1, -3) })
	rejects(t, tensor.ErrShape, "pad", "cropping 0 and 4 takes more", func() { x.Pad(tensor.PadConstant, 0, 2, -4) })
	rejects(t, tensor.ErrValue, "pad", "0.5 does not fit int64; convert with To(tensor.Float32)", func() { x.To(tensor.Int64).Pad(tensor.PadConstant, 0.5, 1, 1) })
	rejects(t, tensor.ErrValue, "pad", "NaN does not fit uint8", func() { x.To(tensor.Uint8).Pad(tensor.PadConstant, nan, 1, 1) })
	rejects(t, tensor.ErrValue, "pad", "300 does not fit uint8", func() { x.To(tensor.Uint8).Pad(tensor.PadConstant, 300, 1, 1) })
	rejects(t, tensor.ErrValue, "pad", "there is no mode PadMode(9)", func() { x.Pad(9, 0, 1, 1) })
	rejects(t, tensor.ErrShape, "shape", "larger than", func() { x.Pad(tensor.PadConstant, 0, math.MaxInt32, 0) })
	if s := tensor.PadMode(4).String(); !strings.Contains(s, "4") {
		t.Errorf("the fifth mode is called %q", s)
	}
}
