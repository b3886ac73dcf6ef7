package train

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// The kinds of findings of DiagnoseLayers.
const (
	DeadUnits          = "dead units"
	VanishingGradients = "vanishing gradients"
	ExplodingGradients = "exploding gradients"
)

// What they mean in numbers.
const (
	deadShare    = 0.20 // of a layer's units; a few are dead in most networks that learn well
	deadSamples  = 128  // for which a unit must have been 0: one that answers to a rare thing is not dead
	deadSurely   = 0.50 // share that is dead after fewer samples, too
	gradientFall = 1e-3 // root mean square of the first layer's gradient by that of the last one's
)

// Diagnose is what DiagnoseLayers says of the run's layers, which are causes, and then what Diagnose says of its curves. Where units are
// dead, a slow fall of the loss and a poor fit are not findings of their own: their advice, a higher rate or a larger model, would be wrong.
func (r *Run) Diagnose() ([]Finding, error) {
	epochs, err := r.History()
	if err != nil {
		return nil, err
	}
	layers, err := r.Layers()
	if err != nil {
		return nil, err
	}
	found := DiagnoseLayers(layers)
	dead := slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == DeadUnits })
	for _, f := range Diagnose(epochs) {
		if !dead || f.Kind != TooLowLR && f.Kind != UnderFitting {
			found = append(found, f)
		}
	}
	return found, nil
}

// DiagnoseLayers says what the gradients and activations of a run mean, layer by layer, and nothing when nothing is wrong: dead units,
// ReLU outputs that were 0 for every sample that was watched lately (Lu et al. 2020, "Dying ReLU and initialization"), and gradients
// that vanish or explode from the last layer to the first (Bengio, Simard and Frasconi 1994, "Learning long-term dependencies with
// gradient descent is difficult"). The records are those of histograms.jsonl (Run.Layers), in order.
func DiagnoseLayers(records []LayerRecord) (found []Finding) {
	if f, ok := deadUnits(records); ok {
		found = append(found, f)
	}
	return append(found, gradientFlow(records)...)
}

// deadUnits looks at as many of the last records as show deadSamples samples.
func deadUnits(records []LayerRecord) (f Finding, ok bool) {
	if len(records) == 0 {
		return f, false
	}
	first, samples := len(records), 0
	for first > 0 && samples < deadSamples {
		first--
		samples += records[first].Samples
	}
	least := deadShare
	if samples < deadSamples {
		least = deadSurely
	}
	type layer struct {
		name        string
		dead, units int
	}
	var bad []layer
	for _, a := range records[len(records)-1].Activations {
		dead := slices.Clone(a.DeadUnits)
		for _, r := range records[first : len(records)-1] {
			k := slices.IndexFunc(r.Activations, func(b ActivationRecord) bool { return b.Name == a.Name && b.Units == a.Units })
			for i := range dead {
				if k < 0 || i >= len(r.Activations[k].DeadUnits) {
					dead[i] = 0
				} else {
					dead[i] &= r.Activations[k].DeadUnits[i]
				}
			}
		}
		n := 0
		for _, b := range dead {
			n += bits.OnesCount8(b)
		}
		if n > 0 && float64(n) >= least*float64(a.Units) {
			bad = append(bad, layer{a.Name, n, a.Units})
		}
	}
	if len(bad) == 0 {
		return f, false
	}
	slices.SortStableFunc(bad, func(a, b layer) int { return b.dead*a.units - a.dead*b.units })
	var parts []string
	for _, l := range bad[:min(3, len(bad))] {
		parts = append(parts, fmt.Sprintf("%d of %d units of %s (%.0f%%)", l.dead, l.units, l.name, 100*float64(l.dead)/float64(l.units)))
	}
	more := ""
	if len(bad) > 3 {
		more = fmt.Sprintf(", and units of %d layers more,", len(bad)-3)
	}
	return Finding{DeadUnits,
		fmt.Sprintf("%s%s gave 0 for all of the %d samples that were watched last", strings.Join(parts, ", "), more, samples),
		"divide the learning rate by 3 to 10, begin with smaller biases, normalise the inputs or the layers, or take LeakyReLU",
	}, true
}

// gradientFlow compares, in each module, the gradients of the first and of the last layer with weights: the median of their ratio
// over the records, so that neither the first steps nor the last decide.
func gradientFlow(records []LayerRecord) (found []Finding) {
	if len(records) == 0 {
		return nil
	}
	type flow struct {
		first, last string
		a, b        []float64 // root mean squares
	}
	flows := map[string]*flow{}
	var modules []string
	for i := range records {
		for module, ends := range records[i].ends() {
			a, b := ends[0].gradientRMS(), ends[1].gradientRMS()
			if b == 0 {
				continue // everything is learnt, or nothing reaches the loss
			}
			if flows[module] == nil {
				flows[module] = &flow{first: ends[0].Name, last: ends[1].Name}
				modules = append(modules, module)
			}
			f := flows[module]
			f.a, f.b = append(f.a, a), append(f.b, b)
		}
	}
	slices.Sort(modules)
	for _, m := range modules {
		f := flows[m]
		ratios := make([]float64, len(f.a))
		for i := range ratios {
			ratios[i] = f.a[i] / f.b[i]
		}
		ratio := middle(ratios)
		basis := fmt.Sprintf("the root mean square of the gradient of %s, the first layer, is %.2g and that of %s, the last, %.2g: %.1e of it (medians of %d steps)",
			f.first, middle(f.a), f.last, middle(f.b), ratio, len(ratios))
		switch {
		case ratio < gradientFall:
			found = append(found, Finding{VanishingGradients, basis, "take ReLU or tanh in place of sigmoid, He or Glorot initialisation, normalisation, residual connections or fewer layers"})
		case ratio > 1/gradientFall:
			found = append(found, Finding{ExplodingGradients, basis, "clip gradients, take smaller initial weights, normalisation or residual connections"})
		}
	}
	return found
}

// middle returns the median; of an even number the lower of the two in the middle.
func middle(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return x[(len(x)-1)/2]
}

// ends returns, for each module, the weights that are used first and last, if they have gradients.
func (r *LayerRecord) ends() map[string][2]*ParamRecord {
	ends := map[string][2]*ParamRecord{}
	for _, p := range r.weights() {
		e := ends[p.Module]
		if e[0] == nil {
			e[0] = p
		}
		e[1] = p
		ends[p.Module] = e
	}
	for m, e := range ends {
		if e[0] == e[1] {
			delete(ends, m)
		}
	}
	return ends
}

// weights returns the parameters of two dimensions or more that have gradients, in the order in which their layers' outputs are
// computed; of layers whose outputs were not seen, in front, in the order of the parameters.
func (r *LayerRecord) weights() (all []*ParamRecord) {
	order := map[string]int{}
	for i, a := range r.Activations {
		order[a.Name] = i + 1
	}
	place := func(p *ParamRecord) int {
		layer := p.Module
		if k := strings.LastIndexByte(p.Name, '.'); k >= 0 {
			layer = p.Name[:k]
		}
		return order[layer]
	}
	for i := range r.Params {
		if p := &r.Params[i]; len(p.Dims) > 1 && p.Gradient != nil {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b *ParamRecord) int { return place(a) - place(b) })
	return all
}

// gradientRMS returns the root mean square of the gradient's elements.
func (p *ParamRecord) gradientRMS() float64 {
	n := 1
	for _, d := range p.Dims {
		n *= d
	}
	return p.GradientNorm / math.Sqrt(float64(max(1, n)))
}
