package detection

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

type array struct {
	Shape []int
	Data  []float64
}

func (a array) tensor() *tensor.Tensor { return tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...)) }

type goldenDetections []struct{ Boxes, Scores, Classes array }

// golden is testdata/golden_detection.json; golden_detection.py says what it holds.
var golden = sync.OnceValue(func() (g struct {
	Size    int
	Targets []struct{ Boxes, Classes array }
	SSD     struct {
		Anchors, Scores, Offsets, DScores, DOffsets array
		Matches                                     [][]int64
		Classes, Boxes                              float64
		Found                                       goldenDetections
	}
	RPN struct {
		Anchors, Objectness, Offsets, DObjectness, DOffsets array
		Labels                                              [][]int64
		Loss                                                float64
		BoxLoss                                             float64 `json:"box_loss"`
		Proposals                                           []array
	}
	RCNN struct {
		Proposals                          []array
		Labels                             [][]int64
		Scores, Offsets, DScores, DOffsets array
		Classes, Boxes                     float64
		Found                              goldenDetections
	}
}) {
	text, err := os.ReadFile("testdata/golden_detection.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		panic(err)
	}
	return g
})

func goldenTargets() (targets []Target) {
	for _, t := range golden().Targets {
		targets = append(targets, Target{t.Boxes.tensor().Reshape(-1, 4), t.Classes.tensor().To(tensor.Int64)})
	}
	return targets
}

func near(t *testing.T, what string, got *tensor.Tensor, want array, tol float64) {
	t.Helper()
	if n := tensor.ShapeOf(want.Shape...).Numel(); got.Numel() != n {
		t.Fatalf("%s: %v, want %v", what, got.Shape(), want.Shape)
	}
	for i, v := range got.Floats() {
		if !(math.Abs(v-want.Data[i]) <= tol*max(1, math.Abs(want.Data[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v, want.Data[i])
		}
	}
}

// losses compares two parts, and the gradients of the first and twice the second.
func checkLosses(t *testing.T, parts []Loss, want [2]float64, leaves []*tensor.Tensor, grads []array) {
	t.Helper()
	for i, l := range parts {
		if !(math.Abs(l.Value.Item()-want[i]) <= 1e-10*max(1, want[i])) {
			t.Errorf("%s is %v, want %v", l.Name, l.Value.Item(), want[i])
		}
	}
	sum := parts[0].Value.Add(parts[1].Value.MulScalar(2))
	for i, g := range tensor.Gradients([]*tensor.Tensor{sum}, []*tensor.Tensor{tensor.OnesLike(sum)}, leaves, false, false) {
		near(t, fmt.Sprint("gradient ", i), g, grads[i], 1e-10)
	}
}

func checkFound(t *testing.T, picture int, got Detections, want goldenDetections) {
	t.Helper()
	// Ours are of float32.
	near(t, fmt.Sprint("boxes of picture ", picture), got.Boxes, want[picture].Boxes, 1e-5)
	near(t, fmt.Sprint("scores of picture ", picture), got.Scores, want[picture].Scores, 1e-5)
	near(t, fmt.Sprint("classes of picture ", picture), got.Classes, want[picture].Classes, 0)
}

func threshold(score, nms float64, most int) DetectConfig {
	return DetectConfig{MinScore: &score, NMS: nms, Most: most}
}

func TestSSDGolden(t *testing.T) {
	g := golden().SSD
	m := &SSD{ratios: []float64{2}, scales: []float64{0.2, 0.35, 0.5}}
	near(t, "default boxes", m.anchors([2]int{64, 64}, [][2]int{{4, 4}, {2, 2}}), g.Anchors, 1e-5)
	anchors, scores, offsets := g.Anchors.tensor(), g.Scores.tensor().RequireGrad(), g.Offsets.tensor().RequireGrad()
	for i, target := range goldenTargets() {
		if got := tensor.Data[int64](vision.MatchAnchors(anchors, target.Boxes, vision.MatchConfig{ForceBest: true})); !slices.Equal(got, g.Matches[i]) {
			t.Errorf("picture %d: matches %v, want %v", i, got, g.Matches[i])
		}
		boxes := ssdCoder.Decode(offsets.Select(0, i), anchors)
		checkFound(t, i, choose(boxes, scores.Select(0, i).Softmax(-1), 64, 64, threshold(0.05, 0.45, 10)), g.Found)
	}
	checkLosses(t, ssdLosses(scores, offsets, anchors, goldenTargets(), 3), [2]float64{g.Classes, g.Boxes}, []*tensor.Tensor{scores, offsets}, []array{g.DScores, g.DOffsets})
}

func TestRPNGolden(t *testing.T) {
	g := golden().RPN
	near(t, "anchors", vision.GridAnchors(vision.CellAnchors([]float64{12, 24}, []float64{0.5, 1}), 4, 4, 16, 16), g.Anchors, 0)
	anchors, objectness, offsets := g.Anchors.tensor(), g.Objectness.tensor().RequireGrad(), g.Offsets.tensor().RequireGrad()
	for i, target := range goldenTargets() {
		match := tensor.Data[int64](vision.MatchAnchors(anchors, target.Boxes, vision.MatchConfig{High: 0.7, Low: 0.3, BestOfBox: true}))
		for j, k := range match {
			want := g.Labels[i][j] // 1, 0, or -1 between
			if k >= 0 != (want == 1) || (k == vision.Between) != (want == -1) {
				t.Errorf("picture %d: anchor %d is matched with %d, its label is %d", i, j, k, want)
			}
		}
		near(t, fmt.Sprint("proposals of picture ", i), filterProposals(objectness.Select(0, i).Detach(), offsets.Select(0, i).Detach(), anchors, 64, 64, 40, 9), g.Proposals[i], 1e-10)
	}
	m := &FasterRCNN{Samples: random.New(1), cfg: FasterRCNNConfig{SampleAnchors: 10000}}
	checkLosses(t, m.rpnLosses(objectness, offsets, anchors, goldenTargets()), [2]float64{g.Loss, g.BoxLoss}, []*tensor.Tensor{objectness, offsets}, []array{g.DObjectness, g.DOffsets})
}

func TestRCNNGolden(t *testing.T) {
	g, targets := golden().RCNN, goldenTargets()
	scores, offsets := g.Scores.tensor().RequireGrad(), g.Offsets.tensor().RequireGrad()
	P := scores.Dim(0)
	rows := func(boxes *tensor.Tensor, labels []int64) (r [][5]float64) {
		v := boxes.Floats()
		for i, l := range labels {
			r = append(r, [5]float64{v[4*i], v[4*i+1], v[4*i+2], v[4*i+3], float64(l)})
		}
		slices.SortFunc(r, func(a, b [5]float64) int { return slices.Compare(a[:], b[:]) })
		return r
	}

	// What is drawn when all is: the proposals and objects with their classes.
	var proposals []*tensor.Tensor
	for _, p := range golden().RPN.Proposals {
		proposals = append(proposals, p.tensor())
	}
	m := &FasterRCNN{Samples: random.New(1), cfg: FasterRCNNConfig{SampleProposals: 10000}}
	chosen, y, _ := m.sample(proposals, targets)
	at := 0
	for i, c := range chosen {
		n := c.Dim(0)
		got, want := rows(c, y[at:at+n]), rows(g.Proposals[i].tensor(), g.Labels[i])
		if len(got) != len(want) {
			t.Fatalf("picture %d: %d proposals, want %d", i, n, len(want))
		}
		for k := range got {
			for j := range got[k] {
				if !(math.Abs(got[k][j]-want[k][j]) <= 1e-9) {
					t.Errorf("picture %d: %v, want %v", i, got[k], want[k])
				}
			}
		}
		at += n
	}

	// Losses and detections, in the order of the file.
	var all []*tensor.Tensor
	var labels []int64
	var objects gathered
	for i, p := range g.Proposals {
		boxes, classes := targets[i].Boxes.Floats(), tensor.Data[int64](targets[i].Classes)
		for j, k := range tensor.Data[int64](vision.MatchAnchors(p.tensor(), targets[i].Boxes, vision.MatchConfig{})) {
			if k >= 0 {
				objects.add(int64(len(labels)+j), k, boxes, classes)
			}
		}
		all, labels = append(all, p.tensor()), append(labels, g.Labels[i]...)
	}
	o := offsets.Reshape(P, -1, 4)
	checkLosses(t, rcnnLosses(scores, o, tensor.Concat(0, all...), labels, objects), [2]float64{g.Classes, g.Boxes}, []*tensor.Tensor{scores, offsets}, []array{g.DScores, g.DOffsets})
	at = 0
	for i, p := range all {
		n := p.Dim(0)
		boxes := ssdCoder.Decode(o.Detach().Narrow(0, at, n), p).Narrow(1, 1, 3)
		checkFound(t, i, choose(boxes, scores.Detach().Narrow(0, at, n).Softmax(-1), 64, 64, threshold(0.05, 0.5, 8)), g.Found)
		at += n
	}
}
