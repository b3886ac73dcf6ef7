// Package mem gives tensors their memory and keeps what they give back.
//
// New memory is slow: the system clears it page by page at first touch, and make clears it once more. A training step
// asks for the same sizes again and again, so blocks are kept for the next one.
//
//   - Blocks under 4 KiB come from the Go heap and are the collector's business.
//   - From 4 KiB to 2 MiB blocks are cut from slabs of huge pages, four sizes to a doubling: at most 25% over.
//   - Larger blocks have a mapping of their own, eight sizes to a doubling: at most 12.5% over when new. An idle block up
//     to 25% over is taken before anything is mapped. What follows the last whole 2 MiB lies in 4 KiB pages.
//
// Elsewhere than on Linux slabs and mappings are slices on the Go heap, kept in the same way.
//
// # Ownership
//
// An OffHeap block belongs to whoever got it until Put. The collector does not see it: an owner that may be dropped needs
// a cleanup, runtime.AddCleanup(owner, func(b Block) { b.Put() }, b). The pool makes the collector run when dropped
// blocks may be what is missing: a Get that finds no idle block collects before it maps, if the bytes in use have grown
// since the last collection by what was live then and by 64 MiB at least. A loop that puts what it got never comes there.
//
// # Figures
//
// Two cores of a Zen 3 machine, Linux 6.18, virtual; go test -bench . ./internal/mem measures them anew.
//
//	Get and Put    1 KiB   64 KiB   4 MiB    64 MiB
//	               250 ns  26 ns    28 ns    28 ns      (1 KiB: the Go heap with the collector's share)
//	two at once            34 ns
//	Get, dropped           0.5 us   9 us     90 us      (with its cleanup and the forced collections)
//
//	map, write one word a page, unmap        4 MiB           64 MiB
//	huge pages                               0.15 ms         5.5-6.1 ms
//	4 KiB pages                              2.3 ms          39-44 ms
//	make                                     0.34-0.6 ms     5.6-8.4 ms
//	a kept block                             0.008 ms        0.12 ms
//
// A block of 3.75 MiB costs 1.2 ms at first touch for its tail in 4 KiB pages, 0.2 if it were rounded to 4 MiB; afterwards
// no difference could be measured. GetZeroed of a kept block clears 50-80 GB/s in cache, 14-19 GB/s at 64 MiB.
package mem

// AutoCap is the cap at the start: idle memory may be as much as was in use at once since the last Trim, 256 MiB at least.
// A loop thus finds its memory again whatever its size, and Mapped stays within twice what it needs.
const AutoCap = ^uint64(0)

const minCap = 256 << 20

// Stats are in bytes, except the counts in the second group. They leave out blocks under 4 KiB.
type Stats struct {
	InUse  uint64 // handed out and not put back, in whole blocks
	Cached uint64 // mapped and not in use: idle blocks and what slabs have left over
	Peak   uint64 // the highest InUse since the start or ResetPeak
	Mapped uint64 // what the system has given: InUse + Cached

	Gets      uint64 // calls of Get and GetZeroed
	Misses    uint64 // those that found no idle block
	ForcedGCs uint64 // collections run before mapping more
}

// ReadStats returns the figures of this moment.
func ReadStats() Stats { return std.readStats() }

// ResetPeak starts Peak again from InUse.
func ResetPeak() { std.resetPeak() }

// SetCap sets how many bytes of idle memory are kept; AutoCap is the default, 0 keeps none. What is above goes back to
// the system, longest unused first: large blocks, and slabs none of whose blocks is in use.
func SetCap(bytes uint64) { std.setCap(bytes) }

// Trim gives back every idle large block and every slab none of whose blocks is in use. Memory of dropped tensors becomes
// idle when the collector finds it: call runtime.GC first to have it too.
func Trim() { std.trim() }
