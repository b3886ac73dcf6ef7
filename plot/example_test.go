package plot_test

import (
	"fmt"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/plot"
)

// inTemp returns a path in a new folder, where an example may write.
func inTemp(name string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "plot")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(dir, name), func() { os.RemoveAll(dir) }
}

// pixels says how large a PNG is.
func pixels(path string) string {
	f, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%s: %d x %d pixels", filepath.Base(path), c.Width, c.Height)
}

// Learning-rate schedules as lines over the steps of a training.
func ExampleLines() {
	path, remove := inTemp("schedules.png")
	defer remove()
	cosine, warmUp := plot.Series{Name: "cosine"}, plot.Series{Name: "linear warm-up", Dashed: true}
	for step := range 1001 {
		x := float64(step)
		cosine.X, cosine.Y = append(cosine.X, x), append(cosine.Y, 0.05*(1+math.Cos(math.Pi*x/1000)))
		warmUp.X, warmUp.Y = append(warmUp.X, x), append(warmUp.Y, 0.1*min(x/200, 1))
	}
	err := plot.Lines(path, plot.Chart{
		Title: "Schedules", XLabel: "step", YLabel: "learning rate",
		Series: []plot.Series{cosine, warmUp},
		Marks:  []plot.Mark{{X: 200, Label: "end of warm-up"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pixels(path))
	// Output: schedules.png: 1280 x 800 pixels
}

func ExampleLearningCurve() {
	path, remove := inTemp("loss.png")
	defer remove()
	train := []plot.Point{{X: 1, Y: 0.61}, {X: 2, Y: 0.32}, {X: 3, Y: 0.19}, {X: 4, Y: 0.11}}
	val := []plot.Point{{X: 1, Y: 0.55}, {X: 2, Y: 0.36}, {X: 3, Y: 0.31}, {X: 4, Y: 0.34}}
	if err := plot.LearningCurve(path, "loss", train, val, 3); err != nil {
		log.Fatal(err)
	}
	fmt.Println(pixels(path))
	fmt.Println(plot.LearningCurve("loss.png", "loss", train, val, 7))
	// Output:
	// loss.png: 1280 x 800 pixels
	// plot: LearningCurve: no point of loss.png is at the best epoch 7; pass one of its epochs, or -1 for no mark
}

func ExampleConfusionMatrix() {
	path, remove := inTemp("confusion.png")
	defer remove()
	counts := [][]int{
		{93, 5, 2}, // of 100 cats, 93 were recognised, 5 taken for dogs and 2 for birds
		{8, 91, 1},
		{0, 3, 97},
	}
	if err := plot.ConfusionMatrix(path, counts, []string{"cat", "dog", "bird"}, plot.ConfusionMatrixConfig{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(plot.ConfusionMatrix(path, counts, []string{"cat", "dog"}, plot.ConfusionMatrixConfig{}))
	// Output: plot: ConfusionMatrix: 3 rows of counts but 2 classes; give one name for each row, or nil
}

// Two pictures of 2 x 2 pixels, the second one with a frame.
func ExampleImageGrid() {
	path, remove := inTemp("grid.png")
	defer remove()
	err := plot.ImageGrid(path, []plot.Tile{
		{Image: plot.Gray(2, 2, []float32{0, 0.5, 0.5, 1}), Caption: "true 7, said 7"},
		{Image: plot.GrayRange(2, 2, []float32{0, 0.5, 0.5, 1}, 0, 2), Caption: "true 7, said 1", Border: color.RGBA{R: 0xD5, G: 0x5E, A: 0xFF}},
	}, plot.ImageGridConfig{Columns: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pixels(path))
	// Output: grid.png: 488 x 296 pixels
}

func ExampleHeatmap() {
	path, remove := inTemp("attention.svg")
	defer remove()
	words := []string{"it", "was", "tired"}
	attention := [][]float64{{1, 0, 0}, {0.3, 0.7, 0}, {0.6, 0.1, 0.3}}
	err := plot.Heatmap(path, attention, plot.HeatmapConfig{
		XLabel: "key", YLabel: "query", Rows: words, Columns: words,
		Min: new(0.0), Max: new(1.0), BarLabel: "attention", Numbers: true,
	})
	fmt.Println(err)
	// Output: <nil>
}

// The regions of a classifier of the plane, here of the points inside a circle.
func ExampleDecisionRegions() {
	path, remove := inTemp("regions.png")
	defer remove()
	points := []plot.Point{{X: 0.1, Y: 0.2}, {X: -0.4, Y: 0.1}, {X: 1.2, Y: 0.9}, {X: -1, Y: -1.1}}
	class := []int{0, 0, 1, 1}

	const h, w = 100, 120
	r := plot.NewRegions(points)
	centers := r.Centers(h, w) // a model would take them as one batch
	for i := range h {
		row := make([]int, w)
		for j := range row {
			if p := centers[i*w+j]; math.Hypot(p.X, p.Y) > 1 {
				row[j] = 1
			}
		}
		r.Class = append(r.Class, row)
	}
	err := plot.DecisionRegions(path, r, points, class, plot.ScatterConfig{XLabel: "x", YLabel: "y", Classes: []string{"inside", "outside"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pixels(path))
	// Output: regions.png: 1200 x 960 pixels
}

func ExampleHistogram() {
	path, remove := inTemp("weights.svg")
	defer remove()
	err := plot.Histogram(path, []plot.Sample{
		{Name: "before", Values: []float64{-0.3, -0.1, 0, 0.1, 0.2}},
		{Name: "after", Values: []float64{-1.1, -0.4, 0.1, 0.6, 0.9}},
	}, plot.HistogramConfig{Title: "Weights of fc1", XLabel: "weight"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleBars() {
	path, remove := inTemp("accuracy.svg")
	defer remove()
	err := plot.Bars(path, []string{"LeNet-5", "logistic regression"}, []plot.Group{
		{Values: []float64{99.1, 92.6}, Errors: []float64{0.1, 0.2}},
	}, plot.BarsConfig{Title: "Accuracy on MNIST", XLabel: "accuracy (%)"})
	fmt.Println(err)
	// Output: <nil>
}
