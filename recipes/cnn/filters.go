package cnn

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G09", Tier: catalog.Small, Title: "Classical filters: edges, simple and complex cells, and what a network learns by itself",
		Source: "Hubel and Wiesel 1962; Sobel and Feldman 1968; Fukushima 1980; Daugman 1985",
		Target: "at least 30% of the filters that a trained network's first layer has correlate above 0.7 with a Gabor filter, as the median of 3 seeds; of one that was not trained, at most 1 of 32",
		Note:   pictureset.Note + "; the bank has filters around the middle of the window alone, so that a stripe learned elsewhere does not count",
		Test:   filters,
	})
}

const filterSize = 7

// gaborBank returns Gabor filters of 16 directions, 6 wavelengths, 8 phases and 4 widths as rows of size² numbers without mean and of
// length 1.
func gaborBank(size int) *tensor.Tensor {
	var all []*tensor.Tensor
	for angle := range 16 {
		for _, wavelength := range []float64{4, 5, 6, 8, 10, 14} {
			for phase := range 8 {
				for _, sigma := range []float64{1.2, 1.7, 2.4, 3.5} {
					all = append(all, vision.Gabor(size, vision.GaborConfig{
						Wavelength: wavelength, Angle: float64(angle) * math.Pi / 16, Phase: float64(phase) * math.Pi / 4, Sigma: sigma,
					}))
				}
			}
		}
	}
	return unitRows(tensor.Stack(0, all...))
}

// unitRows returns filters (N, ...) as rows without mean and of length 1.
func unitRows(f *tensor.Tensor) *tensor.Tensor {
	f = f.Detach().To(tensor.Float64).Flatten(1)
	f = f.Sub(f.MeanKeepdim(1))
	return f.Div(f.Square().SumKeepdim(1).Sqrt())
}

// likeliest returns, for each filter of a convolution, its largest correlation with a filter of the bank, and which that is.
func likeliest(l *nn.Conv2d, bank *tensor.Tensor) (correlation []float64, which []int64) {
	best, at := unitRows(l.Weight.Tensor).MatMul(bank.Transpose(0, 1)).MaxAlong(1)
	return best.Floats(), tensor.Data[int64](at)
}

// shareAbove returns the share of values above a bound.
func shareAbove(values []float64, bound float64) float64 {
	n := 0.0
	for _, v := range values {
		if v > bound {
			n++
		}
	}
	return n / float64(len(values))
}

func filters(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 5000, 28, pictureset.Least{MNIST: 0.3, Fashion: 0.3, Digits: 0.3})
	if err != nil {
		return err
	}
	bank := gaborBank(filterSize)
	build := func(seed uint64) (nn.Sequential, *nn.Conv2d) {
		g := random.New(seed)
		first := nn.NewConv2d(g, 1, 32, filterSize, nn.ConvConfig{Stride: 2, Padding: 3})
		return nn.NewSequential(
			first, nn.ReLU{}, nn.NewConv2d(g, 32, 64, 3, nn.ConvConfig{Stride: 2, Padding: 1}), nn.ReLU{},
			nn.NewFlatten(), nn.NewLinear(g, 64*7*7, 10, nn.LinearConfig{}),
		), first
	}
	fit := func(seed uint64, x *tensor.Tensor) (*nn.Conv2d, error) {
		m, first := build(seed)
		// Weight decay takes away what the first weights were and training does not need.
		_, err := trainer{epochs: 6, batch: 64, lr: 0.1, momentum: 0.9, decay: 5e-3, warmup: 20, seed: seed}.fit(ctx, m, x, set.Y)
		return first, err
	}
	var first *nn.Conv2d
	share, err := c.Median(3, func(seed uint64) (float64, error) {
		if first, err = fit(seed, set.X); err != nil {
			return 0, err
		}
		correlation, _ := likeliest(first, bank)
		return shareAbove(correlation, 0.7), nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("share of filters, trained on "+set.Name+", that correlate above 0.7 with a Gabor filter", share, set.Least)

	// Controls: no training, and training on pictures whose pixels are all moved to other places, the same for every picture.
	untrained := 0.0
	for seed := range uint64(20) {
		_, l := build(seed + 1)
		correlation, _ := likeliest(l, bank)
		untrained = max(untrained, shareAbove(correlation, 0.7))
	}
	places := tensor.Of(random.Permutation(28*28, random.KeyAt(1)))
	scattered, err := fit(max(c.Seed, 1), set.X.Flatten(2).IndexSelect(2, places).Reshape(set.X.Shape().Dims()...))
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("the same of filters that were not trained, at most among 20 seeds", untrained, 1.0/32)
		correlation, _ := likeliest(scattered, bank)
		c.AtMost("the same of filters trained on pictures with their pixels moved about", shareAbove(correlation, 0.7), set.Least/2)
	})
	classicalFilters(c)
	return c.Picture("filters", func(path string) error { return drawFilters(path, set.Name, first, bank) })
}

// classicalFilters shows what filters that nobody trained do: Sobel's finds the direction of edges, simple cells prefer stripes of one direction, pairs of them
// do not mind where the stripes lie (Hubel and Wiesel's complex cells), and a maximum over places, Fukushima's C cells, does not mind a small shift.
func classicalFilters(c *catalog.Check) {
	// A soft disc: the brightness falls away from the middle, so the slope at each place points to it.
	const side, middle = 41, 20.0
	disc := make([]float64, side*side)
	for i := range disc {
		disc[i] = 1 / (1 + math.Exp((math.Hypot(float64(i%side)-middle, float64(i/side)-middle)-12)/1.5))
	}
	dx, dy := vision.Sobel(tensor.Of(disc, 1, 1, side, side))
	across, down := dx.Floats(), dy.Floats()
	const steep = 0.05
	worst, edge := 0.0, 0
	for i := range disc {
		gx, gy := across[i], down[i]
		x, y := middle-float64(i%side), middle-float64(i/side)
		if math.Hypot(gx, gy) > steep {
			edge++
			worst = max(worst, math.Acos(min(1, (gx*x+gy*y)/math.Hypot(gx, gy)/math.Hypot(x, y)))*180/math.Pi)
		}
	}
	c.AtMost("degrees by which Sobel's direction of a disc's edge is off, at most", worst, 2)
	c.AtLeast("pixels on the edge", float64(edge), 200)

	// Stripes of wavelength 6 seen by cells of 12 directions.
	const size, wavelength = 15, 6.0
	response := func(cell, stripes, cellPhase, phase float64) float64 {
		grating := vision.Gabor(size, vision.GaborConfig{Wavelength: wavelength, Angle: stripes, Phase: phase, Sigma: 1e6})
		return vision.Gabor(size, vision.GaborConfig{Wavelength: wavelength, Angle: cell, Phase: cellPhase}).Mul(grating).Sum().Item()
	}
	energy := func(cell, stripes, phase float64) float64 {
		return math.Hypot(response(cell, stripes, 0, phase), response(cell, stripes, math.Pi/2, phase))
	}
	right, leastShare := 0.0, math.Inf(1)
	for k := range 12 {
		own, best := float64(k)*math.Pi/12, 0
		for other := range 12 {
			if energy(float64(other)*math.Pi/12, own, 0) > energy(float64(best)*math.Pi/12, own, 0) {
				best = other
			}
		}
		if best == k {
			right++
		}
		for phase := range 8 {
			e := energy(own, own, float64(phase)*math.Pi/4) / energy(own, own, 0)
			leastShare = min(leastShare, e)
		}
	}
	c.Equal("directions of 12 to which the cell of that direction answers most", right, 12)
	c.AtLeast("least answer of a complex cell to its stripes wherever they lie, over that to light ones in the middle", leastShare, 0.9)
	c.Control(func() {
		c.AtMost("of a simple cell: its answer to stripes moved by a quarter", math.Abs(response(0.3, 0.3, 0, math.Pi/2))/energy(0.3, 0.3, 0), 0.05)
	})
}

// drawFilters draws each filter above the Gabor filter that is most like it.
func drawFilters(path, data string, first *nn.Conv2d, bank *tensor.Tensor) error {
	correlation, which := likeliest(first, bank)
	rows, found := unitRows(first.Weight.Tensor), bank.IndexSelect(0, tensor.Of(which))
	const columns = 16
	var tiles []plot.Tile
	for from := 0; from < len(which); from += columns {
		for _, f := range []*tensor.Tensor{rows, found} {
			for k := from; k < from+columns; k++ {
				v := f.Select(0, k)
				most := v.Abs().Max().Item()
				tile := plot.Tile{Image: plot.GrayRange(filterSize, filterSize, v.Floats(), -most, most)}
				if f == found {
					tile.Caption = fmt.Sprintf("%.2f", correlation[k])
				}
				tiles = append(tiles, tile)
			}
		}
	}
	return plot.ImageGrid(path, tiles, plot.ImageGridConfig{
		Title: "Filters of a first layer trained on " + data + ", the most similar Gabor filters below them, and their correlation", Columns: columns, Scale: 12,
	})
}
