package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/hadal-go/hadal/train"
)

// progress shows a run: a bar on a terminal, a line an epoch elsewhere, JSON lines when asked for.
type progress struct {
	a      *app
	recipe string
	dir    string
	tty    bool
	bar    *progressbar.ProgressBar
	label  string

	samples, seconds float64 // trained in this process, for the throughput
	began            float64
}

func newProgress(a *app, recipe, dir string) *progress {
	p := &progress{a: a, recipe: recipe, dir: dir, tty: !a.json && isTerminal(a.out)}
	if a.json {
		p.line(map[string]any{"event": "start", "recipe": recipe, "run_dir": dir})
	} else {
		fmt.Fprintf(a.out, "Training %s; the run is kept in %s\n", recipe, dir)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *progress) line(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(p.a.out, "%s\n", b)
}

// observe is the recipe's Env.Observe.
func (p *progress) observe(e train.Event) {
	switch e.Kind {
	case "resume":
		p.began = e.Seconds
		if p.a.json {
			p.line(map[string]any{"event": "resume", "epoch": e.Epoch, "step": e.Step})
		} else {
			fmt.Fprintf(p.a.out, "Continuing at epoch %d, step %d\n", e.Epoch, e.Step)
		}
	case "step":
		p.samples += float64(e.Samples)
		p.seconds = e.Seconds - p.began
		if p.tty {
			p.draw(e)
		}
	case "epoch":
		p.close()
		if p.a.json {
			p.line(map[string]any{"event": "epoch", "epoch": e.Epoch, "epochs": e.Epochs, "step": e.Step, "metrics": e.Metrics, "samples_per_second": math.Round(p.throughput()), "seconds": round3(e.Seconds)})
			return
		}
		fmt.Fprintf(p.a.out, "epoch %*d/%d  %s  %.0f samples/s  %s\n", len(fmt.Sprint(e.Epochs)), e.Epoch, e.Epochs, e.Metrics, p.throughput(), time.Duration(e.Seconds*float64(time.Second)).Round(100*time.Millisecond))
	case "stop":
		p.close()
		if p.a.json {
			p.line(map[string]any{"event": "early_stop", "epoch": e.Epoch - 1})
		} else {
			fmt.Fprintln(p.a.out, "Stopped early: the monitored metric has not become better")
		}
	}
}

func round3(x float64) float64 { return math.Round(x*1000) / 1000 }

func (p *progress) throughput() float64 {
	if p.seconds <= 0 {
		return 0
	}
	return p.samples / p.seconds
}

// draw moves the bar, which counts the batches of all epochs so that its time left is the run's.
func (p *progress) draw(e train.Event) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions(e.Epochs*e.Batches, progressbar.OptionSetWriter(p.a.out), progressbar.OptionSetPredictTime(true),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24),
			progressbar.OptionSetElapsedTime(false))
	}
	p.bar.Describe(fmt.Sprintf("epoch %d/%d  %s  %.0f samples/s", e.Epoch, e.Epochs, e.Metrics, p.throughput()))
	p.bar.Set((e.Epoch-1)*e.Batches + e.Batch)
}

// download is the data source's Progress.
func (p *progress) download(name string, done, total int64) {
	if !p.tty {
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

// done prints the result.
func (p *progress) done(m train.Metrics, took time.Duration) error {
	if p.a.json {
		p.line(map[string]any{"event": "done", "recipe": p.recipe, "metrics": m, "seconds": round3(took.Seconds()), "run_dir": p.dir})
		return nil
	}
	var parts []string
	for _, x := range m {
		parts = append(parts, fmt.Sprintf("%s %.4f", strings.ReplaceAll(x.Name, "_", " "), x.Value))
	}
	fmt.Fprintf(p.a.out, "%s\nDone in %s; see %s for the model, metrics and pictures\n", strings.Join(parts, ", "), took.Round(10*time.Millisecond), p.dir)
	return nil
}
