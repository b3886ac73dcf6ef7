package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// GroupRates is how a classifier of two classes treats one group of people. A rate is NaN where there is nobody to count.
type GroupRates struct {
	Group            string
	N                int
	BaseRate         float64 // share that is positive in truth
	SelectionRate    float64 // share that is predicted positive
	TruePositive     float64 // share of the positive that is predicted positive
	FalsePositive    float64 // share of the negative that is predicted positive
	Precision        float64 // share of those predicted positive that is positive
	MeanScore        float64 // mean predicted probability; of a classifier that is calibrated within the group it is BaseRate
	CalibrationError float64 // expected calibration error within the group, of 10 bins
}

// FairnessAudit compares the groups. The differences are those between the group with the largest rate and the one with the smallest, 0 if
// all are treated alike; groups without a rate do not count. They cannot all be 0 where base rates differ (Kleinberg et al., 2017;
// Chouldechova, 2017): which of them matters is a question about the use, not about the model.
type FairnessAudit struct {
	Groups []GroupRates // by name
	// DemographicParity is the difference of selection rates; DisparateImpact the smallest over the largest ("four-fifths rule": 0.8).
	DemographicParity, DisparateImpact float64
	// EqualOpportunity is the difference of true positive rates; EqualizedOdds the larger of that and the difference of false
	// positive rates (Hardt, Price and Srebro, 2016).
	EqualOpportunity, EqualizedOdds float64
	// Calibration is the largest |MeanScore - BaseRate| of a group.
	Calibration float64
}

// Fairness audits probabilities of the positive class against the truth, by group; a score of at least threshold is a positive prediction.
// It returns an error when the lengths differ, when there is nobody, and for scores or a threshold outside [0, 1].
func Fairness(scores []float64, positive []bool, group []string, threshold float64) (FairnessAudit, error) {
	var a FairnessAudit
	switch {
	case len(scores) != len(positive) || len(scores) != len(group):
		return a, fmt.Errorf("fairness: %d scores, %d truths and %d groups; give one of each for everybody", len(scores), len(positive), len(group))
	case len(scores) == 0:
		return a, errors.New("fairness: there is nobody to audit")
	case !(threshold >= 0 && threshold <= 1):
		return a, fmt.Errorf("fairness: the threshold %v is not within [0, 1]", threshold)
	}
	members := map[string][]int{}
	for i, s := range scores {
		if !(s >= 0 && s <= 1) {
			return a, fmt.Errorf("fairness: score %d is %v, not a probability", i, s)
		}
		members[group[i]] = append(members[group[i]], i)
	}
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		g := rates(name, members[name], scores, positive, threshold)
		a.Groups = append(a.Groups, g)
		a.Calibration = max(a.Calibration, math.Abs(g.MeanScore-g.BaseRate))
	}
	lo, hi := a.extremes(func(g GroupRates) float64 { return g.SelectionRate })
	a.DemographicParity, a.DisparateImpact = hi-lo, 1
	if hi > 0 {
		a.DisparateImpact = lo / hi
	}
	lo, hi = a.extremes(func(g GroupRates) float64 { return g.TruePositive })
	a.EqualOpportunity = hi - lo
	lo, hi = a.extremes(func(g GroupRates) float64 { return g.FalsePositive })
	a.EqualizedOdds = max(a.EqualOpportunity, hi-lo)
	return a, nil
}

// Markdown is the audit as a table of the groups and a line of the differences, for a model card.
func (a FairnessAudit) Markdown() string {
	var b strings.Builder
	b.WriteString("| group | n | base rate | selected | true positive | false positive | precision | mean score | calibration error |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, g := range a.Groups {
		fmt.Fprintf(&b, "| %s | %d |", strings.ReplaceAll(g.Group, "|", `\|`), g.N)
		for _, v := range []float64{g.BaseRate, g.SelectionRate, g.TruePositive, g.FalsePositive, g.Precision, g.MeanScore, g.CalibrationError} {
			if math.IsNaN(v) {
				b.WriteString(" - |")
			} else {
				fmt.Fprintf(&b, " %.3f |", v)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\nBetween groups: demographic parity %.3f (smallest over largest %.2f), equal opportunity %.3f, equalised odds %.3f, calibration %.3f.\n",
		a.DemographicParity, a.DisparateImpact, a.EqualOpportunity, a.EqualizedOdds, a.Calibration)
	return b.String()
}

// extremes returns the smallest and the largest rate of those that are not NaN, 0 if there is none.
func (a FairnessAudit) extremes(rate func(GroupRates) float64) (lo, hi float64) {
	first := true
	for _, g := range a.Groups {
		r := rate(g)
		if math.IsNaN(r) {
			continue
		}
		if first {
			lo, hi, first = r, r, false
		}
		lo, hi = min(lo, r), max(hi, r)
	}
	return lo, hi
}

func rates(name string, members []int, scores []float64, positive []bool, threshold float64) GroupRates {
	const bins = 10
	var truly, said, both float64
	var sum float64
	var inBin, hits, mass [bins]float64
	for _, i := range members {
		b := min(int(scores[i]*bins), bins-1)
		inBin[b]++
		mass[b] += scores[i]
		sum += scores[i]
		if positive[i] {
			truly++
			hits[b]++
		}
		if scores[i] >= threshold {
			said++
			if positive[i] {
				both++
			}
		}
	}
	n := float64(len(members))
	g := GroupRates{
		Group: name, N: len(members), BaseRate: truly / n, SelectionRate: said / n, MeanScore: sum / n,
		TruePositive: both / truly, FalsePositive: (said - both) / (n - truly), Precision: both / said, // 0/0 is NaN: nobody
	}
	for b := range bins {
		g.CalibrationError += math.Abs(mass[b]-hits[b]) / n
	}
	return g
}

// Reweigh returns a weight for everybody, w = P(group) P(class) / P(group, class), with which group and class are independent in the
// training data: a classifier trained with these weights has less to learn from the group (Kamiran and Calders, 2012). Where every group has
// both classes, the weights' mean is 1.
// It returns an error when the lengths differ or there is nobody.
func Reweigh(positive []bool, group []string) ([]float64, error) {
	if len(positive) != len(group) || len(group) == 0 {
		return nil, fmt.Errorf("reweigh: %d truths and %d groups; give one of each for everybody", len(positive), len(group))
	}
	type cell struct {
		group    string
		positive bool
	}
	groups, classes, cells := map[string]float64{}, map[bool]float64{}, map[cell]float64{}
	for i, g := range group {
		groups[g]++
		classes[positive[i]]++
		cells[cell{g, positive[i]}]++
	}
	n := float64(len(group))
	w := make([]float64, len(group))
	for i, g := range group {
		w[i] = groups[g] * classes[positive[i]] / (n * cells[cell{g, positive[i]}])
	}
	return w, nil
}
