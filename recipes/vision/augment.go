package vision

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// augmentation is a word of --augment, which may have a number behind a colon, such as crop:4.
type augmentation struct {
	name, help string
	takes      numberKind // behind the colon
	// number is what the word means alone, for pictures of the smaller side; make makes the transform of it.
	number func(side int) float64
	make   func(v float64, h, w int) dataset.Transform
}

// numberKind is the kind of number that an augmentation takes.
type numberKind int

const (
	noNumber numberKind = iota
	wholeNumber
	realNumber
)

// parse reads a number of the kind.
func (k numberKind) parse(s string) (float64, error) {
	switch k {
	case noNumber:
		return 0, fmt.Errorf("it takes no number")
	case wholeNumber:
		n, err := strconv.ParseInt(s, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number of up to %d", s, math.MaxInt16)
		}
		return float64(n), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v-v != 0 {
		return 0, fmt.Errorf("%q is not a finite number", s)
	}
	return v, nil
}

func fixed(v float64) func(int) float64 { return func(int) float64 { return v } }

var augmentations = []augmentation{
	{"crop", "shift by up to so many pixels", wholeNumber, func(side int) float64 { return float64(max(1, side/8)) }, func(v float64, h, w int) dataset.Transform { return dataset.RandomCrop(h, w, int(v)) }},
	{"flip", "left to right, with that probability", realNumber, fixed(0.5), func(v float64, _, _ int) dataset.Transform { return dataset.RandomHorizontalFlip(v) }},
	{"vflip", "upside down, likewise", realNumber, fixed(0.5), func(v float64, _, _ int) dataset.Transform { return dataset.RandomVerticalFlip(v) }},
	{"rotate", "by up to so many degrees", realNumber, fixed(15), func(v float64, _, _ int) dataset.Transform { return dataset.RandomRotation(v) }},
	{"affine", "turn by up to so many degrees, shift and zoom by up to a tenth", realNumber, fixed(10), func(v float64, _, _ int) dataset.Transform {
		return dataset.RandomAffine(dataset.AffineConfig{Degrees: v, Translate: 0.1, MinScale: 0.9, MaxScale: 1.1})
	}},
	{"resized-crop", "a random part, scaled", noNumber, fixed(1), func(_ float64, h, w int) dataset.Transform { return dataset.RandomResizedCrop(h, w) }},
	{"jitter", "brightness, contrast and saturation by up to this, hue by a quarter of it", realNumber, fixed(0.4), func(v float64, _, _ int) dataset.Transform {
		return dataset.ColorJitter(dataset.JitterConfig{Brightness: v, Contrast: v, Saturation: v, Hue: min(v/4, 0.5)})
	}},
	{"grey", "with that probability", realNumber, fixed(0.1), func(v float64, _, _ int) dataset.Transform { return dataset.RandomGrayscale(v) }},
	{"blur", "a deviation of up to so many pixels", realNumber, fixed(1), func(v float64, _, _ int) dataset.Transform { return dataset.GaussianBlur(5, min(0.1, v), v) }},
	{"cutout", "a square of so many pixels a side", wholeNumber, func(side int) float64 { return float64(max(1, side/2)) }, func(v float64, _, _ int) dataset.Transform { return dataset.Cutout(int(v)) }},
	{"erasing", "a rectangle, with that probability", realNumber, fixed(0.5), func(v float64, _, _ int) dataset.Transform { return dataset.RandomErasing(v) }},
}

// augment returns the transforms that words ask for, in their order, for pictures of h by w pixels. Where the ground is white, what transforms fill in is
// white too.
func augment(words []string, h, w int, white bool) ([]dataset.Transform, error) {
	var ts []dataset.Transform
	for _, word := range words {
		name, number, given := strings.Cut(strings.TrimSpace(word), ":")
		if name == "none" {
			if given || len(words) > 1 {
				return nil, fmt.Errorf("--augment %s: none stands alone", strings.Join(words, ","))
			}
			return nil, nil
		}
		i := slices.IndexFunc(augmentations, func(a augmentation) bool { return a.name == name })
		if i < 0 {
			return nil, fmt.Errorf("--augment: there is no %q; choose of %s, or none", name, strings.Join(augmentationNames(), ", "))
		}
		a := augmentations[i]
		v := a.number(min(h, w))
		if given {
			var err error
			if v, err = a.takes.parse(number); err != nil {
				return nil, fmt.Errorf("--augment %s: %w", word, err)
			}
		}
		var t dataset.Transform
		if err := tensor.Catch(func() { t = a.make(v, h, w) }); err != nil {
			return nil, fmt.Errorf("--augment %s: %w", word, err)
		}
		if white && name != "jitter" && name != "grey" {
			t = onWhite(t)
		}
		ts = append(ts, t)
	}
	return ts, nil
}

func augmentationNames() (names []string) {
	for _, a := range augmentations {
		names = append(names, a.name)
	}
	return names
}

// onWhite applies t to the negative: what it fills in with black becomes white.
func onWhite(t dataset.Transform) dataset.Transform {
	negative := func(x *tensor.Tensor) *tensor.Tensor { return x.Neg().AddScalar(1) }
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor { return negative(t(negative(x), g)) }
}
