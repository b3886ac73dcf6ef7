package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// im2col writes the patches of output positions [p0, p0+np) of one group's planes x to col (rows, np).
func im2col[T any](g *Conv, x, col []T, p0, np int) {
	size, ow, sw := volume(g.In), g.Out[2], g.Stride[2]
	row := 0
	for c := range g.C / g.Groups {
		plane := x[c*size : (c+1)*size]
		for t := range g.Kernel[0] {
			for r := range g.Kernel[1] {
				for s := range g.Kernel[2] {
					dst := col[row*np : (row+1)*np]
					row++
					first, end := g.inside(s)
					for at, l, j := 0, p0/ow, p0%ow; at < np; l, j = l+1, 0 {
						d := dst[at:min(np, at+ow-j)]
						at += len(d)
						from, lo, hi := g.inputLine(l, t, r), max(first-j, 0), min(end-j, len(d))
						if from < 0 || lo >= hi {
							clear(d)
							continue
						}
						clear(d[:lo])
						clear(d[hi:])
						src := plane[from+(j+lo)*sw-g.Pad[2]+s*g.Dil[2]:]
						if sw == 1 {
							copy(d[lo:hi], src)
							continue
						}
						for k := range d[lo:hi] {
							d[lo+k] = src[k*sw]
						}
					}
				}
			}
		}
	}
}

// col2im adds the patches of output positions [p0, p0+np) to the planes they were taken from.
func col2im[T Float](g *Conv, col, x []T, p0, np int) {
	parallel.For(g.C/g.Groups, max(1, grainCheap/max(1, g.taps()*np)), func(lo, hi int) {
		for c := lo; c < hi; c++ {
			col2imPlane(g, c, col, x, p0, np)
		}
	})
}

func col2imPlane[T Float](g *Conv, c int, col, x []T, p0, np int) {
	size, ow, sw := volume(g.In), g.Out[2], g.Stride[2]
	plane := x[c*size : (c+1)*size]
	row := c * g.taps()
	for t := range g.Kernel[0] {
		for r := range g.Kernel[1] {
			for s := range g.Kernel[2] {
				src := col[row*np : (row+1)*np]
				row++
				first, end := g.inside(s)
				for at, l, j := 0, p0/ow, p0%ow; at < np; l, j = l+1, 0 {
					v := src[at:min(np, at+ow-j)]
					at += len(v)
					to, lo, hi := g.inputLine(l, t, r), max(first-j, 0), min(end-j, len(v))
					if to < 0 || lo >= hi {
						continue
					}
					v = v[lo:hi]
					d := plane[to+(j+lo)*sw-g.Pad[2]+s*g.Dil[2]:]
					if sw == 1 {
						d = d[:len(v)]
						for k, f := range v {
							d[k] += f
						}
						continue
					}
					for k, f := range v {
						d[k*sw] += f
					}
				}
			}
		}
	}
}

// inputLine returns where the input line begins that output line l (depth and height in one) reads through taps (t, r, ·);
// -1 for padding.
func (g *Conv) inputLine(l, t, r int) int {
	d, h := 0, l
	if g.Out[0] > 1 {
		d, h = l/g.Out[1], l%g.Out[1]
	}
	d, h = d*g.Stride[0]-g.Pad[0]+t*g.Dil[0], h*g.Stride[1]-g.Pad[1]+r*g.Dil[1]
	if d < 0 || d >= g.In[0] || h < 0 || h >= g.In[1] {
		return -1
	}
	return (d*g.In[1] + h) * g.In[2]
}

// inside returns the output columns [first, end) whose tap s reads the input; it reads padding in the others.
func (g *Conv) inside(s int) (first, end int) {
	off, stride := g.Pad[2]-s*g.Dil[2], g.Stride[2]
	if off > 0 {
		first = (off + stride - 1) / stride
	}
	if last := g.In[2] - 1 + off; last >= 0 {
		end = min(g.Out[2], last/stride+1)
	}
	return first, end
}
