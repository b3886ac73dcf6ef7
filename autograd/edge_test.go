package autograd_test

import (
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

func TestStraightThroughRefuses(t *testing.T) {
	x := tensor.Ones(2)
	wantKind(t, tensor.ErrValue, func() { autograd.StraightThrough(func(*tensor.Tensor) *tensor.Tensor { return nil }, x) })
	wantKind(t, tensor.ErrShape, func() { autograd.StraightThrough(func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() }, x) })
	wantKind(t, tensor.ErrShape, func() {
		autograd.StraightThrough(func(x *tensor.Tensor) *tensor.Tensor { return x.To(tensor.Float64) }, x)
	})
}

// A Function has no static arguments to print.
func TestTapeTextOfFunction(t *testing.T) {
	x := tensor.Ones(2).RequireGrad()
	y := autograd.StraightThrough((*tensor.Tensor).Round, x)
	if got := autograd.TapeText(y, tensor.Named{Name: "x", Tensor: x}); !strings.HasPrefix(got, "%0 = straight_through(x) -> ") {
		t.Errorf("got %q", got)
	}
}
