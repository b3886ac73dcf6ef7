package dataset_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleTableCard() {
	c, err := dataset.TableCard(iris.Load())
	if err != nil {
		fmt.Println(err)
		return
	}
	f := c.Features[2]
	fmt.Printf("%d rows, %d of them twice; %s: %.3f ± %.3f, %d missing\n", c.Splits[0].N, c.Splits[0].Duplicates, f.Name, f.Mean, f.Std, f.Missing)
	c.Title, c.Licence = "Iris", "BSD-3-Clause"
	fmt.Println(strings.SplitN(c.Markdown(), "\n", 2)[0])
	// Output:
	// 150 rows, 1 of them twice; petal length (cm): 3.758 ± 1.759, 0 missing
	// # Data-set card: Iris
}

// Two parts of colour pictures, worked out by hand.
func TestImagesCard(t *testing.T) {
	set := func(labels []uint8, pix ...uint8) *imageset.Images {
		return &imageset.Images{N: len(labels), H: 1, W: 2, C: 3, Max: 10, Pix: pix, Labels: labels, Classes: []string{"cat", "a|b"}}
	}
	train := set([]uint8{0, 1, 1}, 0, 5, 10, 0, 5, 10, 10, 0, 0, 10, 0, 0, 0, 5, 10, 0, 5, 10) // the last is the first again
	test := set([]uint8{0}, 10, 0, 0, 10, 0, 0)                                                // the second of training
	c, err := dataset.ImagesCard(dataset.CardPart{Name: "train", Images: train}, dataset.CardPart{Name: "test", Images: test})
	if err != nil {
		t.Fatal(err)
	}
	want := []dataset.CardSplit{{Name: "train", N: 3, Counts: []int{1, 2}, Duplicates: 1}, {Name: "test", N: 1, Counts: []int{1, 0}, Leaked: 1}}
	if fmt.Sprint(c.Splits) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", c.Splits, want)
	}
	// Of 8 pixels red is 0 in 4 and 1 in 4, green 0.5 in 4 and 0 in 4, blue 1 in 4 and 0 in 4.
	for i, w := range []dataset.FeatureStats{
		{Name: "red", N: 8, Mean: 0.5, Std: 0.5, Min: 0, Max: 1, Zeros: 0.5}, {Name: "green", N: 8, Mean: 0.25, Std: 0.25, Min: 0, Max: 0.5, Zeros: 0.5},
		{Name: "blue", N: 8, Mean: 0.5, Std: 0.5, Min: 0, Max: 1, Zeros: 0.5},
	} {
		if c.Features[i] != w {
			t.Errorf("%+v, want %+v", c.Features[i], w)
		}
	}
	var all []byte
	for _, m := range []*imageset.Images{train, test} {
		all = append(append(all, m.Pix...), m.Labels...)
	}
	if c.Checksum != fmt.Sprintf("%x", sha256.Sum256(all)) {
		t.Errorf("checksum %s", c.Checksum)
	}
	c.Name = "pets"
	text := c.Markdown()
	for _, w := range []string{
		"# Data-set card: pets\n", "4 pictures: 1 x 2 pixels (H x W) of 11 levels, channels: 3", "| train | 3 | 1 | 0 |", "| test | 1 | 0 | 1 |",
		`| a\|b | 2 | 66.7% | 0 | 0.0% |`, "| green | 8 | 0 | 0.25 | 0.25 | 0 | 0.5 | 50.0% |", c.Checksum, "## Known biases\n\n*Not stated.", "## Maintenance\n\n*Not stated.",
	} {
		if !strings.Contains(text, w) {
			t.Errorf("the card lacks %q:\n%s", w, text)
		}
	}
	for _, s := range []string{"Motivation", "Composition", "Collection process", "Preprocessing, cleaning and labelling", "Known biases", "Uses", "Ethical considerations", "Distribution", "Maintenance"} {
		if strings.Count(text, "\n## "+s+"\n") != 1 {
			t.Errorf("section %s", s)
		}
	}

	broken := *train
	broken.Labels = []uint8{0, 1, 2}
	other := *test
	other.Max = 255
	for want, parts := range map[string][]dataset.CardPart{
		"give at least one part":                    {},
		"part train: label 2 of picture 2":          {{Name: "train", Images: &broken}},
		"part test has pictures of 1x2x3 up to 255": {{Name: "train", Images: train}, {Name: "test", Images: &other}},
	} {
		if _, err := dataset.ImagesCard(parts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestTableCard(t *testing.T) {
	nan := math.NaN()
	table := &tableset.Table{X: tensor.Of([]float64{1, nan, 3, 0, 1, nan, 2, 0}, 4, 2), Y: tensor.Of([]int64{0, 1, 1, 0}), Features: []string{"a", "b"}, Classes: []string{"x", "y"}}
	c, err := dataset.TableCard(table)
	if err != nil {
		t.Fatal(err)
	}
	// a is 1, 3, 1, 2: mean 7/4, variance 15/4 - 49/16 = 11/16.
	a, b := c.Features[0], c.Features[1]
	if a.N != 4 || a.Missing != 0 || math.Abs(a.Mean-1.75) > 1e-15 || math.Abs(a.Std-math.Sqrt(11)/4) > 1e-15 || a.Min != 1 || a.Max != 3 || a.Zeros != 0 {
		t.Errorf("%+v", a)
	}
	if (b != dataset.FeatureStats{Name: "b", N: 4, Missing: 2, Zeros: 1}) {
		t.Errorf("%+v", b)
	}
	if s := c.Splits[0]; len(c.Splits) != 1 || s.N != 4 || fmt.Sprint(s.Counts) != "[2 2]" || s.Duplicates != 1 {
		t.Errorf("%+v", c.Splits)
	}
	table.Y, table.Classes = nil, nil
	if c, err = dataset.TableCard(table); err != nil || c.Splits[0].Counts != nil || strings.Contains(c.Markdown(), "| class |") {
		t.Errorf("without classes: %v", err)
	}
	if c, err = dataset.TableCard(&tableset.Table{X: tensor.Of([]float64{}, 0, 1), Features: []string{"a"}}); err != nil || c.Features[0] != (dataset.FeatureStats{Name: "a"}) {
		t.Errorf("of no rows: %+v, %v", c, err)
	}
	x := tensor.Of([]float64{1, 2}, 2, 1)
	for want, bad := range map[string]*tableset.Table{
		"with D names":     {X: x, Features: []string{"a", "b"}},
		"and classes (N,)": {X: x, Features: []string{"a"}, Y: tensor.Of([]int64{0})},
		"needs features":   {},
		"row 1 is of class 2, but there are names for 2": {X: x, Features: []string{"a"}, Y: tensor.Of([]int64{0, 2}), Classes: []string{"x", "y"}},
	} {
		if _, err := dataset.TableCard(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
