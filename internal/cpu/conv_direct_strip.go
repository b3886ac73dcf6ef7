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
		// A tap far from the others, by dilation, has lines of its own.
		i := slices.IndexFunc(s.rows, func(r stripRows) bool { return (o-r.first)%rows.step == 0 && (o-r.first)/rows.step <= r.n })
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
	// There is room for what copies write after a plane; an odd number of cache lines keeps planes out of each other's sets.
	s.plane = ((lines*s.pitch+8+15)/16 | 1) * 16
	s.size = channels * len(s.axis[0].off) * len(s.axis[2].off) * s.plane
	return s.size
}

// at returns where the first output's input is for a channel and three offsets.
func (s *directStrip) at(channel, depth, row, column int) int {
	plane := channel*len(s.axis[0].off) + slices.Index(s.axis[0].off, depth)
	plane = plane*len(s.axis[2].off) + slices.Index(s.axis[2].off, column)
	for _, r := range s.rows {
		if n := row - r.first; n >= 0 && n%s.axis[1].step == 0 && n/s.axis[1].step < r.n {
			return plane*s.plane + (r.at+n/s.axis[1].step)*s.pitch
		}
	}
	panic("cpu: row is not in the strip")
}

// load copies what the cell reads of planes x of size in.
func (s *directStrip) load(im Impl, dst, x []float32, in [3]int, at cell) {
	size, planes := volume(in), len(s.axis[0].off)*len(s.axis[2].off)
	for c, column := range s.axis[2].off {
		for r := range s.rows {
			whole := s.lines(r, column, in[1], in[2], at)
			for t, o := range s.axis[0].off {
				l, d := whole, at.d*s.axis[0].step+o
				if d < 0 || d >= in[0] {
					l = stripLines{top: s.rows[r].n}
				}
				to := dst[(t*len(s.axis[2].off)+c)*s.plane+s.rows[r].at*s.pitch:]
				for from := x[max(0, min(d, in[0]-1))*in[1]*in[2]:]; ; from = from[size:] {
					clear(to[:l.top*s.pitch])
					if l.lines > 0 {
						convLines(im, to[l.top*s.pitch:], s.pitch, from[l.first:], s.axis[1].step*in[2], l.lines, l.head, l.n, l.tail, s.axis[2].step)
					}
					clear(to[(l.top+l.lines)*s.pitch : s.rows[r].n*s.pitch])
					if len(from) <= size {
						break
					}
					to = to[planes*s.plane:]
				}
			}
		}
	}
}

// stripLines is what a plane's lines are made of: top of zeros, then some with head zeros, n elements and tail zeros, the first
// of them at first in the plane.
type stripLines struct{ top, lines, head, n, tail, first int }

func (s *directStrip) lines(row, column, h, w int, at cell) (l stripLines) {
	r := s.rows[row]
	top, lines := stepsInside(at.l0*s.axis[1].step+r.first, s.axis[1].step, h, r.n)
	width := at.j1 - at.j0
	line, first := at.l0*s.axis[1].step+r.first, at.j0*s.axis[2].step+column
	head, n := stepsInside(first, s.axis[2].step, w, width)
	if n == 0 {
		lines = 0
	}
	return stripLines{top, lines, head, n, width - head - n, (line+top*s.axis[1].step)*w + first + head*s.axis[2].step}
}

// stepsInside returns which of the n numbers from first on, step apart, lie in [0, size): how many do not before those that do, and how
// many do.
func stepsInside(first, step, size, n int) (before, count int) {
	if first < 0 {
		before = min(n, (step-1-first)/step)
	}
	if first < size {
		count = max(0, min(n, (size-first+step-1)/step)-before)
	}
	return before, count
}

// convLinesGo computes dst[l*dp+head+j] = src[l*sp+step*j] for l < lines, j < n, with head zeros before and tail zeros after.
func convLinesGo(dst []float32, dp int, src []float32, sp, lines, head, n, tail, step int) {
	for l := range lines {
		d, s := dst[l*dp:][:head+n+tail], src[l*sp:]
		clear(d[:head])
		for j := range n {
			d[head+j] = s[j*step]
		}
		clear(d[head+n:])
	}
}

// convZipGo computes dst[2*j], dst[2*j+1] = even[j], odd[j] for j < n.
func convZipGo(dst, even, odd []float32, n int) {
	for j := range n {
		dst[2*j], dst[2*j+1] = even[j], odd[j]
	}
}
