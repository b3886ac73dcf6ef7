package vision_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
	"pgregory.net/rapid"
)

// suppressed is non-maximum suppression as defined: the best box left is kept, all that overlap it go.
func suppressed(boxes, scores *tensor.Tensor, classes []int64, threshold float64) (keep []int64) {
	iou, n, s := vision.BoxIoU(boxes, boxes).Floats(), boxes.Dim(0), scores.Floats()
	gone := make([]bool, n)
	for {
		best := -1
		for i := range n {
			if !gone[i] && (best < 0 || s[i] > s[best]) {
				best = i
			}
		}
		if best < 0 {
			return keep
		}
		keep = append(keep, int64(best))
		for i := range n {
			if i == best || classes[i] == classes[best] && iou[best*n+i] > threshold {
				gone[i] = true
			}
		}
	}
}

func TestNMSProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		n := rapid.IntRange(0, 30).Draw(r, "n")
		at := tensor.RandInt(g, 0, 8, n, 2)
		boxes := tensor.Concat(1, at, at.Add(tensor.RandInt(g, 1, 5, n, 2))).To(tensor.Float64)
		scores := tensor.RandInt(g, 0, 6, n).To(tensor.Float64) // few, so that some are equal
		classes := tensor.RandInt(g, 0, 3, n)
		threshold := rapid.SampledFrom([]float64{0, 0.25, 0.5, 1}).Draw(r, "threshold")
		if got, want := tensor.Data[int64](vision.NMS(boxes, scores, threshold)), suppressed(boxes, scores, make([]int64, n), threshold); !slices.Equal(got, want) {
			r.Fatalf("kept %v, want %v", got, want)
		}
		if got, want := tensor.Data[int64](vision.BatchedNMS(boxes, scores, classes, threshold)), suppressed(boxes, scores, tensor.Data[int64](classes), threshold); !slices.Equal(got, want) {
			r.Fatalf("by class: kept %v, want %v", got, want)
		}
	})
}

func TestNMSDetails(t *testing.T) {
	same := tensor.Of([]float32{0, 0, 2, 2, 0, 0, 2, 2, 5, 5, 6, 6, 0, 0, 2, 2}, 4, 4)
	nan := float32(math.NaN())
	for i, c := range []struct {
		scores []float32
		want   []int64
	}{
		{[]float32{1, 1, 1, 1}, []int64{0, 2}}, // the first of equals
		{[]float32{0, 3, 3, 3}, []int64{1, 2}},
		{[]float32{nan, 0, nan, -1}, []int64{1, 2}},
	} {
		if got := tensor.Data[int64](vision.NMS(same, tensor.Of(c.scores), 0.5)); !slices.Equal(got, c.want) {
			t.Errorf("%d: kept %v, want %v", i, got, c.want)
		}
	}
	flat := tensor.Of([]float32{1, 1, 1, 1, 1, 1, 1, 1}, 2, 4) // no area: nothing overlaps
	if got := tensor.Data[int64](vision.NMS(flat, tensor.Ones(2), 0)); !slices.Equal(got, []int64{0, 1}) {
		t.Errorf("boxes without area: kept %v", got)
	}
	i, s := vision.SoftNMS(same, tensor.Of([]float32{0.5, 0.5, 0.4, nan}), vision.SoftNMSConfig{})
	if s.DType() != tensor.Float32 || !slices.Equal(tensor.Data[int64](i), []int64{0, 2, 1}) || math.Abs(s.Floats()[2]-0.5*math.Exp(-2)) > 1e-7 {
		t.Errorf("soft: %v with scores %v", i, s)
	}
	leaf := same.RequireGrad()
	if vision.NMS(leaf, tensor.Ones(4), 0.5).RequiresGrad() {
		t.Error("indices have no gradient")
	}
}

func TestNMSBadArguments(t *testing.T) {
	b, s := tensor.Zeros(3, 4), tensor.Zeros(3)
	classes := tensor.With(tensor.Int64).Zeros(3)
	for op, f := range map[string]func(b, s *tensor.Tensor, threshold float64){
		"nms":         func(b, s *tensor.Tensor, threshold float64) { vision.NMS(b, s, threshold) },
		"batched_nms": func(b, s *tensor.Tensor, threshold float64) { vision.BatchedNMS(b, s, classes, threshold) },
		"soft_nms": func(b, s *tensor.Tensor, threshold float64) {
			vision.SoftNMS(b, s, vision.SoftNMSConfig{Linear: true, Threshold: threshold})
		},
	} {
		refuses(t, tensor.ErrShape, op+" (3, 5), (3,)", func() { f(tensor.Zeros(3, 5), s, 0.5) })
		refuses(t, tensor.ErrShape, op+" (2, 4), (3,)", func() { f(b.Narrow(0, 0, 2), s, 0.5) })
		refuses(t, tensor.ErrDType, op, func() { f(b.To(tensor.Int64), s, 0.5) })
		refuses(t, tensor.ErrValue, op+": the threshold 1.5", func() { f(b, s, 1.5) })
		refuses(t, tensor.ErrValue, op+": the threshold NaN", func() { f(b, s, math.NaN()) })
	}
	refuses(t, tensor.ErrDType, "the classes are float32", func() { vision.BatchedNMS(b, s, s, 0.5) })
	refuses(t, tensor.ErrShape, "the classes must be (N)", func() { vision.BatchedNMS(b, s, classes.Narrow(0, 0, 2), 0.5) })
	refuses(t, tensor.ErrValue, "sigma -1", func() { vision.SoftNMS(b, s, vision.SoftNMSConfig{Sigma: -1}) })
	refuses(t, tensor.ErrValue, "the lowest score -1", func() { vision.SoftNMS(b, s, vision.SoftNMSConfig{MinScore: -1}) })
}
