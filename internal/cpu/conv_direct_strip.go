package cpu

// stripSlack is how far copies may write, and tiles read, past the end of a strip.
const stripSlack = 32

// directStripLayout is where a strip has the inputs of a phase: for each channel, depth tap and column tap a plane of lines,
// each pitch long. Lines which a stride never brings together are not neighbours.
type directStripLayout struct {
	pitch, plane, image int
	rows                []stripRows
	off                 []int32 // for each term, where the input of the block's first output is
}

// stripRows are input lines first+i*step of the block's first output, at line number at+i of a plane.
type stripRows struct{ first, at, n int }

// layout lays out the strip for a block of outputs and a number of channels; it leaves out the offsets if there are none.
func (p *directPhase) layout(block [3]int, channels int) (s directStripLayout) {
	s.pitch = block[2]
	rows, step := &p.axis[1], p.axis[1].step
	group := make([]int, len(rows.off)) // the rows of each tap
	lines := 0
	for i, o := range rows.off {
		g := 0
		for g < len(s.rows) && (s.rows[g].first-o)%step != 0 {
			g++
		}
		if g == len(s.rows) {
			s.rows = append(s.rows, stripRows{first: o})
		}
		group[i] = g
		r := &s.rows[g]
		// n is the last tap's distance from the first for now.
		last := max(r.first+r.n*step, o)
		r.first = min(r.first, o)
		r.n = (last - r.first) / step
	}
	for i := range s.rows {
		s.rows[i].n += block[1]
		s.rows[i].at = lines
		lines += s.rows[i].n
	}
	// An odd number of cache lines keeps planes out of each other's sets.
	s.plane = ((lines*s.pitch+15)/16 | 1) * 16
	planes := len(p.axis[0].off) * len(p.axis[2].off)
	s.image = channels * planes * s.plane
	s.off = make([]int32, 0, channels*len(p.taps))
	for c := range channels {
		for t := range p.axis[0].off {
			for i, o := range rows.off {
				r := &s.rows[group[i]]
				for w := range p.axis[2].off {
					at := c*planes + t*len(p.axis[2].off) + w
					s.off = append(s.off, int32(at*s.plane+(r.at+(o-r.first)/step)*s.pitch))
				}
			}
		}
	}
	return s
}

// load copies what the cell reads of planes x of size in.
func (p *directPhase) load(im Impl, dst, x []float32, in [3]int, at cell) {
	s, size := &p.strip, volume(in)
	depth, cols := &p.axis[0], &p.axis[2]
	for ; len(x) > 0; x = x[size:] {
		for _, o := range depth.off {
			d := at.d*depth.step + o
			inside := d >= 0 && d < in[0]
			for _, c := range cols.off {
				if inside {
					p.loadPlane(im, dst, x[d*in[1]*in[2]:][:in[1]*in[2]], in[1], in[2], c, at)
				} else {
					clear(dst[:s.plane])
				}
				dst = dst[s.plane:]
			}
		}
	}
}

// loadPlane copies the lines for a tap whose column is off.
func (p *directPhase) loadPlane(im Impl, dst, x []float32, h, w, off int, at cell) {
	s, step, n := &p.strip, p.axis[2].step, at.j1-at.j0
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
		lineStep := p.axis[1].step
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
