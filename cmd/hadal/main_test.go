package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// result is what a command left behind.
type result struct {
	status   int
	out, err string
}

// hadal runs a command line in this process.
func hadal(args ...string) result {
	return hadalContext(context.Background(), args...)
}

func hadalContext(ctx context.Context, args ...string) result {
	defer parallel.SetWorkers(0)
	var out, err bytes.Buffer
	status := run(ctx, args, &out, &err)
	return result{status, out.String(), err.String()}
}

// must runs a command line that must succeed and print nothing to standard error.
func must(t *testing.T, args ...string) string {
	t.Helper()
	r := hadal(args...)
	if r.status != 0 || r.err != "" {
		t.Fatalf("hadal %s: status %d, %s", strings.Join(args, " "), r.status, r.err)
	}
	return r.out
}

var stack = regexp.MustCompile(`goroutine \d+|\.go:\d+ \+0x|panic:`)

// oneLineError checks that a command failed as it should: with the status, and one line that has all of the parts.
func oneLineError(t *testing.T, what string, r result, status int, parts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: status %d, want %d; %s", what, r.status, status, r.err)
	}
	line, rest, _ := strings.Cut(r.err, "\n")
	if rest != "" || !strings.HasPrefix(line, "hadal: ") || stack.MatchString(r.err) || len(line) > 600 {
		t.Errorf("%s: standard error is not one line:\n%s", what, r.err)
	}
	for _, p := range parts {
		if !strings.Contains(line, p) {
			t.Errorf("%s: %q\nlacks %q", what, line, p)
		}
	}
}

var tempDir string // for all tests, made by TestMain

var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(tempDir, "hadal")
	out, err := exec.Command("go", "build", "-tags", buildTags, "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// program returns the path of the hadal program, built from this source.
func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// asProgram makes the test binary behave as hadal, with the test recipes.
const asProgram = "HADAL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	var err error
	if tempDir, err = os.MkdirTemp("", "hadal-test"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(tempDir)
	os.Exit(status)
}

// execute runs a program to its end.
func execute(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errOut bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &errOut
	stop := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer stop.Stop()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// small are options of a run that takes a moment. One thread is the quickest where other work keeps the processors busy.
var small = []string{"train", "mlp", "--hidden=32", "--epochs=3", "--lr=0.01", "--threads=1"}

var runsOnce sync.Map

// once returns the folder of a run that is trained once; tests must not change it.
func once(t *testing.T, name string, args ...string) string {
	t.Helper()
	f, _ := runsOnce.LoadOrStore(name, sync.OnceValues(func() (string, result) {
		dir := filepath.Join(tempDir, name)
		return dir, hadal(append(args, "--run-dir", dir)...)
	}))
	dir, r := f.(func() (string, result))()
	if r.status != 0 {
		t.Fatal(r.err)
	}
	return dir
}

// trained returns the run of a recipe on the digits that is good enough to be right mostly.
func trained(t *testing.T, recipe string) string {
	return once(t, recipe, "train", recipe, "--epochs=8", "--threads=1")
}

// undisturbed returns the run of small.
func undisturbed(t *testing.T) string { return once(t, "small", small...) }

// jsonLines parses output of which each line must be one JSON object.
func jsonLines(t *testing.T, out string) (lines []map[string]any) {
	t.Helper()
	if !strings.HasSuffix(out, "\n") {
		t.Errorf("the last line does not end: %q", out)
	}
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, m)
	}
	return lines
}

// testRecipe misbehaves as its Do says.
type testRecipe struct {
	Do string
}

func init() {
	recipes.Register(recipes.Entry{Name: "test-recipe", Area: "test", Title: "misbehaves", New: func() recipes.Recipe { return new(testRecipe) }})
}

func (c *testRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	model := nn.NewLinear(random.New(env.Seed), 1, 1, nn.LinearConfig{})
	switch c.Do {
	case "bug":
		aFunctionWithABug()
	case "bug in a loop":
		parallel.For(2, 1, func(lo, hi int) { aFunctionWithABug() })
	case "shapes":
		model.Forward(tensor.Ones(3))
	}
	loop := train.Loop[int]{
		Batches: func(ctx context.Context, epoch, from int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) { yield(1, nil) }
		},
		NumBatches: 1,
		Step: func(*tensor.Scope, int) (train.Metrics, error) {
			os.Stdout.WriteString("step\n")
			if c.Do == "bug in a step" {
				aFunctionWithABug()
			}
			time.Sleep(time.Minute) // long, for the second signal
			return nil, nil
		},
		State: new(train.State).Module("model", model), Run: env.Run, Config: train.Config{Epochs: 1},
	}
	if err := env.Describe(c); err != nil {
		return nil, err
	}
	_, err := loop.Train(ctx)
	return nil, err
}

func aFunctionWithABug() {
	var m map[string]int
	//lint:ignore SA5000 the bug
	m["x"] = 1
}
