package cpu

//go:generate sh -c "cd _asm && go run ./conv -out ../conv_direct_amd64.s -stubs ../conv_direct_stubs_amd64.go -pkg cpu"

import "github.com/hadal-go/hadal/internal/parallel"

// Direct convolution: matrix products whose right side, the patches, never exists. A block of input channels and output lines
// is copied into a strip, once for each column of the kernel, padded and without the columns that the stride leaves out. There the
// inputs that a tap meets lie one after the other for all outputs of the block, so that a row of the matrix of patches is a place
// in the strip: the tile kernel finds it in a table of offsets. Georganas et al., "Anatomy of high-performance deep learning
// convolutions on SIMD architectures" (2018), and Dukhan, "The indirect convolution algorithm" (2019), do likewise.
//
// The gradient of the input is, for each phase of the stride, a convolution of dy by some of the taps with stride 1.
//
// It is for float32 and the AVX2 kernels; convGathered, the oracle, does the rest: float64 and portable Go.

const (
	directRows = 6  // of a tile
	directCols = 16 // of a tile
	// directTerms is the number of terms that a tile sums at a time: their inputs, 24 KiB, stay in the first-level cache.
	directTerms = 384
	// directChunk is the number of output channels whose weights for these terms stay in the second-level cache.
	directChunk = 144
	// directStrip is the number of elements that a strip should not exceed, 256 KiB, nor the results that a stride scatters.
	directStrip = 64 << 10
	// directFew is the number of outputs for which weights should at least be fetched.
	directFew = 256
	// directTaps keeps calls of assembly under 50 µs.
	directTaps = 4096
	// directTasks is the number of tasks to cut a convolution into, if none gets fewer than directLeast outputs.
	directTasks = 16
	directLeast = 64
)

func (g *Conv) usesDirect() bool {
	return directKernels() && g.taps() <= directTaps && g.C > 0 && max(volume(g.In), volume(g.Out)) < 1<<22
}

// directAxis is where output o reads along one axis: o*step + taps[i] through tap i of taps, which is tap[i] of the kernel.
type directAxis struct {
	step int
	off  []int
	tap  []int
}

// directPhase is a convolution with stride 1 or more that computes the outputs of a grid.
type directPhase struct {
	axis    [3]directAxis
	grid    [3]int
	taps    []int // of the kernel, in the order of the terms
	weights []float32
	strip   directStripLayout
}

// direct computes z = Σ a x for groups of c input and m output channels; see directPhase.
type direct struct {
	im              Impl
	n, groups, c, m int
	in, out         [3]int
	step            [3]int // from output to output of a phase
	phases          []directPhase
	x, z, bias      []float32

	channels           even // blocks
	panels, chunks     even // of rows; chunks of panels
	panel              int  // elements
	images             int  // in a block
	block, blocks      [3]int
	stripSize, outSize int
	whole              bool // x is the strip
}

// forwardOf is the convolution from x to y.
func forwardOf(g *Conv) direct {
	p := directPhase{grid: g.Out}
	for i := range p.axis {
		p.axis[i].step = g.Stride[i]
		for t := range g.Kernel[i] {
			p.axis[i].add(t*g.Dil[i]-g.Pad[i], t)
		}
	}
	return direct{im: inUse(), n: g.N, groups: g.Groups, c: g.C / g.Groups, m: g.K / g.Groups, in: g.In, out: g.Out, step: [3]int{1, 1, 1}, phases: []directPhase{p}}
}

// directForward is ConvForward where usesDirect.
func directForward(g *Conv, x, w, bias, y []float32) {
	z := forwardOf(g)
	z.x, z.z, z.bias = x, y, bias
	taps := g.taps()
	buf := z.plan(g)
	defer buf.Put()
	parallel.For(z.groups*z.panels.parts, max(1, 20_000/(directRows*z.c*taps)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r0, r1 := z.panels.part(i % z.panels.parts)
			row := i / z.panels.parts * z.m
			for b := range z.channels.parts {
				c0, c1 := z.channels.part(b)
				packPanel(z.im, z.phases[0].at(&z, i/z.panels.parts, b, i%z.panels.parts), directRows, w[(row+r0)*z.c*taps+c0*taps:], z.c*taps, 1, r1-r0, (c1-c0)*taps)
			}
		}
	})
	z.run()
}

// directInputGrad is ConvInputGrad where usesDirect.
func directInputGrad(g *Conv, dy, w, dx []float32) {
	z := direct{im: inUse(), n: g.N, groups: g.Groups, c: g.K / g.Groups, m: g.C / g.Groups, in: g.Out, out: g.In, step: g.Stride, x: dy, z: dx}
	for i := range volume(g.Stride) {
		var p directPhase
		at := [3]int{i / g.Stride[2] / g.Stride[1], i / g.Stride[2] % g.Stride[1], i % g.Stride[2]}
		for d, first := range at {
			p.grid[d] = max(0, (g.In[d]-first+g.Stride[d]-1)/g.Stride[d])
			p.axis[d].step = 1
			for t := range g.Kernel[d] {
				if n := first + g.Pad[d] - t*g.Dil[d]; n%g.Stride[d] == 0 {
					p.axis[d].add(n/g.Stride[d], t)
				}
			}
		}
		z.phases = append(z.phases, p)
	}
	buf := z.plan(g)
	defer buf.Put()
	taps := g.taps()
	parallel.For(z.groups*z.panels.parts, max(1, 10_000/(directRows*z.c*taps)), func(lo, hi int) {
		tmp := make([]float32, directRows*taps+panelSlack)
		for i := lo; i < hi; i++ {
			z.packFlipped(i/z.panels.parts, i%z.panels.parts, w, taps, tmp)
		}
	})
	z.run()
}

// packFlipped packs the weights of a panel of input channels for all phases.
func (z *direct) packFlipped(grp, panel int, w []float32, taps int, tmp []float32) {
	r0, r1 := z.panels.part(panel)
	for b := range z.channels.parts {
		k0, k1 := z.channels.part(b)
		from := w[((grp*z.c+k0)*z.m+r0)*taps:]
		if taps == 1 {
			for i := range z.phases {
				if p := &z.phases[i]; len(p.taps) > 0 {
					packPanel(z.im, p.at(z, grp, b, panel), directRows, from, 1, z.m, r1-r0, k1-k0)
				}
			}
			continue
		}
		for k := range k1 - k0 {
			packPanel(z.im, tmp, directRows, from[k*z.m*taps:], taps, 1, r1-r0, taps)
			for i := range z.phases {
				p := &z.phases[i]
				to := p.at(z, grp, b, panel)[k*len(p.taps)*directRows:]
				for j, t := range p.taps {
					*(*[directRows]float32)(to[j*directRows:]) = [directRows]float32(tmp[t*directRows:])
				}
			}
		}
	}
}

func (a *directAxis) add(off, tap int) {
	a.off, a.tap = append(a.off, off), append(a.tap, tap)
}

// at returns where the weights of a block of channels and a panel of rows begin.
func (p *directPhase) at(z *direct, grp, block, panel int) []float32 {
	c0, c1 := z.channels.part(block)
	size := directRows*len(p.taps)*(c1-c0) + panelSlack
	before := (grp*z.c+c0)*directRows*len(p.taps) + (grp*z.channels.parts+block)*panelSlack
	return p.weights[before*z.panels.parts+panel*size:][:size]
}

// directTile is the arguments of a tile kernel, which computes at once
//
//	c[i*ldc+j] = ep(Σ_p a[6*p+i] * b[off[p]+j])   for i < m <= 6, j < n <= 16, p < k
//
// where ep adds c and the bias of row i and applies ReLU. It may read b up to j = 15.
type directTile struct {
	a, b, c, bias []float32
	off           []int32
	ldc, m, n, k  int
	flags         int
}

func (x *directTile) runGo() {
	ep := Epilogue[float32]{RowBias: x.bias, ReLU: x.flags&tileReLU != 0}
	for i := range x.m {
		var s [directCols]float32
		for p, o := range x.off[:x.k] {
			a := x.a[directRows*p+i]
			for j, b := range x.b[o:][:x.n] {
				s[j] += a * b
			}
		}
		for j := range x.n {
			if x.flags&tileAccumulate != 0 {
				s[j] += x.c[i*x.ldc+j]
			}
			x.c[i*x.ldc+j] = ep.apply(s[j], i, j)
		}
	}
}

// directDots is the arguments of a kernel of many dot products:
//
//	c[i*ldc+j] = Σ_q Σ_p a[off[i]+q*step+p] * b[16*(q*k+p)+j]   for i < m <= 6, j < 8*vecs <= 16, q < segments, p < k
//
// to which tileAccumulate adds c.
type directDots struct {
	a, b, c        []float32
	off            []int32
	ldc, m, vecs   int
	k              int
	segments, step int
	flags          int
}

func (x *directDots) runGo() {
	for i, o := range x.off[:x.m] {
		var s [directCols]float32
		for q := range x.segments {
			for p, a := range x.a[int(o)+q*x.step:][:x.k] {
				for j, b := range x.b[directCols*(q*x.k+p):][:8*x.vecs] {
					s[j] += a * b
				}
			}
		}
		c := x.c[i*x.ldc:][:8*x.vecs]
		for j := range c {
			if x.flags&tileAccumulate != 0 {
				s[j] += c[j]
			}
			c[j] = s[j]
		}
	}
}
