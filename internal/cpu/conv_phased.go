package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Winograd convolution F(4x4, 2x2) for kernels of 4x4 with strides of 2. The stride cuts input and kernel into four phases,
// even and odd lines by even and odd columns, whose convolutions by 2x2 with stride 1 add up to the outputs:
//
//	y[i,j] = Σ_{a,b<2} Σ_{r,s<2} w[2r+a, 2s+b] x[2(i+r)+a-pad, 2(j+s)+b-pad]
//
// The gradient of the input, which is the transposed convolution, has such a convolution of dy for each phase of its result. A tile of
// 4x4 outputs comes of 5x5 inputs d and 2x2 weights g of each phase as
//
//	y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A
//
// in the points 0, 1, -1, 2 and infinity (Lavin and Gray, 2016, as in conv_winograd.go), so that the sums over channels and phases are 25
// matrix products, with 25 multiplications for 64. Errors are up to about 6e-6 of the largest output, with hundreds of channels 1e-5, and an infinity makes all
// outputs of its tiles NaN.
//
// On one thread of a Zen 3 with a peak of 102 GFLOP/s, in ms, direct convolution in brackets: forward, gradient of the input, of the weights
//
//	16 images, 64 channels of 32x32 to 128   5.7 (13.0), 6.2 (13.9), 6.8 (13.2)
//	16 images, 128 channels of 16x16 to 256  6.0 (12.3), 6.7 (13.8), 7.1 (13.4)
//	16 images, 256 channels of 8x8 to 512    7.5 (14.0), 8.2 (16.9), 9.0 (14.9)
//	64 images, 256 channels of 8x8 to 512    26 (50), 33 (57), 26 (53)
//	1 image, 64 channels of 32x32 to 128     0.47 (0.91), 0.59 (1.07), 0.53 (1.11)
//	16 images, 64 channels of 12x12 to 64    1.01 (1.24), 1.16 (1.42), 1.19 (1.15) (64 outputs computed for 36)
//	16 images, 3 channels of 64x64 to 64     1.00 (1.21), 2.51 (2.31), 1.13 (1.32) (of its panels three rows of six)

const (
	phasedTile  = 4
	phasedPatch = 5
	phasedElems = phasedPatch * phasedPatch
	phases      = 4
	// With up to phasedFew tiles the transformed inputs are kept, and the weights' exist for phasedPanels panels of rows and phasedBlock
	// channels at a time, of which all tiles are computed at once. With more it is the other way round: blocks of tiles of
	// up to phasedBytes meet weights of up to phasedWeightsMost kernels, whose transforms or their sums take 400 bytes each, about 50 MiB.
	phasedFew         = 128
	phasedPanels      = 4
	phasedBlock       = 128
	phasedBytes       = 2 << 20
	phasedMostTiles   = 256
	phasedWeightsMost = 1 << 17
	// The fewest outputs a channel, in all images.
	phasedLeast = 128
)

// phasedTmp is the scratch of the kernels: two transforms, and what they keep of winogradOff.
type phasedTmp [40*16 + 16]float32

// usesPhased reports whether it is the fastest way, if from c input and k output channels on.
func (g *Conv) usesPhased(c, k int) bool {
	out, tiles := g.Out[1]*g.Out[2], g.phasedTiles()
	return g.Kernel == [3]int{1, 4, 4} && g.Stride == [3]int{1, 2, 2} && g.Dil == [3]int{1, 1, 1} && g.Groups == 1 && g.In[0] == 1 && g.Out[0] == 1 &&
		g.Pad[0] == 0 && g.C >= c && g.K >= k && g.In[1]*g.In[2] > 0 && max(g.In[2], g.Out[2]) <= winogradWidest && g.N*out >= phasedLeast &&
		2*g.N*out >= tiles*phasedTile*phasedTile && (tiles <= phasedFew || g.C*g.K <= phasedWeightsMost)
}

// phasedTiles is the number of tiles of outputs.
func (g *Conv) phasedTiles() int {
	return g.N * ((g.Out[1] + phasedTile - 1) / phasedTile) * ((g.Out[2] + phasedTile - 1) / phasedTile)
}

// phased computes y from x, channels planes an image. Transforms of inputs are panels of nr tiles, of weights panels of mr rows, of products panels of tiles;
// elements of a transform are a stride apart, and the parts, which are products with weights and inputs of their own, lie one after the other.
type phased struct {
	blocking
	im          Impl
	n, channels int
	ih, iw      int
	oh, ow      int
	pad         [2]int
	back        bool // the gradient of the input: each phase of the result is a part
	parts       int
	each        int // terms of a part for each channel
	th, tw      int // tiles in a plane
	total       int
	rows        int  // of a part
	panels      even // of rows
	x, y, bias  []float32
	w           []float32
	wr, wc      int     // from row to row and channel to channel
	least       float32 // what is less becomes this

	lines   int // of inputs behind a row of tiles
	pitch   int // of a line in a strip
	panelV  int
	strideV int
}

func newPhased(g *Conv) phased {
	z := phased{im: inUse(), n: g.N, least: float32(math.Inf(-1)), pad: [2]int{g.Pad[1], g.Pad[2]}}
	z.blocking = blockingOf[float32](z.im)
	return z
}

// phasedForward is ConvForward where usesPhased.
func phasedForward(g *Conv, x, w, bias, y []float32) {
	z := newPhased(g)
	if z.x, z.y, z.bias, z.w = x, y, bias, w; g.ReLU {
		z.least = 0
	}
	z.ofInputs(g)
	z.rows, z.wr, z.wc = g.K, 16*g.C, 16
	z.run()
}

// ofInputs makes the four phases of x one after the other the terms of one product.
func (z *phased) ofInputs(g *Conv) {
	z.channels, z.ih, z.iw, z.oh, z.ow = g.C, g.In[1], g.In[2], g.Out[1], g.Out[2]
	z.parts, z.each, z.lines = 1, phases, phasedPatch
	z.th, z.tw = (z.oh+phasedTile-1)/phasedTile, (z.ow+phasedTile-1)/phasedTile
	z.pitch = phasedTile*z.tw + 2
}

// phasedInputGrad is ConvInputGrad where usesPhased.
func phasedInputGrad(g *Conv, dy, w, dx []float32) {
	z := newPhased(g)
	z.x, z.y, z.w = dy, dx, w
	z.channels, z.ih, z.iw, z.oh, z.ow = g.K, g.Out[1], g.Out[2], g.In[1], g.In[2]
	z.back, z.parts, z.each, z.lines = true, phases, 1, phasedPatch+1
	z.th, z.tw = (z.oh+2*phasedTile-1)/(2*phasedTile), (z.ow+2*phasedTile-1)/(2*phasedTile)
	z.pitch = phasedTile*z.tw + 2
	z.rows, z.wr, z.wc = g.C, 16, 16*g.C
	z.run()
}

func (z *phased) run() {
	z.panels, z.total = evenly(z.rows, z.mr), z.n*z.th*z.tw
	z.panelV = z.nr * phases * z.channels
	if z.total <= phasedFew {
		z.runFew()
		return
	}
	fit := min(phasedBytes/(4*phasedElems*(phases*z.channels+z.parts*z.rows)), (z.total+15)/16, phasedMostTiles)
	panels := max(2, (fit+z.nr-1)/z.nr)
	tiles := panels * z.nr
	z.strideV = panels*z.panelV + winogradSlack
	b := phasedBlocks{phased: z, i1: z.panels.parts, c1: z.channels}
	b.layoutU()
	u, buf := borrow[float32](phasedElems * b.strideU)
	defer buf.Put()
	b.u = u
	parallel.For(z.panels.parts, max(1, 20_000/(z.mr*phases*z.channels)), func(lo, hi int) {
		b := b
		b.weights(lo, hi)
	})
	parallel.For((z.total+tiles-1)/tiles, 1, func(lo, hi int) {
		b := b
		defer b.borrow(tiles, true).Put()
		for i := lo; i < hi; i++ {
			b.t0, b.t1 = i*tiles, min(z.total, (i+1)*tiles)
			b.input(0, z.channels)
			b.products()
			b.output()
		}
	})
}

// runFew is run with all tiles in one block, whose inputs are transformed once for the weights of all workers.
func (z *phased) runFew() {
	tiles := (z.total + z.nr - 1) / z.nr * z.nr
	z.strideV = tiles/z.nr*z.panelV + winogradSlack
	v, buf := borrow[float32](phasedElems * z.strideV)
	defer buf.Put()
	all := phasedBlocks{phased: z, v: v, t1: z.total}
	parallel.For(z.channels, max(8, 5_000/(phasedElems*tiles)), func(lo, hi int) {
		b := all
		defer b.borrowStrip().Put()
		b.input(lo, hi)
	})
	groups, blocks := evenly(z.panels.parts, phasedPanels), evenly(z.channels, phasedBlock)
	parallel.For(groups.parts, 1, func(lo, hi int) {
		b := all
		b.i1, b.c1 = groups.most(), blocks.most()
		b.layoutU()
		u, weights := borrow[float32](phasedElems * b.strideU)
		defer weights.Put()
		b.u = u
		defer b.borrow(tiles, false).Put()
		for i := lo; i < hi; i++ {
			b.i0, b.i1 = groups.part(i)
			for j := range blocks.parts {
				b.c0, b.c1 = blocks.part(j)
				b.layoutU()
				b.weights(b.i0, b.i1)
				b.products()
			}
			b.output()
		}
	})
}

// phasedBlocks is tiles [t0, t1), counted through rows, planes and images, on their way through channels [c0, c1) to the rows of
// panels [i0, i1).
type phasedBlocks struct {
	*phased
	t0, t1, i0, i1, c0, c1 int
	u, v, m                []float32
	strip, edge            []float32 // padded lines; outputs that the edge cuts
	partU, panelU, strideU int
	panelM, strideM        int
	tmp                    *phasedTmp
}

// layoutU sets where transformed weights are.
func (b *phasedBlocks) layoutU() {
	b.panelU = b.mr*(b.c1-b.c0)*b.each + panelSlack
	b.partU = (b.i1 - b.i0) * b.panelU
	b.strideU = b.parts*b.partU + winogradSlack
}

// borrowStrip lends the scratch that inputs take.
func (b *phasedBlocks) borrowStrip() mem.Block {
	x, block := borrow[float32](len(phasedTmp{}) + b.stripSize())
	b.tmp, b.strip = (*phasedTmp)(x), x[len(phasedTmp{}):]
	return block
}

// stripSize is the room for lines: of one channel at least, if each row of tiles had its own.
func (b *phasedBlocks) stripSize() int {
	rows := (b.t1-b.t0-2+b.tw)/b.tw + 1
	return max(winogradStrip, b.each*rows*b.lines*b.pitch) + winogradSlack
}

// borrow lends the scratch of a worker: with inputs, their transforms too.
func (b *phasedBlocks) borrow(tiles int, inputs bool) mem.Block {
	if inputs {
		b.t0, b.t1 = 0, tiles
	}
	_, rows := b.panels.part(b.i1 - 1) // the first panels have most
	b.panelM = b.nr * b.parts * rows
	b.strideM = tiles/b.nr*b.panelM + winogradSlack
	strip, sizeV := 0, 0
	if inputs {
		strip, sizeV = b.stripSize(), phasedElems*b.strideV
	}
	edge := winogradEdge * winogradLanes(b.im) * phasedTile * 2 * phasedTile
	x, block := borrow[float32](len(phasedTmp{}) + sizeV + phasedElems*b.strideM + strip + edge)
	cut := func(n int) []float32 {
		s := x[:n:n]
		x = x[n:]
		return s
	}
	b.tmp = (*phasedTmp)(cut(len(phasedTmp{})))
	if inputs {
		b.v, b.strip = cut(sizeV), cut(strip)
	}
	b.m, b.edge = cut(phasedElems*b.strideM), cut(edge)
	return block
}

// weights transforms the panels from lo to hi, the last rows of each first: the lanes reach into the next term's, which is written later.
func (b *phasedBlocks) weights(lo, hi int) {
	var tmp phasedTmp
	lanes := winogradRows(b.im)
	next, phase := b.mr*b.each, b.partU // from channel to channel and phase to phase
	if !b.back {
		phase = b.mr
	}
	for i := lo; i < hi; i++ {
		r0, r1 := b.panels.part(i)
		for o := (r1 - r0 - 1) / lanes * lanes; o >= 0; o -= lanes {
			var off winogradOff
			for l := range lanes {
				off[l] = min(r0+o+l, r1-1) * b.wr
			}
			phasedWeights(b.im, b.u[(i-b.i0)*b.panelU+o:], b.strideU, next, phase, b.w[b.c0*b.wc:], b.wc, &off, min(lanes, r1-r0-o), b.c1-b.c0, b.back, &tmp)
		}
	}
}

// at returns where tile t lies: its image and its row and column of tiles.
func (z *phased) at(t int) (n, i, j int) { return t / (z.th * z.tw), t / z.tw % z.th, t % z.tw }

// panel returns where the tiles from t on are in a transform.
func (b *phasedBlocks) panel(t, size int) int { return (t-b.t0)/b.nr*size + (t-b.t0)%b.nr }

// line is where the lines of row r of tiles begin after those of row first: rows of an image share lines.
func (z *phased) line(first, r int) int {
	return phasedTile*(r-first) + (z.lines-phasedTile)*(r/z.th-first/z.th)
}

// input transforms the block's tiles of channels [from, to). Lines of a few channels are copied with their zeros, those that rows of tiles share
// once.
func (b *phasedBlocks) input(from, to int) {
	first, last := b.t0/b.tw, (b.t1-1)/b.tw // rows of tiles
	lines := b.line(first, last) + b.lines
	windows, size := b.windows(lines), b.each*lines*b.pitch
	next, phase := b.nr, b.nr*b.channels // from channel to channel and phase to phase
	if !b.back {
		next, phase = phases*b.nr, b.nr
	}
	lanes := winogradLanes(b.im)
	var offs [phasedMostTiles / 4]winogradOff
	for t := b.t0; t < b.t1; t++ {
		offs[(t-b.t0)/lanes][(t-b.t0)%lanes] = b.line(first, t/b.tw)*b.pitch + t%b.tw*phasedTile // lanes without a tile do some patch
	}
	step := max(1, (len(b.strip)-winogradSlack)/size)
	for c0 := from; c0 < to; c0 += step {
		n := min(step, to-c0)
		for c := range n {
			b.copyLines(b.strip[c*size:], c0+c, first, last)
		}
		for t := b.t0; t < b.t1; t += lanes {
			for f, w := range windows {
				phasedInput(b.im, b.v[b.panel(t, b.panelV)+c0*next+f*phase:], b.strideV, next, b.strip[w:], size, b.pitch, &offs[(t-b.t0)/lanes], n, b.tmp)
			}
		}
	}
}

// windows returns where the patches of each phase begin in a strip of so many lines a phase. Those of the gradient of the input are
// the same patches, of odd phases a place further if the padding is odd.
func (z *phased) windows(lines int) (w [phases]int) {
	for f := range w {
		if w[f] = f * lines * z.pitch; z.back {
			w[f] = f/2*(z.pad[0]&1)*z.pitch + f%2*(z.pad[1]&1)
		}
	}
	return w
}

// copyLines copies what rows [first, last] of tiles read of channel c, with zeros around it: one phase after the other, or for the gradient of the
// input lines as they are. It writes up to seven elements behind them.
func (z *phased) copyLines(dst []float32, c, first, last int) {
	end := z.line(first, last) + z.lines // lines of a phase
	for f := range z.each {
		for r := first; r <= last; {
			n, i := r/z.th, r%z.th
			next := min(last+1, (n+1)*z.th)
			plane := z.x[(n*z.channels+c)*z.ih*z.iw:][:z.ih*z.iw]
			to, lines := dst[(f*end+z.line(first, r))*z.pitch:], phasedTile*(next-r-1)+z.lines
			if z.back {
				padPlane(z.im, to, plane, z.ih, z.iw, phasedTile*i+z.pad[0]>>1-1, z.pad[1]>>1-1, 1, lines, z.pitch)
			} else {
				padPlane(z.im, to, plane, z.ih, z.iw, 2*phasedTile*i+f/2-z.pad[0], f%2-z.pad[1], 2, lines, z.pitch)
			}
			r = next
		}
	}
}

// products multiplies the transforms of the block's channels, element by element of them, and adds up over blocks of channels.
func (b *phasedBlocks) products() {
	lanes := winogradLanes(b.im)
	tiles := (b.t1 - b.t0 + lanes - 1) / lanes * lanes
	terms := evenly((b.c1-b.c0)*b.each, b.kc)
	k0, _ := b.panels.part(b.i0)
	_, k1 := b.panels.part(b.i1 - 1)
	x := gemmTile[float32]{ars: 1, acs: b.mr, brs: b.nr, ldc: b.nr, down: b.panelU}
	for p := range phasedElems {
		for f := range b.parts {
			u, v := b.u[p*b.strideU:], b.v[p*b.strideV+f*b.channels*b.nr:]
			if b.back { // weights are in the order of their own phases
				u = u[((f/2+b.pad[0])&1*2+(f+b.pad[1])&1)*b.partU:]
			}
			for t := range terms.parts {
				p0, p1 := terms.part(t)
				if x.k, x.flags = p1-p0, 0; b.c0 > 0 || t > 0 {
					x.flags = tileAccumulate
				}
				for j := 0; j < tiles; j += x.n {
					x.n = b.width(b.im, min(tiles-j, b.nr-j%b.nr))
					x.b = v[j/b.nr*b.panelV+(b.c0*b.each+p0)*b.nr+j%b.nr:]
					for i, end := b.i0, 0; i < b.i1; i = end {
						end = b.i1
						if i < b.panels.longer {
							end = min(b.i1, b.panels.longer) // those after have a row less
						}
						r0, r1 := b.panels.part(i)
						x.m, x.below = r1-r0, end-i-1
						x.a = u[(i-b.i0)*b.panelU+p0*b.mr:]
						x.c = b.m[p*b.strideM+j/b.nr*b.panelM+(f*(k1-k0)+r0-k0)*b.nr+j%b.nr:]
						x.run(b.im)
					}
				}
			}
		}
	}
}

// output transforms the products back. Tiles that the edge cuts go through a copy, with those beside them.
func (b *phasedBlocks) output() {
	lanes := winogradLanes(b.im)
	r0, _ := b.panels.part(b.i0)
	_, r1 := b.panels.part(b.i1 - 1)
	height, width := phasedTile, phasedTile // of what a tile becomes
	if b.back {
		height, width = 2*phasedTile, 2*phasedTile
	}
	for t := b.t0; t < b.t1; t += lanes {
		var off, in winogradOff
		whole := t+lanes <= b.t1
		for l := range lanes {
			n, i, j := b.at(min(t+l, b.t1-1))
			off[l] = ((n*b.rows+r0)*b.oh+height*i)*b.ow + width*j
			in[l] = l * height * width
			whole = whole && height*(i+1) <= b.oh && width*(j+1) <= b.ow
		}
		m := b.m[b.panel(t, b.panelM):]
		if whole {
			b.backTo(b.y, b.oh*b.ow, b.ow, &off, m, r0, 0, r1-r0, r1-r0)
			continue
		}
		edge := len(b.edge) / (lanes * height * width) // channels
		for c := 0; c < r1-r0; c += edge {
			n := min(edge, r1-r0-c)
			b.backTo(b.edge, lanes*height*width, width, &in, m, r0, c, n, r1-r0)
			for l := range min(lanes, b.t1-t) {
				_, i, j := b.at(t + l)
				h, w := min(height, b.oh-height*i), min(width, b.ow-width*j)
				for k := range n {
					for s := range h {
						copy(b.y[off[l]+(c+k)*b.oh*b.ow+s*b.ow:][:w], b.edge[((k*lanes+l)*height+s)*width:])
					}
				}
			}
		}
	}
}

// backTo transforms rows [c, c+n) of the block, which has all of them from r0 on.
func (b *phasedBlocks) backTo(y []float32, yc, pitch int, off *winogradOff, m []float32, r0, c, n, all int) {
	if b.back {
		for a := range 2 {
			phasedPair(b.im, y[a*pitch:], yc, 2*pitch, off, m[(2*a*all+c)*b.nr:], b.strideM, b.nr, all*b.nr, n, b.tmp)
		}
		return
	}
	var bias []float32
	if b.bias != nil {
		bias = b.bias[r0+c:]
	}
	phasedOutput(b.im, y, yc, pitch, off, m[c*b.nr:], b.strideM, b.nr, bias, b.least, n, b.tmp)
}
