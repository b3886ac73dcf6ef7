package cpu

import (
	"slices"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

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
	z.whole = g.pointwise() && z.in[2]%directCols == 0
	z.panels = evenly(z.m, directRows)
	z.shares = evenly(z.panels.parts, z.panels.parts)
	if len(z.phases) > 1 {
		z.shares = evenly(z.panels.parts, directChunk/directRows)
	}
	terms := directTerms
	if z.phases[0].grid[2]%directCols != 0 && g.Kernel[1] > 1 {
		terms = directTermsShort
	}
	z.channels = evenly(z.c, max(1, terms/most))
	z.strip.union(z.phases)
}

// plan decides on the blocks and lends memory for the weights, unless they are read as they are.
func (z *direct) plan() mem.Block {
	z.cut()
	total := 0
	sizes := make([]int, len(z.phases))
	for i := range z.phases {
		p := &z.phases[i]
		z.offsets(p)
		if len(p.taps) > 0 && !z.unpacked {
			sizes[i] = z.panels.parts * z.groups * (directRows*len(p.taps)*z.c + z.channels.parts*panelSlack)
		}
		total += sizes[i]
	}
	buf, block := borrow[float32](total)
	for i, n := range sizes {
		if n > 0 {
			z.phases[i].weights, buf = buf[:n], buf[n:]
		}
	}
	return block
}

// offsets makes the table of a phase.
func (z *direct) offsets(p *directPhase) {
	p.off = make([]int32, 0, z.channels.most()*len(p.taps))
	for c := range z.channels.most() {
		for _, t := range p.axis[0].off {
			for _, r := range p.axis[1].off {
				for _, s := range p.axis[2].off {
					if z.whole {
						p.off = append(p.off, int32(c*z.in[2]))
					} else {
						p.off = append(p.off, int32(z.strip.at(c, t, r, s)))
					}
				}
			}
		}
	}
}

// most is the size of the largest part.
func (e even) most() int { return e.size + min(1, e.longer) }

// cut chooses the block of outputs that a task computes: whole lines, or a part of one, of one or more images. If there are few
// blocks, tasks share their rows.
func (z *direct) cut() {
	grid := z.phases[0].grid
	scattered := 0
	if len(z.phases) > 1 {
		scattered = len(z.phases) * directRows * z.shares.most()
	}
	fits := func() bool {
		return z.strip.layout(z.block, z.channels.most()) <= directElements && scattered*volume(z.block) <= directScatter
	}
	half := func() { z.block[2] = (z.block[2]/2 + directCols - 1) / directCols * directCols }
	count := func() int {
		n := z.n * z.groups * z.shares.parts
		for i := range grid {
			z.blocks[i] = (grid[i] + z.block[i] - 1) / z.block[i]
			n *= z.blocks[i]
		}
		return n
	}
	z.block = [3]int{1, 1, grid[2]}
	for z.block[2] > 2*directLeast && !fits() {
		half()
	}
	for parts := 1; parts <= grid[1] && z.block[2] == grid[2]; parts++ {
		z.block[1] = (grid[1] + parts - 1) / parts
		if fits() && (count() >= directTasks || volume(z.block) < 2*directLeast) {
			break
		}
	}
	for z.block[1] == 1 && z.block[2] >= 2*directLeast && count() < directTasks {
		half()
	}
	size, tasks := z.strip.layout(z.block, z.channels.most()), count()
	z.images = min(z.n, directFew/volume(z.block), max(tasks/directTasks, directLeast/volume(z.block)), directElements/size)
	z.images = max(1, z.images)
	if tasks /= z.images; z.shares.parts == 1 && tasks < directTasks/2 {
		z.shares = evenly(z.panels.parts, max(4, z.panels.parts*max(1, tasks)/(directTasks/2)))
	}
	z.scattered = scattered * volume(z.block) * z.images
}

// run computes z, whose weights are packed.
func (z *direct) run() {
	per := volume(z.blocks) * z.shares.parts
	tasks := (z.n + z.images - 1) / z.images * z.groups * per
	terms := 0
	for i := range z.phases {
		terms += z.c * len(z.phases[i].taps)
	}
	flops := 2 * terms * directRows * z.shares.most() * volume(z.block) * z.images
	parallel.For(tasks, taskGrain(flops), func(lo, hi int) {
		t := directTask{direct: z}
		buf, block := borrow[float32](z.scattered + z.images*z.strip.size + stripSlack)
		defer block.Put()
		t.apart, t.buf = buf[:z.scattered], buf[z.scattered:]
		for i := lo; i < hi; i++ {
			image, rest := i/per/z.groups*z.images, i%per
			t.grp = i / per % z.groups
			t.n0, t.n1 = image, min(z.n, image+z.images)
			t.p0, t.p1 = z.shares.part(rest % z.shares.parts)
			t.cell = z.cell(rest / z.shares.parts)
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

// outputs is the number of outputs of the cell.
func (z *direct) outputs(c cell) int { return (c.l1-c.l0-1)*z.block[2] + c.j1 - c.j0 }

// directTask computes panels [p0, p1) of a group's outputs for images [n0, n1) in a cell.
type directTask struct {
	*direct
	cell
	grp, n0, n1, p0, p1 int
	buf                 []float32 // strips
	apart               []float32 // the outputs of the phases before they are scattered
}

func (t *directTask) run() {
	size, in, r0 := volume(t.out), volume(t.in), t.rows(t.p0)
	rows := t.rows(t.p1) - r0
	ld := volume(t.block)
	part := rows * ld * (t.n1 - t.n0)
	for b := range t.channels.parts {
		c0, c1 := t.channels.part(b)
		src, step := t.buf, t.strip.size
		if first := ((t.n0*t.groups+t.grp)*t.c + c0) * in; t.whole {
			src, step = t.x[first+t.j0:], t.groups*t.c*in
		} else {
			for i := range t.n1 - t.n0 {
				t.strip.load(t.im, src[i*step:], t.x[first+i*t.groups*t.c*in:][:(c1-c0)*in], t.in, t.cell)
			}
		}
		if len(t.phases) == 1 && t.step == [3]int{1, 1, 1} {
			c := t.z[((t.n0*t.groups+t.grp)*t.m+r0)*size+(t.d*t.out[1]+t.l0)*t.out[2]+t.j0:]
			t.products(&t.phases[0], b, src, step, c, size, t.groups*t.m*size)
			continue
		}
		for i := range t.phases {
			t.products(&t.phases[i], b, src, step, t.apart[i*part:][:part], ld, rows*ld)
		}
	}
	if t.scattered > 0 {
		for i := 0; i < len(t.phases); i += t.step[2] {
			t.scatter(i/t.step[2], t.apart[i*part:], part)
		}
	}
}

// rows is the number of rows before a panel.
func (z *direct) rows(panel int) int {
	r, _ := z.panels.part(panel)
	return r
}

// products adds what a block of channels gives for one phase. Strips are step apart, in c images are image and rows ld apart.
func (t *directTask) products(p *directPhase, b int, src []float32, step int, c []float32, ld, image int) {
	if len(p.taps) == 0 {
		clear(c)
		return
	}
	c0, c1 := t.channels.part(b)
	x := directTile{k: (c1 - c0) * len(p.taps), segments: 1, off: p.off, ldc: ld, ars: 1, acs: directRows}
	if t.unpacked {
		x.ars, x.acs = t.row, t.term
	}
	if b > 0 {
		x.flags = tileAccumulate
	}
	if b == t.channels.parts-1 {
		x.flags |= t.flags
	}
	r0, n := t.rows(t.p0), t.outputs(t.cell)
	width := max(1, directTerms/x.k) * directCols // inputs that stay in the first-level cache for all panels
	chunks := evenly(t.p1-t.p0, directChunk/directRows)
	for chunk := range chunks.parts {
		p0, p1 := chunks.part(chunk)
		for i := range t.n1 - t.n0 {
			for j := 0; j < n; j += width {
				x.b, x.n = src[i*step+j:], min(width, n-j)
				for q := t.p0 + p0; q < t.p0+p1; q++ {
					lo, hi := t.panels.part(q)
					if t.unpacked {
						x.a = t.w[t.grp*t.m*t.c*t.taps+lo*t.row+c0*t.next:]
					} else {
						x.a = t.packed(p, t.grp, b, q)
					}
					x.c, x.m = c[i*image+(lo-r0)*ld+j:], hi-lo
					if t.bias != nil && b == t.channels.parts-1 {
						x.bias = t.bias[t.grp*t.m+lo:]
					}
					x.run(t.im)
				}
			}
		}
	}
}

// scatter writes the outputs of the phases that differ in the column only, row being what they have in common. They are part
// elements apart.
func (t *directTask) scatter(row int, apart []float32, part int) {
	h, w := t.out[1], t.out[2]
	d, first := t.d*t.step[0]+row/t.step[1], row%t.step[1]
	if d >= t.out[0] {
		return
	}
	r0, r1 := t.rows(t.p0), t.rows(t.p1)
	for i := range t.n1 - t.n0 {
		for r := range r1 - r0 {
			plane := t.z[(((t.n0+i)*t.groups+t.grp)*t.m+r0+r)*volume(t.out)+d*h*w:][:h*w]
			from := apart[(i*(r1-r0)+r)*volume(t.block):]
			for l := t.l0; l < t.l1 && l*t.step[1]+first < h; l++ {
				line := plane[(l*t.step[1]+first)*w:][:w]
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
	for s := range min(step, len(dst)) {
		from := src[s*part:]
		for i, j := done, step*done+s; j < len(dst); i, j = i+1, j+step {
			dst[j] = from[i]
		}
	}
}

// union collects the offsets of all phases.
func (s *directStrip) union(phases []directPhase) {
	for i := range s.axis {
		s.axis[i].step = phases[0].axis[i].step
		for _, p := range phases {
			s.axis[i].off = append(s.axis[i].off, p.axis[i].off...)
		}
		slices.Sort(s.axis[i].off)
		s.axis[i].off = slices.Compact(s.axis[i].off)
	}
}
