package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// CellAnchors returns the boxes (R·S, 4), Float32, around the origin of each of R ratios height/width and S sizes √area, the sizes
// varying fastest, rounded to whole pixels (Ren et al., Faster R-CNN, 2015). It panics with ErrValue on one that is not positive.
func CellAnchors(sizes, ratios []float64) *tensor.Tensor {
	checkPositive("cell_anchors", "sizes", sizes)
	checkPositive("cell_anchors", "ratios", ratios)
	var v []float32
	for _, r := range ratios {
		h := math.Sqrt(r)
		for _, s := range sizes {
			x, y := float32(math.RoundToEven(s/h/2)), float32(math.RoundToEven(s*h/2))
			v = append(v, -x, -y, x, y)
		}
	}
	return tensor.Of(v, len(v)/4, 4)
}

// GridAnchors returns the anchors (h·w·A, 4) of cells (A, 4) moved to each of h by w places of a feature map, stride pixels
// apart: place by place in row-major order, the first at the origin. It panics with ErrShape or ErrDType on other cells and
// with ErrValue on a size that is negative or a stride that is not positive.
func GridAnchors(cells *tensor.Tensor, h, w, strideH, strideW int) *tensor.Tensor {
	const op = "grid_anchors"
	if cells.Rank() != 2 || cells.Dim(1) != 4 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{cells.Shape()}, "the cells must be (A, 4)")
	}
	checkFloat(op, cells)
	if h < 0 || w < 0 || strideH < 1 || strideW < 1 {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{cells.Shape()}, "the map's sizes (%d, %d) must not be negative and the strides (%d, %d) positive", h, w, strideH, strideW)
	}
	place := func(n, stride int) *tensor.Tensor { return tensor.Arange(0, n, 1).MulScalar(float64(stride)) }
	x := place(w, strideW).Unsqueeze(0).Expand(h, w)
	y := place(h, strideH).Unsqueeze(1).Expand(h, w)
	shifts := sides{x, y, x, y}.boxes().Reshape(h*w, 1, 4).To(cells.DType()).ToDevice(cells.Device())
	return shifts.Add(cells).Reshape(h*w*cells.Dim(0), 4)
}

// DefaultBoxesConfig are the options of DefaultBoxes.
type DefaultBoxesConfig struct {
	Ratios [][]float64 // width/height of the boxes of each map; each is used both ways, and 1 at two sizes besides
	// Scales are the boxes' sizes as parts of the image's, one for each map and one more; nil: evenly spaced from 0.15 to 0.9,
	// then 1, and 0.15 and 0.9 for one map.
	Scales []float64
	Steps  []float64 // pixels between the boxes of each map; nil: the image's size by the map's
	NoClip bool      // boxes may be larger than the image
}

// DefaultBoxes returns the boxes (M, 4), Float32 (x1, y1, x2, y2), of SSD for feature maps of sizes (height, width) of an
// image: for each map and place in row-major order two squares, of scales s and √(s·s'), s' being the next map's, and for each
// ratio two boxes of scale s (Liu et al., 2016). It panics with ErrValue on options that do not fit the maps.
func DefaultBoxes(image [2]int, maps [][2]int, cfg DefaultBoxesConfig) *tensor.Tensor {
	const op = "default_boxes"
	fail := func(format string, args ...any) { tensor.Fail(op, tensor.ErrValue, nil, format, args...) }
	if image[0] < 1 || image[1] < 1 {
		fail("the image's size %v must be positive", image)
	}
	n := len(maps)
	if cfg.Scales == nil {
		cfg.Scales = defaultScales(n)
	}
	if len(cfg.Ratios) != n || len(cfg.Scales) != n+1 || cfg.Steps != nil && len(cfg.Steps) != n {
		fail("for %d maps there must be %d lists of ratios, not %d, %d scales, not %d, and no or %d steps, not %d", n, n, len(cfg.Ratios), n+1, len(cfg.Scales), n, len(cfg.Steps))
	}
	checkPositive(op, "scales", cfg.Scales)
	checkPositive(op, "steps", cfg.Steps)
	H, W := float64(image[0]), float64(image[1])
	var v []float32
	for k, m := range maps {
		if m[0] < 0 || m[1] < 0 {
			fail("the map's size %v must not be negative", m)
		}
		checkPositive(op, "ratios", cfg.Ratios[k])
		rows, cols := float64(m[0]), float64(m[1])
		if cfg.Steps != nil {
			rows, cols = H/cfg.Steps[k], W/cfg.Steps[k]
		}
		s := cfg.Scales[k]
		between := math.Sqrt(s * cfg.Scales[k+1])
		sizes := [][2]float64{{s, s}, {between, between}}
		for _, r := range cfg.Ratios[k] {
			w, h := s*math.Sqrt(r), s/math.Sqrt(r)
			sizes = append(sizes, [2]float64{w, h}, [2]float64{h, w})
		}
		for i := range m[0] {
			for j := range m[1] {
				x, y := (float64(j)+0.5)/cols, (float64(i)+0.5)/rows
				for _, size := range sizes {
					w, h := size[0]/2, size[1]/2
					if !cfg.NoClip {
						w, h = min(w, 0.5), min(h, 0.5)
					}
					v = append(v, float32((x-w)*W), float32((y-h)*H), float32((x+w)*W), float32((y+h)*H))
				}
			}
		}
	}
	return tensor.OfShape(v, tensor.ShapeOf(len(v)/4, 4))
}

func defaultScales(maps int) (s []float64) {
	const lo, hi = 0.15, 0.9
	if maps < 2 {
		return []float64{lo, hi}[:maps+1]
	}
	for k := range maps {
		s = append(s, lo+(hi-lo)*float64(k)/float64(maps-1))
	}
	return append(s, 1)
}

func checkPositive(op, what string, v []float64) {
	for _, x := range v {
		if !(x > 0) || math.IsInf(x, 0) {
			tensor.Fail(op, tensor.ErrValue, nil, "the %s %v must be positive", what, v)
		}
	}
}
