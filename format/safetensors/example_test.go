package safetensors_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/format/safetensors"
)

func Example() {
	dir, err := os.MkdirTemp("", "safetensors")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	var weight []byte
	for _, v := range []float32{1, 2, 3, 4, 5, 6} {
		weight = binary.LittleEndian.AppendUint32(weight, math.Float32bits(v))
	}
	err = safetensors.WriteFile(path, &safetensors.File{
		Metadata: map[string]string{"format": "pt"},
		Entries: []safetensors.Entry{
			{Name: "fc.weight", DType: "F32", Shape: []int{2, 3}, Data: weight},
			{Name: "mask", DType: "BOOL", Shape: []int{2}, Data: []byte{1, 0}},
		},
	})
	if err != nil {
		panic(err)
	}

	r, err := safetensors.Open(path) // reads the header only
	if err != nil {
		panic(err)
	}
	defer r.Close()
	for _, name := range r.Names() {
		e, _ := r.Entry(name)
		fmt.Println(e.Name, e.DType, e.Shape)
	}
	mask := make([]byte, 2)
	if err := r.ReadInto("mask", mask); err != nil {
		panic(err)
	}
	fmt.Println(mask)
	// Output:
	// fc.weight F32 [2 3]
	// mask BOOL [2]
	// [1 0]
}
