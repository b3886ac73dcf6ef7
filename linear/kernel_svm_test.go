package linear_test

import (
	"testing"

	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestKernelSVMRepeated fits many rows, for which the products of all are not kept: each of 700 three times with a third of C, which is the
// same problem as 700 rows with C.
func TestKernelSVMRepeated(t *testing.T) {
	g := random.New(3)
	x := tensor.Randn(g, 700, 2).To(tensor.Float64)
	y := x.Square().Sum(1).GtScalar(1.4).To(tensor.Int64)
	probe := tensor.Randn(g, 50, 2).To(tensor.Float64)
	for _, kernel := range []linear.Kernel{linear.RBFKernel, linear.PolynomialKernel, linear.LinearKernel} {
		cfg := linear.KernelSVMConfig{Kernel: kernel, C: 0.3, Degree: 2, Gamma: 0.5, Coef0: 1, Tol: 1e-6}
		once := linear.NewKernelSVM(cfg)
		must(t, once.Fit(x, y))
		cfg.C /= 3
		thrice := linear.NewKernelSVM(cfg)
		must(t, thrice.Fit(tensor.Concat(0, x, x, x), tensor.Concat(0, y, y, y)))
		near(t, "decisions", thrice.DecisionFunction(probe), once.DecisionFunction(probe).Floats(), 1e-4)
	}
}
