package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// layout is an operand of the shape dims whose element at an index can be told from all others.
func layout(g *rand.Rand, dims []int, kind int) Operand[float32] {
	perm := g.Perm(len(dims))
	var o Operand[float32]
	n := 1
	switch kind {
	case 0: // contiguous
		for i := len(dims) - 1; i >= 0; i-- {
			o.Strides[i] = n
			n *= dims[i]
		}
	case 1: // dimensions in another order
		for _, i := range perm {
			o.Strides[i] = n
			n *= dims[i]
		}
	case 2: // the same with gaps
		n = 2
		for _, i := range perm {
			o.Strides[i] = n
			n *= dims[i] + 1
		}
	case 3: // some broadcast
		for _, i := range perm {
			if g.IntN(2) == 0 {
				o.Strides[i] = n
				n *= dims[i]
			}
		}
	case 4: // a single element
	}
	o.Data = make([]float32, n)
	for i := range o.Data {
		o.Data[i] = float32(i%4099 + 1)
	}
	return o
}

// elementAt is the element of o at the i-th place of dims in row-major order.
func elementAt[T any](o Operand[T], dims []int, i int) T {
	off := 0
	for k := len(dims) - 1; k >= 0; k-- {
		off += i % dims[k] * o.Strides[k]
		i /= dims[k]
	}
	return o.Data[off]
}

var testDims = [][]int{{}, {1}, {7}, {1025}, {3, 5}, {1, 1, 4}, {40, 70}, {33, 64}, {32, 32}, {9, 8}, {2, 33, 65}, {37, 2, 35}, {3, 4, 5, 6}, {2, 3, 2, 3, 2, 3, 2, 3}, {130, 300}}

// TestMapLayouts compares elementwise loops and copies over all combinations of layouts with single elements.
func TestMapLayouts(t *testing.T) {
	g := rand.New(rand.NewPCG(3, 4))
	for _, dims := range testDims {
		n := 1
		for _, d := range dims {
			n *= d
		}
		dst, want := make([]float32, n+1), make([]float32, n)
		dst[n] = -77 // a guard
		for kind := range 5 * 5 {
			a, b := layout(g, dims, kind/5), layout(g, dims, kind%5)
			name := fmt.Sprint(dims, " ", a.Strides[:len(dims)], " ", b.Strides[:len(dims)])
			check := func(what string, f func(x, y float32) float32) {
				t.Helper()
				for i := range want {
					want[i] = f(elementAt(a, dims, i), elementAt(b, dims, i))
					if dst[i] != want[i] {
						t.Fatalf("%s %s: element %d is %v, want %v", what, name, i, dst[i], want[i])
					}
				}
				if dst[n] != -77 {
					t.Fatalf("%s %s: wrote behind the result", what, name)
				}
			}
			Map(Pointwise{Code: Sub}, dims, dst[:n], a, b)
			check("sub", func(x, y float32) float32 { return x - y })
			Map(Pointwise{Code: MaxGrad}, dims, dst[:n], a, b, a)
			check("three inputs", func(x, y float32) float32 {
				return map[bool]float32{true: x, false: 0}[y > x] + map[bool]float32{true: x / 2, false: 0}[y == x]
			})
			Pack(dims, dst[:n], a)
			check("pack", func(x, _ float32) float32 { return x })
			less, cond := make([]bool, n), Operand[bool]{Strides: a.Strides, Data: make([]bool, len(a.Data))}
			for i, v := range a.Data {
				cond.Data[i] = int(v)%3 == 0
			}
			Compare(Lt, dims, less, a, b)
			for i, l := range less {
				if l != (elementAt(a, dims, i) < elementAt(b, dims, i)) {
					t.Fatalf("compare %s: element %d", name, i)
				}
			}
			u, v := bitsOf(a), bitsOf(b)
			out := make([]uint32, n)
			Select(dims, out, cond, u, v)
			for i, got := range out {
				w := elementAt(v, dims, i)
				if elementAt(cond, dims, i) {
					w = elementAt(u, dims, i)
				}
				if got != w {
					t.Fatalf("select %s: element %d is %v, want %v", name, i, got, w)
				}
			}
		}
	}
}

func bitsOf(o Operand[float32]) Operand[uint32] {
	r := Operand[uint32]{Strides: o.Strides, Data: make([]uint32, len(o.Data))}
	for i, v := range o.Data {
		r.Data[i] = uint32(v)
	}
	return r
}

// TestPackSizes covers the transpose of every element size that tensors have.
func TestPackSizes(t *testing.T) {
	testPack[uint8](t)
	testPack[uint16](t)
	testPack[uint64](t)
}

func testPack[T uint8 | uint16 | uint64](t *testing.T) {
	dims := []int{67, 2, 101}
	o := Operand[T]{Data: make([]T, 67*2*101), Strides: [8]int{1, 67 * 101, 67}}
	for i := range o.Data {
		o.Data[i] = T(i)
	}
	dst := make([]T, len(o.Data))
	Pack(dims, dst, o)
	for i, v := range dst {
		if v != elementAt(o, dims, i) {
			t.Fatalf("%T: element %d is %v, want %v", v, i, v, elementAt(o, dims, i))
		}
	}
}

// TestMapWorkers checks that chunks taken by several workers give the bits of one.
func TestMapWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	const rows, cols = 211, 997
	x := normals(rows*cols, false)
	a, b := Operand[float32]{Data: x, Strides: [8]int{1, rows}}, Operand[float32]{Data: x, Strides: [8]int{0, 1}}
	one, many := make([]float32, rows*cols), make([]float32, rows*cols)
	for _, p := range []Pointwise{{Code: Mul}, {Code: Atan2}} {
		parallel.SetWorkers(1)
		Map(p, []int{rows, cols}, one, a, b)
		parallel.SetWorkers(4)
		Map(p, []int{rows, cols}, many, a, b)
		for i, v := range one {
			if many[i] != v {
				t.Fatalf("code %d: element %d is %v with 4 workers, %v with 1", p.Code, i, many[i], v)
			}
		}
	}
}

func TestMapUnknown(t *testing.T) {
	x := make([]int64, 3)
	if Map(Pointwise{Code: Exp}, []int{3}, x, Operand[int64]{Data: x, Strides: [8]int{1}}) || MapFlat(Pointwise{Code: Invalid}, x, x, nil, nil) {
		t.Error("a code without a kernel was run")
	}
	for c := Invalid + 1; c < numCodes; c++ {
		logic := And <= c && c <= Not
		if c != firstCostly && !logic && (kernelOf[float32](c) == nil || kernelOf[float64](c) == nil) {
			t.Errorf("code %d has no loop for floats", c)
		}
		if logic && kernelOf[uint8](c) == nil {
			t.Errorf("code %d has no loop for bools", c)
		}
	}
}

// TestSmallAllocates checks that loops which stay on the caller allocate nothing.
func TestSmallAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	x, y, d := make([]float32, 6), make([]float32, 6), make([]float32, 6)
	m := make([]bool, 6)
	dims := []int{2, 3}
	flat, turned, row := Operand[float32]{x, [8]int{3, 1}}, Operand[float32]{y, [8]int{1, 2}}, Operand[float32]{y, [8]int{0, 1}}
	for name, f := range map[string]func(){
		"flat":      func() { MapFlat(Pointwise{Code: GELU}, d, x, nil, nil) },
		"strided":   func() { Map(Pointwise{Code: Add}, dims, d, flat, turned) },
		"broadcast": func() { Map(Pointwise{Code: MaxGrad}, dims, d, flat, row, turned) },
		"compare":   func() { Compare(Lt, dims, m, flat, turned) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
