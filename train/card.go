package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Card is what a reader should know of a model before using it: the model card of Mitchell et al. (2019, "Model Cards for Model
// Reporting"). ModelCard fills in what a run folder knows; the rest only its makers know.
type Card struct {
	Name, Summary, Paper string
	Details              []Line // of model and training
	IntendedUse          string
	OutOfScope           string
	Factors              string // groups, instruments and environments for which results may differ
	Metrics              Metrics
	TrainingData         string
	EvaluationData       string
	Findings             []Finding
	Fairness             string // an audit by group, in Markdown
	Ethics               string
	Caveats              string
}

// Line is a fact by name.
type Line struct{ Name, Value string }

// unknown stands where the makers have to write.
const unknown = "*Not stated. Only those who made the model can write this.*"

// Markdown returns the card as text. What is empty says so, rather than being left out.
func (c Card) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Model card: %s\n", c.Name)
	section := func(title, text string) {
		if strings.TrimSpace(text) == "" {
			text = unknown
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, strings.TrimSpace(text))
	}
	table := func(head string, lines []Line) string {
		var t strings.Builder
		fmt.Fprintf(&t, "| %s | |\n|---|---|\n", head)
		for _, l := range lines {
			fmt.Fprintf(&t, "| %s | %s |\n", inCell(l.Name), inCell(l.Value))
		}
		return t.String()
	}
	details := strings.TrimSpace(c.Summary + "\n")
	if c.Paper != "" {
		details += "\n\nSource: " + c.Paper
	}
	if len(c.Details) > 0 {
		details += "\n\n" + table("fact", c.Details)
	}
	section("Model details", details)
	section("Intended use", c.IntendedUse)
	section("Out of scope", c.OutOfScope)
	section("Factors", c.Factors)
	var figures []Line
	for _, m := range c.Metrics {
		figures = append(figures, Line{strings.ReplaceAll(m.Name, "_", " "), fmt.Sprintf("%.6g", m.Value)})
	}
	quantities := ""
	if len(figures) > 0 {
		quantities = table("metric", figures)
	}
	section("Metrics", quantities)
	section("Training data", c.TrainingData)
	section("Evaluation data", c.EvaluationData)
	var said []string
	for _, f := range c.Findings {
		said = append(said, "- "+f.String())
	}
	section("What the training curves say", strings.Join(said, "\n"))
	section("Fairness", c.Fairness)
	section("Ethical considerations", c.Ethics)
	section("Caveats and recommendations", c.Caveats)
	return b.String()
}

func inCell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

// ModelCard returns a card with what the run's folder knows: how the model was trained, what it saw, and what it reached. It returns an error
// when the folder is no run's or its files are damaged.
func ModelCard(dir string) (c Card, err error) {
	run, info, err := OpenRun(dir)
	if err != nil {
		return c, err
	}
	c.Name = info.Recipe
	c.Details = []Line{{"trained", info.Started.Format("2006-01-02")}, {"version", info.Version}, {"seed", fmt.Sprint(info.Seed)}, {"kernels", info.Kernels}}
	var options map[string]any
	d := json.NewDecoder(bytes.NewReader(info.Config))
	d.UseNumber() // 1000000, not 1e+06
	if err := d.Decode(&options); err != nil {
		return c, fmt.Errorf("%s is damaged: %w", run.Path(ConfigFile), err)
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if v := options[name]; v != nil && v != "" { // an option that was not given
			c.Details = append(c.Details, Line{"option " + name, fmt.Sprint(v)})
		}
	}
	if data, ok := info.Data.(map[string]any); ok {
		var facts []string
		for _, name := range slices.Sorted(maps.Keys(data)) {
			facts = append(facts, fmt.Sprintf("- %s: %v", name, data[name]))
		}
		c.TrainingData = strings.Join(facts, "\n")
		if set, ok := data["set"]; ok {
			c.EvaluationData = fmt.Sprintf("The test set of %v, which training did not see.", set)
		}
	}
	if c.Findings, err = run.Diagnose(); err != nil {
		return c, err
	}
	switch b, err := readFile(run.Path(ResultFile), maxConfig); {
	case errors.Is(err, fs.ErrNotExist): // it is not finished
	case err != nil:
		return c, fmt.Errorf("%s: %w", run.Path(ResultFile), cause(err))
	default:
		var result map[string]*float64
		if err := json.Unmarshal(b, &result); err != nil {
			return c, fmt.Errorf("%s is damaged: %w", run.Path(ResultFile), err)
		}
		for _, name := range slices.Sorted(maps.Keys(result)) {
			if v := result[name]; v != nil {
				c.Metrics = append(c.Metrics, Metric{name, *v})
			}
		}
	}
	return c, nil
}
