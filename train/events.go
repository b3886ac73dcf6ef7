package train

import (
	"fmt"
	"os"
	"strings"

	"github.com/hadal-go/hadal/format/tensorboard"
)

// events writes what a run measures for TensorBoard, into a file in its folder: tensorboard --logdir runs shows all runs.
type events struct {
	dir  string
	w    *tensorboard.Writer // nil until the first epoch, so that a run that fails at once leaves nothing behind
	from int                 // the step that the run was continued from
}

// epoch writes metrics and learning rates after a step. Metrics train_x and val_x share the chart x.
func (e *events) epoch(step int, m Metrics, s *State) error {
	if e.w == nil {
		w, err := tensorboard.NewWriter(e.dir)
		if err != nil {
			return err
		}
		e.w = w
		if err := w.Restart(int64(e.from) + 1); err != nil { // what came after the checkpoint is computed again
			return err
		}
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
