//go:build (!amd64 && !arm64) || noasm

package cpu

// Peak measures the float32 rate of multiply-adds on registers, in FLOP/s. It is 0 for portable Go.
func Peak() float64 { return 0 }
