package optimizers

import (
	"fmt"
	"testing"
	"time"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

func TestScan(t *testing.T) {
	for _, lr := range []float64{1e-3, 2e-3, 4e-3, 8e-3, 16e-3} {
		for seed := uint64(1); seed <= 2; seed++ {
			t0 := time.Now()
			a := transformer(seed, 250, func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: lr}) }, optim.Warmup(100, optim.Constant()))
			b := transformer(seed, 250, func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: lr}) }, optim.Constant())
			r := transformer(seed, 250, func(p []*tensor.Param) optim.Optimizer { return optim.NewRAdam(p, optim.RAdamConfig{LR: lr}) }, optim.Constant())
			fmt.Printf("%g %d: warm %.3f cold %.3f radam %.3f %v\n", lr, seed, a, b, r, time.Since(t0))
		}
	}
}
