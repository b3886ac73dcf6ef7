//go:build (!amd64 && !arm64) || noasm

package cpu

func supported() []Impl { return []Impl{implGo} }
