package bench

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// Every name is there once.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("%s is there twice", c.Name)
		}
		seen[c.Name] = true
	}
	for _, name := range []string{"matmul/4096x4096x4096", "conv/N32C3H224K64_7x7s2/fwdbwd", "train/gpt_g_L6_d384_h6_ctx256_b8_adamw", "infer/bert_base_s128_b1", "spmm/cora_adj_x_16"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestMatch(t *testing.T) {
	cs := Match(regexp.MustCompile("^train/.*_adam$"))
	if len(cs) == 0 || slices.ContainsFunc(cs, func(c Case) bool { return !strings.HasPrefix(c.Name, "train/") }) {
		t.Errorf("%d matches", len(cs))
	}
}

// quick are workloads of a moment, one of each kind.
var quick = regexp.MustCompile(`^(matmul/64x64x64|exp/1000|add/1000|train/mlp_b.*|train/lenet.*|train/gcn.*|train/vae.*|spmm/.*|infer/(mlp|lenet).*)$`)

func TestRun(t *testing.T) {
	for _, c := range Match(quick) {
		r := c.Run(time.Microsecond)
		if r.Case != c.Name || r.Threads != parallel.Workers() || r.Samples < minSamples || r.Inner < 1 || r.Note != c.Note {
			t.Errorf("%+v", r)
		}
		if !(0 < r.Min && r.Min <= r.Median && r.Median <= r.P90 && r.P90 <= r.Max && r.First > 0) {
			t.Errorf("%s: times are not in order: %+v", c.Name, r)
		}
		if want := c.FLOPs / r.Median / 1e6; math.Abs(r.GFLOPS-want) > 0.01+0.01*want {
			t.Errorf("%s: %v GFLOP/s, want %v", c.Name, r.GFLOPS, want)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// The large models map shapes as they should.
func TestModels(t *testing.T) {
	g := generator()
	for name, c := range map[string]struct {
		got, want string
	}{
		"ResNet-18 for CIFAR":    {cifarResNet18(g).Forward(randn(g, 2, 3, 32, 32)).Shape().String(), "(2, 10)"},
		"ResNet-18 for ImageNet": {imageNetResNet18(g).Forward(randn(g, 1, 3, 64, 64)).Shape().String(), "(1, 1000)"},
		"GPT":                    {newGPT(g, 65, 16, 24, 2, 3).Forward(tensor.RandInt(g, 0, 65, 2, 16)).Shape().String(), "(2, 16, 65)"},
		"DCGAN":                  {dcganDiscriminator(g).Forward(dcganGenerator(g).Forward(randn(g, 2, 100, 1, 1))).Shape().String(), "(2,)"},
	} {
		if c.got != c.want {
			t.Errorf("%s gives %s, want %s", name, c.got, c.want)
		}
	}
}

// The numbers of parameters are those of torchvision's resnet18, of its well-known form for CIFAR-10, and of PyTorch's DCGAN
// tutorial.
func TestParameters(t *testing.T) {
	g := generator()
	for name, c := range map[string]struct {
		model any
		want  int
	}{
		"ResNet-18 for ImageNet": {imageNetResNet18(g), 11689512},
		"ResNet-18 for CIFAR":    {cifarResNet18(g), 11173962},
		"DCGAN generator":        {dcganGenerator(g), 3576704},
		"DCGAN discriminator":    {dcganDiscriminator(g), 2765568},
		"LeNet-5":                {lenet(g), 61706},
	} {
		if n := nn.NumParams(c.model); n != c.want {
			t.Errorf("%s has %d parameters, want %d", name, n, c.want)
		}
	}
}

func TestMachine(t *testing.T) {
	m := ThisMachine()
	if m.CPU == "" || m.Cores < 1 || m.Kernels == "" || !strings.HasPrefix(m.Go, "go") || (m.Peak > 0) != (m.Kernels != "go") {
		t.Errorf("%+v", m)
	}
}

// BenchmarkCase is for profiles: go test -run '^$' -bench 'Case/train/gpt' -cpuprofile cpu.prof ./bench
func BenchmarkCase(b *testing.B) {
	for _, c := range Cases() {
		b.Run(c.Name, func(b *testing.B) {
			f, done := c.open()
			defer done()
			for b.Loop() {
				f()
			}
			if c.FLOPs > 0 {
				b.ReportMetric(c.FLOPs*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			}
		})
	}
}
