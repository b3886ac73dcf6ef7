package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/hadal-go/hadal/tensor"
)

//go:embed sklearn_side.py
var script string

// sklearn is a process of scikit-learn's.
type sklearn struct {
	Version string `json:"version"`
	Threads int    `json:"threads"`

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startSklearn starts a process with a number of threads, 0 for its default.
func startSklearn(ctx context.Context, python string, threads int) (s *sklearn, err error) {
	s = &sklearn{cmd: exec.CommandContext(ctx, python, "-c", script)}
	s.cmd.Env = append(os.Environ(), "PYTHONWARNINGS=ignore")
	if threads > 0 {
		n := strconv.Itoa(threads)
		s.cmd.Env = append(s.cmd.Env, "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "MKL_NUM_THREADS="+n)
	}
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", python, err)
	}
	s.out = bufio.NewReader(out)
	line, err := s.out.ReadBytes('\n')
	if err := errors.Join(err, json.Unmarshal(line, s)); err != nil {
		s.close()
		return nil, fmt.Errorf("%s does not start: %w", python, err)
	}
	return s, nil
}

func (s *sklearn) close() {
	s.in.Close()
	s.cmd.Wait()
}

// request is a line to the process.
type request struct {
	Do      string   `json:"do"`
	Set     string   `json:"set"`
	Data    *content `json:"data,omitempty"`
	Model   string   `json:"model,omitempty"`
	Options options  `json:"options"`
	Seed    uint64   `json:"seed"`
	Budget  float64  `json:"budget,omitempty"`
}

// content is a data set as the process gets it.
type content struct {
	X          [][]*float64 `json:"x"`
	Y          []float64    `json:"y"`
	Folds      [][]int      `json:"folds"` // rows held out
	Regression bool         `json:"regression"`
	Categories []int        `json:"categories"`
}

// answer is a line from the process.
type answer struct {
	Scores [][]float64 `json:"scores"`
	MS     float64     `json:"ms"`
	Error  string      `json:"error"`
}

func (s *sklearn) ask(r request) (a answer, err error) {
	if err := json.NewEncoder(s.in).Encode(r); err != nil {
		return a, fmt.Errorf("scikit-learn, %s, %s: %w", r.Set, r.Model, err)
	}
	line, err := s.out.ReadBytes('\n')
	if err := errors.Join(err, json.Unmarshal(line, &a)); err != nil {
		return a, fmt.Errorf("scikit-learn, %s, %s: %w", r.Set, r.Model, err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("scikit-learn, %s, %s: %s", r.Set, r.Model, a.Error)
	}
	return a, nil
}

// send gives the process a data set.
func (s *sklearn) send(d *data) error {
	_, err := s.ask(request{Do: "data", Set: d.name, Data: &content{
		X: d.rows, Y: tensor.Data[float64](d.y.To(tensor.Float64)), Folds: d.test, Regression: d.regression, Categories: d.categories,
	}})
	return err
}

// score returns the scores of each fold.
func (s *sklearn) score(d *data, m *model, seed uint64) ([][]float64, error) {
	a, err := s.ask(request{Do: "score", Set: d.name, Model: m.name, Options: m.options, Seed: seed})
	return a.Scores, err
}

// time returns the milliseconds of a fit.
func (s *sklearn) time(d *data, m *model, budget float64) (float64, error) {
	a, err := s.ask(request{Do: "time", Set: d.name, Model: m.name, Options: m.options, Budget: budget})
	return a.MS, err
}
