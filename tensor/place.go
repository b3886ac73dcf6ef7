package tensor

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/cpu"
)

// placeKernel fills results piece by piece: Zero clears a contiguous view, Place copies x to the elements that y's strides
// walk from an offset on.
type placeKernel interface {
	Zero(y View)
	Place(y View, at int, x View)
}

func (cpuDevice) Zero(y View) {
	clear(unsafe.Slice((*byte)(y.ptr), y.Shape.Numel()*y.DType.Size()))
}

func (cpuDevice) Place(y View, at int, x View) {
	if x.Shape.Numel() == 0 {
		return
	}
	y.ptr = unsafe.Add(y.ptr, at*y.DType.Size())
	dims := x.Shape.Dims()
	switch y.DType.Size() {
	case 1:
		cpu.Place(dims, operand[uint8](y), operand[uint8](x))
	case 2:
		cpu.Place(dims, operand[uint16](y), operand[uint16](x))
	case 4:
		cpu.Place(dims, operand[uint32](y), operand[uint32](x))
	case 8:
		cpu.Place(dims, operand[uint64](y), operand[uint64](x))
	}
}
