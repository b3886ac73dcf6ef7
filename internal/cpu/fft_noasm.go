//go:build !amd64 || noasm

package cpu

func (p *fftPass[T]) vector(Impl, []Complex[T], []Complex[T], int, bool) bool { return false }

func mirrorVectors[T float32 | float64](Impl, []Complex[T], []Complex[T], []Complex[T], int, T) int {
	return 0
}
