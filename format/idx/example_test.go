package idx_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/format/idx"
)

func Example() {
	dir, err := os.MkdirTemp("", "idx")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "labels-idx1-ubyte.gz") // compressed because of its name
	if err := idx.WriteFile(path, &idx.Array{Type: idx.Uint8, Shape: []int{5}, Data: []byte{5, 0, 4, 1, 9}}); err != nil {
		panic(err)
	}
	a, err := idx.ReadFile(path)
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Type, a.Shape, a.Data)
	// Output: uint8 [5] [5 0 4 1 9]
}
