package mnist1d

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/tensor"
)

func TestReal(t *testing.T) {
	cfg := sourcetest.Find(t, Set)
	train, err := Train(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	test, err := Test(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if train.X.Dim(0) != 4000 || test.X.Dim(0) != 1000 {
		t.Fatalf("%v and %v", train.X.Shape(), test.X.Shape())
	}
	counts := make([]int, Classes)
	for _, c := range tensor.Data[int64](train.Y) {
		counts[c]++
	}
	// Counted with NumPy.
	if want := []int{398, 396, 411, 394, 394, 402, 401, 404, 402, 398}; !slices.Equal(counts, want) {
		t.Errorf("%v series of the classes, want %v", counts, want)
	}
	if lo, hi := test.X.Min().Item(), test.X.Max().Item(); math.Abs(lo+4.2033787) > 1e-6 || math.Abs(hi-4.413565) > 1e-6 {
		t.Errorf("test series from %v to %v", lo, hi)
	}
}

// TestRead reads archives made here: the format, and what is refused.
func TestRead(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	load := func(arrays map[string]*tensor.Tensor) (Series, error) {
		dir := filepath.Join(t.TempDir(), Set.Dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var named []npy.Named
		for name, x := range arrays {
			a, err := npy.FromTensor(x)
			if err != nil {
				t.Fatal(err)
			}
			named = append(named, npy.Named{Name: name, Array: a})
		}
		if err := npy.WriteNPZFile(filepath.Join(dir, fileName), named); err != nil {
			t.Fatal(err)
		}
		return Train(t.Context(), source.Config{Dir: filepath.Dir(dir), Offline: true})
	}
	x := tensor.Arange(0, 2*Length, 1).Reshape(2, Length)
	for _, of := range []tensor.DType{tensor.Float32, tensor.Float64} { // float64 as the original has it
		s, err := load(map[string]*tensor.Tensor{"x": x.To(of), "y": tensor.Of([]int64{9, 0})})
		if err != nil || s.X.DType() != tensor.Float32 || s.X.Select(0, 1).Select(0, 3).Item() != 43 || !slices.Equal(tensor.Data[int64](s.Y), []int64{9, 0}) {
			t.Errorf("%v: %v, %v, %v", of, s.X, s.Y, err)
		}
	}
	y := tensor.Of([]int64{1, 2})
	for _, bad := range []struct {
		arrays map[string]*tensor.Tensor
		want   string
	}{
		{map[string]*tensor.Tensor{"x": x.To(tensor.Float32)}, "there is no array y"},
		{map[string]*tensor.Tensor{"x": x.To(tensor.Float32), "y": tensor.Of([]int64{1})}, "want numbers (N, 40) and classes (N,)"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(2, 39), "y": y}, "want numbers (N, 40)"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(80), "y": y}, "want numbers (N, 40)"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(2, 40), "y": tensor.Zeros(2)}, "classes (N,)"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(0, 40), "y": tensor.Of([]int64{})}, "want numbers"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(2, 40), "y": tensor.Of([]int64{1, 10})}, "sample 1 is of class 10, want 0 to 9"},
		{map[string]*tensor.Tensor{"x": tensor.Full(math.NaN(), 2, 40), "y": y}, "sample 0 has a NaN"},
		{map[string]*tensor.Tensor{"x": tensor.Zeros(maxBytes/160, 40), "y": y}, "cut short"},
	} {
		if _, err := load(bad.arrays); err == nil || !strings.Contains(err.Error(), bad.want) || !strings.HasPrefix(err.Error(), "mnist1d: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, bad.want)
		}
	}
}

func TestNoArchive(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	dir := t.TempDir()
	if _, err := Train(t.Context(), source.Config{Dir: dir, Offline: true}); !errors.As(err, new(*source.MissingError)) {
		t.Errorf("no file: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, Set.Dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Set.Dir, fileName), []byte("a pickle"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Test(t.Context(), source.Config{Dir: dir, Offline: true}); err == nil || !strings.Contains(err.Error(), "no .npz file") {
		t.Errorf("%v", err)
	}
}
