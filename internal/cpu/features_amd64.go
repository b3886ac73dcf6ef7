//go:build amd64 && !noasm

package cpu

import "golang.org/x/sys/cpu"

// supported lists the implementations that this processor and operating system run, best first.
func supported() []Impl {
	x := &cpu.X86
	var list []Impl
	v2 := x.HasAVX2 && x.HasFMA && x.HasBMI2
	if v2 && x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL {
		if x.HasAVX512BF16 {
			list = append(list, implAVX512BF16)
		}
		list = append(list, implAVX512)
	}
	if v2 {
		list = append(list, implAVX2)
	}
	return append(list, implGo)
}
