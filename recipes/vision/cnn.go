package vision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imagefolder"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:  "cnn",
		Area:  "vision",
		Title: "any network of the registry on a set or a folder of pictures",
		Paper: "He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition; Smith and Topin (2018), Super-convergence",
		Expect: []recipes.Expectation{
			{Data: "digits", Metric: "test_accuracy", Least: 0.98},
			{Data: "mnist", Metric: "test_accuracy", Least: 0.99},
			{Data: "fashion-mnist", Metric: "test_accuracy", Least: 0.94}, // 0.944 with seed 1; vgg11_bn at half width, 12 epochs: 0.931
			{Data: "emoji", Metric: "test_accuracy", Least: 0.6},          // in the other style; 0.36 with --augment none
		},
		New: func() recipes.Recipe { return new(CNNRecipe) },
	})
}

// CNNRecipe are the options of the recipe. Those that are not given suit the data, see cnnDefaults.
type CNNRecipe struct {
	Data     string  `help:"Data set (digits, emoji, fashion-mnist, mnist) or a folder of pictures: DIR/train/CLASS and DIR/test/CLASS, or DIR/CLASS." default:"digits"`
	Net      string  `name:"model" help:"Network, see hadal models; default: one that suits the data." default:""`
	Width    float64 `help:"Factor on the network's channels; 0: 1, without --model what suits the data." default:"0"`
	Stem     string  `help:"How the network begins: as published (imagenet), without what shrinks the picture first (small), or small for pictures of up to 96 pixels without --weights (auto)." enum:"auto,small,imagenet" default:"auto"`
	Size     int     `help:"Height and width that pictures are brought to; 0: their own, of folders with pictures of several sizes 64." default:"0"`
	Channels int     `help:"1: grey, 3: colour, 0: as the pictures are." enum:"0,1,3" default:"0"`
	Crop     bool    `help:"Keep the proportions of pictures and cut their edges off; else they are stretched."`
	SkipBad  bool    `help:"Leave out pictures of a folder that cannot be read."`

	Augment        []string `help:"Changes of the training pictures, in order: crop, flip, vflip, rotate, affine, resized-crop, jitter, grey, blur, cutout, erasing, each but resized-crop with a number if wanted (crop:4), or none; default: what suits the data."`
	MixUp          float64  `name:"mixup" help:"Mix pictures and their classes by shares from Beta(A, A); 0: not. With --cutmix each batch gets one of the two." default:"0" placeholder:"A"`
	CutMix         float64  `name:"cutmix" help:"Put a part of another picture into each, by areas from Beta(A, A); 0: not." default:"0" placeholder:"A"`
	LabelSmoothing *float64 `help:"Share of the target that is spread over all classes; default: what suits the data."`

	Epochs      int     `help:"Times the data is seen; 0: what suits the data, of a folder 30 and as many as make 300 steps." default:"0"`
	BatchSize   int     `help:"Pictures in a step; 0: what suits the data." default:"0"`
	Optimizer   string  `help:"${enum}." enum:"sgd,adamw" default:"sgd"`
	LR          float64 `name:"lr" help:"Highest learning rate; 0: what suits the data, with adamw 0.002." default:"0"`
	Momentum    float64 `help:"Nesterov momentum of sgd." default:"0.9"`
	WeightDecay float64 `help:"Weight decay." default:"0.0005"`
	Schedule    string  `help:"Of the learning rate: ${enum}." enum:"one-cycle,cosine,constant" default:"one-cycle"`
	ClipNorm    float64 `help:"Largest 2-norm of the gradient; 0: any." default:"0"`
	Parts       int     `help:"Cut each batch into this many parts to save memory." default:"1"`
	Patience    int     `help:"Stop after this many epochs without a better validation accuracy; 0: never." default:"0"`
	Validation  float64 `help:"Share of the training pictures held back to choose the best epoch; 0: none, the last epoch counts." default:"0.1"`

	Weights       string             `help:"Weights to begin with, a safetensors file with the names of PyTorch's; a last layer for another number of classes is left out." type:"path" default:""`
	NewHead       bool               `help:"Begin the last layer anew although that of the weights would fit: for as many other classes."`
	Freeze        []string           `help:"Parameters that do not train: patterns of names, such as 'conv1*,layer1*'."`
	HeadOnly      bool               `help:"Train the last layer alone."`
	LRGroups      map[string]float64 `name:"lr-groups" help:"Factors on the learning rate for parts of the network, such as 'layer4=0.1,fc=1'; other parts keep 1." mapsep:","`
	Checkpointing bool               `help:"Compute activations of blocks twice rather than keep them: less memory for about a third more time."`

	Workers int `help:"Goroutines that make batches ahead." default:"2"`
}

// cnnDefaults are the options that suit a set; "" stands for folders.
var cnnDefaults = map[string]struct {
	model         string
	width         float64
	size          int
	epochs, batch int
	lr, smoothing float64
	augment       []string
}{
	"digits":        {"resnet20", 1, 0, 30, 32, 0.05, 0, []string{"crop:1"}},
	"mnist":         {"lenet5", 1, 0, 12, 64, 0.05, 0, []string{"affine:10"}},
	"fashion-mnist": {"resnet18", 0.5, 0, 15, 128, 0.1, 0.1, []string{"flip", "crop:2"}},
	"emoji":         {"resnet18", 0.25, 32, 60, 64, 0.05, 0.1, []string{"flip", "affine:15", "jitter"}},
	"":              {"resnet18", 0.5, 0, 0, 32, 0.05, 0.1, []string{"flip", "crop"}},
}

// resolved returns the options with what suits the data in the place of zeros.
func (c CNNRecipe) resolved(data string) CNNRecipe {
	d, ok := cnnDefaults[data]
	if !ok {
		d = cnnDefaults[""]
	}
	if c.Net == "" {
		c.Width = cmp.Or(c.Width, d.width)
	}
	c.Net, c.Width, c.Size = cmp.Or(c.Net, d.model), cmp.Or(c.Width, 1), cmp.Or(c.Size, d.size)
	c.Epochs, c.BatchSize = cmp.Or(c.Epochs, d.epochs), cmp.Or(c.BatchSize, d.batch)
	if c.Optimizer == "adamw" {
		d.lr = 0.002
	}
	c.LR = cmp.Or(c.LR, d.lr)
	if c.LabelSmoothing == nil {
		c.LabelSmoothing = &d.smoothing
	}
	if len(c.Augment) == 0 {
		c.Augment = d.augment
	}
	return c
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *CNNRecipe) Validate() error {
	if c.Net != "" {
		if _, err := models.Find(c.Net); err != nil {
			return fmt.Errorf("--model: %w", err)
		}
	}
	if s := c.LabelSmoothing; s != nil && !(*s >= 0 && *s < 1) {
		return fmt.Errorf("--label-smoothing %v: give a number from 0 to below 1", *s)
	}
	if !(c.Validation >= 0 && c.Validation < 1) {
		return fmt.Errorf("--validation %v: give a number from 0 to below 1", c.Validation)
	}
	if c.HeadOnly && len(c.Freeze) > 0 {
		return fmt.Errorf("--head-only freezes all but the last layer: leave --freeze out")
	}
	if c.NewHead && c.Weights == "" {
		return fmt.Errorf("--new-head is for --weights: without, all layers begin anew")
	}
	if !(c.Width >= 0 && c.Width <= 8) {
		return fmt.Errorf("--width %v: give a factor of up to 8, or 0 for what suits the data", c.Width)
	}
	if c.Size > 1024 {
		return fmt.Errorf("--size %d: give at most 1024", c.Size)
	}
	for _, name := range slices.Sorted(maps.Keys(c.LRGroups)) {
		if f := c.LRGroups[name]; !(f > 0 && f <= math.MaxFloat32) {
			return fmt.Errorf("--lr-groups %s=%v: give a factor above 0; --freeze keeps parameters as they are", name, f)
		}
	}
	_, err := augment(c.Augment, 32, 32, false)
	return err
}

// Info returns what the model will see, from the pictures' headers alone: what summaries need.
func (c *CNNRecipe) Info(ctx context.Context) (train.ImageInfo, error) {
	r := c.resolved(c.Data)
	fit := imageset.Fit{Height: r.Size, Width: r.Size, Channels: r.Channels}
	if IsFolder(c.Data) {
		f, err := imagefolder.Open(ctx, c.Data, imagefolder.Config{Fit: fit, SkipBad: true, Lazy: true})
		if err != nil {
			return train.ImageInfo{}, err
		}
		return train.ImageInfo{Set: c.Data, Classes: f.Classes, Channels: f.Fit.Channels, Height: f.Fit.Height, Width: f.Fit.Width}, nil
	}
	set, err := sets.Find(c.Data)
	if err != nil {
		return train.ImageInfo{}, err
	}
	fit = request{fit: fit}.fitOf(set)
	return train.ImageInfo{Set: set.Name, Classes: make([]string, set.NumClasses), Channels: fit.Channels, Height: fit.Height, Width: fit.Width}, nil
}

// Model builds the untrained network.
func (c *CNNRecipe) Model(g *random.Generator, in train.ImageInfo) nn.Layer {
	r := c.resolved(in.Set)
	entry, err := models.Find(r.Net)
	if err != nil { // Validate refuses it; a damaged config.json may have it
		tensor.Fail("cnn", tensor.ErrValue, nil, "%v", err)
	}
	stem := models.ImageNetStem
	if r.Stem == "small" || r.Stem == "auto" && r.Weights == "" && max(in.Height, in.Width) <= 96 {
		stem = models.SmallStem
	}
	return entry.New(g, models.Config{Classes: len(in.Classes), Channels: in.Channels, Width: r.Width, Stem: stem})
}

// Train runs the recipe.
func (c *CNNRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	*c = c.resolved(c.Data)
	data, err := request{
		data: c.Data, fit: imageset.Fit{Height: c.Size, Width: c.Size, Channels: c.Channels, Crop: c.Crop}, skipBad: c.SkipBad, validation: c.Validation,
		transforms: func(in train.ImageInfo) ([]dataset.Transform, error) {
			return augment(c.Augment, in.Height, in.Width, in.White)
		},
	}.open(ctx, env)
	if err != nil {
		return nil, err
	}
	if c.Patience > 0 && data.Validation == nil {
		return nil, fmt.Errorf("--patience needs pictures to validate with: give --validation a share above 0, or put some into a folder val")
	}
	model, err := c.build(env, data.Info)
	if err != nil {
		return nil, err
	}
	loader := dataset.NewBatchLoader(data.Train, dataset.LoaderConfig{BatchSize: c.BatchSize, Shuffle: true, Seed: env.Seed, Workers: c.Workers})
	if c.Epochs == 0 { // of a folder, whose size is known only now
		c.Epochs = max(30, (300+loader.Batches()-1)/loader.Batches())
	}
	if mix := c.mix(len(data.Info.Classes)); mix != nil {
		loader = loader.MapBatches(mix)
	}
	opt, err := c.optimizer(model)
	if err != nil {
		return nil, err
	}
	schedule := optim.NewScheduler(opt, c.schedule(c.Epochs*loader.Batches()))
	loop := train.Loop[dataset.Batch]{
		Step: train.Supervised(model, nil, opt, train.SupervisedConfig{
			ClipNorm: c.ClipNorm, Parts: c.Parts, Scheduler: schedule, Metrics: train.BatchAccuracy, Forward: c.forward(model),
		}),
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		State:      new(train.State).Module("model", model).Optimizer("optimizer", opt).Scheduler("schedule", schedule),
		Run:        env.Run,
		Observe:    env.Observe,
		Config:     train.Config{Epochs: c.Epochs, Patience: c.Patience},
	}
	if data.Validation != nil {
		loop.Config.Monitor = "val_accuracy"
		loop.Evaluate = func(ctx context.Context) (train.Metrics, error) {
			return train.EvaluateClassifier(ctx, model, data.Validation, "val_")
		}
	}
	if err := env.Describe(data.Info); err != nil {
		return nil, err
	}
	trained, err := loop.Train(ctx)
	if err != nil {
		return nil, err
	}
	return train.ReportClassifier(ctx, env.Run, model, data.Test, data.Info, trained)
}

// build makes the network, with the weights to begin with, and freezes what shall not train.
func (c *CNNRecipe) build(env *recipes.Env, in train.ImageInfo) (nn.Layer, error) {
	model := c.Model(random.New(env.Seed), in)
	entry, err := models.Find(c.Net)
	if err != nil {
		return nil, err
	}
	if c.Weights != "" {
		if err := c.load(env, model.(models.Classifier), entry); err != nil {
			return nil, err
		}
	}
	if c.HeadOnly {
		c.Freeze = bodyPatterns(model, entry.Head)
	}
	if len(c.Freeze) > 0 {
		err := tensor.Catch(func() { nn.FreezeMatching(model, c.Freeze...) })
		if e, ok := errors.AsType[*tensor.Error](err); ok {
			return nil, fmt.Errorf("--freeze: %s", e.Msg)
		}
		nn.FreezeStatistics(model)
	}
	if c.Checkpointing {
		if err := tensor.Catch(func() { train.Checkpointing(model) }); err != nil {
			env.Tell("--checkpointing: " + c.Net + " has no blocks that could be computed twice")
		}
	}
	return model, nil
}

// load reads the weights; those of the last layer stay out if they are for another number of classes, or asked to.
func (c *CNNRecipe) load(env *recipes.Env, model models.Classifier, entry models.Entry) error {
	ts, _, err := safetensors.Load(c.Weights)
	if err != nil {
		return err
	}
	head := false
	if c.NewHead {
		err = entry.LoadBackbone(model, ts)
	} else {
		head, err = entry.Load(model, ts)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; give the --model, --width, --stem and --channels that they are of", c.Weights, err)
	}
	if !head && !c.NewHead {
		env.Tell(fmt.Sprintf("%s is for other classes: the last layer, %s, starts anew", filepath.Base(c.Weights), strings.TrimSuffix(entry.Head, ".")))
	}
	return nil
}

// bodyPatterns are the names of all parameters but those that begin with head.
func bodyPatterns(model nn.Layer, head string) (names []string) {
	for _, p := range nn.NamedParams(model) {
		if !strings.HasPrefix(p.Name, head) {
			names = append(names, p.Name)
		}
	}
	return names
}

// mix returns what mixes batches, or nil.
func (c *CNNRecipe) mix(classes int) dataset.BatchTransform {
	var ts []dataset.BatchTransform
	if c.MixUp > 0 {
		ts = append(ts, dataset.MixUp(c.MixUp, classes))
	}
	if c.CutMix > 0 {
		ts = append(ts, dataset.CutMix(c.CutMix, classes))
	}
	switch len(ts) {
	case 0:
		return nil
	case 1:
		return ts[0]
	}
	return dataset.EitherOf(ts...)
}

// optimizer returns the optimizer of what is not frozen, in groups by --lr-groups: a parameter belongs to the longest of the names that it is under.
func (c *CNNRecipe) optimizer(model nn.Layer) (optim.Optimizer, error) {
	names := slices.Sorted(maps.Keys(c.LRGroups))
	slices.SortStableFunc(names, func(a, b string) int { return len(b) - len(a) })
	groups := make([]optim.Group, len(names)+1) // the last is for the others
	for i, name := range names {
		groups[i].LR = c.LR * c.LRGroups[name]
	}
	for _, p := range nn.NamedParams(model) {
		i := slices.IndexFunc(names, func(name string) bool { return p.Name == name || strings.HasPrefix(p.Name, name+".") })
		if i < 0 {
			i = len(names)
		}
		if p.RequiresGrad() {
			groups[i].Params = append(groups[i].Params, p.Param)
		}
	}
	for i, name := range names {
		if len(groups[i].Params) == 0 {
			return nil, fmt.Errorf("--lr-groups %s: nothing that trains in %s is under this name; see hadal summary cnn --model %s", name, c.Net, c.Net)
		}
	}
	groups = slices.DeleteFunc(groups, func(g optim.Group) bool { return len(g.Params) == 0 })
	if len(groups) == 0 {
		return nil, fmt.Errorf("all parameters are frozen: leave something to train")
	}
	if c.Optimizer == "adamw" {
		return optim.NewAdamWGroups(groups, optim.AdamWConfig{LR: c.LR, WeightDecay: &c.WeightDecay}), nil
	}
	return optim.NewSGDGroups(groups, optim.SGDConfig{LR: c.LR, Momentum: c.Momentum, WeightDecay: c.WeightDecay, Nesterov: c.Momentum > 0}), nil
}

func (c *CNNRecipe) schedule(steps int) optim.Schedule {
	switch {
	case c.Schedule == "cosine":
		return optim.Cosine(steps, 0)
	case c.Schedule == "constant" || steps < 10: // too few for a cycle
		return optim.Constant()
	}
	return optim.OneCycle(steps, 0.3, 25, 1e4)
}

// auxiliaryWeight is that of the losses of auxiliary heads (Szegedy et al., 2015).
const auxiliaryWeight = 0.3

// forward returns scores and loss, with those of auxiliary heads where the network has any.
func (c *CNNRecipe) forward(model nn.Layer) func(dataset.Batch) (y, loss *tensor.Tensor) {
	loss := losses.CrossEntropyLoss{LabelSmoothing: *c.LabelSmoothing}.Of
	return func(b dataset.Batch) (*tensor.Tensor, *tensor.Tensor) {
		m, ok := model.(models.AuxClassifier)
		if !ok {
			y := model.Forward(b.X)
			return y, loss(y, b.Y)
		}
		y, heads := m.ForwardAux(b.X)
		sum := loss(y, b.Y)
		for _, aux := range heads {
			sum = sum.Add(loss(aux, b.Y).MulScalar(auxiliaryWeight))
		}
		return y, sum
	}
}
