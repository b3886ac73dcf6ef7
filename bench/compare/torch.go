package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/cpu"
)

//go:embed torch_bench.py
var torchScript string

// openBLAS is where Debian keeps the build that shares PyTorch's threads.
const openBLAS = "/usr/lib/x86_64-linux-gnu/openblas-openmp"

// setting is an environment for PyTorch.
type setting struct {
	name string
	env  []string
}

// settings returns those that are the best for some workload on this kind of machine.
func settings() []setting {
	keep := []string{"MALLOC_MMAP_THRESHOLD_=8589934592", "MALLOC_TRIM_THRESHOLD_=17179869184", "MALLOC_TOP_PAD_=67108864"}
	all := []setting{{"default", nil}, {"kept memory", keep}}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL { // which it does not always choose itself
		all = append(all, setting{"kept memory, AVX-512", append(keep, "OPENBLAS_CORETYPE=SkylakeX", "ATEN_CPU_CAPABILITY=avx512")})
	}
	return all
}

// torchResult is a line of torch_bench.py.
type torchResult struct {
	Case    string  `json:"case"`
	Variant string  `json:"variant"`
	Median  float64 `json:"median_ms"`
	PeakMB  float64 `json:"peak_mb"`
	Error   string  `json:"error"`

	setting string
}

// how names the setting and variant.
func (r torchResult) how() string {
	if r.Variant == "" {
		return r.setting
	}
	return r.setting + ", " + r.Variant
}

// torchSide is PyTorch: a process for each setting and number of threads, which forks one for each measurement.
type torchSide struct {
	python  string
	budget  float64
	version string
	servers []*server
}

type server struct {
	setting string
	threads int
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func (t *torchSide) start(ctx context.Context, threads []int) error {
	for _, n := range threads {
		for _, s := range settings() {
			if err := t.startServer(ctx, s, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *torchSide) startServer(ctx context.Context, s setting, threads int) (err error) {
	v := &server{setting: s.name, threads: threads}
	v.cmd = exec.CommandContext(ctx, t.python, "-c", torchScript, "--serve", "--threads", strconv.Itoa(threads), "--budget", fmt.Sprint(t.budget))
	v.cmd.Env = append(os.Environ(), s.env...)
	v.cmd.Env = append(v.cmd.Env, "PYTHONWARNINGS=ignore", "OMP_NUM_THREADS="+strconv.Itoa(threads), "OPENBLAS_NUM_THREADS="+strconv.Itoa(threads))
	if _, err := os.Stat(openBLAS); err == nil {
		v.cmd.Env = append(v.cmd.Env, "LD_LIBRARY_PATH="+openBLAS)
	}
	v.cmd.Stderr = os.Stderr
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := v.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", t.python, err)
	}
	t.servers = append(t.servers, v)
	v.out = bufio.NewReader(out)
	line, err := v.out.ReadBytes('\n')
	var meta struct{ Meta, Capability string }
	if err := errors.Join(err, json.Unmarshal(line, &meta)); err != nil {
		return fmt.Errorf("%s does not start: %w", t.python, err)
	}
	t.version = meta.Meta + ", " + meta.Capability
	return nil
}

// run measures a workload with every setting and variant.
func (t *torchSide) run(name string, threads int) (rs []torchResult, err error) {
	for _, v := range t.servers {
		if v.threads != threads {
			continue
		}
		if _, err := fmt.Fprintln(v.in, name); err != nil {
			return nil, fmt.Errorf("PyTorch, %s: %w", name, err)
		}
		for {
			line, err := v.out.ReadBytes('\n')
			if err != nil {
				return nil, fmt.Errorf("PyTorch, %s: %w", name, err)
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				break
			}
			r := torchResult{setting: v.setting}
			if err := json.Unmarshal(line, &r); err != nil {
				return nil, fmt.Errorf("PyTorch, %s: %q: %w", name, line, err)
			}
			if r.Error != "" {
				fmt.Fprintf(os.Stderr, "compare: PyTorch (%s), %s: %s\n", r.how(), name, r.Error)
				continue
			}
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// close ends the processes.
func (t *torchSide) close() {
	for _, v := range t.servers {
		v.in.Close()
		v.cmd.Wait()
	}
}
