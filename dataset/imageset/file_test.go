package imageset

import (
	"errors"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/imageset/imagetest"
)

func TestUse(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, img image.Image) string {
		path := filepath.Join(dir, name)
		imagetest.Save(t, path, img)
		return path
	}
	path := file("a.png", corners())
	var size image.Point
	if err := Use(path, func(img image.Image) error { size = img.Bounds().Size(); return nil }); err != nil || size != image.Pt(32, 16) {
		t.Error(size, err)
	}
	own := errors.New("own")
	if err := Use(path, func(image.Image) error { return own }); err != own {
		t.Error(err)
	}
	if err := Use(path, func(image.Image) error { panic("deep") }); err == nil || err.Error() != path+" cannot be read: deep" {
		t.Error(err)
	}
	big := file("large.png", corners()) // what follows a picture is not looked at
	if err := os.Truncate(big, largeBytes+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{path: false, big: true} {
		err := Use(path, func(image.Image) error {
			if alone := !large.TryLock(); alone != want {
				t.Errorf("%s: alone in memory: %v", path, alone)
			} else if !alone {
				large.Unlock()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	folder := filepath.Join(dir, "folder.png")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Use(folder, nil); err == nil || err.Error() != folder+" is no regular file" {
		t.Error(err)
	}
	if err := Use(path+"x", nil); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), path+"x cannot be opened: ") {
		t.Error(err)
	}
}
