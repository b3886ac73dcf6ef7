package stamps_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset/imagetest"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/stamps"
	"github.com/hadal-go/hadal/tensor"
)

var _ dataset.Dataset[stamps.Sample] = (*stamps.Set)(nil)

// disc is a cut-out of a colour: a disc of the given diameter in the middle of a larger picture.
func disc(diameter int, c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, diameter+20, diameter+10))
	for y := range diameter {
		for x := range diameter {
			dx, dy := 2*x+1-diameter, 2*y+1-diameter
			if dx*dx+dy*dy <= diameter*diameter {
				img.SetNRGBA(x+10, y+5, c)
			}
		}
	}
	return img
}

// folder has red discs in animals and blue ones in town, a picture without transparency, and one that is not a cut-out's.
func folder(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "stamps")
	for i := range 4 {
		imagetest.Save(t, filepath.Join(dir, "animals", "birds", fmt.Sprintf("a%d.png", i)), disc(30+10*i, color.NRGBA{255, 0, 0, 255}))
		imagetest.Save(t, filepath.Join(dir, "town", fmt.Sprintf("b%d.png", i)), disc(40, color.NRGBA{0, 0, 255, 255}))
	}
	imagetest.Save(t, filepath.Join(dir, "animals", "birds", "penguin.png"), disc(40, color.NRGBA{255, 0, 0, 255}))
	imagetest.Save(t, filepath.Join(dir, "town", "opaque.png"), image.NewGray(image.Rect(0, 0, 9, 9)))
	imagetest.Save(t, filepath.Join(dir, "loose.png"), disc(20, color.NRGBA{0, 255, 0, 255}))
	imagetest.Write(t, filepath.Join(dir, "town", "b0.txt"), []byte("a blue disc"))
	return dir
}

func open(t *testing.T, dir string) *stamps.Stamps {
	t.Helper()
	s, err := stamps.Open(context.Background(), dir, 32)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpen(t *testing.T) {
	s := open(t, folder(t))
	if !slices.Equal(s.Categories, []string{"animals", "town"}) || len(s.All) != 9 {
		t.Fatalf("%d stamps of %v", len(s.All), s.Categories)
	}
	for i, a := range s.All {
		if b := a.Picture.Bounds(); max(b.Dx(), b.Dy()) > 32 || b.Dx() < 30 || b.Dx() != b.Dy() {
			t.Errorf("%s is %v: a disc cut out is square, at most 32 pixels wide", a.Name, b)
		}
		if want := 0; strings.HasPrefix(a.Name, "town/") {
			want = 1
			if a.Category != want {
				t.Errorf("%s is of category %d", a.Name, a.Category)
			}
		}
		if i > 0 && s.All[i-1].Name >= a.Name {
			t.Errorf("%s after %s", a.Name, s.All[i-1].Name)
		}
	}
	first, second := s.Split(2.0/3, 1)
	names := map[string]bool{}
	for _, a := range append(slices.Clone(first.All), second.All...) {
		names[a.Name] = true
	}
	if len(first.All) != 6 || len(names) != 9 {
		t.Errorf("%d stamps in the first part, %d in both", len(first.All), len(names))
	}
}

// Masks, boxes and instances agree with one another and with the colours.
func TestCompose(t *testing.T) {
	s := open(t, folder(t))
	set := s.Compose(30, 1, stamps.Config{Size: 48, Most: 3, Smallest: 0.2, Largest: 0.4})
	several := 0
	for i := range set.Len() {
		a, err := set.At(context.Background(), i, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := a.Classes.Dim(0)
		if n > 1 {
			several++
		}
		if a.Image.Shape() != tensor.ShapeOf(3, 48, 48) || a.Boxes.Shape() != tensor.ShapeOf(n, 4) || a.Mask.Shape() != tensor.ShapeOf(48, 48) || a.Instances.Shape() != tensor.ShapeOf(n, 48, 48) {
			t.Fatalf("%v %v %v %v", a.Image.Shape(), a.Boxes.Shape(), a.Mask.Shape(), a.Instances.Shape())
		}
		pixels, mask, boxes, classes := tensor.Data[float32](a.Image), tensor.Data[int64](a.Mask), tensor.Data[float32](a.Boxes), tensor.Data[int64](a.Classes)
		owned := make([]int64, len(mask))
		for k, inside := range tensor.Data[bool](a.Instances) {
			if inside {
				if owned[k%len(mask)] != 0 {
					t.Fatalf("picture %d: a pixel of two cut-outs", i)
				}
				owned[k%len(mask)] = classes[k/len(mask)] + 1
			}
		}
		if !slices.Equal(owned, mask) {
			t.Fatalf("picture %d: the mask is not that of the instances", i)
		}
		for k := range n {
			x1, y1, x2, y2 := int(boxes[4*k]), int(boxes[4*k+1]), int(boxes[4*k+2]), int(boxes[4*k+3])
			area := 0
			for p, m := range mask {
				if x, y := p%48, p/48; m != 0 && x >= x1 && x < x2 && y >= y1 && y < y2 {
					area++
				}
			}
			// A disc fills π/4 of its box.
			if share := float64(area) / float64((x2-x1)*(y2-y1)); share < 0.65 || share > 0.9 {
				t.Errorf("picture %d: cut-out %d fills %.2f of its box", i, k, share)
			}
			middle := (y1+y2)/2*48 + (x1+x2)/2
			red, blue := pixels[middle], pixels[2*48*48+middle]
			if want := mask[middle]; (want != 1 || red < 0.99 || blue > 0.01) && (want != 2 || blue < 0.99 || red > 0.01) {
				t.Errorf("picture %d: class %d with red %v and blue %v", i, want, red, blue)
			}
		}
		for _, v := range pixels {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("value %v", v)
			}
		}
	}
	if several < 10 {
		t.Errorf("%d pictures with several cut-outs", several)
	}
	again, err := s.Compose(3, 1, stamps.Config{Size: 48, Most: 3, Smallest: 0.2, Largest: 0.4}).At(context.Background(), 2, nil)
	first, _ := set.At(context.Background(), 2, nil)
	if err != nil || !slices.Equal(again.Image.Bytes(), first.Image.Bytes()) {
		t.Error("the same seed gives another picture")
	}
}

func TestLocate(t *testing.T) {
	dir := folder(t)
	for _, at := range []string{dir, filepath.Dir(dir)} {
		if got, err := stamps.Locate(source.Config{Dir: at}); err != nil || filepath.Clean(got) != dir {
			t.Errorf("%q, %v, want %s", got, err, dir)
		}
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := stamps.Open(context.Background(), dir, 0); err == nil || !strings.Contains(err.Error(), "no PNG pictures") {
		t.Errorf("error %v", err)
	}
	if _, err := stamps.Open(context.Background(), filepath.Join(dir, "missing"), 0); err == nil {
		t.Error("a missing folder is opened")
	}
	bad := filepath.Join(dir, "a", "bad.png")
	imagetest.Save(t, bad, disc(10, color.NRGBA{255, 0, 0, 255}))
	if b, err := os.ReadFile(bad); err != nil || os.WriteFile(bad, b[:len(b)/2], 0o644) != nil {
		t.Fatal(err)
	}
	if _, err := stamps.Open(context.Background(), dir, 0); err == nil || !strings.Contains(err.Error(), "bad.png") {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(os.Remove(bad), os.Symlink(dir, bad)); err == nil { // where there are links
		if _, err := stamps.Open(context.Background(), dir, 0); err == nil || !strings.HasSuffix(err.Error(), "bad.png is no regular file") {
			t.Errorf("error %v", err)
		}
	}
	s := open(t, folder(t))
	for name, cfg := range map[string]stamps.Config{"Size": {Size: 8}, "Least": {Least: 3, Most: 2}, "Smallest": {Smallest: 0.9, Largest: 0.5}, "Noise": {Noise: -1}} {
		if err := tensor.Catch(func() { s.Compose(1, 1, cfg) }); !errors.Is(err, tensor.ErrValue) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, f := range map[string]func(){
		"no stamps": func() { new(stamps.Stamps).Compose(1, 1, stamps.Config{}) }, "share": func() { s.Split(2, 1) },
		"side": func() { _, _ = stamps.Open(context.Background(), dir, -1) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := tensor.Catch(func() { _, _ = s.Compose(1, 1, stamps.Config{}).At(context.Background(), 1, nil) }); !errors.Is(err, tensor.ErrIndex) {
		t.Errorf("error %v", err)
	}
}
