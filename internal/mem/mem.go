// Package mem gives tensors their memory.
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
