package mem

import (
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// runs lists the runs of the regions that have a hole or one of the blocks, region by region in the order of addresses.
func (p *pool) allRuns(held []Block) (all [][]*run) {
	seen := map[*region]bool{}
	add := func(r *run) {
		if seen[r.region] {
			return
		}
		seen[r.region] = true
		for r.prev != nil {
			r = r.prev
		}
		var runs []*run
		for ; r != nil; r = r.next {
			runs = append(runs, r)
		}
		all = append(all, runs)
	}
	for _, h := range p.holes {
		add(h.run)
	}
	for _, b := range held {
		add(b.span.run)
	}
	return all
}

// check compares the pool's figures with its runs, and these with what they have to be.
func (p *pool) check(held []Block) error {
	var mapped, spare, inUse uint64
	reserved, holes := 0, 0
	for _, runs := range p.allRuns(held) {
		g := runs[0].region
		end := 0
		for i, r := range runs {
			switch {
			case r.region != g || r.off != end || r.bytes <= 0 || r.off%page != 0 || r.base != unsafe.Add(g.mem.base, r.off):
				return fmt.Errorf("run %d: %d bytes at %d, but the one before ends at %d", i, r.bytes, r.off, end)
			case i > 0 && (r.prev != runs[i-1] || r.hole && runs[i-1].hole):
				return fmt.Errorf("run %d of %d bytes and the one before are two holes, or not linked", i, r.bytes)
			}
			if r.hole {
				holes++
				spare += uint64(r.spare)
			}
			end += r.bytes
		}
		if end != g.mem.bytes {
			return fmt.Errorf("the runs of a region have %d bytes of %d", end, g.mem.bytes)
		}
		reserved += end
		mapped += uint64(g.touched(0, len(g.given)) * hugePage)
	}
	for i := 1; i < len(p.holes); i++ {
		if a, b := p.holes[i-1], p.holes[i]; a.bytes > b.bytes || a.bytes == b.bytes && a.at >= b.at || b.bytes != b.run.bytes {
			return errors.New("the holes are not in order")
		}
	}
	for _, b := range held {
		inUse += uint64(b.size)
	}
	s := p.stats
	if s.Mapped != mapped || s.InUse != inUse || p.spare != spare || p.reserved != reserved || len(p.holes) != holes || s.InUse > s.Mapped {
		return fmt.Errorf("mapped %d, in use %d, spare %d, reserved %d, holes %d; counted: %d, %d, %d, %d, %d",
			s.Mapped, s.InUse, p.spare, p.reserved, len(p.holes), mapped, inUse, spare, reserved, holes)
	}
	return nil
}

// Whatever is got, put, trimmed and capped: blocks are aligned, apart and keep their content, what counts as zero is zero,
// the figures are right, and in the end every region is one hole.
func TestAnyOrder(t *testing.T) {
	systems := []system{defaultSystem, goHeap}
	rapid.Check(t, func(t *rapid.T) {
		p := newPool(rapid.SampledFrom(systems).Draw(t, "system"))
		defer p.trim()
		var held []Block
		var ids []uint64
		id, total := uint64(0), 0
		marks := func(b Block) []*uint64 { // a word in every few pages, the first and the last
			w := b.words()
			m := []*uint64{&w[0], &w[len(w)-1]}
			for i := 0; i < len(w); i += 8 * page / 8 {
				m = append(m, &w[i])
			}
			return m
		}
		put := func(i int) {
			b := held[i]
			for _, m := range marks(b) {
				if *m != ids[i] {
					t.Fatalf("block %d of %d bytes holds %d", ids[i], b.Len(), *m)
				}
			}
			b.Put()
			total -= b.Len()
			last := len(held) - 1
			held[i], ids[i] = held[last], ids[last]
			held, ids = held[:last], ids[:last]
		}
		t.Repeat(map[string]func(*rapid.T){
			"get": func(t *rapid.T) {
				n := rapid.OneOf(rapid.IntRange(page, maxSlab), rapid.IntRange(maxSlab, 1<<20), rapid.IntRange(1<<20, 24<<20)).Draw(t, "n")
				if total+n > 96<<20 {
					t.Skip("enough is in use")
				}
				b, dirty := p.get(n)
				if b.Len() < n || uintptr(b.Ptr())%align != 0 || dirty > b.Len() {
					t.Fatalf("get(%d) is %d bytes at %p, %d of them dirty", n, b.Len(), b.Ptr(), dirty)
				}
				for _, m := range marks(b) {
					if off := uintptr(unsafe.Pointer(m)) - uintptr(b.Ptr()); *m != 0 && off >= uintptr(dirty) {
						t.Fatalf("get(%d): byte %d is not zero, but only %d may be dirty", n, off, dirty)
					}
				}
				id++
				for _, m := range marks(b) {
					*m = id
				}
				held, ids, total = append(held, b), append(ids, id), total+b.Len()
			},
			"put": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip("nothing is in use")
				}
				put(rapid.IntRange(0, len(held)-1).Draw(t, "which"))
			},
			"trim": func(t *rapid.T) {
				p.trim()
				if p.discard != nil && p.spare != 0 {
					t.Fatalf("%d bytes could go after a trim", p.spare)
				}
			},
			"cap": func(t *rapid.T) {
				limit := uint64(rapid.IntRange(0, 64).Draw(t, "MiB")) << 20
				p.setCap(limit)
				if s := p.readStats(); s.Cached > limit && p.spare > 0 {
					t.Fatalf("%d bytes idle after SetCap(%d), and %d of them could go", s.Cached, limit, p.spare)
				}
			},
			"": func(t *rapid.T) {
				if err := p.check(held); err != nil {
					t.Fatal(err)
				}
			},
		})
		p.setCap(AutoCap)
		for len(held) > 0 {
			put(len(held) - 1)
		}
		p.freeSlabs()
		if err := p.check(nil); err != nil {
			t.Fatal(err)
		}
		for _, h := range p.holes {
			if !h.run.whole() {
				t.Fatalf("all is put, and a region of %d bytes has a hole of %d", h.run.region.mem.bytes, h.bytes)
			}
		}
		p.trim()
		if p.reserved != 0 || p.readStats().Mapped != 0 {
			t.Fatalf("%d bytes reserved and %d mapped after all", p.reserved, p.readStats().Mapped)
		}
	})
}

// Each file is what one training step after another got and put: first the model, then three steps, a line each; "slot:KiB"
// is a Get, "slot" the Put of what is there. Blocks under 32 KiB and repeated loops over scratch memory are left out.
//
//go:embed testdata
var recorded embed.FS

// replay calls after with 0 when the model is made, then with the number of each step.
func replay(t testing.TB, name string, p *pool, after func(step int)) {
	text, err := recorded.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	slots := map[int]Block{}
	for step, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		for _, event := range strings.Fields(line) {
			var slot, kib int
			if k, _ := fmt.Sscanf(event, "%d:%d", &slot, &kib); k == 2 {
				slots[slot] = p.mustGet(kib << 10)
			} else {
				slots[slot].Put()
				delete(slots, slot)
			}
		}
		after(step)
	}
	for _, b := range slots {
		b.Put()
	}
}

// Training steps find nearly all of the memory that they need in the memory that they had.
func TestRecordedSteps(t *testing.T) {
	for _, name := range []string{"resnet18", "gpt", "transformer"} {
		t.Run(name, func(t *testing.T) {
			p := newPool(defaultSystem)
			defer p.trim()
			var second Stats
			replay(t, name, p, func(step int) {
				s := p.readStats()
				t.Logf("step %d: %d MiB mapped for a peak of %d, %d misses", step, s.Mapped>>20, s.Peak>>20, s.Misses)
				if s.Peak < 40<<20 {
					t.Errorf("a peak of %d bytes: this tests nothing", s.Peak)
				}
				if step > 0 && s.Mapped > s.Peak+s.Peak/10 {
					t.Errorf("step %d: %d bytes mapped for a peak of %d", step, s.Mapped, s.Peak)
				}
				switch step {
				case 2:
					second = s
				case 3:
					if s.Misses != second.Misses || s.Mapped != second.Mapped {
						t.Errorf("the third step changed\n%+v to\n%+v", second, s)
					}
				}
			})
			if s := p.readStats(); s.InUse != 0 {
				t.Errorf("%d bytes in use at the end", s.InUse)
			}
		})
	}
}

// Small blocks are gone, but their slabs are kept; a large block gets their memory before anything is mapped.
func TestEmptySlabsServeLargeBlocks(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		var bs []Block
		for range 200 {
			bs = append(bs, p.mustGet(64<<10))
		}
		for _, b := range bs {
			b.Put()
		}
		if p.empty == 0 {
			t.Fatal("no empty slabs: this tests nothing")
		}
		before := p.readStats()
		b := p.mustGet(12 << 20)
		if s := p.readStats(); s.Misses != before.Misses || s.Mapped != before.Mapped {
			t.Errorf("12 MiB after 12.5 MiB in small blocks changed\n%+v to\n%+v", before, s)
		}
		for i := range b.words() {
			b.words()[i] = 1
		}
		// What is left of the small blocks must not get into the large one.
		defer func() {
			if recover() == nil {
				t.Error("second Put of a block in a slab that is gone did not panic")
			}
		}()
		bs[77].Put()
	})
}

// Memory that cannot be given back, because it is locked, stays in the books.
func TestRefusedDiscard(t *testing.T) {
	s := defaultSystem
	s.discard = func(mapping) bool { return false }
	p := newPool(s)
	defer p.trim()
	held := []Block{p.mustGet(1 << 20), p.mustGet(8 << 20), p.mustGet(1 << 20)}
	held[1].words()[1000] = 1
	held[1].Put()
	held[1] = held[2]
	p.setCap(0)
	if err := p.check(held[:2]); err != nil {
		t.Error(err)
	}
	if got := p.readStats().Mapped; got != 10<<20 {
		t.Errorf("%d bytes mapped, want 10 MiB", got)
	}
	if b, dirty := p.get(8 << 20); dirty != b.Len() {
		t.Errorf("%d bytes may not be zero, want all", dirty)
	}
}

// BenchmarkHoles has holes of many sizes between blocks in use, of which one after another is put and got again.
func BenchmarkHoles(b *testing.B) {
	for _, holes := range []int{30, 300, 3000} {
		b.Run(fmt.Sprint(holes), func(b *testing.B) {
			p := newPool(defaultSystem)
			defer p.trim()
			r := rand.New(rand.NewPCG(8, 9))
			var blocks []Block
			size := func() int { return maxSlab + 1 + int(r.Int64N(1<<20)) }
			for range 2 * holes {
				blocks = append(blocks, p.mustGet(size()))
			}
			for i := 1; i < len(blocks); i += 2 {
				blocks[i].Put()
			}
			sizes := make([]int, 1024)
			for i := range sizes {
				sizes[i] = size()
			}
			for i := 0; b.Loop(); i++ {
				k := i % holes * 2
				blocks[k].Put()
				blocks[k] = p.mustGet(sizes[i%len(sizes)])
			}
			for i := 0; i < len(blocks); i += 2 {
				blocks[i].Put()
			}
		})
	}
}
