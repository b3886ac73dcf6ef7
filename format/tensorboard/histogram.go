package tensorboard

import (
	"math"
	"sort"

	"google.golang.org/protobuf/encoding/protowire"
)

// limits are the upper ends of TensorFlow's buckets: 0 between ±1e-12, ever a tenth further out up to 1e20, then everything.
var limits = func() []float64 {
	var up []float64
	for v := 1e-12; v < 1e20; v *= 1.1 {
		up = append(up, v)
	}
	all := make([]float64, 0, 2*len(up)+2)
	all = append(all, -math.MaxFloat64)
	for i := len(up) - 1; i >= 0; i-- {
		all = append(all, -up[i])
	}
	return append(append(all, up...), math.MaxFloat64)
}()

// Histogram writes how the values are distributed; NaN and infinities are left out. Nothing is written of no values.
func (w *Writer) Histogram(tag string, step int64, values []float64) error {
	const (
		histogramMin = iota + 1
		histogramMax
		histogramNum
		histogramSum
		histogramSquares
		histogramLimits
		histogramCounts
	)
	counts := make([]float64, len(limits))
	lo, hi, n, sum, squares := math.Inf(1), math.Inf(-1), 0., 0., 0.
	first, last := len(limits), 0
	for _, v := range values {
		if v-v != 0 {
			continue
		}
		i := sort.Search(len(limits), func(i int) bool { return limits[i] > v }) // a bucket has its lower end, not its upper
		i = min(i, len(limits)-1)
		counts[i]++
		first, last = min(first, i), max(last, i)
		lo, hi, n, sum, squares = min(lo, v), max(hi, v), n+1, sum+v, squares+v*v
	}
	if n == 0 {
		return nil
	}
	first = max(first-1, 0) // an empty bucket in front tells where the next one begins
	h := double(double(double(double(double(nil, histogramMin, lo), histogramMax, hi), histogramNum, n), histogramSum, sum), histogramSquares, squares)
	h = message(h, histogramLimits, packed(limits[first:last+1]))
	h = message(h, histogramCounts, packed(counts[first:last+1]))
	return w.value(tag, step, message(nil, valueHistogram, h))
}

func packed(x []float64) (b []byte) {
	for _, v := range x {
		b = protowire.AppendFixed64(b, math.Float64bits(v))
	}
	return b
}
