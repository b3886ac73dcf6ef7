package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/bench"
)

// The test binary stands for itself, which measures Hadal, and for a Python with PyTorch.
func TestMain(m *testing.M) {
	switch {
	case slices.Contains(os.Args, "--measure"):
		main()
	case slices.Contains(os.Args, "--serve"):
		servePyTorch()
	case len(os.Args) == 3 && os.Args[2] == "import torch":
	default:
		os.Exit(m.Run())
	}
}

// servePyTorch answers as torch_bench.py does: 3 and 2 seconds for two variants with little memory each, and a failure.
func servePyTorch() {
	fmt.Println(`{"meta": "torch 0", "capability": "TEST"}`)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		for _, r := range []map[string]any{
			{"case": in.Text(), "variant": "", "median_ms": 3000, "peak_mb": 1},
			{"case": in.Text(), "variant": "out", "median_ms": 2000, "peak_mb": 2},
			{"case": in.Text(), "variant": "csr", "error": "not on this day"},
		} {
			b, _ := json.Marshal(r)
			fmt.Println(string(b))
		}
		fmt.Println()
	}
}

func TestCompare(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	c := cli{Filter: "^(matmul/64x64x64|add/1000|train/mlp_b.*)$", Threads: []int{1, 2}, Budget: 0.001, Rounds: 2, Python: self, Out: file}
	var out bytes.Buffer
	cases, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.compare(context.Background(), cases, &out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, name := range []string{"matmul/64x64x64", "add/1000", "train/mlp_b_4-64-64-2_b32_adam"} {
		for _, threads := range []string{"1", "2"} {
			// ours in less than a second, PyTorch's best variant, its least memory
			re := `(?m)^\| ` + name + ` \| ` + threads + ` \| 0?\d*\.\d+ \| 2000 \| \d+\.\d\d \| (\d+\.?\d*)? \| (\d+%( \(\d+\))?)? \| \d+ \| 1 \| \d+ \| \d+ \| .*out \|$`
			if !regexp.MustCompile(re).MatchString(text) {
				t.Errorf("%s, %s threads: no row\n%s", name, threads, text)
			}
		}
	}
	for _, want := range []string{"PyTorch: torch 0, TEST;", "| operations | 1 | 2 |", "| operations | 2 | 2 |", "| training | 1 | 1 |", "| training | 2 | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if strings.Contains(text, "| inference |") {
		t.Error("a mean of no rows")
	}
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), text) {
		t.Errorf("%s does not hold the output: %v", file, err)
	}
}

func TestErrors(t *testing.T) {
	good := cli{Filter: "add/1000$", Threads: []int{1}, Budget: 0.001, Rounds: 1}
	for name, c := range map[string]struct {
		change func(*cli)
		want   []string
	}{
		"filter":      {func(c *cli) { c.Filter = "(" }, []string{`--filter "("`, "give a regular expression"}},
		"no workload": {func(c *cli) { c.Filter = "zzz" }, []string{`"zzz" matches no workload`, "--list"}},
		"budget":      {func(c *cli) { c.Budget = math.NaN() }, []string{"--budget NaN", "above 0"}},
		"rounds":      {func(c *cli) { c.Rounds = 0 }, []string{"--rounds 0", "at least 1"}},
		"no threads":  {func(c *cli) { c.Threads = nil }, []string{"--threads []", "1,2"}},
		"threads":     {func(c *cli) { c.Threads = []int{1, 0} }, []string{"--threads [1 0]", "1 to 1024"}},
		"python":      {func(c *cli) { c.Python = filepath.Join(t.TempDir(), "python") }, []string{"no PyTorch", "apt-get install python3-torch", "--python"}},
	} {
		x := good
		c.change(&x)
		cases, err := x.check()
		if err == nil {
			err = x.compare(context.Background(), cases, &bytes.Buffer{})
		}
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %q lacks %q", name, err, want)
			}
		}
	}
}

// Targets are of workloads that there are.
func TestTargets(t *testing.T) {
	names := map[string]bool{}
	for _, c := range bench.Cases() {
		names[c.Name] = true
	}
	for _, m := range []map[string][2]float64{targets, fractions} {
		for name := range m {
			if !names[name] {
				t.Errorf("there is no workload %s", name)
			}
		}
	}
	if r, f := targetOf("train/gpt_g_L6_d384_h6_ctx256_b8_adamw", 2); r != 1.3 || f != 0 {
		t.Errorf("%v, %v", r, f)
	}
	if r, f := targetOf("matmul/512x512x512", 4); r != 0 || f != 0 {
		t.Errorf("%v, %v", r, f)
	}
}

func TestRow(t *testing.T) {
	ours := []bench.Result{{Case: "a", Threads: 1, Median: 9}, {Case: "a", Threads: 1, Median: 1}, {Case: "a", Threads: 1, Median: 2}}
	at := func(variant string, ms, mb float64) torchResult {
		return torchResult{Variant: variant, Median: ms, PeakMB: mb, setting: "default"}
	}
	// Of each variant the median of the rounds, then the best; a lucky round does not count.
	r := newRow(ours, []torchResult{at("", 5, 10), at("x", 3, 30), at("", 4, 10), at("x", 7, 30), at("", 5, 10), at("x", 8, 30)})
	if r.ours.Median != 2 || r.theirs.Median != 5 || r.ratio != 2.5 || r.torchMB != 10 || r.theirs.how() != "default" {
		t.Errorf("%+v", r)
	}
	// Nothing of PyTorch's ran.
	var out bytes.Buffer
	r = newRow(ours, nil)
	r.print(&out, 100)
	if want := "| a | 1 | 2.00 | - | - |  |  | 0 | - | 0 | 0 |  |\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestSummary(t *testing.T) {
	at := func(name string, threads int, ms, ratio float64) row {
		return row{ours: bench.Result{Case: name, Threads: threads, Median: ms, PeakMB: 3}, torchMB: 4, ratio: ratio}
	}
	var out bytes.Buffer
	summary(&out, []row{
		at("add/1", 1, 8, 2), at("add/1", 2, 4, 1), at("add/2", 1, 8, 8), at("add/2", 2, 1, 1), at("train/x", 1, 5, 0), at("infer/x", 2, 1, 3),
	})
	for _, want := range []string{"| operations | 1 | 2 | 4.00 | 0.75 | 1.00 |\n", "| operations | 2 | 2 | 1.00 | 0.75 | 4.00 |\n", "| inference | 2 | 1 | 3.00 | 0.75 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "training") {
		t.Errorf("a mean of unknown ratios:\n%s", &out)
	}
}

func TestFigure(t *testing.T) {
	for x, want := range map[float64]string{0.00123456: "0.00123", 0.0999: "0.0999", 1: "1.00", 12.345: "12.3", 123.45: "123", 1234.5: "1234"} {
		if got := figure(x); got != want {
			t.Errorf("figure(%v) is %q, want %q", x, got, want)
		}
	}
}

func TestPutInto(t *testing.T) {
	file := filepath.Join(t.TempDir(), "R.md")
	put := func(text, want string) {
		t.Helper()
		if err := putInto(file, text); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file)
		if err != nil || string(b) != want {
			t.Errorf("%q, want %q", b, want)
		}
	}
	if err := os.WriteFile(file, []byte("# Before\n\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	put("one\n", "# Before\n\n## Hadal beside PyTorch\n\n`go run ./bench/compare`:\n\n"+begin+"\none\n"+end+"\n")
	put("two\n", "# Before\n\n## Hadal beside PyTorch\n\n`go run ./bench/compare`:\n\n"+begin+"\ntwo\n"+end+"\n")
	if err := os.WriteFile(file, []byte(begin+" no end"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := putInto(file, "x"); err == nil || !strings.Contains(err.Error(), "without") {
		t.Errorf("%v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("%v is left", entries)
	}
}
