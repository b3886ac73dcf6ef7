package tensorboard

import (
	"fmt"
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

// Buckets is a distribution that was counted already, TensorFlow's HistogramProto: Counts[i] values lie between Limits[i-1] and
// Limits[i], which rise; the first bucket has no lower end but Min.
type Buckets struct {
	Min, Max, Num, Sum, SumSquares float64
	Limits, Counts                 []float64
}

// Histogram writes how the values are distributed; NaN and infinities are left out. Nothing is written of no values.
func (w *Writer) Histogram(tag string, step int64, values []float64) error {
	h := Buckets{Min: math.Inf(1), Max: math.Inf(-1)}
	counts := make([]float64, len(limits))
	first, last := len(limits), 0
	for _, v := range values {
		if v-v != 0 {
			continue
		}
		i := sort.Search(len(limits), func(i int) bool { return limits[i] > v }) // a bucket has its lower end, not its upper
		i = min(i, len(limits)-1)
		counts[i]++
		first, last = min(first, i), max(last, i)
		h.Min, h.Max, h.Num, h.Sum, h.SumSquares = min(h.Min, v), max(h.Max, v), h.Num+1, h.Sum+v, h.SumSquares+v*v
	}
	if h.Num == 0 {
		return nil
	}
	first = max(first-1, 0) // an empty bucket in front tells where the next one begins
	h.Limits, h.Counts = limits[first:last+1], counts[first:last+1]
	return w.Counted(tag, step, h)
}

// Counted writes a distribution. Nothing is written of no values. It returns an error unless there is a limit for each count and
// the limits rise.
func (w *Writer) Counted(tag string, step int64, b Buckets) error {
	const (
		histogramMin = iota + 1
		histogramMax
		histogramNum
		histogramSum
		histogramSquares
		histogramLimits
		histogramCounts
	)
	if b.Num == 0 {
		return nil
	}
	if len(b.Limits) != len(b.Counts) || len(b.Limits) == 0 {
		return fmt.Errorf("tensorboard: histogram %s has %d limits and %d counts; give as many of each, at least one", tag, len(b.Limits), len(b.Counts))
	}
	for i := 1; i < len(b.Limits); i++ {
		if !(b.Limits[i] > b.Limits[i-1]) {
			return fmt.Errorf("tensorboard: histogram %s: limit %v comes after %v; they must rise", tag, b.Limits[i], b.Limits[i-1])
		}
	}
	h := double(double(double(double(double(nil, histogramMin, b.Min), histogramMax, b.Max), histogramNum, b.Num), histogramSum, b.Sum), histogramSquares, b.SumSquares)
	h = message(h, histogramLimits, packed(b.Limits))
	h = message(h, histogramCounts, packed(b.Counts))
	return w.value(tag, step, message(nil, valueHistogram, h))
}

func packed(x []float64) (b []byte) {
	for _, v := range x {
		b = protowire.AppendFixed64(b, math.Float64bits(v))
	}
	return b
}
