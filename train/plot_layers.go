package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/plot"
)

// mostLines is how many layers a picture of lines shows: the first, the last, and others at equal distances.
const mostLines = 8

// PlotLayers draws what histograms.jsonl holds: gradients.png, the 2-norm of each layer's weights' gradient by epoch; activations.png,
// the standard deviation of each layer's output by epoch; and units.png, for each activation function at the last epoch, the shares of
// outputs that are 0 or saturated and of units that are dead. Of more than 8 layers, 8 are drawn, the first and the last among them.
// Without records it draws nothing.
func (r *Run) PlotLayers() error {
	records, err := r.Layers()
	if err != nil || len(records) == 0 {
		return err
	}
	last := &records[len(records)-1]
	var weights, layers []string
	for _, p := range last.weights() {
		weights = append(weights, p.Name)
	}
	var functions []ActivationRecord
	for _, a := range last.Activations {
		if _, ok := activationOps[a.Op]; ok {
			functions = append(functions, a)
		} else {
			layers = append(layers, a.Name)
		}
	}
	gradients := plot.Chart{Title: "Gradients by layer", XLabel: "epoch", YLabel: "2-norm of the gradient", LogY: true}
	gradients.Series = byEpoch(records, some(weights), func(r *LayerRecord, name string) (float64, bool) {
		for i := range r.Params {
			if p := &r.Params[i]; p.Name == name && p.Gradient != nil {
				return p.GradientNorm, true
			}
		}
		return 0, false
	})
	activations := plot.Chart{Title: "Outputs by layer", XLabel: "epoch", YLabel: "standard deviation of the output", LogY: true}
	activations.Series = byEpoch(records, some(layers), func(r *LayerRecord, name string) (float64, bool) {
		for i := range r.Activations {
			if a := &r.Activations[i]; a.Name == name {
				return a.Output.Std, true
			}
		}
		return 0, false
	})
	for _, p := range []struct {
		name  string
		chart plot.Chart
	}{{"gradients.png", gradients}, {"activations.png", activations}} {
		if len(p.chart.Series) == 0 {
			continue
		}
		if err := plot.Lines(r.Path(p.name), p.chart); err != nil {
			return err
		}
	}
	if len(functions) == 0 {
		return nil
	}
	var names []string
	zeros, saturated, dead := plot.Group{Name: "outputs that are 0"}, plot.Group{Name: "saturated outputs"}, plot.Group{Name: "units that are 0 for the whole batch"}
	for _, a := range some(functions) {
		names = append(names, a.Name)
		zeros.Values = append(zeros.Values, a.Output.Zeros)
		saturated.Values = append(saturated.Values, a.Saturated)
		dead.Values = append(dead.Values, float64(a.Dead)/float64(max(1, a.Units)))
	}
	groups := []plot.Group{zeros}
	for _, g := range []plot.Group{saturated, dead} {
		if slices.Max(g.Values) > 0 {
			groups = append(groups, g)
		}
	}
	return plot.Bars(r.Path("units.png"), names, groups,
		plot.BarsConfig{Title: fmt.Sprintf("Activation functions in epoch %d", last.Epoch), XLabel: "share"})
}

// some returns at most mostLines of x, the first and the last among them.
func some[T any](x []T) []T {
	if len(x) <= mostLines {
		return x
	}
	var y []T
	for i := range mostLines {
		y = append(y, x[i*(len(x)-1)/(mostLines-1)])
	}
	return y
}

// byEpoch returns a line for each name.
func byEpoch(records []LayerRecord, names []string, value func(r *LayerRecord, name string) (float64, bool)) (all []plot.Series) {
	for _, name := range names {
		s := plot.Series{Name: strings.TrimSuffix(name, ".weight")}
		for i := range records {
			if y, ok := value(&records[i], name); ok {
				s.X, s.Y = append(s.X, float64(records[i].Epoch)), append(s.Y, y)
			}
		}
		all = append(all, s)
	}
	return all
}
