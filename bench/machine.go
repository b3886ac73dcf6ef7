package bench

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Machine says what the figures were measured on.
type Machine struct {
	Meta    string  `json:"meta"` // "hadal" and its version
	CPU     string  `json:"cpu"`
	Cores   int     `json:"cores"`
	Threads int     `json:"threads"`
	Kernels string  `json:"kernels"` // the implementation in use
	Go      string  `json:"go"`
	Peak    float64 `json:"peak_gflops"` // measured float32 multiply-adds of one core; 0: not known
}

// ThisMachine measures the peak and reads the rest.
func ThisMachine() Machine {
	m := Machine{
		Meta: "hadal", CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Threads: parallel.Workers(),
		Kernels: cpu.Current(), Go: runtime.Version(), Peak: round(cpu.Peak()/1e9, 1),
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		m.Meta += " " + b.Main.Version
	}
	if name := procField("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	return m
}

// procField returns the value of the first line "name: value" of a file, "" where there is none.
func procField(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// peakMB returns the most memory that was ever resident, 0 where the system does not tell.
func peakMB() float64 {
	kb, _ := strconv.ParseFloat(strings.TrimSuffix(procField("/proc/self/status", "VmHWM"), " kB"), 64)
	return kb * 1024 / 1e6
}

// steal returns the time, in 1/100 s, that the host of a virtual machine gave to others, 0 where the system does not tell.
func steal() int64 {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	if f := strings.Fields(string(b)); len(f) > 8 {
		n, _ := strconv.ParseInt(f[8], 10, 64)
		return n
	}
	return 0
}

// pageFaults returns how many pages this process had to be given so far.
func pageFaults() int64 {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may hold anything
	if f := strings.Fields(rest); len(f) > 7 {
		n, _ := strconv.ParseInt(f[7], 10, 64) // minflt, field 10 of proc(5)
		return n
	}
	return 0
}
