//go:build !amd64 || noasm

package cpu

func vectorsOf(Impl) *vectorKernels { return nil }

func fence() {}

func vectorPointwise() (k kernels[float32]) { return k }
