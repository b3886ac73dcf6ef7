package vision

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H04", Tier: catalog.Small, Title: "Feature visualisation: activation maximisation, deconv-net, guided back-propagation", Source: "Erhan et al. 2009; Zeiler and Fergus 2014; Springenberg et al. 2015",
		Target: "pictures made for the 3 classes and for each of the 48 units of the last convolution activate them more than any of 1,500 training pictures does anywhere, and those of classes are classified as such with confidence ≥ 0.99; " +
			"deconv-net and guided back-propagation of a unit stay in its receptive field, and guided back-propagation of a class has half of its energy in the object's box; medians of 3 seeds",
		Note: "a unit is one place of a map before its ReLU, where the gradient never dies; a picture for a class raises its score and its lead over the others: the score alone takes those along, and four of five networks then took the circle " +
			"for another shape; activations are in units of the largest by a training picture, so that total variation holds the noise of all down",
		Test: featurePictures,
	})
}

func featurePictures(ctx context.Context, c *catalog.Check) error {
	test, err := oneShape(ctx, 100, 7, lookedAt)
	if err != nil {
		return err
	}
	boxes := boxMasks(test)
	inBox := func(gradients *tensor.Tensor) float64 {
		e := gradients.Square().Sum(1)
		return e.Mul(boxes).Sum(1, 2).Div(e.Sum(1, 2)).Mean().Item()
	}
	all := map[string][]float64{}
	note := func(what string, v float64) { all[what] = append(all[what], v) }
	var shown *features
	least, err := c.Median(3, func(seed uint64) (float64, error) {
		net, err := trainedShapeNet(ctx, globalMean, seed)
		if err != nil {
			return 0, err
		}
		seen, err := oneShape(ctx, shapeNetPictures, 1000+seed, lookedAt)
		if err != nil {
			return 0, err
		}
		f := newFeatures(net, seen.X)
		shown = f
		g := random.New(seed)
		start := func(n, side int) *tensor.Tensor {
			return tensor.Rand(g, n, 3, side, side).MulScalar(0.1).AddScalar(0.3)
		}
		classes, units := start(len(shapes.Classes), 48), start(f.unitMost.Numel(), unitSide)
		note("start", math.Max(f.ofClasses(classes).Max().Item(), f.ofUnits(units).Max().Item()))
		f.classes = explain.ActivationMaximization(classes, f.lead, explain.MaximizeConfig{Steps: 150, LR: 0.03, TV: 0.01, Jitter: 4, Seed: seed})
		f.units = explain.ActivationMaximization(units, f.ofUnits, explain.MaximizeConfig{Steps: 100, TV: 0.004, Seed: seed})
		note("confidence", diagonal(net.Forward(f.classes).Softmax(1)).Min().Item())
		note("lowest", math.Min(f.classes.Min().Item(), f.units.Min().Item()))
		note("highest", math.Max(f.classes.Max().Item(), f.units.Max().Item()))
		shuffle := func(x *tensor.Tensor) *tensor.Tensor {
			order := tensor.Of(random.Permutation(x.Dim(2)*x.Dim(3), random.KeyAt(seed)))
			return x.Flatten(2).IndexSelect(2, order).Reshape(x.Shape().Dims()...)
		}
		mean := func(classes, units *tensor.Tensor) float64 {
			return tensor.Concat(0, f.ofClasses(classes), f.ofUnits(units)).Mean().Item()
		}
		note("shuffled", mean(shuffle(f.classes), shuffle(f.units))/mean(f.classes, f.units))

		note("reach", float64(max(reach(f.deconv()), reach(f.guided()))))
		note("reach of a class", float64(reach(explain.DeconvNet(net, f.best, nil))))
		guided := inBox(explain.GuidedBackprop(net, test.X, nil))
		note("guided", guided)
		note("over the gradient", guided/inBox(explain.Gradient(net, test.X, nil)))
		note("deconv", inBox(explain.DeconvNet(net, test.X, nil)))
		note("anew", inBox(explain.GuidedBackprop(nn.Eval(newShapeNet(random.New(100+seed), globalMean)), test.X, nil)))
		return math.Min(f.ofClasses(f.classes).Min().Item(), f.ofUnits(f.units).Min().Item()), nil
	})
	if err != nil {
		return err
	}
	of := func(what string) float64 { return catalog.Median(all[what]) }
	field := nn.Summary(shown.maps, tensor.ShapeOf(1, 3, 48, 48)).Fields
	size := float64(field[len(field)-1][0].Size)
	c.AtLeast(fmt.Sprintf("activation by the picture made for it over that by any training picture, the least of 3 classes and %d units", shown.unitMost.Numel()), least, 1)
	c.AtLeast("least confidence in the class that a picture was made for", of("confidence"), 0.99)
	c.AtLeast("least value of a pixel", slices.Min(all["lowest"]), 0)
	c.AtMost("largest value of a pixel", slices.Max(all["highest"]), 1)
	c.AtMost(fmt.Sprintf("pixels across that deconv-net and guided back-propagation of a unit reach, which sees %v", size), of("reach"), size)
	c.AtLeast("energy of guided back-propagation in the object's box", of("guided"), 0.5)
	c.AtLeast("over that of the gradient", of("over the gradient"), 1.25)
	c.AtLeast("energy of deconv-net in the box, over the box's part of the picture", of("deconv")/boxes.Mean().Item(), 1.4)
	c.Control(func() {
		c.AtMost("largest activation by the noise that pictures begin with, over that by training pictures", of("start"), 1)
		c.AtMost("mean activation by the pictures with their pixels shuffled, over that as made", of("shuffled"), 0.25)
		c.AtMost("energy of guided back-propagation in the box with weights drawn anew", of("anew"), 0.3)
		c.Equal("pixels across that deconv-net of a class reaches, which sees all", of("reach of a class"), 48)
	})
	return shown.draw(c, test.X.Narrow(0, 0, 6))
}

// unitSide is the size of pictures made for one unit, in the middle of its map; it sees 18 x 18 of their pixels.
const unitSide = 24

// features are what a network of shapes answers to: its classes, and the units of its last convolution.
type features struct {
	net, maps, maxima nn.Sequential // the maps before their ReLU; the largest value of each
	classes, units    *tensor.Tensor
	// By training pictures: the largest score of each class and activation of each unit, and the picture that it is of.
	classMost, unitMost, best *tensor.Tensor
}

func newFeatures(net nn.Sequential, seen *tensor.Tensor) *features {
	maps := net[:len(net)-4]
	f := &features{net: net, maps: maps, maxima: append(maps[:len(maps):len(maps)], globalMax, nn.NewFlatten())}
	var scores, units []*tensor.Tensor
	const part = 250
	for from := 0; from < seen.Dim(0); from += part {
		x := seen.Narrow(0, from, part)
		scores, units = append(scores, net.Forward(x)), append(units, f.maxima.Forward(x))
	}
	f.classMost = tensor.Concat(0, scores...).Max(0)
	var at *tensor.Tensor
	f.unitMost, at = tensor.Concat(0, units...).MaxAlong(0)
	f.best = seen.IndexSelect(0, at)
	return f
}

// lead returns for picture k the score of class k and how far it is above the others', s + s − log Σ exp(others), over the largest score
// by a training picture, (N,).
func (f *features) lead(x *tensor.Tensor) *tensor.Tensor {
	scores := f.net.Forward(x)
	others := scores.Sub(tensor.Eye(scores.Dim(1)).MulScalar(1e9)).LogSumExp(1)
	return diagonal(scores).MulScalar(2).Sub(others).Div(f.classMost)
}

// ofClasses returns the score of class k by picture k over the largest by a training picture, (N,).
func (f *features) ofClasses(x *tensor.Tensor) *tensor.Tensor {
	return diagonal(f.net.Forward(x)).Div(f.classMost)
}

// ofUnits returns the activation of unit k, in the middle of its map, by picture k over the largest by a training picture anywhere, (N,).
func (f *features) ofUnits(x *tensor.Tensor) *tensor.Tensor {
	maps := f.maps.Forward(x)
	return diagonal(maps.Select(3, maps.Dim(3)/2).Select(2, maps.Dim(2)/2)).Div(f.unitMost)
}

// deconv returns what deconv-net makes of each unit where the training picture that activates it most does so.
func (f *features) deconv() *tensor.Tensor {
	return explain.DeconvNet(f.maxima, f.best, counting(f.best.Dim(0)))
}

func (f *features) guided() *tensor.Tensor {
	return explain.GuidedBackprop(f.maxima, f.best, counting(f.best.Dim(0)))
}

func (f *features) draw(c *catalog.Check, x *tensor.Tensor) error {
	signed := func(maps *tensor.Tensor) (list []image.Image) {
		for i := range maps.Dim(0) {
			list = append(list, explain.Signed(maps.Select(0, i)))
		}
		return list
	}
	if err := c.Picture("classes", func(path string) error {
		return rowsOf(path, "Pictures made for circle, square and triangle", []string{""}, photos(f.classes))
	}); err != nil {
		return err
	}
	if err := c.Picture("units", func(path string) error {
		some := func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(0, 0, 8) }
		return rowsOf(path, "What eight units of the last convolution answer to", []string{"made for the unit", "training picture that activates it most", "deconv-net of it", "guided back-propagation"},
			photos(some(f.units)), photos(some(f.best)), signed(some(f.deconv())), signed(some(f.guided())))
	}); err != nil {
		return err
	}
	return c.Picture("guided", func(path string) error {
		return rowsOf(path, "What back-propagation makes of a class's score", []string{"pictures", "gradient", "deconv-net", "guided back-propagation"},
			photos(x), signed(explain.Gradient(f.net, x, nil)), signed(explain.DeconvNet(f.net, x, nil)), signed(explain.GuidedBackprop(f.net, x, nil)))
	})
}

// diagonal returns element k of row k.
func diagonal(x *tensor.Tensor) *tensor.Tensor { return x.Diagonal(0, 0, 1) }

// counting is 0, 1, ..., n − 1.
func counting(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// reach returns the most pixels from the first to the last that is not 0, across or down, in pictures (N, C, H, W). What is below 1e-5 of the
// largest is 0: fast convolutions leave rounding errors around a field.
func reach(x *tensor.Tensor) (most int) {
	x = x.Abs()
	top := x.Max(1, 2, 3).Floats()
	for _, axis := range []int{2, 3} {
		length, lines := x.Dim(axis), x.Max(1, 5-axis).Floats() // (N, length)
		for i := range x.Dim(0) {
			first, last := length, -1
			for k, v := range lines[i*length : (i+1)*length] {
				if !(v <= 1e-5*top[i]) {
					first, last = min(first, k), k
				}
			}
			most = max(most, last-first+1)
		}
	}
	return most
}
