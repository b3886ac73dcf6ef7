package tensor

import (
	"encoding/binary"
	"runtime"
	"unsafe"
)

var hostLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Bytes returns a copy of the elements in row-major order as little-endian bytes, the form of file formats; bools are 0
// and 1.
func (t *Tensor) Bytes() []byte {
	if t.dev == Meta {
		Fail("bytes", ErrDevice, []Shape{t.shape}, "a meta tensor has no data")
	}
	t = t.Detach().Contiguous()
	b := make([]byte, t.Numel()*t.dtype.Size())
	if len(b) > 0 {
		copy(b, unsafe.Slice((*byte)(t.force("bytes")), len(b)))
	}
	runtime.KeepAlive(t)
	swap(b, t.dtype.Size())
	return b
}

// FromBytes returns a tensor from its elements as little-endian bytes in row-major order. Any byte but 0 is true. It
// panics with ErrShape when the bytes do not fill the shape.
func FromBytes(b []byte, d DType, s Shape) *Tensor {
	if len(b) != s.Numel()*d.Size() {
		Fail("from_bytes", ErrShape, []Shape{s}, "%d bytes do not fill the shape, which holds %d of %v", len(b), s.Numel()*d.Size(), d)
	}
	t := newTensor(Spec{s, d, CPU}, nil)
	if len(b) > 0 {
		dst := unsafe.Slice((*byte)(t.force("from_bytes")), len(b))
		copy(dst, b)
		swap(dst, d.Size())
		if d == Bool {
			for i, v := range dst {
				if v > 1 {
					dst[i] = 1 // other bytes are no Go bools
				}
			}
		}
	}
	runtime.KeepAlive(t)
	return t
}

// swap exchanges the bytes of each element on a big-endian machine.
func swap(b []byte, size int) {
	if hostLittleEndian || size == 1 {
		return
	}
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}
