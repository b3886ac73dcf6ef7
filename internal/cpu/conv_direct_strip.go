package cpu

import "slices"

// stripSlack is how far copies may write, and tiles read, past the end of a strip.
const stripSlack = 32

// directStrip says where a strip has its inputs: for each channel, depth and column offset a plane of lines, each pitch long.
// Lines which the stride never brings together are not neighbours.
type directStrip struct {
	axis         [3]directAxis // without taps
	pitch, plane int
	size         int
	rows         []stripRows
}

// stripRows are the n input lines from first on, counted from the first output's, every step-th one; they are lines at, at+1, ...
// of a plane.
type stripRows struct{ first, at, n int }

// layout lays out the strip for a block of outputs and a number of channels, and returns its size.
func (s *directStrip) layout(block [3]int, channels int) int {
	s.pitch, s.rows = block[2], s.rows[:0]
	rows, lines := &s.axis[1], 0
	for _, o := range rows.off { // in ascending order
		i := slices.IndexFunc(s.rows, func(r stripRows) bool { return (o-r.first)%rows.step == 0 })
		if i < 0 {
			i = len(s.rows)
			s.rows = append(s.rows, stripRows{first: o})
		}
		s.rows[i].n = (o-s.rows[i].first)/rows.step + block[1]
	}
	for i := range s.rows {
		s.rows[i].at = lines
		lines += s.rows[i].n
	}
	// An odd number of cache lines keeps planes out of each other's sets.
	s.plane = ((lines*s.pitch+15)/16 | 1) * 16
	s.size = channels * len(s.axis[0].off) * len(s.axis[2].off) * s.plane
	return s.size
}

// at returns where the first output's input is for a channel and three offsets.
func (s *directStrip) at(channel, depth, row, column int) int {
	plane := channel*len(s.axis[0].off) + slices.Index(s.axis[0].off, depth)
	plane = plane*len(s.axis[2].off) + slices.Index(s.axis[2].off, column)
	for _, r := range s.rows {
		if n := row - r.first; n%s.axis[1].step == 0 {
			return plane*s.plane + (r.at+n/s.axis[1].step)*s.pitch
		}
	}
	panic("cpu: row is not in the strip")
}

// load copies what the cell reads of planes x of size in.
func (s *directStrip) load(im Impl, dst, x []float32, in [3]int, at cell) {
	size := volume(in)
	for ; len(x) > 0; x = x[size:] {
		for _, o := range s.axis[0].off {
			d := at.d*s.axis[0].step + o
			for _, c := range s.axis[2].off {
				if d < 0 || d >= in[0] {
					clear(dst[:s.plane])
				} else {
					s.loadPlane(im, dst, x[d*in[1]*in[2]:][:in[1]*in[2]], in[1], in[2], c, at)
				}
				dst = dst[s.plane:]
			}
		}
	}
}

// loadPlane copies the lines for a tap whose column is off.
func (s *directStrip) loadPlane(im Impl, dst, x []float32, h, w, off int, at cell) {
	step, n := s.axis[2].step, at.j1-at.j0
	first := at.j0*step + off
	lo, hi := 0, 0 // the columns inside
	if first < 0 {
		lo = min(n, (step-1-first)/step)
	}
	if first < w {
		hi = max(lo, min(n, (w-first+step-1)/step))
	}
	for _, r := range s.rows {
		lines := dst[r.at*s.pitch:]
		lineStep := s.axis[1].step
		l := at.l0*lineStep + r.first
		top, end := 0, 0 // the lines inside
		if l < 0 {
			top = min(r.n, (lineStep-1-l)/lineStep)
		}
		if l < h {
			end = max(top, min(r.n, (h-l+lineStep-1)/lineStep))
		}
		if hi <= lo {
			end = top
		}
		clear(lines[:top*s.pitch])
		if top < end {
			convLines(im, lines[top*s.pitch+lo:], s.pitch, x[(l+top*lineStep)*w+first+lo*step:], lineStep*w, end-top, hi-lo, step)
		}
		clear(lines[end*s.pitch : r.n*s.pitch])
		if lo > 0 || hi < n {
			for i := top; i < end; i++ {
				line := lines[i*s.pitch:][:n]
				clear(line[:lo])
				clear(line[hi:])
			}
		}
	}
}

// convLinesGo computes dst[l*dp+j] = src[l*sp+step*j] for l < lines, j < n.
func convLinesGo(dst []float32, dp int, src []float32, sp, lines, n, step int) {
	for l := range lines {
		d, s := dst[l*dp:][:n], src[l*sp:]
		for j := range d {
			d[j] = s[j*step]
		}
	}
}

// convZipGo computes dst[2*j], dst[2*j+1] = even[j], odd[j] for j < n.
func convZipGo(dst, even, odd []float32, n int) {
	for j := range n {
		dst[2*j], dst[2*j+1] = even[j], odd[j]
	}
}
