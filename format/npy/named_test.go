package npy_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/tensor"
)

func TestNamedTensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	want := []tensor.Named{
		{Name: "layers.0.weight", Tensor: tensor.Of([]float32{1, float32(math.NaN()), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32}, 2, 2).T()},
		{Name: "steps", Tensor: tensor.Of([]int64{math.MinInt64}).Reshape()},
		{Name: "none", Tensor: tensor.With(tensor.Float64).Zeros(0, 3)},
		{Name: "mask", Tensor: tensor.Of([]bool{true, false})},
	}
	if err := npy.SaveNPZ(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := npy.LoadNPZ(path)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d tensors, error %v", len(got), err)
	}
	for i, g := range got {
		if w := want[i]; g.Name != w.Name || g.DType() != w.DType() || g.Shape() != w.Shape() || !bytes.Equal(g.Bytes(), w.Bytes()) {
			t.Errorf("%s is %v, want %s, %v", g.Name, g.Tensor, w.Name, w.Tensor)
		}
	}
}

func TestNamedTensorsErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	err := npy.SaveNPZ(path, []tensor.Named{{Name: "half", Tensor: tensor.Zeros(2).To(tensor.BFloat16)}})
	if err == nil || !strings.Contains(err.Error(), "half") {
		t.Errorf("bfloat16: error %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was left behind")
	}
	if _, err := npy.LoadNPZ(path); err == nil {
		t.Error("no error for a file that is not there")
	}
	if err := npy.WriteNPZFile(path, []npy.Named{{Name: "odd", Array: &npy.Array{DType: "u4", Shape: []int{1}, Data: make([]byte, 4)}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := npy.LoadNPZ(path); err == nil || !strings.Contains(err.Error(), `"odd"`) || !strings.Contains(err.Error(), "u4") {
		t.Errorf("u4: error %v", err)
	}
}

// A model's state goes to NumPy and back: nn.State(model) and nn.Load(model, state, nn.LoadConfig{}).
func ExampleSaveNPZ() {
	dir, err := os.MkdirTemp("", "npz")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.npz") // in Python: numpy.load("model.npz")["fc.weight"]
	if err := npy.SaveNPZ(path, []tensor.Named{{Name: "fc.weight", Tensor: tensor.Of([]float32{1, 2, 3, 4}, 2, 2)}}); err != nil {
		panic(err)
	}
	state, err := npy.LoadNPZ(path)
	if err != nil {
		panic(err)
	}
	fmt.Println(state[0].Name, state[0].Tensor)
	// Output: fc.weight tensor([[1, 2], [3, 4]], float32 (2, 2))
}
