package nn_test

import (
	"errors"
	"math"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// moments returns the mean and the biased standard deviation.
func moments(v []float64) (mean, std float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		std += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(std)
}

// Fresh layers give each group mean 0 and deviation 1; the op's tests compare with PyTorch.
func TestGroupNorm(t *testing.T) {
	x := tensor.With(tensor.Float64).Randn(random.New(1), 2, 6, 5).MulScalar(3).AddScalar(7)
	for name, c := range map[string]struct {
		layer  nn.Layer
		size   int
		params int
	}{
		"groups":    {nn.To(nn.NewGroupNorm(3, 6, nn.GroupNormConfig{}), tensor.Float64), 10, 12},
		"instances": {nn.To(nn.NewInstanceNorm(6, nn.GroupNormConfig{}), tensor.Float64), 5, 12},
		"no affine": {nn.NewGroupNorm(2, 6, nn.GroupNormConfig{NoAffine: true, Eps: 1e-8}), 15, 0},
	} {
		y := tensor.Data[float64](c.layer.Forward(x).Detach())
		for at := 0; at < len(y); at += c.size {
			if mean, std := moments(y[at : at+c.size]); math.Abs(mean) > 1e-12 || math.Abs(std-1) > 1e-4 {
				t.Errorf("%s: mean %v, deviation %v", name, mean, std)
			}
		}
		if n := nn.NumParams(c.layer); n != c.params {
			t.Errorf("%s: %d parameters, want %d", name, n, c.params)
		}
	}
	var e *tensor.Error
	for _, f := range []func(){
		func() { nn.NewGroupNorm(4, 6, nn.GroupNormConfig{}) }, func() { nn.NewGroupNorm(0, 6, nn.GroupNormConfig{}) },
		func() { nn.NewGroupNorm(1, 2, nn.GroupNormConfig{Eps: -1}) }, func() { nn.NewRMSNorm([]int{2}, math.NaN()) },
	} {
		if err := tensor.Catch(f); !errors.As(err, &e) || e.Kind != tensor.ErrValue {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestRMSNorm(t *testing.T) {
	l := nn.To(nn.NewRMSNorm([]int{4}, 0), tensor.Float64)
	y := tensor.Data[float64](l.Forward(tensor.Of([]float64{3, -3, 3, 3, 1, 0, 0, 0}, 2, 4)).Detach())
	for i, want := range []float64{1, -1, 1, 1, 2, 0, 0, 0} {
		if math.Abs(y[i]-want) > 1e-4 {
			t.Errorf("element %d is %v, want %v", i, y[i], want)
		}
	}
	if p := nn.NamedParams(l); len(p) != 1 || p[0].Name != "weight" {
		t.Errorf("parameters %v", p)
	}
}
