package tabular

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// pipelineFile is the file of the run folder that turns tables into the model's inputs, and its outputs into predictions.
const pipelineFile = "pipeline.json"

// learned is the content of pipelineFile.
type learned struct {
	Model    string           `json:"model"`
	Read     table.ReadConfig `json:"read"`
	Target   table.Target     `json:"target"`
	Pipeline *table.Pipeline  `json:"pipeline"`
	Offset   float64          `json:"offset"` // of the mlp's output, in units of the target
	Scale    float64          `json:"scale"`
}

const maxPipeline = 1 << 28 // bytes of pipelineFile

// Model is what a run learned; see Recipe.Open.
type Model struct {
	options Recipe
	info    train.Info
	learned learned
	learner learner
}

// Open loads the model of a run with these options.
func (c *Recipe) Open(run *train.Run, info train.Info) (recipes.TableModel, error) {
	path := run.Path(pipelineFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s yet: its training has not ended; continue it with --resume", run.Dir, pipelineFile)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	damaged := func(file string, err error) (recipes.TableModel, error) {
		return nil, fmt.Errorf("%s is damaged: %w", file, err)
	}
	m := &Model{options: *c, info: info}
	b, err := io.ReadAll(io.LimitReader(f, maxPipeline))
	if err == nil {
		err = json.Unmarshal(b, &m.learned)
	}
	if err == nil {
		err = m.learned.Target.Check()
	}
	if err == nil && m.learned.Pipeline == nil {
		err = errors.New("it has no pipeline")
	}
	if err != nil {
		return damaged(path, err)
	}
	state, _, err := safetensors.Load(run.Path(train.ModelFile))
	if err != nil {
		return nil, err
	}
	features := len(m.learned.Pipeline.Features())
	caught := tensor.Catch(func() {
		m.learner = c.learner(&m.learned.Target, m.learned.Pipeline, info.Seed)
		if err = m.learner.load(state); err != nil {
			return
		}
		if n, ok := m.learner.(*mlp); ok {
			n.offset, n.scale = m.learned.Offset, m.learned.Scale
			n.model = nn.Eval(n.model)
		}
		_, err = scoresOf(context.Background(), m.learner, tensor.Zeros(1, features).To(tensor.Float64), width(&m.learned.Target), func(i int) int { return i })
	})
	if err = errors.Join(caught, err); err != nil {
		return damaged(run.Path(train.ModelFile), err)
	}
	return m, nil
}

// Classes returns the names of the classes, none where a number is predicted.
func (m *Model) Classes() []string { return m.learned.Target.Classes }

// Scores returns what the scores of the classes are: probability, or decision for a support vector machine.
func (m *Model) Scores() string {
	switch {
	case m.learned.Target.Classes == nil:
		return ""
	case m.options.probabilities(&m.learned.Target):
		return "probability"
	}
	return "decision"
}

// blockRows is how many rows of a table are in memory at a time.
const blockRows = 4096

// blocks reads a table piece by piece and calls f with each and its features.
func (m *Model) blocks(ctx context.Context, r io.Reader, also []string, f func(t *table.Table, first int, x *tensor.Tensor) error) (notes []string, err error) {
	cfg := m.learned.Read
	cfg.Kinds = m.learned.Pipeline.Kinds()
	cfg.Only = append(slices.Sorted(maps.Keys(cfg.Kinds)), also...)
	for _, name := range also {
		cfg.Kinds[name] = m.learned.Target.Kind()
	}
	reader, err := table.NewReader(until{ctx, r}, cfg)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{m.learned.Target.Name: true}
	for _, name := range slices.Concat(m.options.Drop, cfg.Only) {
		known[name] = true
	}
	for _, d := range m.learned.Pipeline.Dropped {
		known[d.Name] = true
	}
	var extra []string
	for _, name := range reader.Names() {
		if !known[name] {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		notes = append(notes, fmt.Sprintf("columns that training did not see are ignored: %s", names(extra)))
	}
	unseen, rows := table.Unseen{}, 0
	for {
		t, err := reader.Block(blockRows)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return notes, err
		}
		x, u, err := m.learned.Pipeline.Transform(t, nil)
		if err != nil {
			return notes, err
		}
		unseen.Add(u)
		if err := f(t, rows, x); err != nil {
			return notes, err
		}
		rows += t.Rows
	}
	if rows == 0 {
		return notes, errors.New("there are no rows after the header")
	}
	return append(notes, unseenNotes(unseen, rows)...), nil
}

// unseenNotes says how many of the rows had new categories.
func unseenNotes(unseen table.Unseen, rows int) (notes []string) {
	for _, name := range slices.Sorted(maps.Keys(unseen)) {
		notes = append(notes, fmt.Sprintf("column %q: %d of %d rows have a category that training did not see; it counts as none", name, unseen[name], rows))
	}
	return notes
}

// Predict reads a table block by block and calls emit with the prediction of each row in order.
func (m *Model) Predict(ctx context.Context, r io.Reader, emit func(recipes.TablePrediction) error) (notes []string, err error) {
	w := width(&m.learned.Target)
	return m.blocks(ctx, r, nil, func(t *table.Table, first int, x *tensor.Tensor) error {
		scores, err := scoresOf(ctx, m.learner, x, w, func(i int) int { return first + i })
		if err != nil {
			return err
		}
		for i := range t.Rows {
			p := recipes.TablePrediction{Row: first + i + 1}
			if row := scores[i*w : (i+1)*w]; m.learned.Target.Classes == nil {
				p.Number = row[0]
			} else {
				p.Scores, p.Class = row, m.learned.Target.Classes[floats.MaxIdx(row)]
			}
			if err := emit(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// Evaluate measures the model on the rows that training held out or, where path is given, on all rows of that table.
func (m *Model) Evaluate(ctx context.Context, path string) (e recipes.TableEvaluation, err error) {
	var j *judged
	if path == "" {
		e.Data = m.options.Data
		j, err = m.heldOut(ctx)
	} else {
		e.Data = path
		j, e.Notes, err = m.another(ctx, path)
	}
	if err != nil {
		return e, err
	}
	target := &m.learned.Target
	e.Metrics = j.metrics(target, m.options.probabilities(target)).With("test_")
	if target.Classes != nil {
		e.Report = j.confusion().Report(target.Classes)
	}
	return e, nil
}

// heldOut judges the rows that training held out.
func (m *Model) heldOut(ctx context.Context) (*judged, error) {
	c := &m.options
	if c.Test == 0 {
		return nil, errors.New("the run held out no rows (--test 0); name a table with --data")
	}
	p, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	var was Info
	if err := m.info.DataInto(&was); err != nil || was.SHA256 != p.info.SHA256 {
		return nil, fmt.Errorf("%s is not what the run was trained on; put that file back, or measure another with --data", c.Data)
	}
	_, test, err := c.split(p, m.info.Seed)
	if err != nil {
		return nil, err
	}
	return p.judge(ctx, m.learner, m.learned.Pipeline, test)
}

// another judges the rows of a table that have a target.
func (m *Model) another(ctx context.Context, path string) (*judged, []string, error) {
	r, file, err := openFile(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	target, all, rows := &m.learned.Target, &judged{}, 0
	notes, err := m.blocks(ctx, r, []string{target.Name}, func(t *table.Table, first int, x *tensor.Tensor) error {
		rows += t.Rows
		c, err := t.Column(target.Name)
		if err != nil {
			return err
		}
		var known []int
		for i := range t.Rows {
			if c.Text(i) != "" {
				known = append(known, i)
			}
		}
		if len(known) == 0 {
			return nil
		}
		y, err := target.Encode(t, known)
		if err != nil {
			return err
		}
		scores, err := scoresOf(ctx, m.learner, x.IndexSelect(0, at(known)), width(target), func(i int) int { return first + known[i] })
		if err != nil {
			return err
		}
		all.add(&judged{width: width(target), scores: scores, y: y})
		return nil
	})
	switch {
	case err != nil:
		return nil, notes, fmt.Errorf("%s: %w", path, err)
	case all.y == nil:
		return nil, notes, fmt.Errorf("%s: no row has a %s to compare with", path, target.Name)
	case all.len() < rows:
		notes = append(notes, fmt.Sprintf("%d of %d rows have no %s and are left out", rows-all.len(), rows, target.Name))
	}
	return all, notes, nil
}
