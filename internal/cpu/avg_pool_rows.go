package cpu

// Windows of one column, as local response normalisation has over the channels, average whole rows.

// wholeRows reports whether each window is one column wide and each column has its windows.
func (m *rowPool) wholeRows() bool {
	return !m.g.Adaptive && !m.empty && m.g.Kernel[2] == 1 && m.g.Stride[2] == 1 && m.g.Pad[2] == 0
}

// rowsBlock is the number of columns that are added up together, so that their sums stay in the first cache.
const rowsBlock = 1024

// averageRows is AvgPool of a volume by windows of whole rows.
func averageRows[T float32 | float64](m *rowPool, divisor float64, x, y []T) {
	width, i := m.g.In[2], 0
	buf, block := borrow[float64](min(width, rowsBlock))
	defer block.Put()
	for _, d := range m.ds {
		for _, h := range m.hs {
			for lo := 0; lo < width; lo += rowsBlock {
				sums := buf[:min(rowsBlock, width-lo)]
				clear(sums)
				for k := d.lo; k < d.hi; k++ {
					from := x[(k*m.g.In[1]+h.lo)*width+lo:]
					if AddRows(sums, from, h.hi-h.lo, width) {
						continue
					}
					for r := range h.hi - h.lo {
						for c, v := range from[r*width:][:len(sums)] {
							sums[c] += float64(v)
						}
					}
				}
				for c, s := range sums {
					y[i+c] = T(s / divisor)
				}
				i += len(sums)
			}
		}
	}
}

// shareRows is AvgPoolGrad of a volume by windows of whole rows.
func shareRows[T float32 | float64](m *rowPool, divisor T, dy, dx []T) {
	clear(dx)
	width, i := m.g.In[2], 0
	buf, block := borrow[T](min(width, rowsBlock))
	defer block.Put()
	for _, d := range m.ds {
		for _, h := range m.hs {
			for lo := 0; lo < width; lo += rowsBlock {
				part := buf[:min(rowsBlock, width-lo)]
				for c, v := range dy[i : i+len(part)] {
					part[c] = v / divisor
				}
				i += len(part)
				for k := d.lo; k < d.hi; k++ {
					for r := h.lo; r < h.hi; r++ {
						to := dx[(k*m.g.In[1]+r)*width+lo:][:len(part)]
						for c, v := range part {
							to[c] += v
						}
					}
				}
			}
		}
	}
}
