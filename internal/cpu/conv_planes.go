package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// The weights' gradient of convolutions with few output channels: of directWeights' vectors of 16 channels most would be empty. Here a
// vector has neighbouring places of a line of dy, and meets those of a padded plane of x at the distance of each tap; its eight
// sums are added up at the end.
//
// LeNet's first convolution (64 images, 1 channel of 28x28 to 6, 5x5), on one thread of a Zen 3 with a peak of 102 GFLOP/s: 0.23 ms,
// of directWeights 0.43.

const (
	// planeChannels is the number of output channels up to which it is faster.
	planeChannels = 8
	// planeWidth is the least length of a line.
	planeWidth = 16
	// planeTerms is the number of weights of an output channel up to which it is.
	planeTerms = 512
	// planeElements of x and dy, 24 KiB, stay in the first-level cache.
	planeElements = 6 << 10
	// planeTasks is the number of tasks to cut a gradient into.
	planeTasks = 16
)

// usesPlanes reports whether the weights' gradient is faster this way.
func (g *Conv) usesPlanes() bool {
	return g.acrossPlanes() && g.K <= planeChannels && g.Out[2] >= planeWidth && g.taps() > 1 && g.rows() <= planeTerms
}

// acrossPlanes reports whether it is possible.
func (g *Conv) acrossPlanes() bool {
	return directKernels() && g.Groups == 1 && g.In[0] == 1 && g.Out[0] == 1 && g.Kernel[0] == 1 && g.Pad[0] == 0 &&
		g.Stride[1] == 1 && g.Stride[2] == 1 && g.taps() <= directTaps && min(g.C, g.K, volume(g.In), volume(g.Out)) > 0
}

// planeDots is the arguments of a kernel of many dot products of places in planes:
//
//	c[i*16+j*8+l] = Σ_q Σ_p a[off[i]+q*stepA+p] * b[j*ldb+q*stepB+p]   for i < m <= 6, j < vecs <= 2, q < lines, p < k, p%8 = l
//
// to which tileAccumulate adds c.
type planeDots struct {
	a, b, c             []float32
	off                 []int32
	ldb, m, vecs        int
	k                   int
	lines, stepA, stepB int
	flags               int
}

func (x *planeDots) runGo() {
	for i, o := range x.off[:x.m] {
		for j := range x.vecs {
			var s [8]float32
			for q := range x.lines {
				b := x.b[j*x.ldb+q*x.stepB:]
				for p, a := range x.a[int(o)+q*x.stepA:][:x.k] {
					s[p%8] += a * b[p]
				}
			}
			for l := range s {
				if x.flags&tileAccumulate != 0 {
					s[l] += x.c[i*16+j*8+l]
				}
				x.c[i*16+j*8+l] = s[l]
			}
		}
	}
}

// planesWeightGrad is ConvWeightGrad where usesPlanes.
func planesWeightGrad(g *Conv, x, dy, dw []float32) {
	im, rows, taps := inUse(), g.rows(), g.taps()
	width := g.Out[2] + (g.Kernel[2]-1)*g.Dil[2] // of a padded line
	height := (g.Kernel[1] - 1) * g.Dil[1]       // more lines of the input than of the output
	off := make([]int32, 0, taps)
	for r := range g.Kernel[1] {
		for s := range g.Kernel[2] {
			off = append(off, int32(r*g.Dil[1]*width+s*g.Dil[2]))
		}
	}
	lines := evenly(g.Out[1], max(1, (planeElements-height*width)/(width+g.K*g.Out[2])))
	size, tiles := (lines.most()+height)*width, evenly(taps, directRows)
	pairs := (g.K + 1) / 2
	images := evenly(g.N, (g.N+planeTasks-1)/planeTasks)
	sums, block := borrow[float32](images.parts * rows * g.K)
	defer block.Put()
	parallel.For(images.parts, 1, func(lo, hi int) {
		buf, block := borrow[float32](size + stripSlack + 2*directCols*((taps+1)/2)*pairs*g.C)
		defer block.Put()
		plane, lanes := buf[:size+stripSlack], buf[size+stripSlack:]
		for part := lo; part < hi; part++ {
			n0, n1 := images.part(part)
			for n := n0; n < n1; n++ {
				for c := range g.C {
					for b := range lines.parts {
						l0, l1 := lines.part(b)
						padPlane(im, plane, x[(n*g.C+c)*volume(g.In):][:volume(g.In)], g.In[1], g.In[2], l0-g.Pad[1], -g.Pad[2], 1, l1-l0+height, width)
						d := planeDots{a: plane, ldb: volume(g.Out), k: g.Out[2], lines: l1 - l0, stepA: width, stepB: g.Out[2]}
						if n > n0 || b > 0 {
							d.flags = tileAccumulate
						}
						for j := range pairs {
							d.b, d.vecs = dy[(n*g.K+2*j)*volume(g.Out)+l0*g.Out[2]:], min(2, g.K-2*j)
							for t := range tiles.parts {
								t0, t1 := tiles.part(t)
								d.off, d.m, d.c = off[t0:], t1-t0, lanes[directCols*((c*pairs+j)*taps+t0):]
								d.run(im)
							}
						}
					}
				}
			}
			sum := sums[part*rows*g.K:]
			for i := range rows * g.K {
				c, t, k := i/g.K/taps, i/g.K%taps, i%g.K
				v := (*[8]float32)(lanes[directCols*((c*pairs+k/2)*taps+t)+k%2*8:])
				sum[i] = ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]))
			}
		}
	})
	addWeights(im, dw, sums, images.parts, 1, rows, g.K, g.K)
}

// padPlane copies n lines of a plane (h, w), every step-th from line first on, as width columns, every step-th from column on; what is outside
// is 0. It may write up to seven elements behind a line.
func padPlane(im Impl, dst, x []float32, h, w, first, column, step, n, width int) {
	top, inside := stepsInside(first, step, h, n)
	head, columns := stepsInside(column, step, w, width)
	if columns == 0 {
		inside = 0
	}
	clear(dst[:top*width])
	if inside > 0 {
		convLines(im, dst[top*width:], width, x[(first+step*top)*w+column+step*head:], step*w, inside, head, columns, width-head-columns, step)
	}
	clear(dst[(top+inside)*width : n*width])
}
