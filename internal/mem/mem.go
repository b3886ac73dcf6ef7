// Package mem gives tensors their memory and keeps what they give back.
//
// New memory is slow: the system clears it page by page at first touch, and make clears it once more. A training step
// asks for the same sizes again and again, so blocks are kept for the next one.
//
//   - Blocks under 4 KiB come from the Go heap and are the collector's business.
//   - Larger blocks are cut from regions: mappings of 16 MiB to 1 GiB, each as large as those before together, in huge
//     pages, which cost nothing until they are touched. A block is a run of 4 KiB pages at the start of the smallest hole
//     that holds it (best fit), among the holes whose memory the system has given already. What is put becomes one hole
//     with the holes beside it.
//   - Blocks up to 128 KiB are cut from slabs, four sizes to a doubling: at most 25% over. A slab is a run of at least 64
//     KiB. It is kept when it is empty, and becomes a hole when a run finds none.
//
// Elsewhere than on Linux regions are slices on the Go heap, kept in the same way, but only whole ones can be given back.
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
//	               250 ns  31 ns    92 ns    65-105 ns  (1 KiB: the Go heap with the collector's share)
//	two at once            31 ns
//	beside 30, 300, 3000 holes of other sizes: 0.17, 0.41, 1.1 us
//	Get, dropped           0.5 us   9 us     90 us      (with its cleanup and the forced collections)
//
//	map, write one word a page, unmap        4 MiB           64 MiB
//	huge pages                               0.15 ms         5.5-6.1 ms
//	4 KiB pages                              2.3 ms          39-44 ms
//	make                                     0.34-0.6 ms     5.6-8.4 ms
//	a kept block                             0.008 ms        0.12 ms
//
//	training steps, one worker     ResNet-18  GPT  Transformer  DCGAN
//	most in use at once, MiB       319        542  220          205
//	mapped, MiB                    336        552  226          212
//
// In a replay of recorded steps first fit by address needed 0-4 MiB more than best fit, slabs up to 256 KiB 0-2 MiB more.
//
// GetZeroed of a kept block clears 50-80 GB/s in cache, 14-19 GB/s at 64 MiB.
package mem

// AutoCap is the cap at the start: idle memory may be as much as was in use at once since the last Trim, 256 MiB at least.
// A loop thus finds its memory again whatever its size, and Mapped stays within twice what it needs.
const AutoCap = ^uint64(0)

const minCap = 256 << 20

// Stats are in bytes, except the counts in the second group. They leave out blocks under 4 KiB.
type Stats struct {
	InUse  uint64 // handed out and not put back, in whole blocks
	Cached uint64 // mapped and not in use: holes and what slabs and huge pages have left over
	Peak   uint64 // the highest InUse since the start or ResetPeak
	Mapped uint64 // what the system has given, in whole huge pages: InUse + Cached

	Gets      uint64 // calls of Get and GetZeroed
	Misses    uint64 // those for which the memory given before had no hole
	ForcedGCs uint64 // collections run before mapping more
}

// ReadStats returns the figures of this moment.
func ReadStats() Stats { return std.readStats() }

// ResetPeak starts Peak again from InUse.
func ResetPeak() { std.resetPeak() }

// SetCap sets how many bytes of idle memory are kept; AutoCap is the default, 0 keeps none. What is above goes back to
// the system, the holes longest unused first: their huge pages that no block shares.
func SetCap(bytes uint64) { std.setCap(bytes) }

// Trim gives back every huge page without a block in use. Memory of dropped tensors becomes idle when the collector finds
// it: call runtime.GC first to have it too.
func Trim() { std.trim() }
