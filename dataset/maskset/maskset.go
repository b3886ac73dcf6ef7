// Package maskset reads a folder of pictures and masks for segmentation:
//
//	DIR/images/cat.jpg     a picture: PNG, JPEG or GIF
//	DIR/masks/cat.png      its mask, with the same name and size: PNG or GIF
//	DIR/classes.txt        optional: the names of the classes, one a line, the background first
//
// A mask is paletted, and a pixel's class is the number of its colour, as in PASCAL VOC; or it is grey, and the class is the value; 255 is
// Ignored. Masks of 0 and 255 alone are of two classes, 0 and 1. Colours without a palette are refused: they do not say which class is
// meant.
package maskset

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif" // formats that are read
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Ignored is the class of pixels that count neither in training nor in measuring.
const Ignored = 255

// What is read at most of one file, in bytes and in pixels.
const (
	maxBytes  = 1 << 28
	maxPixels = 100_000_000
	maxNames  = 1 << 16 // bytes of classes.txt
)

// Sample is a picture and its mask.
type Sample struct {
	Name  string         // of the files, without folder and ending
	Image *tensor.Tensor // (3, H, W) float32, from 0 to 1
	Mask  *tensor.Tensor // (H, W) int64 classes, or Ignored
}

// Set is a folder of pictures. It implements dataset.Dataset[Sample] and may be used by several goroutines at once; At reads the files.
type Set struct {
	Classes []string // by number
	pairs   []pair
	side    int
	binary  bool // masks are of 0 and 255 alone
}

type pair struct{ name, image, mask string }

// Open lists a folder and looks into its masks. Samples are stretched to side x side pixels, bilinear for pictures and the nearest pixel
// for masks; with 0 they stay as they are. What is wrong with the folder is an error that names the file and the mend.
func Open(ctx context.Context, dir string, side int) (*Set, error) {
	if side < 0 || side > 1<<14 {
		tensor.Fail("maskset.Open", tensor.ErrValue, nil, "a side of %d pixels: give 1 to %d, or 0 to leave pictures as they are", side, 1<<14)
	}
	images, err := list(filepath.Join(dir, "images"))
	if err != nil {
		return nil, err
	}
	masks, err := list(filepath.Join(dir, "masks"))
	if err != nil {
		return nil, err
	}
	byName := map[string]string{}
	for _, p := range masks {
		byName[stem(p)] = p
	}
	s := &Set{side: side, binary: true}
	for _, p := range images {
		name := stem(p)
		mask, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("%s has no mask: put one named %s.png into %s", p, name, filepath.Join(dir, "masks"))
		}
		s.pairs = append(s.pairs, pair{name, p, mask})
	}
	if len(s.pairs) == 0 {
		return nil, fmt.Errorf("%s has no pictures (PNG, JPEG, GIF)", filepath.Join(dir, "images"))
	}
	var used [256]bool
	for _, p := range s.pairs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, _, err := readMask(p.mask)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			used[v] = true
		}
	}
	most := 0
	for v := range 255 {
		if used[v] {
			most = v
		}
	}
	s.binary = most == 0 && used[255]
	if s.binary {
		most = 1
	}
	if most == 0 {
		return nil, fmt.Errorf("all masks of %s are of class 0: nothing can be learnt", dir)
	}
	if s.Classes, err = names(filepath.Join(dir, "classes.txt"), most+1); err != nil {
		return nil, err
	}
	return s, nil
}

// Len returns the number of pictures.
func (s *Set) Len() int { return len(s.pairs) }

// At reads picture i, in the order of the names, and its mask. The generator is not used. It panics with ErrIndex unless 0 <= i < Len().
func (s *Set) At(ctx context.Context, i int, _ *random.Generator) (Sample, error) {
	if i < 0 || i >= len(s.pairs) {
		tensor.Fail("maskset", tensor.ErrIndex, nil, "there is no picture %d: the set has %d, numbered from 0", i, len(s.pairs))
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	p := s.pairs[i]
	img, err := read(p.image)
	if err != nil {
		return Sample{}, err
	}
	values, size, err := readMask(p.mask)
	if err != nil {
		return Sample{}, err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if size != image.Pt(w, h) {
		return Sample{}, fmt.Errorf("%s has %d x %d pixels and its mask %d x %d: make them equal", p.image, w, h, size.X, size.Y)
	}
	if s.side > 0 {
		w, h = s.side, s.side
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.Black, image.Point{}, draw.Src)
	draw.BiLinear.Scale(dst, dst.Bounds(), img, img.Bounds(), draw.Over, nil)
	x, y := make([]float32, 3*w*h), make([]int64, w*h)
	for k := range y {
		for c := range 3 {
			x[c*w*h+k] = float32(dst.Pix[4*k+c]) / 255
		}
		row, column := (2*(k/w)+1)*size.Y/(2*h), (2*(k%w)+1)*size.X/(2*w)
		y[k] = int64(values[row*size.X+column])
		if s.binary && y[k] == 255 {
			y[k] = 1
		}
	}
	return Sample{p.name, tensor.Of(x, 3, h, w), tensor.Of(y, h, w)}, nil
}

// list returns the paths of the pictures in a folder, by name.
func list(dir string) (paths []string, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: a folder for segmentation holds pictures in images and masks in masks", dir)
	}
	for _, f := range files {
		switch strings.ToLower(filepath.Ext(f.Name())) {
		case ".png", ".jpg", ".jpeg", ".gif":
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	return paths, nil
}

func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// names reads the names of n classes, or makes them up where there is no file.
func names(path string, n int) (all []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		all = []string{"background"}
		for k := 1; k < n; k++ {
			all = append(all, fmt.Sprintf("class %d", k))
		}
		return all, nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxNames+1))
	if err != nil || len(b) > maxNames {
		return nil, fmt.Errorf("%s cannot be read, or is too long for a list of classes", path)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	if len(all) < n || len(all) > 255 {
		return nil, fmt.Errorf("%s names %d classes and the masks have %d: give a line for each, the background first", path, len(all), n)
	}
	return all, nil
}

// read reads a picture.
func read(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened", path)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil || len(b) > maxBytes {
		return nil, fmt.Errorf("%s cannot be read, or has more than %d MB", path, maxBytes>>20)
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s is not a picture that can be read (PNG, JPEG, GIF): %w", path, err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxPixels/cfg.Height {
		return nil, fmt.Errorf("%s claims %d x %d pixels; at most %d million are read: make it smaller", path, cfg.Width, cfg.Height, maxPixels/1_000_000)
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; get it again", path, err)
	}
	return img, nil
}

// readMask returns the values of a mask row by row, and its size.
func readMask(path string) ([]uint8, image.Point, error) {
	img, err := read(path)
	if err != nil {
		return nil, image.Point{}, err
	}
	b := img.Bounds()
	values := make([]uint8, b.Dx()*b.Dy())
	copyRows := func(pix []uint8, stride int) {
		for y := range b.Dy() {
			copy(values[y*b.Dx():(y+1)*b.Dx()], pix[y*stride:])
		}
	}
	switch img := img.(type) {
	case *image.Paletted:
		copyRows(img.Pix, img.Stride)
	case *image.Gray:
		copyRows(img.Pix, img.Stride)
	default:
		return nil, image.Point{}, fmt.Errorf("%s is a mask in colours without a palette: save it in grey or with a palette, a pixel's value being its class", path)
	}
	return values, b.Size(), nil
}
