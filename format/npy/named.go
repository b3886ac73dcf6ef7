package npy

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// SaveNPZ writes named tensors to the archive at path, whole or not at all; numpy.load reads it. A dtype that NumPy lacks, bfloat16,
// is an error.
func SaveNPZ(path string, tensors []tensor.Named) error {
	arrays := make([]Named, len(tensors))
	for i, t := range tensors {
		a, err := FromTensor(t.Tensor)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		arrays[i] = Named{t.Name, a}
	}
	return WriteNPZFile(path, arrays)
}

// LoadNPZ reads all arrays of the archive at path, such as numpy.savez(path, **state) writes, as tensors, in its order. What no
// tensor can be is an error; see Array.Tensor.
func LoadNPZ(path string) ([]tensor.Named, error) {
	arrays, err := ReadNPZFile(path)
	if err != nil {
		return nil, err
	}
	tensors := make([]tensor.Named, len(arrays))
	for i, a := range arrays {
		t, err := a.Tensor()
		if err != nil {
			return nil, fmt.Errorf("%s: %.80q: %w", path, a.Name, err)
		}
		tensors[i] = tensor.Named{Name: a.Name, Tensor: t}
	}
	return tensors, nil
}
