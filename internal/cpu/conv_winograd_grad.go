package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// winogradGradBlock is about the number of tiles whose transforms exist at a time.
const winogradGradBlock = 128

// weightGrad is the gradient of a Winograd convolution's weights, the transpose of the way from the weights to the outputs:
//
//	dw = Gᵀ [Σ over tiles of (A dy Aᵀ) ⊙ (Bᵀ x B)] G
//
// The sums are 36 matrix products, (K, tiles) by (tiles, C). All workers share a block of rows of tiles: first they transform
// groups of channels, which lie across the lanes, then they multiply elements of the transforms.
type weightGrad struct {
	winograd
	block       int // rows of tiles
	cols        int // panels of input channels
	first, last int // the rows of tiles at hand
	dy          []float32
	zb, vb, ub  []float32 // transforms of dy and x, and the sums
}

// winogradWeightGrad is ConvWeightGrad where usesWinograd.
func winogradWeightGrad(g *Conv, x, dy, dw []float32) {
	z := weightGrad{winograd: newWinograd(g), dy: dy}
	z.x = x
	z.blocking = blockingOf[float32](z.im)
	mr, nr := z.blocking.mr, z.blocking.nr
	z.block = max(1, winogradGradBlock/z.tw)
	z.rows, z.cols = evenly(z.k, mr), (z.c+nr-1)/nr
	tiles := z.block * z.tw
	z.panelU, z.panelV = tiles*mr+panelSlack, tiles*nr
	z.strideU, z.strideV, z.strideM = z.rows.parts*z.panelU+winogradSlack, z.cols*z.panelV+winogradSlack, z.k*z.cols*nr+winogradSlack
	sizes := [3]int{winogradElems * z.strideU, winogradElems * z.strideV, winogradElems * z.strideM}
	once := z.n*z.th <= z.block // the sums need not last
	if once {
		sizes[2] = 0
	}
	buf, block := borrow[float32](sizes[0] + sizes[1] + sizes[2])
	defer block.Put()
	z.zb, z.vb, z.ub = buf[:sizes[0]], buf[sizes[0]:][:sizes[1]], buf[sizes[0]+sizes[1]:]
	lanes := winogradLanes(z.im)
	groups := (z.c + lanes - 1) / lanes
	for z.first = 0; z.first < z.n*z.th; z.first += z.block {
		z.last = min(z.first+z.block, z.n*z.th) - 1
		parallel.For(groups+z.rows.parts, 1, func(lo, hi int) {
			var tmp winogradTmp
			pitch := z.tw*winogradTile + 2
			strip, block := borrow[float32](max(lanes, mr) * z.block * winogradPatch * pitch)
			defer block.Put()
			for i := lo; i < hi; i++ {
				if i < groups {
					z.input(i*lanes, strip, pitch, &tmp)
				} else {
					z.outputs(i-groups, strip, pitch, &tmp)
				}
			}
		})
		if once {
			break
		}
		parallel.For(winogradElems, 1, func(lo, hi int) {
			for p := lo; p < hi; p++ {
				z.product(p, z.ub, z.strideM, 0, z.rows.parts)
			}
		})
	}
	if !once {
		parallel.For(z.k, max(1, 200/z.c), func(lo, hi int) { z.weights(dw[lo*z.c*9:], z.ub[lo*z.cols*nr:], z.strideM, hi-lo) })
		return
	}
	shares := evenly(z.rows.parts, winogradPanels)
	parallel.For(shares.parts, 1, func(lo, hi int) {
		stride := winogradPanels*mr*z.cols*nr + winogradSlack
		u, block := borrow[float32](winogradElems * stride)
		defer block.Put()
		for i := lo; i < hi; i++ {
			i0, i1 := shares.part(i)
			for p := range winogradElems {
				z.product(p, u, stride, i0, i1)
			}
			r0, _ := z.rows.part(i0)
			_, r1 := z.rows.part(i1 - 1)
			z.weights(dw[r0*z.c*9:], u, stride, r1-r0)
		}
	})
}

// weights transforms the sums of n output channels back, elements of a transform being stride apart.
func (z *weightGrad) weights(dw, u []float32, stride, n int) {
	for k := range n {
		for c := range z.c {
			winogradWeightGo(dw[(k*z.c+c)*9:], u[k*z.cols*z.blocking.nr+c:], stride)
		}
	}
}

// input transforms the tiles at hand of a vector of input channels from c on.
func (z *weightGrad) input(c int, strip []float32, pitch int, tmp *winogradTmp) {
	nr := z.blocking.nr
	size := (z.line(z.first, z.last) + winogradPatch) * pitch
	var off winogradOff
	for l := range min(winogradLanes(z.im), z.c-c) {
		z.lines(strip[l*size:], pitch, c+l, z.first, z.last)
		off[l] = l * size
	}
	for r := z.first; r <= z.last; r++ {
		at := c/nr*z.panelV + (r-z.first)*z.tw*nr + c%nr
		winogradInput(z.im, z.vb[at:], z.strideV, nr, strip[z.line(z.first, r)*pitch:], winogradTile, pitch, &off, z.tw, tmp)
	}
}

// outputs transforms the gradients at hand of a panel of output channels, the last lanes first: they reach into the
// next tile's, which is written later.
func (z *weightGrad) outputs(i int, strip []float32, pitch int, tmp *winogradTmp) {
	mr := z.blocking.mr
	k0, k1 := z.rows.part(i)
	const lines = winogradTile
	size := (z.last - z.first + 1) * lines * pitch
	for l := range k1 - k0 {
		for r := z.first; r <= z.last; r++ {
			n, ty := r/z.th, r%z.th
			plane := z.dy[(n*z.k+k0+l)*z.oh*z.ow:][:z.oh*z.ow]
			for j := range lines {
				padRow(strip[l*size+((r-z.first)*lines+j)*pitch:][:pitch], plane, lines*ty+j, z.oh, z.ow, 0)
			}
		}
	}
	lanes := winogradRows(z.im)
	for o := (k1 - k0 - 1) / lanes * lanes; o >= 0; o -= lanes {
		var off winogradOff
		for l := range lanes {
			off[l] = min(o+l, k1-k0-1) * size
		}
		for r := range z.last - z.first + 1 {
			winogradGrad(z.im, z.zb[i*z.panelU+r*z.tw*mr+o:], z.strideU, mr, strip[r*lines*pitch:], winogradTile, pitch, &off, min(lanes, k1-k0-o), z.tw, tmp)
		}
	}
}

// product adds element p of the transforms' products to u, for panels [i0, i1) of output channels. Elements are stride apart.
func (z *weightGrad) product(p int, u []float32, stride, i0, i1 int) {
	k0, _ := z.rows.part(i0)
	nr, mr, lanes := z.blocking.nr, z.blocking.mr, winogradLanes(z.im)
	cols := (z.c + lanes - 1) / lanes * lanes
	x := gemmTile[float32]{ars: 1, acs: mr, brs: nr, ldc: z.cols * nr}
	terms := evenly((z.last-z.first+1)*z.tw, z.blocking.kc)
	for t := range terms.parts {
		t0, t1 := terms.part(t)
		x.k = t1 - t0
		if z.first+t > 0 {
			x.flags = tileAccumulate
		}
		for j := 0; j < cols; j += x.n {
			x.n = z.blocking.width(z.im, min(cols-j, nr-j%nr))
			x.b = z.vb[p*z.strideV+j/nr*z.panelV+t0*nr+j%nr:]
			for i := i0; i < i1; i++ {
				r0, r1 := z.rows.part(i)
				x.m = r1 - r0
				x.a = z.zb[p*z.strideU+i*z.panelU+t0*mr:]
				x.c = u[p*stride+(r0-k0)*z.cols*nr+j:]
				x.run(z.im)
			}
		}
	}
}

// winogradGradGo computes, for channels c and lanes l, z[p*zp+c*zc+l] = (A d Aᵀ)[p] of the 4x4 matrix
// d[i][j] = y[c*yc+off[l]+i*pitch+j].
func winogradGradGo(z []float32, zp, zc int, y []float32, yc, pitch int, off []int, channels int) {
	for c := range channels {
		for l, o := range off {
			var d [winogradTile * winogradPatch]float32
			for i := range winogradTile {
				s := (*[winogradTile]float32)(y[c*yc+o+i*pitch:])
				d0, d1, d2, d3, d4, d5 := winogradA(s[0], s[1], s[2], s[3])
				*(*[winogradPatch]float32)(d[winogradPatch*i:]) = [...]float32{d0, d1, d2, d3, d4, d5}
			}
			for j := range winogradPatch {
				s, step := z[j*zp+c*zc+l:], winogradPatch*zp
				s[0], s[step], s[2*step], s[3*step], s[4*step], s[5*step] = winogradA(d[j], d[6+j], d[12+j], d[18+j])
			}
		}
	}
}

// winogradWeightGo computes dw = Gᵀ d G, 3x3, of the 6x6 matrix d[i][j] = u[(6*i+j)*up].
func winogradWeightGo(dw, u []float32, up int) {
	var d [3 * winogradPatch]float32
	for j := range winogradPatch {
		s, step := u[j*up:], winogradPatch*up
		d[j], d[6+j], d[12+j] = winogradGT(s[0], s[step], s[2*step], s[3*step], s[4*step], s[5*step])
	}
	for i := range 3 {
		s := (*[winogradPatch]float32)(d[winogradPatch*i:])
		dw[3*i], dw[3*i+1], dw[3*i+2] = winogradGT(s[0], s[1], s[2], s[3], s[4], s[5])
	}
}

// winogradA is A times a vector.
func winogradA(y0, y1, y2, y3 float32) (z0, z1, z2, z3, z4, z5 float32) {
	a, b, e, f := y0+y2, y1+y3, y0+4*y2, 2*(y1+4*y3)
	return y0, a + b, a - b, e + f, e - f, y3
}

// winogradGT is Gᵀ times a vector.
func winogradGT(u0, u1, u2, u3, u4, u5 float32) (g0, g1, g2 float32) {
	a, b, e, f := (u1+u2)*(1./6), (u2-u1)*(1./6), u3+u4, u3-u4
	return u0*(1./4) - a + e*(1./24), b + f*(1./12), e*(1./6) - a + u5
}
