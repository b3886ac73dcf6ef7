package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// ROI is how regions of interest, rows (image, x1, y1, x2, y2) of a list, are pooled from planes of H x W to OH x OW cells.
type ROI struct {
	N, C, H, W, OH, OW int
	Scale              float64 // of the regions' coordinates
	Sampling           int     // of ROIAlign: samples of a cell along each axis; 0: as many as it has elements
	Aligned            bool    // of ROIAlign: coordinates are of pixels' edges, not centres
}

// ROIPool writes the largest element of each cell to y (regions, C, OH, OW) and its place in x (N, C, H, W) to at; 0 and -1 for
// empty cells.
func ROIPool[T float32 | float64](g ROI, x []T, rois []float64, y []T, at []int64) {
	cells := g.OH * g.OW
	parallel.For(len(rois)/5, max(1, grainCheap/max(1, g.C*cells)), func(lo, hi int) {
		hs, ws := make([]span, g.OH), make([]span, g.OW)
		for r := lo; r < hi; r++ {
			roi := rois[5*r : 5*r+5]
			g.poolSpans(ws, roi[1], roi[3], g.W)
			g.poolSpans(hs, roi[2], roi[4], g.H)
			win := Window{In: [3]int{1, g.H, g.W}}
			for c := range g.C {
				plane := (int(roi[0])*g.C + c) * g.H * g.W
				p := x[plane : plane+g.H*g.W]
				i := (r*g.C + c) * cells
				for _, h := range hs {
					for _, w := range ws {
						y[i], at[i] = 0, -1
						if k := maxInWindow(&win, p, span{0, 1, 1, 1}, h, w); k >= 0 {
							y[i], at[i] = p[k], int64(plane+k)
						}
						i++
					}
				}
			}
		}
	})
}

// poolSpans divides the elements from a to b, rounded and at least one, into len(s) parts that overlap in shared elements.
func (g *ROI) poolSpans(s []span, a, b float64, size int) {
	bound := func(x float64) int { return int(math.Round(min(max(x*g.Scale, -1<<30), 1<<30))) }
	start := bound(a)
	n := max(bound(b)-start+1, 1)
	for i := range s {
		lo, hi := start+i*n/len(s), start+((i+1)*n+len(s)-1)/len(s)
		s[i] = span{min(max(lo, 0), size), min(max(hi, 0), size), 1, 0}
	}
}

// roiAxis is what the cells of a region read along an axis: of cell i the elements at[ends[i-1]:ends[i]], by weight.
type roiAxis struct {
	at     []int
	weight []float64
	ends   []int
}

// cells fills in the mean of the linear interpolations at evenly spaced samples of each of n cells between a and b. The
// weights of a two-dimensional cell are products of those along both axes.
func (r *roiAxis) cells(g *ROI, n int, a, b float64, size int) {
	r.at, r.weight, r.ends = r.at[:0], r.weight[:0], r.ends[:0]
	offset := 0.0
	if g.Aligned {
		offset = 0.5
	}
	const far = 1 << 30 // keeps the arithmetic finite
	start := min(max(a*g.Scale, -far), far) - offset
	length := min(max(b*g.Scale, -far), far) - offset - start
	if !g.Aligned {
		length = max(length, 1)
	}
	bin := length / float64(n)
	samples := float64(g.Sampling)
	if g.Sampling == 0 {
		samples = math.Ceil(bin) // none of an empty region
	}
	step := bin / samples
	for i := range n {
		base := start + float64(i)*bin
		// Only the samples between -1 and size count: of a huge region there are few.
		first, last := 0.0, samples
		if step > 0 {
			first = max(first, math.Floor((-1-base)/step-0.5))
			last = min(last, math.Ceil((float64(size)-base)/step-0.5)+1)
		}
		from := len(r.at)
		for k := first; k < last; k++ {
			p := base + (k+0.5)*step
			if p < -1 || p > float64(size) {
				continue
			}
			p = min(max(p, 0), float64(size-1))
			lo := int(p)
			r.add(from, lo, (1-(p-float64(lo)))/samples)
			if lo+1 < size {
				r.add(from, lo+1, (p-float64(lo))/samples)
			}
		}
		r.ends = append(r.ends, len(r.at))
	}
}

// add adds to an element's weight, which is among the cell's last two if it has one.
func (r *roiAxis) add(from, at int, w float64) {
	for i := len(r.at) - 1; i >= max(from, len(r.at)-2); i-- {
		if r.at[i] == at {
			r.weight[i] += w
			return
		}
	}
	r.at, r.weight = append(r.at, at), append(r.weight, w)
}

func (r *roiAxis) cell(i int) (lo, hi int) {
	if i > 0 {
		lo = r.ends[i-1]
	}
	return lo, r.ends[i]
}

// ROIAlign writes the mean of each cell's samples to y (regions, C, OH, OW).
func ROIAlign[T float32 | float64](g ROI, x []T, rois []float64, y []T) {
	cells := g.OH * g.OW
	parallel.For(len(rois)/5, max(1, grainCheap/max(1, g.C*cells)), func(lo, hi int) {
		var h, w roiAxis
		for r := lo; r < hi; r++ {
			roi := rois[5*r : 5*r+5]
			w.cells(&g, g.OW, roi[1], roi[3], g.W)
			h.cells(&g, g.OH, roi[2], roi[4], g.H)
			for c := range g.C {
				plane := (int(roi[0])*g.C + c) * g.H * g.W
				p := x[plane : plane+g.H*g.W]
				o := y[(r*g.C+c)*cells : (r*g.C+c+1)*cells]
				for i := range g.OH {
					h0, h1 := h.cell(i)
					for j := range g.OW {
						w0, w1 := w.cell(j)
						var sum float64
						for a := h0; a < h1; a++ {
							row := p[h.at[a]*g.W : (h.at[a]+1)*g.W]
							var part float64
							for b := w0; b < w1; b++ {
								part += w.weight[b] * float64(row[w.at[b]])
							}
							sum += h.weight[a] * part
						}
						o[i*g.OW+j] = T(sum)
					}
				}
			}
		}
	})
}

// ROIAlignGrad is the transpose of ROIAlign: dx (N, C, H, W) from dy (regions, C, OH, OW).
func ROIAlignGrad[T float32 | float64](g ROI, dy []T, rois []float64, dx []T) {
	const group = 8 // channels that share a region's weights
	cells, size := g.OH*g.OW, g.H*g.W
	parallel.For((g.C+group-1)/group, 1, func(lo, hi int) {
		first, last := lo*group, min(hi*group, g.C)
		for n := range g.N {
			clear(dx[(n*g.C+first)*size : (n*g.C+last)*size])
		}
		var h, w roiAxis
		for r := range len(rois) / 5 {
			roi := rois[5*r : 5*r+5]
			w.cells(&g, g.OW, roi[1], roi[3], g.W)
			h.cells(&g, g.OH, roi[2], roi[4], g.H)
			for c := first; c < last; c++ {
				plane := (int(roi[0])*g.C + c) * size
				p := dx[plane : plane+size]
				d := dy[(r*g.C+c)*cells : (r*g.C+c+1)*cells]
				for i := range g.OH {
					h0, h1 := h.cell(i)
					for j := range g.OW {
						w0, w1 := w.cell(j)
						for a := h0; a < h1; a++ {
							row := p[h.at[a]*g.W : (h.at[a]+1)*g.W]
							v := h.weight[a] * float64(d[i*g.OW+j])
							for b := w0; b < w1; b++ {
								row[w.at[b]] += T(v * w.weight[b])
							}
						}
					}
				}
			}
		}
	})
}
