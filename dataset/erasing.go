package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RandomErasing fills a random rectangle of 2% to 33% of the picture with zeros, with probability p. Its sides h/w have a
// ratio of 0.3 to 3.3 (Zhong, Zheng, Kang, Li and Yang, 2020, Random erasing data augmentation). A picture for which ten
// draws give no rectangle that fits stays as it is.
func RandomErasing(p float64) Transform {
	return randomly("random_erasing", p, func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		H, W := size("random_erasing", x)
		top, left, h, w, ok := randomRectangle(g, H, W, 0.02, 0.33, 0.3, 3.3)
		if !ok {
			return x
		}
		return paint(x, H, W, func(_ int, dst, src []float32) {
			copy(dst, src)
			for i := top; i < top+h; i++ {
				clear(dst[i*W+left : i*W+left+w])
			}
		})
	})
}

// randomRectangle draws a place for a rectangle inside H by W pixels. Its area is uniform from minArea to maxArea of
// theirs, and the logarithm of its ratio h/w uniform between those of minRatio and maxRatio; both rounded to whole pixels.
// ok is false when ten draws did not fit.
func randomRectangle(g *random.Generator, H, W int, minArea, maxArea, minRatio, maxRatio float64) (top, left, h, w int, ok bool) {
	uniform := func(lo, hi float64) float64 { return lo + (hi-lo)*g.Float64() }
	for range 10 {
		area := uniform(minArea, maxArea) * float64(H*W)
		ratio := math.Exp(uniform(math.Log(minRatio), math.Log(maxRatio)))
		h, w = int(math.Round(math.Sqrt(area*ratio))), int(math.Round(math.Sqrt(area/ratio)))
		if 0 < h && h <= H && 0 < w && w <= W {
			return g.Intn(H - h + 1), g.Intn(W - w + 1), h, w, true
		}
	}
	return 0, 0, 0, 0, false
}
