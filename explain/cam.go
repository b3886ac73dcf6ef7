package explain

import (
	"errors"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// CAM returns the class activation maps of pictures x (N, C, H, W), one class each, of a network that ends in global average pooling and a
// dense layer (B. Zhou et al., 2016, Learning deep features for discriminative localization):
//
//	maps(y, x) = Σ_k w[class, k] A_k(y, x)    score = mean of the map + bias
//
// with the last feature maps A; it is (N, h, w), and bias (N,). A network whose last maps are one for each class, as Network in Network,
// needs no dense layer. Other networks are an error: use GradCAM.
func CAM(model nn.Layer, x *tensor.Tensor, classes []int) (maps, bias *tensor.Tensor, err error) {
	const op = "explain.CAM"
	watched(op, model, x, func(s *tensor.Scope, t *trace) {
		of := chosen(op, t.scores, classes)
		a, weight, b := t.pooledHead()
		if a == nil {
			err = errors.New("the network does not end in global average pooling and one dense layer, which class activation maps need; use Grad-CAM")
			return
		}
		at := indices(of)
		bias = tensor.With(x.DType()).Zeros(len(of))
		if b != nil {
			bias = b.Detach().IndexSelect(0, at)
		}
		if weight == nil {
			weight = tensor.With(x.DType()).Eye(t.scores.Dim(1))
		}
		w := weight.Detach().IndexSelect(0, at) // (N, K)
		maps = s.Keep(a.Detach().Mul(w.Unsqueeze(2).Unsqueeze(3)).Sum(1))
	})
	return maps, bias, err
}

// pooledHead returns the maps that global average pooling saw, and the weight (classes, K) and bias of the dense layer after it, nil if the
// means are the scores. It returns no maps if the network ends otherwise.
func (t *trace) pooledHead() (maps, weight, bias *tensor.Tensor) {
	features, i := t.behind(t.scores)
	if i >= 0 {
		switch st := t.steps[i]; {
		case st.op == "linear":
			weight, bias = st.in[1], st.in[2]
		case st.op == "matmul" && st.in[1].Rank() == 2 && !st.in[1].RequiresGrad():
			weight = st.in[1].T()
		}
		if weight != nil {
			features, i = t.behind(t.steps[i].in[0])
		}
	}
	// A mean may be made in several ways: what counts is that the features are the means of something with that many maps.
	for n, k := t.scores.Dim(0), features.Numel()/t.scores.Dim(0); i >= 0; {
		in := t.steps[i].in[0]
		if in.Rank() == 4 && in.Dim(1) == k && in.Dim(2)*in.Dim(3) > 1 {
			mean, got := in.Detach().Mean(2, 3), features.Detach().Reshape(n, k)
			if tensor.AllClose(mean, got, 1e-4, 1e-5*mean.Abs().Max().Item(), false) {
				return in, weight, bias
			}
			return nil, nil, nil
		}
		_, i = t.behind(in)
	}
	return nil, nil, nil
}

// behind returns the tensor that y is a view of, and the step that made it, -1 for none.
func (t *trace) behind(y *tensor.Tensor) (of *tensor.Tensor, step int) {
	for {
		i, ok := t.made[y]
		if !ok {
			return y, -1
		}
		if !views[t.steps[i].op] {
			return y, i
		}
		y = t.steps[i].in[0]
	}
}
