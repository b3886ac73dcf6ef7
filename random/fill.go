package random

import "fmt"

// fill4 writes elements offset, offset+1, ... of a stream that has four elements a block; f makes them from its words.
func fill4[T any](dst []T, k Key, offset int, f func(x0, x1, x2, x3 uint32) (T, T, T, T)) {
	checkOffset(offset)
	index, skip := uint64(offset)/4, offset%4
	var t [4]T
	if skip > 0 {
		t[0], t[1], t[2], t[3] = f(block(k, index))
		dst = dst[copy(dst, t[skip:]):]
		index++
	}
	for ; len(dst) >= 4; dst, index = dst[4:], index+1 {
		dst[0], dst[1], dst[2], dst[3] = f(block(k, index))
	}
	if len(dst) > 0 {
		t[0], t[1], t[2], t[3] = f(block(k, index))
		copy(dst, t[:])
	}
}

// fill2 is fill4 for streams that have two elements a block.
func fill2[T any](dst []T, k Key, offset int, f func(a, b uint64) (T, T)) {
	checkOffset(offset)
	index := uint64(offset) / 2
	if offset%2 > 0 && len(dst) > 0 {
		_, dst[0] = f(block64(k, index))
		dst = dst[1:]
		index++
	}
	for ; len(dst) >= 2; dst, index = dst[2:], index+1 {
		dst[0], dst[1] = f(block64(k, index))
	}
	if len(dst) > 0 {
		dst[0], _ = f(block64(k, index))
	}
}

func checkOffset(offset int) {
	if offset < 0 {
		panic(fmt.Sprintf("random: offset is %d, want offset >= 0", offset))
	}
}
