package metrics

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12) && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Ten people by hand: of group a 3 of 4 are positive, of b 2 of 6.
func TestFairnessByHand(t *testing.T) {
	scores := []float64{0.9, 0.8, 0.4, 0.6, 0.7, 0.2, 0.3, 0.1, 0.55, 0.05}
	truth := []bool{true, true, true, false, true, true, false, false, false, false}
	group := strings.Split("a a a a b b b b b b", " ")
	a, err := Fairness(scores, truth, group, 0.5)
	if err != nil || len(a.Groups) != 2 || a.Groups[0].Group != "a" || a.Groups[0].N != 4 || a.Groups[1].N != 6 {
		t.Fatalf("%+v, %v", a, err)
	}
	ga, gb := a.Groups[0], a.Groups[1]
	for what, c := range map[string][2]float64{
		"a: base rate": {ga.BaseRate, 3. / 4}, "a: selected": {ga.SelectionRate, 3. / 4}, "a: TPR": {ga.TruePositive, 2. / 3}, "a: FPR": {ga.FalsePositive, 1}, "a: precision": {ga.Precision, 2. / 3}, "a: mean": {ga.MeanScore, 2.7 / 4},
		"b: base rate": {gb.BaseRate, 1. / 3}, "b: selected": {gb.SelectionRate, 1. / 3}, "b: TPR": {gb.TruePositive, 1. / 2}, "b: FPR": {gb.FalsePositive, 1. / 4}, "b: precision": {gb.Precision, 1. / 2}, "b: mean": {gb.MeanScore, 1.9 / 6},
		"parity": {a.DemographicParity, 3./4 - 1./3}, "impact": {a.DisparateImpact, 4. / 9}, "opportunity": {a.EqualOpportunity, 1. / 6}, "odds": {a.EqualizedOdds, 3. / 4}, "calibration": {a.Calibration, 0.075},
		"a: calibration error": {ga.CalibrationError, (0.1 + 0.2 + 0.6 + 0.6) / 4}, "b: calibration error": {gb.CalibrationError, (0.3 + 0.8 + 0.3 + 0.1 + 0.55 + 0.05) / 6},
	} {
		near(t, what, c[0], c[1])
	}
}

func TestFairnessOfWhatIsMissing(t *testing.T) {
	// Nobody of group b is positive, nobody is selected: rates that do not exist are NaN and do not count.
	a, err := Fairness([]float64{0.9, 0.1, 0.2, 0.3}, []bool{true, false, false, false}, []string{"a", "a", "b", "b"}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "TPR of b", a.Groups[1].TruePositive, math.NaN())
	near(t, "precision of b", a.Groups[1].Precision, math.NaN())
	near(t, "opportunity", a.EqualOpportunity, 0)
	near(t, "impact", a.DisparateImpact, 0)
	if a, err = Fairness([]float64{0, 0}, []bool{true, false}, []string{"a", "b"}, 0.5); err != nil || a.DisparateImpact != 1 {
		t.Error("nobody is selected:", a, err)
	}
	for _, c := range []struct {
		scores []float64
		truth  []bool
		group  []string
		at     float64
		want   string
	}{
		{[]float64{1}, nil, []string{"a"}, 0.5, "1 scores, 0 truths and 1 groups"},
		{nil, nil, nil, 0.5, "nobody"},
		{[]float64{math.NaN()}, []bool{true}, []string{"a"}, 0.5, "score 0 is NaN"},
		{[]float64{1.5}, []bool{true}, []string{"a"}, 0.5, "score 0 is 1.5"},
		{[]float64{1}, []bool{true}, []string{"a"}, math.NaN(), "threshold NaN"},
	} {
		if _, err := Fairness(c.scores, c.truth, c.group, c.at); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// With the weights the weighted base rates of all groups are the overall one, and the weight of each group and class is as before.
func TestReweigh(t *testing.T) {
	var positive []bool
	var group []string
	for i := range 100 {
		group = append(group, []string{"a", "b", "c"}[i%3])
		positive = append(positive, i%7 < 3 && i%3 != 0)
	}
	w, err := Reweigh(positive, group)
	if err != nil {
		t.Fatal(err)
	}
	total, overall := 0., 0.
	for i := range w {
		total += w[i]
		if positive[i] {
			overall += w[i]
		}
	}
	near(t, "sum of weights of b and c and of a's only class", math.Round(total*1e9)/1e9, 34.*float64(count(positive, false))/100+66) // a has no positive
	sum, hit := map[string]float64{}, map[string]float64{}
	for i, g := range group {
		sum[g] += w[i]
		if positive[i] {
			hit[g] += w[i]
		}
	}
	near(t, "weighted rates of b and c", hit["b"]/sum["b"], hit["c"]/sum["c"])
	near(t, "rate of b", hit["b"]/sum["b"], float64(count(positive, true))/100)
	if _, err := Reweigh(nil, nil); err == nil {
		t.Error("no error for nobody")
	}
	if _, err := Reweigh(positive, group[1:]); err == nil {
		t.Error("no error for different lengths")
	}
}

func count(x []bool, v bool) (n int) {
	for _, y := range x {
		if y == v {
			n++
		}
	}
	return n
}

func ExampleFairness() {
	a, err := Fairness([]float64{0.9, 0.7, 0.2, 0.6, 0.1, 0.4}, []bool{true, true, false, true, false, true}, []string{"x", "x", "x", "y", "y", "y"}, 0.5)
	fmt.Printf("%.2f %.2f %v\n", a.DemographicParity, a.EqualOpportunity, err)
	// Output: 0.33 0.50 <nil>
}

func TestFairnessMarkdown(t *testing.T) {
	a, err := Fairness([]float64{0.9, 0.2, 0.75}, []bool{true, true, true}, []string{"a", "a", "b|c"}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	text := a.Markdown()
	for _, want := range []string{"| a | 2 | 1.000 | 0.500 | 0.500 | - | 1.000 | 0.550 |", `| b\|c | 1 |`, "demographic parity 0.500 (smallest over largest 0.50), equal opportunity 0.500"} {
		if !strings.Contains(text, want) {
			t.Errorf("the audit lacks %q:\n%s", want, text)
		}
	}
}
