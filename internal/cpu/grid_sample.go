package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// How a GridSampler reads between and beyond the elements.
const (
	GridBilinear uint8 = iota
	GridNearest
	GridBicubic
)

const (
	GridZeros uint8 = iota
	GridBorder
	GridReflection
)

// GridSampler reads volumes of Size (depth, height, width; images have a depth of 1) at positions of Rank coordinates, the
// column first: -1 is one end and 1 the other, of the centres of the end elements if Align, else of their outer edges.
type GridSampler struct {
	Size          [3]int
	Rank          int
	Mode, Padding uint8
	Align         bool
}

// gridTap is an element that a position reads and its weight.
type gridTap[T float32 | float64] struct {
	at int32
	w  T
}

// gridAxis is a position along one axis: n elements, their weights and the weights' derivatives by the coordinate; at is -1
// beyond the ends.
type gridAxis struct {
	n     int
	at    [4]int
	w, dw [4]float64
}

// pad brings a position beyond the ends back, as Padding says; slope is its derivative.
func (g *GridSampler) pad(x float64, size int) (at, slope float64) {
	slope = 1
	if g.Padding == GridZeros {
		return x, slope
	}
	if g.Padding == GridReflection {
		low, span := -0.5, float64(size)
		if g.Align {
			low, span = 0, float64(size-1)
		}
		if span == 0 {
			return 0, 0
		}
		if x -= low; x < 0 {
			x, slope = -x, -1
		}
		flips := math.Floor(x / span)
		if x -= flips * span; math.Mod(flips, 2) == 0 {
			x += low
		} else {
			x, slope = span-x+low, -slope
		}
	}
	switch end := float64(size - 1); {
	case !(x > 0): // NaN too
		return 0, 0
	case x >= end:
		return end, 0
	}
	return x, slope
}

// axis fills in what a coordinate along an axis reads.
func (g *GridSampler) axis(a *gridAxis, u float64, size int) {
	n := float64(size)
	x, scale := ((u+1)*n-1)/2, n/2
	if g.Align {
		x, scale = (u+1)/2*(n-1), (n-1)/2
	}
	if g.Mode == GridBicubic {
		lo := math.Floor(x)
		a.n = 4
		a.w, a.dw = cubicWeights(x - lo)
		for i := range a.w {
			at, _ := g.pad(lo+float64(i-1), size)
			a.at[i] = place(at, n)
			a.dw[i] *= scale
		}
		return
	}
	slope := scale
	if g.Padding != GridZeros {
		x, slope = g.pad(x, size)
		slope *= scale
	}
	if g.Mode == GridNearest {
		a.n, a.at[0], a.w[0], a.dw[0] = 1, place(math.RoundToEven(x), n), 1, 0
		return
	}
	lo := math.Floor(x)
	a.n, a.at[0], a.at[1] = 2, place(lo, n), place(lo+1, n)
	a.w[0], a.w[1] = 1-(x-lo), x-lo
	a.dw[0], a.dw[1] = -slope, slope
}

// place is a whole position on an axis of n elements as an int, -1 beyond its ends.
func place(at, n float64) int {
	if at >= 0 && at < n {
		return int(at)
	}
	return -1
}

// cubicWeights returns the weights of the elements before, at and after a position t past one, and their derivatives by t:
// Keys' convolution with a = −0.75.
func cubicWeights(t float64) (w, dw [4]float64) {
	const a = -0.75
	near := func(d float64) (float64, float64) { return ((a+2)*d-(a+3))*d*d + 1, (3*(a+2)*d - 2*(a+3)) * d }
	far := func(d float64) (float64, float64) { return ((a*d-5*a)*d+8*a)*d - 4*a, (3*a*d-10*a)*d + 8*a }
	w[0], dw[0] = far(1 + t)
	w[1], dw[1] = near(t)
	w[2], dw[2] = near(1 - t)
	w[3], dw[3] = far(2 - t)
	dw[2], dw[3] = -dw[2], -dw[3]
	return w, dw
}

const (
	gridBlock  = 64   // positions whose elements and weights are found together, then used for every channel
	gridPoints = 1024 // positions of a unit of work
)

// gridChannels is how many channels make a unit of work: many share what is found, few keep all workers busy.
func gridChannels(n int) int {
	if n >= 8 {
		return 64
	}
	return 16
}

// gridTaps are what a block of positions reads: those of position i end at ends[i]. slopes, if wanted, are the derivatives
// of the weights by the coordinates.
type gridTaps[T float32 | float64] struct {
	taps   []gridTap[T]
	slopes [][3]T
	ends   [gridBlock]int
	each   int // how many every position reads, 0 if that differs
}

// find fills in the taps of positions, Rank numbers each.
func (b *gridTaps[T]) find(g *GridSampler, grid []T, slopes bool) {
	b.taps, b.slopes, b.each = b.taps[:0], b.slopes[:0], 0
	var x, y gridAxis
	z := gridAxis{n: 1, w: [4]float64{1}}
	points := len(grid) / g.Rank
	for i := range points {
		u := grid[i*g.Rank:]
		g.axis(&x, float64(u[0]), g.Size[2])
		g.axis(&y, float64(u[1]), g.Size[1])
		if g.Rank == 3 {
			g.axis(&z, float64(u[2]), g.Size[0])
		}
		for d := range z.n {
			for r := range y.n {
				if z.at[d] < 0 || y.at[r] < 0 {
					continue
				}
				row := (z.at[d]*g.Size[1] + y.at[r]) * g.Size[2]
				wz, wy := z.w[d], y.w[r]
				for c := range x.n {
					if x.at[c] < 0 {
						continue
					}
					wx := x.w[c]
					b.taps = append(b.taps, gridTap[T]{int32(row + x.at[c]), T(wz * wy * wx)})
					if slopes {
						b.slopes = append(b.slopes, [3]T{T(wz * wy * x.dw[c]), T(wz * y.dw[r] * wx), T(z.dw[d] * wy * wx)})
					}
				}
			}
		}
		b.ends[i] = len(b.taps)
	}
	if most := x.n * y.n * z.n; len(b.taps) == points*most {
		b.each = most
	}
}

// read computes dst, the values of src at the positions.
func (b *gridTaps[T]) read(dst, src []T) {
	switch b.each {
	case 1:
		for j, t := range b.taps[:len(dst)] {
			dst[j] = src[t.at]
		}
		return
	case 4:
		for j := range dst {
			t := (*[4]gridTap[T])(b.taps[4*j:])
			dst[j] = t[0].w*src[t[0].at] + t[1].w*src[t[1].at] + t[2].w*src[t[2].at] + t[3].w*src[t[3].at]
		}
		return
	}
	k := 0
	for j := range dst {
		var sum T
		for _, t := range b.taps[k:b.ends[j]] {
			sum += t.w * src[t.at]
		}
		dst[j], k = sum, b.ends[j]
	}
}

// add is the transpose of read.
func (b *gridTaps[T]) add(dst, src []T) {
	switch b.each {
	case 1:
		for j, t := range b.taps[:len(src)] {
			dst[t.at] += src[j]
		}
		return
	case 4:
		for j, v := range src {
			t := (*[4]gridTap[T])(b.taps[4*j:])
			dst[t[0].at] += t[0].w * v
			dst[t[1].at] += t[1].w * v
			dst[t[2].at] += t[2].w * v
			dst[t[3].at] += t[3].w * v
		}
		return
	}
	k := 0
	for j, v := range src {
		for _, t := range b.taps[k:b.ends[j]] {
			dst[t.at] += t.w * v
		}
		k = b.ends[j]
	}
}

// GridSample computes y (n, c, points), the values of x (n, c, Size) at the positions grid (n, points, Rank).
func GridSample[T float32 | float64](g GridSampler, n, c, points int, x, grid, y []T) {
	size, group := g.Size[0]*g.Size[1]*g.Size[2], gridChannels(n)
	groups, parts := (c+group-1)/group, (points+gridPoints-1)/gridPoints
	parallel.For(n*groups*parts, 1, func(lo, hi int) {
		var b gridTaps[T]
		for unit := lo; unit < hi; unit++ {
			i, first, part := unit/(groups*parts), unit/parts%groups*group, unit%parts
			for p := part * gridPoints; p < min((part+1)*gridPoints, points); p += gridBlock {
				m := min(gridBlock, points-p)
				b.find(&g, grid[(i*points+p)*g.Rank:(i*points+p+m)*g.Rank], false)
				for ch := i*c + first; ch < i*c+min(first+group, c); ch++ {
					b.read(y[ch*points+p:][:m], x[ch*size:(ch+1)*size])
				}
			}
		}
	})
}

// GridSampleGradInput computes dx (n, c, Size), the gradient of GridSample by x, from dy (n, c, points).
func GridSampleGradInput[T float32 | float64](g GridSampler, n, c, points int, dy, grid, dx []T) {
	size, group := g.Size[0]*g.Size[1]*g.Size[2], gridChannels(n)
	groups := (c + group - 1) / group
	parallel.For(n*groups, 1, func(lo, hi int) {
		var b gridTaps[T]
		for unit := lo; unit < hi; unit++ {
			i, first := unit/groups, unit%groups*group
			last := i*c + min(first+group, c)
			clear(dx[(i*c+first)*size : last*size])
			for p := 0; p < points; p += gridBlock {
				m := min(gridBlock, points-p)
				b.find(&g, grid[(i*points+p)*g.Rank:(i*points+p+m)*g.Rank], false)
				for ch := i*c + first; ch < last; ch++ {
					b.add(dx[ch*size:(ch+1)*size], dy[ch*points+p:][:m])
				}
			}
		}
	})
}

// GridSampleGradGrid computes dgrid (n, points, Rank), the gradient of GridSample by the positions.
func GridSampleGradGrid[T float32 | float64](g GridSampler, n, c, points int, dy, x, grid, dgrid []T) {
	size := g.Size[0] * g.Size[1] * g.Size[2]
	parts := (points + gridPoints - 1) / gridPoints
	parallel.For(n*parts, 1, func(lo, hi int) {
		var b gridTaps[T]
		for unit := lo; unit < hi; unit++ {
			i, part := unit/parts, unit%parts
			for p := part * gridPoints; p < min((part+1)*gridPoints, points); p += gridBlock {
				m := min(gridBlock, points-p)
				b.find(&g, grid[(i*points+p)*g.Rank:(i*points+p+m)*g.Rank], true)
				var sums [gridBlock][3]float64
				for ch := i * c; ch < (i+1)*c; ch++ {
					b.slope(&sums, dy[ch*points+p:][:m], x[ch*size:(ch+1)*size])
				}
				for j := range m {
					for a := range g.Rank {
						dgrid[(i*points+p+j)*g.Rank+a] = T(sums[j][a])
					}
				}
			}
		}
	})
}

// slope adds to sums, for each position, dy times the derivatives of src's value there.
func (b *gridTaps[T]) slope(sums *[gridBlock][3]float64, dy, src []T) {
	k := 0
	for j, v := range dy {
		var s0, s1, s2 T
		taps := b.taps[k:b.ends[j]]
		slopes := b.slopes[k:b.ends[j]]
		for l := range taps {
			e, slope := src[taps[l].at], &slopes[l]
			s0 += e * slope[0]
			s1 += e * slope[1]
			s2 += e * slope[2]
		}
		k = b.ends[j]
		sum := &sums[j]
		sum[0] += float64(v * s0)
		sum[1] += float64(v * s1)
		sum[2] += float64(v * s2)
	}
}
