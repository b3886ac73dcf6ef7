package classical

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B15", Tier: catalog.Small, Title: "Hinge loss and the support vector machine, for two classes and for more",
		Source: "Cortes and Vapnik 1995; Crammer and Singer 2001; Shalev-Shwartz et al. 2007",
		Target: "sub-gradient objective within 1e-3 of the dual one, SMO's gap too; support vectors have α > 0 and free ones margin 1; setosa against the rest 100 %; linear multiclass ≥ 0.88",
		Note:   "the hinge loss alone is no SVM: without the L2 penalty its minimum is any separating line; its forms for more classes are one-vs-rest, Crammer-Singer and Weston-Watkins; " + pictureset.Note,
		Test:   svm,
	})
}

func svm(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 10000, pictureset.Least{MNIST: 0.88, Fashion: 0.80, Digits: 0.92})
	if err != nil {
		return err
	}
	for _, form := range []struct {
		name string
		of   linear.Multiclass
	}{{"one-vs-rest", linear.OneVsRest}, {"Crammer-Singer", linear.CrammerSinger}, {"Weston-Watkins", linear.WestonWatkins}} {
		m := linear.NewLinearSVM(linear.LinearSVMConfig{C: 0.02, Multiclass: form.of, Tol: 0.1, MaxIter: 15})
		if err := unlessNotConverged(m.Fit(set.X, set.Y)); err != nil {
			return err
		}
		c.AtLeast(fmt.Sprintf("test accuracy on %s, %s", set.Name, form.name), m.Score(set.XTest, set.YTest), set.Least)
	}
	if err := svmObjectives(c); err != nil {
		return err
	}
	if err := hingeAlone(c); err != nil {
		return err
	}
	return svmPictures(c)
}

// svmObjectives compares solvers on versicolor against the other irises, which no line separates.
func svmObjectives(c *catalog.Check) error {
	t := iris.Load()
	x := standardised(t.X)
	y := t.Y.EqScalar(1).To(tensor.Int64)
	dual := linear.NewLinearSVM(linear.LinearSVMConfig{Tol: 1e-6, MaxIter: 10000})
	if err := dual.Fit(x, y); err != nil {
		return err
	}
	gap, err := c.Median(3, func(seed uint64) (float64, error) {
		primal := linear.NewLinearSVM(linear.LinearSVMConfig{Solver: linear.Pegasos, MaxIter: 5000, Seed: seed})
		err := primal.Fit(x, y)
		return primal.Primal/dual.Dual - 1, err
	})
	if err != nil {
		return err
	}
	c.AtMost("sub-gradient objective over the dual one - 1, versicolor", gap, 1e-3)
	c.AtLeast("the same, which duality keeps positive", gap, 0)

	smo := linear.NewKernelSVM(linear.KernelSVMConfig{Kernel: linear.LinearKernel, Tol: 1e-6})
	if err := smo.Fit(x, y); err != nil {
		return err
	}
	side := y.To(tensor.Float64).MulScalar(2).AddScalar(-1)
	margins := smo.DecisionFunction(x).Mul(side)
	w := smo.DualCoef.MatMul(smo.SupportVectors)
	primal := w.Square().Sum().Item()/2 + margins.RSubScalar(1).ReLU().Sum().Item()
	c.AtMost("primal objective of SMO's solution over its dual one - 1", primal/smo.Dual-1, 1e-3)

	off, inside, bad := 0.0, 0.0, 0
	alpha := map[int]float64{}
	for s, a := range smo.DualCoef.Abs().Floats() {
		alpha[smo.Support[s]] = a
		if a <= 0 || a > smo.C+1e-12 {
			bad++
		}
	}
	for i, m := range margins.Floats() {
		switch a, support := alpha[i]; {
		case !support:
			inside = max(inside, 1-m)
		case a < smo.C:
			off = max(off, math.Abs(m-1))
		default:
			inside = max(inside, m-1)
		}
	}
	c.Equal("support vectors whose α is not in (0, C]", float64(bad), 0)
	c.AtMost("distance of free support vectors from margin 1", off, 1e-5)
	c.AtMost("how far others are on the wrong side of margin 1", inside, 1e-5)

	setosa := t.Y.EqScalar(0).To(tensor.Int64)
	m := linear.NewLinearSVM(linear.LinearSVMConfig{})
	if err := m.Fit(x, setosa); err != nil {
		return err
	}
	c.Equal("accuracy, setosa against the rest", m.Score(x, setosa), 1)
	return nil
}

// hingeAlone minimises Σ max(0, 1 - y w·x) without ½|w|², which stops at the first line that leaves no loss, and compares its margin with that of
// the SVM.
func hingeAlone(c *catalog.Check) error {
	p, _, _ := separable(random.New(3), 60, 0.15)
	x, y := p.tensors()
	m := linear.NewKernelSVM(linear.KernelSVMConfig{Kernel: linear.LinearKernel, C: 1e6, Tol: 1e-6})
	if err := m.Fit(x, y); err != nil {
		return err
	}
	side := y.To(tensor.Float64).MulScalar(2).AddScalar(-1)
	w := m.DualCoef.MatMul(m.SupportVectors)
	widest := m.DecisionFunction(x).Mul(side).Min().Item() / math.Sqrt(w.Square().Sum().Item())

	hinge, margin := 0.0, math.Inf(1)
	for start := range 12 {
		angle := 2 * math.Pi * float64(start) / 12
		v, b := tensor.Of([]float64{10 * math.Cos(angle), 10 * math.Sin(angle)}, 2), 0.0
		left := math.Inf(1)
		for range 10000 {
			z := x.MatMul(v).AddScalar(b).Mul(side)
			if left = z.RSubScalar(1).ReLU().Sum().Item(); left == 0 {
				break
			}
			wrong := z.LtScalar(1).To(tensor.Float64).Mul(side)
			v, b = v.Add(x.T().MatMul(wrong).MulScalar(0.05)), b+0.05*wrong.Sum().Item()
		}
		hinge = max(hinge, left)
		margin = min(margin, x.MatMul(v).AddScalar(b).Mul(side).Min().Item()/math.Sqrt(v.Square().Sum().Item()))
	}
	c.AtLeast("margin of the SVM, of a line that leaves 0.15 free", widest, 0.15)
	c.Control(func() {
		c.Equal("hinge loss where descents on it alone stop, from 12 directions", hinge, 0)
		c.AtMost("least margin where they stop, over the SVM's", margin/widest, 0.9)
	})
	return nil
}

// svmPictures shows margins as pale bands and support vectors as classes of their own.
func svmPictures(c *catalog.Check) error {
	t := iris.Load()
	for _, k := range []struct {
		name, title string
		cfg         linear.KernelSVMConfig
		x, y        *tensor.Tensor
		from        int64
	}{
		{"linear", "Linear SVM on iris petals: |f| < 1 is pale", linear.KernelSVMConfig{Kernel: linear.LinearKernel, C: 1},
			t.X.Narrow(0, 50, 100).Narrow(1, 2, 2), t.Y.Narrow(0, 50, 100).AddScalar(-1), 0},
		{"rbf", "SVM with RBF kernel on a disc in a ring: |f| < 1 is pale", linear.KernelSVMConfig{C: 10}, nil, nil, 0},
	} {
		labels := plot.ScatterConfig{Title: k.title, XLabel: "petal length (cm)", YLabel: "petal width (cm)", Classes: []string{"versicolor", "virginica", "its support vectors", "and its"}}
		if k.x == nil {
			ring := ringData(random.New(6), 80)
			k.x, k.y = ring.tensors()
			labels.XLabel, labels.YLabel, labels.Classes = "x₁", "x₂", []string{"disc", "ring", "support vectors of the disc", "of the ring"}
		} else {
			labels.Classes[2], labels.Classes[3] = "support vectors of versicolor", "of virginica"
		}
		m := linear.NewKernelSVM(k.cfg)
		if err := m.Fit(k.x, k.y); err != nil {
			return err
		}
		if k.name == "rbf" {
			c.Equal("accuracy of the RBF kernel on a disc in a ring", m.Score(k.x, k.y), 1)
		}
		p := planeOf(k.x, k.y, 0, 1)
		for _, i := range m.Support {
			p.class[i] += 2
		}
		err := c.Picture(k.name, func(path string) error {
			r := regions(p.points, m.Predict)
			shade(&r, func(x *tensor.Tensor) []float64 {
				f := m.DecisionFunction(x).Floats()
				for i, v := range f {
					f[i] = 0.25
					if math.Abs(v) >= 1 {
						f[i] = 0.8
					}
				}
				return f
			})
			return plot.DecisionRegions(path, r, p.points, p.class, labels)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
