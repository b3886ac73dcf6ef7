package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/recipes"
)

// table measures a model of tables.
func (c *evalCmd) table(a *app, model recipes.TableModel, recipe string) error {
	e, err := model.Evaluate(a.ctx, c.Data)
	if err != nil {
		return err
	}
	a.notes(e.Notes)
	if a.json {
		return a.out.line(map[string]any{"event": "done", "recipe": recipe, "data": e.Data, "metrics": e.Metrics, "run_dir": c.Run_})
	}
	fmt.Fprintf(a.out, "%s%s\n", e.Report, figures(e.Metrics))
	return nil
}

// notes go to standard error, since standard output may be a table.
func (a *app) notes(notes []string) {
	for _, n := range notes {
		fmt.Fprintf(a.err, "hadal: note: %s\n", n)
	}
}

// table predicts the rows of a CSV file.
func (c *predictCmd) table(a *app, model recipes.TableModel) error {
	if len(c.Files) > 1 {
		return usageError{errors.New("give one table at a time")}
	}
	path := c.Files[0]
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s cannot be opened: %w; check the path", path, errors.Unwrap(err))
	}
	defer f.Close()
	var notes []string
	write := func(w *output) (err error) {
		if a.json {
			notes, err = model.Predict(a.ctx, f, func(p recipes.TablePrediction) error { return tableLine(w, model, p) })
			return err
		}
		notes, err = writeTable(a, model, f, w)
		return err
	}
	rows := func(err error) error {
		if err != nil && a.ctx.Err() == nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return err
	}
	if c.Out == "" {
		err = rows(write(a.out))
	} else {
		var wrong error // of the table, which the name of the file to write does not explain
		err = atomicfile.WriteFile(c.Out, func(w io.Writer) error {
			to := &output{Writer: w}
			err := rows(write(to))
			if to.err == nil {
				wrong = err
			}
			return err
		})
		if wrong != nil {
			err = wrong
		}
	}
	if a.out.err != nil {
		return a.out.err
	}
	if err != nil {
		return err
	}
	a.notes(notes)
	return nil
}

// writeTable writes predictions as CSV: the row's number, what is predicted, and of classes the score of each.
func writeTable(a *app, model recipes.TableModel, r io.Reader, w io.Writer) (notes []string, err error) {
	out := csv.NewWriter(w)
	head := []string{"row", "prediction"}
	for _, class := range model.Classes() {
		head = append(head, model.Scores()+"_"+class)
	}
	begun := false // a table that is wrong at once leaves no header behind
	record := make([]string, len(head))
	notes, err = model.Predict(a.ctx, r, func(p recipes.TablePrediction) error {
		if !begun {
			begun = true
			if err := out.Write(head); err != nil {
				return err
			}
		}
		record[0], record[1] = strconv.Itoa(p.Row), p.Class
		if p.Scores == nil {
			record[1] = strconv.FormatFloat(p.Number, 'g', -1, 64)
		}
		for k, s := range p.Scores {
			record[2+k] = strconv.FormatFloat(s, 'g', 6, 64)
		}
		return out.Write(record)
	})
	out.Flush()
	return notes, errors.Join(err, out.Error())
}

// tableLine writes a prediction as a line of JSON.
func tableLine(out *output, model recipes.TableModel, p recipes.TablePrediction) error {
	if p.Scores == nil {
		return out.line(map[string]any{"event": "prediction", "row": p.Row, "prediction": p.Number})
	}
	scores := map[string]float64{}
	for k, class := range model.Classes() {
		scores[class] = p.Scores[k]
	}
	return out.line(map[string]any{"event": "prediction", "row": p.Row, "class": p.Class, model.Scores(): scores})
}
