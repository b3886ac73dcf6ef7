package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// The files of a run folder.
const (
	ConfigFile  = "config.json"            // what was run, with every option
	MetricsFile = "metrics.jsonl"          // a line an epoch
	ModelFile   = "model.safetensors"      // the best epoch's weights
	StateFile   = "last/state.safetensors" // everything that resuming needs, in one file
	ResultFile  = "result.json"            // written when the run is done
)

// Run is the folder that a run keeps its files in.
type Run struct {
	Dir string
}

// Info is config.json: what a run is, enough to build its model again.
type Info struct {
	Recipe  string          `json:"recipe"`
	Config  json.RawMessage `json:"config"` // the recipe's options
	Seed    uint64          `json:"seed"`
	Data    any             `json:"data,omitempty"`
	Kernels string          `json:"kernels"` // implementation that computed, part of what makes a run repeatable
	Threads int             `json:"threads"`
	Version string          `json:"version"`
	Started time.Time       `json:"started"`
}

// NewRun makes the folder, and returns an error when it already holds a run: resume that, or take another folder.
func NewRun(dir string, info Info) (*Run, error) {
	if _, err := os.Stat(filepath.Join(dir, ConfigFile)); err == nil {
		return nil, fmt.Errorf("%s already holds a run; continue it with --resume, or choose another --run-dir", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, "last"), 0o755); err != nil {
		return nil, fmt.Errorf("run folder %s cannot be made: %w; choose another with --run-dir", dir, cause(err))
	}
	r := &Run{Dir: dir}
	return r, r.WriteJSON(ConfigFile, info)
}

// OpenRun opens the folder of an earlier run.
func OpenRun(dir string) (*Run, Info, error) {
	var info Info
	b, err := os.ReadFile(filepath.Join(dir, ConfigFile))
	if err != nil {
		return nil, info, fmt.Errorf("%s is not a run folder: %s cannot be read: %w", dir, ConfigFile, cause(err))
	}
	if err := json.Unmarshal(b, &info); err != nil || info.Recipe == "" {
		return nil, info, fmt.Errorf("%s is damaged: %v", filepath.Join(dir, ConfigFile), orEmpty(err))
	}
	return &Run{Dir: dir}, info, nil
}

func orEmpty(err error) string {
	if err == nil {
		return "it names no recipe"
	}
	return err.Error()
}

// cause leaves the operation and path, which the message names itself, out of an error.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Path returns the path of a file in the folder.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, filepath.FromSlash(name)) }

// WriteJSON writes v to a file in the folder, whole or not at all.
func (r *Run) WriteJSON(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(r.Path(name), func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

// Save writes the module's weights to model.safetensors.
func (r *Run) Save(m any, metadata map[string]string) error {
	return safetensors.Save(r.Path(ModelFile), nn.State(m), metadata)
}

// Load reads model.safetensors into the module.
func (r *Run) Load(m any) error {
	ts, _, err := safetensors.Load(r.Path(ModelFile))
	if err != nil {
		return err
	}
	if err := nn.Load(m, ts, nn.LoadConfig{}); err != nil {
		return fmt.Errorf("%s: %w", r.Path(ModelFile), err)
	}
	return nil
}

func (r *Run) lastCheckpoint() string {
	if _, err := os.Stat(r.Path(StateFile)); err != nil {
		return ""
	}
	return r.Path(StateFile)
}

// logEpoch appends an epoch to metrics.jsonl and puts it onto the disk, so that a checkpoint may refer to its length.
func (r *Run) logEpoch(p *position, m Metrics, seconds float64) error {
	line, err := json.Marshal(struct {
		Epoch   int     `json:"epoch"`
		Step    int     `json:"step"`
		Metrics Metrics `json:"metrics"`
		Seconds float64 `json:"seconds"`
	}{p.Epoch, p.Step, m, seconds})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.Path(MetricsFile), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", r.Path(MetricsFile), cause(err))
	}
	defer f.Close()
	// What an interrupted run wrote after its last checkpoint is written again.
	if err := f.Truncate(p.Metrics); err != nil {
		return fmt.Errorf("%s: %w", r.Path(MetricsFile), cause(err))
	}
	line = append(line, '\n')
	if _, err := f.WriteAt(line, p.Metrics); err != nil {
		return fmt.Errorf("%s: %w", r.Path(MetricsFile), cause(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%s: %w", r.Path(MetricsFile), cause(err))
	}
	p.Metrics += int64(len(line))
	return nil
}

// Record is one line of metrics.jsonl.
type Record struct {
	Epoch   int                 `json:"epoch"`
	Step    int                 `json:"step"`
	Metrics map[string]*float64 `json:"metrics"` // nil: not a number
	Seconds float64             `json:"seconds"`
}

// History reads metrics.jsonl. A last line that is not whole is left out.
func (r *Run) History() ([]Record, error) {
	b, err := os.ReadFile(r.Path(MetricsFile))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("%s: %w", r.Path(MetricsFile), cause(err))
	}
	var h []Record
	for i := 1; len(b) > 0; i++ {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole {
			break
		}
		var rec Record
		if err := json.Unmarshal(line, &rec); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", r.Path(MetricsFile), i, err)
		}
		h = append(h, rec)
		b = rest
	}
	return h, nil
}

func (r *Run) saveBest(best map[string][]tensor.Named, s *State) error {
	return safetensors.Save(r.Path(ModelFile), merge(best, s), nil)
}

// merge puts the weights of all modules into one list. A single module's names stay as they are, so that the file is the
// model's own; several get their module's name in front.
func merge(w map[string][]tensor.Named, s *State) []tensor.Named {
	if len(s.modules) == 1 {
		return w[s.modules[0].name]
	}
	var all []tensor.Named
	for _, m := range s.modules {
		for _, t := range w[m.name] {
			all = append(all, tensor.Named{Name: m.name + "." + t.Name, Tensor: t.Tensor})
		}
	}
	return all
}

func (r *Run) loadBest(s *State) (map[string][]tensor.Named, error) {
	ts, _, err := safetensors.Load(r.Path(ModelFile))
	if err != nil {
		return nil, err
	}
	best := map[string][]tensor.Named{}
	for _, m := range s.modules {
		prefix := m.name + "."
		if len(s.modules) == 1 {
			prefix = ""
		}
		for _, t := range ts {
			if len(t.Name) > len(prefix) && t.Name[:len(prefix)] == prefix {
				best[m.name] = append(best[m.name], tensor.Named{Name: t.Name[len(prefix):], Tensor: t.Tensor})
			}
		}
	}
	return best, nil
}
