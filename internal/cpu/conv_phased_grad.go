package cpu

import "github.com/hadal-go/hadal/internal/parallel"

const (
	// phasedGradTiles is about the number of tiles whose transforms exist at a time.
	phasedGradTiles = 512
	// phasedGradRows and phasedGradCols are the panels of a task, whose sums the second-level cache holds.
	phasedGradRows = 4
	phasedGradCols = 4
)

// phasedGrads is the gradient of the weights, the transpose of the way from the weights to the outputs:
//
//	dw = Gᵀ [Σ over tiles of (A dy Aᵀ) ⊙ (Bᵀ x B)] G
//
// The sums are 25 matrix products, (K, tiles) by (tiles, channels and their phases). First all workers transform groups of channels, which
// lie across the lanes; a task then computes the sums of some panels of each, and transforms them back.
//
// The scratch is the transforms of what is at hand of x and dy, 25/16 as large as that, of about phasedGradTiles tiles at most, and where there are
// more tiles the sums, about 50 MiB (phasedWeightsMost).
type phasedGrads struct {
	phased
	k              int
	dy, dw         []float32
	cols           int // of products: channels' phases, as many as lanes can hold
	groups, shares even
	block          int // rows of tiles
	first, last    int // the rows of tiles at hand
	zs, vs         []float32
	panelZ         int
	strideZ        int
	ld             int // of a task's sums
	strideS        int
}

// phasedWeightGrad is ConvWeightGrad where usesPhased.
func phasedWeightGrad(g *Conv, x, dy, dw []float32) {
	z := phasedGrads{phased: newPhased(g), k: g.K, dy: dy, dw: dw}
	z.x = x
	z.ofInputs(g)
	lanes := winogradLanes(z.im)
	z.cols = (phases*g.C + lanes - 1) / lanes * lanes
	panels := (z.cols + z.nr - 1) / z.nr
	z.panels = evenly(g.K, z.mr)
	z.groups, z.shares = evenly(z.panels.parts, phasedGradRows), evenly(panels, phasedGradCols)
	z.block = min(z.n*z.th, max(1, phasedGradTiles/z.tw))
	tiles := z.block * z.tw
	z.panelZ, z.panelV = tiles*z.mr+panelSlack, tiles*z.nr
	z.strideZ, z.strideV = z.panels.parts*z.panelZ+winogradSlack, panels*z.panelV+winogradSlack
	z.ld = z.shares.most() * z.nr
	z.strideS = z.groups.most()*z.mr*z.ld + winogradSlack
	tasks := z.groups.parts * z.shares.parts
	sizes := [...]int{phasedElems * z.strideZ, phasedElems * z.strideV, 0}
	once := z.block == z.n*z.th // the sums need not last
	if !once {
		sizes[2] = tasks * phasedElems * z.strideS
	}
	buf, block := borrow[float32](sizes[0] + sizes[1] + sizes[2])
	defer block.Put()
	z.zs, z.vs = buf[:sizes[0]], buf[sizes[0]:][:sizes[1]]
	kept := buf[sizes[0]+sizes[1]:]
	for z.first = 0; z.first < z.n*z.th; z.first += z.block {
		z.last = min(z.first+z.block, z.n*z.th) - 1
		vectors := z.cols / lanes
		parallel.For(vectors+z.panels.parts, 1, func(lo, hi int) {
			strip, block := borrow[float32](max(lanes*phasedPatch*z.pitch, z.mr*phasedTile*phasedTile*z.tw) + winogradSlack)
			defer block.Put()
			var tmp phasedTmp
			for i := lo; i < hi; i++ {
				if i < vectors {
					z.inputs(i, strip, &tmp)
				} else {
					z.outputs(i-vectors, strip, &tmp)
				}
			}
		})
		parallel.For(tasks, 1, func(lo, hi int) {
			size := phasedElems * z.strideS
			var tmp phasedTmp
			sums := kept
			if once {
				s, block := borrow[float32](size)
				defer block.Put()
				sums = s
			}
			for i := lo; i < hi; i++ {
				if !once {
					sums = kept[i*size:]
				}
				z.task(i/z.shares.parts, i%z.shares.parts, sums, &tmp)
			}
		})
	}
}

// inputs transforms the tiles at hand of a vector of phases of channels.
func (z *phasedGrads) inputs(i int, strip []float32, tmp *phasedTmp) {
	lanes := winogradLanes(z.im)
	size, windows := phases*phasedPatch*z.pitch, z.windows(phasedPatch)
	c := i * lanes / phases
	n := min(lanes/phases, z.channels-c)
	var off winogradOff
	for l := range lanes {
		off[l] = min(l/phases, n-1)*size + windows[l%phases] // lanes without a channel do the last one again
	}
	at := i * lanes / z.nr * z.panelV
	for r := z.first; r <= z.last; r++ {
		for s := range n {
			z.copyLines(strip[s*size:], c+s, r, r)
		}
		v := z.vs[at+(r-z.first)*z.tw*z.nr+i*lanes%z.nr:]
		phasedInput(z.im, v, z.strideV, z.nr, strip, phasedTile, z.pitch, &off, z.tw, tmp)
	}
}

// outputs transforms the gradients at hand of a panel of output channels, the last lanes first: they reach into the next tile's, which
// is written later. Whole tiles are read in place.
func (z *phasedGrads) outputs(i int, strip []float32, tmp *phasedTmp) {
	lanes := winogradRows(z.im)
	k0, k1 := z.panels.part(i)
	whole := z.oh%phasedTile == 0 && z.ow%phasedTile == 0
	pitch := phasedTile * z.tw
	for r := z.first; r <= z.last; r++ {
		n, ty := r/z.th, r%z.th
		from, size, step := strip, phasedTile*pitch, pitch
		if whole {
			from, size, step = z.dy[((n*z.k+k0)*z.oh+phasedTile*ty)*z.ow:], z.oh*z.ow, z.ow
		} else {
			for l := range k1 - k0 {
				plane := z.dy[(n*z.k+k0+l)*z.oh*z.ow:][:z.oh*z.ow]
				for j := range phasedTile {
					padRow(strip[l*size+j*pitch:][:pitch], plane, phasedTile*ty+j, z.oh, z.ow, 0)
				}
			}
		}
		for o := (k1 - k0 - 1) / lanes * lanes; o >= 0; o -= lanes {
			var off winogradOff
			for l := range lanes {
				off[l] = min(o+l, k1-k0-1) * size
			}
			to := z.zs[i*z.panelZ+(r-z.first)*z.tw*z.mr+o:]
			phasedGrad(z.im, to, z.strideZ, z.mr, from, phasedTile, step, &off, min(lanes, k1-k0-o), z.tw, tmp)
		}
	}
}

// task adds the products of the tiles at hand to the sums of a group of panels of rows and a share of those of columns, and
// transforms them back if there are no more tiles.
func (z *phasedGrads) task(group, share int, sums []float32, tmp *phasedTmp) {
	i0, i1 := z.groups.part(group)
	q0, q1 := z.shares.part(share)
	k0, _ := z.panels.part(i0)
	_, k1 := z.panels.part(i1 - 1)
	terms := evenly((z.last-z.first+1)*z.tw, z.kc)
	x := gemmTile[float32]{ars: 1, acs: z.mr, brs: z.nr, ldc: z.ld, down: z.panelZ}
	end := min(q1*z.nr, z.cols)
	for p := range phasedElems {
		for t := range terms.parts {
			t0, t1 := terms.part(t)
			if x.k, x.flags = t1-t0, 0; z.first > 0 || t > 0 {
				x.flags = tileAccumulate
			}
			for j := q0 * z.nr; j < end; j += x.n {
				x.n = z.width(z.im, min(end-j, z.nr-j%z.nr))
				x.b = z.vs[p*z.strideV+j/z.nr*z.panelV+t0*z.nr+j%z.nr:]
				for i, next := i0, 0; i < i1; i = next {
					next = i1
					if i < z.panels.longer {
						next = min(i1, z.panels.longer) // those after have a row less
					}
					r0, r1 := z.panels.part(i)
					x.m, x.below = r1-r0, next-i-1
					x.a = z.zs[p*z.strideZ+i*z.panelZ+t0*z.mr:]
					x.c = sums[p*z.strideS+(r0-k0)*z.ld+j-q0*z.nr:]
					x.run(z.im)
				}
			}
		}
	}
	if z.last < z.n*z.th-1 {
		return
	}
	c0, c1 := q0*z.nr/phases, min(q1*z.nr/phases, z.channels)
	for k := k0; k < k1; k++ {
		phasedSums(z.im, z.dw[(k*z.channels+c0)*16:], sums[(k-k0)*z.ld:], z.strideS, c1-c0, tmp)
	}
}
