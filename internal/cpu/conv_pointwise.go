package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// pointwise is z = a x for each image and group, a convolution by 1x1 with stride 1: a (m, k) times planes x (k, p). The tiles of matrix
// products read x in place, and while one panel of columns is computed they bring the next to the cache: its rows are planes
// apart, which no processor foresees. Where planes are
// not whole tiles or their size makes rows collide in the cache, columns are packed instead.
type pointwise[T Float] struct {
	blocking
	im              Impl
	n, groups       int
	m, k, p         int
	terms, panels   even
	rows            even // panels whose weights for a block of terms stay in the second-level cache
	size            int  // of a packed panel with all its terms
	a, x, z, bias   []T
	flags           int
	columns, blocks int // of a task; in an image
	packs           bool
	group           int // columns that are packed at a time
}

const (
	// pointwiseLeast is the number of outputs a channel from which on it pays to pack weights.
	pointwiseLeast = 512
	// With fewer terms than these tiles end as soon as they have begun; those of the weights' gradient are an image's positions.
	pointwiseTerms     = 48
	pointwisePositions = 128
	// pointwiseColumns is the number of columns that a task computes, about: there are to be directTasks tasks.
	pointwiseColumns = 1024
)

// usesPointwise reports whether the convolution or a gradient, a product whose sums have so many terms, is one that pointwise
// computes, after a copy of what the stride leaves of the input.
func (g *Conv) usesPointwise(terms int) bool {
	one := [3]int{1, 1, 1}
	if g.Kernel != one || g.Pad != [3]int{} || inUse() == implGo || g.N*volume(g.Out) < pointwiseLeast || min(g.C, g.K) == 0 || terms < pointwiseTerms {
		return false
	}
	for i, s := range g.Stride {
		if (g.Out[i]-1)*s >= g.In[i] {
			return false
		}
	}
	return g.Stride != one || g.In == g.Out
}

func pointwiseForward[T Float](g *Conv, x, w, bias, y []T) {
	if g.In != g.Out {
		met, block := borrow[T](g.N * g.C * volume(g.Out))
		defer block.Put()
		gatherMet(g, x, met)
		x = met
	}
	q := pointwise[T]{n: g.N, groups: g.Groups, m: g.K / g.Groups, k: g.C / g.Groups, p: volume(g.Out), x: x, z: y, bias: bias, flags: g.flags()}
	q.run(w, q.k, 1)
}

func pointwiseInputGrad[T Float](g *Conv, dy, w, dx []T) {
	q := pointwise[T]{n: g.N, groups: g.Groups, m: g.C / g.Groups, k: g.K / g.Groups, p: volume(g.Out), x: dy, z: dx}
	if g.In == g.Out {
		q.run(w, 1, q.m)
		return
	}
	met, block := borrow[T](g.N * g.C * q.p)
	defer block.Put()
	q.z = met
	q.run(w, 1, q.m)
	spreadMet(g, met, dx)
}

// gatherMet sets dst (N, C, Out...) to the elements of x that a kernel of one element meets.
func gatherMet[T Float](g *Conv, x, dst []T) {
	im, lines, w := inUse(), g.Out[1], g.Out[2]
	parallel.For(g.N*g.C, max(1, grainCheap/volume(g.Out)), func(lo, hi int) {
		for i := lo * g.Out[0]; i < hi*g.Out[0]; i++ { // of planes
			d, s := dst[i*lines*w:(i+1)*lines*w], x[i/g.Out[0]*volume(g.In)+i%g.Out[0]*g.Stride[0]*g.In[1]*g.In[2]:]
			done := 0
			if f, ok := any(d).([]float32); ok && lines > 1 && w >= 8 { // it may write past a line
				convLines(im, f, w, any(s).([]float32), g.Stride[1]*g.In[2], lines-1, 0, w, 0, g.Stride[2])
				done = lines - 1
			}
			for l := done; l < lines; l++ {
				d, s := d[l*w:][:w], s[l*g.Stride[1]*g.In[2]:]
				for j := range d {
					d[j] = s[j*g.Stride[2]]
				}
			}
		}
	})
}

// spreadMet is the transpose of gatherMet: what no kernel meets is zero.
func spreadMet[T Float](g *Conv, src, dx []T) {
	im, size, zeros := inUse(), volume(g.In), make([]float32, g.Out[2])
	parallel.For(g.N*g.C, max(1, grainCheap/size), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			plane := dx[i*size:][:size]
			clear(plane)
			for l := range g.Out[0] * g.Out[1] {
				d, s := plane[g.met(l):], src[(i*g.Out[0]*g.Out[1]+l)*g.Out[2]:][:g.Out[2]]
				done := 0
				if f, ok := any(d).([]float32); ok && g.Stride[2] == 2 {
					if done = min(len(f)/2, len(s)) &^ 7; done > 0 {
						convZip(im, f, any(s).([]float32), zeros, done)
					}
				}
				for j := done; j < len(s); j++ {
					d[j*g.Stride[2]] = s[j]
				}
			}
		}
	})
}

// met returns where in a plane of inputs the first one is that line l of the outputs meets.
func (g *Conv) met(l int) int {
	return (l/g.Out[1]*g.Stride[0]*g.In[1] + l%g.Out[1]*g.Stride[1]) * g.In[2]
}

// run computes z for a that is w[grp*m*k+i*row+j*term].
func (q *pointwise[T]) run(w []T, row, term int) {
	q.im = inUse()
	q.blocking = blockingOf[T](q.im)
	q.terms, q.panels = evenly(q.k, q.kc), evenly(q.m, q.mr)
	q.size = q.mr*q.k + panelSlack
	q.rows = evenly(q.panels.parts, directChunk/directRows)
	a, block := borrow[T](q.groups * q.panels.parts * q.size)
	defer block.Put()
	q.a = a
	parallel.For(q.groups*q.panels.parts, max(1, 20_000/(q.mr*q.k)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r0, r1 := q.panels.part(i % q.panels.parts)
			packPanel(q.im, a[i*q.size:(i+1)*q.size], q.mr, w[i/q.panels.parts*q.m*q.k+r0*row:], row, term, r1-r0, q.k)
		}
	})
	q.columns = min(pointwiseColumns, max(q.nr, q.n*q.groups*q.p/directTasks/q.nr*q.nr))
	q.blocks = (q.p + q.columns - 1) / q.columns
	space := 0
	if q.group, q.packs = q.columns, q.p%q.nr != 0 || collide[T](q.terms.most(), q.p); q.packs {
		q.group = packGroup * q.nr
		space = packGroup * (q.nr*q.terms.most() + panelSlack)
	}
	parallel.For(q.n*q.groups*q.blocks, taskGrain(2*q.m*q.k*min(q.p, q.columns)), func(lo, hi int) {
		buf, block := borrow[T](space)
		defer block.Put()
		for i := lo; i < hi; i++ {
			q.task(i/q.blocks, i%q.blocks*q.columns, buf)
		}
	})
}

// task computes columns of one group's image from j0 on.
func (q *pointwise[T]) task(image, j0 int, buf []T) {
	grp, j1 := image%q.groups, min(q.p, j0+q.columns)
	x, z := q.x[image*q.k*q.p:][:q.k*q.p], q.z[image*q.m*q.p:]
	t := gemmTile[T]{ars: 1, acs: q.mr, ldc: q.p}
	for s := range q.terms.parts {
		p0, p1 := q.terms.part(s)
		if t.k, t.flags = p1-p0, 0; s > 0 {
			t.flags = tileAccumulate
		}
		last := s == q.terms.parts-1
		if last {
			t.flags |= q.flags
		}
		for g0 := j0; g0 < j1; g0 += q.group {
			g1 := min(j1, g0+q.group)
			if q.packs {
				q.pack(buf, x[p0*q.p+g0:], g1-g0, t.k)
			}
			for c := range q.rows.parts {
				i0, i1 := q.rows.part(c)
				for j := g0; j < g1; j += t.n {
					t.n = q.width(q.im, g1-j)
					if t.b, t.brs = x[p0*q.p+j:], q.p; q.packs {
						t.b, t.brs = buf[(j-g0)/q.nr*(q.nr*t.k+panelSlack)+(j-g0)%q.nr:], q.nr
					}
					// The calls for the first rows fetch what comes next, all terms of it.
					t.next, t.step = t.b, 0
					if j+t.n < q.p && !q.packs {
						t.next, t.step = x[p0*q.p+j+t.n:], q.p*int(unsafe.Sizeof(x[0]))
					}
					t.jump = t.step * (t.k / 4)
					for i, end := i0, 0; i < i1; i = end {
						if end = i1; i < q.panels.longer {
							end = min(i1, q.panels.longer)
						}
						if t.step > 0 {
							end = min(end, i+4)
						}
						r0, r1 := q.panels.part(i)
						t.m, t.below, t.down = r1-r0, end-i-1, q.size
						t.a, t.c = q.a[(grp*q.panels.parts+i)*q.size+p0*q.mr:], z[r0*q.p+j:]
						if t.rowBias = nil; q.bias != nil && last {
							t.rowBias = q.bias[grp*q.m+r0:]
						}
						t.run(q.im)
						t.next, t.step, t.jump = t.b, 0, 0
					}
				}
			}
		}
	}
}

// pack copies n columns of k rows into panels.
func (q *pointwise[T]) pack(buf, x []T, n, k int) {
	size := q.nr*k + panelSlack
	if n >= q.nr {
		packPanels(q.im, buf, q.nr, size, x, 1, q.p, q.nr, n/q.nr, k)
	}
	if done := n / q.nr * q.nr; done < n {
		packPanel(q.im, buf[n/q.nr*size:], q.nr, x[done:], 1, q.p, n-done, k)
	}
}

// collide reports whether the second-level cache, as they are common, does not hold the same columns of twice n rows that are p elements apart:
// powers of two leave most of its sets out.
func collide[T Float](n, p int) bool {
	const sets, ways, line = 1024, 8, 64
	stride := p * int(unsafe.Sizeof(T(0)))
	step := max(1, stride/line)
	if stride%line != 0 {
		step = 1
	}
	step = min(sets, step&-step)
	return 2*n > sets/step*ways
}

// pointwiseWeights is the gradient of a pointwise convolution's weights, dw (m, k) = Σ dy xᵀ over images and positions. Its
// transpose is computed: x is read in place, dy is transposed into panels. A unit is some positions of an image; a task adds
// up units, and the sums of the tasks are added in their order.
type pointwiseWeights[T Float] struct {
	blocking
	im           Impl
	groups       int
	m, k, p      int
	x, dy, sums  []T
	units, terms even
	width        int // of a row of sums
	rows         even
}

func pointwiseWeightGrad[T Float](g *Conv, x, dy, dw []T) {
	if g.In != g.Out {
		met, block := borrow[T](g.N * g.C * volume(g.Out))
		defer block.Put()
		gatherMet(g, x, met)
		x = met
	}
	z := pointwiseWeights[T]{im: inUse(), groups: g.Groups, m: g.K / g.Groups, k: g.C / g.Groups, p: volume(g.Out), x: x, dy: dy}
	z.blocking = blockingOf[T](z.im)
	z.terms, z.rows = evenly(z.p, z.kc), evenly(z.k, z.mr)
	z.width = (z.m + z.nr - 1) / z.nr * z.nr
	size := z.groups * z.k * z.width
	units := g.N * z.terms.parts
	parts := min(units, (directTasks+z.groups-1)/z.groups, max(1, maxWeightParts/size))
	z.units = even{parts, units / parts, units % parts}
	buf, block := borrow[T](parts * size)
	defer block.Put()
	z.sums = buf
	parallel.For(parts*z.groups, 1, func(lo, hi int) {
		panels, block := borrow[T](z.width*z.terms.most() + panelSlack)
		defer block.Put()
		for i := lo; i < hi; i++ {
			z.task(i/z.groups, i%z.groups, panels)
		}
	})
	addWeights(z.im, dw, buf, parts, z.groups, z.k, z.m, z.width)
}

// task adds up part q for a group.
func (z *pointwiseWeights[T]) task(q, grp int, panels []T) {
	sums := z.sums[(q*z.groups+grp)*z.k*z.width:]
	t := gemmTile[T]{ars: z.p, acs: 1, brs: z.nr, ldc: z.width}
	size := int(unsafe.Sizeof(sums[0]))
	u0, u1 := z.units.part(q)
	for u := u0; u < u1; u++ {
		image := u/z.terms.parts*z.groups + grp
		p0, p1 := z.terms.part(u % z.terms.parts)
		x, dy := z.x[image*z.k*z.p:][:z.k*z.p], z.dy[image*z.m*z.p:]
		t.k = p1 - p0
		if t.flags = 0; u > u0 {
			t.flags = tileAccumulate
		}
		// The calls for the first blocks of rows fetch what comes next: a block for each line of the cache, a panel of columns
		// for as many rows as there are turns.
		lines := t.k*size/64 + 1
		for j := 0; j < z.m; j += z.nr {
			cols := min(z.nr, z.m-j)
			packPanel(z.im, panels, z.nr, dy[j*z.p+p0:], z.p, 1, cols, t.k)
			row := j / z.nr * (t.k / 4)
			fetch := p1 < z.p && row < z.k && !collide[T](z.k, z.p)
			for c := 0; c < cols; c += t.n {
				t.n = z.blocking.width(z.im, cols-c)
				t.b = panels[c:]
				for i, end := 0, 0; i < z.rows.parts; i = end {
					if end = z.rows.parts; i < z.rows.longer {
						end = z.rows.longer
					}
					t.next, t.step, t.jump = t.b, 0, 0
					if fetch && c == 0 && i < lines {
						end = min(end, lines)
						t.next, t.step, t.jump = x[min(row*z.p+p1+i*64/size, len(x)-1):], z.p*size, 64
					}
					r0, r1 := z.rows.part(i)
					t.m, t.below, t.down = r1-r0, end-i-1, (r1-r0)*z.p
					t.a, t.c = x[r0*z.p+p0:], sums[r0*z.width+j+c:]
					t.run(z.im)
				}
			}
		}
	}
}

// addWeights adds up the parts of the sums, each (groups, rows, width), and transposes them to dw (groups, m, rows).
func addWeights[T Float](im Impl, dw, sums []T, parts, groups, rows, m, width int) {
	size := groups * rows * width
	// Short pieces of dw's lines would be written by two workers at once.
	step := max(8, min(1<<14/width, max(64, 1<<14/(width*parts)))&^7)
	per := (rows + step - 1) / step
	parallel.For(groups*per, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r0 := i % per * step
			r1, at := min(rows, r0+step), i/per*rows*width
			sum := sums[at+r0*width:][:(r1-r0)*width]
			for q := 1; q < parts; q++ {
				for j, v := range sums[q*size+at+r0*width:][:len(sum)] {
					sum[j] += v
				}
			}
			transposeInto(im, dw[i/per*m*rows+r0:], rows, sum, width, r1-r0, m)
		}
	})
}
