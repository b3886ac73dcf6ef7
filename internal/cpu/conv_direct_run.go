package cpu

import (
	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// plan decides on the blocks and lends memory for the weights.
func (z *direct) plan(g *Conv) mem.Block {
	z.prepare(g)
	z.whole = g.pointwise() && z.in[2]%directCols == 0
	z.cut()
	total := 0
	sizes := make([]int, len(z.phases))
	for i := range z.phases {
		p := &z.phases[i]
		if z.layout(p); z.whole {
			z.flat(p)
		}
		sizes[i] = z.panels.parts * z.groups * (directRows*len(p.taps)*z.c + z.channels.parts*panelSlack)
		total += sizes[i]
	}
	buf, block := borrow[float32](total)
	for i := range z.phases {
		z.phases[i].weights, buf = buf[:sizes[i]], buf[sizes[i]:]
	}
	return block
}

// prepare cuts channels into blocks.
func (z *direct) prepare(g *Conv) {
	if g.pointwise() { // planes are one line
		z.in, z.out = [3]int{1, 1, volume(z.in)}, [3]int{1, 1, volume(z.out)}
		z.phases[0].grid = z.out
	}
	most := 1
	for i := range z.phases {
		p := &z.phases[i]
		for _, t := range p.axis[0].tap {
			for _, r := range p.axis[1].tap {
				for _, s := range p.axis[2].tap {
					p.taps = append(p.taps, (t*g.Kernel[1]+r)*g.Kernel[2]+s)
				}
			}
		}
		most = max(most, len(p.taps))
	}
	z.panels = evenly(z.m, directRows)
	z.chunks = evenly(z.panels.parts, directChunk/directRows)
	z.channels = evenly(z.c, max(1, directTerms/most))
}

func (z *direct) layout(p *directPhase) { p.strip = p.layout(z.block, z.channels.most()) }

// flat makes the planes of x itself the strip.
func (z *direct) flat(p *directPhase) {
	for c := range p.strip.off {
		p.strip.off[c] = int32(c * z.in[2])
	}
}

// most is the size of the largest part.
func (e even) most() int { return e.size + min(1, e.longer) }

// cut chooses the block of outputs that a task computes: whole lines, or a part of one, of one or more images.
func (z *direct) cut() {
	grid, channels := z.phases[0].grid, z.channels.most()
	size := func(block [3]int) (n int) {
		for i := range z.phases {
			n = max(n, z.phases[i].layout(block, channels).image)
		}
		return n
	}
	scattered := 0
	if len(z.phases) > 1 {
		scattered = z.step[2] * directRows * z.chunks.most()
	}
	fits := func(block [3]int) bool {
		return size(block) <= directStrip && scattered*volume(block) <= directStrip
	}
	z.block = [3]int{1, 1, grid[2]}
	for z.block[2] > 2*directLeast && !fits(z.block) {
		z.block[2] = (z.block[2]/2 + directCols - 1) / directCols * directCols
	}
	tasks := z.n * z.groups * z.chunks.parts * grid[0]
	if z.block[2] == grid[2] {
		for parts := 1; parts <= grid[1]; parts++ {
			z.block[1] = (grid[1] + parts - 1) / parts
			if fits(z.block) && (tasks*parts >= directTasks || volume(z.block) < 2*directLeast) {
				break
			}
		}
	}
	for tasks*z.blockCount() < directTasks && z.block[1] == 1 && z.block[2] >= 2*directLeast {
		z.block[2] = (z.block[2]/2 + directCols - 1) / directCols * directCols
	}
	z.stripSize = size(z.block)
	z.images = min(z.n, max(1, directFew/volume(z.block)), max(1, directStrip/z.stripSize), max(1, tasks/directTasks))
	for i := range z.blocks {
		z.blocks[i] = (grid[i] + z.block[i] - 1) / z.block[i]
	}
	z.outSize = scattered * volume(z.block) * z.images
}

func (z *direct) blockCount() int {
	n, grid := 1, z.phases[0].grid
	for i := range grid {
		n *= (grid[i] + z.block[i] - 1) / z.block[i]
	}
	return n
}

// run computes z, whose weights are packed.
func (z *direct) run() {
	per := volume(z.blocks) * z.chunks.parts
	tasks := (z.n + z.images - 1) / z.images * z.groups * per
	terms := 0
	for i := range z.phases {
		terms += z.c * len(z.phases[i].taps)
	}
	flops := 2 * terms * directRows * z.chunks.most() * volume(z.block) * z.images
	parallel.For(tasks, taskGrain(flops), func(lo, hi int) {
		t := directTask{direct: z}
		buf, block := borrow[float32](z.outSize + z.images*z.stripSize + stripSlack)
		defer block.Put()
		t.apart, t.strip = buf[:z.outSize], buf[z.outSize:]
		for i := lo; i < hi; i++ {
			image, rest := i/per/z.groups*z.images, i%per
			t.grp = i / per % z.groups
			t.n0, t.n1 = image, min(z.n, image+z.images)
			t.p0, t.p1 = z.chunks.part(rest % z.chunks.parts)
			t.cell = z.cell(rest / z.chunks.parts)
			t.run()
		}
	})
}

// cell is the block of a task: depth d, lines [l0, l1) and columns [j0, j1) of a grid.
type cell struct{ d, l0, l1, j0, j1 int }

func (z *direct) cell(i int) (c cell) {
	grid := z.phases[0].grid
	c.d = i / z.blocks[2] / z.blocks[1]
	c.l0 = i / z.blocks[2] % z.blocks[1] * z.block[1]
	c.j0 = i % z.blocks[2] * z.block[2]
	c.l1, c.j1 = min(grid[1], c.l0+z.block[1]), min(grid[2], c.j0+z.block[2])
	return c
}

// directTask computes panels [p0, p1) of a group's outputs for images [n0, n1) in a cell.
type directTask struct {
	*direct
	cell
	grp, n0, n1, p0, p1 int
	strip               []float32
	apart               []float32 // the outputs of the phases that differ in the column only, before they are scattered
}

func (t *directTask) run() {
	size := volume(t.out)
	if volume(t.step) == 1 {
		from := ((t.n0*t.groups+t.grp)*t.m+t.rows(t.p0))*size + (t.d*t.out[1]+t.l0)*t.out[2] + t.j0
		t.products(&t.phases[0], t.z[from:], size, t.groups*t.m*size)
		return
	}
	rows := t.rows(t.p1) - t.rows(t.p0)
	ld := volume(t.block)
	part := rows * ld * (t.n1 - t.n0)
	for i := range t.phases {
		s := i % t.step[2]
		t.products(&t.phases[i], t.apart[s*part:][:part], ld, rows*ld)
		if s == t.step[2]-1 {
			t.scatter(i/t.step[2], part)
		}
	}
}

// rows is the number of rows before a panel.
func (z *direct) rows(panel int) int {
	r, _ := z.panels.part(panel)
	return r
}

// products computes the cell for one phase: row r of image n begins at c[n*image+r*ld], both counted from the task's first.
func (t *directTask) products(p *directPhase, c []float32, ld, image int) {
	if len(p.taps) == 0 {
		clear(c)
		return
	}
	r0, n := t.rows(t.p0), (t.l1-t.l0-1)*t.block[2]+t.j1-t.j0
	in := volume(t.in)
	for b := range t.channels.parts {
		c0, c1 := t.channels.part(b)
		x := directTile{k: (c1 - c0) * len(p.taps), off: p.strip.off, ldc: ld}
		if b > 0 {
			x.flags = tileAccumulate
		}
		for i := range t.n1 - t.n0 {
			if from := (((t.n0+i)*t.groups+t.grp)*t.c + c0) * in; !t.whole {
				p.load(t.im, t.strip[i*t.stripSize:], t.x[from:][:(c1-c0)*in], t.in, t.cell)
			}
		}
		for i := range t.n1 - t.n0 {
			src := t.strip[i*t.stripSize:]
			if t.whole {
				src = t.x[(((t.n0+i)*t.groups+t.grp)*t.c+c0)*in+t.j0:]
			}
			for j := 0; j < n; j += directCols {
				x.b, x.n = src[j:], min(directCols, n-j)
				for q := t.p0; q < t.p1; q++ {
					lo, hi := t.panels.part(q)
					x.a, x.c, x.m = p.at(t.direct, t.grp, b, q), c[i*image+(lo-r0)*ld+j:], hi-lo
					if t.bias != nil && b == t.channels.parts-1 {
						x.bias = t.bias[t.grp*t.m+lo:]
					}
					x.run(t.im)
				}
			}
		}
	}
}

// scatter writes the outputs of phases that differ in the column only, row being what they have in common.
func (t *directTask) scatter(row, part int) {
	h, w := t.out[1], t.out[2]
	d, a1 := t.d*t.step[0]+row/t.step[1], row%t.step[1]
	if d >= t.out[0] {
		return
	}
	r0, r1 := t.rows(t.p0), t.rows(t.p1)
	for i := range t.n1 - t.n0 {
		for r := range r1 - r0 {
			plane := t.z[(((t.n0+i)*t.groups+t.grp)*t.m+r0+r)*volume(t.out)+d*h*w:][:h*w]
			from := t.apart[(i*(r1-r0)+r)*volume(t.block):]
			for l := t.l0; l < t.l1 && l*t.step[1]+a1 < h; l++ {
				line := plane[(l*t.step[1]+a1)*w:][:w]
				interleave(t.im, line[t.j0*t.step[2]:min(w, t.j1*t.step[2])], from[(l-t.l0)*t.block[2]:], part, t.step[2])
			}
		}
	}
}

// interleave sets dst[j] = src[j%step*part+j/step].
func interleave(im Impl, dst, src []float32, part, step int) {
	if step == 1 {
		copy(dst, src)
		return
	}
	done := 0
	if step == 2 {
		if done = len(dst) / 16 * 8; done > 0 {
			convZip(im, dst, src, src[part:], done)
		}
	}
	for s := range step {
		from := src[s*part:]
		for i, j := done, step*done+s; j < len(dst); i, j = i+1, j+step {
			dst[j] = from[i]
		}
	}
}
