package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"
)

// A Sample is a list of values with a name for the legend.
type Sample struct {
	Name   string
	Values []float64
}

// HistogramConfig configures Histogram.
type HistogramConfig struct {
	Title, XLabel string
	// Bins is the number of bins over the range of all samples. 0 chooses: for up
	// to 100 different whole numbers one bin each, otherwise the narrower of the
	// rules of Sturges (1926) and of Freedman and Diaconis (1981), as NumPy's
	// "auto" does, and 200 bins at most.
	Bins int
	// Density divides each count by the sample's size and the bin's width, so that
	// the area of each sample is 1: for samples of different size.
	Density bool
	LogY    bool // empty bins are not drawn
}

// Histogram draws how often values occur, one or more samples over common bins,
// into path. A bin includes its left edge, the last one both. NaN and infinities
// are left out and counted below the chart. It returns an error if Bins is negative
// or above 10000, or if the file cannot be written.
func Histogram(path string, samples []Sample, cfg HistogramConfig) error {
	const who = "Histogram"
	if cfg.Bins < 0 || cfg.Bins > 10000 {
		return fmt.Errorf("plot: %s: Bins is %d; give 1 to 10000, or 0 to have it chosen", who, cfg.Bins)
	}
	var all []float64
	dropped := 0
	for _, s := range samples {
		for _, v := range s.Values {
			if finite(v) {
				all = append(all, v)
			} else {
				dropped++
			}
		}
	}
	slices.Sort(all)
	edges := binEdges(all, cfg.Bins)
	heights := make([][]float64, len(samples))
	ys := span{0, 0, !cfg.LogY}
	for i, s := range samples {
		heights[i] = histogram(s.Values, edges, cfg.Density)
		for _, h := range heights[i] {
			if positive(h) || !cfg.LogY {
				ys.add(h)
			}
		}
	}

	c := &chart{title: cfg.Title, xLabel: cfg.XLabel, yLabel: "count", noGridX: true}
	if cfg.Density {
		c.yLabel = "density"
	}
	c.x = xAxis(span{edges[0], edges[len(edges)-1], true}, 0.02, 9, whole(all))
	if cfg.LogY {
		ys.lo = max(0.6*ys.lo, 1/huge) // the smallest bar has a height
		c.y = logAxis(ys)
	} else {
		c.y = linearAxis(ys, 0, 7, false)
		c.y.hi += 0.04 * (c.y.hi - c.y.lo)
	}
	if dropped > 0 {
		c.note = fmt.Sprintf("%d of %d values are NaN or infinite and not shown", dropped, dropped+len(all))
	}
	for i, s := range samples {
		if len(samples) > 1 || s.Name != "" {
			c.legend = append(c.legend, entry{s.Name, squareMark, square(classColor(i))})
		}
	}
	return c.draw(who, path, func(f *frame) {
		for i := range samples {
			f.bins(edges, heights[i], classColor(i), len(samples) > 1)
		}
		if len(all) == 0 {
			f.text("no finite values to draw", f.left+f.width/2, f.top+f.height/2, 0.5, 0.5, 0, noteStyle)
		}
	})
}

// binEdges returns the n+1 edges of n bins over sorted values; n = 0 chooses.
func binEdges(sorted []float64, n int) []float64 {
	if len(sorted) == 0 {
		return []float64{0, 1}
	}
	lo, hi := sorted[0], sorted[len(sorted)-1]
	if n == 0 && hi-lo < 100 && whole(sorted) {
		n = int(hi-lo) + 1
		lo, hi = lo-0.5, hi+0.5
	}
	s := span{lo, hi, true}
	lo, hi = s.wide()
	if n == 0 {
		n = autoBins(sorted, hi-lo)
	}
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = lo + (hi-lo)*float64(i)/float64(n)
	}
	edges[n] = hi
	return edges
}

func whole(values []float64) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v float64) bool { return v != math.Trunc(v) })
}

// autoBins returns the larger number of bins of the rules of Sturges, log2(n) + 1,
// and of Freedman and Diaconis, a width of 2 IQR / n^(1/3).
func autoBins(sorted []float64, width float64) int {
	n := float64(len(sorted))
	quantile := func(q float64) float64 {
		at := q * (n - 1)
		i := int(at)
		return sorted[i] + (at-float64(i))*(sorted[min(i+1, len(sorted)-1)]-sorted[i])
	}
	bins := math.Ceil(math.Log2(n) + 1)
	if iqr := quantile(0.75) - quantile(0.25); iqr > 0 {
		bins = max(bins, math.Ceil(width/(2*iqr/math.Cbrt(n))))
	}
	return int(min(bins, 200))
}

// histogram counts the finite values between edges, or their density.
func histogram(values, edges []float64, density bool) []float64 {
	n := len(edges) - 1
	counts := make([]float64, n)
	total := 0.0
	for _, v := range values {
		if !finite(v) {
			continue
		}
		total++
		i, found := slices.BinarySearch(edges, v)
		if !found {
			i--
		}
		counts[min(max(i, 0), n-1)]++
	}
	if density && total > 0 {
		for i := range counts {
			counts[i] /= total * (edges[i+1] - edges[i])
		}
	}
	return counts
}

// bins draws one sample: solid bars, or see-through shapes where there are several.
func (f *frame) bins(edges, heights []float64, c color.NRGBA, several bool) {
	bottom := f.top + f.height
	pale := c
	pale.A = 0x50
	for start := 0; start < len(heights); {
		var shape []point // over a run of bins that are not empty
		end := start
		for ; end < len(heights) && heights[end] > 0; end++ {
			x0, x1, y := f.px(edges[end]), f.px(edges[end+1]), min(f.py(heights[end]), bottom)
			shape = append(shape, point{x0, y}, point{x1, y})
			if gap := min(0.5, (x1-x0)/10); !several {
				f.box(x0+gap, y, x1-x0-2*gap, bottom-y, c)
			}
		}
		if several && len(shape) > 0 {
			shape = append([]point{{shape[0].x, bottom}}, shape...)
			shape = append(shape, point{shape[len(shape)-1].x, bottom})
			f.fill(pale, shape...)
			f.line(c, 1.5, nil, shape...)
		}
		start = end + 1
	}
}
