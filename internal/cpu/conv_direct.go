package cpu

//go:generate sh -c "cd _asm && go run ./conv -out ../conv_direct_amd64.s -stubs ../conv_direct_stubs_amd64.go -pkg cpu"

import (
	"slices"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Direct convolution: matrix products whose right side, the patches, never exists. A block of input channels and output lines
// is copied into a strip, once for each column of the kernel, padded and without the columns that the stride leaves out. There the
// inputs that a tap meets lie one after the other for all outputs of the block, so that a row of the matrix of patches is a place
// in the strip: the tile kernel finds it in a table of offsets. Georganas et al., "Anatomy of high-performance deep learning
// convolutions on SIMD architectures" (2018), and Dukhan, "The indirect convolution algorithm" (2019), do likewise.
//
// The gradient of the input is, for each phase of the stride, a convolution of dy by some of the taps with stride 1.
//
// It is for float32, planes of less than 4 million elements and the AVX2 kernels; convGathered does the rest.

const (
	directRows = 6  // of a tile
	directCols = 16 // of a tile
	// directTerms is the number of terms that a tile sums at a time: their inputs, 24 KiB, stay in the first-level cache. There
	// are fewer where lines are not whole cache lines, so that the tiles' edges need more.
	directTerms      = 384
	directTermsShort = 256
	// directChunk is the number of output channels whose weights for these terms stay in the second-level cache.
	directChunk = 144
	// directElements is the number of elements that a strip should not exceed, 256 KiB, nor the outputs that a stride scatters.
	directElements = 64 << 10
	directScatter  = 64 << 10
	// directFew is the number of outputs for which weights should at least be fetched.
	directFew = 256
	// directReuse is the number of outputs from which on it pays to pack weights.
	directReuse = 512
	// directTaps keeps calls of assembly under 50 µs.
	directTaps = 4096
	// directPhases is the number of phases a stride may have for the gradient of the input.
	directPhases = 256
	// directTasks is the number of tasks to cut a convolution into, if none gets fewer than directLeast outputs.
	directTasks = 16
	directLeast = 64
)

// usesDirect reports whether the kernels apply. AVX-512 has kernels for matrix products, of which a convolution by 1x1 is one.
func (g *Conv) usesDirect() bool {
	return directKernels() && !(inUse() == implAVX512 && g.pointwise()) && g.taps() <= directTaps && g.C > 0 && max(volume(g.In), volume(g.Out)) < 1<<22
}

// usesDirectInputGrad is usesDirect for the gradient of the input.
func (g *Conv) usesDirectInputGrad() bool {
	return g.usesDirect() && max(g.Stride[0], g.Stride[1], g.Stride[2]) <= directPhases && volume(g.Stride) <= directPhases
}

// directAxis is one axis of a phase: output o reads o*step + off[i] through tap[i] of the kernel.
type directAxis struct {
	step     int
	off, tap []int
}

func (a *directAxis) add(off, tap int) {
	a.off, a.tap = append(a.off, off), append(a.tap, tap)
}

// directPhase is a convolution that computes the outputs of a grid, all at the same distance from each other.
type directPhase struct {
	axis    [3]directAxis
	grid    [3]int
	taps    []int     // of the kernel, in the order of the terms
	off     []int32   // for each term of a block of channels, where the input of the first output is in the strip
	weights []float32 // in panels
}

// direct computes z = Σ a x for groups of c input and m output channels. The phases, one unless the gradient's convolution has a
// stride, share the strip.
type direct struct {
	im              Impl
	n, groups, c, m int
	in, out         [3]int
	step            [3]int // from output to output of a phase
	phases          []directPhase
	taps            int // of the kernel
	x, z, bias      []float32
	flags           int // with the last terms
	w               []float32
	row, term, next int  // strides of the weights: rows, terms and input channels
	unpacked        bool // the kernel reads them as they are

	channels       even // blocks
	panels, shares even // of rows; shares of panels, for tasks
	images         int  // in a block
	block, blocks  [3]int
	strip          directStrip
	scattered      int  // elements that wait to be scattered
	whole          bool // x is the strip
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
	return direct{im: inUse(), n: g.N, groups: g.Groups, c: g.C / g.Groups, m: g.K / g.Groups, in: g.In, out: g.Out,
		step: [3]int{1, 1, 1}, phases: []directPhase{p}, taps: g.taps()}
}

// directForward is ConvForward where usesDirect.
func directForward(g *Conv, x, w, bias, y []float32) {
	z := forwardOf(g)
	z.x, z.z, z.bias, z.w, z.flags = x, y, bias, w, g.flags()
	z.row, z.term, z.next = g.rows(), 1, z.taps
	z.unpacked = z.n*volume(z.out) < directReuse
	z.prepare(g)
	defer z.plan().Put()
	z.pack(func(grp, block, panel int, _ []float32) {
		r0, r1 := z.panels.part(panel)
		c0, c1 := z.channels.part(block)
		packPanel(z.im, z.packed(&z.phases[0], grp, block, panel), directRows, w[(grp*z.m+r0)*z.row+c0*z.taps:], z.row, 1, r1-r0, (c1-c0)*z.taps)
	})
	z.run()
}

// directInputGrad is ConvInputGrad where usesDirect.
func directInputGrad(g *Conv, dy, w, dx []float32) {
	z := direct{im: inUse(), n: g.N, groups: g.Groups, c: g.K / g.Groups, m: g.C / g.Groups, in: g.Out, out: g.In,
		step: g.Stride, taps: g.taps(), x: dy, z: dx, w: w}
	z.row, z.term, z.next = 1, z.m, z.m // if the kernel is 1x1
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
	z.unpacked = z.taps == 1 && z.n*volume(z.out) < directReuse
	z.prepare(g)
	defer z.plan().Put()
	z.pack(z.packFlipped)
	z.run()
}

// packFlipped packs the weights of a panel of input channels. tmp has room for those of one output channel.
func (z *direct) packFlipped(grp, block, panel int, tmp []float32) {
	r0, r1 := z.panels.part(panel)
	k0, k1 := z.channels.part(block)
	from := z.w[((grp*z.c+k0)*z.m+r0)*z.taps:]
	if z.taps == 1 {
		p := &z.phases[slices.IndexFunc(z.phases, func(p directPhase) bool { return len(p.taps) > 0 })]
		packPanel(z.im, z.packed(p, grp, block, panel), directRows, from, 1, z.m, r1-r0, k1-k0)
		return
	}
	for k := range k1 - k0 {
		from := from[k*z.m*z.taps:]
		if len(z.phases) == 1 {
			packPanel(z.im, z.packed(&z.phases[0], grp, block, panel)[k*z.taps*directRows:], directRows, from, z.taps, 1, r1-r0, z.taps)
			continue
		}
		packPanel(z.im, tmp, directRows, from, z.taps, 1, r1-r0, z.taps)
		for i := range z.phases {
			p := &z.phases[i]
			if len(p.taps) == 0 {
				continue
			}
			to := z.packed(p, grp, block, panel)[k*len(p.taps)*directRows:]
			for j, t := range p.taps {
				*(*[directRows]float32)(to[j*directRows:]) = [directRows]float32(tmp[t*directRows:])
			}
		}
	}
}

// pack calls f for all panels of weights.
func (z *direct) pack(f func(grp, block, panel int, tmp []float32)) {
	if z.unpacked {
		return
	}
	parallel.For(z.groups*z.panels.parts, max(1, 20_000/(directRows*z.c*z.taps)), func(lo, hi int) {
		tmp, buf := borrow[float32](directRows*z.taps + panelSlack)
		defer buf.Put()
		for i := lo; i < hi; i++ {
			for b := range z.channels.parts {
				f(i/z.panels.parts, b, i%z.panels.parts, tmp)
			}
		}
	})
}

// packed returns where the weights of a block of channels and a panel of rows are, in columns of directRows.
func (z *direct) packed(p *directPhase, grp, block, panel int) []float32 {
	c0, c1 := z.channels.part(block)
	size := directRows*len(p.taps)*(c1-c0) + panelSlack
	before := (grp*z.c+c0)*directRows*len(p.taps) + (grp*z.channels.parts+block)*panelSlack
	return p.weights[before*z.panels.parts+panel*size:][:size]
}

// directTile is the arguments of a tile kernel, which computes at once
//
//	c[i*ldc+j] = Σ_q Σ_p a[q*(k*acs+skipA)+i*ars+p*acs] * b[off[q*(k+skipOff)+p]+j] + bias[i]   for i < m <= 6, j < n, q < segments, p < k
//
// to which tileAccumulate adds c; a nil bias is zeros. With tileReLU what is below 0 becomes 0. It may read b up to the next multiple of eight elements.
type directTile struct {
	a, b, c, bias            []float32
	ars, acs                 int
	off                      []int32
	ldc, m, n, k             int
	segments, skipA, skipOff int
	flags                    int
}

func (x *directTile) runGo() {
	for i := range x.m {
		for j := range x.n {
			var s float32
			for q := range x.segments {
				a := x.a[q*(x.k*x.acs+x.skipA)+i*x.ars:]
				for p, o := range x.off[q*(x.k+x.skipOff):][:x.k] {
					s += a[p*x.acs] * x.b[int(o)+j]
				}
			}
			if x.flags&tileAccumulate != 0 {
				s += x.c[i*x.ldc+j]
			}
			if x.bias != nil {
				s += x.bias[i]
			}
			if x.flags&tileReLU != 0 && s < 0 {
				s = 0
			}
			x.c[i*x.ldc+j] = s
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
