package mnist_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

// pack is an idx file: two zero bytes, the type (8 is uint8), the rank, the dimensions as big-endian uint32, the data.
func pack(kind byte, data []byte, shape ...uint32) []byte {
	b := []byte{0, 0, kind, byte(len(shape))}
	for _, n := range shape {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return append(b, data...)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func pixels(n int) []byte {
	b := make([]byte, n*28*28)
	for i := range b {
		b[i] = byte(i*i>>3 + i)
	}
	return b
}

// folder makes a data folder with the given files in its subfolder mnist, and hides all other places.
func folder(t *testing.T, files map[string][]byte) source.Config {
	t.Helper()
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	dir := t.TempDir()
	own := filepath.Join(dir, "mnist")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(own, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return source.Config{Dir: dir, Offline: true}
}

func TestLoad(t *testing.T) {
	cfg := folder(t, map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(pack(8, pixels(3), 3, 28, 28)),
		"train-labels-idx1-ubyte":    pack(8, []byte{9, 0, 5}, 3),
		"t10k-images.idx3-ubyte":     pack(8, pixels(2), 2, 28, 28),
		"t10k-labels.idx1-ubyte.gz":  zipped(pack(8, []byte{1, 2}, 2)),
	})
	for _, c := range []struct {
		load   func(context.Context, source.Config) (*imageset.Images, error)
		labels []uint8
	}{{mnist.Train, []uint8{9, 0, 5}}, {mnist.Test, []uint8{1, 2}}} {
		m, err := c.load(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		n := len(c.labels)
		if m.N != n || m.H != 28 || m.W != 28 || m.C != 1 || m.Max != 255 || len(m.Classes) != 10 {
			t.Errorf("N, H, W, C, Max = %d, %d, %d, %d, %d, classes %q", m.N, m.H, m.W, m.C, m.Max, m.Classes)
		}
		if !bytes.Equal(m.Pix, pixels(n)) || !bytes.Equal(m.Labels, c.labels) {
			t.Errorf("pixels or labels differ; labels %v, want %v", m.Labels, c.labels)
		}
	}
}

func TestBadFiles(t *testing.T) {
	good, labels := pack(8, pixels(2), 2, 28, 28), pack(8, []byte{1, 2}, 2)
	for _, c := range []struct {
		want           string
		images, labels []byte
	}{
		{"has shape [1 56 28], want N x 28 x 28", pack(8, pixels(2), 1, 56, 28), labels},
		{"has shape [2 784], want N x 28 x 28", pack(8, pixels(2), 2, 784), labels},
		{"has shape [3], but ", good, pack(8, []byte{1, 2, 3}, 3)},
		{"has shape [2 1], but ", good, pack(8, []byte{1, 2}, 2, 1)},
		{"label 10 of picture 1, want 0 to 9", good, pack(8, []byte{1, 10}, 2)},
		{"train-labels-idx1-ubyte has elements of type", good, pack(0x0c, make([]byte, 8), 2)},
		{"train-images-idx3-ubyte.gz: ", good[:len(good)-1], labels},
		{"train-images-idx3-ubyte.gz: ", pack(8, nil, 1<<31, 1<<31, 1<<31), labels},
		{"train-images-idx3-ubyte.gz: ", pack(8, nil, 60_000, 28, 28), labels},
		{"train-images-idx3-ubyte.gz: ", []byte("<html>404</html>"), labels},
		{"train-images-idx3-ubyte.gz: ", nil, labels},
		{"is compressed twice", zipped(zipped(good)), labels},
		{"is larger than the 47040016 bytes of the original", pack(8, pixels(60_001), 60_001, 28, 28), labels},
	} {
		cfg := folder(t, map[string][]byte{"train-images-idx3-ubyte.gz": c.images, "train-labels-idx1-ubyte": c.labels})
		m, err := mnist.Train(context.Background(), cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "mnist: ") ||
			strings.Contains(err.Error(), "\n") || m != nil {
			t.Errorf("Train = %v, %v\nwant one line with %q", m, err, c.want)
		}
	}
}

// Each part needs its own two files only.
func TestMissing(t *testing.T) {
	cfg := folder(t, map[string][]byte{
		"t10k-images-idx3-ubyte": pack(8, pixels(2), 2, 28, 28),
		"t10k-labels-idx1-ubyte": pack(8, []byte{1, 2}, 2),
	})
	if _, err := mnist.Test(context.Background(), cfg); err != nil {
		t.Error(err)
	}
	_, err := mnist.Train(context.Background(), cfg)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "mnist: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz not found") ||
		!strings.Contains(err.Error(), "put the 4 files from https://github.com/cvdfoundation/mnist into "+filepath.Join(cfg.Dir, "mnist")) {
		t.Errorf("Train = %v", err)
	}
}

func TestSet(t *testing.T) { sourcetest.CheckFiles(t, mnist.Set) }

// The files that everybody has, if this machine has them: the class counts that the literature states, sums by numpy.
func TestOriginal(t *testing.T) {
	cfg := source.Config{Offline: true, Verify: true}
	if _, err := mnist.Set.Locate(cfg); errors.Is(err, fs.ErrNotExist) {
		t.Logf("not checked: %v", err)
		return
	}
	for _, c := range []struct {
		load   func(context.Context, source.Config) (*imageset.Images, error)
		counts []int
		first  []uint8
		sum    int
	}{
		{mnist.Train, []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}, []uint8{5, 0, 4, 1, 9, 2, 1, 3, 1, 4}, 1567298545},
		{mnist.Test, []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}, []uint8{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}, 264923200},
	} {
		m, err := c.load(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, v := range m.Pix {
			sum += int(v)
		}
		if !slices.Equal(m.Counts(), c.counts) || !slices.Equal(m.Labels[:10], c.first) || sum != c.sum {
			t.Errorf("counts %v, first labels %v, sum %d; want %v, %v, %d", m.Counts(), m.Labels[:10], sum, c.counts, c.first, c.sum)
		}
	}
}
