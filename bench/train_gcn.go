package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/sparse"
	"github.com/hadal-go/hadal/tensor"
)

// The size of the Cora citation graph, and how many of its nodes are trained on.
const coraNodes, coraEdges, coraWords, coraClasses, coraTrained = 2708, 5429, 1433, 7, 140

// coraLike returns the normalised adjacency matrix of a random graph of Cora's size, its edges in both directions.
func coraLike(g *random.Generator) *sparse.Matrix {
	from, to := tensor.RandInt(g, 0, coraNodes, coraEdges), tensor.RandInt(g, 0, coraNodes, coraEdges)
	a := sparse.FromCOO(coraNodes, coraNodes, tensor.Concat(0, from, to), tensor.Concat(0, to, from), tensor.Ones(2*coraEdges))
	return a.AddIdentity().NormalizeSymmetric()
}

// gcn is a graph convolutional network (Kipf and Welling, 2017).
type gcn struct{ W1, W2 *nn.Linear }

func (m *gcn) Forward(a *sparse.Matrix, x *tensor.Tensor) *tensor.Tensor {
	return a.MatMul(m.W2.Forward(a.MatMul(m.W1.Forward(x)).ReLU()))
}

func trainGCN() Case {
	return Case{Name: "train/gcn_i_cora_h16_adam", Note: "dense features", New: func() func() {
		g := generator()
		a := coraLike(g)
		x := tensor.Rand(g, coraNodes, coraWords).LtScalar(0.0127).To(tensor.Float32)
		y := tensor.RandInt(g, 0, coraClasses, coraTrained)
		m := &gcn{nn.NewLinear(g, coraWords, 16, nn.LinearConfig{}), nn.NewLinear(g, 16, coraClasses, nn.LinearConfig{})}
		opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 1e-3, WeightDecay: 5e-4})
		return scoped(func(s *tensor.Scope) {
			opt.ZeroGrad()
			losses.CrossEntropy(m.Forward(a, s.Enter(x)).Narrow(0, 0, coraTrained), y).Backward()
			opt.Step()
		})
	}}
}

func spmm() Case {
	return Case{Name: "spmm/cora_adj_x_16", New: func() func() {
		g := generator()
		a, x := coraLike(g), randn(g, coraNodes, 16)
		return scoped(func(s *tensor.Scope) { a.MatMul(s.Enter(x)) })
	}}
}
