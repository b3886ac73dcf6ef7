package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// panelSlack is how far packing kernels write past a panel's end.
const panelSlack = 16

// packBlock copies the rows of A and, if b, the columns of B that belong to the block at hand into panels.
func (j *gemmJob[T]) packBlock(b bool) {
	p0, p1 := j.terms.part(j.t0)
	k := p1 - p0
	if k == 0 {
		return
	}
	n := 0
	if j.packA {
		j.sizeA = j.mr*k + panelSlack
		j.bufA = atLeast(j.bufA, j.panelsA.parts*j.sizeA)
		n += j.panelsA.parts
	}
	j.freshB = j.packB && b
	if j.freshB {
		j.sizeB = j.nr*k + panelSlack
		j.bufB = atLeast(j.bufB, j.panelsB*j.sizeB)
		n += j.panelsB
	}
	// A copied element costs about as much as ten multiply-adds.
	parallel.ForArg(n, grainFlops(j.im)/(20*max(j.mr, j.nr)*k)+1, j, j.runPack)
}

func atLeast[T Float](buf []T, n int) []T {
	if cap(buf) >= n {
		return buf[:n]
	}
	return make([]T, n+n/4)[:n]
}

// gemmPack packs panels [lo, hi): those of B, if any, come first.
func gemmPack[T Float](j *gemmJob[T], lo, hi int) {
	p0, p1 := j.terms.part(j.t0)
	for i := lo; i < hi; i++ {
		if j.freshB && i < j.panelsB {
			c0 := j.j0 + i*j.nr
			n := min(j.nr, j.j1-c0)
			packPanel(j.im, j.bufB[i*j.sizeB:(i+1)*j.sizeB], j.nr, j.b[p0*j.brs+c0*j.bcs:], j.bcs, j.brs, n, p1-p0)
			continue
		}
		ip := i
		if j.freshB {
			ip -= j.panelsB
		}
		r0, r1 := j.panelsA.part(ip)
		packPanel(j.im, j.bufA[ip*j.sizeA:(ip+1)*j.sizeA], j.mr, j.a[(j.i0+r0)*j.ars+p0*j.acs:], j.ars, j.acs, r1-r0, p1-p0)
	}
}

// packPanel computes dst[p*w+i] = src[i*is+p*ps] for i < n, p < k. What it leaves in dst[p*w+n:(p+1)*w] is finite only for
// implGo, whose kernel reads it: zeros.
func packPanel[T Float](im Impl, dst []T, w int, src []T, is, ps, n, k int) {
	switch lanes := 32 / int(unsafe.Sizeof(T(0))); {
	case im == implGo:
		packStrided(dst, w, src, is, ps, n, k)
		for p := 0; p < k && n < w; p++ {
			clear(dst[p*w+n : p*w+w])
		}
	case is == 1:
		packRows(dst, w, src, ps, n, k)
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
