package vision

import (
	"context"
	"fmt"
	"image"
	"sync"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// lookedAt are the pictures that the rows on explanations look at: one object on a texture, and a chequered square that says nothing of it.
var lookedAt = shapes.Config{Background: shapes.Texture, Size: 48, Smallest: 0.25, Largest: 0.45, Distractor: true, Noise: 0.02}

// shapeSet is pictures of shapes as tensors.
type shapeSet struct {
	X     *tensor.Tensor // (N, 3, H, W), 0 to 1
	Y     *tensor.Tensor // (N,)
	Boxes *tensor.Tensor // (N, 4) XYXY
	Masks *tensor.Tensor // (N, H, W), not 0 on the object
}

// oneShape makes n pictures of one object each.
func oneShape(ctx context.Context, n int, seed uint64, cfg shapes.Config) (shapeSet, error) {
	set := shapes.New(n, seed, cfg)
	var x, y, boxes, masks []*tensor.Tensor
	for i := range n {
		s, err := set.At(ctx, i, nil)
		if err != nil {
			return shapeSet{}, err
		}
		x, y, boxes, masks = append(x, s.Image), append(y, s.Classes), append(boxes, s.Boxes), append(masks, s.Mask)
	}
	return shapeSet{tensor.Stack(0, x...), tensor.Concat(0, y...), tensor.Concat(0, boxes...), tensor.Stack(0, masks...)}, nil
}

// newShapeNet returns a classifier of shapes: three convolutions, a pooling of each map to one number, and a dense layer.
func newShapeNet(g *random.Generator, global nn.Layer) nn.Sequential {
	return newConvNet(g, 3, 12, len(shapes.Classes), global)
}

// newConvNet is such a network for pictures of so many channels; its convolutions have width, 2 width and 4 width maps.
func newConvNet(g *random.Generator, channels, width, classes int, global nn.Layer) nn.Sequential {
	block := func(in, out int) []nn.Layer {
		return []nn.Layer{nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Padding: 1, NoBias: true}), nn.NewBatchNorm2d(out, nn.BatchNormConfig{}), nn.ReLU{}}
	}
	var net nn.Sequential
	net = append(append(net, block(channels, width)...), nn.NewMaxPool2d(2))
	net = append(append(net, block(width, 2*width)...), nn.NewMaxPool2d(2))
	net = append(net, block(2*width, 4*width)...)
	return append(net, global, nn.NewFlatten(), nn.NewLinear(g, 4*width, classes, nn.LinearConfig{}))
}

var (
	// With means a network has class activation maps; with maxima a score depends on few places, so that its gradient points at them.
	globalMean = &nn.AdaptiveAvgPool2d{H: 1, W: 1}
	globalMax  = &nn.AdaptiveMaxPool2d{H: 1, W: 1}
)

type shapeNetKey struct {
	global nn.Layer
	seed   uint64
}

var trainedShapeNets struct {
	sync.Mutex
	of map[shapeNetKey]nn.Sequential
}

// shapeNetPictures is how many a network learns from.
const shapeNetPictures = 1500

// trainedShapeNet returns the network, trained from a seed, as it infers; the rows of a process share it.
func trainedShapeNet(ctx context.Context, global nn.Layer, seed uint64) (nn.Sequential, error) {
	trainedShapeNets.Lock()
	defer trainedShapeNets.Unlock()
	key := shapeNetKey{global, seed}
	if net := trainedShapeNets.of[key]; net != nil {
		return net, nil
	}
	set, err := oneShape(ctx, shapeNetPictures, 1000+seed, lookedAt)
	if err != nil {
		return nil, err
	}
	net := newShapeNet(random.New(seed), global)
	if err := fitConvNet(ctx, net, set.X, set.Y, 8, seed); err != nil {
		return nil, err
	}
	if trainedShapeNets.of == nil {
		trainedShapeNets.of = map[shapeNetKey]nn.Sequential{}
	}
	net = nn.Eval(net)
	trainedShapeNets.of[key] = net
	return net, nil
}

// fitConvNet makes so many passes over pictures x (N, C, H, W) of classes y (N,), changed by transforms.
func fitConvNet(ctx context.Context, net nn.Layer, x, y *tensor.Tensor, epochs int, seed uint64, transforms ...dataset.Transform) error {
	loader := dataset.NewBatchLoader(dataset.Augment(dataset.NewTensors(x, y), transforms...), dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: seed})
	opt := optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: 5e-3})
	schedule := optim.NewScheduler(opt, optim.Cosine(epochs*loader.Batches(), 0))
	for epoch := range epochs {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return err
			}
			var loss float64
			tensor.WithScope(func(s *tensor.Scope) {
				b := batch.Enter(s)
				l := losses.CrossEntropy(net.Forward(b.X), b.Y)
				opt.ZeroGrad()
				l.Backward()
				loss = l.Detach().Item()
			})
			if loss-loss != 0 {
				return fmt.Errorf("the loss is %v in epoch %d", loss, epoch)
			}
			opt.Step()
			schedule.Step()
		}
	}
	return nil
}

// tolerance is by how many pixels of 48 the pointing game may miss: 4 parts in a hundred of the side, as the paper's 15 pixels of about 400.
const tolerance = 2

// pointing returns the share of the maps (N, h, w) whose largest value points at the object, which the masks show.
func pointing(maps, masks *tensor.Tensor) float64 {
	game := metrics.PointingGame{Tolerance: tolerance}
	for i := range maps.Dim(0) {
		game.Add(maps.Select(0, i), masks.Select(0, i))
	}
	return game.Value()
}

// boxMasks returns masks (N, H, W) that are 1 in the objects' boxes, which the pointing game asks for.
func boxMasks(set shapeSet) *tensor.Tensor {
	n, h, w := set.X.Dim(0), set.X.Dim(2), set.X.Dim(3)
	on, boxes := make([]float32, n*h*w), set.Boxes.Floats()
	for i := range n {
		b := boxes[4*i:]
		for y := int(b[1]); y < int(b[3]); y++ {
			for x := int(b[0]); x < int(b[2]); x++ {
				on[(i*h+y)*w+x] = 1
			}
		}
	}
	return tensor.Of(on, n, h, w)
}

// greys returns the maps (N, H, W) as grey pictures.
func greys(maps *tensor.Tensor) (all []image.Image) {
	for i := range maps.Dim(0) {
		all = append(all, plot.Gray(maps.Dim(1), maps.Dim(2), maps.Select(0, i).Floats()))
	}
	return all
}

// overlays returns the maps (N, h, w) laid over pictures (N, C, H, W).
func overlays(x, maps *tensor.Tensor) (all []image.Image) {
	maps = explain.Upsample(maps, x.Dim(2), x.Dim(3))
	for i := range x.Dim(0) {
		all = append(all, plot.Overlay(explain.Picture(x.Select(0, i), nil, nil), maps.Select(0, i).Floats(), plot.OverlayConfig{Colors: plot.Jet}))
	}
	return all
}

// rowsOf draws lists of pictures below each other, each with what it is under its first.
func rowsOf(path, title string, names []string, lists ...[]image.Image) error {
	var tiles []plot.Tile
	for r, list := range lists {
		for i, img := range list {
			tile := plot.Tile{Image: img}
			if i == 0 {
				tile.Caption = names[r]
			}
			tiles = append(tiles, tile)
		}
	}
	return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: title, Columns: len(lists[0])})
}

// photos returns pictures (N, C, H, W) from 0 to 1 as they are.
func photos(x *tensor.Tensor) (all []image.Image) {
	for i := range x.Dim(0) {
		all = append(all, explain.Picture(x.Select(0, i), nil, nil))
	}
	return all
}
