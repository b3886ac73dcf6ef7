package nn

import (
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// State returns the module's parameters and buffers, detached, under their names: what is saved. The tensors share the
// module's memory.
func State(m any) []tensor.Named {
	w := walk(m)
	var s []tensor.Named
	for _, p := range w.params {
		s = append(s, tensor.Named{Name: p.Name, Tensor: p.Detach()})
	}
	for _, b := range w.buffers {
		s = append(s, tensor.Named{Name: b.Name, Tensor: b.Detach()})
	}
	return s
}

// LoadConfig are the options of Load.
type LoadConfig struct {
	AllowMissing    bool // leave parameters alone that the state does not have
	AllowUnexpected bool // ignore entries that the module does not have
}

// Load copies a state into the module's parameters and buffers, converting dtypes. Nothing changes unless everything
// fits: missing or unexpected names and differing shapes are one error that lists them.
func Load(m any, state []tensor.Named, cfg LoadConfig) error {
	byName := make(map[string]*tensor.Tensor, len(state))
	for _, s := range state {
		byName[s.Name] = s.Tensor
	}
	w := walk(m)
	var missing, shapes []string
	check := func(name string, t *tensor.Tensor) {
		s, ok := byName[name]
		switch {
		case !ok:
			missing = append(missing, name)
		case s.Shape() != t.Shape():
			shapes = append(shapes, fmt.Sprintf("%s is %v in the file and %v in the model", name, s.Shape(), t.Shape()))
		}
	}
	known := map[string]bool{}
	for _, p := range w.params {
		check(p.Name, p.Tensor)
		known[p.Name] = true
	}
	for _, b := range w.buffers {
		check(b.Name, b.Tensor)
		known[b.Name] = true
	}
	var unexpected []string
	for _, s := range state {
		if !known[s.Name] {
			unexpected = append(unexpected, s.Name)
		}
	}
	var wrong []string
	if len(shapes) > 0 {
		wrong = append(wrong, list(shapes))
	}
	if len(missing) > 0 && !cfg.AllowMissing {
		wrong = append(wrong, "missing "+list(missing))
	}
	if len(unexpected) > 0 && !cfg.AllowUnexpected {
		wrong = append(wrong, "unexpected "+list(unexpected))
	}
	if wrong != nil {
		return fmt.Errorf("the weights do not fit the model: %s", strings.Join(wrong, "; "))
	}
	for _, p := range w.params {
		if s := byName[p.Name]; s != nil {
			p.CopyFrom(s)
		}
	}
	for _, b := range w.buffers {
		if s := byName[b.Name]; s != nil {
			b.CopyFrom(s)
		}
	}
	return nil
}

// list joins the first few items and counts the rest.
func list(items []string) string {
	const most = 5
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
	}
	return strings.Join(items, ", ")
}
