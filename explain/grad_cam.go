package explain

import (
	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// GradCAMConfig are the options of GradCAM.
type GradCAMConfig struct {
	Layer  string // module whose feature maps are looked at, such as layer3, with the ReLU that follows; "": that of the last convolution
	Signed bool   // keep what speaks against the class, which is negative
}

// GradCAM returns gradient-weighted class activation maps (N, h, w) of pictures x (N, C, H, W), of the size of a layer's feature maps A
// (R. R. Selvaraju et al., 2017):
//
//	map = ReLU(Σ_k α_k A_k)    α_k = mean over places of ∂score/∂A_k
//
// For networks that end in global average pooling and a dense layer it is CAM's map, rectified and divided by h·w. Upsample lays it over the picture. It
// returns an error if the network has no such layer, or no feature maps at all.
func GradCAM(model nn.Layer, x *tensor.Tensor, classes []int, cfg GradCAMConfig) (maps *tensor.Tensor, err error) {
	const op = "explain.GradCAM"
	watched(op, model, x, func(s *tensor.Scope, t *trace) {
		var a *tensor.Tensor
		if a, err = t.maps(cfg.Layer); err != nil {
			return
		}
		g := autograd.Grad(sumOfScores(op, t.scores, classes), []*tensor.Tensor{a}, autograd.GradConfig{})[0]
		y := a.Detach().Mul(g.MeanKeepdim(2, 3)).Sum(1)
		if !cfg.Signed {
			y = y.ReLU()
		}
		maps = s.Keep(y)
	})
	return maps, err
}

// GuidedGradCAM returns GuidedBackprop times the upsampled GradCAM, of x's shape: fine detail of what belongs to the class. Its error is
// GradCAM's.
func GuidedGradCAM(model nn.Layer, x *tensor.Tensor, classes []int, cfg GradCAMConfig) (*tensor.Tensor, error) {
	cfg.Signed = false
	maps, err := GradCAM(model, x, classes, cfg)
	if err != nil {
		return nil, err
	}
	return GuidedBackprop(model, x, classes).Mul(Upsample(maps, x.Dim(2), x.Dim(3)).Unsqueeze(1)), nil
}

// Upsample resizes maps (N, h, w) to (N, height, width), bilinearly.
func Upsample(maps *tensor.Tensor, height, width int) *tensor.Tensor {
	if maps.Rank() != 3 {
		tensor.Fail("explain.Upsample", tensor.ErrShape, []tensor.Shape{maps.Shape()}, "the maps must be (N, h, w)")
	}
	return tensor.Interpolate(maps.Unsqueeze(1), []int{height, width}, tensor.InterpolateConfig{Mode: tensor.InterpolateLinear}).Squeeze(1)
}
