package maskset_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/maskset"
	"github.com/hadal-go/hadal/tensor"
)

var _ dataset.Dataset[maskset.Sample] = (*maskset.Set)(nil)

// save writes a picture in the format of its name.
func save(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	switch filepath.Ext(path) {
	case ".png":
		err = png.Encode(f, img)
	case ".jpg":
		err = jpeg.Encode(f, img, &jpeg.Options{Quality: 100})
	case ".gif":
		err = gif.Encode(f, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// grey is a mask of 4 x 2 pixels.
func grey(values ...uint8) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, 4, 2))
	copy(m.Pix, values)
	return m
}

func picture() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 4, 2))
	for i := range 8 {
		m.SetRGBA(i%4, i/4, color.RGBA{uint8(30 * i), 255, 0, 255})
	}
	return m
}

func at(t *testing.T, s *maskset.Set, i int) maskset.Sample {
	t.Helper()
	sample, err := s.At(context.Background(), i, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	save(t, filepath.Join(dir, "images", "b.jpg"), picture())
	save(t, filepath.Join(dir, "masks", "b.png"), grey(0, 0, 1, 1, 2, 2, 255, 0))
	save(t, filepath.Join(dir, "images", "a.png"), picture())
	palette := image.NewPaletted(image.Rect(0, 0, 4, 2), color.Palette{color.Black, color.White, color.RGBA{255, 0, 0, 255}})
	palette.Pix = []uint8{2, 2, 2, 2, 0, 0, 0, 1}
	save(t, filepath.Join(dir, "masks", "a.gif"), palette)
	s, err := maskset.Open(ctx, dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 2 || !slices.Equal(s.Classes, []string{"background", "class 1", "class 2"}) {
		t.Fatalf("%d pictures of %v", s.Len(), s.Classes)
	}
	a, b := at(t, s, 0), at(t, s, 1)
	if a.Name != "a" || !slices.Equal(tensor.Data[int64](a.Mask), []int64{2, 2, 2, 2, 0, 0, 0, 1}) || a.Image.Shape() != tensor.ShapeOf(3, 2, 4) {
		t.Errorf("%v", a)
	}
	if !slices.Equal(tensor.Data[int64](b.Mask), []int64{0, 0, 1, 1, 2, 2, maskset.Ignored, 0}) {
		t.Errorf("%v", b.Mask)
	}
	for i, v := range tensor.Data[float32](a.Image)[:16] {
		want := float32(30*i) / 255
		if i >= 8 {
			want = 1
		}
		if v != want {
			t.Errorf("value %d is %v, want %v", i, v, want)
		}
	}
	// Each pixel becomes a block, or the middle of a block a pixel.
	if s, err = maskset.Open(ctx, dir, 8); err != nil {
		t.Fatal(err)
	}
	large := at(t, s, 0)
	if large.Image.Shape() != tensor.ShapeOf(3, 8, 8) || !slices.Equal(tensor.Data[int64](large.Mask)[40:], []int64{0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1}) {
		t.Errorf("%v", large.Mask)
	}

	if err := os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("ground\r\ncat\ndog\nbird\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err = maskset.Open(ctx, dir, 0); err != nil || !slices.Equal(s.Classes, []string{"ground", "cat", "dog", "bird"}) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestBinaryMasks(t *testing.T) {
	dir := t.TempDir()
	save(t, filepath.Join(dir, "images", "a.png"), picture())
	save(t, filepath.Join(dir, "masks", "a.png"), grey(0, 255, 0, 255, 0, 0, 0, 0))
	s, err := maskset.Open(context.Background(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := at(t, s, 0).Mask; len(s.Classes) != 2 || !slices.Equal(tensor.Data[int64](got), []int64{0, 1, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("%v %v", s.Classes, got)
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		mend string
		make func(dir string)
	}{
		"no folder": {"holds pictures in images", func(string) {}},
		"no pictures": {"has no pictures", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.txt"), nil)
			save(t, filepath.Join(dir, "masks", "a.png"), grey())
		}},
		"no mask": {"a.png has no mask", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.png"), picture())
			save(t, filepath.Join(dir, "masks", "b.png"), grey(1))
		}},
		"colours": {"without a palette", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.png"), picture())
			save(t, filepath.Join(dir, "masks", "a.png"), picture())
		}},
		"empty masks": {"nothing can be learnt", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.png"), picture())
			save(t, filepath.Join(dir, "masks", "a.png"), grey())
		}},
		"no picture": {"not a picture", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.png"), picture())
			save(t, filepath.Join(dir, "masks", "b.png"), grey(1))
			if err := os.WriteFile(filepath.Join(dir, "masks", "a.png"), []byte("text"), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		"few names": {"names 1 classes", func(dir string) {
			save(t, filepath.Join(dir, "images", "a.png"), picture())
			save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
			if err := os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("only\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		dir := t.TempDir()
		c.make(dir)
		if _, err := maskset.Open(ctx, dir, 0); err == nil || !strings.Contains(err.Error(), c.mend) {
			t.Errorf("%s: error %v", name, err)
		}
	}

	dir := t.TempDir()
	save(t, filepath.Join(dir, "images", "a.png"), image.NewGray(image.Rect(0, 0, 3, 3)))
	save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
	s, err := maskset.Open(ctx, dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(ctx, 0, nil); err == nil || !strings.Contains(err.Error(), "make them equal") {
		t.Errorf("error %v", err)
	}
	if err := tensor.Catch(func() { _, _ = s.At(ctx, 1, nil) }); !errors.Is(err, tensor.ErrIndex) {
		t.Errorf("error %v", err)
	}
	if err := tensor.Catch(func() { _, _ = maskset.Open(ctx, dir, -1) }); !errors.Is(err, tensor.ErrValue) {
		t.Errorf("error %v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := maskset.Open(stopped, dir, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := s.At(stopped, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func ExampleOpen() {
	_, err := maskset.Open(context.Background(), "missing", 64)
	fmt.Println(err != nil)
	// Output: true
}
