package train

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// State lists what a run changes as it goes on, under names: modules with their buffers and generators, optimizers,
// schedulers, further generators and counters. A checkpoint holds all of it. The zero State is empty; its methods return it,
// so that a list is one expression, and panic with ErrValue on a name that is taken, is empty or has a slash.
type State struct {
	names      map[string]bool
	modules    []named[any]
	optimizers []named[optim.Optimizer]
	schedulers []named[*optim.Scheduler]
	generators []named[*random.Generator]
	counters   []named[*int64]
}

type named[T any] struct {
	name  string
	value T
}

// Module adds a module: parameters, buffers and the generators in it.
func (s *State) Module(name string, m any) *State {
	s.claim(name)
	s.modules = append(s.modules, named[any]{name, m})
	return s
}

// Optimizer adds an optimizer.
func (s *State) Optimizer(name string, o optim.Optimizer) *State {
	s.claim(name)
	s.optimizers = append(s.optimizers, named[optim.Optimizer]{name, o})
	return s
}

// Scheduler adds a learning-rate scheduler.
func (s *State) Scheduler(name string, c *optim.Scheduler) *State {
	s.claim(name)
	s.schedulers = append(s.schedulers, named[*optim.Scheduler]{name, c})
	return s
}

// Generator adds a random generator that is in no module.
func (s *State) Generator(name string, g *random.Generator) *State {
	s.claim(name)
	s.generators = append(s.generators, named[*random.Generator]{name, g})
	return s
}

// Counter adds a number.
func (s *State) Counter(name string, n *int64) *State {
	s.claim(name)
	s.counters = append(s.counters, named[*int64]{name, n})
	return s
}

func (s *State) claim(name string) {
	if name == "" || strings.Contains(name, "/") || s.names[name] {
		tensor.Fail("train.State", tensor.ErrValue, nil, "the name %q is taken, empty or has a slash; take another", name)
	}
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[name] = true
}

// nonFinite returns the first parameter that holds a NaN or an infinity, and which; "" if all are finite.
func (s *State) nonFinite() (name string, value float64) {
	for _, m := range s.modules {
		for _, p := range nn.NamedParams(m.value) {
			if v := firstNonFinite(p.Detach()); !finite(v) {
				return p.Name, v
			}
		}
	}
	return "", 0
}

// firstNonFinite returns the first element of t that is NaN or infinite, or 0.
func firstNonFinite(t *tensor.Tensor) (bad float64) {
	switch {
	case !t.DType().IsFloat():
	case t.DType() == tensor.Float64:
		tensor.Read(t, func(x []float64) { bad = badOf(x) })
	default:
		tensor.Read(t.To(tensor.Float32), func(x []float32) { bad = badOf(x) })
	}
	return bad
}

func badOf[T float32 | float64](x []T) float64 {
	for _, v := range x {
		if v-v != 0 {
			return float64(v)
		}
	}
	return 0
}

// position is where a run is: everything about the loop itself that a checkpoint holds.
type position struct {
	Epoch      int      `json:"epoch"`   // epochs finished
	Batch      int      `json:"batch"`   // batches of the next epoch finished
	Batches    int      `json:"batches"` // in an epoch; 0: not known
	Step       int      `json:"step"`
	Train      average  `json:"train"` // of the next epoch so far
	Best       *float64 `json:"best,omitempty"`
	BestEpoch  int      `json:"best_epoch"`
	Waited     int      `json:"waited"`     // epochs since the best one
	Seconds    float64  `json:"seconds"`    // of training until now
	Metrics    int64    `json:"metrics"`    // length of metrics.jsonl
	Histograms int64    `json:"histograms"` // length of histograms.jsonl
}

// valid reports whether a loop can be at p.
func (p position) valid() bool {
	return p.Epoch >= 0 && p.Batch >= 0 && p.Batches >= 0 && p.Step >= 0 && p.Waited >= 0 && p.Seconds >= 0 && p.Metrics >= 0 && p.Histograms >= 0 &&
		p.BestEpoch >= 0 && p.BestEpoch <= p.Epoch && len(p.Train.Names) == len(p.Train.Sums)
}

// checkpoint is the part of a checkpoint that is not tensors; it is the file's metadata.
type checkpoint struct {
	Position   position                     `json:"position"`
	Optimizers map[string]optim.Scalars     `json:"optimizers,omitempty"`
	Schedulers map[string]int               `json:"schedulers,omitempty"`
	Generators map[string]*random.Generator `json:"generators,omitempty"`
	Counters   map[string]int64             `json:"counters,omitempty"`
}

// checkpointKey is where the file's metadata holds it.
const checkpointKey = "hadal.checkpoint"

// save writes everything to one file, whole or not at all.
func (s *State) save(path string, p position) error {
	c := checkpoint{
		Position: p, Optimizers: map[string]optim.Scalars{}, Schedulers: map[string]int{},
		Generators: map[string]*random.Generator{}, Counters: map[string]int64{},
	}
	var ts []tensor.Named
	for _, m := range s.modules {
		for _, t := range nn.State(m.value) {
			ts = append(ts, tensor.Named{Name: m.name + "/" + t.Name, Tensor: t.Tensor})
		}
		for _, g := range nn.NamedGenerators(m.value) {
			c.Generators[m.name+"/"+g.Name] = g.Generator
		}
	}
	for _, o := range s.optimizers {
		st := o.value.State()
		for _, t := range st.Tensors {
			ts = append(ts, tensor.Named{Name: o.name + "/" + t.Name, Tensor: t.Tensor})
		}
		c.Optimizers[o.name] = st.Scalars
	}
	for _, k := range s.schedulers {
		c.Schedulers[k.name] = k.value.StepCount()
	}
	for _, g := range s.generators {
		c.Generators[g.name] = g.value
	}
	for _, n := range s.counters {
		c.Counters[n.name] = *n.value
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return safetensors.Save(path, ts, map[string]string{checkpointKey: string(b)})
}

// load reads a checkpoint into everything that is listed. An error leaves the position alone and says what does not fit.
func (s *State) load(path string) (p position, err error) {
	ts, meta, err := safetensors.Load(path)
	if err != nil {
		return p, err
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
	}
	var c checkpoint
	text, ok := meta[checkpointKey]
	if !ok {
		return p, fail("this is not the checkpoint of a run; give a run folder")
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || !c.Position.valid() {
		return p, fail("the checkpoint is damaged: what is beside its tensors makes no sense; start another run")
	}
	if stray := s.strays(ts); stray != "" {
		return p, fail("it holds %s, which this program does not have: it is another program's", stray)
	}
	generators := map[string]*random.Generator{}
	for _, m := range s.modules {
		if err := nn.Load(m.value, under(ts, m.name), nn.LoadConfig{}); err != nil {
			return p, fail("%v", err)
		}
		for _, g := range nn.NamedGenerators(m.value) {
			generators[m.name+"/"+g.Name] = g.Generator
		}
	}
	for _, o := range s.optimizers {
		if err := o.value.LoadState(optim.State{Tensors: under(ts, o.name), Scalars: c.Optimizers[o.name]}); err != nil {
			return p, fail("%s: %v", o.name, err)
		}
	}
	for _, k := range s.schedulers {
		n, ok := c.Schedulers[k.name]
		if !ok || n < 0 {
			return p, fail("there is no scheduler %q in it", k.name)
		}
		k.value.SetStepCount(n)
	}
	for _, g := range s.generators {
		generators[g.name] = g.value
	}
	for name, g := range generators {
		saved := c.Generators[name]
		if saved == nil {
			return p, fail("there is no generator %q in it", name)
		}
		g.SetState(saved.State())
	}
	for _, n := range s.counters {
		v, ok := c.Counters[n.name]
		if !ok {
			return p, fail("there is no counter %q in it", n.name)
		}
		*n.value = v
	}
	return c.Position, nil
}

// strays returns the name of a tensor that belongs to nothing that is listed, or "".
func (s *State) strays(ts []tensor.Named) string {
	for _, t := range ts {
		owner, _, _ := strings.Cut(t.Name, "/")
		is := func(name string) bool { return name == owner }
		if !slices.ContainsFunc(s.modules, func(m named[any]) bool { return is(m.name) }) &&
			!slices.ContainsFunc(s.optimizers, func(o named[optim.Optimizer]) bool { return is(o.name) }) {
			return t.Name
		}
	}
	return ""
}

// under returns the tensors whose names begin with prefix/, without it.
func under(ts []tensor.Named, prefix string) (r []tensor.Named) {
	for _, t := range ts {
		if name, ok := strings.CutPrefix(t.Name, prefix+"/"); ok {
			r = append(r, tensor.Named{Name: name, Tensor: t.Tensor})
		}
	}
	return r
}
