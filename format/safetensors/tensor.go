package safetensors

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// names maps our types to the format's names.
var names = map[tensor.DType]string{
	tensor.Float32: "F32", tensor.Float64: "F64", tensor.BFloat16: "BF16", tensor.Float16: "F16",
	tensor.Int64: "I64", tensor.Int32: "I32", tensor.Uint8: "U8", tensor.Bool: "BOOL",
}

// Save writes named tensors to the file at path, whole or not at all.
func Save(path string, tensors []tensor.Named, metadata map[string]string) error {
	f := &File{Metadata: metadata}
	for _, t := range tensors {
		f.Entries = append(f.Entries, Entry{t.Name, names[t.DType()], t.Shape().Dims(), t.Bytes()})
	}
	return WriteFile(path, f)
}

// Load reads all tensors of a file, in the order of their data, and its metadata. Types that tensors do not have, such
// as F8_E4M3, and more than tensor.MaxRank dimensions are errors.
func Load(path string) ([]tensor.Named, map[string]string, error) {
	f, err := ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	ts := make([]tensor.Named, len(f.Entries))
	for i, e := range f.Entries {
		d, ok := dtypeOf(e.DType)
		if !ok {
			return nil, nil, fmt.Errorf("%s: tensor %q has dtype %s, which tensors do not have; read it with ReadFile", path, e.Name, e.DType)
		}
		if len(e.Shape) > tensor.MaxRank {
			return nil, nil, fmt.Errorf("%s: tensor %q has %d dimensions, more than the %d that tensors may have; read it with ReadFile", path, e.Name, len(e.Shape), tensor.MaxRank)
		}
		ts[i] = tensor.Named{Name: e.Name, Tensor: tensor.FromBytes(e.Data, d, tensor.ShapeOf(e.Shape...))}
	}
	return ts, f.Metadata, nil
}

func dtypeOf(name string) (tensor.DType, bool) {
	for d, n := range names {
		if n == name {
			return d, true
		}
	}
	return 0, false
}
