package train

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// State lists what a run changes as it goes on, under names: modules with their buffers and generators, optimizers,
// schedulers, further generators and counters. A checkpoint holds all of it. The zero State is empty; its methods return it,
// so that a list is one expression.
type State struct {
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
	s.modules = append(s.modules, named[any]{name, m})
	return s
}

// Optimizer adds an optimizer.
func (s *State) Optimizer(name string, o optim.Optimizer) *State {
	s.optimizers = append(s.optimizers, named[optim.Optimizer]{name, o})
	return s
}

// Scheduler adds a learning-rate scheduler.
func (s *State) Scheduler(name string, c *optim.Scheduler) *State {
	s.schedulers = append(s.schedulers, named[*optim.Scheduler]{name, c})
	return s
}

// Generator adds a random generator that is in no module.
func (s *State) Generator(name string, g *random.Generator) *State {
	s.generators = append(s.generators, named[*random.Generator]{name, g})
	return s
}

// Counter adds a number.
func (s *State) Counter(name string, n *int64) *State {
	s.counters = append(s.counters, named[*int64]{name, n})
	return s
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
	if err := json.Unmarshal([]byte(meta[checkpointKey]), &c); err != nil {
		return p, fail("this is not a checkpoint of a run (%v)", err)
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
		if !ok {
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

// under returns the tensors whose names begin with prefix/, without it.
func under(ts []tensor.Named, prefix string) (r []tensor.Named) {
	for _, t := range ts {
		if name, ok := strings.CutPrefix(t.Name, prefix+"/"); ok {
			r = append(r, tensor.Named{Name: name, Tensor: t.Tensor})
		}
	}
	return r
}
