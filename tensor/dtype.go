package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// DType is the element type of a tensor. The zero value is Float32, the default everywhere.
type DType uint8

// The element types. Float16 and BFloat16 are formats of memory: ops compute on them in float32 and round the result once.
const (
	Float32 DType = iota
	Float64
	BFloat16
	Float16
	Int64
	Int32
	Uint8
	Bool
	numDTypes
)

// F16 is an IEEE 754 binary16 bit pattern, the element of a Float16 tensor.
type F16 uint16

// BF16 is a bfloat16 bit pattern (the upper half of a float32), the element of a BFloat16 tensor.
type BF16 uint16

// Elem lists the Go types of tensor elements; the mapping to DType is exact.
type Elem interface {
	float32 | float64 | BF16 | F16 | int64 | int32 | uint8 | bool
}

// Float lists the element types that ops compute gradients in.
type Float interface{ float32 | float64 }

var dtypeNames = [...]string{"float32", "float64", "bfloat16", "float16", "int64", "int32", "uint8", "bool"}
var dtypeSizes = [...]int{4, 8, 2, 2, 8, 4, 1, 1}

// String returns PyTorch's name of the type.
func (d DType) String() string {
	if d >= numDTypes {
		return "invalid dtype"
	}
	return dtypeNames[d]
}

// ParseDType returns the type named as PyTorch does; ok is false for an unknown name.
func ParseDType(name string) (d DType, ok bool) {
	for i, n := range dtypeNames {
		if n == name {
			return DType(i), true
		}
	}
	return 0, false
}

// Size returns the bytes of one element.
func (d DType) Size() int { return dtypeSizes[d] }

// IsFloat reports whether d is a floating-point type.
func (d DType) IsFloat() bool { return d <= Float16 }

// computes reports whether d is a float type that kernels compute in; ops on the others go through float32.
func (d DType) computes() bool { return d <= Float64 }

// DTypeOf returns the dtype of a Go element type.
func DTypeOf[T Elem]() DType {
	var z T
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case BF16:
		return BFloat16
	case F16:
		return Float16
	case int64:
		return Int64
	case int32:
		return Int32
	case uint8:
		return Uint8
	}
	return Bool
}

// Promote returns the type in which values of a and b are combined, by PyTorch's rule for tensors with dimensions: bool < uint8
// < int32 < int64 < float16, bfloat16 < float32 < float64, and float16 with bfloat16 gives float32. Tensors without dimensions
// count the same (PyTorch lets them give way); numbers, as in AddScalar, keep the tensor's type where it can hold the result.
func Promote(a, b DType) DType {
	if a == b {
		return a
	}
	if a+b == Float16+BFloat16 && a != b && a.IsFloat() && b.IsFloat() && !a.computes() && !b.computes() {
		return Float32
	}
	rank := func(d DType) int { return [...]int{6, 7, 5, 4, 3, 2, 1, 0}[d] }
	if rank(a) > rank(b) {
		return a
	}
	return b
}

// BF16FromFloat32 rounds to nearest even; a NaN stays a NaN.
func BF16FromFloat32(f float32) BF16 { return BF16(cpu.BFloat16.FromFloat32(f)) }

// Float32 returns the value, exactly.
func (h BF16) Float32() float32 { return cpu.BFloat16.Float32(uint16(h)) }

// F16FromFloat32 rounds to nearest even; values beyond 65504 become infinite, as IEEE 754 asks, and a NaN stays a NaN.
func F16FromFloat32(f float32) F16 { return F16(cpu.Float16.FromFloat32(f)) }

// Float32 returns the value, exactly.
func (h F16) Float32() float32 { return cpu.Float16.Float32(uint16(h)) }
