package nn

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// State returns the module's parameters and buffers in field order, detached, under their names: what is saved. The tensors
// share the module's memory.
func State(m any) []tensor.Named {
	var s []tensor.Named
	for _, e := range walk(m).entries {
		s = append(s, tensor.Named{Name: e.name, Tensor: e.Detach()})
	}
	return s
}

// LoadConfig are the options of Load.
type LoadConfig struct {
	AllowMissing    bool // leave parameters and buffers alone that the state does not have
	AllowUnexpected bool // ignore entries that the module does not have
	// Skip are patterns, see SplitParams, of names that stay out of it on both sides, whatever the shapes: those of a layer that
	// is replaced, such as "fc.*". One that matches no name of the module is an error.
	Skip []string
}

// Load copies a state into the module's parameters and buffers, converting dtypes. Nothing changes unless everything
// fits: missing, unexpected and repeated names and differing shapes are one error that lists them. What the module reaches
// by several paths may be in the state under any of them, or under several with equal values, as PyTorch saves it.
func Load(m any, state []tensor.Named, cfg LoadConfig) error {
	w := walk(m)
	known, skipped, used := map[string]bool{}, map[string]bool{}, make([]bool, len(cfg.Skip))
	for _, e := range w.entries {
		if e.Device() == tensor.Meta {
			return fmt.Errorf("%s of the model is on the meta device, without data to load into; build it with random.New, not random.Shapes", e.name)
		}
		known[e.name] = true
		for i, pattern := range cfg.Skip {
			ok, err := path.Match(pattern, e.name)
			if err != nil {
				return fmt.Errorf("%q is no pattern: %w; write *, ?, [ab] as in file names", pattern, err)
			}
			skipped[e.name], used[i] = skipped[e.name] || ok, used[i] || ok
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return fmt.Errorf("nothing of the model matches %q, which is to be skipped", cfg.Skip[i])
	}
	byName := map[string]tensor.Named{}
	var unexpected, wrong []string
	for _, s := range state {
		if s.Device() == tensor.Meta {
			return fmt.Errorf("%s is on the meta device and has no data to load", quote(s.Name))
		}
		name, ok := w.resolve(s.Name, known)
		before, again := byName[name]
		switch {
		case skipped[name] || !ok && cfg.skips(s.Name):
		case !ok:
			unexpected = append(unexpected, quote(s.Name))
		case again && before.Name == s.Name:
			wrong = append(wrong, s.Name+" is there twice")
		case again && !equal(before.Tensor, s.Tensor):
			wrong = append(wrong, fmt.Sprintf("%s and %s are one in the model and differ in the file", before.Name, s.Name))
		default:
			byName[name] = s
		}
	}
	var missing []string
	for _, e := range w.entries {
		s, ok := byName[e.name]
		switch {
		case skipped[e.name]:
		case !ok:
			missing = append(missing, e.name)
		case s.Shape() != e.Shape():
			wrong = append(wrong, fmt.Sprintf("%s is %v in the file and %v in the model", s.Name, s.Shape(), e.Shape()))
		}
	}
	if len(wrong) > 0 {
		wrong = []string{list(wrong)}
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
	for _, e := range w.entries {
		if s, ok := byName[e.name]; ok {
			e.copyFrom(s.Tensor)
		}
	}
	return nil
}

// skips reports whether a name matches one of the patterns in Skip, which are well formed.
func (c LoadConfig) skips(name string) bool {
	return slices.ContainsFunc(c.Skip, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// resolve returns the first of the module's paths to what the given one leads to, and whether it is an entry.
func (w *walker) resolve(name string, known map[string]bool) (string, bool) {
	for range len(w.aliases) + 1 { // each alias leads to a path that was walked before it
		if known[name] {
			return name, true
		}
		i := slices.IndexFunc(w.aliases, func(a alias) bool { return name == a.path || strings.HasPrefix(name, a.path+".") })
		if i < 0 {
			break
		}
		name = strings.TrimPrefix(w.aliases[i].first+name[len(w.aliases[i].path):], ".")
	}
	return name, false
}

// equal reports whether two tensors have one shape and the same values, of which NaN is one.
func equal(a, b *tensor.Tensor) bool {
	return a.Shape() == b.Shape() && slices.EqualFunc(a.Floats(), b.Floats(), func(x, y float64) bool { return x == y || x != x && y != y })
}

// quote protects a line from names that a file may hold.
func quote(name string) string {
	const most = 80
	if q := strconv.Quote(name); len(name) > most || q != `"`+name+`"` {
		return fmt.Sprintf("%.*q", most, name)
	}
	return name
}

// list joins the first few items and counts the rest.
func list(items []string) string {
	const most = 5
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
	}
	return strings.Join(items, ", ")
}
