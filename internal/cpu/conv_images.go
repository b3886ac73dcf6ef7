package cpu

import (
	"slices"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Convolution across images: a vector holds the same place of many images, so that a tap that lies in the padding of one lies in that
// of all and is left out, and lines need no copies for each column of the kernel. Blocks of imageLanes images are transposed to
// planes of such places, which the kernels of direct convolutions read through their tables of offsets, and results back.
//
// On one thread of a Zen 3 with a peak of 102 GFLOP/s, in ms, direct convolution in brackets: forward, gradient of the input, of the weights
//
//	64 images, 6 channels of 14x14 to 16, 5x5 (LeNet)   0.38 (0.45), 0.39 (0.95), 0.41 (0.46)
//	128 images, 16 channels of 8x8 to 32, 5x5, padded   1.9 (2.6), 2.1 (3.4), 2.4 (2.7)
//	64 images, 32 channels of 14x14 to 64, 5x5, padded  12.5 (14.9), 12.3 (15.7), 14.8 (15.3)
//	32 images, 64 channels of 100 to 64, 5, padded      1.48 (1.74), 1.50 (1.75), 1.44 (1.92)
//	64 images, 1 channel of 28x28 to 32, 5x5, padded    1.4 (1.1): transposing 25 times as many outputs does not pay

const (
	// imageLanes is the number of images in a block, of two vectors.
	imageLanes = directCols
	// imageTerms is the number of terms that a tile sums at a time: their inputs are 16 KiB.
	imageTerms = 256
	// imageTasks is the number of tasks to cut a convolution into.
	imageTasks = 16
	// imageLeast is the number of terms from which on it pays to transpose, and imagePlane that of places to which.
	imageLeast = 144
	imagePlane = 1 << 13
	// imageFew is the number of outputs of a channel up to which the weights' gradient gains.
	imageFew = 256
	// imageDots is the number of terms of a weight's gradient that are summed at a time.
	imageDots = 512
	// imageRunMost keeps calls of assembly under 50 µs.
	imageRunMost = 32
)

// imageConv computes z (n, m, out) = Σ a x from x (n, c, in), with strides of 1. A block's terms are in the order of the kernel's
// lines and columns, and for each the block's channels.
type imageConv struct {
	im       Impl
	n, c, m  int
	in, out  [2]int
	off      [2][]int // from an output's place to the input's, for each line and column of the kernel
	flags    int
	bias     []float32
	channels even // blocks
	panels   even // of output channels
	lines    even // of a task
	runs     [2][]imageRun
	table    []int32   // where the input of a term is, from that of the first place on that outputs read
	weights  []float32 // blocks of panels of directRows
	x        []float32 // transposed
	shift    int       // of x, to the first place that the first output would read
}

// imageRun is n outputs from at on along an axis, which need taps [lo, hi): the others lie in the padding.
type imageRun struct{ at, n, lo, hi int }

// imageRuns cuts out outputs that read n inputs at distances off, in ascending or descending order, into runs of most at most.
func imageRuns(out, n int, off []int, most int) (runs []imageRun) {
	for o := range out {
		r := imageRun{at: o, n: 1}
		inside := func(t int) bool { return o+off[t] >= 0 && o+off[t] < n }
		for r.lo < len(off) && !inside(r.lo) {
			r.lo++
		}
		for r.hi = r.lo; r.hi < len(off) && inside(r.hi); {
			r.hi++
		}
		if i := len(runs) - 1; i >= 0 && runs[i].n < most && runs[i].lo == r.lo && runs[i].hi == r.hi {
			runs[i].n++
			continue
		}
		runs = append(runs, r)
	}
	return runs
}

// acrossImages reports whether a convolution may be one across images.
func (g *Conv) acrossImages() bool {
	return directKernels() && g.N > 0 && g.N%imageLanes == 0 && g.Groups == 1 && g.In[0] == 1 && g.Out[0] == 1 && g.Kernel[0] == 1 && g.Pad[0] == 0 &&
		g.Stride[1] == 1 && g.Stride[2] == 1 && g.taps() <= imageTerms && min(g.C, g.K, volume(g.In), volume(g.Out)) > 0
}

// usesImages reports whether one with that many channels to sum is faster across images.
func (g *Conv) usesImages(channels int) bool {
	return g.acrossImages() && g.taps() > 1 && channels*g.taps() >= imageLeast && max(volume(g.In), volume(g.Out)) <= imagePlane
}

// imagesForward is ConvForward where usesImages.
func imagesForward(g *Conv, x, w, bias, y []float32) {
	z := imageConv{im: inUse(), n: g.N, c: g.C, m: g.K, flags: g.flags(), bias: bias}
	for i := range 2 {
		z.in[i], z.out[i] = g.In[1+i], g.Out[1+i]
		for t := range g.Kernel[1+i] {
			z.off[i] = append(z.off[i], t*g.Dil[1+i]-g.Pad[1+i])
		}
	}
	z.run(x, w, g.rows(), g.taps(), y)
}

// imagesInputGrad is ConvInputGrad where usesImages.
func imagesInputGrad(g *Conv, dy, w, dx []float32) {
	z := imageConv{im: inUse(), n: g.N, c: g.K, m: g.C}
	for i := range 2 {
		z.in[i], z.out[i] = g.Out[1+i], g.In[1+i]
		for t := range g.Kernel[1+i] {
			z.off[i] = append(z.off[i], g.Pad[1+i]-t*g.Dil[1+i])
		}
	}
	z.run(dy, w, g.taps(), g.rows(), dx)
}

// run computes dst. The weight of output channel i, input channel c and tap t is w[i*row+c*next+t].
func (z *imageConv) run(x, w []float32, row, next int, dst []float32) {
	in, taps := z.in[0]*z.in[1], len(z.off[0])*len(z.off[1])
	z.channels, z.panels = evenly(z.c, max(1, imageTerms/taps)), evenly(z.m, directRows)
	blocks := z.n / imageLanes
	z.lines = evenly(z.out[0], max(1, z.out[0]*blocks/imageTasks))
	for i := range 2 {
		z.runs[i] = imageRuns(z.out[i], z.in[i], z.off[i], imageRunMost)
	}
	first := slices.Min(z.off[0])*z.in[1] + slices.Min(z.off[1])
	z.table = make([]int32, 0, z.c*taps)
	weights, block := borrow[float32](z.panels.parts*directRows*z.c*taps + panelSlack)
	defer block.Put()
	for b := range z.channels.parts {
		c0, c1 := z.channels.part(b)
		for l, line := range z.off[0] {
			for s, column := range z.off[1] {
				for c := range c1 - c0 {
					z.table = append(z.table, int32(imageLanes*(c*in+line*z.in[1]+column-first)))
				}
				for q := range z.panels.parts {
					r0, r1 := z.panels.part(q)
					t := l*len(z.off[1]) + s
					packStrided(weights[directRows*((z.panels.parts*c0+q*(c1-c0))*taps+t*(c1-c0)):], directRows, w[r0*row+c0*next+t:], row, next, r1-r0, c1-c0)
				}
			}
		}
	}
	z.weights = weights
	before := max(0, -first) // so that no place is negative
	buf, xs := borrow[float32](imageLanes*(before+z.n/imageLanes*z.c*in) + stripSlack)
	defer xs.Put()
	z.x, z.shift = buf, imageLanes*max(0, first)
	planes := buf[imageLanes*before:]
	parallel.For(blocks*z.c, max(1, grainCheap/(imageLanes*in)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			packPanel(z.im, planes[i*in*imageLanes:], imageLanes, x[(i/z.c*imageLanes*z.c+i%z.c)*in:], z.c*in, 1, imageLanes, in)
		}
	})
	parallel.For(blocks*z.lines.parts, 1, func(lo, hi int) {
		sums, block := borrow[float32](z.m * z.lines.most() * z.out[1] * imageLanes)
		defer block.Put()
		for i := lo; i < hi; i++ {
			z.task(i/z.lines.parts, i%z.lines.parts, sums, dst)
		}
	})
}

// task computes some lines of a block of images.
func (z *imageConv) task(block, part int, sums, dst []float32) {
	l0, l1 := z.lines.part(part)
	in, width, columns := z.in[0]*z.in[1], z.out[1], len(z.off[1])
	plane := (l1 - l0) * width
	for b := range z.channels.parts {
		c0, c1 := z.channels.part(b)
		t := directTile{ars: 1, acs: directRows, ldc: plane * imageLanes}
		if b > 0 {
			t.flags = tileAccumulate
		}
		if b == z.channels.parts-1 {
			t.flags |= z.flags
		}
		taps := len(z.off[0]) * columns
		for _, line := range z.runs[0] {
			for l := max(l0, line.at); l < min(l1, line.at+line.n); l++ {
				for _, r := range z.runs[1] {
					if line.lo == line.hi || r.lo == r.hi {
						z.fill(sums[imageLanes*((l-l0)*width+r.at):], t.ldc, r.n*imageLanes)
						continue
					}
					t.n = r.n * imageLanes
					t.b = z.x[z.shift+imageLanes*((block*z.c+c0)*in+l*z.in[1]+r.at):]
					t.segments, t.k, t.skipOff = line.hi-line.lo, (r.hi-r.lo)*(c1-c0), (columns-(r.hi-r.lo))*(c1-c0)
					if t.skipOff == 0 {
						t.segments, t.k = 1, t.k*t.segments
					}
					t.skipA = directRows * t.skipOff
					first := (line.lo*columns + r.lo) * (c1 - c0)
					t.off = z.table[c0*taps+first:]
					for q := range z.panels.parts {
						r0, r1 := z.panels.part(q)
						t.a, t.m = z.weights[directRows*((z.panels.parts*c0+q*(c1-c0))*taps+first):], r1-r0
						t.c = sums[imageLanes*(r0*plane+(l-l0)*width+r.at):]
						if z.bias != nil && b == z.channels.parts-1 {
							t.bias = z.bias[r0:]
						}
						t.run(z.im)
					}
				}
			}
		}
	}
	out := z.out[0] * width
	for i := range z.m {
		transposeInto(z.im, dst[(block*imageLanes*z.m+i)*out+l0*width:], z.m*out, sums[i*plane*imageLanes:], imageLanes, plane, imageLanes)
	}
}

// fill sets n elements of each output channel, ld apart, to what is without any input.
func (z *imageConv) fill(sums []float32, ld, n int) {
	for i := range z.m {
		var v float32
		if z.bias != nil {
			v = z.bias[i]
		}
		if z.flags&tileReLU != 0 && v < 0 {
			v = 0
		}
		fill(sums[i*ld:][:n], v)
	}
}
