package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"strings"
	"sync"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// LayerRecord is one line of histograms.jsonl: what the first step of an epoch did, layer by layer. The weights are those
// before the step; the gradients are those that the optimizer's step used, after clipping.
type LayerRecord struct {
	Epoch       int                `json:"epoch"` // counted from 1
	Step        int                `json:"step"`  // counted from 1 over all epochs
	Samples     int                `json:"samples"`
	Params      []ParamRecord      `json:"params"`      // in the order of nn.NamedParams
	Activations []ActivationRecord `json:"activations"` // in the order in which they were computed
}

// ParamRecord is a parameter in a LayerRecord. Norms are 2-norms of the finite elements.
type ParamRecord struct {
	Name         string        `json:"name"` // as in model.safetensors
	Module       string        `json:"module"`
	Dims         []int         `json:"shape"`
	Norm         float64       `json:"norm"`
	UpdateNorm   float64       `json:"update_norm"`  // of the change that the step made
	UpdateRatio  float64       `json:"update_ratio"` // UpdateNorm / Norm; 0 where Norm is 0
	GradientNorm float64       `json:"gradient_norm,omitempty"`
	Gradient     *Distribution `json:"gradient,omitempty"` // nil: the step left none
}

// ActivationRecord is the output of a layer, or of an activation function on it, in a LayerRecord: over all samples of the batch, all
// places, and all times that the layer was used in the step.
type ActivationRecord struct {
	Name      string       `json:"name"` // conv1, or conv1.relu for ReLU of conv1's output
	Module    string       `json:"module"`
	Op        string       `json:"op"`
	Output    Distribution `json:"output"`
	Saturated float64      `json:"saturated,omitempty"` // share within 1 % of an end of the range of Sigmoid, Tanh, Hardsigmoid or Softsign

	// Units are the features or channels of a ReLU's output, and Dead those that were 0 for every sample and place. DeadUnits has
	// a bit for each unit, the lowest of the first byte first, set if it is dead; it is nil if none is.
	Units     int    `json:"units,omitempty"`
	Dead      int    `json:"dead,omitempty"`
	DeadUnits []byte `json:"dead_units,omitempty"`
}

// activationOps are the ops whose outputs are recorded besides those of layers, with the bounds beyond which they are saturated.
var activationOps = map[string]bounds{
	"relu": {}, "leaky_relu": {}, "elu": {}, "gelu": {}, "gelu_tanh": {}, "silu": {}, "mish": {}, "softplus": {}, "hardswish": {},
	"sigmoid": {0.01, 0.99}, "hardsigmoid": {0.01, 0.99}, "tanh": {-0.98, 0.98}, "softsign": {-0.98, 0.98},
}

// watcher looks at one step: at activations as they are computed, through the scope of the batch; at gradients when it is done.
// It knows nothing of models: a layer is the parameters with a common name before the last dot, and what reads them is its output.
type watcher struct {
	mu     sync.Mutex // a step may compute on several goroutines
	params []watchedParam
	made   map[*tensor.Tensor]origin // what the tensors of this step are outputs of
	acts   []*activation
	byName map[string]*activation
}

type watchedParam struct {
	name, module string
	layer        string
	p            *nn.Param
	before       *tensor.Tensor
}

// origin is the layer that a tensor comes from; of several inputs the one computed last counts.
type origin struct {
	layer, module string
	order         int
}

type activation struct {
	record  ActivationRecord
	tally   *tally
	reads   map[int]bool // numbers of the parameters that it was computed of
	active  []bool       // by unit
	channel bool         // units are along axis 1, not the last
}

// watch returns a watcher of a step that runs in s on the modules of the state.
func watch(s *tensor.Scope, state *State) *watcher {
	w := &watcher{made: map[*tensor.Tensor]origin{}, byName: map[string]*activation{}}
	for _, m := range state.modules {
		prefix := ""
		if len(state.modules) > 1 {
			prefix = m.name + "."
		}
		for _, p := range nn.NamedParams(m.value) {
			layer := m.name // of a module that is a single layer
			if k := strings.LastIndexByte(p.Name, '.'); k >= 0 {
				layer = prefix + p.Name[:k]
			}
			w.params = append(w.params, watchedParam{prefix + p.Name, m.name, layer, p.Param, s.Enter(p.Detach()).Clone().Materialize()})
		}
	}
	s.Watch(w.see)
	return w
}

// see is the scope's watcher.
func (w *watcher) see(op tensor.Op, in, out []*tensor.Tensor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var from origin
	var read []int
	for _, t := range in {
		if o, ok := w.made[t]; ok {
			if o.order >= from.order {
				from = o
			}
			continue
		}
		read = append(read, w.paramsOf(t)...)
	}
	y := out[0]
	bounds, function := activationOps[op.Name()]
	switch {
	case len(read) > 0:
		p := w.params[read[len(read)-1]]
		from.layer, from.module = p.layer, p.module
		w.layer(p, op.Name(), read, y)
	case function && from.layer != "":
		a := w.activation(from.layer+"."+op.Name(), from.module, op.Name())
		a.channel = w.byName[from.layer] != nil && w.byName[from.layer].channel
		a.add(tallied(y, bounds))
		if op.Name() == "relu" {
			a.see(y)
		}
	}
	from.order = len(w.made) + 1
	for _, t := range out {
		w.made[t] = from
	}
}

// paramsOf returns the numbers of the parameters that t is, or is computed of and nothing else: a transposed or normalised weight.
// Several layers' at once are none.
func (w *watcher) paramsOf(t *tensor.Tensor) (read []int) {
	if !t.RequiresGrad() {
		return nil
	}
	find := func(leaf *tensor.Tensor) {
		for i := range w.params {
			if leaf != nil && tensor.SameLeaf(leaf, w.params[i].p.Tensor) {
				read = append(read, i)
			}
		}
	}
	if find(t); len(read) > 0 {
		return read
	}
	if err := tensor.Catch(func() {
		for _, s := range tensor.Steps(t) {
			for _, l := range s.Leaves {
				find(l)
			}
		}
	}); err != nil { // a graph that was freed, or a leaf of the user's own
		return nil
	}
	for _, i := range read {
		if w.params[i].layer != w.params[read[0]].layer {
			return nil
		}
	}
	return read
}

// layer takes the output of an op that reads a layer's parameters. Of a layer that is several ops, a product and a sum, the last counts;
// ops that read the same parameters again in another way are no layer's output but, say, its gradient's.
func (w *watcher) layer(p watchedParam, op string, read []int, y *tensor.Tensor) {
	a := w.byName[p.layer]
	fresh := false
	for _, i := range read {
		fresh = fresh || a == nil || !a.reads[i]
	}
	switch {
	case a == nil:
		a = w.activation(p.layer, p.module, op)
	case fresh:
		a.record.Op, a.tally = op, nil
	case op != a.record.Op:
		return
	}
	for _, i := range read {
		a.reads[i] = true
	}
	a.channel = strings.HasPrefix(op, "conv") || op == "batch_norm" || op == "group_norm"
	a.add(tallied(y, activationOps[op]))
}

func (w *watcher) activation(name, module, op string) *activation {
	a := w.byName[name]
	if a == nil {
		a = &activation{record: ActivationRecord{Name: name, Module: module, Op: op}, reads: map[int]bool{}}
		w.byName[name] = a
		w.acts = append(w.acts, a)
	}
	return a
}

// add joins the outputs of one more use.
func (a *activation) add(t *tally) {
	if a.tally == nil {
		a.tally = t
	} else {
		a.tally.add(t)
	}
}

// see notes which units of y are not 0 everywhere.
func (a *activation) see(y *tensor.Tensor) {
	y = y.Detach()
	if y.Rank() < 2 || y.Device() == tensor.Meta {
		return
	}
	axis := y.Rank() - 1
	if a.channel {
		axis = 1
	}
	units, inner := y.Dim(axis), 1
	for i := axis + 1; i < y.Rank(); i++ {
		inner *= y.Dim(i)
	}
	if a.active == nil {
		a.active = make([]bool, units)
	}
	if len(a.active) != units || y.Numel() == 0 {
		return // the layer is used on another number of units too; those of the first use are counted
	}
	if y.DType() == tensor.Float64 {
		tensor.Read(y, func(x []float64) { markActive(a.active, x, inner) })
	} else {
		tensor.Read(y.To(tensor.Float32), func(x []float32) { markActive(a.active, x, inner) })
	}
}

func markActive[T float32 | float64](active []bool, x []T, inner int) {
	for len(x) > 0 {
		for u := range active {
			if !active[u] {
				for _, v := range x[:inner] {
					if v != 0 {
						active[u] = true
						break
					}
				}
			}
			x = x[inner:]
		}
	}
}

// record returns what was seen, when the step is done.
func (w *watcher) record(epoch, step, samples int) LayerRecord {
	r := LayerRecord{Epoch: epoch, Step: step, Samples: samples, Params: []ParamRecord{}, Activations: []ActivationRecord{}}
	for _, p := range w.params {
		rec := ParamRecord{Name: p.name, Module: p.module, Dims: p.p.Shape().Dims()}
		rec.Norm, rec.UpdateNorm = norms(p.p.Tensor, p.before)
		if rec.Norm > 0 {
			rec.UpdateRatio = within(rec.UpdateNorm / rec.Norm)
		}
		if g := p.p.Grad(); g != nil {
			t := tallied(g, bounds{})
			rec.Gradient, rec.GradientNorm = new(t.distribution()), t.norm()
		}
		r.Params = append(r.Params, rec)
	}
	for _, a := range w.acts {
		a.record.Output, a.record.Saturated = a.tally.distribution(), a.tally.saturatedShare()
		a.record.Units = len(a.active)
		for u, active := range a.active {
			if active {
				continue
			}
			if a.record.DeadUnits == nil {
				a.record.DeadUnits = make([]byte, (len(a.active)+7)/8)
			}
			a.record.DeadUnits[u/8] |= 1 << (u % 8)
			a.record.Dead++
		}
		r.Activations = append(r.Activations, a.record)
	}
	return r
}

// logLayers appends a record to histograms.jsonl, as logEpoch does.
func (r *Run) logLayers(p *position, rec LayerRecord) error {
	line, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return r.log(HistogramsFile, &p.Histograms, line)
}

// Layers reads histograms.jsonl: a record for each epoch that has begun. It is empty where there is none; a last line that is not
// whole is left out. Other text is an error.
func (r *Run) Layers() ([]LayerRecord, error) {
	path := r.Path(HistogramsFile)
	b, err := readFile(path, maxMetrics)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	var all []LayerRecord
	for i := 1; len(b) > 0; i++ {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole {
			break
		}
		var rec LayerRecord
		if err := json.Unmarshal(line, &rec); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, i, err)
		}
		if err := rec.check(); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, i, err)
		}
		all, b = append(all, rec), rest
	}
	return all, nil
}

// check returns an error for numbers that no step leaves.
func (r *LayerRecord) check() error {
	ofDistribution := func(name string, d *Distribution) error {
		if d != nil && len(d.Counts) != max(0, len(d.Limits)-1) {
			return fmt.Errorf("the histogram of %s has %d limits for %d counts", name, len(d.Limits), len(d.Counts))
		}
		return nil
	}
	for i := range r.Params {
		if err := ofDistribution(r.Params[i].Name, r.Params[i].Gradient); err != nil {
			return err
		}
	}
	for i := range r.Activations {
		a := &r.Activations[i]
		if err := ofDistribution(a.Name, &a.Output); err != nil {
			return err
		}
		dead := 0
		for _, b := range a.DeadUnits {
			dead += bits.OnesCount8(b)
		}
		if dead != a.Dead || a.DeadUnits != nil && len(a.DeadUnits) != (a.Units+7)/8 || a.Units < 0 {
			return fmt.Errorf("the dead units of %s are %d of %d, their bits say %d of %d", a.Name, a.Dead, a.Units, dead, 8*len(a.DeadUnits))
		}
	}
	return nil
}
