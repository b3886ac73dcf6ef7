package cpu

//go:generate sh -c "cd _asm && go run ./winograd -out ../conv_winograd_amd64.s -stubs ../conv_winograd_stubs_amd64.go -pkg cpu"

import (
	"math"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Winograd convolution F(4x4, 3x3) of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016): each
// tile of 4x4 outputs comes of 6x6 inputs d and a 3x3 kernel g as
//
//	y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A
//
// so that the sums over channels are 36 matrix products with a quarter of the multiplications. Input and weights are
// transformed right into the panels that the tile kernels of matrix products read. Errors are up to about 7e-6 of the largest
// output, and an infinity makes all outputs of its tiles NaN.

const (
	winogradTile  = 4
	winogradPatch = 6
	winogradElems = winogradPatch * winogradPatch
	// winogradBytes is what the transforms of a block of tiles may take, which the second and third level caches hold.
	winogradBytes = 4 << 20
	// winogradStrip is the number of elements of the padded lines that are copied at a time: they stay in the first-level cache.
	winogradStrip = 6 << 10
	// winogradEdge is the number of channels whose outputs are cut at the edge at a time.
	winogradEdge = 16
	// winogradWeightsMost is the number of kernels whose transforms may exist, 144 MiB.
	winogradWeightsMost = 1 << 20
	winogradWidest      = 1024
	// With up to winogradFew tiles, half as many as output channels at most, the transformed weights are the larger part; these
	// then exist for winogradPanels panels of output channels at a time.
	winogradFew    = 256
	winogradPanels = 8
	// The fewest outputs a channel, in all images, for outputs and gradients of inputs, and for gradients of weights.
	winogradLeast     = 128
	winogradLeastGrad = 400
	// winogradSlack keeps elements of a transform, which are read together, out of one set of a cache.
	winogradSlack = 16
)

// winogradOff is where the lanes of a kernel begin, as many as it has.
type winogradOff [16]int

// winogradTmp is the scratch of the kernels: a transform, and what they keep of winogradOff.
type winogradTmp [winogradElems*16 + 16]float32

// winogradLanes is the number of tiles that are transformed together.
func winogradLanes(im Impl) int {
	switch im {
	case implAVX512:
		return 16
	case implAVX2, implNEON:
		return 8
	}
	return 4
}

// winogradRows is the number of rows of a panel that are transformed together.
func winogradRows(im Impl) int { return max(8, winogradLanes(im)) }

// winograd is a convolution by 3x3 of x (n, c, ih, iw) to y (n, k, oh, ow); ph and pw zeros are before the first elements, and
// as many as it takes after the last. A negative number leaves elements out.
type winograd struct {
	im               Impl
	n, c, k          int
	ih, iw, oh, ow   int
	ph, pw           int
	th, tw           int // tiles in a plane
	blocking         blocking
	terms            even
	rows             even // panels of weights
	tile             int  // tiles in a block
	panelU           int  // elements
	strideU          int  // from element to element of a transform
	panelV, panelM   int
	strideV, strideM int
	x, y, bias       []float32
	least            float32 // what is less becomes this
}

// usesWinograd reports whether Winograd's is the faster convolution. Measured: with fewer than least outputs a channel,
// transforming the weights takes longer than it saves; fewer channels or shorter planes gain little; and lines are copied whole
// for each block of tiles.
func (g *Conv) usesWinograd(least int) bool {
	one := [3]int{1, 1, 1}
	ih, iw, oh, ow := g.In[1], g.In[2], g.Out[1], g.Out[2]
	return g.Kernel == [3]int{1, 3, 3} && g.Stride == one && g.Dil == one && g.Groups == 1 && g.In[0] == 1 && g.Out[0] == 1 && g.Pad[0] == 0 &&
		min(g.C, g.K) >= 8 && g.C*g.K <= winogradWeightsMost && min(ih, iw, oh, ow) >= 3 && max(iw, ow) <= winogradWidest && g.N*min(ih*iw, oh*ow) >= least
}

func newWinograd(g *Conv) winograd {
	z := winograd{least: float32(math.Inf(-1)), im: inUse(), n: g.N, c: g.C, k: g.K, ih: g.In[1], iw: g.In[2], oh: g.Out[1], ow: g.Out[2], ph: g.Pad[1], pw: g.Pad[2]}
	z.th, z.tw = (z.oh+winogradTile-1)/winogradTile, (z.ow+winogradTile-1)/winogradTile
	return z
}

// winogradForward is ConvForward where usesWinograd.
func winogradForward(g *Conv, x, w, bias, y []float32) {
	z := newWinograd(g)
	if z.x, z.y, z.bias = x, y, bias; g.ReLU {
		z.least = 0
	}
	z.run(w, 9*g.C, 9, false)
}

// winogradInputGrad is ConvInputGrad where usesWinograd: a convolution by the weights with their channels swapped and their
// elements in reverse.
func winogradInputGrad(g *Conv, dy, w, dx []float32) {
	back := Conv{N: g.N, C: g.K, K: g.C, In: g.Out, Out: g.In, Pad: [3]int{0, 2 - g.Pad[1], 2 - g.Pad[2]}}
	z := newWinograd(&back)
	z.x, z.y = dy, dx
	z.run(w, 9, 9*g.C, true)
}

// run computes y; the weights of output channel k and input channel c begin at w[k*wk+c*wc].
func (z *winograd) run(w []float32, wk, wc int, flip bool) {
	z.blocking = blockingOf[float32](z.im)
	nr := z.blocking.nr
	z.terms, z.rows = evenly(z.c, z.blocking.kc), evenly(z.k, z.blocking.mr)
	z.panelU, z.panelV = z.blocking.mr*z.c+panelSlack, nr*z.c
	if total := z.n * z.th * z.tw; total <= winogradFew && 2*total <= z.k && z.rows.parts > winogradPanels {
		z.runFew(w, wk, wc, flip)
		return
	}
	// A block has whole panels, but there are enough blocks to share out.
	total := z.n * z.th * z.tw
	fit := min(winogradBytes/(4*winogradElems*(z.c+z.k)), (total+15)/16, 256)
	panels := max(2, (fit+nr-1)/nr)
	z.tile = panels * nr
	z.strideU = z.rows.parts*z.panelU + winogradSlack
	z.panelM = nr * z.k
	z.strideV, z.strideM = panels*z.panelV+winogradSlack, panels*z.panelM+winogradSlack
	u, buf := borrow[float32](winogradElems * z.strideU)
	defer buf.Put()
	parallel.For(z.rows.parts, max(1, 20_000/(z.blocking.mr*z.c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			z.weights(u[i*z.panelU:], i, w, wk, wc, flip)
		}
	})
	parallel.For((total+z.tile-1)/z.tile, 1, func(lo, hi int) {
		b, buf := z.newBlock(z.strideV, z.strideM)
		defer buf.Put()
		b.u, b.i1 = u, z.rows.parts
		for i := lo; i < hi; i++ {
			b.t0, b.t1 = i*z.tile, min(total, (i+1)*z.tile)
			b.input(0, z.c)
			b.products()
			b.output()
		}
	})
}

// runFew is run with all tiles in one block, whose inputs are transformed once for the panels of all workers.
func (z *winograd) runFew(w []float32, wk, wc int, flip bool) {
	total, nr := z.n*z.th*z.tw, z.blocking.nr
	panels := (total + nr - 1) / nr
	z.tile = panels * nr
	z.panelM = nr * winogradPanels * z.blocking.mr
	z.strideU, z.strideV, z.strideM = winogradPanels*z.panelU+winogradSlack, panels*z.panelV+winogradSlack, panels*z.panelM+winogradSlack
	v, buf := borrow[float32](winogradElems * z.strideV)
	defer buf.Put()
	step := max(8, 20_000/(winogradElems*z.tile))
	parallel.For(z.c, step, func(lo, hi int) {
		b, buf := z.newBlock(0, 0)
		defer buf.Put()
		b.v, b.t1 = v, total
		b.input(lo, hi)
	})
	groups := evenly(z.rows.parts, winogradPanels)
	parallel.For(groups.parts, 1, func(lo, hi int) {
		b, buf := z.newBlock(0, z.strideM)
		defer buf.Put()
		u, weights := borrow[float32](winogradElems * z.strideU)
		defer weights.Put()
		b.v, b.u, b.t1 = v, u, total
		for i := lo; i < hi; i++ {
			b.i0, b.i1 = groups.part(i)
			for p := b.i0; p < b.i1; p++ {
				z.weights(u[(p-b.i0)*z.panelU:], p, w, wk, wc, flip)
			}
			b.products()
			b.output()
		}
	})
}

// weights transforms panel i to u, the last rows first: the lanes reach into the next channel's, which is written later.
func (z *winograd) weights(u []float32, i int, w []float32, wk, wc int, flip bool) {
	var tmp winogradTmp
	r0, r1 := z.rows.part(i)
	lanes := winogradRows(z.im)
	for o := (r1 - r0 - 1) / lanes * lanes; o >= 0; o -= lanes {
		var off winogradOff
		for l := range lanes {
			off[l] = min(r0+o+l, r1-1) * wk
		}
		winogradWeights(z.im, u[o:], z.strideU, z.blocking.mr, w, wc, &off, min(lanes, r1-r0-o), z.c, flip, &tmp)
	}
}

// winogradBlock is tiles [t0, t1), counted through rows, planes and images, on their way to the output channels of panels [i0, i1).
type winogradBlock struct {
	*winograd
	t0, t1 int
	i0, i1 int
	u      []float32 // the panels' weights
	v, m   []float32 // transforms: elements, panels of tiles, channels, tiles
	strip  []float32 // padded lines
	edge   []float32 // tiles that are cut: channels, lanes, elements
	tmp    *winogradTmp
}

func (z *winograd) newBlock(strideV, strideM int) (b winogradBlock, buf mem.Block) {
	// The lines of a block's tiles, if each row of tiles had its own.
	lines := ((z.tile-2+z.tw)/z.tw + 1) * winogradPatch
	strip := max(winogradStrip, lines*(z.tw*winogradTile+2))
	edge := winogradEdge * winogradLanes(z.im) * winogradTile * winogradTile
	x, buf := borrow[float32](winogradElems*(strideV+strideM) + len(winogradTmp{}) + strip + edge)
	cut := func(n int) []float32 {
		s := x[:n:n]
		x = x[n:]
		return s
	}
	b = winogradBlock{winograd: z, v: cut(winogradElems * strideV), m: cut(winogradElems * strideM), tmp: (*winogradTmp)(cut(len(winogradTmp{})))}
	b.strip, b.edge = cut(strip), x
	return b, buf
}

// at returns where tile t lies: its image and its row and column of tiles.
func (z *winograd) at(t int) (n, i, j int) { return t / (z.th * z.tw), t / z.tw % z.th, t % z.tw }

// panel returns where the tiles from t on are in a transform.
func (b *winogradBlock) panel(t, size int) int {
	nr := b.blocking.nr
	return (t-b.t0)/nr*size + (t-b.t0)%nr
}

// input transforms the block's tiles of channels [from, to). Lines of a few channels are copied with their zeros, those that rows of tiles share
// once, so that each tile is six lines at an offset.
func (b *winogradBlock) input(from, to int) {
	pitch := b.tw*winogradTile + 2
	first, last := b.t0/b.tw, (b.t1-1)/b.tw // rows of tiles
	size := (b.line(first, last) + winogradPatch) * pitch
	lanes := winogradLanes(b.im)
	step := max(1, len(b.strip)/size)
	for c0 := from; c0 < to; c0 += step {
		n := min(step, to-c0)
		for c := range n {
			b.lines(b.strip[c*size:], pitch, c0+c, first, last)
		}
		for t := b.t0; t < b.t1; t += lanes {
			var off winogradOff
			for l := range lanes {
				s := min(t+l, b.t1-1) // lanes without a tile do the last one again
				off[l] = b.line(first, s/b.tw)*pitch + s%b.tw*winogradTile
			}
			winogradInput(b.im, b.v[b.panel(t, b.panelV)+c0*b.blocking.nr:], b.strideV, b.blocking.nr, b.strip, size, pitch, &off, n, b.tmp)
		}
	}
}

// line is where the lines of row r of tiles begin after those of row first: a row is four lines, six before another image.
func (z *winograd) line(first, r int) int {
	return winogradTile*(r-first) + 2*(r/z.th-first/z.th)
}

// lines copies what rows [first, last] of tiles read of channel c, with zeros around it.
func (z *winograd) lines(dst []float32, pitch, c, first, last int) {
	for r := first; r <= last; r++ {
		n, i := r/z.th, r%z.th
		plane := z.x[(n*z.c+c)*z.ih*z.iw:][:z.ih*z.iw]
		from := 0
		if r > first && i > 0 {
			from = 2 // the row before has copied these
		}
		for l := from; l < winogradPatch; l++ {
			padRow(dst[(z.line(first, r)+l)*pitch:][:pitch], plane, winogradTile*i+l-z.ph, z.ih, z.iw, z.pw)
		}
	}
}

// padRow copies line i of a plane (h, w) with pad zeros before and others after it; a line outside is zeros.
func padRow(dst, plane []float32, i, h, w, pad int) {
	if i < 0 || i >= h {
		clear(dst)
		return
	}
	padLine(dst, plane[i*w:][:w], -pad, 1)
}

// products multiplies the transforms, element by element of them.
func (b *winogradBlock) products() {
	nr, mr, lanes := b.blocking.nr, b.blocking.mr, winogradLanes(b.im)
	tiles := (b.t1 - b.t0 + lanes - 1) / lanes * lanes
	k0, _ := b.rows.part(b.i0)
	x := gemmTile[float32]{ars: 1, acs: mr, brs: nr, ldc: nr}
	for p := range winogradElems {
		for t := range b.terms.parts {
			p0, p1 := b.terms.part(t)
			x.k, x.flags = p1-p0, 0
			if t > 0 {
				x.flags = tileAccumulate
			}
			for j := 0; j < tiles; j += x.n {
				x.n = b.blocking.width(b.im, min(tiles-j, nr-j%nr))
				x.b = b.v[p*b.strideV+j/nr*b.panelV+p0*nr+j%nr:]
				for i := b.i0; i < b.i1; i++ {
					r0, r1 := b.rows.part(i)
					x.m = r1 - r0
					x.a = b.u[p*b.strideU+(i-b.i0)*b.panelU+p0*mr:]
					x.c = b.m[p*b.strideM+j/nr*b.panelM+(r0-k0)*nr+j%nr:]
					x.run(b.im)
				}
			}
		}
	}
}

// output transforms the products back. Tiles that the edge cuts go through a copy, with those beside them.
func (b *winogradBlock) output() {
	const size = winogradTile * winogradTile
	nr, lanes := b.blocking.nr, winogradLanes(b.im)
	first, _ := b.rows.part(b.i0)
	_, end := b.rows.part(b.i1 - 1)
	bias := func(k int) []float32 {
		if b.bias == nil {
			return nil
		}
		return b.bias[k:]
	}
	for t := b.t0; t < b.t1; t += lanes {
		var off winogradOff
		whole := t+lanes <= b.t1
		for l := range min(lanes, b.t1-t) {
			n, i, j := b.at(t + l)
			off[l] = ((n*b.k+first)*b.oh+winogradTile*i)*b.ow + winogradTile*j
			whole = whole && winogradTile*(i+1) <= b.oh && winogradTile*(j+1) <= b.ow
		}
		m := b.m[b.panel(t, b.panelM):]
		if whole {
			winogradOutput(b.im, b.y, b.oh*b.ow, b.ow, &off, m, b.strideM, nr, bias(first), b.least, end-first, b.tmp)
			continue
		}
		var in winogradOff
		for l := range lanes {
			in[l] = l * size
		}
		for k0 := 0; k0 < end-first; k0 += winogradEdge {
			channels := min(winogradEdge, end-first-k0)
			winogradOutput(b.im, b.edge, lanes*size, winogradTile, &in, m[k0*nr:], b.strideM, nr, bias(first+k0), b.least, channels, b.tmp)
			for l := range min(lanes, b.t1-t) {
				_, i, j := b.at(t + l)
				h, w := min(winogradTile, b.oh-winogradTile*i), min(winogradTile, b.ow-winogradTile*j)
				for c := range channels {
					cutTile(b.y[off[l]+(k0+c)*b.oh*b.ow:], b.ow, (*[size]float32)(b.edge[(c*lanes+l)*size:]), h, w)
				}
			}
		}
	}
}

// cutTile copies h rows of w elements of a tile.
func cutTile(y []float32, pitch int, tile *[winogradTile * winogradTile]float32, h, w int) {
	for i := range h {
		from := (*[winogradTile]float32)(tile[winogradTile*i:])
		if w == winogradTile {
			*(*[winogradTile]float32)(y[i*pitch:]) = *from
			continue
		}
		for j := range w {
			y[i*pitch+j] = from[j]
		}
	}
}

// winogradInputGo computes, for channels c and lanes l, v[p*vp+c*vc+l] = (Bᵀ d B)[p] of the 6x6 matrix
// d[i][j] = x[c*xc+off[l]+i*pitch+j].
func winogradInputGo(v []float32, vp, vc int, x []float32, xc, pitch int, off []int, channels int) {
	for c := range channels {
		for l, o := range off {
			var d [winogradElems]float32
			for i := range winogradPatch {
				s := (*[winogradPatch]float32)(x[c*xc+o+i*pitch:])
				d0, d1, d2, d3, d4, d5 := winogradIn(s[0], s[1], s[2], s[3], s[4], s[5])
				*(*[winogradPatch]float32)(d[winogradPatch*i:]) = [...]float32{d0, d1, d2, d3, d4, d5}
			}
			for j := range winogradPatch {
				s, step := v[j*vp+c*vc+l:], winogradPatch*vp
				s[0], s[step], s[2*step], s[3*step], s[4*step], s[5*step] = winogradIn(d[j], d[6+j], d[12+j], d[18+j], d[24+j], d[30+j])
			}
		}
	}
}

// winogradWeightsGo computes, for channels c and lanes l, u[p*up+c*uc+l] = (G g Gᵀ)[p] of the 3x3 matrix
// g[i][j] = w[c*wc+off[l]+3*i+j], or its elements in reverse.
func winogradWeightsGo(u []float32, up, uc int, w []float32, wc int, off []int, channels int, flip bool) {
	for c := range channels {
		for l, o := range off {
			s := *(*[9]float32)(w[c*wc+o:])
			if flip {
				for i := range 4 {
					s[i], s[8-i] = s[8-i], s[i]
				}
			}
			var d [3 * winogradPatch]float32
			for i := range 3 {
				d0, d1, d2, d3, d4, d5 := winogradG(s[3*i], s[3*i+1], s[3*i+2])
				*(*[winogradPatch]float32)(d[winogradPatch*i:]) = [...]float32{d0, d1, d2, d3, d4, d5}
			}
			for j := range winogradPatch {
				s, step := u[j*up+c*uc+l:], winogradPatch*up
				s[0], s[step], s[2*step], s[3*step], s[4*step], s[5*step] = winogradG(d[j], d[6+j], d[12+j])
			}
		}
	}
}

// winogradOutputGo computes, for channels c and lanes l, y[c*yc+off[l]+i*pitch+j] = max(least, (Aᵀ z A)[i][j] + bias[c]) of the 6x6
// matrix z[i][j] = m[(6*i+j)*mp+c*mc+l]; a nil bias is zeros, NaN stays.
func winogradOutputGo(y []float32, yc, pitch int, off []int, m []float32, mp, mc int, bias []float32, least float32, channels int) {
	for c := range channels {
		var b float32
		if bias != nil {
			b = bias[c]
		}
		for l, o := range off {
			var d [winogradTile * winogradPatch]float32
			for j := range winogradPatch {
				s, step := m[j*mp+c*mc+l:], winogradPatch*mp
				d[j], d[6+j], d[12+j], d[18+j] = winogradOut(s[0], s[step], s[2*step], s[3*step], s[4*step], s[5*step])
			}
			for i := range winogradTile {
				s := (*[winogradPatch]float32)(d[winogradPatch*i:])
				y0, y1, y2, y3 := winogradOut(s[0], s[1], s[2], s[3], s[4], s[5])
				*(*[winogradTile]float32)(y[c*yc+o+i*pitch:]) = [...]float32{atLeast32(y0+b, least), atLeast32(y1+b, least), atLeast32(y2+b, least), atLeast32(y3+b, least)}
			}
		}
	}
}

func atLeast32(v, least float32) float32 {
	if v < least {
		return least
	}
	return v
}

// winogradIn is Bᵀ times a vector.
func winogradIn(d0, d1, d2, d3, d4, d5 float32) (t0, t1, t2, t3, t4, t5 float32) {
	a, b := d4-4*d2, d3-4*d1
	e, f := d4-d2, 2*(d3-d1)
	return 4*d0 - 5*d2 + d4, a + b, a - b, e + f, e - f, 4*d1 - 5*d3 + d5
}

// winogradG is G times a vector.
func winogradG(g0, g1, g2 float32) (t0, t1, t2, t3, t4, t5 float32) {
	s, e := g0+g2, g0*(1./24)+g2*(1./6)
	return g0 * (1. / 4), (s + g1) * (-1. / 6), (s - g1) * (-1. / 6), e + g1*(1./12), e - g1*(1./12), g2
}

// winogradOut is Aᵀ times a vector.
func winogradOut(m0, m1, m2, m3, m4, m5 float32) (y0, y1, y2, y3 float32) {
	s, d, p, q := m1+m2, m1-m2, m3+m4, m3-m4
	return m0 + s + p, d + 2*q, s + 4*p, d + 8*q + m5
}
