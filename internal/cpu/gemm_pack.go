package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// panelSlack is how far packing kernels write past a panel's end.
const panelSlack = 16

// span returns the terms of the block at hand.
func (j *gemmJob[T]) span() (p0, k int) {
	p0, _ = j.terms.part(j.t0)
	_, p1 := j.terms.part(j.t1 - 1)
	return p0, p1 - p0
}

// packBlock copies the rows of A and, if b, the columns of B that belong to the block at hand into panels.
func (j *gemmJob[T]) packBlock(b bool) {
	_, k := j.span()
	if k == 0 || !j.packA && !j.packB {
		return
	}
	n := 0
	if j.packA {
		j.sizeA = j.mr*k + panelSlack
		j.bufA = room(j.bufA, &j.blockA, j.panelsA.parts*j.sizeA)
		n += j.panelsA.parts
	}
	j.freshB = j.packB && b
	if j.freshB {
		j.sizeB = j.nr*k + panelSlack
		j.bufB = room(j.bufB, &j.blockB, j.panelsB*j.sizeB)
		n += j.panelsB
	}
	// A copied element costs about as much as ten multiply-adds.
	parallel.ForArg(n, max(packGroup, grainFlops(j.im)/(20*max(j.mr, j.nr)*k)+1), j, j.runPack)
}

// room returns buf with n elements, or where it is too short memory in place of the block's.
func room[T Float](buf []T, block *mem.Block, n int) []T {
	if cap(buf) < n {
		block.Put()
		*block = mem.Block{} // also if there is no more memory
		buf, *block = borrow[T](n)
	}
	return buf[:n]
}

// packGroup is how many panels are packed side by side where their rows are: their parts of a row share lines of the cache.
const packGroup = 8

// gemmPack packs panels [lo, hi): those of B, if any, come first.
func gemmPack[T Float](j *gemmJob[T], lo, hi int) {
	p0, k := j.span()
	for i, end := lo, 0; i < hi; i = end {
		end = min(hi, i+packGroup)
		if j.freshB && i < j.panelsB {
			end = i + j.packColumns(j.bufB[i*j.sizeB:], j.sizeB, i, min(end, j.panelsB), p0, k)
			continue
		}
		first := 0
		if j.freshB {
			first = j.panelsB
		}
		ip := i - first
		if ip < j.panelsA.longer {
			end = min(end, first+j.panelsA.longer)
		}
		r0, r1 := j.panelsA.part(ip)
		packPanels(j.im, j.bufA[ip*j.sizeA:], j.mr, j.sizeA, j.a[(j.i0+r0)*j.ars+p0*j.acs:], j.ars, j.acs, r1-r0, end-i, k)
	}
}

// packColumns packs panels of B from i on, before end, and returns how many: all have as many columns.
func (j *gemmJob[T]) packColumns(dst []T, size, i, end, p0, k int) int {
	if full := (j.j1 - j.j0) / j.nr; i < full { // the last panel may be narrower
		end = min(end, full)
	}
	c0 := j.j0 + i*j.nr
	packPanels(j.im, dst, j.nr, size, j.b[p0*j.brs+c0*j.bcs:], j.bcs, j.brs, min(j.nr, j.j1-c0), end-i, k)
	return end - i
}

// packPanels packs as many panels of n elements, each size elements after the one before.
func packPanels[T Float](im Impl, dst []T, w, size int, src []T, is, ps, n, panels, k int) {
	if is == 1 && !im.portable() {
		packRows(dst[:panels*size], w, size, src, ps, n, panels, k)
		return
	}
	for q := range panels {
		packPanel(im, dst[q*size:(q+1)*size], w, src[q*n*is:], is, ps, n, k)
	}
}

// packPanel computes dst[p*w+i] = src[i*is+p*ps] for i < n, p < k. What it leaves in dst[p*w+n:(p+1)*w] is finite only for
// the kernel in Go, which reads it: zeros.
func packPanel[T Float](im Impl, dst []T, w int, src []T, is, ps, n, k int) {
	switch lanes := 32 / int(unsafe.Sizeof(T(0))); {
	case im.portable():
		packStrided(dst, w, src, is, ps, n, k)
		for p := 0; p < k && n < w; p++ {
			clear(dst[p*w+n : p*w+w])
		}
	case is == 1:
		packRows(dst, w, 0, src, ps, n, 1, k)
	case ps == 1 && k >= lanes:
		// The last rows first: a group of fewer than lanes rows spoils what follows, which is written again.
		for g := (n - 1) / lanes * lanes; g >= 0; g -= lanes {
			packTransposed(dst[g:], w, src[g*is:], is, min(lanes, n-g), k)
		}
	default:
		packStrided(dst, w, src, is, ps, n, k)
	}
}

func packStrided[T Float](dst []T, w int, src []T, is, ps, n, k int) {
	for p := range k {
		d, s := dst[p*w:][:n], src[p*ps:]
		for i := range d {
			d[i] = s[i*is]
		}
	}
}

// transposeInto sets dst[p*ldd+i] = src[i*lds+p] for i < m, p < n, and nothing else.
func transposeInto[T Float](im Impl, dst []T, ldd int, src []T, lds, m, n int) {
	lanes := 32 / int(unsafe.Sizeof(T(0)))
	if im.portable() || m < lanes || n < lanes {
		packStrided(dst, ldd, src, lds, 1, m, n)
		return
	}
	for i := 0; i < m; i += lanes {
		i := min(i, m-lanes) // the last vectors may overlap
		packTransposed(dst[i:], ldd, src[i*lds:], lds, lanes, n)
	}
}
