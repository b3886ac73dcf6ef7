package metrics_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// few draws numbers of which many are equal.
func few(t *rapid.T, name string, n int) []float64 {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 5), func(i int) float64 { return float64(i) }), n, n).Draw(t, name)
}

func TestROCAUCCountsPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "n")
		x := few(t, "scores", n)
		y := rapid.SliceOfN(rapid.Int64Range(0, 1), n, n).Draw(t, "classes")
		var wins, pairs float64
		for i := range n {
			for j := range n {
				if y[i] == 1 && y[j] == 0 {
					pairs++
					if x[i] > x[j] {
						wins++
					} else if x[i] == x[j] {
						wins += 0.5
					}
				}
			}
		}
		got := metrics.ROCAUC(tensor.OfShape(x, tensor.ShapeOf(n)), classes(y...))
		if !near(got, wins/pairs) {
			t.Errorf("%v, want %v", got, wins/pairs)
		}
		var b metrics.BinaryScores
		b.Add(tensor.OfShape(x, tensor.ShapeOf(n)), classes(y...))
		if c := b.ROCCurve(); pairs > 0 {
			var area float64
			for i := 1; i < len(c.X); i++ {
				area += (c.X[i] - c.X[i-1]) * (c.Y[i] + c.Y[i-1]) / 2
			}
			if !near(area, got) {
				t.Errorf("the area under the curve is %v, not %v", area, got)
			}
		}
	})
}

func TestKendallCountsPairs(t *testing.T) {
	sign := func(d float64) float64 {
		switch {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		x, y := few(t, "x", n), few(t, "y", n)
		var s, sx, sy float64
		for i := range n {
			for j := range i {
				a, b := sign(x[i]-x[j]), sign(y[i]-y[j])
				s, sx, sy = s+a*b, sx+a*a, sy+b*b
			}
		}
		if got, want := metrics.Kendall(x, y), s/math.Sqrt(sx*sy); !near(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestEditDistanceIsAMetric(t *testing.T) {
	word := rapid.SliceOfN(rapid.IntRange(0, 2), 0, 7)
	var naive func(a, b []int) int
	naive = func(a, b []int) int {
		if len(a) == 0 || len(b) == 0 {
			return len(a) + len(b)
		}
		change := 1
		if a[0] == b[0] {
			change = 0
		}
		return min(naive(a[1:], b[1:])+change, naive(a[1:], b)+1, naive(a, b[1:])+1)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		e := metrics.EditDistance(a, b)
		if e.Distance() != naive(a, b) || e.Length != len(a) {
			t.Errorf("%+v, want %d", e, naive(a, b))
		}
		if len(b)-len(a) != e.Insertions-e.Deletions {
			t.Errorf("%+v does not lead from %d to %d", e, len(a), len(b))
		}
	})
}

// What is added in batches, to two accumulators that are merged, measures what is added at once.
func TestMergingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "n")
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		g := random.New(rapid.Uint64().Draw(t, "seed"))
		p, y := tensor.Randn(g, n, 3).Softmax(1), tensor.RandInt(g, 0, 3, n)
		parts := [2]*tensor.Tensor{p.Slice(0, 0, cut, 1), p.Slice(0, cut, n, 1)}
		truth := [2]*tensor.Tensor{y.Slice(0, 0, cut, 1), y.Slice(0, cut, n, 1)}
		var nll, nllParts [2]metrics.Likelihood
		whole, half, rest := metrics.NewCalibration(7), metrics.NewCalibration(7), metrics.NewCalibration(7)
		whole.Add(p, y)
		half.Add(parts[0], truth[0])
		rest.Add(parts[1], truth[1])
		half.Merge(rest)
		nll[0].Add(p, y)
		for i := range parts {
			nllParts[i].Add(parts[i], truth[i])
		}
		nllParts[0].Merge(&nllParts[1])
		if !near(half.ECE(), whole.ECE()) || !near(half.MCE(), whole.MCE()) || !near(nll[0].Nats(), nllParts[0].Nats()) {
			t.Errorf("ECE %v and %v, nats %v and %v", half.ECE(), whole.ECE(), nllParts[0].Nats(), nll[0].Nats())
		}
	})
}

// The fast forms equal the formulas, written naively, also across the blocks in which they are computed.
func TestPairwiseByFormula(t *testing.T) {
	g := random.New(1)
	x, y := tensor.With(tensor.Float64).Randn(g, 1030, 2), tensor.With(tensor.Float64).Randn(g, 1027, 2)
	a, b := x.Floats(), y.Floats()
	k := func(u, v []float64) float64 {
		return math.Exp(-((u[0]-v[0])*(u[0]-v[0]) + (u[1]-v[1])*(u[1]-v[1])) / 2)
	}
	var xx, yy, xy float64
	for i := range 1030 {
		for j := range 1030 {
			if i != j {
				xx += k(a[2*i:], a[2*j:])
			}
			if i != j && max(i, j) < 1027 {
				yy += k(b[2*i:], b[2*j:])
			}
			if j < 1027 {
				xy += k(a[2*i:], b[2*j:])
			}
		}
	}
	want := xx/(1030*1029) + yy/(1027*1026) - 2*xy/(1030*1027)
	if got := metrics.MMD2(x, y, metrics.RBFKernel(1)); !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("MMD² %v, want %v", got, want)
	}

	// 70 questions, more than are asked at a time.
	v := x.Slice(0, 0, 90, 1)
	var questions [][3]int
	for i := range 70 {
		questions = append(questions, [3]int{i, (i * 7) % 90, (i*11 + 3) % 90})
	}
	unit := func(i int) [2]float64 {
		n := math.Hypot(a[2*i], a[2*i+1])
		return [2]float64{a[2*i] / n, a[2*i+1] / n}
	}
	cos := func(i, j int) float64 { return unit(i)[0]*unit(j)[0] + unit(i)[1]*unit(j)[1] }
	for _, mul := range []bool{false, true} {
		got := metrics.Analogies(v, questions, metrics.AnalogyConfig{Mul: mul})
		for q, abc := range questions {
			best, at := math.Inf(-1), -1
			for i := range 90 {
				s := cos(i, abc[1]) - cos(i, abc[0]) + cos(i, abc[2])
				if mul {
					s = (1 + cos(i, abc[1])) * (1 + cos(i, abc[2])) / 4 / ((1+cos(i, abc[0]))/2 + 0.001)
				}
				if s > best && !slices.Contains(abc[:], i) {
					best, at = s, i
				}
			}
			if got[q] != at {
				t.Errorf("question %v: %d, want %d", abc, got[q], at)
			}
		}
	}
}
