package sets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/breastcancer"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/dataset/wine"
	"github.com/hadal-go/hadal/tensor"
)

// CardNames returns the data sets that have a card: the pictures of All and the tables, sorted.
func CardNames() []string {
	var names []string
	for name := range about {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Card returns the card of a data set: what its values say, found or downloaded as package source says, and what its makers published.
// It returns an error when there is none of the name, or when the files are not there.
func Card(ctx context.Context, name string, cfg source.Config) (dataset.Card, error) {
	said, ok := about[name]
	if !ok {
		return dataset.Card{}, fmt.Errorf("there is no data set %q; choose one of %s", name, strings.Join(CardNames(), ", "))
	}
	c, err := said.values(ctx, cfg)
	if err != nil {
		return c, err
	}
	c.Name, c.Title, c.Summary, c.Source, c.Licence = name, said.Title, said.Summary, said.Source, said.Licence
	c.Motivation, c.Collection, c.Preprocessing, c.Uses, c.Biases, c.Ethics = said.Motivation, said.Collection, said.Preprocessing, said.Uses, said.Biases, said.Ethics
	return c, nil
}

// entry is what is published about a data set, and where its values are.
type entry struct {
	dataset.Card
	values func(context.Context, source.Config) (dataset.Card, error)
}

// pictures is the values of a set of All.
func pictures(name string) func(context.Context, source.Config) (dataset.Card, error) {
	return func(ctx context.Context, cfg source.Config) (c dataset.Card, err error) {
		set, err := Find(name)
		if err != nil {
			return c, err
		}
		train, test, err := set.Images(ctx, cfg)
		if err != nil {
			return c, err
		}
		if c, err = dataset.ImagesCard(dataset.CardPart{Name: "train", Images: train}, dataset.CardPart{Name: "test", Images: test}); err != nil {
			return c, err
		}
		if set.Source != nil {
			c.Files = set.Source.Files
		}
		return c, nil
	}
}

func table(load func() *tableset.Table) func(context.Context, source.Config) (dataset.Card, error) {
	return func(context.Context, source.Config) (dataset.Card, error) { return dataset.TableCard(load()) }
}

const fromScikitLearn = "BSD-3-Clause (scikit-learn), CC BY 4.0 (UCI)"

var about = map[string]entry{
	"digits": {dataset.Card{
		Title: "UCI handwritten digits", Licence: fromScikitLearn,
		Summary: "The test set of the Optical Recognition of Handwritten Digits, cut into a fixed training part and a held-out fifth.",
		Source: []string{
			"E. Alpaydin and C. Kaynak (1998), Cascading classifiers, Kybernetika 34(4), 369-374",
			"https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
		},
		Motivation:    "Made at Bogazici University, Istanbul, for research on how classifiers are combined.",
		Collection:    "43 people wrote digits on forms; the 30 who wrote the original training set are not among the 13 whose digits these are.",
		Preprocessing: "Bitmaps of 32 x 32 were cut into blocks of 4 x 4; a value, 0 to 16, is the number of dark pixels in a block.",
		Biases:        "Both parts hold digits of the same 13 writers: accuracy on the test part says nothing about new writers. *Who they were is not stated.*",
		Uses:          "Quick tests of classifiers. 8 x 8 pixels of separate, centred digits are far from what a reader of forms has to read.",
	}, pictures("digits")},
	"mnist": {dataset.Card{
		Title: "MNIST", Licence: "CC BY-SA 3.0 (Y. LeCun and C. Cortes)",
		Summary: "Handwritten digits, the field's most used set of pictures.",
		Source: []string{
			"Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document recognition, Proceedings of the IEEE 86(11)",
			"https://github.com/cvdfoundation/mnist",
		},
		Motivation:    "Made of NIST's Special Databases 1 and 3, whose training and test digits were not of one kind, so that methods can be compared.",
		Collection:    "Special Database 3 was written by employees of the Census Bureau, Special Database 1 by high-school students, both in the United States. Both parts are half of each; no writer is in both.",
		Preprocessing: "Digits were scaled to 20 x 20 pixels with their proportions kept, which made them grey, and moved so that the centre of mass is that of 28 x 28.",
		Biases:        "Digits as written in the United States about 1990, by two groups of people, one to a picture and already cut out.",
		Uses:          "Teaching and comparisons. It is almost solved: differences of a tenth of a percent say little.",
	}, pictures("mnist")},
	"fashion-mnist": {dataset.Card{
		Title: "Fashion-MNIST", Licence: "MIT (Zalando SE)",
		Summary: "Pictures of articles of clothing in the form of MNIST.",
		Source: []string{
			"H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms, arXiv:1708.07747",
			"https://github.com/zalandoresearch/fashion-mnist",
		},
		Motivation:    "Made by Zalando Research to take MNIST's place, which had become too easy.",
		Collection:    "Front pictures of 70,000 products of Zalando's shop, of men, women, children and neutral ones; white ones were left out. The classes are those of the shop's own experts.",
		Preprocessing: "Pictures of 762 x 1000 pixels were trimmed, shrunk to 28 x 28, sharpened, turned grey and inverted.",
		Biases:        "One European shop's articles of one time, photographed alike; classes such as shirt, T-shirt and pullover overlap.",
		Uses:          "Comparisons of classifiers of small pictures.",
	}, pictures("fashion-mnist")},
	"emoji": {dataset.Card{
		Title: "Emoji in two drawing styles", Licence: "Apache-2.0 (Noto Emoji, Google), CC BY 4.0 (Twemoji)",
		Summary: "The emoji of Unicode 16.0 in the ten categories of Unicode's CLDR, as Noto Emoji (train) and Twemoji (test) draw them.",
		Source: []string{
			"C. Henderson, emoji-data 16.0.0, https://github.com/iamcal/emoji-data",
			"https://github.com/googlefonts/noto-emoji, https://github.com/jdecked/twemoji",
		},
		Motivation:    "Made to show emoji on pages of the web; here a set of pictures in colour whose two parts show the same things in different drawings.",
		Collection:    "All emoji of Unicode 16.0 that both styles have, without the variations in other skin colours; the categories are Unicode's.",
		Preprocessing: "Drawings of 64 x 64 pixels with transparent parts, laid on white.",
		Biases:        "Each thing is drawn once in each style. The classes are of very different sizes: 386 of people, 5 of skin and hair colours. What is drawn is what Unicode has accepted.",
		Uses:          "Demonstrations of classifiers of small colour pictures, of generators, and of a change of style between training and test.",
	}, pictures("emoji")},
	"iris": {dataset.Card{
		Title: "Iris", Licence: fromScikitLearn,
		Summary: "Four measures of the flowers of three species of iris.",
		Source: []string{
			"R. A. Fisher (1936), The use of multiple measurements in taxonomic problems, Annals of Eugenics 7(2), 179-188",
			"https://archive.ics.uci.edu/dataset/53/iris",
		},
		Motivation:    "Fisher's example of linear discriminants.",
		Collection:    "Measured by E. Anderson. The flowers of setosa and versicolor grew in one colony on the Gaspé peninsula; those of virginica did not.",
		Preprocessing: "The values are those of Fisher's paper, as scikit-learn has them; the copy of the UCI repository is wrong in two rows.",
		Biases:        "50 flowers of each species, two species from one place: the shares and the spread are not nature's.",
		Uses:          "Teaching. One class is separated by a line, so that almost every method does well.",
	}, table(iris.Load)},
	"wine": {dataset.Card{
		Title: "Wine recognition", Licence: fromScikitLearn,
		Summary: "13 chemical measures of wines of three cultivars from one region of Italy.",
		Source: []string{
			"M. Forina et al. (1988), PARVUS: an extendible package for data exploration, classification and correlation, Institute of Pharmaceutical and Food Analysis and Technologies, Genoa",
			"https://archive.ics.uci.edu/dataset/109/wine",
		},
		Collection: "Chemical analysis of wines of the same region and three cultivars.",
		Uses:       "Teaching: the features' scales differ a thousandfold, which tells methods that need scaling from others.",
	}, table(wine.Load)},
	"breast-cancer": {dataset.Card{
		Title: "Breast cancer Wisconsin (diagnostic)", Licence: fromScikitLearn,
		Summary: "30 measures of the nuclei of cells of breast tumours, malignant or benign.",
		Source: []string{
			"W. N. Street, W. H. Wolberg and O. L. Mangasarian (1993), Nuclear feature extraction for breast tumor diagnosis, SPIE 1905",
			"https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
		},
		Motivation:    "Made at the University of Wisconsin to diagnose tumours from fine-needle aspirates.",
		Collection:    "Pictures of fine-needle aspirates of patients of one hospital; the diagnosis is the hospital's.",
		Preprocessing: "Outlines of the nuclei were drawn with a program by hand; of ten measures the mean, the standard error and the mean of the three largest are given.",
		Biases:        "One hospital's patients. *Their age, sex and origin are not stated.*",
		Uses:          "Teaching and comparisons; not fit to diagnose anybody.",
		Ethics:        "The rows are of people. Names and numbers of patients are not in them.",
	}, table(breastcancer.Load)},
	"pokemon-evolution": {dataset.Card{
		Title: "Pokémon evolutions", Licence: pokemon.Set.Licence,
		Summary:    "75 evolutions of four species in Pokémon GO; combat power after it is what is mostly predicted.",
		Source:     []string{pokemon.Set.Home},
		Collection: "Noted by a player; published by OpenIntro.",
		Biases:     "Four species, of which one has 39 of the 75 rows and one has 6.",
	}, evolutions},
	"pokemon-stats": {dataset.Card{
		Title: "Pokémon base statistics", Licence: pokemon.Set.Licence,
		Summary:       "Base statistics of 800 Pokémon of generations 1 to 6, ordinary or legendary.",
		Source:        []string{pokemon.Set.Home},
		Collection:    "Collected from the games' pages by A. Barradas.",
		Preprocessing: "Total is the sum of the six statistics. Forms of one Pokémon, such as mega evolutions, are rows of their own.",
	}, baseStats},
}

func evolutions(ctx context.Context, cfg source.Config) (c dataset.Card, err error) {
	all, err := pokemon.EvolutionCP(ctx, cfg)
	if err != nil {
		return c, err
	}
	var x []float64
	for _, e := range all {
		for _, s := range []pokemon.State{e.Before, e.After} {
			x = append(x, s.CP, s.HP, s.Weight, s.Height, s.Weak, s.Strong)
		}
		x = append(x, e.Stardust, e.Candy)
	}
	c, err = dataset.TableCard(&tableset.Table{X: tensor.Of(x, len(all), 14), Features: []string{
		"combat power before", "hit points before", "weight before (kg)", "height before (m)", "weak attack before", "strong attack before",
		"combat power after", "hit points after", "weight after (kg)", "height after (m)", "weak attack after", "strong attack after",
		"stardust", "candy",
	}})
	c.Files = filesOf("evolution-cp.csv")
	return c, err
}

func baseStats(ctx context.Context, cfg source.Config) (c dataset.Card, err error) {
	all, err := pokemon.BaseStats(ctx, cfg)
	if err != nil {
		return c, err
	}
	var x []float64
	var y []int64
	for _, s := range all {
		x = append(x, s.Total, s.HP, s.Attack, s.Defense, s.SpAtk, s.SpDef, s.Speed, float64(s.Generation))
		legendary := int64(0)
		if s.Legendary {
			legendary = 1
		}
		y = append(y, legendary)
	}
	c, err = dataset.TableCard(&tableset.Table{
		X: tensor.Of(x, len(all), 8), Y: tensor.Of(y, len(all)), Classes: []string{"ordinary", "legendary"},
		Features: []string{"total", "hit points", "attack", "defense", "special attack", "special defense", "speed", "generation"},
	})
	c.Files = filesOf("base-stats.csv")
	return c, err
}

func filesOf(name string) []source.File {
	f, _ := pokemon.Set.File(name)
	return []source.File{f}
}
