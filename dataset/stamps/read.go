// Package stamps composes pictures with exact masks from cut-outs: pictures with a transparent ground, such as the 796 of Debian's
// tuxpaint-stamps-default (animals, fruit, vehicles, symbols, ...), are laid on textured grounds. The cut-outs are read where they lie, and
// none are part of this package: those of Tux Paint are under the GNU GPL.
package stamps

import (
	"context"
	"fmt"
	"image"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// marker is a file of Tux Paint's stamps by which their folder is known.
const marker = "animals/birds/penguin.png"

var set = source.Set{
	Name: "stamps", Title: "Tux Paint's stamps", Licence: "GPL-2", Home: "https://tuxpaint.org/stamps/",
	Files: []source.File{{Name: marker}}, Dirs: []string{"/usr/share/tuxpaint/stamps"}, Dir: "stamps",
}

// Locate returns the folder of Tux Paint's stamps: the folder stamps in Config.Dir, $HADAL_DATA or the cache, or that of the system's
// package, tuxpaint-stamps-default. They are never downloaded; a folder that is nowhere is a *source.MissingError.
func Locate(cfg source.Config) (dir string, err error) {
	paths, err := set.Locate(cfg)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(filepath.ToSlash(paths[marker]), "/"+marker), nil
}

// Stamp is a cut-out.
type Stamp struct {
	Name     string       // its path below the folder
	Category int          // number of the folder's subfolder that it lies in
	Picture  *image.NRGBA // cut to what is not transparent
}

// Stamps are cut-outs that pictures are composed of.
type Stamps struct {
	Categories []string // names of the subfolders, sorted
	All        []Stamp  // by name
}

// maxFiles are read at most.
const maxFiles = 20_000

// Open reads the PNG files in a folder's subfolders, and shrinks those with a longer side than so many pixels; 0 means 128. Pictures without
// transparent parts, which have no mask, are left out. A file that cannot be read is an error that names it.
func Open(ctx context.Context, dir string, longest int) (*Stamps, error) {
	if longest == 0 {
		longest = 128
	}
	if longest < 1 || longest > 4096 {
		tensor.Fail("stamps.Open", tensor.ErrValue, nil, "a longer side of %d pixels: give 1 to 4096", longest)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil { // a link to a folder is not walked
		dir = real
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case len(files) > maxFiles:
			return fmt.Errorf("more than %d pictures", maxFiles)
		case !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".png") && filepath.Dir(path) != filepath.Clean(dir):
			files = append(files, path)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", dir, err)
	}
	slices.Sort(files)
	read := make([]*image.NRGBA, len(files))
	errs := make([]error, len(files))
	var workers sync.WaitGroup
	const n = 4
	for w := range n {
		workers.Go(func() {
			for i := w; i < len(files) && ctx.Err() == nil; i += n {
				errs[i] = imageset.Use(files[i], func(img image.Image) error { read[i] = cutOut(img, longest); return nil })
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := new(Stamps)
	for i, img := range read {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if img == nil {
			continue
		}
		name, err := filepath.Rel(dir, files[i])
		if err != nil {
			return nil, err
		}
		name = filepath.ToSlash(name)
		category, _, _ := strings.Cut(name, "/")
		if k := len(s.Categories); k == 0 || s.Categories[k-1] != category {
			s.Categories = append(s.Categories, category)
		}
		s.All = append(s.All, Stamp{name, len(s.Categories) - 1, img})
	}
	if len(s.All) == 0 {
		return nil, fmt.Errorf("%s has no PNG pictures with transparent parts in its subfolders", dir)
	}
	return s, nil
}

// cutOut returns what is not transparent of a picture, nil if that is all or nothing.
func cutOut(img image.Image, longest int) *image.NRGBA {
	whole := img.Bounds()
	seen := image.Rectangle{}
	clear := false
	for y := whole.Min.Y; y < whole.Max.Y; y++ {
		for x := whole.Min.X; x < whole.Max.X; x++ {
			if _, _, _, a := img.At(x, y).RGBA(); a >= 0x8000 {
				seen = seen.Union(image.Rect(x, y, x+1, y+1))
			} else {
				clear = true
			}
		}
	}
	if !clear || seen.Empty() {
		return nil
	}
	w, h := seen.Dx(), seen.Dy()
	if longer := max(w, h); longer > longest {
		w, h = max(1, w*longest/longer), max(1, h*longest/longer)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), img, seen, draw.Src, nil)
	return out
}

// Split cuts the stamps at random, by a seed, into two parts, the first with the given share of them: what a network is tested on should not
// be what it was trained on.
func (s *Stamps) Split(share float64, seed uint64) (first, second *Stamps) {
	if !(share >= 0 && share <= 1) {
		tensor.Fail("stamps.Split", tensor.ErrValue, nil, "the share is %v, must lie from 0 to 1", share)
	}
	parts := [2]*Stamps{{Categories: s.Categories}, {Categories: s.Categories}}
	n := int(share*float64(len(s.All)) + 0.5)
	for k, i := range random.Permutation(len(s.All), random.KeyAt(seed)) {
		part := parts[0]
		if k >= n {
			part = parts[1]
		}
		part.All = append(part.All, s.All[i])
	}
	return parts[0], parts[1]
}
