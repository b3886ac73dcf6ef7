package linalg

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// The reasons of an Error; errors.Is(err, linalg.ErrSingular) asks for one.
var (
	ErrSingular            = errors.New("singular matrix")
	ErrNotPositiveDefinite = errors.New("matrix not positive definite")
	ErrNotConverged        = errors.New("no convergence")
	ErrNotFinite           = errors.New("NaN or infinite element")
)

// Error is a failure that depends on the data.
type Error struct {
	Op     string // the function, such as "cholesky"
	Reason error  // ErrSingular, ...
	Batch  []int  // index of the first matrix that failed; empty when there is no batch
	Msg    string // which matrix, what is wrong with it, where, and the mend
}

// Error returns one line.
func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// Must returns v, or panics with a *tensor.Error of the kind tensor.ErrNumeric when err is not nil:
//
//	inv := linalg.Must(linalg.Inv(a))
func Must[T any](v T, err error) T {
	if err != nil {
		tensor.Fail("linalg", tensor.ErrNumeric, nil, "%v", err)
	}
	return v
}

// matrixError returns the error that matrix i of a batch of shape s has the fault.
func matrixError(op string, reason error, s tensor.Shape, i int, fault string) *Error {
	at := make([]int, s.Rank()-2)
	for k := len(at) - 1; k >= 0; k-- {
		at[k] = i % s.Dim(k)
		i /= s.Dim(k)
	}
	name := "the matrix"
	if len(at) > 0 {
		name = "matrix " + strings.ReplaceAll(fmt.Sprint(at), " ", ", ") + " of the batch"
	}
	return &Error{op, reason, at, name + " " + fault}
}
