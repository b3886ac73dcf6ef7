package linalg

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/parallel"
)

// rotation turns rows i and i+1 of a matrix: x, y become c x + s y, -s x + c y.
type rotation struct {
	c, s float64
	i    int
}

// sweeps collects rotations of the rows of z, each width wide, that come in sweeps from some row downwards, one row after the
// other. Many at once are applied as matrix products (B. Lang, "Using level 3 BLAS in rotation-based algorithms", 1998).
type sweeps struct {
	z       []float64
	width   int
	pending [][]rotation
}

const (
	maxSweeps = 48 // that are collected
	window    = 48 // rows by which a window advances
	// wideRows is the width from which products pay.
	wideRows = 128
)

// begin starts a sweep.
func (s *sweeps) begin() {
	if len(s.pending) == maxSweeps {
		s.flush()
	}
	s.pending = append(s.pending, nil)
}

// add appends to the sweep the rotation of rows i and i+1, where i is one more than that of the rotation before.
func (s *sweeps) add(c, sn float64, i int) {
	last := &s.pending[len(s.pending)-1]
	*last = append(*last, rotation{c, sn, i})
}

// flush applies what was collected.
func (s *sweeps) flush() {
	defer func() { s.pending = s.pending[:0] }()
	if s.width < wideRows {
		var all []rotation
		for _, p := range s.pending {
			all = append(all, p...)
		}
		rotateRows(s.z, s.width, all)
		return
	}
	// Window by window downwards: each takes of sweep j what lies in [base - j, base - j + window), so that a rotation comes after
	// all that touch its rows in earlier sweeps and before all in later ones.
	first, last := len(s.z), -1
	for j, p := range s.pending {
		if len(p) > 0 {
			first, last = min(first, p[0].i+j), max(last, p[len(p)-1].i+j)
		}
	}
	var some []rotation
	for base := first; base <= last; base += window {
		some = some[:0]
		for j, p := range s.pending {
			if len(p) == 0 {
				continue
			}
			lo, hi := max(base-j-p[0].i, 0), min(base-j+window-p[0].i, len(p))
			if lo < hi {
				some = append(some, p[lo:hi]...)
			}
		}
		s.applyWindow(some)
	}
}

// applyWindow applies rotations of a few rows in order, as one product where they are many.
func (s *sweeps) applyWindow(some []rotation) {
	if len(some) == 0 {
		return
	}
	lo, hi := some[0].i, some[0].i+1
	for _, r := range some {
		lo, hi = min(lo, r.i), max(hi, r.i+1)
	}
	n := hi - lo + 1
	if 8*len(some) < n*n {
		rotateRows(s.z, s.width, some)
		return
	}
	u := make([]float64, n*n)
	for i := range n {
		u[i*(n+1)] = 1
	}
	for k := range some {
		some[k].i -= lo
	}
	rotateRows(u, n, some)
	rows := s.z[lo*s.width : (hi+1)*s.width]
	y := make([]float64, len(rows))
	cpu.GemmF64(n, s.width, n, u, n, 1, rows, s.width, 1, y, s.width, cpu.Epilogue[float64]{})
	copy(rows, y)
}

// rotateRows applies rotations, in order, to the rows of z, each width wide: in strips of columns that stay in the cache.
func rotateRows(z []float64, width int, rotations []rotation) {
	const strip = 64
	parallel.For(width, strip, func(lo, hi int) {
		row := func(i int) []float64 { return z[i*width+lo : i*width+hi] }
		for k := 0; k < len(rotations); k++ {
			r := rotations[k]
			if k+1 < len(rotations) && rotations[k+1].i == r.i+1 { // the next one turns the row below: two at once
				k++
				rotateThree(r, rotations[k], row(r.i), row(r.i+1), row(r.i+2))
				continue
			}
			x, y := row(r.i), row(r.i+1)
			y = y[:len(x)]
			for k, v := range x {
				w := y[k]
				x[k], y[k] = r.c*v+r.s*w, r.c*w-r.s*v
			}
		}
	})
}

// rotateThree turns the rows x and y by r, and then y and z by q.
func rotateThree(r, q rotation, x, y, z []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for k, w := range z {
		u, v := x[k], y[k]
		u, v = r.c*u+r.s*v, r.c*v-r.s*u
		x[k], y[k], z[k] = u, q.c*v+q.s*w, q.c*w-q.s*v
	}
}
