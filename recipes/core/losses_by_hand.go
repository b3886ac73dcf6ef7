package core

import (
	"math"

	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// handmadeLosses returns every loss of package losses with its derivative.
func handmadeLosses(g *random.Generator) []handmade {
	type T = *tensor.Tensor
	f := tensor.With(tensor.Float64)
	real, prob := f.Randn(g, lossRows, lossColumns), f.Rand(g, lossRows, lossColumns).MulScalar(0.9).AddScalar(0.05)
	bits := tensor.Of([]float64{0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1}, lossRows, lossColumns)
	signs, class := bits.MulScalar(2).SubScalar(1), tensor.Of([]int64{3, 0, 4, 1})
	pairSigns, pairBits := tensor.Of([]float64{1, -1, -1, 1}), tensor.Of([]float64{0, 1, 1, 0})
	r, q, b, s, one := matrix(real), matrix(prob), matrix(bits), matrix(signs), oneHotRows(class)

	each := func(slope func(x float64, i, j int) float64) func(x [][]float64) [][]float64 {
		return func(x [][]float64) [][]float64 {
			return byElement(x, func(i, j int) float64 { return slope(x[i][j], i, j) })
		}
	}
	sign := func(v float64) float64 { return math.Copysign(1, v) }
	when := func(b bool, v float64) float64 {
		if b {
			return v
		}
		return 0
	}
	const sum = losses.Sum
	return []handmade{
		{name: "MSE", loss: func(x T) T { return losses.MSELoss{Reduction: sum}.Of(x, real) }, d: each(func(x float64, i, j int) float64 { return 2 * (x - r[i][j]) })},
		{name: "L1", loss: func(x T) T { return losses.L1Loss{Reduction: sum}.Of(x, real) }, d: each(func(x float64, i, j int) float64 { return sign(x - r[i][j]) })},
		{name: "Huber", loss: func(x T) T { return losses.HuberLoss{Delta: 0.7, Reduction: sum}.Of(x, real) },
			d: each(func(x float64, i, j int) float64 { return max(-0.7, min(0.7, x-r[i][j])) })},
		{name: "SmoothL1", loss: func(x T) T { return losses.SmoothL1Loss{Beta: new(0.7), Reduction: sum}.Of(x, real) },
			d: each(func(x float64, i, j int) float64 { return max(-1, min(1, (x-r[i][j])/0.7)) })},
		{name: "GaussianNLL", loss: func(x T) T { return losses.GaussianNLLLoss{Reduction: sum}.Of(x, real, prob) },
			d: each(func(x float64, i, j int) float64 { return (x - r[i][j]) / q[i][j] })},
		{name: "PoissonNLL", loss: func(x T) T { return losses.PoissonNLLLoss{Reduction: sum}.Of(x, prob) },
			d: each(func(x float64, i, j int) float64 { return math.Exp(x) - q[i][j] })},
		{name: "KLDiv", loss: func(x T) T { return losses.KLDivLoss{Reduction: sum}.Of(x, prob) }, d: each(func(_ float64, i, j int) float64 { return -q[i][j] })},

		{name: "BCE", prob: true, loss: func(x T) T { return losses.BCELoss{Reduction: sum}.Of(x, prob) },
			d: each(func(x float64, i, j int) float64 { return (x - q[i][j]) / (x * (1 - x)) })},
		{name: "BCEWithLogits", loss: func(x T) T { return losses.BCEWithLogitsLoss{Reduction: sum}.Of(x, prob) },
			d: each(func(x float64, i, j int) float64 { return logistic(x) - q[i][j] })},
		{name: "SoftMargin", loss: func(x T) T { return losses.SoftMarginLoss{Reduction: sum}.Of(x, signs) },
			d: each(func(x float64, i, j int) float64 { return -s[i][j] * logistic(-s[i][j]*x) })},
		{name: "SigmoidFocal", loss: func(x T) T { return losses.SigmoidFocalLoss{Reduction: sum}.Of(x, bits) },
			d: each(func(x float64, i, j int) float64 { // -α (1-p)² ln p by p(1-p) for positives; negatives mirror them
				alpha, p, turn := 0.75, logistic(-x), -1.0
				if b[i][j] == 1 {
					alpha, p, turn = 0.25, logistic(x), 1
				}
				return turn * alpha * (1 - p) * (1 - p) * (2*p*math.Log(p) - (1 - p))
			})},
		{name: "MultiLabelSoftMargin", loss: func(x T) T { return losses.MultiLabelSoftMarginLoss{Reduction: sum}.Of(x, bits) },
			d: each(func(x float64, i, j int) float64 { return (logistic(x) - b[i][j]) / lossColumns })},
		{name: "Hinge", loss: func(x T) T { return losses.HingeLoss{Reduction: sum}.Of(x, signs) },
			d: each(func(x float64, i, j int) float64 { return when(s[i][j]*x < 1, -s[i][j]) })},
		{name: "HingeEmbedding", loss: func(x T) T { return losses.HingeEmbeddingLoss{Reduction: sum}.Of(x, signs) },
			d: each(func(x float64, i, j int) float64 { return b[i][j] - (1-b[i][j])*when(x < 1, 1) })},
		{name: "MarginRanking", loss: func(x T) T { return losses.MarginRankingLoss{Margin: 0.5, Reduction: sum}.Of(x, real, signs) },
			d: each(func(x float64, i, j int) float64 { return when(s[i][j]*(x-r[i][j]) < 0.5, -s[i][j]) })},

		{name: "CrossEntropy", loss: func(x T) T { return losses.CrossEntropyLoss{LabelSmoothing: 0.1, Reduction: sum}.Of(x, class) }, d: func(x [][]float64) [][]float64 {
			p := softmaxRows(x)
			return byElement(x, func(i, j int) float64 { return p[i][j] - (0.9*one[i][j] + 0.1/lossColumns) })
		}},
		{name: "NLL", loss: func(x T) T { return losses.NLLLoss{Reduction: sum}.Of(x, class) }, d: each(func(_ float64, i, j int) float64 { return -one[i][j] })},
		{name: "Focal", loss: func(x T) T { return losses.FocalLoss{Reduction: sum}.Of(x, class) }, d: func(x [][]float64) [][]float64 {
			p, y := softmaxRows(x), tensor.Data[int64](class)
			return byElement(x, func(i, j int) float64 {
				own := p[i][y[i]] // dL/dp_y p_y (1[j = y] - p_j)
				return (2*(1-own)*math.Log(own)*own - (1-own)*(1-own)) * (one[i][j] - p[i][j])
			})
		}},
		{name: "MultiMargin", loss: func(x T) T { return losses.MultiMarginLoss{Reduction: sum}.Of(x, class) }, d: func(x [][]float64) [][]float64 {
			d, y := byElement(x, func(int, int) float64 { return 0 }), tensor.Data[int64](class)
			for i := range x {
				for k := range x[i] {
					if k != int(y[i]) && 1-x[i][y[i]]+x[i][k] > 0 {
						d[i][k] += 1.0 / lossColumns
						d[i][y[i]] -= 1.0 / lossColumns
					}
				}
			}
			return d
		}},
		{name: "MultiLabelMargin", loss: func(x T) T {
			return losses.MultiLabelMarginLoss{Reduction: sum}.Of(x, tensor.Of([]int64{3, 0, -1, 0, 0, 4, -1, 0, 0, 0, 1, 2, 3, -1, 0, 2, -1, 0, 0, 0}, lossRows, lossColumns))
		}, d: func(x [][]float64) [][]float64 {
			d := byElement(x, func(int, int) float64 { return 0 })
			for i, labels := range [][]bool{{0: true, 3: true, 4: false}, {4: true}, {1: true, 2: true, 3: true, 4: false}, {2: true, 4: false}} {
				for j, is := range labels {
					for k := range x[i] {
						if is && !labels[k] && 1-x[i][j]+x[i][k] > 0 {
							d[i][k] += 1.0 / lossColumns
							d[i][j] -= 1.0 / lossColumns
						}
					}
				}
			}
			return d
		}},
		{name: "Dice", prob: true, loss: func(x T) T { return losses.DiceLoss{Reduction: sum}.Of(x, bits) }, d: func(x [][]float64) [][]float64 {
			return byElement(x, func(i, j int) float64 { // the quotient rule on 1 - (2 Σ p y + 1)/(Σ p² + Σ y² + 1)
				top, bottom := 2*inner(x[i], b[i])+1, inner(x[i], x[i])+inner(b[i], b[i])+1
				return (2*x[i][j]*top - 2*b[i][j]*bottom) / (bottom * bottom)
			})
		}},

		{name: "CosineEmbedding", loss: func(x T) T { return losses.CosineEmbeddingLoss{Margin: -0.9, Reduction: sum}.Of(x, real, pairSigns) }, d: func(x [][]float64) [][]float64 {
			y := pairSigns.Floats()
			return byElement(x, func(i, j int) float64 { // of cos = x·r/(|x||r|): r/(|x||r|) - cos x/|x|²
				xx, rr := inner(x[i], x[i])+1e-12, inner(r[i], r[i])+1e-12
				cos := inner(x[i], r[i]) / math.Sqrt(xx*rr)
				slope := r[i][j]/math.Sqrt(xx*rr) - cos*x[i][j]/xx
				if y[i] == 1 {
					return -slope
				}
				return when(cos > -0.9, slope)
			})
		}},
		{name: "Contrastive", loss: func(x T) T { return losses.ContrastiveLoss{Margin: 4, Reduction: sum}.Of(x, real, pairBits) }, d: func(x [][]float64) [][]float64 {
			y := pairBits.Floats()
			return byElement(x, func(i, j int) float64 {
				far := apart(x[i], r[i], 0)
				return (1-y[i])*(x[i][j]-r[i][j]) - y[i]*max(0, 4-far)*(x[i][j]-r[i][j])/far
			})
		}},
		{name: "TripletMargin", loss: func(x T) T { return losses.TripletMarginLoss{Margin: new(5.0), Reduction: sum}.Of(x, real, prob) }, d: tripletSlope(r, q)},
		{name: "TripletMarginWithDistance", loss: func(x T) T {
			return losses.TripletMarginWithDistanceLoss{Margin: new(5.0), Reduction: sum}.Of(x, real, prob)
		}, d: tripletSlope(r, q)},
		{name: "InfoNCE", loss: func(x T) T { return losses.InfoNCELoss{Temperature: 0.5, Reduction: sum}.Of(x, real) }, d: func(x [][]float64) [][]float64 {
			p := softmaxRows(byElement([][]float64{r[0][:4], r[1][:4], r[2][:4], r[3][:4]}, func(i, k int) float64 { return inner(x[i], r[k]) / 0.5 }))
			return byElement(x, func(i, j int) float64 {
				d := -r[i][j]
				for k := range r {
					d += p[i][k] * r[k][j]
				}
				return d / 0.5
			})
		}},
		{name: "MMD", loss: func(x T) T { return losses.MMDLoss{Bandwidths: []float64{1.5}}.Of(x, real) }, d: func(x [][]float64) [][]float64 {
			const n, v = lossRows, 1.5 * 1.5
			kernel := func(a, b []float64) float64 { d := apart(a, b, 0); return math.Exp(-d * d / (2 * v)) }
			return byElement(x, func(i, j int) (d float64) { // dk(a, b)/da = -k (a - b)/σ²
				for k := range x {
					d -= 2 * kernel(x[i], x[k]) * (x[i][j] - x[k][j]) / v / (n * n)
					d += 2 * kernel(x[i], r[k]) * (x[i][j] - r[k][j]) / v / (n * n)
				}
				return d
			})
		}},
		{name: "CTC", loss: func(x T) T {
			return losses.CTCLoss{Reduction: sum}.Of(x.LogSoftmax(1).Unsqueeze(1), tensor.Of([]int64{2, 4}, 1, 2), tensor.Of([]int64{lossRows}), tensor.Of([]int64{2}))
		}, d: ctcSlope},
	}
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// apart returns ‖a - b + ε‖.
func apart(a, b []float64, eps float64) (d float64) {
	for i := range a {
		d += (a[i] - b[i] + eps) * (a[i] - b[i] + eps)
	}
	return math.Sqrt(d)
}

// tripletSlope is that of max(0, ‖a - p + ε‖ - ‖a - n + ε‖ + 5) by the anchor a.
func tripletSlope(p, n [][]float64) func(a [][]float64) [][]float64 {
	const eps = 1e-6
	return func(a [][]float64) [][]float64 {
		return byElement(a, func(i, j int) float64 {
			near, far := apart(a[i], p[i], eps), apart(a[i], n[i], eps)
			if near-far+5 <= 0 {
				return 0
			}
			return (a[i][j]-p[i][j]+eps)/near - (a[i][j]-n[i][j]+eps)/far
		})
	}
}

// ctcSlope is that of CTC by the logits for the target 2, 4: at each step softmax less the probability of each label there, given the
// target. All alignments of 4 steps are enumerated.
func ctcSlope(x [][]float64) [][]float64 {
	p := softmaxRows(x)
	total, there := 0.0, byElement(x, func(int, int) float64 { return 0 })
	for path := range lossColumns * lossColumns * lossColumns * lossColumns {
		labels, weight, rest := make([]int, lossRows), 1.0, path
		for t := range labels {
			labels[t], rest = rest%lossColumns, rest/lossColumns
			weight *= p[t][labels[t]]
		}
		var out []int // neighbours merged, then blanks removed
		for t, l := range labels {
			if l != 0 && (t == 0 || labels[t-1] != l) {
				out = append(out, l)
			}
		}
		if len(out) == 2 && out[0] == 2 && out[1] == 4 {
			total += weight
			for t, l := range labels {
				there[t][l] += weight
			}
		}
	}
	return byElement(x, func(t, k int) float64 { return p[t][k] - there[t][k]/total })
}
