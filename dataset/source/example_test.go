package source_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/dataset/source"
)

// A set is named by its files; Get finds them in the folders that the configuration says, or downloads them.
func Example() {
	dir, err := os.MkdirTemp("", "source")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	set := source.Set{Name: "pets", Title: "Pets", Dir: "pets", Files: []source.File{{Name: "cats.csv", Size: 4, SHA256: "404cdd7bc109c432f8cc2443b45bcfe95980f5107215c645236e577929ac3e52"}}}
	_, err = set.Get(context.Background(), source.Config{Dir: dir, Offline: true})
	missing, ok := errors.AsType[*source.MissingError](err)
	fmt.Println(ok, missing.Files)

	if err := os.WriteFile(filepath.Join(dir, "cats.csv"), []byte("meow"), 0o644); err != nil {
		panic(err)
	}
	files, err := set.Get(context.Background(), source.Config{Dir: dir, Offline: true})
	fmt.Println(len(files), err)
	// Output:
	// true [cats.csv]
	// 1 <nil>
}
