package training

import (
	"bytes"
	"context"
	"embed"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E13", Tier: catalog.Unit, Title: "Model zoo: weights saved, loaded and shared", Source: "PyTorch's torch.hub and Model Zoo; Patry 2022 (safetensors)",
		Target: "safetensors and npz files give every bit back; the files of a PyTorch model, which other tools wrote, load under the same names, and the model computes what PyTorch's does",
		Note:   "torch_convnet.py beside the files wrote them, with PyTorch, NumPy and the description of safetensors",
		Test:   modelZoo,
	})
}

// zooFiles are the weights of a PyTorch network, and a batch with its outputs.
//
//go:embed testdata/torch_convnet.safetensors testdata/torch_convnet.npz testdata/torch_convnet_io.npz
var zooFiles embed.FS

// torchConvNet is the network of torch_convnet.py.
type torchConvNet struct {
	Conv1 *nn.Conv2d
	BN1   *nn.BatchNorm
	FC    *nn.Linear
}

func newTorchConvNet(seed uint64) *torchConvNet {
	g := random.New(seed)
	return &torchConvNet{
		nn.NewConv2d(g, 1, 4, 3, nn.ConvConfig{Padding: 1}), nn.NewBatchNorm2d(4, nn.BatchNormConfig{}), nn.NewLinear(g, 4*4*4, 10, nn.LinearConfig{}),
	}
}

// Forward maps pictures (N, 1, 8, 8) to scores (N, 10).
func (m *torchConvNet) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(m.BN1.Forward(m.Conv1.Forward(x)).ReLU().MaxPool2d(2).Flatten(1))
}

func modelZoo(_ context.Context, c *catalog.Check) error {
	dir, err := os.MkdirTemp("", "hadal-model-zoo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"torch_convnet.safetensors", "torch_convnet.npz", "torch_convnet_io.npz"} {
		data, err := zooFiles.ReadFile("testdata/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	batch, err := npy.LoadNPZ(filepath.Join(dir, "torch_convnet_io.npz"))
	if err != nil {
		return err
	}
	x, want := batch[0].Tensor, batch[1].Tensor

	// Files of other tools.
	load := func(path string) (state []tensor.Named, err error) {
		if strings.HasSuffix(path, ".npz") {
			return npy.LoadNPZ(path)
		}
		state, _, err = safetensors.Load(path)
		return state, err
	}
	m := newTorchConvNet(1)
	for _, name := range []string{"torch_convnet.safetensors", "torch_convnet.npz"} {
		m = newTorchConvNet(1)
		state, err := load(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := nn.Load(m, state, nn.LoadConfig{}); err != nil {
			return err
		}
		c.AtMost("difference from PyTorch's outputs with the weights of "+name, nn.Eval(m).Forward(x).Sub(want).Abs().Max().Item(), 1e-6)
	}

	// There and back, with values that text or another type would lose.
	state := append(nn.State(m), tensor.Named{Name: "odd", Tensor: tensor.Of([]float32{float32(math.NaN()), float32(math.Inf(-1)), float32(math.Copysign(0, -1)),
		math.SmallestNonzeroFloat32, math.MaxFloat32, 0.1})}, tensor.Named{Name: "ids", Tensor: tensor.Of([]int64{math.MinInt64, 1<<53 + 1})})
	for _, name := range []string{"again.safetensors", "again.npz"} {
		path := filepath.Join(dir, name)
		if err := saveWeights(path, state); err != nil {
			return err
		}
		back, err := load(path)
		if err != nil {
			return err
		}
		c.True(name+" gives every bit back", sameBits(state, back))
		loaded := newTorchConvNet(2)
		if err := nn.Load(loaded, back, nn.LoadConfig{AllowUnexpected: true}); err != nil {
			return err
		}
		c.True("and the model the same bits", bytes.Equal(nn.Eval(loaded).Forward(x).Bytes(), nn.Eval(m).Forward(x).Bytes()))
	}

	c.Control(func() {
		state := nn.State(m)
		state[len(state)-2].Tensor = m.FC.Weight.Detach().T() // (in, out), as Keras stores it
		target := newTorchConvNet(3)
		before := target.Conv1.Weight.Bytes()
		err := nn.Load(target, state, nn.LoadConfig{})
		c.True("weights in another layout are an error that names both shapes", err != nil && strings.Contains(err.Error(), "fc.weight is (64, 10) in the file and (10, 64) in the model"))
		c.True("and nothing is loaded", bytes.Equal(before, target.Conv1.Weight.Bytes()))
		whole, _ := zooFiles.ReadFile("testdata/torch_convnet.safetensors")
		_, err = safetensors.Read(bytes.NewReader(whole[:len(whole)-4]), int64(len(whole)-4))
		c.True("a file cut short is an error", err != nil)
		c.AtLeast("difference from PyTorch's outputs with other weights", nn.Eval(target).Forward(x).Sub(want).Abs().Max().Item(), 0.1)
	})
	return nil
}

// saveWeights writes a state in the format of the path's extension.
func saveWeights(path string, state []tensor.Named) error {
	if strings.HasSuffix(path, ".npz") {
		return npy.SaveNPZ(path, state)
	}
	return safetensors.Save(path, state, nil)
}

// sameBits reports whether b has the tensors of a, in any order.
func sameBits(a, b []tensor.Named) bool {
	byName := map[string]*tensor.Tensor{}
	for _, t := range b {
		byName[t.Name] = t.Tensor
	}
	for _, t := range a {
		o := byName[t.Name]
		if o == nil || o.DType() != t.DType() || o.Shape() != t.Shape() || !bytes.Equal(o.Bytes(), t.Bytes()) {
			return false
		}
	}
	return len(a) == len(b)
}
