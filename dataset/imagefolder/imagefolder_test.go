package imagefolder

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/imageset/imagetest"
	"github.com/hadal-go/hadal/tensor"
)

// flat is a picture of one colour.
func flat(w, h int, c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

var red, blue = color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}

// folder makes pictures of 4 x 4 pixels at the names, red in folders called red, else blue.
func folder(t testing.TB, names ...string) string {
	dir := t.TempDir()
	for _, name := range names {
		c := blue
		if strings.Contains(name, "red/") {
			c = red
		}
		imagetest.Save(t, filepath.Join(dir, filepath.FromSlash(name)), flat(4, 4, c))
	}
	return dir
}

func open2(t *testing.T, dir string, cfg Config) *Folder {
	t.Helper()
	f, err := Open(t.Context(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func names(p *Pictures) (r []string) {
	for i := range p.Len() {
		r = append(r, filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(p.File(i))), filepath.Base(p.File(i)))))
	}
	return r
}

// Parts in folders of their own; every format; names in any case; hidden files and others are not looked at.
func TestParts(t *testing.T) {
	dir := folder(t, "train/red/b.PNG", "train/red/a.jpg", "train/blue/1.gif", "train/blue/2.Bmp", "train/blue/10.JPEG", "train/.git/x.png",
		"train/red/.hidden.png", "Test/blue/x.png", "Test/red/x.png", "Test/red/y.png", "val/red/v.png")
	imagetest.Write(t, filepath.Join(dir, "train/red/README.txt"), []byte("pictures"))
	imagetest.Write(t, filepath.Join(dir, "train/notes.md"), nil)
	f := open2(t, dir, Config{})
	if !slices.Equal(f.Classes, []string{"blue", "red"}) || f.Fit != (imageset.Fit{Height: 4, Width: 4, Channels: 3}) || f.Bad != nil || f.Cut {
		t.Fatalf("%+v", f)
	}
	for _, c := range []struct {
		p      *Pictures
		names  string
		labels []int64
	}{
		{f.Train, "blue/1.gif blue/10.JPEG blue/2.Bmp red/a.jpg red/b.PNG", []int64{0, 0, 0, 1, 1}},
		{f.Test, "blue/x.png red/x.png red/y.png", []int64{0, 1, 1}},
		{f.Validation, "red/v.png", []int64{1}},
	} {
		if got := strings.Join(names(c.p), " "); got != c.names || !slices.Equal(c.p.Labels(), c.labels) || c.p.Len() != len(c.labels) {
			t.Errorf("%s %v, want %s %v", got, c.p.Labels(), c.names, c.labels)
		}
		for i := range c.p.Len() {
			s, err := c.p.At(t.Context(), i, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := []float64{0, 0, 1} // blue
			if c.labels[i] == 1 {
				want = []float64{1, 0, 0}
			}
			for k, v := range s.X.Floats() {
				if s.X.Shape() != tensor.ShapeOf(3, 4, 4) || s.Y != c.labels[i] || !(math.Abs(v-want[k/16]) <= 0.02) { // JPEG loses a little
					t.Fatalf("%s: %v %v of class %d", c.p.File(i), s.X.Shape(), s.X.Floats(), s.Y)
				}
			}
		}
	}
	if f := open2(t, folder(t, "train/red/a.png", "train/blue/a.png", "valid/red/a.png"), Config{}); f.Validation != nil || f.Test.Len() != 1 {
		t.Error("val must be the test part where there is no test")
	}
}

// Without parts a share of every class is held back, the same one each time.
func TestSplit(t *testing.T) {
	var all []string
	for i := range 10 {
		all = append(all, fmt.Sprintf("red/%d.png", i), fmt.Sprintf("blue/%d.png", i), fmt.Sprintf("blue/x%d.png", i))
	}
	dir := folder(t, all...)
	for share, want := range map[float64][]int{0: {24, 6}, 0.5: {15, 15}} {
		f := open2(t, dir, Config{TestShare: share})
		if f.Train.Len() != want[0] || f.Test.Len() != want[1] || !f.Cut {
			t.Errorf("share %v: %d and %d pictures", share, f.Train.Len(), f.Test.Len())
		}
		if n := tensor.Of(f.Test.Labels()).Sum().Item(); n != float64(want[1]/3) {
			t.Errorf("share %v: %v of %d test pictures are red", share, n, want[1])
		}
		both := append(names(f.Train), names(f.Test)...)
		slices.Sort(both)
		slices.Sort(all)
		if !slices.Equal(both, all) {
			t.Error("the parts are not the whole")
		}
		if again := open2(t, dir, Config{TestShare: share}); !slices.Equal(names(again.Test), names(f.Test)) {
			t.Error("another test part")
		}
	}
	// The parts of DIR/train alone are cut likewise.
	if f := open2(t, folder(t, "train/red/1.png", "train/red/2.png", "train/blue/1.png", "train/blue/2.png"), Config{TestShare: 0.5}); f.Train.Len() != 2 || f.Test.Len() != 2 {
		t.Error(f.Train.Len(), f.Test.Len())
	}
}

// declares is a PNG of which only the header is there, with a right checksum.
func declares(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	head = append(head, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

func TestBadFiles(t *testing.T) {
	dir := folder(t, "red/1.png", "red/2.png", "red/3.png", "blue/1.png", "blue/2.png")
	good, err := os.ReadFile(filepath.Join(dir, "red", "1.png"))
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{ // names sort in this order
		"blue/bomb.png":  "claims 100000 x 100000 pixels; at most 100 million are read, and 65536 a side: make it smaller",
		"blue/cut.png":   "is a damaged PNG: ",
		"red/empty.jpg":  "is not a picture that can be read",
		"red/header.png": "is a damaged PNG: ",
		"red/text.webp":  "is not a picture that can be read",
	}
	for name, b := range map[string][]byte{"blue/bomb.png": declares(100_000, 100_000), "blue/cut.png": good[:len(good)-20], "red/empty.jpg": nil, "red/header.png": declares(9, 9), "red/text.webp": []byte("RIFF\x10\x00\x00\x00WEBPVP8 hello")} {
		imagetest.Write(t, filepath.Join(dir, name), b)
	}
	if os.Symlink("nowhere", filepath.Join(dir, "red", "zlink.png")) == nil {
		bad["red/zlink.png"] = "cannot be opened: "
	}
	_, err = Open(t.Context(), dir, Config{})
	failed, ok := errors.AsType[*BadFilesError](err)
	if !ok || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), fmt.Sprintf("%d of %d pictures cannot be read", len(bad), len(bad)+5)) || !strings.Contains(err.Error(), "mend, remove or skip them") || !strings.Contains(err.Error(), "; and ") || failed.Of != len(bad)+5 {
		t.Fatalf("Open: %v", err)
	}
	f := open2(t, dir, Config{SkipBad: true})
	if f.Train.Len()+f.Test.Len() != 5 || len(f.Bad) != len(bad) {
		t.Errorf("%d pictures are left, %d bad", f.Train.Len()+f.Test.Len(), len(f.Bad))
	}
	for _, list := range [][]error{failed.Files, f.Bad} {
		for k, name := range slices.Sorted(func(yield func(string) bool) {
			for n := range bad {
				if !yield(n) {
					return
				}
			}
		}) {
			if e := list[k].Error(); !strings.HasPrefix(e, filepath.Join(dir, filepath.FromSlash(name))+" "+bad[name]) || strings.Contains(e, "\n") {
				t.Errorf("%v; want %s", e, name)
			}
		}
	}
	if n := len(failed.Unwrap()); n != len(bad) {
		t.Errorf("%d errors", n)
	}

	// Lazily, what is damaged behind its header is an error of the sample, by name.
	f = open2(t, dir, Config{SkipBad: true, Lazy: true})
	found := 0
	for _, p := range []*Pictures{f.Train, f.Test} {
		for i := range p.Len() {
			if _, err := p.At(t.Context(), i, nil); err != nil {
				found++
				if !strings.HasPrefix(err.Error(), p.File(i)+" is a damaged PNG") {
					t.Error(err)
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d errors", found)
	}
}

// A panic over a picture does not end the program.
func TestPanic(t *testing.T) {
	path := filepath.Join(folder(t, "red/a.png"), "red", "a.png")
	s := newStore([]file{{path: path}}, Config{Fit: imageset.Fit{Height: -1, Width: 1, Channels: 1}, Workers: 1})
	err := s.each(t.Context(), []int{0}, func(_ int, _ []uint8, err error) error { return err })
	if err == nil || !strings.HasPrefix(err.Error(), path+" cannot be read: ") {
		t.Error(err)
	}
}

func TestLayoutErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	file := filepath.Join(t.TempDir(), "file")
	imagetest.Write(t, file, nil)
	for want, dir := range map[string]string{
		"cannot be read: ": missing,
		"give a folder":    file,
		"has 0 classes":    t.TempDir(),
		"has 1 classes: it needs a folder of pictures for each of at least two": folder(t, "red/a.png"),
		"has pictures but no folders of classes: put the pictures of each":      folder(t, "a.png", "b.png"),
		"class red has no picture to train on: add some, or remove its folder":  folder(t, "blue/a.png", "blue/b.png", "red/.a.png"),
		"green is of a class that the training part does not have (blue, red)":  folder(t, "train/red/a.png", "train/blue/b.png", "test/green/a.png"),
		"has a test part but no folder train":                                   folder(t, "test/red/a.png", "test/blue/b.png"),
		"is a folder in a class's folder: its pictures must lie in that itself": folder(t, "red/a.png", "blue/more/b.png"),
		"too few pictures for a test part":                                      folder(t, "red/a.png", "blue/b.png"),
	} {
		_, err := Open(t.Context(), dir, Config{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if runtime.GOOS == "linux" { // where names that differ in case are two
		if _, err := Open(t.Context(), folder(t, "red/a.png", "Red/b.png", "blue/c.png"), Config{}); err == nil || !strings.Contains(err.Error(), "two classes are called Red but for upper and lower case") {
			t.Error(err)
		}
	}
	dir := folder(t, "red/a.png", "blue/b.png")
	for _, cfg := range []Config{{Fit: imageset.Fit{Height: 3}}, {Fit: imageset.Fit{Channels: 2}}, {Fit: imageset.Fit{Height: -1, Width: -1}}, {Fit: imageset.Fit{Height: 1 << 20, Width: 4}}, {TestShare: 1}, {TestShare: math.NaN()}} {
		if _, err := Open(t.Context(), dir, cfg); err == nil || !strings.HasPrefix(err.Error(), "imagefolder: ") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, dir, Config{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Links lead to pictures and to classes.
func TestLinks(t *testing.T) {
	dir := folder(t, "data/red/a.png", "data/red/b.png", "other/c.png", "other/d.png")
	for from, to := range map[string]string{"data/blue": "../other", "data/red/c.png": "../../other/c.png"} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(dir, filepath.FromSlash(from))); err != nil {
			t.Skip(err)
		}
	}
	f := open2(t, filepath.Join(dir, "data"), Config{TestShare: 0.4})
	both := append(names(f.Train), names(f.Test)...)
	slices.Sort(both)
	if got := strings.Join(both, " "); got != "blue/c.png blue/d.png red/a.png red/b.png red/c.png" {
		t.Error(got)
	}
}

// The size is that of the pictures where all have one, else 64 x 64; grey pictures have one channel.
func TestFit(t *testing.T) {
	for want, c := range map[imageset.Fit]struct {
		a, b image.Image
		fit  imageset.Fit
	}{
		{Height: 3, Width: 5, Channels: 3}:             {flat(5, 3, red), flat(5, 3, blue), imageset.Fit{}},
		{Height: 64, Width: 64, Channels: 3}:           {flat(5, 3, red), flat(5, 4, blue), imageset.Fit{}},
		{Height: 64, Width: 64, Channels: 1}:           {flat(300, 300, red), flat(300, 300, red), imageset.Fit{Channels: 1}},
		{Height: 2, Width: 2, Channels: 1}:             {image.NewGray(image.Rect(0, 0, 2, 2)), image.NewGray(image.Rect(0, 0, 2, 2)), imageset.Fit{}},
		{Height: 7, Width: 6, Channels: 3, Crop: true}: {flat(5, 3, red), flat(9, 9, red), imageset.Fit{Height: 7, Width: 6, Crop: true}},
	} {
		dir := t.TempDir()
		for _, name := range []string{"a/1.png", "a/2.png", "b/1.png", "b/2.png"} {
			img := c.a
			if name[0] == 'b' {
				img = c.b
			}
			imagetest.Save(t, filepath.Join(dir, name), img)
		}
		f := open2(t, dir, Config{Fit: c.fit, TestShare: 0.5})
		s, err := f.Train.At(t.Context(), 0, nil)
		if err != nil || f.Fit != want || s.X.Shape() != tensor.ShapeOf(want.Channels, want.Height, want.Width) {
			t.Errorf("%+v, a picture of %v; want %+v (%v)", f.Fit, s.X.Shape(), want, err)
		}
	}
}

// As many pictures as fit are kept, and batches are the same with and without, by any number of workers.
func TestCache(t *testing.T) {
	dir := folder(t, "red/1.png", "red/2.png", "red/3.jpg", "red/4.png", "blue/1.png", "blue/2.png", "blue/3.gif", "blue/4.jpg")
	const picture = 4 * 4 * 3
	var want []byte
	for _, c := range []struct {
		cfg                 Config
		opening, afterwards int64 // decodings
	}{
		{Config{}, 8, 0},
		{Config{CacheBytes: -1}, 8, 6 * 3},
		{Config{CacheBytes: 3*picture + 1, Workers: 1}, 8, 0}, // more below
		{Config{Lazy: true, Workers: 3}, 0, 6},
	} {
		f := open2(t, dir, c.cfg)
		s := f.Train.store
		if got := s.decoded.Load(); got != c.opening {
			t.Errorf("%+v: Open decodes %d pictures, want %d", c.cfg, got, c.opening)
		}
		var got []byte
		for epoch := range 3 {
			for b, err := range dataset.NewBatchLoader(f.Train, dataset.LoaderConfig{BatchSize: 4, Shuffle: true, Workers: 3}).Epoch(t.Context(), epoch, 0) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(append(got, b.X.Bytes()...), b.Y.Bytes()...)
			}
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%+v: other batches", c.cfg)
		}
		kept := 0
		for i := range s.cache {
			if s.cache[i].Load() != nil {
				kept++
			}
		}
		after := s.decoded.Load() - c.opening
		if c.cfg.CacheBytes > 0 {
			if kept != 3 || after < 3*3 {
				t.Errorf("%d pictures are kept and %d decoded again", kept, after)
			}
		} else if after != c.afterwards {
			t.Errorf("%+v: three epochs decode %d pictures, want %d", c.cfg, after, c.afterwards)
		}
	}
}

func TestMeanStdAndNormalized(t *testing.T) {
	dir := folder(t, "train/red/1.png", "train/red/2.png", "train/red/3.png", "train/blue/1.png", "test/red/1.png")
	f := open2(t, dir, Config{})
	mean, std, err := f.Train.MeanStd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := math.Sqrt(0.75 * 0.25)
	for c, want := range []struct{ mean, std float64 }{{0.75, s}, {0, 0}, {0.25, s}} {
		if !(math.Abs(mean[c]-want.mean) <= 1e-12 && math.Abs(std[c]-want.std) <= 1e-12) {
			t.Errorf("channel %d: mean %v, std %v, want %v", c, mean[c], std[c], want)
		}
	}
	p, err := f.Test.Normalized([]float64{0.5, 0.5, 0}, []float64{0.25, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.At(t.Context(), 0, nil)
	if err != nil || x.X.Select(0, 0).Mean().Item() != 2 || x.X.Select(0, 1).Mean().Item() != -0.5 || x.X.Select(0, 2).Mean().Item() != 0 {
		t.Error(x.X, err)
	}
	if _, err := f.Test.Normalized(mean, std); err == nil || !strings.Contains(err.Error(), "std 0") {
		t.Error(err)
	}
	if err := tensor.Catch(func() { f.Test.At(t.Context(), 1, nil) }); !errors.Is(err, tensor.ErrIndex) {
		t.Error(err)
	}
	os.Remove(f.Train.File(0))
	f.Train.store.cache[f.Train.files[0]].Store(nil)
	if _, _, err := f.Train.MeanStd(t.Context()); err == nil || !strings.HasPrefix(err.Error(), f.Train.File(0)+" cannot be opened") || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func BenchmarkGather(b *testing.B) {
	dir := b.TempDir()
	for i := range 64 {
		imagetest.Save(b, filepath.Join(dir, fmt.Sprintf("%d/%d.png", i%2, i)), flat(64, 64, red))
	}
	for name, cache := range map[string]int64{"kept": 0, "decoded": -1} {
		f, err := Open(b.Context(), dir, Config{CacheBytes: cache})
		if err != nil {
			b.Fatal(err)
		}
		indices := make([]int, f.Train.Len())
		for i := range indices {
			indices[i] = i
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Train.Gather(b.Context(), indices); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(indices))/b.Elapsed().Seconds(), "images/s")
		})
	}
}
