package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/hadal-go/hadal/train"
)

// progress shows a run: a bar on a terminal, a line an epoch elsewhere, JSON lines when asked for.
type progress struct {
	a       *app
	dir     string
	columns int // of the terminal, 0: no bar
	bar     *progressbar.ProgressBar
	label   string  // of the download that the bar shows
	drawn   float64 // when, in seconds of training

	samples, batches, seconds float64 // trained in this process, for throughput and time left
	began                     float64
	epochs, waits             float64 // the epochs' shares of waiting for batches, added up
}

// columns is the width for a progress bar, 0 for none.
func (a *app) columns() int {
	if a.json {
		return 0
	}
	return a.out.columns()
}

func newProgress(a *app) *progress { return &progress{a: a, columns: a.columns()} }

// begin tells that training begins and where the run is kept.
func (p *progress) begin(dir string) {
	p.close() // a download's bar
	p.dir = dir
	if p.a.json {
		p.a.out.line(map[string]any{"event": "start", "recipe": p.a.name, "run_dir": dir})
	} else {
		fmt.Fprintf(p.a.out, "Training %s; the run is kept in %s\n", p.a.name, dir)
	}
}

// observe is the recipe's Env.Observe.
func (p *progress) observe(e train.Event) {
	switch e.Kind {
	case "resume":
		p.began = e.Seconds
		if p.a.json {
			p.a.out.line(map[string]any{"event": "resume", "epoch": e.Epoch, "step": e.Step})
		} else {
			fmt.Fprintf(p.a.out, "Continuing at epoch %d, step %d\n", e.Epoch, e.Step)
		}
	case "step":
		p.samples += float64(e.Samples)
		p.batches++
		p.seconds = e.Seconds - p.began
		if p.columns > 0 {
			p.draw(e)
		}
	case "epoch":
		p.epochs++
		p.waits += e.WaitShare
		if p.bar != nil {
			p.bar.Clear()
		}
		if p.a.json {
			p.a.out.line(map[string]any{"event": "epoch", "epoch": e.Epoch, "epochs": e.Epochs, "step": e.Step, "metrics": e.Metrics, "samples_per_second": math.Round(p.throughput()), "seconds": round3(e.Seconds), "wait_share": round3(e.WaitShare)})
			return
		}
		fmt.Fprintf(p.a.out, "epoch %*d/%d  %s  %.0f samples/s  %s\n", len(fmt.Sprint(e.Epochs)), e.Epoch, e.Epochs, e.Metrics, p.throughput(), time.Duration(e.Seconds*float64(time.Second)).Round(100*time.Millisecond))
	case "fold":
		if p.a.json {
			p.a.out.line(map[string]any{"event": "fold", "fold": e.Epoch, "folds": e.Epochs, "metrics": e.Metrics})
		} else {
			fmt.Fprintf(p.a.out, "fold %*d/%d  %s\n", len(fmt.Sprint(e.Epochs)), e.Epoch, e.Epochs, e.Metrics)
		}
	case "stop":
		p.close()
		if p.a.json {
			p.a.out.line(map[string]any{"event": "early_stop", "epoch": e.Epoch - 1})
		} else {
			fmt.Fprintln(p.a.out, "Stopped early: the monitored metric has not become better")
		}
	}
}

// note is the recipe's Env.Note.
func (p *progress) note(text string) {
	if p.a.json {
		p.a.out.line(map[string]any{"event": "note", "text": text})
	} else {
		fmt.Fprintf(p.a.out, "Note: %s\n", text)
	}
}

func round3(x float64) float64 { return math.Round(x*1000) / 1000 }

func (p *progress) throughput() float64 {
	if p.seconds <= 0 {
		return 0
	}
	return p.samples / p.seconds
}

// draw moves the bar, which counts the batches of all epochs.
func (p *progress) draw(e train.Event) {
	const each, barWidth = 0.1, 12
	if p.bar != nil && e.Seconds-p.drawn < each {
		return
	}
	p.drawn = e.Seconds
	all, done := e.Epochs*e.Batches, (e.Epoch-1)*e.Batches+e.Batch
	if p.bar == nil {
		p.bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(p.a.out), progressbar.OptionSetWidth(barWidth), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	}
	left := time.Duration(float64(all-done) / p.batches * p.seconds * float64(time.Second))
	parts := []string{fmt.Sprintf("epoch %d/%d", e.Epoch, e.Epochs)}
	for _, m := range e.Metrics {
		parts = append(parts, train.Metrics{m}.String())
	}
	parts = append(parts, left.Round(time.Second).String()+" left", fmt.Sprintf("%.0f samples/s", p.throughput()))
	p.bar.Describe(fit(parts, p.columns-len("  100% ||  ")-barWidth)) // a longer line would wrap and stay
	p.bar.Set(done)
}

// fit joins as many of the parts as have room, at least one.
func fit(parts []string, room int) string {
	line := parts[0]
	for _, s := range parts[1:] {
		if len(line)+2+len(s) > room {
			break
		}
		line += "  " + s
	}
	return line
}

// download is the data source's Progress.
func (p *progress) download(name string, done, total int64) {
	if p.columns == 0 {
		if done == total && !p.a.json {
			fmt.Fprintf(p.a.out, "fetched %s (%.1f MB)\n", name, float64(total)/1e6)
		}
		return
	}
	if p.bar == nil || p.label != name {
		p.close()
		p.label = name
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.a.out), progressbar.OptionSetDescription(name), progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	p.bar.Set64(done)
	if done == total {
		p.close()
	}
}

// close takes the bar away.
func (p *progress) close() {
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}

// done prints the result and what the curves say.
func (p *progress) done(m train.Metrics, findings []train.Finding, took time.Duration) error {
	if p.a.json {
		return p.a.out.line(map[string]any{"event": "done", "recipe": p.a.name, "metrics": m, "diagnosis": findings, "seconds": round3(took.Seconds()), "run_dir": p.dir})
	}
	fmt.Fprintln(p.a.out, figures(m))
	for _, f := range findings {
		fmt.Fprintf(p.a.out, "Diagnosis: %v\n", f)
	}
	waiting := ""
	if p.epochs > 0 {
		waiting = fmt.Sprintf(", %.1f%% of training was waiting for data", 100*p.waits/p.epochs)
	}
	fmt.Fprintf(p.a.out, "Done in %s%s; see %s for the model, metrics and pictures\n", took.Round(10*time.Millisecond), waiting, p.dir)
	return nil
}

// figures is "test accuracy 0.9833, test loss 0.0712". A standard error stands behind its figure: "cv accuracy 0.9500 ± 0.0102".
func figures(m train.Metrics) string {
	var parts []string
	for i, x := range m {
		if i > 0 && x.Name == m[i-1].Name+"_se" {
			parts[len(parts)-1] += fmt.Sprintf(" ± %.4f", x.Value)
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %.4f", strings.ReplaceAll(x.Name, "_", " "), x.Value))
	}
	return strings.Join(parts, ", ")
}
