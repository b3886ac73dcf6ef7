//go:build unix

package npy_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/hadal-go/hadal/format/internal/writetest"
	"github.com/hadal-go/hadal/format/npy"
)

var empty = &npy.Array{DType: "u1", Shape: []int{0}}

// written returns the path of a file.
func written(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := npy.WriteFile(path, &npy.Array{DType: "u1", Shape: []int{3}, Data: []byte{1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWriteFileBeyondTheLimit(t *testing.T) {
	path := written(t)
	writetest.BeyondTheLimit(t, path, func() error {
		return npy.WriteFile(path, &npy.Array{DType: "u1", Shape: []int{1 << 20}, Data: make([]byte, 1<<20)})
	})
}

func TestWriteFileToAnUnwritableFolder(t *testing.T) {
	path := written(t)
	writetest.UnwritableFolder(t, path, func() error { return npy.WriteFile(path, empty) })
}

func TestDevFull(t *testing.T) {
	writetest.DevFull(t, func(w io.Writer) error { return npy.Write(w, empty) }, func(path string) error { return npy.WriteFile(path, empty) })
}
