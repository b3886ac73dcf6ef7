package explain

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Box returns the box (x1, y1, x2, y2), in pixels, around the largest connected part of a map (H, W) that is at least threshold times its
// largest value, by its four neighbours: how class activation maps find objects, with 0.2 in the paper (B. Zhou et al., 2016). Of equally
// large parts it takes the first. A map without a positive value gives the box of the whole picture. It panics with ErrShape unless the
// map is (H, W), and with ErrValue unless the threshold is above 0 and at most 1.
func Box(m *tensor.Tensor, threshold float64) [4]float64 {
	const op = "explain.Box"
	if m.Rank() != 2 || m.Numel() == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{m.Shape()}, "the map must be (H, W), not empty")
	}
	if !(threshold > 0 && threshold <= 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "the threshold is %v; give one above 0 and at most 1", threshold)
	}
	h, w := m.Dim(0), m.Dim(1)
	v := m.Floats()
	top := math.Inf(-1)
	for _, x := range v {
		top = math.Max(top, x)
	}
	best, most := [4]float64{0, 0, float64(w), float64(h)}, 0
	if !(top > 0) {
		return best
	}
	seen := make([]bool, len(v))
	for start := range v {
		if seen[start] || v[start] < threshold*top {
			continue
		}
		x1, y1, x2, y2, n := w, h, 0, 0, 0
		seen[start] = true
		for queue := []int{start}; len(queue) > 0; n++ {
			i := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			y, x := i/w, i%w
			x1, y1, x2, y2 = min(x1, x), min(y1, y), max(x2, x+1), max(y2, y+1)
			for _, d := range [4][2]int{{0, -1}, {0, 1}, {-1, 0}, {1, 0}} {
				yy, xx := y+d[0], x+d[1]
				if j := yy*w + xx; yy >= 0 && yy < h && xx >= 0 && xx < w && !seen[j] && v[j] >= threshold*top {
					seen[j] = true
					queue = append(queue, j)
				}
			}
		}
		if n > most {
			best, most = [4]float64{float64(x1), float64(y1), float64(x2), float64(y2)}, n
		}
	}
	return best
}
