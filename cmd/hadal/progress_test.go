package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hadal-go/hadal/train"
)

// On a terminal a bar shows where the run is, how long it lasts, loss, metric and throughput, in one line that fits.
func TestProgressBar(t *testing.T) {
	for _, columns := range []int{20, 40, 80, 120} {
		var out bytes.Buffer
		a := &app{out: &output{Writer: &out}, err: &out, name: "lenet"}
		p := newProgress(a)
		p.columns = columns
		event := train.Event{Epochs: 4, Batches: 10, Samples: 64}
		for step := 1; step <= 20; step++ { // half of the run, half a second a step
			event.Kind, event.Step, event.Seconds = "step", step, float64(step)/2
			event.Epoch, event.Batch = (step-1)/10+1, (step-1)%10+1
			event.Metrics = train.Metrics{{Name: "loss", Value: 0.25}, {Name: "accuracy", Value: 0.875}}
			p.observe(event)
			if step%10 == 0 {
				event.Kind, event.Batch, event.Metrics = "epoch", 0, train.Metrics{{Name: "train_loss", Value: 0.3}}
				p.observe(event)
			}
		}
		bars := 0
		var last string
		for _, line := range regexp.MustCompile(`[\r\n]+`).Split(out.String(), -1) {
			if strings.Contains(line, "%") {
				bars++
				last = line
				if n := utf8.RuneCountInString(line); n >= columns && columns > 20 {
					t.Errorf("%d columns: a line of %d: %q", columns, n, line)
				}
			}
		}
		if bars < 20 || !strings.Contains(last, " 50% |██████") || !strings.HasPrefix(last, "epoch 2/4") {
			t.Errorf("%d columns: %d bars, the last %q", columns, bars, last)
		}
		// 20 steps of 64 in 10 s; 20 steps are left.
		if want := "epoch 2/4  loss 0.25  accuracy 0.875  10s left  128 samples/s"; columns == 120 && !strings.Contains(last, want) {
			t.Errorf("%q lacks %q", last, want)
		}
		if !strings.Contains(out.String(), "\repoch 2/4  train_loss 0.3  128 samples/s  10s\n") {
			t.Errorf("the epoch's line is not alone:\n%q", out.String())
		}
		p.close()
		if !strings.HasSuffix(out.String(), "\n") && !strings.HasSuffix(out.String(), "\r") {
			t.Errorf("the bar stays: %q", out.String())
		}
	}
}

// A resumed run's throughput and time left are of this process.
func TestProgressOfResumedRun(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &output{Writer: &out}, err: &out, name: "lenet"}
	p := newProgress(a)
	p.columns = 120
	p.observe(train.Event{Kind: "resume", Epoch: 10, Epochs: 12, Batches: 10, Step: 90, Seconds: 1000})
	p.observe(train.Event{Kind: "step", Epoch: 10, Epochs: 12, Batches: 10, Batch: 1, Step: 91, Seconds: 1002, Samples: 100})
	if s := out.String(); !strings.Contains(s, "Continuing at epoch 10, step 90\n") || !strings.Contains(s, "58s left  50 samples/s") || !strings.Contains(s, " 75% ") {
		t.Errorf("%q", s)
	}
}
