package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/bench"
)

// row is a workload with a number of threads on both sides.
type row struct {
	ours     bench.Result
	theirs   torchResult // the setting and variant with the least median; Median 0: none ran
	torchMB  float64     // the least peak memory of any
	ratio    float64     // PyTorch's time over ours; 0: unknown
	target   float64     // that it should reach; 0: none is set
	fraction float64     // of the machine's peak that the target asks for; 0: none is set
}

// newRow takes the medians of the rounds and PyTorch's best.
func newRow(ours []bench.Result, theirs []torchResult) row {
	r := row{ours: medianOf(ours, func(x bench.Result) float64 { return x.Median })}
	byHow := map[string][]torchResult{}
	for _, x := range theirs {
		byHow[x.how()] = append(byHow[x.how()], x)
	}
	for _, xs := range byHow {
		x := medianOf(xs, func(x torchResult) float64 { return x.Median })
		if r.theirs.Median == 0 || x.Median < r.theirs.Median {
			r.theirs = x
		}
		if r.torchMB == 0 || x.PeakMB < r.torchMB {
			r.torchMB = x.PeakMB
		}
	}
	r.ratio = r.theirs.Median / r.ours.Median
	r.target, r.fraction = targetOf(r.ours.Case, r.ours.Threads)
	return r
}

func medianOf[T any](xs []T, by func(T) float64) T {
	xs = slices.SortedFunc(slices.Values(xs), func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return xs[len(xs)/2]
}

// header says what the figures were measured on and what they mean.
func header(w io.Writer, m bench.Machine, torch string, c *cli) {
	peak := "not known"
	if m.Peak > 0 {
		peak = fmt.Sprintf("%.0f GFLOP/s a core", m.Peak)
	}
	fmt.Fprintf(w, `%s, %d cores; float32 multiply-add peak, measured: %s. Hadal: %s, kernels %s. PyTorch: %s; its time and its memory are
each the best of its settings. Alternating, %v s a measurement, %d to the median; milliseconds; MB: the most memory resident; faults and Go
bytes: Hadal's page faults and allocations on the Go heap a call.

| case | threads | Hadal | PyTorch | PyTorch/Hadal | to reach | of peak | Hadal MB | PyTorch MB | faults | Go bytes | PyTorch's best |
|---|---|---|---|---|---|---|---|---|---|---|---|
`, m.CPU, m.Cores, peak, m.Go, m.Kernels, torch, c.Budget, c.Rounds)
}

// print writes the row; peak is that of its threads in GFLOP/s.
func (r row) print(w io.Writer, peak float64) {
	torch, ratio, torchMB, target, fraction := "-", "-", "-", "", ""
	if r.theirs.Median > 0 {
		torch, ratio, torchMB = figure(r.theirs.Median), fmt.Sprintf("%.2f", r.ratio), fmt.Sprintf("%.0f", r.torchMB)
	}
	if r.target > 0 {
		target = fmt.Sprint(r.target)
	}
	if r.ours.GFLOPS > 0 && peak > 0 {
		fraction = fmt.Sprintf("%.0f%%", 100*r.ours.GFLOPS/peak)
		if r.fraction > 0 {
			fraction += fmt.Sprintf(" (%.0f)", 100*r.fraction)
		}
	}
	o := r.ours
	fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s | %.0f | %s | %.0f | %.0f | %s |\n",
		o.Case, o.Threads, figure(o.Median), torch, ratio, target, fraction, o.PeakMB, torchMB, o.PageFaults, o.GoBytes, r.theirs.how())
}

// figure writes x with three digits.
func figure(x float64) string {
	digits := max(0, 2-int(math.Floor(math.Log10(x))))
	return fmt.Sprintf("%.*f", digits, x)
}

// kinds are the groups of rows that have a mean each.
var kinds = []struct {
	name string
	has  func(name string) bool
}{
	{"operations", func(name string) bool {
		return !strings.HasPrefix(name, "train/") && !strings.HasPrefix(name, "recipe/") && !strings.HasPrefix(name, "infer/")
	}},
	{"training", func(name string) bool { return strings.HasPrefix(name, "train/") }},
	{"recipes", func(name string) bool { return strings.HasPrefix(name, "recipe/") }},
	{"inference", func(name string) bool { return strings.HasPrefix(name, "infer/") }},
}

// summary writes the geometric means of the ratios, and how Hadal's times fall with threads.
func summary(w io.Writer, rows []row) {
	var threads []int
	for _, r := range rows {
		if !slices.Contains(threads, r.ours.Threads) {
			threads = append(threads, r.ours.Threads)
		}
	}
	fmt.Fprint(w, "\n| geometric means of | threads | rows | PyTorch/Hadal | memory, Hadal/PyTorch | speed over the first |\n|---|---|---|---|---|---|\n")
	for _, kind := range kinds {
		first := map[string]float64{} // times with the first number of threads
		for _, n := range threads {
			var ratio, memory, speed mean
			for _, r := range rows {
				if r.ours.Threads != n || !kind.has(r.ours.Case) {
					continue
				}
				if n == threads[0] {
					first[r.ours.Case] = r.ours.Median
				}
				ratio.add(r.ratio)
				memory.add(r.ours.PeakMB / r.torchMB)
				speed.add(first[r.ours.Case] / r.ours.Median)
			}
			if ratio.n > 0 {
				fmt.Fprintf(w, "| %s | %d | %d | %.2f | %.2f | %.2f |\n", kind.name, n, ratio.n, ratio.value(), memory.value(), speed.value())
			}
		}
	}
}

// mean is a geometric mean of the figures that are known.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(x float64) {
	if x > 0 && !math.IsInf(x, 0) {
		m.sum += math.Log(x)
		m.n++
	}
}

func (m *mean) value() float64 { return math.Exp(m.sum / float64(m.n)) }

// The lines around the result in a file.
const begin, end = "<!-- bench/compare begins -->", "<!-- bench/compare ends -->"

// putInto puts text into a Markdown file: in place of the last one, or at the end under a heading.
func putInto(file, text string) error {
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be read: %w", file, errors.Unwrap(err))
	}
	old, block := string(b), begin+"\n"+text+end
	if before, rest, ok := strings.Cut(old, begin); ok {
		_, after, ok := strings.Cut(rest, end)
		if !ok {
			return fmt.Errorf("%s has %q without %q; mend it or name another file", file, begin, end)
		}
		return write(file, before+block+after)
	}
	if old != "" {
		old = strings.TrimRight(old, "\n") + "\n\n"
	}
	return write(file, old+"## Hadal beside PyTorch\n\n`go run ./bench/compare`:\n\n"+block+"\n")
}

// write replaces a file at once.
func write(file, text string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".compare-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
