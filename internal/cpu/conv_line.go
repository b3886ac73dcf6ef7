package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// Winograd convolution along lines, F(4, 4): four neighbouring outputs y of a line come of seven inputs d and four taps g of the
// kernel's line as
//
//	y = Aᵀ [(G g) ⊙ (Bᵀ d)]
//
// with 7 multiplications for 16, in the points ±1, ±2, ±1/2 and infinity. The lines of a kernel, its channels and the phases of the
// stride are summed between the transforms, so that there are seven matrix products, over the terms (channel, line, phase). It is for few
// terms: the first layer's 7x7 with stride 2, whose 147 multiplications an output become 73.5. Errors are about 1e-6 of the
// largest output, three times those of the direct convolution; an infinity makes the outputs of its tiles NaN.
//
// As in a strip of the direct convolution, lines that the stride of the height never brings together are not neighbours, so that
// the inputs of a term lie one after the other for all outputs of a block of lines.

const (
	linePoints = 7
	lineTile   = 4 // outputs, and taps of a phase
	// lineTerms is the largest number of terms: their transforms for 16 tiles stay in the first-level cache.
	lineTerms = 64
	// lineElements is the number of elements that the transforms of a block should not exceed.
	lineElements = 48 << 10
	lineLeast    = 512 // outputs a channel
)

// usesLines reports whether the transforms save more than they cost.
func (g *Conv) usesLines() bool {
	s := g.Stride[2]
	return lineKernels() && g.C > 0 && g.Groups == 1 && g.Kernel[0] == 1 && g.In[0] == 1 && g.Out[0] == 1 && g.Pad[0] == 0 &&
		s <= 2 && (g.Kernel[2]+s-1)/s == lineTile && g.Dil == [3]int{1, 1, 1} &&
		g.Out[2]%lineTile == 0 && g.Out[2] <= 4096 && g.C*g.Kernel[1]*s <= lineTerms && g.K >= 16 && g.N*volume(g.Out) >= lineLeast
}

// lineConv is a convolution by lines.
type lineConv struct {
	*Conv
	im           Impl
	x, y, bias   []float32
	terms, tw    int // terms; tiles in a line
	rows, blocks int // lines of outputs in a block; blocks in an image
	parity       int // lines of inputs that are apart
	lines        int // of inputs in a block, for each parity
	pitch        int // of a padded line
	taken        int // elements of a tile's padded line, of all phases
	planeD       int // elements
	planeV       int
	strideV      int // from element to element of a transform
	panels       even
	u            []float32 // weights: panels, points, terms, rows
	off          []int32
}

// lineForward is ConvForward where usesLines.
func lineForward(g *Conv, x, w, bias, y []float32) {
	s := g.Stride[2]
	z := lineConv{Conv: g, im: inUse(), x: x, y: y, bias: bias, terms: g.C * g.Kernel[1] * s, tw: g.Out[2] / lineTile}
	z.parity = min(g.Stride[1], g.Kernel[1])
	z.taken = max(8, linePoints*s)
	z.pitch = lineTile*s*(z.tw-1) + z.taken
	z.panels = evenly(g.K, directRows)
	z.rows = g.Out[1]
	for {
		z.lines = z.rows + (g.Kernel[1]-1)/g.Stride[1]
		z.planeD, z.planeV = z.lines*z.tw+8, z.lines*z.tw // transposing writes past the end
		z.strideV = (g.C*s*z.parity*z.planeV+directCols+15)/16*16 + 16
		z.blocks = (g.Out[1] + z.rows - 1) / z.rows
		if z.rows <= 4 || linePoints*z.strideV <= lineElements && g.N*z.blocks >= directTasks {
			break
		}
		z.rows = (z.rows + 1) / 2
	}
	for c := range g.C {
		for r := range g.Kernel[1] {
			for f := range s {
				z.off = append(z.off, int32((((c*z.parity+r%g.Stride[1])*s+f)*z.lines+r/g.Stride[1])*z.tw))
			}
		}
	}
	u, block := borrow[float32](z.panels.parts * linePoints * z.terms * directRows)
	defer block.Put()
	z.u = u
	z.weights(w)
	parallel.For(g.N*z.blocks, taskGrain(linePoints*z.terms*g.K*z.rows*z.tw), func(lo, hi int) {
		size := z.pitch + z.taken*z.planeD + 16 + linePoints*z.strideV + linePoints*(z.terms+directRows)*directCols + directRows*lineTile*directCols
		buf, block := borrow[float32](size)
		defer block.Put()
		for i := lo; i < hi; i++ {
			z.task(i/z.blocks, i%z.blocks*z.rows, buf)
		}
	})
}

// weights transforms the weights into panels.
func (z *lineConv) weights(w []float32) {
	s, width := z.Stride[2], z.Kernel[2]
	lines := z.C * z.Kernel[1]
	for q := range z.panels.parts {
		r0, r1 := z.panels.part(q)
		u := z.u[q*linePoints*z.terms*directRows:][:linePoints*z.terms*directRows]
		clear(u)
		for r := r0; r < r1; r++ {
			for t := range z.terms {
				var g [lineTile]float32
				for a := range g {
					if j := a*s + t%s; j < width {
						g[a] = w[(r*lines+t/s)*width+j]
					}
				}
				for p, v := range lineWeight(g) {
					u[(p*z.terms+t)*directRows+r-r0] = v
				}
			}
		}
	}
}

// lineWeight is G times a vector.
func lineWeight(g [lineTile]float32) [linePoints]float32 {
	a, b := g[0]+g[2], g[1]+g[3]
	c, d := g[0]+4*g[2], 2*(g[1]+4*g[3])
	e, f := 4*g[0]+g[2], 2*g[1]+.5*g[3]
	return [...]float32{(a + b) * (-2. / 9), (a - b) * (2. / 9), (c + d) * (1. / 45), (d - c) * (1. / 45), (e + f) * (4. / 45), (f - e) * (4. / 45), g[3]}
}

// task computes lines of an image from l0 on.
func (z *lineConv) task(n, l0 int, buf []float32) {
	cut := func(n int) []float32 {
		s := buf[:n:n]
		buf = buf[n:]
		return s
	}
	line, d, v := cut(z.pitch), cut(z.taken*z.planeD+16), cut(linePoints*z.strideV)
	packed := cut(linePoints * z.terms * directCols)
	tmp, last := cut(linePoints*directRows*directCols), cut(directRows*lineTile*directCols)
	rows, s := min(z.rows, z.Out[1]-l0), z.Stride[2]
	lines := rows + z.lines - z.rows
	for c := range z.C {
		plane := z.x[(n*z.C+c)*z.In[1]*z.In[2]:][:z.In[1]*z.In[2]]
		for u := range z.parity {
			for i := range lines {
				padRow(line, plane, (l0+i)*z.Stride[1]+u-z.Pad[1], z.In[1], z.In[2], z.Pad[2])
				for t := 0; t < z.tw; t += 8 {
					packTransposed(d[i*z.tw+t:], z.planeD, line[t*lineTile*s:], lineTile*s, min(8, z.tw-t), z.taken)
				}
			}
			for f := range s {
				lineInput(z.im, v[((c*z.parity+u)*s+f)*z.planeV:], z.strideV, d[f*z.planeD:], s*z.planeD, (lines*z.tw+7)&^7)
			}
		}
	}
	size := volume(z.Out)
	x := lineTileArgs{v: packed, k: z.terms, tmp: tmp, flags: z.flags()}
	for j := 0; j < rows*z.tw; j += directCols {
		linePack(z.im, packed, v[j:], z.strideV, z.off)
		for q := range z.panels.parts {
			r0, r1 := z.panels.part(q)
			x.u, x.m = z.u[q*linePoints*z.terms*directRows:], r1-r0
			if x.bias = nil; z.bias != nil {
				x.bias = z.bias[r0:]
			}
			y := z.y[(n*z.K+r0)*size+(l0*z.tw+j)*lineTile:]
			if x.c, x.ldc = y, size; j+directCols <= rows*z.tw {
				x.run(z.im)
				continue
			}
			x.c, x.ldc = last, lineTile*directCols
			x.run(z.im)
			for r := range x.m {
				copy(y[r*size:][:(rows*z.tw-j)*lineTile], last[r*x.ldc:])
			}
		}
	}
}

// lineTileArgs is the arguments of a tile kernel, which computes for i < m <= 6 and tiles j < 16
//
//	s[p] = Σ_t u[(p*k+t)*6+i] * v[(p*k+t)*16+j]   for t < k, points p
//	c[i*ldc+4*j:][:4] = max(0, Aᵀ s + bias[i])
//
// the maximum only with tileReLU; a nil bias is zeros. tmp is scratch.
type lineTileArgs struct {
	u, v, c, bias, tmp []float32
	k, ldc, m          int
	flags              int
}

func (x *lineTileArgs) runGo() {
	for i := range x.m {
		for j := range directCols {
			var s [linePoints]float32
			for p := range s {
				for t := range x.k {
					s[p] += x.u[(p*x.k+t)*directRows+i] * x.v[(p*x.k+t)*directCols+j]
				}
			}
			for l, v := range lineOutput(s) {
				if x.bias != nil {
					v += x.bias[i]
				}
				if x.flags&tileReLU != 0 && v < 0 {
					v = 0
				}
				x.c[i*x.ldc+lineTile*j+l] = v
			}
		}
	}
}

// lineOutput is Aᵀ times a vector.
func lineOutput(m [linePoints]float32) [lineTile]float32 {
	s1, d1, s2, d2, s3, d3 := m[0]+m[1], m[0]-m[1], m[2]+m[3], m[2]-m[3], m[4]+m[5], m[4]-m[5]
	return [...]float32{s1 + s2 + s3, d1 + 2*d2 + .5*d3, s1 + 4*s2 + .25*s3, d1 + 8*d2 + .125*d3 + m[6]}
}

// convLineInputGo computes v[p*vp+j] = (Bᵀ d)[p] of d[q] = x[q*xp+j] for j < n.
func convLineInputGo(v []float32, vp int, x []float32, xp, n int) {
	for j := range n {
		var d [linePoints]float32
		for q := range d {
			d[q] = x[q*xp+j]
		}
		e1, o1 := d[1]-4.25*d[3]+d[5], d[0]-4.25*d[2]+d[4]
		e2, o2 := .25*d[1]-1.25*d[3]+d[5], .5*d[0]-2.5*d[2]+2*d[4]
		e3, o3 := 4*d[1]-5*d[3]+d[5], 2*d[0]-2.5*d[2]+.5*d[4]
		for p, s := range [linePoints]float32{e1 + o1, e1 - o1, e2 + o2, e2 - o2, e3 + o3, e3 - o3, d[6] - d[0] + 5.25*(d[2]-d[4])} {
			v[p*vp+j] = s
		}
	}
}

// linePackGo computes dst[(p*k+t)*16+j] = v[p*vp+off[t]+j] for points p, t < k = len(off), j < 16.
func linePackGo(dst, v []float32, vp int, off []int32) {
	for p := range linePoints {
		for t, o := range off {
			copy(dst[(p*len(off)+t)*directCols:][:directCols], v[p*vp+int(o):])
		}
	}
}
