//go:build arm64 && !noasm

package cpu

// supported lists the implementations that this processor runs, best first. Every processor that Go's arm64 is for has NEON.
func supported() []Impl { return []Impl{implNEON, implGo} }
