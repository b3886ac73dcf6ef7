package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// directWeights is the gradient of a direct convolution's weights. Its transpose is a sum over blocks of outputs, units, of
// products of the strip, whose rows are terms, with dy, which is transposed into panels of 16 output channels. A task
// adds up some units for a block of input channels; the sums of the tasks are added in their order.
type directWeights struct {
	direct
	dy    []float32
	cells int
	units even // parts
	width int  // of the sums: output channels in whole panels
	sums  []float32
}

// directWeightGrad is ConvWeightGrad where usesDirect.
func directWeightGrad(g *Conv, x, dy, dw []float32) {
	z := directWeights{direct: forwardOf(g), dy: dy}
	z.x = x
	z.prepare(g)
	z.shares = evenly(1, 1)
	z.cut()
	p := &z.phases[0]
	z.whole = g.pointwise()
	z.offsets(p)
	z.images = min(z.n, max(1, directTerms/volume(z.block)), max(1, directElements/z.strip.size))
	z.cells = volume(z.blocks)
	z.width = (z.m + directCols - 1) / directCols * directCols
	rows := z.c * len(p.taps)
	size := z.groups * rows * z.width
	z.units = evenly((z.n+z.images-1)/z.images*z.cells, 1)
	tasks := z.groups * z.channels.parts
	parts := min(z.units.parts, (directTasks+tasks-1)/tasks, max(1, maxWeightParts/size))
	z.units = even{parts, z.units.parts / parts, z.units.parts % parts}
	buf, block := borrow[float32](parts * size)
	defer block.Put()
	z.sums = buf
	parallel.For(parts*tasks, 1, func(lo, hi int) {
		strip, block := borrow[float32](z.images*z.strip.size + stripSlack + directCols*directTerms + panelSlack)
		defer block.Put()
		for i := lo; i < hi; i++ {
			z.task(i/tasks, i%tasks/z.channels.parts, i%z.channels.parts, strip)
		}
	})
	addWeights(z.im, dw, buf, parts, z.groups, rows, z.m, z.width)
}

// task adds up part q for a group and a block of its input channels.
func (z *directWeights) task(q, grp, block int, strip []float32) {
	p := &z.phases[0]
	c0, c1 := z.channels.part(block)
	rows := evenly((c1-c0)*len(p.taps), directRows)
	sums := z.sums[((q*z.groups+grp)*z.c+c0)*len(p.taps)*z.width:]
	dy := strip[len(strip)-directCols*directTerms-panelSlack:]
	in, out := volume(z.in), volume(z.out)
	u0, u1 := z.units.part(q)
	for u := u0; u < u1; u++ {
		n0, at := u/z.cells*z.images, z.cell(u%z.cells)
		n1, n := min(z.n, n0+z.images), z.outputs(at)
		src, step := strip, z.strip.size
		if z.whole {
			src, step = z.x[((n0*z.groups+grp)*z.c+c0)*in+at.j0:], z.groups*z.c*in
		} else {
			for i := n0; i < n1; i++ {
				z.strip.load(z.im, strip[(i-n0)*step:], z.x[((i*z.groups+grp)*z.c+c0)*in:][:(c1-c0)*in], z.in, at)
			}
		}
		pieces := evenly(n, directTerms)
		for i := n0; i < n1; {
			images := 1
			if pieces.parts == 1 {
				images = min(n1-i, directTerms/n)
			}
			for s := range pieces.parts {
				j0, j1 := pieces.part(s)
				x := directDots{a: src[(i-n0)*step+j0:], b: dy, off: p.off, ldc: z.width, k: j1 - j0, segments: images, step: step}
				if u > u0 || i > n0 || s > 0 {
					x.flags = tileAccumulate
				}
				for k := 0; k < z.m; k += directCols {
					cols := min(directCols, z.m-k)
					for l := range images {
						from := (((i+l)*z.groups+grp)*z.m+k)*out + (at.d*z.out[1]+at.l0)*z.out[2] + at.j0 + j0
						packPanel(z.im, dy[l*x.k*directCols:], directCols, z.dy[from:], out, 1, cols, x.k)
					}
					x.vecs = (cols + 7) / 8
					for r := range rows.parts {
						r0, r1 := rows.part(r)
						x.off, x.m, x.c = p.off[r0:], r1-r0, sums[r0*z.width+k:]
						x.run(z.im)
					}
				}
			}
			i += images
		}
	}
}
