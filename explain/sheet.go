package explain

import (
	"fmt"
	"image"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

// SheetConfig are the options of Sheet.
type SheetConfig struct {
	Class *int // what is explained; nil: the class of the largest score
	// Mean and Std are those that the picture was normalised by, one for each channel; nil: it was not.
	Mean, Std []float64
	Most      int    // filters and feature maps to show; 0: 64
	Layer     string // as GradCAMConfig.Layer
}

// Sheet explains one picture x (1, C, H, W), of one or three channels, in all ways, for plot.ImageGrid: the picture, saliency, guided
// back-propagation, occlusion, Grad-CAM, the class activation map, the first convolution's filters and what they make of the picture, and
// the maps that Grad-CAM looks at. What the network has no parts for is left out, and missing says why, a line for each.
func Sheet(model nn.Layer, x *tensor.Tensor, cfg SheetConfig) (tiles []plot.Tile, missing []string) {
	const op = "explain.Sheet"
	checkPictures(op, x)
	if x.Dim(0) != 1 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "one picture is explained, (1, C, H, W)")
	}
	model, most := nn.Eval(model), positive(op, "Most", cfg.Most, 64)
	var classes []int
	if cfg.Class != nil {
		classes = []int{*cfg.Class}
	}
	classes = chosen(op, model.Forward(x.Detach()), classes)
	h, w := x.Dim(2), x.Dim(3)
	picture := Picture(x.Select(0, 0), cfg.Mean, cfg.Std)
	add := func(img image.Image, format string, args ...any) {
		tiles = append(tiles, plot.Tile{Image: img, Caption: fmt.Sprintf(format, args...)})
	}
	over := func(maps *tensor.Tensor) image.Image {
		return plot.Overlay(picture, Upsample(maps, h, w).Floats(), plot.OverlayConfig{Colors: plot.Jet})
	}
	add(picture, "picture, %d x %d", w, h)
	add(plot.Gray(h, w, Saliency(model, x, classes).Floats()), "saliency\n|gradient|")
	add(Signed(GuidedBackprop(model, x, classes).Select(0, 0)), "guided back-propagation\ngrey is 0")
	patch := OcclusionConfig{Patch: [2]int{max(1, h/4), max(1, w/4)}}
	add(over(Occlusion(model, x, classes, patch)), "occlusion by %d x %d\nred: the score falls", patch.Patch[1], patch.Patch[0])
	if maps, err := GradCAM(model, x, classes, GradCAMConfig{Layer: cfg.Layer}); err != nil {
		missing = append(missing, fmt.Sprintf("Grad-CAM: %v", err))
	} else {
		add(over(maps), "Grad-CAM\nof maps %d x %d", maps.Dim(2), maps.Dim(1))
	}
	if maps, _, err := CAM(model, x, classes); err != nil {
		missing = append(missing, fmt.Sprintf("class activation map: %v", err))
	} else {
		add(over(maps), "class activation map\n%d x %d", maps.Dim(2), maps.Dim(1))
	}
	watched(op, model, x, func(_ *tensor.Scope, t *trace) {
		first := t.firstConvolution()
		if first == nil {
			missing = append(missing, "filters and feature maps: the network applies no convolution to the picture")
			return
		}
		weight := first.in[1]
		add(Filters(weight, most), "filters of the first layer\n%s", shown(weight.Dim(0), most))
		add(FeatureMaps(first.out.Select(0, 0), most), "what they make of it\n%s", shown(weight.Dim(0), most))
		if last, err := t.maps(cfg.Layer); err == nil && last != first.out {
			add(FeatureMaps(last.Select(0, 0), most), "maps of Grad-CAM\n%s", shown(last.Dim(1), most))
		}
	})
	return tiles, missing
}

func shown(n, most int) string {
	if n > most {
		return fmt.Sprintf("the first %d of %d", most, n)
	}
	return fmt.Sprintf("all %d", n)
}

func (t *trace) firstConvolution() *step {
	for i := range t.steps {
		if st := &t.steps[i]; st.op == "conv2d" && st.out.Rank() == 4 {
			return st
		}
	}
	return nil
}
