package tensor

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
)

// arena is what the tensors of a scope and of the scopes within it are made of. Headers, storages and nodes come in chunks, the
// data of small tensors from blocks that go back at the scope's end: a step on tiny tensors would otherwise spend most
// of its time in the allocator. No header, storage or node is
// handed out twice, so a pointer held too long finds what it always was.
type arena struct {
	mu       sync.Mutex
	tensors  []Tensor
	storages []storage
	pools    []fromPool
	nodes    []node
	space    unsafe.Pointer // left of the last block
	left     int
	blocks   []mem.Block
	chunk    int

	blockBuf [2]mem.Block
}

const (
	firstChunk = 4
	largeChunk = 32
	arenaBytes = 4 << 10  // most of a tensor whose data lies in an arena
	arenaBlock = 32 << 10 // what is taken at a time
	arenaAlign = 64
)

// tensor returns a header and a storage, with memory if that is small.
func (a *arena) tensor(bytes int) (*Tensor, *storage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.header()
	st := take(&a.storages, a.chunk)
	if bytes > arenaBytes || bytes == 0 {
		return t, st
	}
	bytes = (bytes + arenaAlign - 1) &^ (arenaAlign - 1)
	if bytes > a.left {
		b := mem.Get(arenaBlock)
		if a.blocks == nil {
			a.blocks = a.blockBuf[:0]
		}
		a.blocks = append(a.blocks, b)
		a.space, a.left = b.Ptr(), arenaBlock
	}
	st.ptr = a.space
	if a.left -= bytes; a.left > 0 {
		a.space = unsafe.Add(a.space, bytes)
	}
	return t, st
}

// header holds mu.
func (a *arena) header() *Tensor {
	if len(a.tensors) == 0 {
		a.chunk = min(largeChunk, max(firstChunk, 2*a.chunk))
	}
	return take(&a.tensors, a.chunk)
}

// take returns the next of a chunk, of a new one of n if none is left.
func take[T any](chunk *[]T, n int) *T {
	if len(*chunk) == 0 {
		*chunk = make([]T, n)
	}
	x := &(*chunk)[0]
	*chunk = (*chunk)[1:]
	return x
}

// copied returns a copy of the header of t, for use within the scope.
func (s *Scope) copied(t *Tensor) *Tensor {
	r := s.header()
	*r = *t
	return r
}

// header returns an empty header.
func (s *Scope) header() *Tensor {
	if s == nil || s.arena == nil {
		return new(Tensor)
	}
	s.arena.mu.Lock()
	defer s.arena.mu.Unlock()
	return s.arena.header()
}

// fromPool returns what a storage with memory from the pool needs.
func (a *arena) fromPool() *fromPool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return take(&a.pools, max(firstChunk, a.chunk))
}

func (a *arena) node() *node {
	a.mu.Lock()
	defer a.mu.Unlock()
	return take(&a.nodes, max(firstChunk, a.chunk))
}

// end gives the data back.
func (a *arena) end() {
	for _, b := range a.blocks {
		b.Put()
	}
	a.blocks, a.space, a.left = nil, nil, 0
	a.tensors, a.storages, a.pools, a.nodes = nil, nil, nil, nil
}
