package cpu

import "math"

// tapPool is a window over volumes that are cut into phases: with stride s, phase p has the padded elements p, p+s, p+2s, ...
// of each row, so that what one tap of the window reads for neighbouring results is contiguous.
type tapPool struct {
	m    *rowPool
	k    *vectorKernels
	row  int // the length of a row of a phase
	rows []tapRow
}

// taps returns the window over phases, nil where there are no kernels for it.
func (m *rowPool) taps(k *vectorKernels) *tapPool {
	g := &m.g
	if k == nil || k.maxTaps == nil || g.Adaptive || m.empty || g.Out[2] < 4 {
		return nil
	}
	s := g.Stride[2]
	last := max((g.Out[2]-1)*s+(g.Kernel[2]-1)*g.Dilated[2], g.In[2]-1+g.Pad[2])
	t := &tapPool{m: m, k: k, row: last/s + 1}
	t.rows = t.list()
	return t
}

// plane is the length of a phase, and size that of all.
func (t *tapPool) plane() int { return t.m.g.In[0] * t.m.g.In[1] * t.row }
func (t *tapPool) size() int  { return t.m.g.Stride[2] * t.plane() }

// place returns where a row's padded element p is.
func (t *tapPool) place(row, p int) int {
	s := t.m.g.Stride[2]
	return p%s*t.plane() + row*t.row + p/s
}

// split copies a volume to its phases in buf, whose padding stays. It reports whether all elements are numbers above -Inf, which
// padding cannot be mistaken for.
func (t *tapPool) split(x, buf []float32) bool {
	g, ok := &t.m.g, true
	w, s, pad := g.In[2], g.Stride[2], g.Pad[2]
	if s == 2 && w == 2*t.row { // as if it were one row
		return t.k.split(buf[:t.plane()], buf[t.plane():], x)
	}
	for r, used := range t.m.rows {
		if !used {
			continue
		}
		row := x[r*w : (r+1)*w]
		switch s {
		case 1:
			lo, _, numbers := t.k.extremes(row)
			ok = ok && numbers && lo > float32(math.Inf(-1))
			copy(buf[t.place(r, pad):], row)
		case 2:
			ok = t.k.split(buf[t.place(r, pad):][:w/2], buf[t.place(r, pad+1):][:w/2], row) && ok
			if w%2 != 0 {
				v := row[w-1]
				ok = ok && v > float32(math.Inf(-1))
				buf[t.place(r, pad+w-1)] = v
			}
		default:
			for i, v := range row {
				ok = ok && v > float32(math.Inf(-1))
				buf[t.place(r, pad+i)] = v
			}
		}
	}
	return ok
}

// merge copies the phases in buf to a volume.
func (t *tapPool) merge(x, buf []float32) {
	g := &t.m.g
	w, s, pad := g.In[2], g.Stride[2], g.Pad[2]
	if s == 2 && w == 2*t.row {
		t.k.merge(x, buf[:t.plane()], buf[t.plane():])
		return
	}
	for r := range t.m.rows {
		row := x[r*w : (r+1)*w]
		switch s {
		case 1:
			copy(row, buf[t.place(r, pad):])
		case 2:
			t.k.merge(row, buf[t.place(r, pad):][:w/2], buf[t.place(r, pad+1):][:w/2])
			if w%2 != 0 {
				row[w-1] = buf[t.place(r, pad+w-1)]
			}
		default:
			for i := range row {
				row[i] = buf[t.place(r, pad+i)]
			}
		}
	}
}

// tapRow is a row of the result, the first row of the input that its windows read, and their taps from there: where they begin
// in a phase and, then, in the volume.
type tapRow struct {
	row, from int
	taps      []int64
}

// list is the rows of a volume.
func (t *tapPool) list() []tapRow {
	g := &t.m.g
	rows := make([]tapRow, 0, len(t.m.ds)*len(t.m.hs))
	var taps []int64
	depth, height := 0, 0
	for i, d := range t.m.ds {
		for j, h := range t.m.hs {
			if d.hi-d.lo != depth || h.hi-h.lo != height {
				depth, height = d.hi-d.lo, h.hi-h.lo
				taps = nil
				for k := 0; k < depth; k += d.step {
					for l := 0; l < height; l += h.step {
						row := k*g.In[1] + l
						for q := range g.Kernel[2] {
							p := q * g.Dilated[2]
							taps = append(taps, int64(t.place(row, p)), int64(row*g.In[2]+p-g.Pad[2]))
						}
					}
				}
			}
			rows = append(rows, tapRow{i*len(t.m.hs) + j, d.lo*g.In[1] + h.lo, taps})
		}
	}
	return rows
}

// max writes the largest elements and, unless nil, their places.
func (t *tapPool) max(buf, y []float32, at []int32) {
	g, ow := &t.m.g, t.m.g.Out[2]
	for _, r := range t.rows {
		lo, hi := r.row*ow, (r.row+1)*ow
		var a []int32
		if at != nil {
			a = at[lo:hi]
		}
		t.k.maxTaps(y[lo:hi], a, buf[r.from*t.row:], r.taps, r.from*g.In[2], g.Stride[2])
	}
}

// add adds the elements of dy to the phases in buf, at the places that at names.
func (t *tapPool) add(buf, dy []float32, at []int32) {
	g, ow := &t.m.g, t.m.g.Out[2]
	for _, r := range t.rows {
		lo, hi := r.row*ow, (r.row+1)*ow
		t.k.addTaps(buf[r.from*t.row:], dy[lo:hi], at[lo:hi], r.taps, r.from*g.In[2], g.Stride[2])
	}
}
