//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/train"
)

// kills is the number of processes that TestKill kills; HADAL_TEST_KILLS asks for more.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("HADAL_TEST_KILLS"))
	if err != nil && os.Getenv("HADAL_TEST_KILLS") != "" {
		t.Fatal(err)
	}
	return max(n, 5)
}

// A process that is killed at any moment, again and again, leaves a run that --resume continues from a whole checkpoint,
// to the very bytes of a run that nobody disturbed.
func TestKill(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	options := []string{"train", "mlp", "--hidden=32", "--epochs=16", "--lr=0.01", "--patience=14"}
	whole := filepath.Join(base, "whole")
	start := time.Now()
	if r := execute(t, exec.Command(program(t), append(options, "--run-dir", whole)...)); r.status != 0 {
		t.Fatal(r.err)
	}
	length := time.Since(start)
	want := outcome(t, whole)

	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	killed, runs, kinds := 0, 0, map[string]int{}
	for killed < kills(t) {
		runs++
		dir := filepath.Join(base, fmt.Sprint("run", runs))
		for {
			args := append(options, "--run-dir", dir)
			if _, err := os.Stat(filepath.Join(dir, train.ConfigFile)); err == nil {
				args = []string{"train", "mlp", "--resume", "--run-dir", dir}
			}
			cmd := exec.Command(program(t), args...)
			var errOut bytes.Buffer
			cmd.Stderr = &errOut
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			delay := time.Duration(random.Float64() * float64(length) * 0.3)
			if killed == kills(t) {
				delay = time.Minute // the last one may come to its end
			}
			stop := time.AfterFunc(delay, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			stop.Stop()
			if err == nil {
				break // this time it came to its end
			}
			if !cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
				t.Fatalf("seed %d, run %d after %d kills: %v, %s", seed, runs, killed, err, errOut.String())
			}
			killed++
			kinds[wholeRun(t, dir)]++
			if t.Failed() {
				t.Fatalf("seed %d: killed after %v", seed, delay)
			}
		}
		sameOutcome(t, fmt.Sprintf("seed %d, run %d", seed, runs), dir, want)
		for _, name := range left(t, dir) {
			if strings.HasSuffix(name, ".tmp") {
				t.Errorf("seed %d: %s is left over", seed, name)
			}
		}
	}
	t.Logf("%d processes killed in %d runs; they left %v", killed, runs, kinds)
}

// wholeRun checks that every file that a killed process left is whole, and says how far it was.
func wholeRun(t *testing.T, dir string) string {
	t.Helper()
	run, _, err := train.OpenRun(dir)
	if err != nil {
		if _, statErr := os.Stat(filepath.Join(dir, train.ConfigFile)); statErr == nil {
			t.Error(err)
		}
		return "no run"
	}
	if _, err := run.History(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{train.ModelFile, train.StateFile} {
		if _, err := os.Stat(run.Path(name)); err == nil {
			if _, _, err := safetensors.Load(run.Path(name)); err != nil {
				t.Error(err)
			}
		}
	}
	switch {
	case run.Finished():
		return "a result"
	case run.HasCheckpoint():
		return "a checkpoint"
	}
	return "no checkpoint"
}

// begin starts a program and returns a reader of its standard output.
func begin(t *testing.T, cmd *exec.Cmd) (out *bufio.Reader, errOut *bytes.Buffer) {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errOut = new(bytes.Buffer)
	cmd.Stderr = errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		stop.Stop()
		cmd.Process.Kill()
	})
	return bufio.NewReader(pipe), errOut
}

// waitFor reads lines until one has the text.
func waitFor(t *testing.T, out *bufio.Reader, text string) {
	t.Helper()
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("the program ended before %q: %v", text, err)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// SIGINT and SIGTERM end the step, save and exit with 130; --resume continues to the same bytes.
func TestSignals(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	options := []string{"train", "mlp", "--hidden=128", "--epochs=20"}
	whole := filepath.Join(base, "whole")
	must(t, append(options, "--run-dir", whole)...)
	dir := filepath.Join(base, "run")
	args := append(options, "--run-dir", dir)
	for i, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.Command(program(t), args...)
		out, errOut := begin(t, cmd)
		waitFor(t, out, fmt.Sprintf("epoch %2d/20", 2+2*i))
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(out)
		cmd.Wait()
		r := result{cmd.ProcessState.ExitCode(), string(rest), errOut.String()}
		oneLineError(t, signal.String(), r, 130, "interrupted; the run is saved, continue it with: hadal train mlp --resume --run-dir "+dir)
		if r.status != 130 {
			t.Fatal("the run came to its end")
		}
		args = []string{"train", "mlp", "--resume", "--run-dir", dir}
	}
	must(t, args...)
	sameOutcome(t, "stopped twice", dir, outcome(t, whole))
}

// A second signal does not wait for the end of the step.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "train", "test-recipe", "--run-dir", filepath.Join(t.TempDir(), "run"))
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, errOut := begin(t, cmd)
	waitFor(t, out, "step") // which lasts a minute
	start := time.Now()
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	signals := 0
	for {
		cmd.Process.Signal(os.Interrupt)
		signals++
		select {
		case err := <-done:
			var exit *exec.ExitError
			if signals < 2 || !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
				t.Errorf("after %d signals: %v, %s", signals, err, errOut)
			}
			if stack.MatchString(errOut.String()) {
				t.Errorf("there is a stack:\n%s", errOut)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("it still runs after %d signals", signals)
		}
	}
}

// Where there is no space or no permission: one line, and what was there stays.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	base, whole := t.TempDir(), undisturbed(t)
	limited := func(blocks int, args ...string) result { // blocks of 512 bytes
		return execute(t, exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, blocks), program(t)}, args...)...))
	}
	dir := filepath.Join(base, "run")
	start := append(small, "--run-dir", dir)
	oneLineError(t, "no space for the histograms", limited(4, start...), 1, "mlp: "+filepath.Join(dir, train.HistogramsFile)+" cannot be written")
	start = append(start, "--no-histograms")
	oneLineError(t, "no space for the model", limited(4, start...), 1, "mlp: "+filepath.Join(dir, train.ModelFile)+" cannot be written")
	if names := left(t, dir); len(names) != 0 {
		t.Errorf("that left %v", names)
	}
	// There is space for the model of 10 KB, but not for the state of 30 KB.
	oneLineError(t, "no space for the state", limited(40, start...), 1, "mlp: "+filepath.Join(dir, train.StateFile)+" cannot be written")
	resume := []string{"train", "mlp", "--resume", "--run-dir", dir, "--no-histograms"}
	oneLineError(t, "no space to continue", limited(40, resume...), 1, "mlp: "+filepath.Join(dir, train.StateFile)+" cannot be written")
	must(t, resume...)
	sameOutcome(t, "after space was found", dir, outcome(t, whole))

	// A real small file system, where this process may mount one.
	small64 := filepath.Join(base, "64k")
	if err := os.Mkdir(small64, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", small64).CombinedOutput(); err != nil {
		t.Logf("no file system can be mounted here (%v, %s): the limit on file sizes is all that was tried", err, bytes.TrimSpace(out))
		return
	}
	defer exec.Command("umount", small64).Run()
	dir = filepath.Join(small64, "run")
	oneLineError(t, "64 KB", hadal("train", "mlp", "--hidden=256", "--epochs=1", "--run-dir", dir), 1, "mlp: "+dir, "no space left", "free some, or choose another folder")
	if names := left(t, small64); len(names) != 0 {
		t.Errorf("that left %v", names)
	}
	r := hadal(append(small, "--run-dir", dir)...) // fits until the second checkpoint or the pictures
	oneLineError(t, "64 KB, later", r, 1, "mlp: ", dir)
	for _, name := range left(t, dir) {
		if strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".png") {
			t.Errorf("%s is left over", name)
		}
	}
	wholeRun(t, dir)
}

// Readers that go away, closed streams and missing or unwritable homes are no reason to crash.
func TestHostileSurroundings(t *testing.T) {
	t.Parallel()
	sh := func(script string, env ...string) result {
		cmd := exec.Command("sh", "-c", script, program(t))
		cmd.Env = append(os.Environ(), env...)
		cmd.Dir = t.TempDir()
		return execute(t, cmd)
	}
	for _, script := range []string{
		`"$0" list | true`, `"$0" list | head -n 1`, `"$0" --help | head -c 1`, `"$0" --json data list | true`,
		`"$0" list <&-`, `"$0" list >&-`, `"$0" version 2>&-`, `"$0" version <&- >&- 2>&-`,
		`"$0" train mlp --hidden=8 --epochs=2 --run-dir run <&-`,
		`"$0" train mlp --hidden=8 --epochs=2 --run-dir run | head -n 1`,
	} {
		if r := sh(script); r.status != 0 || r.err != "" { // of the pipe's last command
			t.Errorf("%s: %+v", script, r)
		}
	}
	// A program that writes into a broken pipe ends like others, by the signal: 128 + SIGPIPE.
	r := sh(`{ "$0" list; echo $? >&2; } | true`)
	if r.err != "141\n" && r.err != "0\n" {
		t.Errorf("into a broken pipe: %+v", r)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		for _, command := range []string{"version", "list", "data list", "summary mlp", "--json version"} {
			oneLineError(t, command, sh(`"$0" `+command+` >/dev/full`), 1, "standard output cannot be written: no space left")
		}
		oneLineError(t, "a full disk", sh(`"$0" --json eval "`+trained(t, "mlp")+`" >/dev/full`), 1, "standard output cannot be written: no space left")
	}
	for _, home := range []string{"HOME=", "HOME=/dev/null", "HOME=/proc", "HOME=/nowhere"} {
		env := []string{home, "XDG_CACHE_HOME=", "HADAL_CACHE=", "HADAL_DATA="}
		for _, command := range []string{"version", "list", "data list", "summary lenet"} {
			if r := sh(`"$0" `+command, env...); r.status != 0 || r.err != "" {
				t.Errorf("%s hadal %s: %+v", home, command, r)
			}
		}
		oneLineError(t, home, sh(`"$0" data path mnist`, env...), 1, "mnist: ", "not found")
		if home != "HOME=/proc" {
			continue
		}
		if r := sh(`"$0" train mlp --hidden=8 --epochs=1 --run-dir run`, env...); r.status != 0 || r.err != "" {
			t.Errorf("%s hadal train: %+v", home, r)
		}
	}
	oneLineError(t, "HADAL_CPU", sh(`"$0" list`, "HADAL_CPU=abacus"), 2, "HADAL_CPU", `"abacus"`)
	oneLineError(t, "no cache", sh(`"$0" data get mnist`, "HADAL_CACHE=/dev/null/x", "HADAL_DATA="), 1, "mnist: ", "/dev/null")
}

// Two runs do not get into each other's way: the second is told.
func TestSecondProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command(os.Args[0], "train", "test-recipe", "--run-dir", dir)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, _ := begin(t, cmd)
	waitFor(t, out, "step")
	oneLineError(t, "--resume", hadal("train", "test-recipe", "--resume", "--run-dir", dir), 1, "another process trains in run folder "+dir)
	oneLineError(t, "a new run", hadal("train", "test-recipe", "--run-dir", dir), 1, dir+" already holds a run")
	if _, err := os.Stat(filepath.Join(dir, train.ConfigFile)); err != nil {
		t.Error(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
}
