package workflow

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// misprints are in the order of the catalog.
var misprints = []misprint{{
	row: "A02", about: "δ of the output layer",
	printed: "δ_i^(l) = g'(s_i^(l)) ∂J/∂h_i", correct: "δ_i^(L) = g'(s_i^(L)) ∂J/∂h_i: all of it belongs to layer L",
	shown: "∂J/∂w of the output layer against differences of J", tolerance: 1e-8,
	test: func() (right, wrong float64) {
		const x, w1, w2, t = 0.7, -1.3, 2.1, 0.9
		s1 := w1 * x
		h := sigma(s1)
		g1 := func(s float64) float64 { return sigma(s) * (1 - sigma(s)) }
		truth := slope(func(w2 float64) float64 { return math.Pow(sigma(w2*h)-t, 2) / 2 }, w2)
		dJ := sigma(w2*h) - t
		return math.Abs(dJ*g1(w2*h)*h - truth), math.Abs(dJ*g1(s1)*h-truth) / math.Abs(truth)
	},
}, {
	row: "A02", about: "bias of a layer",
	printed: "s_j = Σ_i w_ij x_i + b", correct: "s_j = Σ_i w_ij x_i + b_j: each unit has its own",
	shown: "two units, y = (1, -1) wanted with w = 0: one b fits neither",
	test: func() (right, wrong float64) { // least squares in closed form: b_j = y_j, or their mean for one b
		fit := func(design *tensor.Tensor) float64 {
			m := linear.NewLinearRegression(linear.LinearRegressionConfig{NoIntercept: true})
			y := tensor.Of([]float64{1, -1})
			if err := m.Fit(design, y); err != nil {
				return math.NaN()
			}
			return m.Predict(design).Sub(y).Abs().Max().Item()
		}
		return fit(tensor.Of([]float64{1, 0, 0, 1}, 2, 2)), fit(tensor.Of([]float64{1, 1}, 2, 1))
	},
}, {
	row: "A06", about: "covariance of a Gaussian",
	printed: "N(μ, E) with E for an expectation", correct: "N(μ, Σ): Σ = E[(x-μ)(x-μ)ᵀ], not E[xxᵀ]",
	shown: "share of the mass of N(2, 1) within 1 of its mean, 0.6827", tolerance: 1e-6,
	test: func() (right, wrong float64) {
		share := func(variance float64) float64 {
			d := prob.NewNormal(tensor.Of([]float64{2}), tensor.Of([]float64{math.Sqrt(variance)}))
			return d.CDF(tensor.Of([]float64{3})).Sub(d.CDF(tensor.Of([]float64{1}))).Item()
		}
		return math.Abs(share(1) - 0.682689492137), math.Abs(share(1+2*2) - 0.682689492137)
	},
}, {
	row: "A10", about: "name of a device",
	printed: `torch.device("gpu")`, correct: `"cuda" in PyTorch; "gpu" names no device`,
	shown: `opening "cpu" works, opening "gpu" is an error`,
	test: func() (right, wrong float64) {
		_, cpu := tensor.OpenDevice("cpu")
		_, gpu := tensor.OpenDevice("gpu")
		return oneIf(cpu != nil), oneIf(gpu != nil)
	},
}, {
	row: "B02", about: "species as an indicator",
	printed: "x^s, read as a power", correct: "x_s, a label: y = Σ_k δ(x_s = k)(b_k + w_k x)",
	shown: "two species on lines of their own are fitted exactly by indicators alone",
	test: func() (right, wrong float64) {
		var indicator, power, y []float64
		for i := range 20 {
			x, s := float64(i%10)/10, float64(1+i/10)
			one := oneIf(s == 1)
			indicator = append(indicator, one, one*x, (1-one)*x)
			power = append(power, x, math.Pow(x, s), s*0)
			y = append(y, one*(1+2*x)+(1-one)*(4-3*x))
		}
		fit := func(design []float64) float64 {
			m, x, want := linear.NewLinearRegression(linear.LinearRegressionConfig{}), tensor.Of(design, 20, 3), tensor.Of(y)
			if err := m.Fit(x, want); err != nil {
				return math.NaN()
			}
			return m.Predict(x).Sub(want).Abs().Max().Item()
		}
		return fit(indicator), fit(power)
	},
}, {
	row: "B04", about: "L2 penalty",
	printed: "½λ‖θ‖₂", correct: "½λ‖θ‖₂² = ½λ Σw²: its gradient is the λw of the update w ← (1 - ηλ)w - η ∂L/∂w",
	shown: "gradients by differences against λw", tolerance: 1e-8,
	test: func() (right, wrong float64) {
		const lambda, w, other = 0.3, 1.7, -2.0
		squared := func(w float64) float64 { return lambda / 2 * (w*w + other*other) }
		norm := func(w float64) float64 { return lambda / 2 * math.Hypot(w, other) }
		return math.Abs(slope(squared, w) - lambda*w), math.Abs(slope(norm, w) - lambda*w)
	},
}, {
	row: "B06", about: "mend of a large bias",
	printed: "more training data", correct: "more features, or a more complex model; more data lowers the variance",
	shown: "squared bias on a sine: of degree 5 on 30 points, of degree 1 on 3000", tolerance: 1e-3,
	test: func() (right, wrong float64) {
		bias := func(n, degree int) float64 {
			var x, y []float64
			for i := range n {
				t := math.Pi * (2*float64(i)/float64(n-1) - 1)
				x, y = append(x, t), append(y, math.Sin(t))
			}
			p := linear.NewPolynomial(linear.PolynomialConfig{Degree: degree}).Transform(tensor.Of(x, n, 1))
			m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
			if err := m.Fit(p, tensor.Of(y)); err != nil {
				return math.NaN()
			}
			return m.Predict(p).Sub(tensor.Of(y)).Square().Mean().Item()
		}
		return bias(30, 5), bias(3000, 1)
	},
}, {
	row: "B08", about: "what training looks for",
	printed: "θ* = arg max L(θ)", correct: "θ* = arg min L(θ) of a loss; arg max of a reward or a likelihood",
	shown: "100 steps down and up (θ - 3)² from 2.9",
	test: func() (right, wrong float64) {
		way := func(sign float64) float64 {
			theta := 2.9
			for range 100 {
				theta -= sign * 0.2 * (theta - 3)
			}
			return math.Abs(theta - 3)
		}
		return way(1), way(-1)
	},
}, {
	row: "B08", about: "gradient vector",
	printed: "(∂(θ₁)/∂θ₁, ∂(θ₂)/∂θ₂)", correct: "(∂L(θ)/∂θ₁, ∂L(θ)/∂θ₂)",
	shown: "against differences of L = θ₁²θ₂", tolerance: 1e-8,
	test: func() (right, wrong float64) {
		const t1, t2 = 1.5, 0.4
		truth := slope(func(t float64) float64 { return t * t * t2 }, t1)
		return math.Abs(2*t1*t2 - truth), math.Abs(1 - truth)
	},
}, {
	row: "B14", about: "mistakes of the perceptron",
	printed: "at most 1/γ²", correct: "at most (R/γ)²: R, the largest |x|, matters too",
	shown: "mistakes beyond the bound on data ten times as large",
	test: func() (right, wrong float64) {
		g := random.New(3)
		x := tensor.With(tensor.Float64).Randn(g, 200, 2)
		x = x.Add(x.Sign().MulScalar(0.3)).MulScalar(10) // off the axes
		labels, gamma, radius := make([]int64, 200), math.Inf(1), 0.0
		rows := x.Floats()
		for i := range labels {
			a, b := rows[2*i], rows[2*i+1]
			labels[i] = int64(oneIf(a > 0))
			gamma, radius = min(gamma, math.Abs(a)), max(radius, math.Sqrt(a*a+b*b+1)) // of the vector (1, 0, 0)
		}
		p := linear.NewPerceptron(linear.PerceptronConfig{})
		if err := p.Fit(x, tensor.Of(labels)); err != nil {
			return math.NaN(), math.NaN()
		}
		m := float64(p.Mistakes)
		return max(0, m-math.Pow(radius/gamma, 2)), max(0, m-1/(gamma*gamma))
	},
}, {
	row: "B15", about: "support vector machine",
	printed: "the hinge loss", correct: "the hinge loss and the L2 penalty; for more classes in the form of Crammer and Singer or of Weston and Watkins",
	shown: "margin of the boundary between (1, 0) and (-1, 0), descending from w = (0, 5); the widest is 1", tolerance: 1e-3,
	test: func() (right, wrong float64) {
		margin := func(penalty float64) float64 {
			w0, w1 := 0.0, 5.0
			for range 20000 {
				d0, d1 := penalty*w0, penalty*w1
				if w0 < 1 { // both points are within the margin
					d0 -= 2
				}
				w0, w1 = w0-1e-3*d0, w1-1e-3*d1
			}
			return w0 / math.Hypot(w0, w1)
		}
		return 1 - margin(1), 1 - margin(0)
	},
}, {
	row: "B16", about: "probability of a class",
	printed: "P(C2|x) = σ(z)", correct: "P(C1|x) = σ(z) with z = ln P(x|C1)P(C1) / P(x|C2)P(C2)",
	shown: "Bayes' rule for N(1, 1) and N(-1, 1) at x = 0.8",
	test: func() (right, wrong float64) {
		const x = 0.8
		p1, p2 := math.Exp(-math.Pow(x-1, 2)/2), math.Exp(-math.Pow(x+1, 2)/2)
		s := sigma(math.Log(p1 / p2))
		return math.Abs(p1/(p1+p2) - s), math.Abs(p2/(p1+p2) - s)
	},
}, {
	row: "C13", about: "the four cells of two factors",
	printed: "girls with long hair, boys with short, boys with long, girls with long", correct: "the fourth is girls with short hair",
	shown: "cells of 2 x 2 that the list leaves out",
	test: func() (right, wrong float64) {
		missing := func(list ...string) float64 {
			seen := map[string]bool{}
			for _, cell := range list {
				seen[cell] = true
			}
			return float64(4 - len(seen))
		}
		return missing("girl long", "boy short", "boy long", "girl short"), missing("girl long", "boy short", "boy long", "girl long")
	},
}, {
	row: "C17", about: "a word", printed: "recognizition", correct: "recognition",
}, {
	row: "D04", about: "Adagrad's first step",
	printed: "w¹ ← w¹ - (η⁰/σ⁰) g⁰", correct: "w¹ ← w⁰ - (η⁰/σ⁰) g⁰; the rate η/√(t+1) falls with the steps, not with the parameters",
	shown: "w⁰ = 1, g⁰ = 4, η = 0.1: the library's w¹ put into both",
	test: func() (right, wrong float64) {
		p := tensor.NewParam(tensor.Of([]float64{1}))
		opt := optim.NewAdagrad([]*tensor.Param{p}, optim.AdagradConfig{LR: 0.1, Eps: new(0.0)})
		opt.StepWith([]*tensor.Tensor{tensor.Of([]float64{4})})
		w := p.Floats()[0]
		return math.Abs(w - (1 - 0.1)), math.Abs(w - (w - 0.1))
	},
}, {
	row: "D05", about: "RMSProp's σ⁰",
	printed: "σ⁰ = g⁰", correct: "σ⁰ = √(g⁰)² = |g⁰|, and an ε beside it",
	shown: "f(w) = (w - 1)² at w = 0: a step must go right by η",
	test: func() (right, wrong float64) {
		const eta, g = 0.1, -2.0
		return math.Abs(-eta/math.Abs(g)*g - eta), math.Abs(-eta/g*g - eta)
	},
}, {
	row: "E01", about: "early stopping",
	printed: "reduces the amount of training data", correct: "limits the number of epochs; each sees all the data",
	shown: "share of the batches that the epochs before the stop leave out",
	test: func() (right, wrong float64) {
		const batches, epochs = 7, 20
		seen, loss := 0, 0.0
		l := train.Loop[int]{
			Step: func(*tensor.Scope, int) (train.Metrics, error) {
				seen++
				return train.Metrics{{Name: "loss", Value: 1}}, nil
			},
			Batches: numbered(batches),
			Evaluate: func(context.Context) (train.Metrics, error) { // the second epoch is the best
				loss++
				return train.Metrics{{Name: "val_loss", Value: math.Abs(loss - 2)}}, nil
			},
			State:  new(train.State),
			Config: train.Config{Epochs: epochs, Monitor: "val_loss", Minimize: true, Patience: 3},
		}
		r, err := l.Train(context.Background())
		if err != nil || r.Epochs >= epochs {
			return math.NaN(), math.NaN()
		}
		return math.Abs(float64(seen)/float64(batches*r.Epochs) - 1), math.Abs(float64(seen)/float64(batches*r.Epochs) - float64(r.Epochs)/epochs)
	},
}, {
	row: "E03", about: "dropout of p % of the units, at test time",
	printed: "weights times (1 - p) %", correct: "weights times (100 - p) %, that is 1 - p of a share p",
	shown: "mean of a linear unit over all masks, each with its probability",
	test: func() (right, wrong float64) {
		const p = 0.3
		x, w := []float64{1, -2, 0.5, 3}, []float64{0.4, 0.2, -1, 0.7}
		mean, whole := 0.0, 0.0
		for mask := range 1 << len(x) {
			chance, sum := 1.0, 0.0
			for i := range x {
				if mask>>i&1 == 1 {
					chance, sum = chance*(1-p), sum+w[i]*x[i]
				} else {
					chance *= p
				}
			}
			mean += chance * sum
		}
		for i := range x {
			whole += w[i] * x[i]
		}
		return math.Abs(whole*(1-p) - mean), math.Abs(whole*(1-100*p)/100 - mean)
	},
}, {
	row: "E05", about: "batch normalisation",
	printed: "y = γ(x - μ)/√(σ + ε) + β", correct: "y = γ(x - μ)/√(σ² + ε) + β: the variance is under the root; at test time μ and σ² are the running ones",
	shown: "variance of the layer's output, and of the misprinted formula's, for x of variance 9", tolerance: 1e-5,
	test: func() (right, wrong float64) {
		x := tensor.With(tensor.Float64).Randn(random.New(1), 500, 1)
		x = x.Sub(x.Mean()).Div(x.Var(0).Sqrt()).MulScalar(3)
		bn := nn.To(nn.NewBatchNorm1d(1, nn.BatchNormConfig{}), tensor.Float64)
		variance := func(y *tensor.Tensor) float64 { return y.Square().Mean().Item() - math.Pow(y.Mean().Item(), 2) }
		return math.Abs(variance(bn.Forward(x)) - 1), math.Abs(variance(x.DivScalar(math.Sqrt(3+1e-5))) - 1)
	},
}, {
	row: "E10", about: "transfer: the layer to replace",
	printed: "the input layer (data)", correct: "the output layer: the new classes need their own classifier",
	shown: "outputs of a 5-class network made to tell 3 classes apart",
	test: func() (right, wrong float64) {
		g := random.New(1)
		trained := nn.NewSequential(nn.NewLinear(g, 4, 8, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 8, 5, nn.LinearConfig{}))
		outputs := func(m nn.Layer) float64 { return float64(m.Forward(tensor.Ones(1, 4)).Dim(1)) }
		return math.Abs(outputs(nn.NewSequential(trained[0], trained[1], nn.NewLinear(g, 8, 3, nn.LinearConfig{}))) - 3),
			math.Abs(outputs(nn.NewSequential(nn.NewLinear(g, 4, 8, nn.LinearConfig{}), trained[1], trained[2])) - 3)
	},
}, {
	row: "E10", about: "size of the input",
	printed: "fully connected layers have no requirement of it", correct: "they fix it; convolutions do not, and a fully connected layer can be turned into one (E12)",
	shown: "a picture of 10 x 10 through layers made for 8 x 8",
	test: func() (right, wrong float64) {
		g := random.New(1)
		big := tensor.Ones(1, 1, 10, 10)
		conv := tensor.Catch(func() { nn.NewConv2d(g, 1, 3, 8, nn.ConvConfig{}).Forward(big) })
		full := tensor.Catch(func() { nn.NewLinear(g, 64, 3, nn.LinearConfig{}).Forward(big.Flatten(1)) })
		return oneIf(conv != nil), oneIf(full != nil)
	},
}, {
	row: "F03", about: "output size of a convolution",
	printed: "M = ((N + 2P) - F)/S + 1, and M x M outputs", correct: "M = ⌊(N + 2P - F)/S⌋ + 1, for height and width each: the last steps that do not fit are left out, and pictures need not be square",
	shown: "the sizes of what a convolution of 6 x 9 pixels with F = 3, S = 2, P = 0 returns, 2 and 4",
	test: func() (right, wrong float64) {
		y := nn.NewConv2d(random.New(1), 1, 1, 3, nn.ConvConfig{Stride: 2}).Forward(tensor.Ones(1, 1, 6, 9))
		h, w := float64(y.Dim(2)), float64(y.Dim(3))
		size := func(n float64) float64 { return (n-3)/2 + 1 }
		return math.Abs(math.Floor(size(6))-h) + math.Abs(math.Floor(size(9))-w), math.Abs(size(6)-h) + math.Abs(size(6)-w)
	},
}, {
	row: "F05", about: "multiplications of a convolution",
	printed: "c_i c_o l_w l_h k_w k_h/(s_w s_h) with the size l of the input", correct: "c_i c_o o_w o_h k_w k_h with the size o of the output, which l/s is only with \"same\" padding",
	shown: "multiply-adds of 3 x 3 on 6 x 6 pixels by stride 2, counted: 2 x 2 outputs of 9",
	test: func() (right, wrong float64) {
		m := nn.NewConv2d(random.New(1), 1, 1, 3, nn.ConvConfig{Stride: 2, NoBias: true})
		counted := nn.Summary(m, tensor.ShapeOf(1, 1, 6, 6)).FLOPs / 2
		return math.Abs(float64(counted) - 2*2*9), math.Abs(6*6*9/4. - 2*2*9)
	},
}, {
	row: "G05", about: "Inception v2 and v3", printed: "特征通达多 (no word)", correct: "特征通道多: more feature channels, the principle of higher dimensional representations",
}, {
	row: "U01", about: "steps 5 and 6 of the recipe", printed: "redefine the equation", correct: "go back to the set of functions: choose other features or another model, and train again",
}}
