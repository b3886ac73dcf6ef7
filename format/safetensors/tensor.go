package safetensors

import (
	"fmt"
	"io"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/tensor"
)

// names maps our types to the format's names.
var names = map[tensor.DType]string{
	tensor.Float32: "F32", tensor.Float64: "F64", tensor.BFloat16: "BF16", tensor.Float16: "F16",
	tensor.Int64: "I64", tensor.Int32: "I32", tensor.Uint8: "U8", tensor.Bool: "BOOL",
}

// Save writes named tensors to the file at path, whole or not at all. It copies one tensor at a time.
func Save(path string, tensors []tensor.Named, metadata map[string]string) error {
	entries, byName := make([]Entry, len(tensors)), map[string]*tensor.Tensor{}
	for i, t := range tensors {
		entries[i] = Entry{Name: t.Name, DType: names[t.DType()], Shape: t.Shape().Dims()}
		byName[t.Name] = t.Tensor
	}
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		return write(w, metadata, entries, func(e Entry) []byte { return byName[e.Name].Bytes() })
	})
}

// Load reads all tensors of a file, in the order of their data, and its metadata. What no tensor can be is an error: types
// such as F8_E4M3, more than tensor.MaxRank dimensions, and dimensions of 2³¹ and more.
func Load(path string) ([]tensor.Named, map[string]string, error) {
	r, err := Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	ts := make([]tensor.Named, len(r.infos))
	for i, t := range r.infos {
		ts[i].Name = t.name
		if ts[i].Tensor, err = r.Tensor(t.name); err != nil {
			return nil, nil, err
		}
	}
	return ts, r.Metadata(), nil
}

// Tensor reads one tensor. What no tensor can be is an error; see Load.
func (r *Reader) Tensor(name string) (*tensor.Tensor, error) {
	e, ok := r.Entry(name)
	if !ok {
		return nil, fmt.Errorf("%s has no tensor %.80q: its %d tensors are what Names lists", r.name, name, len(r.infos))
	}
	dtype, ok := dtypeOf(e.DType)
	if !ok {
		return nil, fmt.Errorf("%s: tensor %.80q has dtype %s, which tensors do not have: read it with ReadFile", r.name, name, e.DType)
	}
	var shape tensor.Shape
	if err, ok := tensor.Catch(func() { shape = tensor.ShapeOf(e.Shape...) }).(*tensor.Error); ok {
		return nil, fmt.Errorf("%s: tensor %.80q: %s: read it with ReadFile", r.name, name, err.Msg)
	}
	data := make([]byte, shape.Numel()*dtype.Size())
	if err := r.ReadInto(name, data); err != nil {
		return nil, err
	}
	return tensor.FromBytes(data, dtype, shape), nil
}

func dtypeOf(name string) (tensor.DType, bool) {
	for d, n := range names {
		if n == name {
			return d, true
		}
	}
	return 0, false
}
