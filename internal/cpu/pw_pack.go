package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Pack copies a strided operand into row-major order.
func Pack[T any](dims []int, dst []T, x Operand[T]) {
	var l loader[T]
	l.init(&x, dims)
	switch p := l.transposed(); {
	case len(dst) == 0:
	case l.flat && len(dst) <= grainCheap:
		copy(dst, l.data)
	case l.flat:
		parallel.For(len(dst), grainCheap, func(lo, hi int) { copy(dst[lo:hi], l.data[lo:hi]) })
	case p >= 0:
		l.transpose(dst, p)
	default:
		parallel.For(len(dst), grainCheap, func(lo, hi int) { l.gather(dst[lo:hi], lo) })
	}
}

// side is the side of the square blocks that a transpose moves. A block passes through a buffer, so that every cache line
// of the source and of the result is touched once, however the lines of a power-of-two stride collide in the cache.
const side = 32

// transposed returns the dimension whose neighbours are adjacent in memory when that is not the last one and both are long
// enough for blocks, else -1.
func (l *loader[T]) transposed() int {
	last := l.rank - 1
	if last < 1 || l.stride[last] <= 1 || l.dim[last] < 8 {
		return -1
	}
	for p, st := range l.stride[:last] {
		if st == 1 && l.dim[p] >= 8 {
			return p
		}
	}
	return -1
}

// transpose copies all elements to dst, dimension p and the last one exchanging their order in blocks.
func (l *loader[T]) transpose(dst []T, p int) {
	last := l.rank - 1
	rows, cols := l.dim[p], l.dim[last] // of the result
	rowStride := 1                      // of the result
	for _, d := range l.dim[p+1 : l.rank] {
		rowStride *= d
	}
	strips := (rows + side - 1) / side
	outer := len(dst) / (rows * cols)
	var k *vectorKernels
	if unsafe.Sizeof(*new(T)) == 4 {
		k = vectors[float32]()
	}
	parallel.For(outer*strips, max(1, grainCheap/(side*cols)), func(lo, hi int) {
		var buf [side * side]T
		for t := lo; t < hi; t++ {
			// The place of the strip's first element in the source and in the result.
			from, to := t%strips*side, t%strips*side*rowStride
			rest, step := t/strips, cols
			for i := last - 1; i >= 0; i-- {
				if i != p {
					j := rest % l.dim[i]
					rest /= l.dim[i]
					from += j * l.stride[i]
					to += j * step
				}
				step *= l.dim[i]
			}
			h := min(side, rows-t%strips*side)
			for c := 0; c < cols; c += side {
				w := min(side, cols-c)
				src, st := l.data[from+c*l.stride[last]:], l.stride[last]
				j := 0
				if k != nil && k.turn != nil && h == side && w == side {
					k.turn(as32(buf[:]), as32(src[:(side-1)*st+side]), st)
					j = side
				}
				for ; j+4 <= w; j += 4 {
					turn(&buf, j, src[j*st:][:h], src[(j+1)*st:][:h], src[(j+2)*st:][:h], src[(j+3)*st:][:h])
				}
				for ; j < w; j++ {
					for i, v := range src[j*st:][:h] {
						buf[i*side+j] = v
					}
				}
				for i := range h {
					d := dst[to+i*rowStride+c:]
					if w == side { // a fixed size is copied without a call
						*(*[side]T)(d) = *(*[side]T)(buf[i*side:])
					} else {
						copy(d[:w], buf[i*side:])
					}
				}
			}
		}
	})
}

// turn writes four rows to columns j to j+3 of a block; j is a multiple of 4. Inlined, its loop would run out of registers.
//
//go:noinline
func turn[T any](block *[side * side]T, j int, r0, r1, r2, r3 []T) {
	r1, r2, r3 = r1[:len(r0)], r2[:len(r0)], r3[:len(r0)]
	for i, v := range r0 {
		o := (i*side + j) & (side*side - 4) // the mask only shows that there is room
		block[o], block[o+1], block[o+2], block[o+3] = v, r1[i], r2[i], r3[i]
	}
}

// Place copies x to the elements of y that y's strides walk; they must be distinct.
func Place[T any](dims []int, y, x Operand[T]) {
	outer, inner := 1, 1
	for i, d := range dims {
		if i == len(dims)-1 {
			inner = d
		} else {
			outer *= d
		}
	}
	if outer == 0 || inner == 0 {
		return
	}
	var ay, ax axes
	last := len(dims) - 1
	sy, sx := 1, 1
	for i, d := range dims {
		if i == last {
			sy, sx = y.Strides[i], x.Strides[i]
			break
		}
		ay.add(d, y.Strides[i])
		ax.add(d, x.Strides[i])
	}
	parallel.For(outer, max(1, grainCheap/inner), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			d, s := y.Data[ay.offset(r):], x.Data[ax.offset(r):]
			if sy == 1 && sx == 1 {
				copy(d[:inner], s[:inner])
				continue
			}
			for i := range inner {
				d[i*sy] = s[i*sx]
			}
		}
	})
}
