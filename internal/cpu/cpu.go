package cpu

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// Impl is one set of kernels. Results are equal bit for bit within one, not from one to another.
type Impl uint32

const (
	implGo Impl = iota
	implAVX2
	implAVX512
	implNEON
	implAVX512BF16
	implGoBF16
)

// String returns the name that Use and HADAL_CPU take: "avx512" (AVX-512 F, DQ, BW and VL), "avx2" (AVX2 and FMA), "neon"
// (arm64) or "go" (portable; the only one with the build tag noasm). "avx512bf16" is "avx512" with products of bfloat16 by
// AVX512_BF16. "go-bf16" is "go" with such products as that instruction computes them: slow, for tests, and not among Impls.
func (i Impl) String() string {
	return [...]string{"go", "avx2", "avx512", "neon", "avx512bf16", "go-bf16"}[i]
}

var (
	impls   = supported()
	current atomic.Uint32
	envErr  error
)

func init() {
	current.Store(uint32(impls[0]))
	if name := os.Getenv("HADAL_CPU"); name != "" {
		if err := Use(name); err != nil {
			envErr = fmt.Errorf("HADAL_CPU: %w", err)
		}
	}
}

// Impls returns the implementations that this processor and build can run, best first.
func Impls() []Impl { return append([]Impl(nil), impls...) }

// Current returns the name of the implementation in use: the best one, or what HADAL_CPU or Use chose.
func Current() string { return productsInUse().String() }

// inUse returns whose kernels to run, and productsInUse whose for products of bfloat16.
func inUse() Impl {
	switch i := productsInUse(); i {
	case implAVX512BF16:
		return implAVX512
	case implGoBF16:
		return implGo
	default:
		return i
	}
}

func productsInUse() Impl { return Impl(current.Load()) }

// portable says that the products' kernels are Go.
func (i Impl) portable() bool { return i == implGo || i == implGoBF16 }

// pairs says that products of bfloat16 take pairs of terms.
func (i Impl) pairs() bool { return i == implAVX512BF16 || i == implGoBF16 }

// Use chooses the implementation for kernels that start later. It returns an error, and changes nothing, when this processor
// or build has none of that name.
func Use(name string) error {
	var names []string
	if name == implGoBF16.String() {
		current.Store(uint32(implGoBF16))
		return nil
	}
	for _, i := range impls {
		if i.String() == name {
			current.Store(uint32(i))
			return nil
		}
		names = append(names, i.String())
	}
	return fmt.Errorf("no kernels %q on this processor and build; it has %s", name, strings.Join(names, ", "))
}

// EnvError returns what was wrong with the environment variable HADAL_CPU at start, else nil. The best implementation is
// then in use. A command prints it and stops.
func EnvError() error { return envErr }
