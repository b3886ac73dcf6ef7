package sets_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
)

func TestAll(t *testing.T) {
	var names []string
	for _, s := range sets.All() {
		names = append(names, s.Name)
		if s.Title == "" || s.Licence == "" || s.Summary == "" || s.Channels < 1 || s.Height < 1 || s.Width < 1 || s.NumClasses < 2 {
			t.Errorf("%+v says too little", s)
		}
		found, err := sets.Find(s.Name)
		if err != nil || found.Title != s.Title {
			t.Errorf("Find(%q) = %v, %v", s.Name, found.Title, err)
		}
		if s.Source != nil && s.Source.Name != s.Name {
			t.Errorf("%q has the source of %q", s.Name, s.Source.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %q are not sorted or not unique", names)
	}
	for _, name := range []string{"", "Digits", "cifar-11"} {
		if _, err := sets.Find(name); err == nil || !strings.Contains(err.Error(), strings.Join(names, ", ")) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Find(%q): %v", name, err)
		}
	}
}

func TestDigits(t *testing.T) {
	s, err := sets.Find("digits")
	if err != nil {
		t.Fatal(err)
	}
	train, test, err := s.Images(t.Context(), source.Config{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	if train.N != 1438 || test.N != 359 || s.Source != nil {
		t.Errorf("%d and %d pictures, source %v", train.N, test.N, s.Source)
	}
	if train.C != s.Channels || train.H != s.Height || train.W != s.Width || len(train.Classes) != s.NumClasses {
		t.Errorf("pictures of %d x %d x %d in %d classes; listed: %+v", train.C, train.H, train.W, len(train.Classes), s)
	}
}

// idx is a file of the type with one picture per label, or of labels alone.
func idx(pictures bool, labels ...byte) []byte {
	if !pictures {
		return append([]byte{0, 0, 8, 1, 0, 0, 0, byte(len(labels))}, labels...)
	}
	return append([]byte{0, 0, 8, 3, 0, 0, 0, byte(len(labels)), 0, 0, 0, 28, 0, 0, 0, 28}, make([]byte, 28*28*len(labels))...)
}

// Sets that are files come from the folder that is named, their training and test parts not mixed up.
func TestFiles(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	for _, s := range sets.All() {
		if s.Source == nil || s.Name == "emoji" { // an archive, whose package tests it
			continue
		}
		dir := t.TempDir()
		folder := filepath.Join(dir, s.Source.Dir)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{
			"train-images-idx3-ubyte": idx(true, 1, 2), "train-labels-idx1-ubyte": idx(false, 1, 2),
			"t10k-images-idx3-ubyte": idx(true, 9), "t10k-labels-idx1-ubyte": idx(false, 9),
		} {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		train, test, err := s.Images(t.Context(), source.Config{Dir: dir, Offline: true})
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if !slices.Equal(train.Labels, []uint8{1, 2}) || !slices.Equal(test.Labels, []uint8{9}) {
			t.Errorf("%s: labels %v and %v", s.Name, train.Labels, test.Labels)
		}
		if train.C != s.Channels || train.H != s.Height || train.W != s.Width || len(train.Classes) != s.NumClasses || train.Classes[9] == "" {
			t.Errorf("%s: pictures of %d x %d x %d in classes %q", s.Name, train.C, train.H, train.W, train.Classes)
		}
	}
}

func TestMissingFiles(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	s, err := sets.Find("mnist")
	if err != nil {
		t.Fatal(err)
	}
	var missing *source.MissingError
	if train, test, err := s.Images(t.Context(), source.Config{Dir: t.TempDir(), Offline: true}); !errors.As(err, &missing) || train != nil || test != nil {
		t.Errorf("%v, %v, %v", train, test, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Images(ctx, source.Config{Dir: t.TempDir()}); err == nil {
		t.Error("a dead context is no error")
	}
}
