package losses

import (
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestMain(m *testing.M) { os.Exit(optest.Main(m)) }

func TestBCEOp(t *testing.T) {
	f := func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{tensor.Apply1(bceOp{}, in...)} }
	want := optest.Binary(func(p, y float64) float64 { return -y*math.Log(p) - (1-y)*math.Log(1-p) })
	for name, shape := range map[string][]int{"matrix": {3, 5}, "scalar": {}, "one": {1}, "empty": {0, 3}, "long": {2100}} {
		optest.Run(t, []optest.Case{{
			Op: "losses.bceOp", Name: name, F: f, Want: want,
			In: []optest.Input{{Shape: shape, Lo: 0.1, Hi: 0.9}, {Shape: shape, Lo: 0, Hi: 1}},
		}})
	}
	edges := []float64{0, 0, 1, 1, 0.5}
	optest.Run(t, []optest.Case{{
		Op: "losses.bceOp", Name: "clamped", F: f, Order: -1,
		In: []optest.Input{{Shape: []int{5}, Values: edges}, {Shape: []int{5}, Values: []float64{0, 1, 0, 1, 0.5}}},
		Want: optest.Binary(func(p, y float64) float64 {
			return -y*max(math.Log(p), -100) - (1-y)*max(math.Log(1-p), -100)
		}),
	}})
}
