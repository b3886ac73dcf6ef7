//go:build !amd64 || noasm

package cpu

func widenVectors(Half, []float32, []uint16, bool) int { return 0 }

func dotHalves(Impl, Half, int) bool { return false }

func dotRowsHalf(Impl, Half, []float32, []uint16, int, int, int, *[dotGroup]float32) {}

func roundVectors(Half, []uint16, []float32) int { return 0 }

func pairVectors([]float32, []uint16, []uint16) int { return 0 }
