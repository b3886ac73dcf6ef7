package cpu

// pairPool is a window of two or three columns, two columns apart, over planes that it does not reach beyond on the right: the
// kernels read the planes in place.
type pairPool struct {
	g     Window
	k     *vectorKernels
	parts []rowPart
	grad  bool // windows of 2 x 2 that do not overlap
}

// rowPart is some rows of the result, the first row of the input that they take, and how many each takes.
type rowPart struct{ row, out, from, rows int }

// pairs returns the window for planes, nil where there are no kernels for it.
func (m *rowPool) pairs(k *vectorKernels) *pairPool {
	g := &m.g
	if k == nil || k.maxRows == nil || g.Adaptive || m.empty || g.In[0] != 1 || g.Kernel[0] != 1 || g.Out[0] != 1 ||
		g.Kernel[2] != 2 && g.Kernel[2] != 3 || g.Stride[2] != 2 || g.Dilated[1] != 1 || g.Dilated[2] != 1 ||
		g.Pad[2] > 1 || (g.Out[2]-1)*2-g.Pad[2]+g.Kernel[2] > g.In[2] {
		return nil
	}
	t := &pairPool{g: *g, k: k}
	most := max(1, vectorBlock*4/(g.Out[2]*g.Kernel[1]*g.Kernel[2])) // rows of a call
	for i, h := range m.hs {
		rows := h.hi - h.lo
		if n := len(t.parts) - 1; n >= 0 && t.parts[n].rows == rows && t.parts[n].out < most && h.lo == t.parts[n].from+t.parts[n].out*g.Stride[1] {
			t.parts[n].out++
			continue
		}
		t.parts = append(t.parts, rowPart{i, 1, h.lo, rows})
	}
	t.grad = k.unpool2 != nil && g.Kernel[1] == 2 && g.Kernel[2] == 2 && g.Stride[1] == 2 && g.Pad[1] == 0 && g.Pad[2] == 0 && g.Out[2] >= 8 && 2*g.Out[1] <= g.In[1]
	return t
}

// max writes the largest elements of a plane and, unless nil, their places. It reports whether all went well: there is no NaN
// nor -Inf that was mistaken for padding.
func (t *pairPool) max(x, y []float32, at []int32) bool {
	ok, w, n := true, t.g.In[2], t.g.Out[2]
	for _, p := range t.parts {
		var a []int32
		if at != nil {
			a = at[p.row*n : (p.row+p.out)*n]
		}
		ok = t.k.maxRows(t.g.Kernel[2], y[p.row*n:(p.row+p.out)*n], a, x[p.from*w:], n, p.rows, w, p.out, t.g.Stride[1]*w, t.g.Pad[2], p.from*w-t.g.Pad[2]) && ok
	}
	return ok
}

// average writes the averages of a plane's windows.
func (t *pairPool) average(x, y []float32, divisor float32) {
	w, n := t.g.In[2], t.g.Out[2]
	for _, p := range t.parts {
		t.k.averageRows(t.g.Kernel[2], y[p.row*n:(p.row+p.out)*n], x[p.from*w:], n, p.rows, w, p.out, t.g.Stride[1]*w, t.g.Pad[2], divisor)
	}
}

// share writes the gradient of a plane's averages, of which each element has a share. It needs memory for scaled, as long as dy, and
// doubled, twice as long.
func (t *pairPool) share(dx, dy []float32, share float32, scaled, doubled []float32) {
	t.k.affine(scaled, dy, 0, share, 0, false)
	t.k.merge(doubled, scaled, scaled)
	w := t.g.In[2]
	for r := range t.g.Out[1] {
		copy(dx[2*r*w:(2*r+1)*w], doubled[r*w:])
		copy(dx[(2*r+1)*w:(2*r+2)*w], doubled[r*w:])
	}
	clear(dx[2*t.g.Out[1]*w:])
}

// spread writes the gradient of a plane.
func (t *pairPool) spread(dx, dy []float32, at []int32) {
	w, n := t.g.In[2], t.g.Out[2]
	for _, p := range t.parts {
		t.k.unpool2(dx[p.from*w:], dy[p.row*n:], at[p.row*n:], n, w, p.out, p.from*w)
	}
	if w > 2*n { // a column that no window has
		for r := range 2 * t.g.Out[1] {
			clear(dx[r*w+2*n : (r+1)*w])
		}
	}
	clear(dx[2*t.g.Out[1]*w:])
}
