//go:build (amd64 || arm64) && !noasm

package cpu

import "unsafe"

// f32 and f64 see through a type parameter: the caller knows which of the two it is.
func f32[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }
func f64[T Float](x []T) *float64 { return (*float64)(unsafe.Pointer(unsafe.SliceData(x))) }

func isF32[T Float]() bool { return unsafe.Sizeof(T(0)) == 4 }
