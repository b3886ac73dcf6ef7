package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"

	"github.com/hadal-go/hadal/internal/filelock"
)

// journal is the file of a search: a line of JSON for each outcome, appended and put onto the disk at once.
type journal struct {
	mu    sync.Mutex
	name  string
	file  *os.File // nil: none is kept
	free  func()   // gives the lock back that keeps other processes out
	end   int64    // of the last whole line
	known map[[2]int]line
}

// line is an Outcome in the file: JSON has no NaN.
type line struct {
	Trial
	Score   *float64 `json:"score"`
	Error   string   `json:"error,omitempty"`
	Seconds float64  `json:"seconds"`
}

// most is the largest file that is read.
const most = 1 << 28

// openLog reads the outcomes of an earlier search, if the file is there. A last line that a killed process left half-written is cut off.
func openLog(name string) (*journal, error) {
	j := &journal{name: name, known: map[[2]int]line{}}
	if name == "" {
		return j, nil
	}
	free, err := filelock.Try(name + ".lock")
	switch {
	case errors.Is(err, filelock.ErrLocked):
		return nil, fmt.Errorf("search: another process searches with %s; wait for it, or give another file", name)
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return nil, j.explain(err)
	}
	j.free = free
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		free()
		return nil, j.explain(err)
	}
	j.file = f
	if err := j.read(); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *journal) explain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("search: %s: %w", j.name, err)
}

func (j *journal) read() error {
	b, err := io.ReadAll(io.LimitReader(j.file, most+1))
	if err != nil {
		return j.explain(err)
	}
	if len(b) > most {
		return fmt.Errorf("search: %s has more than %d bytes: it is no search's", j.name, most)
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	for n, text := range bytes.Split(b[:max(whole-1, 0)], []byte{'\n'}) {
		if whole == 0 {
			break
		}
		var l line
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		d.UseNumber() // whole numbers beyond 2⁵³
		if err := d.Decode(&l); err != nil || l.Values == nil || (l.Score == nil) == (l.Error == "") {
			return fmt.Errorf("search: %s, line %d is no outcome of a trial: give another file, or remove this one to begin anew", j.name, n+1)
		}
		j.known[[2]int{l.Number, l.Budget}] = l
	}
	const begins = `{"trial":`
	if tail := string(b[whole:]); !strings.HasPrefix(tail, begins) && !strings.HasPrefix(begins, tail) {
		return fmt.Errorf("search: %s does not end as a search's file does: give another file, or remove this one to begin anew", j.name)
	}
	j.end = int64(whole)
	if err := j.file.Truncate(j.end); err != nil {
		return j.explain(err)
	}
	return nil
}

// find returns what is known of a trial. It returns an error if another search's trial has its number.
func (j *journal) find(t Trial) (o Outcome, known bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	l, known := j.known[[2]int{t.Number, t.Budget}]
	if !known {
		return o, false, nil
	}
	a, err := json.Marshal(t)
	if err != nil {
		return o, false, err
	}
	b, err := json.Marshal(l.Trial)
	if err != nil {
		return o, false, err
	}
	if !bytes.Equal(a, b) {
		return o, false, fmt.Errorf("search: %s is of another search: its trial %d is %s, not %s; give another file, or remove this one", j.name, t.Number, b, a)
	}
	o = Outcome{Trial: t, Score: math.NaN(), Error: l.Error, Seconds: l.Seconds}
	if l.Score != nil {
		o.Score = *l.Score
	}
	return o, true, nil
}

// add appends an outcome.
func (j *journal) add(o Outcome) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	l := line{Trial: o.Trial, Error: o.Error, Seconds: o.Seconds}
	switch {
	case o.Error != "":
	case math.IsInf(o.Score, 0): // JSON has none either
		largest := math.Copysign(math.MaxFloat64, o.Score)
		l.Score = &largest
	default:
		l.Score = &o.Score
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if _, err := j.file.WriteAt(b, j.end); err != nil {
		j.file.Truncate(j.end) // half a line; the next would follow it
		return j.explain(err)
	}
	j.end += int64(len(b))
	if err := j.file.Sync(); err != nil {
		return j.explain(err)
	}
	return nil
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close()
		j.free()
	}
}
