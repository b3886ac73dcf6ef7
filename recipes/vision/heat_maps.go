package vision

import (
	"context"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H02", Tier: catalog.Small, Title: "Heat maps: occlusion and Grad-CAM", Source: "Zeiler and Fergus 2014; Selvaraju et al. 2017",
		Target: "both point at the object in ≥ 0.90 of pictures with a distractor, and the probability falls faster along their pixels than along random ones, as medians of 3 seeds; for a network with global average pooling " +
			"Grad-CAM is the rectified class activation map divided by the number of places, exactly",
		Note: "a covered patch shows the pictures' mean colour: black has corners that look like a square's; patch and colour were chosen on other pictures than those tested; exactly is to 1e-14 of the largest value, in float64",
		Test: heatMaps,
	})
}

func heatMaps(ctx context.Context, c *catalog.Check) error {
	const n, deleted = 60, 20
	test, err := oneShape(ctx, n, 8, lookedAt)
	if err != nil {
		return err
	}
	boxes := boxMasks(test)
	mean := test.X.Mean(0, 2, 3).Reshape(3, 1, 1)
	covered := explain.OcclusionConfig{Patch: [2]int{8, 8}, Stride: [2]int{4, 4}, Baseline: mean}
	all := map[string][]float64{}
	var occlusion, cam *tensor.Tensor
	hits, err := c.Median(3, func(seed uint64) (float64, error) {
		net, err := trainedShapeNet(ctx, globalMean, seed)
		if err != nil {
			return 0, err
		}
		note := func(what string, v float64) { all[what] = append(all[what], v) }
		if cam, err = explain.GradCAM(net, test.X, nil, explain.GradCAMConfig{}); err != nil {
			return 0, err
		}
		occlusion = explain.Occlusion(net, test.X, nil, covered)
		anew := nn.Eval(newShapeNet(random.New(100+seed), globalMean))
		camAnew, err := explain.GradCAM(anew, test.X, nil, explain.GradCAMConfig{})
		if err != nil {
			return 0, err
		}
		upsampled := explain.Upsample(cam, 48, 48)
		note("occlusion", pointing(occlusion, boxes))
		note("anew", pointing(explain.Upsample(camAnew, 48, 48), boxes))
		for what, maps := range map[string]*tensor.Tensor{
			"deleting by Grad-CAM": upsampled, "deleting by occlusion": occlusion, "deleting at random": tensor.Rand(random.New(seed), n, 48, 48),
		} {
			note(what, deletionAUC(net, test.X.Narrow(0, 0, deleted), maps, mean))
		}
		differs, err := camDifference(net, test.X.Narrow(0, 0, 10))
		note("difference", differs)
		return pointing(upsampled, boxes), err
	})
	if err != nil {
		return err
	}
	of := func(what string) float64 { return catalog.Median(all[what]) }
	c.AtLeast("pointing game, hits of Grad-CAM", hits, 0.90)
	c.AtLeast("hits of occlusion", of("occlusion"), 0.90)
	c.AtMost("area under the deletion curve of Grad-CAM, over that of random pixels", of("deleting by Grad-CAM")/of("deleting at random"), 0.9)
	c.AtMost("the same of occlusion", of("deleting by occlusion")/of("deleting at random"), 0.9)
	c.AtMost("largest difference of Grad-CAM and ReLU(CAM)/places, of the largest value", slices.Max(all["difference"]), 1e-14)
	c.Control(func() {
		c.AtMost("hits of Grad-CAM with weights drawn anew", of("anew"), 0.3)
	})
	return c.Picture("maps", func(path string) error {
		some := func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(0, 0, 6) }
		return rowsOf(path, "Where the class was found", []string{"pictures", "occlusion by 8 x 8", "Grad-CAM"},
			photos(some(test.X)), overlays(some(test.X), some(occlusion)), overlays(some(test.X), some(cam)))
	})
}

// deletionAUC returns the mean area under the curve of the probability of what the network said while pixels go, in the maps' order.
func deletionAUC(net nn.Layer, x, maps, base *tensor.Tensor) (mean float64) {
	n := x.Dim(0)
	said := tensor.Data[int64](net.Forward(x).ArgMax(1))
	for i := range n {
		score := func(images *tensor.Tensor) *tensor.Tensor {
			return net.Forward(images).Softmax(1).Select(1, int(said[i]))
		}
		curve := metrics.Deletion(score, x.Select(0, i), maps.Select(0, i), metrics.PerturbationConfig{Steps: 24, Baseline: base.ExpandTo(x.Select(0, i).Shape()).Contiguous()})
		mean += curve.AUC() / float64(n)
	}
	return mean
}

// camDifference returns the largest |Grad-CAM − ReLU(CAM)/places|, in float64, as a part of the largest value.
func camDifference(net nn.Sequential, x *tensor.Tensor) (float64, error) {
	exact, x := nn.To(net, tensor.Float64), x.To(tensor.Float64)
	cam, _, err := explain.CAM(exact, x, nil)
	if err != nil {
		return 0, err
	}
	grad, err := explain.GradCAM(exact, x, nil, explain.GradCAMConfig{})
	if err != nil {
		return 0, err
	}
	want := cam.ReLU().DivScalar(float64(cam.Dim(1) * cam.Dim(2)))
	return grad.Sub(want).Abs().Max().Item() / want.Max().Item(), nil
}
