package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// GaussianHeatmaps returns what a network for key points is to make of points (N, K, 2), (x, y) in pixels: maps (N, K, height, width)
// float32 with
//
//	exp(−((j + ½ − x/stride)² + (i + ½ − y/stride)²)/(2 sigma²))
//
// at row i and column j (J. Tompson et al., 2014). stride is the side of the picture over that of the maps, sigma is in pixels of the
// maps. The map of a point that is NaN is zero. It panics with ErrShape unless points are (N, K, 2) and with ErrValue unless sizes, stride
// and sigma are positive.
func GaussianHeatmaps(points *tensor.Tensor, height, width int, stride, sigma float64) *tensor.Tensor {
	const op = "gaussian_heatmaps"
	if points.Rank() != 3 || points.Dim(2) != 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{points.Shape()}, "points must be (N, K, 2)")
	}
	if height < 1 || width < 1 || !(stride > 0) || !(sigma > 0) {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{points.Shape()}, "maps of %d x %d, stride %v, sigma %v: all must be positive", height, width, stride, sigma)
	}
	// A Gaussian is the product of one of rows and one of columns.
	line := func(at float64, to []float64) {
		for i := range to {
			d := (float64(i) + 0.5 - at) / sigma
			to[i] = math.Exp(-d * d / 2)
		}
	}
	p := points.Floats()
	maps := make([]float32, len(p)/2*height*width)
	across, down := make([]float64, width), make([]float64, height)
	for k := range len(p) / 2 {
		x, y := p[2*k]/stride, p[2*k+1]/stride
		if x != x || y != y {
			continue
		}
		line(x, across)
		line(y, down)
		to := maps[k*height*width:]
		for i, a := range down {
			for j, b := range across {
				to[i*width+j] = float32(a * b)
			}
		}
	}
	return tensor.Of(maps, points.Dim(0), points.Dim(1), height, width)
}

// HeatmapPeaks returns the key points (N, K, 2) float32, (x, y) in pixels of the picture, that heat maps (N, K, H, W) show, and the maps'
// values there (N, K) float32: the largest value's pixel, its centre moved by a quarter of a pixel towards the larger of its neighbours in
// each direction (A. Newell et al., 2016), times stride. Of equal values the first counts; a NaN is taken for no peak, and a map of NaN
// alone has the point NaN. It panics with ErrShape unless maps are (N, K, H, W) with pixels and with ErrValue unless stride is positive.
func HeatmapPeaks(maps *tensor.Tensor, stride float64) (points, values *tensor.Tensor) {
	const op = "heatmap_peaks"
	if maps.Rank() != 4 || maps.Dim(2) == 0 || maps.Dim(3) == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{maps.Shape()}, "heat maps must be (N, K, H, W) with pixels")
	}
	if !(stride > 0) {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{maps.Shape()}, "the stride is %v, must be positive", stride)
	}
	n, k, h, w := maps.Dim(0), maps.Dim(1), maps.Dim(2), maps.Dim(3)
	all := maps.Floats()
	at, top := make([]float32, 2*n*k), make([]float32, n*k)
	for m := range n * k {
		v := all[m*h*w : (m+1)*h*w]
		best := -1
		for i, x := range v {
			if x == x && (best < 0 || x > v[best]) {
				best = i
			}
		}
		if best < 0 {
			at[2*m], at[2*m+1], top[m] = float32(math.NaN()), float32(math.NaN()), float32(math.NaN())
			continue
		}
		x, y := best%w, best/w
		at[2*m] = float32(stride * (float64(x) + 0.5 + quarter(v, best, 1, x, w)))
		at[2*m+1] = float32(stride * (float64(y) + 0.5 + quarter(v, best, w, y, h)))
		top[m] = float32(v[best])
	}
	return tensor.Of(at, n, k, 2), tensor.Of(top, n, k)
}

// quarter is a quarter towards the larger of the neighbours of v[best], which is number i of n in its line, step elements apart; 0 at the
// ends of the line.
func quarter(v []float64, best, step, i, n int) float64 {
	switch {
	case i == 0 || i == n-1:
		return 0
	case v[best+step] > v[best-step]:
		return 0.25
	case v[best+step] < v[best-step]:
		return -0.25
	}
	return 0
}
