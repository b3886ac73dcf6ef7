package workflow

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U06", Tier: catalog.Unit, Title: "Ethical issues: a fairness audit by group, reweighing, model cards",
		Source: "Hardt, Price and Srebro 2016; Kamiran and Calders 2012; Mitchell et al. 2019",
		Target: "on people whose labels are biased against a group the audit finds the gap in demographic parity and equalised odds, and reweighing lowers it by ≥ 50 %; the card says what nobody stated",
		Note:   "parity is lowered where labels are biased; where base rates truly differ no classifier can be calibrated within groups and have equal error rates (Kleinberg et al. 2017)",
		Test:   fairness,
	})
}

// people are n rows of (merit, another fact that goes with the group), and the labels that a biased past gave them: of group b a
// share is refused whatever its merit.
func people(seed uint64, n int, refused float64) (x *tensor.Tensor, positive []bool, group []string) {
	g := random.New(seed)
	var rows []float64
	for range n {
		name, sign := "a", 1.0
		if g.Float64() < 0.5 {
			name, sign = "b", -1
		}
		merit := g.NormFloat64()
		rows = append(rows, merit, sign+0.5*g.NormFloat64())
		positive = append(positive, merit+0.3*g.NormFloat64() > 0 && !(name == "b" && g.Float64() < refused))
		group = append(group, name)
	}
	return tensor.Of(rows, n, 2), positive, group
}

// audited fits logistic regression to weighted people and audits it on others.
func audited(seed uint64, refused float64, reweigh bool) (metrics.FairnessAudit, error) {
	x, positive, group := people(seed, 4000, refused)
	weights, err := metrics.Reweigh(positive, group)
	if err != nil {
		return metrics.FairnessAudit{}, err
	}
	if !reweigh {
		weights = nil
	}
	m, err := logistic(x, positive, weights)
	if err != nil {
		return metrics.FairnessAudit{}, err
	}
	x, positive, group = people(seed+1000, 4000, refused)
	return metrics.Fairness(m.PredictProba(x).Select(1, 1).Floats(), positive, group, 0.5)
}

// audits are those of one seed: as labelled, reweighed, and with labels of a fair past.
type audits struct{ before, after, fair metrics.FairnessAudit }

func fairness(_ context.Context, c *catalog.Check) error {
	var runs []audits
	lowered, err := c.Median(5, func(seed uint64) (_ float64, err error) {
		var r audits
		if r.before, err = audited(seed, 0.6, false); err != nil {
			return 0, err
		}
		if r.after, err = audited(seed, 0.6, true); err != nil {
			return 0, err
		}
		r.fair, err = audited(seed, 0, false)
		runs = append(runs, r)
		return 1 - r.after.DemographicParity/r.before.DemographicParity, err
	})
	if err != nil {
		return err
	}
	median := func(of func(r audits) float64) float64 {
		var all []float64
		for _, r := range runs {
			all = append(all, of(r))
		}
		return catalog.Median(all)
	}
	c.AtLeast("share by which reweighing lowers the difference of selection rates", lowered, 0.5)
	c.AtLeast("difference of selection rates before", median(func(r audits) float64 { return r.before.DemographicParity }), 0.2)
	c.AtLeast("difference of error rates before (equalised odds)", median(func(r audits) float64 { return r.before.EqualizedOdds }), 0.1)
	c.AtMost("smallest selection rate over the largest before; the four-fifths rule asks for 0.8", median(func(r audits) float64 { return r.before.DisparateImpact }), 0.8)
	c.AtLeast("the same after, over before", median(func(r audits) float64 { return r.after.DisparateImpact / r.before.DisparateImpact }), 1.5)
	c.AtLeast("share by which reweighing lowers the difference of error rates", median(func(r audits) float64 { return 1 - r.after.EqualizedOdds/r.before.EqualizedOdds }), 0.5)
	c.Control(func() {
		c.AtMost("difference of selection rates where the past was fair", median(func(r audits) float64 { return r.fair.DemographicParity }), 0.06)
		c.AtMost("difference of error rates there", median(func(r audits) float64 { return r.fair.EqualizedOdds }), 0.06)
	})
	c.AtMost("largest |mean score - base rate| of a group before: calibrated by group, and unfair", median(func(r audits) float64 { return r.before.Calibration }), 0.06)
	if err := byHandAudit(c); err != nil {
		return err
	}
	if err := card(c, runs[0].before); err != nil {
		return err
	}
	return c.Picture("rates", func(path string) error {
		names, groups := []string{"selected, group a", "selected, group b", "selected of the positive, a", "selected of the positive, b"}, []plot.Group{}
		for _, a := range []struct {
			name string
			of   metrics.FairnessAudit
		}{{"as labelled", runs[0].before}, {"reweighed", runs[0].after}} {
			a, name := a.of, a.name
			groups = append(groups, plot.Group{Name: name, Values: []float64{a.Groups[0].SelectionRate, a.Groups[1].SelectionRate, a.Groups[0].TruePositive, a.Groups[1].TruePositive}})
		}
		return plot.Bars(path, names, groups, plot.BarsConfig{Title: "Labels that refused 60 % of group b, before and after reweighing", XLabel: "share"})
	})
}

// byHandAudit compares the audit with eight people counted by hand.
func byHandAudit(c *catalog.Check) error {
	a, err := metrics.Fairness([]float64{0.9, 0.8, 0.4, 0.1, 0.7, 0.3, 0.2, 0.1}, []bool{true, false, true, false, true, true, false, false},
		[]string{"a", "a", "a", "a", "b", "b", "b", "b"}, 0.5)
	if err != nil {
		return err
	}
	c.Near("by hand: selected 2/4 and 1/4", a.DemographicParity, 0.25, 1e-15)
	c.Near("by hand: true positive 1/2 and 1/2", a.EqualOpportunity, 0, 1e-15)
	c.Near("by hand: false positive 1/2 and 0", a.EqualizedOdds, 0.5, 1e-15)
	c.Near("by hand: mean score less base rate, 0.55 - 2/4 and 0.325 - 2/4, the larger", a.Calibration, 0.175, 1e-15)
	w, err := metrics.Reweigh([]bool{true, true, true, false, true, false, false, false}, []string{"a", "a", "a", "a", "b", "b", "b", "b"})
	if err != nil {
		return err
	}
	c.Near("by hand: weight of group b's one positive, (4/8 · 4/8) / (1/8)", w[4], 2, 1e-15)
	return nil
}

// card checks that the template states what a run knows, and says of the rest that nobody did.
func card(c *catalog.Check, a metrics.FairnessAudit) error {
	folder, err := os.MkdirTemp("", "hadal-card-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	dir := filepath.Join(folder, "run")
	if _, err := train.NewRun(dir, train.Info{Recipe: "lenet", Seed: 7}); err != nil {
		return err
	}
	m, err := train.ModelCard(dir)
	if err != nil {
		return err
	}
	m.Fairness = a.Markdown()
	text := m.Markdown()
	missing := 0.0
	for _, section := range []string{"Model details", "Intended use", "Out of scope", "Factors", "Metrics", "Training data", "Evaluation data", "Fairness", "Ethic", "Caveats"} {
		if !strings.Contains(text, section) {
			missing++
		}
	}
	c.Equal("sections of Mitchell et al. that the card lacks", missing, 0)
	c.True("what nobody stated says so", strings.Contains(text, "Not stated"))
	c.True("the audit by group is in it", strings.Contains(text, "| b |"))
	return nil
}

// logistic fits logistic regression to rows with weights, equal ones for nil.
func logistic(x *tensor.Tensor, positive []bool, weights []float64) (*linear.LogisticRegression, error) {
	y := make([]int64, len(positive))
	for i, p := range positive {
		if p {
			y[i] = 1
		}
	}
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{})
	if weights == nil {
		return m, m.Fit(x, tensor.Of(y))
	}
	return m, m.FitWeighted(x, tensor.Of(y), weights)
}
