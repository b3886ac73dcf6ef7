package optim

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/tensor"
)

// tile is the number of elements that go through the several loops of a step at a time, so that they stay in the cache. The square
// roots and quotients are those of cpu.DivRoot, in assembly where there is one.
const tile = 1 << 10

// scratch is room for what a step computes on the way.
type scratch[T tensor.Float] struct{ a, b, c, d [tile]T }

var (
	scratch32 = sync.Pool{New: func() any { return new(scratch[float32]) }}
	scratch64 = sync.Pool{New: func() any { return new(scratch[float64]) }}
)

func scratches[T tensor.Float]() *sync.Pool {
	if unsafe.Sizeof(T(0)) == 4 {
		return &scratch32
	}
	return &scratch64
}

// inTiles calls f for one tile of a parameter after another, with the same part of the gradient and of the slots. What a scratch holds at
// first is undefined.
func inTiles[T tensor.Float](p, grad []T, s slots[T], f func(p, grad []T, s slots[T], x *scratch[T])) {
	pool := scratches[T]()
	x := pool.Get().(*scratch[T])
	defer pool.Put(x)
	for lo := 0; lo < len(p); lo += tile {
		hi := min(len(p), lo+tile)
		part := s
		for i := range part {
			if part[i] != nil {
				part[i] = part[i][lo:hi]
			}
		}
		f(p[lo:hi], grad[lo:hi], part, x)
	}
}
