package maskset_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset/imagetest"
	"github.com/hadal-go/hadal/dataset/maskset"
	"github.com/hadal-go/hadal/tensor"
)

var _ dataset.Dataset[maskset.Sample] = (*maskset.Set)(nil)

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
	imagetest.Save(t, filepath.Join(dir, "images", "b.jpg"), picture())
	imagetest.Save(t, filepath.Join(dir, "masks", "b.png"), grey(0, 0, 1, 1, 2, 2, 255, 0))
	imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
	palette := image.NewPaletted(image.Rect(0, 0, 4, 2), color.Palette{color.Black, color.White, color.RGBA{255, 0, 0, 255}})
	palette.Pix = []uint8{2, 2, 2, 2, 0, 0, 0, 1}
	imagetest.Save(t, filepath.Join(dir, "masks", "a.gif"), palette)
	s, err := maskset.Open(ctx, dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 2 || !slices.Equal(s.Classes, []string{"background", "class 1", "class 2"}) {
		t.Fatalf("%d pictures of %v", s.Len(), s.Classes)
	}
	a, b := at(t, s, 0), at(t, s, 1)
	if a.Name != "a" || s.Name(0) != "a" || s.Name(1) != "b" || !slices.Equal(tensor.Data[int64](a.Mask), []int64{2, 2, 2, 2, 0, 0, 0, 1}) || a.Image.Shape() != tensor.ShapeOf(3, 2, 4) {
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

	imagetest.Write(t, filepath.Join(dir, "classes.txt"), []byte("ground\r\ncat\ndog\nbird\n"))
	if s, err = maskset.Open(ctx, dir, 0); err != nil || !slices.Equal(s.Classes, []string{"ground", "cat", "dog", "bird"}) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestBinaryMasks(t *testing.T) {
	dir := t.TempDir()
	imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
	imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(0, 255, 0, 255, 0, 0, 0, 0))
	s, err := maskset.Open(context.Background(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := at(t, s, 0).Mask; len(s.Classes) != 2 || !slices.Equal(tensor.Data[int64](got), []int64{0, 1, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("%v %v", s.Classes, got)
	}
}

// png4 is a grey PNG of 4 x 2 pixels of a few bits.
func png4(depth uint8, row0, row1 []byte) []byte {
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	z.Write(slices.Concat([]byte{0}, row0, []byte{0}, row1)) // each after its filter, none
	z.Close()
	file := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		name string
		data []byte
	}{{"IHDR", []byte{0, 0, 0, 4, 0, 0, 0, 2, depth, 0, 0, 0, 0}}, {"IDAT", pixels.Bytes()}, {"IEND", nil}} {
		file = binary.BigEndian.AppendUint32(file, uint32(len(c.data)))
		body := append([]byte(c.name), c.data...)
		file = binary.BigEndian.AppendUint32(append(file, body...), crc32.ChecksumIEEE(body))
	}
	return file
}

// A class is the value that the file holds, of however many bits.
func TestFewBits(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want []int64
	}{
		"4 bits": {png4(4, []byte{0x01, 0x23}, []byte{0x45, 0x6f}), []int64{0, 1, 2, 3, 4, 5, 6, 15}},
		"2 bits": {png4(2, []byte{0x1b}, []byte{0xe4}), []int64{0, 1, 2, 3, 3, 2, 1, 0}},
		"1 bit":  {png4(1, []byte{0x50}, []byte{0x10}), []int64{0, 1, 0, 1, 0, 0, 0, 1}},
	} {
		dir := t.TempDir()
		imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
		imagetest.Save(t, filepath.Join(dir, "images", ".b.png"), picture()) // not looked at
		imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey())
		imagetest.Write(t, filepath.Join(dir, "masks", "a.png"), c.file)
		s, err := maskset.Open(context.Background(), dir, 0)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := tensor.Data[int64](at(t, s, 0).Mask); !slices.Equal(got, c.want) || s.Len() != 1 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A picture is turned as its Exif says; masks are drawn on what is seen.
func TestExif(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "images", "a.jpg")
	imagetest.Save(t, path, picture())
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00" // a quarter turn
	imagetest.Write(t, path, slices.Concat(b[:2], []byte(exif), b[2:]))
	mask := image.NewGray(image.Rect(0, 0, 2, 4))
	mask.Pix[5] = 1
	imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), mask)
	s, err := maskset.Open(context.Background(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	a := at(t, s, 0)
	if a.Image.Shape() != tensor.ShapeOf(3, 4, 2) || !slices.Equal(tensor.Data[int64](a.Mask), []int64{0, 0, 0, 0, 0, 1, 0, 0}) {
		t.Errorf("%v %v", a.Image.Shape(), a.Mask)
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
			imagetest.Write(t, filepath.Join(dir, "images", "a.txt"), nil)
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey())
		}},
		"no mask": {"a.png has no mask", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "b.png"), grey(1))
		}},
		"colours": {"without a palette", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), picture())
		}},
		"empty masks": {"nothing can be learnt", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey())
		}},
		"no picture": {"not a picture", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "b.png"), grey(1))
			imagetest.Write(t, filepath.Join(dir, "masks", "a.png"), []byte("text"))
		}},
		"a mask as JPEG": {"a.png is neither PNG nor GIF", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.jpg"), grey(1))
			if err := os.Rename(filepath.Join(dir, "masks", "a.jpg"), filepath.Join(dir, "masks", "a.png")); err != nil {
				t.Fatal(err)
			}
		}},
		"two masks": {"a.png are both masks of one picture", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
			imagetest.Save(t, filepath.Join(dir, "masks", "a.gif"), grey(1))
		}},
		"a folder": {"a.png is no regular file", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			if err := os.MkdirAll(filepath.Join(dir, "masks", "a.png"), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
		"names in a folder": {"classes.txt is no regular file", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
			if err := os.Mkdir(filepath.Join(dir, "classes.txt"), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
		"many names": {"names 256 classes: masks tell at most 255 apart", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
			imagetest.Write(t, filepath.Join(dir, "classes.txt"), bytes.Repeat([]byte("name\n"), 256))
		}},
		"few names": {"names 1 classes", func(dir string) {
			imagetest.Save(t, filepath.Join(dir, "images", "a.png"), picture())
			imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
			imagetest.Write(t, filepath.Join(dir, "classes.txt"), []byte("only\n"))
		}},
	} {
		dir := t.TempDir()
		c.make(dir)
		if _, err := maskset.Open(ctx, dir, 0); err == nil || !strings.Contains(err.Error(), c.mend) {
			t.Errorf("%s: error %v", name, err)
		}
	}

	if _, err := maskset.Open(ctx, t.TempDir(), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	imagetest.Save(t, filepath.Join(dir, "images", "a.png"), image.NewGray(image.Rect(0, 0, 3, 3)))
	imagetest.Save(t, filepath.Join(dir, "masks", "a.png"), grey(1))
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
