package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/hadal-go/hadal/bench"
)

// row is a model on a data set, on both sides.
type row struct {
	data, model  string
	regression   bool
	ours, theirs [][]float64 // [measure][fold]: the scores, means over the seeds
	threads      [2]timing   // with the default number of threads, and with one
}

// timing is the milliseconds of a fit on each side, a number for each round.
type timing struct{ ours, theirs []float64 }

// ratio is scikit-learn's time over ours.
func (t timing) ratio() float64 { return median(t.theirs) / median(t.ours) }

// measures returns the names of what a model is scored by.
func (r *row) measures() []string {
	if r.regression {
		return []string{"R²", "MAE"}
	}
	return []string{"accuracy"}
}

// comparison is what the scores of the folds come to.
type comparison struct {
	ours, oursErr, theirs, theirsErr float64 // means and their standard errors
	diff, diffErr                    float64 // mean of the folds' differences, and its standard error
}

func compareScores(ours, theirs []float64) (c comparison) {
	diff := make([]float64, len(ours))
	for i := range ours {
		diff[i] = ours[i] - theirs[i]
	}
	c.ours, c.oursErr = meanErr(ours)
	c.theirs, c.theirsErr = meanErr(theirs)
	c.diff, c.diffErr = meanErr(diff)
	return c
}

// within reports whether the difference is at most one standard error, the smaller of the two.
func (c comparison) within() bool { return math.Abs(c.diff) <= min(c.oursErr, c.theirsErr) }

// meanErr returns the mean and its standard error, √(Σ (v - mean)² / (n (n - 1))).
func meanErr(v []float64) (mean, err float64) {
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	for _, x := range v {
		err += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(err / (n * (n - 1)))
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// header says what the figures were measured on and what they mean.
func header(w io.Writer, c *cli, m bench.Machine, sklearn string, threads [2]int) {
	fmt.Fprintf(w, `%s, %d cores. Hadal: %s, kernels %s. %s.

Scores: mean and standard error over the same %d folds on both sides, of networks each the mean of %d seeds; difference: the mean of the folds'
differences and its standard error; equal: the means differ by no more than the smaller of the two standard errors. Times: milliseconds of
a fit, features included, the median of %d rounds in turn, on Hadal's side with %d and 1 threads, on scikit-learn's with its default, %d, and 1; ratio:
scikit-learn's time over Hadal's.

| data | model | measure | Hadal | scikit-learn | difference | equal | Hadal ms | scikit-learn ms | ratio | Hadal ms, 1 thread | scikit-learn ms, 1 thread | ratio |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`, m.CPU, m.Cores, m.Go, m.Kernels, sklearn, c.Folds, c.Seeds, c.Rounds, threads[0], threads[1])
}

// print writes a line for each measure, the times in the first.
func (r *row) print(w io.Writer) {
	for i, name := range r.measures() {
		c := compareScores(r.ours[i], r.theirs[i])
		equal, format := "yes", "%.4f"
		if !c.within() {
			equal = "**no**"
		}
		if name == "MAE" {
			format = "%.2f"
		}
		figure := func(mean, err float64) string { return fmt.Sprintf(format+" ± "+format, mean, err) }
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |", r.data, r.model, name,
			figure(c.ours, c.oursErr), figure(c.theirs, c.theirsErr), figure(c.diff, c.diffErr), equal)
		for _, t := range r.threads {
			if i == 0 {
				fmt.Fprintf(w, " %s | %s | %.1f |", milliseconds(median(t.ours)), milliseconds(median(t.theirs)), t.ratio())
			} else {
				fmt.Fprint(w, " | | |")
			}
		}
		fmt.Fprintln(w)
	}
}

// milliseconds writes x with three digits.
func milliseconds(x float64) string {
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(x)))), x)
}

// summary counts the lines with equal scores and takes the geometric means of the ratios.
func summary(w io.Writer, rows []*row) {
	equal, all := 0, 0
	var sum [2]float64
	slower := 0
	for _, r := range rows {
		for i := range r.measures() {
			all++
			if compareScores(r.ours[i], r.theirs[i]).within() {
				equal++
			}
		}
		for k, t := range r.threads {
			sum[k] += math.Log(t.ratio()) / float64(len(rows))
		}
		if min(r.threads[0].ratio(), r.threads[1].ratio()) < 1 {
			slower++
		}
	}
	fmt.Fprintf(w, "\n%d of %d scores are equal within one standard error. Geometric mean of scikit-learn's time over Hadal's: %.1f, with one thread %.1f; Hadal is slower in %d of %d.\n",
		equal, all, math.Exp(sum[0]), math.Exp(sum[1]), slower, len(rows))
}
