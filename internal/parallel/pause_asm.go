//go:build (amd64 || arm64) && !noasm

package parallel

// pause is one PAUSE (amd64) or ISB (arm64): it tells the core that this is a spin loop, for 10 to 140 cycles.
func pause()
