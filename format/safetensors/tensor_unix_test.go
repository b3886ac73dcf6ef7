//go:build unix

package safetensors_test

import (
	"io"
	"testing"

	"github.com/hadal-go/hadal/format/internal/writetest"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/tensor"
)

func TestSaveBeyondTheLimit(t *testing.T) {
	path, _ := save(t, []tensor.Named{{Name: "a", Tensor: tensor.Of([]float32{1})}}, nil)
	writetest.BeyondTheLimit(t, path, func() error {
		return safetensors.Save(path, []tensor.Named{{Name: "a", Tensor: tensor.Zeros(1 << 20)}}, nil)
	})
}

func TestSaveToAnUnwritableFolder(t *testing.T) {
	path, _ := save(t, []tensor.Named{{Name: "a", Tensor: tensor.Of([]float32{1})}}, nil)
	writetest.UnwritableFolder(t, path, func() error { return safetensors.Save(path, nil, nil) })
}

func TestDevFull(t *testing.T) {
	writetest.DevFull(t, func(w io.Writer) error { return safetensors.Write(w, &safetensors.File{}) },
		func(path string) error { return safetensors.Save(path, nil, nil) })
}
