//go:build linux || darwin

package cpu

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// fenced returns n elements whose last one ends a page, or whose first one begins it, next to a page that may not be
// touched: a kernel that reads or writes further crashes.
func fenced[T Float](t *testing.T, n int, atEnd bool) []T {
	page := syscall.Getpagesize()
	size := n * int(unsafe.Sizeof(T(0)))
	inner := (size + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(m) })
	for _, fence := range [][]byte{m[:page], m[inner+page:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	data := m[page : page+size]
	if atEnd {
		data = m[page+inner-size : page+inner]
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), n)
}

// No kernel touches memory outside the slices, packed or not.
func TestGemmStaysInsideSlices(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for i, s := range [][3]int{{1, 1, 1}, {3, 5, 7}, {6, 9, 33}, {15, 17, 9}, {7, 37, 64}, {1, 139, 21}, {29, 1, 19}, {4, 50, 37}, {50, 4, 37}, {20, 70, 40}} {
			eachTranspose(func(ta, tb bool) {
				g := shape(s[0], s[1], s[2], ta, tb)
				g.acc = i%2 == 0
				for _, atEnd := range []bool{false, true} {
					stayInside[float32](t, g, atEnd)
					stayInside[float64](t, g, atEnd)
				}
			})
		}
	})
}

func stayInside[T Float](t *testing.T, g gemmCase, atEnd bool) {
	r := rand.New(rand.NewPCG(1, 1))
	a, b := fenced[T](t, g.m*g.k, atEnd), fenced[T](t, g.k*g.n, atEnd)
	c, row, col := fenced[T](t, g.m*g.n, atEnd), fenced[T](t, g.m, atEnd), fenced[T](t, g.n, atEnd)
	for _, x := range [][]T{a, b, c, row, col} {
		copy(x, operand[T](r, len(x), false))
	}
	ep := Epilogue[T]{Accumulate: g.acc, RowBias: row, ColBias: col}
	call(g, a, b, c, ep)
	forcePack(func() { call(g, a, b, c, ep) })
}

// fencedHalves is fenced for halves.
func fencedHalves(t *testing.T, n int, atEnd bool) []uint16 {
	m := fenced[float32](t, (n+1)/2, atEnd)
	h := unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(m))), 2*len(m))
	if atEnd {
		return h[len(h)-n:]
	}
	return h[:n:n]
}

func TestGemmHalfStaysInsideSlices(t *testing.T) {
	eachProductImpl(t, func(t *testing.T) {
		for i, s := range [][3]int{{1, 1, 1}, {3, 5, 7}, {6, 9, 34}, {15, 17, 10}, {7, 37, 64}, {1, 139, 22}, {29, 1, 18}, {4, 50, 38}, {50, 4, 37}, {20, 70, 40}, {30, 600, 20}} {
			eachTranspose(func(ta, tb bool) {
				g := shape(s[0], s[1], s[2], ta, tb)
				for _, atEnd := range []bool{false, true} {
					r := rand.New(rand.NewPCG(1, 1))
					a, b, c := fencedHalves(t, g.m*g.k, atEnd), fencedHalves(t, g.k*g.n, atEnd), fenced[float32](t, g.m*g.n, atEnd)
					copy(a, halfOperand(r, BFloat16, len(a), false))
					copy(b, halfOperand(r, BFloat16, len(b), false))
					for _, h := range halfFormats {
						GemmHalf(h.Half, 1, g.m, g.n, g.k, a, 0, g.ars, g.acs, b, 0, g.brs, g.bcs, c, 0, g.n, Epilogue[float32]{Accumulate: i%2 == 0})
					}
					forcePack(func() {
						GemmHalf(BFloat16, 1, g.m, g.n, g.k, a, 0, g.ars, g.acs, b, 0, g.brs, g.bcs, c, 0, g.n, Epilogue[float32]{})
					})
				}
			})
		}
	})
}

// The kernel touches nothing around its operands.
func TestAddRowsStaysInside(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, atEnd := range []bool{false, true} {
			for _, rows := range []int{1, 4, 6} {
				for n := range 18 {
					AddRows(fenced[float64](t, n, atEnd), fenced[float32](t, (rows-1)*(n+3)+n, atEnd), rows, n+3)
				}
			}
		}
	})
}
