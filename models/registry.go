package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Stem says how a classifier begins.
type Stem uint8

const (
	ImageNetStem Stem = iota // as published, for pictures of about 224 x 224
	SmallStem                // for pictures of 28 to 64 pixels a side: what shrinks the picture before the first block is left out
)

// Config are the options of the registry's classifiers. Zero fields mean the published network.
type Config struct {
	Classes  int      // default the published network's: 1000, or 10 of networks for MNIST and CIFAR-10
	Channels int      // of the pictures; default the published network's: 3, or 1 of networks for MNIST
	Width    float64  // factor on the channels of every layer, rounded to at least 1 (and to multiples where groups ask for it); default 1
	Stem     Stem     // default ImageNetStem
	Dropout  *float64 // probability, where the network has dropout; default the published one
}

// Classifier is a network that maps pictures (N, C, H, W) to scores (N, classes), in two parts: Forward(x) is
// Scores(FeatureMaps(x)). Explanations look at the maps between the two, fine-tuning trains what makes scores of them.
type Classifier interface {
	nn.Layer
	// FeatureMaps maps pictures (N, C, H, W) to the last feature maps, (N, K, h, w).
	FeatureMaps(x *tensor.Tensor) *tensor.Tensor
	// Scores maps feature maps (N, K, h, w) to scores (N, classes).
	Scores(maps *tensor.Tensor) *tensor.Tensor
}

// AuxClassifier is a classifier with further heads on its middle layers, which are trained with it and not used afterwards.
type AuxClassifier interface {
	Classifier
	// ForwardAux returns the scores and those of the auxiliary heads, each (N, classes).
	ForwardAux(x *tensor.Tensor) (scores *tensor.Tensor, aux []*tensor.Tensor)
}

// Entry describes a classifier of the registry.
type Entry struct {
	Name   string // as on the command line, such as resnet50
	Title  string // one line
	Paper  string // the source
	Size   int    // height and width of the pictures it was published for, such as 224
	Params int    // of the published network, as New makes it with a zero Config
	Head   string // prefix of the names of the last layer's parameters, such as "fc.": what is replaced for other classes
	// AuxHeads are those of auxiliary heads' last layers, which are replaced too. A network may be without the heads.
	AuxHeads []string

	New func(g *random.Generator, cfg Config) Classifier
}

var entries = map[string]Entry{}

// Register adds a classifier to the list; files call it from init. It panics on a name that is taken.
func Register(e Entry) {
	if _, taken := entries[e.Name]; taken {
		panic("models: " + e.Name + " is registered twice")
	}
	entries[e.Name] = e
}

// Load copies a state, such as that of a torchvision file, into m, which is what e.New made; where the state is for other classes, it is
// LoadBackbone. It reports whether the last layer came along.
func (e Entry) Load(m Classifier, state []tensor.Named) (head bool, err error) {
	shapes := map[string]tensor.Shape{}
	for _, s := range state {
		shapes[s.Name] = s.Shape()
	}
	for _, p := range nn.NamedParams(m) {
		if strings.HasPrefix(p.Name, e.Head) && shapes[p.Name] != p.Shape() {
			return false, e.LoadBackbone(m, state)
		}
	}
	return true, nn.Load(m, state, nn.LoadConfig{})
}

// LoadBackbone copies a state into all of m but its last layer and those of auxiliary heads, which are to learn other classes. m is what
// e.New made, with any number of classes. Nothing changes unless everything fits; the error lists what does not, see nn.Load.
func (e Entry) LoadBackbone(m Classifier, state []tensor.Named) error {
	skip := []string{e.Head + "*"}
	for _, aux := range e.AuxHeads {
		if slices.ContainsFunc(nn.NamedParams(m), func(p nn.NamedParam) bool { return strings.HasPrefix(p.Name, aux) }) {
			skip = append(skip, aux+"*")
		}
	}
	return nn.Load(m, state, nn.LoadConfig{Skip: skip})
}

// All returns the classifiers, sorted by name, numbers in names by value.
func All() []Entry {
	all := make([]Entry, 0, len(entries))
	for _, e := range entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Entry) int { return natural(a.Name, b.Name) })
	return all
}

// natural compares names so that resnet18 comes before resnet101.
func natural(a, b string) int {
	x, y := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789")
	if x == y && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Find returns the classifier of a name, or an error that lists the names.
func Find(name string) (Entry, error) {
	if e, ok := entries[name]; ok {
		return e, nil
	}
	var names []string
	for _, e := range All() {
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("there is no model %q; choose one of %s", name, strings.Join(names, ", "))
}

// withDefaults returns the options with their defaults; model names the network in panics of ErrValue about options that are none.
func (c Config) withDefaults(model string, dropout float64) Config {
	if c.Classes == 0 {
		c.Classes = 1000
	}
	if c.Channels == 0 {
		c.Channels = 3
	}
	if c.Width == 0 {
		c.Width = 1
	}
	if c.Dropout == nil {
		c.Dropout = &dropout
	}
	switch {
	case c.Classes < 0:
		tensor.Fail(model, tensor.ErrValue, nil, "the number of classes, %d, must be positive", c.Classes)
	case c.Channels < 0:
		tensor.Fail(model, tensor.ErrValue, nil, "the number of channels, %d, must be positive", c.Channels)
	case !(c.Width > 0) || c.Width > 64:
		tensor.Fail(model, tensor.ErrValue, nil, "the width, %v, must be above 0 and at most 64", c.Width)
	case c.Stem > SmallStem:
		tensor.Fail(model, tensor.ErrValue, nil, "there is no stem %d", c.Stem)
	}
	return c
}

// scale returns the number of channels n at the configured width.
func (c Config) scale(n int) int { return max(1, int(float64(n)*c.Width+0.5)) }
