package tensor

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Kind says what sort of mistake an Error is; errors.Is(err, tensor.ErrShape) asks for one.
type Kind string

// The kinds of mistakes.
const (
	ErrShape   Kind = "shapes do not fit"
	ErrDType   Kind = "wrong dtype"
	ErrAxis    Kind = "axis out of range"
	ErrIndex   Kind = "index out of range"
	ErrValue   Kind = "argument out of range"
	ErrDevice  Kind = "wrong device"
	ErrStale   Kind = "data changed since it was recorded"
	ErrGraph   Kind = "no graph to differentiate"
	ErrScope   Kind = "tensor used outside its scope"
	ErrNumeric Kind = "numerical failure"
	ErrNaN     Kind = "not a number"
)

func (k Kind) Error() string { return string(k) }

// Error is what a wrong program panics with: it names the op, the shapes and the caller's line. Catch turns it into an
// ordinary error.
type Error struct {
	Op     string  // the op that refused, e.g. "matmul"
	Kind   Kind    // what sort of mistake
	Shapes []Shape // shapes of the op's inputs
	Msg    string  // what is wrong and how to mend it
	Caller string  // file:line of the code that called the library
}

// Error returns one line: op, shapes, what is wrong, where.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	for i, s := range e.Shapes {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(" " + s.String())
	}
	b.WriteString(": " + e.Msg)
	if e.Caller != "" {
		b.WriteString(" (" + e.Caller + ")")
	}
	return b.String()
}

// Unwrap returns the kind, so that errors.Is(err, tensor.ErrShape) works.
func (e *Error) Unwrap() error { return e.Kind }

// KeepPanic marks a value that package parallel hands on unchanged from a worker to the caller.
func (e *Error) KeepPanic() {}

// Fail panics with an *Error that carries the caller's line. Packages that define ops use it for wrong programs.
func Fail(op string, kind Kind, shapes []Shape, format string, args ...any) {
	panic(&Error{Op: op, Kind: kind, Shapes: shapes, Msg: fmt.Sprintf(format, args...), Caller: caller()})
}

// Catch runs f and returns the *Error it panicked with, or nil. Other panics pass through.
func Catch(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	f()
	return nil
}

// The packages whose frames are not the caller's own code.
var libraryPackages = []string{"tensor", "autograd", "linalg", "fft", "sparse", "internal/parallel", "internal/cpu", "nn", "nn/losses", "nn/initialize", "optim", "metrics", "dataset", "plot", "adversarial", "explain", "vision", "models", "models/detection", "train"}

const module = "github.com/hadal-go/hadal/"

func caller() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !isLibrary(f.Function, f.File) && f.Line > 0 {
			return fmt.Sprintf("%s:%d", filepath.Join(filepath.Base(filepath.Dir(f.File)), filepath.Base(f.File)), f.Line)
		}
		if !more {
			return ""
		}
	}
}

func isLibrary(fn, file string) bool {
	if strings.HasPrefix(fn, "runtime.") {
		return true
	}
	path, ok := strings.CutPrefix(fn, module)
	if !ok || strings.HasSuffix(file, "_test.go") {
		return false
	}
	slash := strings.LastIndexByte(path, '/') + 1
	if dot := strings.IndexByte(path[slash:], '.'); dot >= 0 {
		path = path[:slash+dot]
	}
	for _, p := range libraryPackages {
		if path == p {
			return true
		}
	}
	return false
}
