package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/train"
)

// history makes records of curves by name.
func history(curves map[string]func(epoch float64) float64, n int) []train.Record {
	all := make([]train.Record, n)
	for i := range all {
		all[i] = train.Record{Epoch: i + 1, Metrics: map[string]*float64{}}
		for name, f := range curves {
			all[i].Metrics[name] = new(f(float64(i + 1)))
		}
	}
	return all
}

func TestDiagnose(t *testing.T) {
	type curves = map[string]func(float64) float64
	decay := func(from, to, rate float64) func(float64) float64 {
		return func(e float64) float64 { return to + (from-to)*math.Exp(-rate*(e-1)) }
	}
	constant := func(x float64) func(float64) float64 { return func(float64) float64 { return x } }
	for _, c := range []struct {
		name string
		in   curves
		n    int
		want []string
	}{
		{"learns and stays", curves{"train_loss": decay(2.3, 0.05, 0.5), "val_loss": decay(2.2, 0.08, 0.5), "train_accuracy": decay(0.3, 0.99, 0.5), "val_accuracy": decay(0.3, 0.98, 0.5)}, 20, []string{train.WellFitted}},
		{"learns without validation", curves{"train_loss": decay(2.3, 0.05, 0.5)}, 20, []string{train.WellFitted}},
		{"reaches zero", curves{"train_loss": func(e float64) float64 { return max(0, 2-e) }}, 12, []string{train.WellFitted}},
		{"noise about zero", curves{"train_loss": func(e float64) float64 { return math.Exp(-e) + 1e-4*math.Mod(e, 2) }}, 20, []string{train.WellFitted}},
		{"validation loss rises", curves{"train_loss": decay(2, 0.01, 0.4), "val_loss": func(e float64) float64 { return 0.6 + math.Pow(e-6, 2)/100 }}, 20, []string{train.OverFitting}},
		{"accuracies part", curves{"train_loss": decay(2, 0.01, 0.4), "val_loss": constant(1.2), "train_accuracy": decay(0.3, 1, 0.4), "val_accuracy": decay(0.3, 0.7, 0.4)}, 20, []string{train.OverFitting}},
		{"both stay high", curves{"train_loss": decay(2.3, 1.5, 1), "val_loss": decay(2.3, 1.55, 1), "train_accuracy": decay(0.1, 0.5, 1), "val_accuracy": decay(0.1, 0.5, 1)}, 20, []string{train.UnderFitting}},
		{"regression that explains little", curves{"train_loss": decay(1, 0.8, 1), "val_loss": decay(1, 0.82, 1)}, 20, []string{train.UnderFitting}},
		{"stays at chance", curves{"train_loss": func(e float64) float64 { return 2.3 + 100*math.Exp(-20*(e-1)) }, "train_accuracy": constant(0.1)}, 8, []string{train.LearnsNothing}},
		{"learns most at once", curves{"train_loss": decay(0.5, 0.392, 1.3), "train_accuracy": decay(0.85, 0.866, 1.3)}, 8, []string{train.UnderFitting}},
		{"nothing to learn", curves{"train_loss": constant(0)}, 8, []string{train.WellFitted}},
		{"zigzag", curves{"train_loss": func(e float64) float64 { return 2 + math.Mod(e, 2) }}, 20, []string{train.TooHighLR}},
		{"blows up at the end", curves{"train_loss": func(e float64) float64 { return 1/e + math.Exp(e-19) }}, 20, []string{train.TooHighLR}},
		{"creeps", curves{"train_loss": decay(2.3, 0, 0.005), "val_loss": decay(2.3, 0, 0.005)}, 20, []string{train.TooLowLR}},
		{"cut short", curves{"train_loss": decay(2.3, 0, 0.1), "val_loss": decay(2.3, 0, 0.1)}, 12, []string{train.StillLearning}},
		{"three epochs", curves{"train_loss": decay(2.3, 0, 0.1)}, 3, []string{train.TooShort}},
		{"no training loss", curves{"val_loss": decay(2.3, 0, 0.1)}, 20, []string{train.TooShort}},
		{"not numbers", curves{"train_loss": constant(math.NaN())}, 20, []string{train.TooShort}},
		{"log-likelihood", curves{"train_loss": decay(2, -3, 0.1)}, 20, []string{train.TooShort}},
	} {
		var got []string
		for _, f := range train.Diagnose(history(c.in, c.n)) {
			got = append(got, f.Kind)
			if f.Basis == "" || f.Kind != train.WellFitted && f.Advice == "" {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, train.Diagnose(history(c.in, c.n)), c.want)
		}
	}
}
