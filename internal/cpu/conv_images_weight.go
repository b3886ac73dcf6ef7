package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// usesImagesWeight is usesImages for the gradient of the weights.
func (g *Conv) usesImagesWeight() bool {
	return g.usesImages(g.C) && volume(g.Out) <= imageFew
}

// imagesWeightGrad is ConvWeightGrad where usesImagesWeight. Its transpose is a sum over blocks of images and lines of outputs of
// products of the transposed planes, padded, whose rows are terms, with dy, of which each place has the output channels of an
// image after those of the one before. A task adds up some lines; the sums of the tasks are added in their order.
func imagesWeightGrad(g *Conv, x, dy, dw []float32) {
	im, rows, blocks := inUse(), g.rows(), g.N/imageLanes
	in, out, ow := volume(g.In), volume(g.Out), g.Out[2]
	width, height := ow+(g.Kernel[2]-1)*g.Dil[2], g.Out[1]+(g.Kernel[1]-1)*g.Dil[1]
	plane := width * height
	xs, block := borrow[float32](blocks*g.C*plane*imageLanes + panelSlack)
	defer block.Put()
	parallel.For(blocks*g.C, max(1, grainCheap/(imageLanes*plane)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			g.padImages(im, xs[i*plane*imageLanes:], x[(i/g.C*imageLanes*g.C+i%g.C)*in:], width, height)
		}
	})
	off := make([]int32, 0, rows)
	for c := range g.C {
		for r := range g.Kernel[1] {
			for s := range g.Kernel[2] {
				off = append(off, int32(imageLanes*(c*plane+r*g.Dil[1]*width+s*g.Dil[2])))
			}
		}
	}
	columns := (g.K + directCols - 1) / directCols * directCols
	lines := evenly(g.Out[1], max(1, g.Out[1]*blocks/imageTasks, g.Out[1]*blocks*rows*columns/maxWeightParts))
	most := max(1, imageDots/(ow*imageLanes)) // lines of a call
	tiles := evenly(rows, directRows)
	parts := blocks * lines.parts
	sums, block2 := borrow[float32](parts * rows * columns)
	defer block2.Put()
	parallel.For(parts, 1, func(lo, hi int) {
		panel, block := borrow[float32](most * ow * imageLanes * directCols)
		defer block.Put()
		for i := lo; i < hi; i++ {
			b := i / lines.parts
			l0, l1 := lines.part(i % lines.parts)
			for k := 0; k < g.K; k += directCols {
				cols := min(directCols, g.K-k)
				for l := l0; l < l1; l += most {
					n := min(most, l1-l)
					for j := range imageLanes {
						transposeInto(im, panel[j*directCols:], imageLanes*directCols, dy[((b*imageLanes+j)*g.K+k)*out+l*ow:], out, cols, n*ow)
					}
					d := directDots{a: xs[imageLanes*(b*g.C*plane+l*width):], b: panel, ldc: columns, vecs: (cols + 7) / 8, k: ow * imageLanes, segments: n, step: width * imageLanes}
					if l > l0 {
						d.flags = tileAccumulate
					}
					for t := range tiles.parts {
						r0, r1 := tiles.part(t)
						d.off, d.m, d.c = off[r0:], r1-r0, sums[(i*rows+r0)*columns+k:]
						d.run(im)
					}
				}
			}
		}
	})
	addWeights(im, dw, sums, parts, 1, rows, g.K, columns)
}

// padImages transposes a plane of a block of images, padded to height lines of width.
func (g *Conv) padImages(im Impl, dst, x []float32, width, height int) {
	h, w := g.In[1], g.In[2]
	if g.Pad == [3]int{} && width == w && height <= h {
		packPanel(im, dst, imageLanes, x, g.C*h*w, 1, imageLanes, height*w)
		return
	}
	clear(dst[:height*width*imageLanes])
	top, lines := stepsInside(-g.Pad[1], 1, h, height)
	head, columns := stepsInside(-g.Pad[2], 1, w, width)
	if columns == 0 {
		return
	}
	for l := range lines {
		packPanel(im, dst[imageLanes*((top+l)*width+head):], imageLanes, x[(top+l-g.Pad[1])*w+head-g.Pad[2]:], g.C*h*w, 1, imageLanes, columns)
	}
}
