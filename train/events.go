package train

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hadal-go/hadal/format/tensorboard"
)

// events writes what a run measures for TensorBoard, into a file in its folder: tensorboard --logdir runs shows all runs.
type events struct {
	dir  string
	w    *tensorboard.Writer // nil until there is something to write, so that a run that fails at once leaves nothing behind
	from int                 // the step that the run was continued from
}

func (e *events) open() error {
	if e.w != nil {
		return nil
	}
	w, err := tensorboard.NewWriter(e.dir)
	if err != nil {
		return err
	}
	e.w = w
	return w.Restart(int64(e.from) + 1) // what came after the checkpoint is computed again
}

// layers writes histograms of gradients and activations, the gradients' norms and the updates' sizes.
func (e *events) layers(r LayerRecord) error {
	if err := e.open(); err != nil {
		return err
	}
	step := int64(r.Step)
	for _, p := range r.Params {
		if p.Gradient == nil {
			continue
		}
		if err := errors.Join(e.w.Counted("gradients/"+p.Name, step, p.Gradient.counted()),
			e.w.Scalar("gradient_norm/"+p.Name, step, p.GradientNorm), e.w.Scalar("update_ratio/"+p.Name, step, p.UpdateRatio)); err != nil {
			return err
		}
	}
	for _, a := range r.Activations {
		if err := e.w.Counted("activations/"+a.Name, step, a.Output.counted()); err != nil {
			return err
		}
	}
	return e.w.Flush()
}

// counted is the distribution as TensorBoard has it.
func (d *Distribution) counted() tensorboard.Buckets {
	n := float64(d.N)
	b := tensorboard.Buckets{Min: d.Min, Max: d.Max, Num: n, Sum: n * d.Mean, SumSquares: n * (d.Mean*d.Mean + d.Std*d.Std)}
	if d.N > 0 {
		b.Limits, b.Counts = d.Limits, make([]float64, len(d.Limits)) // the first bucket is empty: its limit is where the next begins
		for i, k := range d.Counts {
			b.Counts[i+1] = float64(k)
		}
	}
	return b
}

// epoch writes metrics and learning rates after a step. Metrics train_x and val_x share the chart x.
func (e *events) epoch(step int, m Metrics, s *State) error {
	if err := e.open(); err != nil {
		return err
	}
	for _, x := range m {
		tag := x.Name
		for _, part := range []string{"train", "val", "test"} {
			if rest, ok := strings.CutPrefix(x.Name, part+"_"); ok {
				tag = rest + "/" + part
			}
		}
		if err := e.w.Scalar(tag, int64(step), x.Value); err != nil {
			return err
		}
	}
	for _, o := range s.optimizers {
		for i, g := range o.value.Groups() {
			tag := "lr/" + o.name
			if i > 0 {
				tag += fmt.Sprintf("/group%d", i)
			}
			if err := e.w.Scalar(tag, int64(step), g.LR); err != nil {
				return err
			}
		}
	}
	return e.w.Flush()
}

func (e *events) close() error {
	if e.w == nil {
		return nil
	}
	return e.w.Close()
}

// removeEvents removes the files of a run that is discarded.
func (r *Run) removeEvents() {
	entries, _ := os.ReadDir(r.Dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "events.out.tfevents.") {
			os.Remove(r.Path(e.Name()))
		}
	}
}
