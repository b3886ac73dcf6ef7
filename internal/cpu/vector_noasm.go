//go:build (!amd64 && !arm64) || noasm

package cpu

func vectorsOf(Impl) *vectorKernels { return nil }

func fence() {}

func vectorPointwise(bool) (k kernels[float32]) { return k }

func aligned([]float32) bool { return false }
