package npy_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/format/npy"
)

func Example() {
	dir, err := os.MkdirTemp("", "npy")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	var data []byte
	for _, v := range []uint16{1, 2, 3, 4, 5, 6} {
		data = binary.LittleEndian.AppendUint16(data, v)
	}
	path := filepath.Join(dir, "a.npy") // in Python: numpy.load("a.npy")
	if err := npy.WriteFile(path, &npy.Array{DType: "u2", Shape: []int{2, 3}, Data: data}); err != nil {
		panic(err)
	}
	a, err := npy.ReadFile(path)
	if err != nil {
		panic(err)
	}
	fmt.Println(a.DType, a.Shape, a.Data)
	// Output: u2 [2 3] [1 0 2 0 3 0 4 0 5 0 6 0]
}

func ExampleOpenNPZ() {
	dir, err := os.MkdirTemp("", "npz")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "a.npz")
	err = npy.WriteNPZFile(path, []npy.Named{
		{Name: "x", Array: &npy.Array{DType: "u1", Shape: []int{2, 2}, Data: []byte{1, 2, 3, 4}}},
		{Name: "y", Array: &npy.Array{DType: "b1", Shape: []int{2}, Data: []byte{0, 1}}},
	})
	if err != nil {
		panic(err)
	}

	z, err := npy.OpenNPZ(path) // reads the directory only
	if err != nil {
		panic(err)
	}
	defer z.Close()
	for _, name := range z.Names() {
		a, err := z.Read(name)
		if err != nil {
			panic(err)
		}
		fmt.Println(name, a.DType, a.Shape, a.Data)
	}
	// Output:
	// x u1 [2 2] [1 2 3 4]
	// y b1 [2] [0 1]
}
