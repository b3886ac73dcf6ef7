package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// The files of a run folder.
const (
	ConfigFile     = "config.json"            // what was run, with every option
	MetricsFile    = "metrics.jsonl"          // a line an epoch
	HistogramsFile = "histograms.jsonl"       // a line an epoch: gradients and activations by layer, LayerRecord
	ModelFile      = "model.safetensors"      // the best epoch's weights
	StateFile      = "last/state.safetensors" // everything that resuming needs, in one file
	ResultFile     = "result.json"            // written when the run is done

	lockFile = "last/lock" // held by the process that trains
)

// Run is the folder that a run keeps its files in.
type Run struct {
	Dir string
	// NoHistograms has a Loop leave gradients and activations alone; else it writes those of the first step of each epoch into
	// histograms.jsonl and TensorBoard's file. What is trained is the same, bit for bit.
	NoHistograms bool
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

// DataInto reads Data, which comes out of config.json as maps, into v, a pointer to what the recipe described.
func (i Info) DataInto(v any) error {
	b, err := json.Marshal(i.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// CheckVacant returns an error when a folder already holds a run: resume that, or take another folder.
func CheckVacant(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, ConfigFile)); err == nil {
		return fmt.Errorf("%s already holds a run; continue it with --resume, or choose another --run-dir", dir)
	}
	return nil
}

// NewRun makes the folder, which must be vacant.
func NewRun(dir string, info Info) (*Run, error) {
	if err := CheckVacant(dir); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir}
	if err := os.MkdirAll(filepath.Dir(r.Path(StateFile)), 0o755); err != nil {
		return nil, fmt.Errorf("run folder %s cannot be made: %w; choose another with --run-dir", dir, cause(err))
	}
	if err := r.WriteJSON(ConfigFile, info); err != nil {
		r.Discard()
		return nil, err
	}
	return r, nil
}

// Discard removes the folder of a run that has not trained yet, so that a mistake leaves nothing behind. It does nothing
// where there is a checkpoint or a model, and keeps files that are not the run's.
func (r *Run) Discard() {
	if r.lastCheckpoint() != "" || exists(r.Path(ModelFile)) {
		return
	}
	r.clean()
	r.removeEvents()
	for _, name := range []string{MetricsFile, HistogramsFile, lockFile, path.Dir(StateFile), ConfigFile} {
		os.Remove(r.Path(name)) // a folder only when it is empty
	}
	os.Remove(r.Dir)
}

// HasCheckpoint reports whether there is something to continue from.
func (r *Run) HasCheckpoint() bool { return r.lastCheckpoint() != "" }

// Finished reports whether the run is done: its result.json is there.
func (r *Run) Finished() bool { return exists(r.Path(ResultFile)) }

func (r *Run) removeResult() error {
	if err := os.Remove(r.Path(ResultFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s, which is out of date, cannot be removed: %w", r.Path(ResultFile), cause(err))
	}
	return nil
}

// exists reports whether there is something at path, readable or not.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// temporary matches the names of atomicfile's temporary files.
const temporary = ".hadal-*.tmp"

// clean removes the temporary files that a process left behind when it was killed while it wrote.
func (r *Run) clean() {
	for _, folder := range []string{r.Dir, filepath.Dir(r.Path(StateFile))} {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if ok, _ := filepath.Match(temporary, e.Name()); ok {
				os.Remove(filepath.Join(folder, e.Name()))
			}
		}
	}
}

// The files of a run are text of at most these sizes; what claims more is not read.
const (
	maxConfig  = 1 << 24
	maxMetrics = 1 << 28
)

// readFile is os.ReadFile with a bound.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return b, err
}

// OpenRun opens the folder of an earlier run.
func OpenRun(dir string) (*Run, Info, error) {
	var info Info
	b, err := readFile(filepath.Join(dir, ConfigFile), maxConfig)
	if err != nil {
		return nil, info, fmt.Errorf("%s is not a run folder: %s cannot be read: %w; give the folder that hadal train named", dir, ConfigFile, cause(err))
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
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no %s yet: its first epoch has not ended; continue it with --resume", r.Dir, ModelFile)
	}
	if err != nil {
		return err
	}
	if err := nn.Load(m, ts, nn.LoadConfig{}); err != nil {
		return fmt.Errorf("%s: %w", r.Path(ModelFile), err)
	}
	return nil
}

func (r *Run) lastCheckpoint() string {
	if !exists(r.Path(StateFile)) {
		return ""
	}
	return r.Path(StateFile)
}

// checkLogs makes sure that metrics.jsonl and histograms.jsonl are as long as the checkpoint says. One that was removed begins anew.
func (r *Run) checkLogs(p *position) error {
	for _, log := range []struct {
		name string
		size *int64
	}{{MetricsFile, &p.Metrics}, {HistogramsFile, &p.Histograms}} {
		path := r.Path(log.name)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			*log.size = 0
		case err != nil:
			return fmt.Errorf("%s: %w", path, cause(err))
		case info.Size() < *log.size:
			return fmt.Errorf("%s has %d bytes, the checkpoint says %d: put the whole file back, or remove it to begin it anew", path, info.Size(), *log.size)
		}
	}
	return nil
}

// logEpoch appends an epoch to metrics.jsonl.
func (r *Run) logEpoch(p *position, m Metrics, seconds, waitShare float64) error {
	line, err := json.Marshal(struct {
		Epoch   int     `json:"epoch"`
		Step    int     `json:"step"`
		Metrics Metrics `json:"metrics"`
		Seconds float64 `json:"seconds"`
		Wait    float64 `json:"wait_share"`
	}{p.Epoch, p.Step, m, seconds, math.Round(waitShare*1e4) / 1e4})
	if err != nil {
		return err
	}
	return r.log(MetricsFile, &p.Metrics, line)
}

// log appends a line to a file of the given size and puts it onto the disk, so that a checkpoint may refer to its length.
func (r *Run) log(name string, size *int64, line []byte) error {
	line = append(line, '\n')
	if err := appendAt(r.Path(name), *size, line); err != nil {
		return fmt.Errorf("%s cannot be written: %w; free some space or mend its permissions, then --resume", r.Path(name), cause(err))
	}
	*size += int64(len(line))
	return nil
}

// appendAt makes line the end of a file that is cut off at a length: what a killed process wrote after its last checkpoint
// is written again.
func appendAt(path string, at int64, line []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(at); err != nil {
		return err
	}
	if _, err := f.WriteAt(line, at); err != nil {
		return err
	}
	return f.Sync()
}

// Record is one line of metrics.jsonl.
type Record struct {
	Epoch   int                 `json:"epoch"`
	Step    int                 `json:"step"`
	Metrics map[string]*float64 `json:"metrics"` // nil: not a number
	Seconds float64             `json:"seconds"`
	Wait    float64             `json:"wait_share"` // the part of the steps' time that was spent waiting for batches
}

// History reads metrics.jsonl. A last line that is not whole is left out.
func (r *Run) History() ([]Record, error) {
	b, err := readFile(r.Path(MetricsFile), maxMetrics)
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
