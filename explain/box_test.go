package explain_test

import (
	"errors"
	"math"
	"testing"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/tensor"
)

func TestBox(t *testing.T) {
	m := tensor.Of([]float64{
		9, 0, 0, 0, 0,
		0, 0, 5, 5, 0,
		0, 0, 0, 6, 4,
		5, 0, 0, 0, 0,
	}, 4, 5)
	for threshold, want := range map[float64][4]float64{
		0.5: {2, 1, 4, 3}, // three of at least 4.5 hang together; the largest value is alone
		0.4: {2, 1, 5, 3},
		1:   {0, 0, 1, 1},
	} {
		if got := explain.Box(m, threshold); got != want {
			t.Errorf("%v: %v, want %v", threshold, got, want)
		}
		if got := explain.Box(m.Transpose(0, 1), threshold); got != [4]float64{want[1], want[0], want[3], want[2]} {
			t.Errorf("%v of the transposed map: %v", threshold, got)
		}
	}
	for what, c := range map[string]struct {
		m    *tensor.Tensor
		want [4]float64
	}{
		"a ring":                        {tensor.Of([]float64{1, 1, 1, 1, 0, 1, 1, 1, 1}, 3, 3), [4]float64{0, 0, 3, 3}},
		"corners do not touch":          {tensor.Of([]float64{1, 0, 0, 0, 1, 1}, 2, 3), [4]float64{1, 1, 3, 2}},
		"rows' ends do not touch":       {tensor.Of([]float64{0, 0, 1, 1, 0, 0, 1, 0, 0}, 3, 3), [4]float64{0, 1, 1, 3}},
		"the first of equal parts":      {tensor.Of([]float64{1, 0, 1, 1, 0, 1}, 2, 3), [4]float64{0, 0, 1, 2}},
		"one value":                     {tensor.Full(3, 1, 1), [4]float64{0, 0, 1, 1}},
		"nothing positive":              {m.Neg(), [4]float64{0, 0, 5, 4}},
		"nothing but what is no number": {tensor.Full(math.NaN(), 2, 3), [4]float64{0, 0, 3, 2}},
	} {
		if got := explain.Box(c.m, 0.5); got != c.want {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	for what, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"rank":         {tensor.ErrShape, func() { explain.Box(m.Unsqueeze(0), 0.5) }},
		"empty":        {tensor.ErrShape, func() { explain.Box(m.Narrow(0, 0, 0), 0.5) }},
		"0":            {tensor.ErrValue, func() { explain.Box(m, 0) }},
		"above 1":      {tensor.ErrValue, func() { explain.Box(m, 1.5) }},
		"not a number": {tensor.ErrValue, func() { explain.Box(m, math.NaN()) }},
	} {
		var e *tensor.Error
		if err := tensor.Catch(c.f); !errors.As(err, &e) || e.Kind != c.kind {
			t.Errorf("%s: %v", what, err)
		}
	}
}
