package fashionmnist_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/fashionmnist"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

// folder makes a data folder with a set of two pictures, labelled 9 and 0, for each part.
func folder(t *testing.T) (cfg source.Config, own string) {
	t.Helper()
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	dir := t.TempDir()
	own = filepath.Join(dir, "fashion-mnist")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"train", "t10k"} {
		images := append([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28}, bytes.Repeat([]byte(prefix[:2]), 28*28)...)
		labels := []byte{0, 0, 8, 1, 0, 0, 0, 2, 9, 0}
		for name, data := range map[string][]byte{"-images-idx3-ubyte": images, "-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(own, prefix+name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return source.Config{Dir: dir, Offline: true}, own
}

var parts = map[string]func(context.Context, source.Config) (*imageset.Images, error){
	"train": fashionmnist.Train,
	"t10k":  fashionmnist.Test,
}

func TestLoad(t *testing.T) {
	cfg, _ := folder(t)
	for prefix, load := range parts {
		m, err := load(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if m.N != 2 || m.H != 28 || m.W != 28 || m.C != 1 || m.Max != 255 || !slices.Equal(m.Labels, []uint8{9, 0}) ||
			!bytes.Equal(m.Pix, bytes.Repeat([]byte(prefix[:2]), 28*28)) {
			t.Errorf("%s: N, H, W, C, Max = %d, %d, %d, %d, %d, labels %v", prefix, m.N, m.H, m.W, m.C, m.Max, m.Labels)
		}
		if m.Classes[m.Labels[0]] != "Ankle boot" || m.Classes[m.Labels[1]] != "T-shirt/top" || len(m.Classes) != 10 {
			t.Errorf("classes %q", m.Classes)
		}
	}
}

// Errors name this set, not the one whose format it shares.
func TestBadLabel(t *testing.T) {
	cfg, own := folder(t)
	path := filepath.Join(own, "train-labels-idx1-ubyte")
	if err := os.WriteFile(path, []byte{0, 0, 8, 1, 0, 0, 0, 2, 9, 10}, 0o644); err != nil {
		t.Fatal(err)
	}
	want := "fashion-mnist: " + path + ": label 10 of picture 1, want 0 to 9: "
	if _, err := fashionmnist.Train(context.Background(), cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Train = %v, want %s...", err, want)
	}
}

func TestSet(t *testing.T) { sourcetest.CheckFiles(t, fashionmnist.Set) }

// The original files, if this machine has them (Debian's package dataset-fashion-mnist): labels and sums by numpy.
func TestOriginal(t *testing.T) {
	cfg := source.Config{Offline: true, Verify: true}
	if _, err := fashionmnist.Set.Locate(cfg); errors.Is(err, fs.ErrNotExist) {
		t.Logf("not checked: %v", err)
		return
	}
	for _, c := range []struct {
		prefix string
		n      int
		first  []uint8
		sum    int
	}{
		{"train", 60_000, []uint8{9, 0, 0, 3, 0, 2, 7, 2, 5, 5}, 3431114169},
		{"t10k", 10_000, []uint8{9, 2, 1, 1, 6, 1, 4, 6, 5, 7}, 573469082},
	} {
		m, err := parts[c.prefix](context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, v := range m.Pix {
			sum += int(v)
		}
		if m.N != c.n || !slices.Equal(m.Labels[:10], c.first) || sum != c.sum {
			t.Errorf("%s: %d pictures, first labels %v, sum %d; want %d, %v, %d", c.prefix, m.N, m.Labels[:10], sum, c.n, c.first, c.sum)
		}
		if want := slices.Repeat([]int{c.n / 10}, 10); !slices.Equal(m.Counts(), want) {
			t.Errorf("%s: counts %v, want %v", c.prefix, m.Counts(), want)
		}
	}
}
