package cpu

import (
	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Depthwise convolutions, whose groups have one input channel, do too little with each element for a matrix product to pay.
// Here a block of a plane is copied with its padding, columns of one phase of the stride side by side: then each output line
// is a weighted sum of lines of that copy, one for each tap, at offsets that are the same for all lines.

const (
	// depthwiseMultiplier is the number of output channels a group up to which they beat matrix products.
	depthwiseMultiplier = 8
	// depthwiseColumns and depthwiseElements bound a block: its columns, and the elements of its copy, 64 KiB of float32.
	depthwiseColumns  = 256
	depthwiseElements = 1 << 14
)

func (g *Conv) depthwise() bool {
	return g.C == g.Groups && g.K <= depthwiseMultiplier*g.Groups && (g.Groups > 1 || !directKernels())
}

// blocks cuts the lines and columns of planes into blocks.
type blocks struct {
	depth, lines, cols int // of a plane
	bl, bc             int // lines and columns of a block
	nl, nc             int // blocks
}

// cut makes blocks of at most maxLines lines.
func cut(plane [3]int, maxLines int) blocks {
	b := blocks{depth: plane[0], lines: plane[1], cols: plane[2]}
	b.bl, b.bc = max(1, min(maxLines, b.lines)), min(depthwiseColumns, b.cols)
	b.nl, b.nc = (b.lines+b.bl-1)/b.bl, (b.cols+b.bc-1)/b.bc
	return b
}

func (b *blocks) count() int { return b.depth * b.nl * b.nc }

// at returns block i: its depth, its lines [l0, l1) and its columns [c0, c1).
func (b *blocks) at(i int) (d, l0, l1, c0, c1 int) {
	l0, c0 = i/b.nc%b.nl*b.bl, i%b.nc*b.bc
	return i / b.nc / b.nl, l0, min(l0+b.bl, b.lines), c0, min(c0+b.bc, b.cols)
}

// patch is the copy that a block of outputs reads: a slice for each tap of the depth, in it lines, each of one row of
// elements for each phase of the stride.
type patch[T Float] struct {
	g     *Conv
	b     blocks
	lines int   // of a slice
	width int   // of a phase
	off   []int // where each tap begins for the block's first line and column
	buf   []T
	block mem.Block
}

func newPatch[T Float](g *Conv) *patch[T] {
	cols, halo := min(depthwiseColumns, g.Out[2]), (g.Kernel[1]-1)*g.Dil[1]+1
	p := &patch[T]{g: g, width: (g.Kernel[2]-1)*g.Dil[2]/g.Stride[2] + cols}
	fit := depthwiseElements/(g.Kernel[0]*p.pitch()) - halo
	p.b = cut(g.Out, max(fit/g.Stride[1], halo))
	p.lines = (p.b.bl-1)*g.Stride[1] + halo
	for t := range g.Kernel[0] {
		for r := range g.Kernel[1] {
			for s := range g.Kernel[2] {
				col := s * g.Dil[2]
				p.off = append(p.off, (t*p.lines+r*g.Dil[1])*p.pitch()+col%g.Stride[2]*p.width+col/g.Stride[2])
			}
		}
	}
	return p
}

// pitch is the length of a line.
func (p *patch[T]) pitch() int { return p.g.Stride[2] * p.width }

func (p *patch[T]) lend() { p.buf, p.block = borrow[T](p.g.Kernel[0] * p.lines * p.pitch()) }

// load copies what outputs [l0, l1) x [c0, ...) at depth d read of plane x. It returns the range of taps that read x and not
// padding before or after its depth.
func (p *patch[T]) load(x []T, d, l0, l1, c0 int) (first, end int) {
	g := p.g
	plane := g.Kernel[1] * g.Kernel[2]
	n := (l1-l0-1)*g.Stride[1] + (g.Kernel[1]-1)*g.Dil[1] + 1
	for t := range g.Kernel[0] {
		z := d*g.Stride[0] - g.Pad[0] + t*g.Dil[0]
		if z < 0 || z >= g.In[0] {
			continue
		}
		if end == 0 {
			first = t * plane
		}
		end = (t + 1) * plane
		for i := range n {
			dst := p.buf[(t*p.lines+i)*p.pitch():][:p.pitch()]
			h := l0*g.Stride[1] - g.Pad[1] + i
			if h < 0 || h >= g.In[1] {
				clear(dst)
				continue
			}
			padLine(dst, x[(z*g.In[1]+h)*g.In[2]:][:g.In[2]], c0*g.Stride[2]-g.Pad[2], g.Stride[2])
		}
	}
	return first, end
}

// padLine copies a line from column c0, which may lie outside, with zeros around it: dst has the columns of each phase of the
// stride side by side.
func padLine[T Float](dst, line []T, c0, stride int) {
	width := len(dst) / stride
	for ph := range stride {
		d, c := dst[ph*width:][:width], c0+ph
		lo, hi := 0, 0
		if c < 0 {
			lo = min(width, (-c+stride-1)/stride)
		}
		if c < len(line) {
			hi = min(width, (len(line)-c+stride-1)/stride)
		}
		hi = max(lo, hi)
		clear(d[:lo])
		clear(d[hi:])
		d = d[lo:hi]
		switch {
		case len(d) == 0:
		case stride == 1:
			copy(d, line[c+lo:])
		default:
			takeEvery(d, line[c+lo*stride:], stride)
		}
	}
}

// takeEvery sets d[i] = x[i*stride], four at a time for the usual stride.
func takeEvery[T Float](d, x []T, stride int) {
	for stride == 2 && len(d) >= 4 && len(x) >= 8 {
		to, from := (*[4]T)(d), (*[8]T)(x)
		to[0], to[1], to[2], to[3] = from[0], from[2], from[4], from[6]
		d, x = d[4:], x[8:]
	}
	for i := range d {
		d[i] = x[i*stride]
	}
}

// putEvery sets x[i*stride] = d[i].
func putEvery[T Float](x, d []T, stride int) {
	for stride == 2 && len(d) >= 4 && len(x) >= 8 {
		to, from := (*[8]T)(x), (*[4]T)(d)
		to[0], to[2], to[4], to[6] = from[0], from[1], from[2], from[3]
		d, x = d[4:], x[8:]
	}
	for i, v := range d {
		x[i*stride] = v
	}
}

func depthwiseForward[T Float](g Conv, x, w, bias, y []T) {
	p := newPatch[T](&g)
	in, out, mult, taps, per := volume(g.In), volume(g.Out), g.K/g.C, g.taps(), p.b.count()
	parallel.For(g.N*g.C*per, taskGrain(2*mult*taps*p.b.bl*p.b.bc), func(lo, hi int) {
		p := *p
		p.lend()
		defer p.block.Put()
		for i := lo; i < hi; i++ {
			plane := i / per
			d, l0, l1, c0, c1 := p.b.at(i % per)
			first, end := p.load(x[plane*in:][:in], d, l0, l1, c0)
			for m := range mult {
				k := plane%g.C*mult + m
				b := T(0)
				if bias != nil {
					b = bias[k]
				}
				from := (plane*mult+m)*out + (d*g.Out[1]+l0)*g.Out[2] + c0
				for l := range l1 - l0 {
					z := y[from+l*g.Out[2]:][:c1-c0]
					if clear(z); b != 0 {
						for j := range z {
							z[j] = b
						}
					}
				}
				for step, l := tapLines(c1-c0), 0; l < l1-l0; l += step {
					tapSum(y[from+l*g.Out[2]:], g.Out[2], p.buf[l*g.Stride[1]*p.pitch():], g.Stride[1]*p.pitch(), min(step, l1-l0-l), c1-c0,
						p.off[first:end], w[k*taps:][first:end])
				}
				for l := range l1 - l0 {
					if !g.ReLU {
						break
					}
					z := y[from+l*g.Out[2]:][:c1-c0]
					MapFlat(Pointwise{Code: ReLU}, z, z, nil, nil)
				}
			}
		}
	})
}

// depthwiseWeightGrad sums a few lines in T, all else in float64.
func depthwiseWeightGrad[T Float](g Conv, x, dy, dw []T) {
	p := newPatch[T](&g)
	in, out, mult, taps := volume(g.In), volume(g.Out), g.K/g.C, g.taps()
	group := weightGroup(g.N, len(dw))
	parts := (g.N + group - 1) / group
	part, partBlock := borrow[float64](parts * g.K * taps)
	defer partBlock.Put()
	clear(part)
	parallel.For(parts*g.C, taskGrain(2*mult*taps*out*min(group, g.N)), func(lo, hi int) {
		p := *p
		p.lend()
		defer p.block.Put()
		for i := lo; i < hi; i++ {
			q, c := i/g.C, i%g.C
			sums := part[(q*g.K+c*mult)*taps:][:mult*taps]
			for n := q * group; n < min(g.N, (q+1)*group); n++ {
				for blk := range p.b.count() {
					d, l0, l1, c0, c1 := p.b.at(blk)
					first, end := p.load(x[(n*g.C+c)*in:][:in], d, l0, l1, c0)
					for m := range mult {
						from := (n*g.K+c*mult+m)*out + (d*g.Out[1]+l0)*g.Out[2] + c0
						for step, l := tapLines(c1-c0), 0; l < l1-l0; l += step {
							tapDots(dy[from+l*g.Out[2]:], g.Out[2], p.buf[l*g.Stride[1]*p.pitch():], g.Stride[1]*p.pitch(), min(step, l1-l0-l), c1-c0,
								p.off[first:end], sums[m*taps:][first:end])
						}
					}
				}
			}
		}
	})
	for i := range dw[:g.K*taps] {
		var s float64
		for q := range parts {
			s += part[q*g.K*taps+i]
		}
		dw[i] = T(s)
	}
}

// depthwiseInputGrad gathers: a line of dx is, one phase of the stride after the other, a weighted sum of lines of dy.
func depthwiseInputGrad[T Float](g Conv, dy, w, dx []T) {
	in, out, mult, taps := volume(g.In), volume(g.Out), g.K/g.C, g.taps()
	sh, sw := g.Stride[1], g.Stride[2]
	backH, backW := (g.Kernel[1]-1)*g.Dil[1]/sh, (g.Kernel[2]-1)*g.Dil[2]/sw // how far behind the last output begins that an input reaches
	slices := mult * g.Kernel[0]
	pitch := backW + (min(depthwiseColumns, g.In[2])-1)/sw + 2
	b := cut(g.In, max(depthwiseElements/(slices*pitch)*sh-backH-1, (backH+1)*sh))
	lines := backH + (b.bl-1)/sh + 2
	per := b.count()
	parallel.For(g.N*g.C*per, taskGrain(2*mult*taps*b.bl*b.bc/(sh*sw)), func(lo, hi int) {
		buf, bufBlock := borrow[T](slices * lines * pitch)
		defer bufBlock.Put()
		tmp, tmpBlock := borrow[T](max(pitch, maxTapProducts))
		defer tmpBlock.Put()
		off, weight := make([]int, 0, mult*taps), make([]T, 0, mult*taps)
		for i := lo; i < hi; i++ {
			plane := i / per
			c := plane % g.C
			d, l0, l1, c0, c1 := b.at(i % per)
			h0, w0 := (l0+g.Pad[1])/sh, (c0+g.Pad[2])/sw // the last outputs that line l0 and column c0 may reach
			n := (l1-1+g.Pad[1])/sh - h0 + backH + 1
			for m := range mult {
				for t := range g.Kernel[0] {
					od, ok := g.reaches(d, t)
					if !ok {
						continue
					}
					for k := range n {
						dst := buf[((m*g.Kernel[0]+t)*lines+k)*pitch:][:pitch]
						oh := h0 - backH + k
						if oh < 0 || oh >= g.Out[1] {
							clear(dst)
							continue
						}
						padLine(dst, dy[(plane*mult+m)*out+(od*g.Out[1]+oh)*g.Out[2]:][:g.Out[2]], w0-backW, 1)
					}
				}
			}
			for a := range min(sh, l1-l0) { // lines of one phase reach outputs through the same taps
				for e := range min(sw, c1-c0) { // so do columns
					ah, aw := l0+a+g.Pad[1], c0+e+g.Pad[2]
					off, weight = off[:0], weight[:0]
					for m := range mult {
						for t := range g.Kernel[0] {
							if _, ok := g.reaches(d, t); !ok {
								continue
							}
							for r := range g.Kernel[1] {
								if (ah-r*g.Dil[1])%sh != 0 {
									continue
								}
								row := ((m*g.Kernel[0]+t)*lines + (ah-r*g.Dil[1])/sh - (h0 - backH)) * pitch
								for s := range g.Kernel[2] {
									if (aw-s*g.Dil[2])%sw == 0 {
										off = append(off, row+(aw-s*g.Dil[2])/sw-(w0-backW))
										weight = append(weight, w[(c*mult+m)*taps+(t*g.Kernel[1]+r)*g.Kernel[2]+s])
									}
								}
							}
						}
					}
					from, n := plane*in+(d*g.In[1]+l0+a)*g.In[2]+c0+e, (c1-c0-e+sw-1)/sw
					lines := (l1 - l0 - a + sh - 1) / sh
					for step, l := tapLines(n), 0; l < lines; l += step {
						count := min(step, lines-l)
						x := dx[from+l*sh*g.In[2]:]
						z, zp := x, sh*g.In[2]
						if sw > 1 {
							z, zp = tmp, n
						}
						for k := range count {
							clear(z[k*zp:][:n])
						}
						tapSum(z, zp, buf[l*pitch:], pitch, count, n, off, weight)
						for k := 0; k < count && sw > 1; k++ {
							putEvery(x[k*sh*g.In[2]:], z[k*zp:][:n], sw)
						}
					}
				}
			}
		}
	})
}

// reaches returns the depth of the output that the input at depth d reaches through tap t, and whether there is one.
func (g *Conv) reaches(d, t int) (od int, ok bool) {
	n := d + g.Pad[0] - t*g.Dil[0]
	return n / g.Stride[0], n >= 0 && n%g.Stride[0] == 0 && n/g.Stride[0] < g.Out[0]
}
