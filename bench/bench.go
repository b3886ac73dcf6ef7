// Package bench measures the operations, training steps and inferences by which Hadal is compared with PyTorch.
//
// Each workload is a function that a user could have written, with random inputs and no dropout. hadal bench runs them;
// bench/compare runs them beside PyTorch's (torch_bench.py, where they have the same names) and prints the ratios. A
// training step is the forward pass, the loss, the backward pass and the optimizer's step, in a scope as package train does it.
package bench

import (
	"math"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Case is one workload.
type Case struct {
	Name  string
	FLOPs float64 // of one call, a multiply-add counted as two; 0: not counted
	Bytes float64 // that one call has to read and write at least; 0: not counted
	Note  string
	New   func() func()               // makes inputs and model, and returns the call to measure
	Open  func() (call, close func()) // as New, where the call has to be closed after the last
}

// open returns the call to measure and what ends it.
func (c Case) open() (call, close func()) {
	if c.Open != nil {
		return c.Open()
	}
	return c.New(), func() {}
}

// Cases returns every workload.
func Cases() []Case {
	return slices.Concat(ops(), convolutions(), []Case{
		trainMLP("train/mlp_a_784-512-256-10_b64_adam", 64, 784, 512, 256, 10),
		trainMLP("train/mlp_b_4-64-64-2_b32_adam", 32, 4, 64, 64, 2),
		trainLeNet(), trainResNet18(), trainLSTM(), trainGRU(), trainTransformer(), trainGPT(), trainDCGAN(), trainGCN(), spmm(), trainVAE(), trainUNet(),
		trainResNet50("train/resnet50_224_b8_sgdm", false), trainResNet50("train/resnet50_224_b8_sgdm_checkpointed", true),
	}, recipes(), []Case{recipeUNet()}, inferences())
}

// Match returns the workloads whose name matches.
func Match(re *regexp.Regexp) []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return !re.MatchString(c.Name) })
}

// Result is what was measured of a workload. Times are milliseconds a call.
type Result struct {
	Case       string  `json:"case"`
	Threads    int     `json:"threads"`
	Median     float64 `json:"median_ms"`
	Min        float64 `json:"min_ms"`
	Max        float64 `json:"max_ms"`
	P90        float64 `json:"p90_ms"`
	First      float64 `json:"first_ms"` // the very first call
	Samples    int     `json:"samples"`
	Inner      int     `json:"inner"` // calls a sample
	Steal      int64   `json:"steal"` // 1/100 s that the machine's host took away meanwhile
	GFLOPS     float64 `json:"gflops,omitempty"`
	GBPS       float64 `json:"gbps,omitempty"`
	PeakMB     float64 `json:"peak_mb,omitempty"` // most resident memory of the process so far, 10⁶ bytes
	PageFaults float64 `json:"page_faults"`       // a call, in the steady state
	GoBytes    float64 `json:"go_bytes"`          // allocated on the Go heap a call, in the steady state
	Note       string  `json:"note,omitempty"`
}

// What a sample lasts at least, so that the clock's resolution does not matter, and how many samples there are.
const (
	sample     = 2 * time.Millisecond
	minSamples = 3
	maxSamples = 201
)

// Run measures a workload: the first call, warm-up for a fifth of the budget, then samples for the budget, three at least.
func (c Case) Run(budget time.Duration) Result {
	f, done := c.open()
	defer done()
	runtime.GC() // what was made on the way
	stolen := steal()
	start := time.Now()
	f()
	first := time.Since(start)

	n := 0
	for start = time.Now(); n < 2 || n < 2000 && time.Since(start) < budget/5; n++ {
		f()
	}
	one := max(time.Since(start)/time.Duration(n), 1)
	inner := max(1, int(sample/one))
	samples := int(min(max(budget/(one*time.Duration(inner)), minSamples), maxSamples))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	faults := pageFaults()
	ms := make([]float64, samples)
	for i := range ms {
		start = time.Now()
		for range inner {
			f()
		}
		ms[i] = time.Since(start).Seconds() * 1e3 / float64(inner)
	}
	faults = pageFaults() - faults
	runtime.ReadMemStats(&after)
	slices.Sort(ms)
	calls, median := float64(samples*inner), ms[samples/2]
	return Result{
		Case: c.Name, Threads: parallel.Workers(), Note: c.Note,
		Median: round(median, 6), Min: round(ms[0], 6), Max: round(ms[samples-1], 6), P90: round(ms[samples*9/10], 6), First: round(first.Seconds()*1e3, 3),
		Samples: samples, Inner: inner, Steal: steal() - stolen,
		GFLOPS: round(c.FLOPs/median/1e6, 2), GBPS: round(c.Bytes/median/1e6, 2),
		PeakMB: round(peakMB(), 1), PageFaults: round(float64(faults)/calls, 2), GoBytes: round(float64(after.TotalAlloc-before.TotalAlloc)/calls, 0),
	}
}

func round(x float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(x*unit) / unit
}

// scoped returns a call of f in a scope of its own.
func scoped(f func(s *tensor.Scope)) func() {
	return func() { tensor.WithScope(f) }
}

// generator returns the source of a workload's inputs and weights.
func generator() *random.Generator { return random.New(0) }

func randn(g *random.Generator, dims ...int) *tensor.Tensor { return tensor.Randn(g, dims...) }
