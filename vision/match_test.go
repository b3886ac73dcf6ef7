package vision_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
	"pgregory.net/rapid"
)

// matched is MatchAnchors as its comment says it, from the table of all overlaps.
func matched(anchors, boxes *tensor.Tensor, high, low float64, best, force bool) []int64 {
	A, B := anchors.Dim(0), boxes.Dim(0)
	iou := vision.BoxIoU(anchors, boxes).Floats()
	match := make([]int64, A)
	most := make([]int, A)
	for i := range A {
		match[i] = vision.Background
		for j := range B {
			if iou[i*B+j] > iou[i*B+most[i]] {
				most[i] = j
			}
		}
		if B == 0 {
			continue
		}
		switch v := iou[i*B+most[i]]; {
		case v >= high:
			match[i] = int64(most[i])
		case v >= low:
			match[i] = vision.Between
		}
	}
	for j := range B {
		first := 0
		for i := range A {
			if iou[i*B+j] > iou[first*B+j] {
				first = i
			}
		}
		for i := range A {
			if best && iou[i*B+j] > 0 && iou[i*B+j] == iou[first*B+j] {
				match[i] = int64(most[i])
			}
		}
		if force && A > 0 {
			match[first] = int64(j)
		}
	}
	return match
}

func TestMatchAnchorsProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		draw := func(n int) *tensor.Tensor { // on a coarse grid, so that some overlap as much
			at := tensor.RandInt(g, 0, 6, n, 2)
			return tensor.Concat(1, at, at.Add(tensor.RandInt(g, 1, 5, n, 2))).To(tensor.Float64)
		}
		anchors, boxes := draw(rapid.IntRange(0, 30).Draw(r, "anchors")), draw(rapid.IntRange(0, 5).Draw(r, "boxes"))
		cfg := vision.MatchConfig{
			High: rapid.SampledFrom([]float64{0, 0.5, 0.7, 1}).Draw(r, "high"), BestOfBox: rapid.Bool().Draw(r, "best"), ForceBest: rapid.Bool().Draw(r, "force"),
			Low: rapid.SampledFrom([]float64{0, 0.2, 0.5}).Draw(r, "low"),
		}
		high := max(cfg.High, 0.5)
		if cfg.High == 0 {
			high = 0.5
		}
		low := cfg.Low
		if low == 0 {
			low = high
		}
		got, want := tensor.Data[int64](vision.MatchAnchors(anchors, boxes, cfg)), matched(anchors, boxes, high, low, cfg.BestOfBox, cfg.ForceBest)
		if !slices.Equal(got, want) {
			r.Fatalf("%+v: %v, want %v", cfg, got, want)
		}
	})
}

// By hand: of two boxes, the first overlaps anchors 0 (1), 1 (1/3) and 2 (1/7), the second anchor 3 (1/4) most.
func TestMatchAnchors(t *testing.T) {
	anchors := tensor.Of([]float32{0, 0, 4, 4, 2, 0, 6, 4, 2, 2, 6, 6, 10, 10, 12, 12, 30, 30, 31, 31}, 5, 4)
	boxes := tensor.Of([]float32{0, 0, 4, 4, 10, 10, 14, 14}, 2, 4)
	const no, between = vision.Background, vision.Between
	for _, c := range []struct {
		cfg  vision.MatchConfig
		want []int64
	}{
		{vision.MatchConfig{}, []int64{0, no, no, no, no}},
		{vision.MatchConfig{High: 0.7, Low: 0.3}, []int64{0, between, no, no, no}},
		{vision.MatchConfig{High: 0.7, Low: 0.3, BestOfBox: true}, []int64{0, between, no, 1, no}},
		{vision.MatchConfig{ForceBest: true}, []int64{0, no, no, 1, no}},
		{vision.MatchConfig{High: 0.3}, []int64{0, 0, no, no, no}},
	} {
		if got := tensor.Data[int64](vision.MatchAnchors(anchors, boxes, c.cfg)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.cfg, got, c.want)
		}
	}
	// A box that no anchor touches is the best of none, but forced on the first.
	far := tensor.Of([]float32{50, 50, 60, 60}, 1, 4)
	if got := tensor.Data[int64](vision.MatchAnchors(anchors, far, vision.MatchConfig{ForceBest: true})); !slices.Equal(got, []int64{0, no, no, no, no}) {
		t.Errorf("a far box: %v", got)
	}
	if got := tensor.Data[int64](vision.MatchAnchors(anchors, far, vision.MatchConfig{BestOfBox: true})); !slices.Equal(got, []int64{no, no, no, no, no}) {
		t.Errorf("the best of a far box: %v", got)
	}
	// Boxes and anchors without area do not overlap.
	point := tensor.Of([]float32{3, 3, 3, 3}, 1, 4)
	if got := tensor.Data[int64](vision.MatchAnchors(point, point, vision.MatchConfig{})); !slices.Equal(got, []int64{no}) {
		t.Errorf("points: %v", got)
	}
}

func TestBalancedSample(t *testing.T) {
	m := make([]int64, 100)
	for i := range m {
		m[i] = []int64{vision.Background, vision.Between, vision.Background, 3, 0}[i%5] // 40 positives, 40 negatives
	}
	matches := tensor.Of(m)
	for _, c := range []struct {
		n           int
		fraction    float64
		with, wants int
	}{{20, 0.5, 10, 10}, {20, 0.25, 5, 15}, {60, 1, 40, 20}, {100, 0.1, 10, 40}, {0, 0.5, 0, 0}, {7, 0.5, 3, 4}, {1000, 0.5, 40, 40}} {
		seen := make([]int, len(m))
		const draws = 400
		g := random.New(1)
		for range draws {
			p, n := vision.BalancedSample(g, matches, c.n, c.fraction)
			positives, negatives := tensor.Data[int64](p), tensor.Data[int64](n)
			if len(positives) != c.with || len(negatives) != c.wants {
				t.Fatalf("%+v: %d and %d", c, len(positives), len(negatives))
			}
			for k, list := range [][]int64{positives, negatives} {
				for j, i := range list {
					if (m[i] >= 0) != (k == 0) || m[i] == vision.Between || j > 0 && list[j-1] >= i {
						t.Fatalf("%+v: %v of %v", c, list, m)
					}
					seen[i]++
				}
			}
		}
		// Each as often, to 5 standard deviations.
		for i, n := range seen {
			share := float64(c.with) / 40
			if m[i] < 0 {
				share = float64(c.wants) / 40
			}
			if m[i] != vision.Between && math.Abs(float64(n)-draws*share) > 5*math.Sqrt(draws*share*(1-share))+1e-9 {
				t.Errorf("%+v: anchor %d is drawn %d times, want %v", c, i, n, draws*share)
			}
		}
	}
}

func TestHardNegatives(t *testing.T) {
	const no, between = vision.Background, vision.Between
	matches := tensor.Of([]int64{no, 2, no, between, no, no, no, 0})
	loss := tensor.Of([]float32{0.5, 9, 0.1, 8, 0.7, 0.5, 0.5, 0})
	for ratio, want := range map[float64][]int64{0: {}, 0.5: {4}, 1: {0, 4}, 1.5: {0, 4, 5}, 2: {0, 4, 5, 6}, 3: {0, 2, 4, 5, 6}, math.Inf(1): {0, 2, 4, 5, 6}} {
		if got := tensor.Data[int64](vision.HardNegatives(loss, matches, ratio)); !slices.Equal(got, want) {
			t.Errorf("ratio %v: %v, want %v", ratio, got, want)
		}
	}
	for _, ratio := range []float64{3, math.Inf(1)} {
		if got := vision.HardNegatives(loss.Narrow(0, 2, 1), matches.Narrow(0, 2, 1), ratio); got.Numel() != 0 {
			t.Errorf("ratio %v, without positives: %v", ratio, got)
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	a, m := tensor.Zeros(2, 4), tensor.Of([]int64{0, -1})
	g := random.New(1)
	for i, c := range []struct {
		kind tensor.Kind
		part string
		f    func()
	}{
		{tensor.ErrShape, "(N, 4)", func() { vision.MatchAnchors(a, tensor.Zeros(3), vision.MatchConfig{}) }},
		{tensor.ErrDType, "int64", func() { vision.MatchAnchors(m.Reshape(2, 1).Expand(2, 4), a, vision.MatchConfig{}) }},
		{tensor.ErrValue, "0 <= Low <= High <= 1", func() { vision.MatchAnchors(a, a, vision.MatchConfig{Low: 0.6}) }},
		{tensor.ErrValue, "0 <= Low <= High <= 1", func() { vision.MatchAnchors(a, a, vision.MatchConfig{High: 1.5}) }},
		{tensor.ErrValue, "0 <= Low <= High <= 1", func() { vision.MatchAnchors(a, a, vision.MatchConfig{High: math.NaN()}) }},
		{tensor.ErrDType, "what MatchAnchors returns", func() { vision.BalancedSample(g, tensor.Zeros(3), 1, 0.5) }},
		{tensor.ErrValue, "-1 samples", func() { vision.BalancedSample(g, m, -1, 0.5) }},
		{tensor.ErrValue, "lie in [0, 1]", func() { vision.BalancedSample(g, m, 1, math.NaN()) }},
		{tensor.ErrShape, "a loss for each", func() { vision.HardNegatives(tensor.Zeros(3), m, 3) }},
		{tensor.ErrDType, "floating-point", func() { vision.HardNegatives(m, m, 3) }},
		{tensor.ErrValue, "ratio NaN", func() { vision.HardNegatives(tensor.Zeros(2), m, math.NaN()) }},
		{tensor.ErrValue, "anchor 1 is NaN", func() { vision.HardNegatives(tensor.Of([]float64{0, math.NaN()}), m, 3) }},
	} {
		err := tensor.Catch(c.f)
		if e := (*tensor.Error)(nil); !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.part) {
			t.Errorf("case %d: %v, want %v with %q", i, err, c.kind, c.part)
		}
	}
}

// Which anchors train on which box: those between the thresholds on none.
func ExampleMatchAnchors() {
	anchors := tensor.Of([]float32{0, 0, 10, 10, 5, 0, 15, 10, 40, 40, 50, 50}, 3, 4)
	boxes := tensor.Of([]float32{1, 0, 10, 10}, 1, 4)
	fmt.Println(vision.MatchAnchors(anchors, boxes, vision.MatchConfig{High: 0.7, Low: 0.3}))
	// Output: tensor([0, -2, -1], int64 (3,))
}
