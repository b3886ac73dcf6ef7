//go:build (!amd64 && !arm64) || noasm

package parallel

// pause does nothing where there is no assembly: a spin loop then costs more power, no correctness.
func pause() {}
