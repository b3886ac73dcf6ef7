// Package maskset reads a folder of pictures and masks for segmentation:
//
//	DIR/images/cat.jpg     a picture: PNG, JPEG, GIF, BMP, TIFF or WebP
//	DIR/masks/cat.png      its mask, with the same name and size: PNG or GIF
//	DIR/classes.txt        optional: the names of the classes, one a line, the background first
//
// A mask is paletted, and a pixel's class is the number of its colour, as in PASCAL VOC; or it is grey, and the class is the value; 255 is
// Ignored. Masks of 0 and 255 alone are of two classes, 0 and 1, as are black and white ones of one bit. Colours without a palette are refused: they do
// not say which class is meant. A picture that its Exif turns is turned upright, and its mask must be so.
package maskset

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/internal/oserr"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Ignored is the class of pixels that count neither in training nor in measuring.
const Ignored = 255

// maxNames bounds classes.txt, in bytes.
const maxNames = 1 << 16

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
	images, err := list(filepath.Join(dir, "images"), imageset.Extensions)
	if err != nil {
		return nil, err
	}
	masks, err := list(filepath.Join(dir, "masks"), []string{".png", ".gif"})
	if err != nil {
		return nil, err
	}
	byName := map[string]string{}
	for _, p := range masks {
		if other := byName[stem(p)]; other != "" {
			return nil, fmt.Errorf("%s and %s are both masks of one picture: remove one", other, p)
		}
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
		return nil, fmt.Errorf("%s has no pictures (%s)", filepath.Join(dir, "images"), strings.Join(imageset.Extensions, ", "))
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

// Name returns the name of picture i, without folder and ending.
func (s *Set) Name(i int) string { return s.pairs[i].name }

// At reads picture i, in the order of the names, and its mask. The generator is not used. It panics with ErrIndex unless 0 <= i < Len().
func (s *Set) At(ctx context.Context, i int, _ *random.Generator) (Sample, error) {
	if i < 0 || i >= len(s.pairs) {
		tensor.Fail("maskset", tensor.ErrIndex, nil, "there is no picture %d: the set has %d, numbered from 0", i, len(s.pairs))
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	p := s.pairs[i]
	var picture image.Point
	var pix []uint8
	h, w := s.side, s.side
	err := imageset.Use(p.image, func(img image.Image) error {
		picture = img.Bounds().Size()
		if s.side == 0 {
			h, w = picture.Y, picture.X
		}
		pix = imageset.Fit{Height: h, Width: w, Channels: 3}.Pixels(img)
		return nil
	})
	if err != nil {
		return Sample{}, err
	}
	values, size, err := readMask(p.mask)
	if err != nil {
		return Sample{}, err
	}
	if size != picture {
		return Sample{}, fmt.Errorf("%s has %d x %d pixels and its mask %d x %d: make them equal", p.image, picture.X, picture.Y, size.X, size.Y)
	}
	x, y := make([]float32, 3*w*h), make([]int64, w*h)
	for k := range y {
		for c := range 3 {
			x[c*w*h+k] = float32(pix[3*k+c]) / 255
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
func list(dir string, extensions []string) (paths []string, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w; a folder for segmentation holds pictures in images and masks in masks", dir, oserr.Cause(err))
	}
	for _, f := range files {
		if name := f.Name(); !strings.HasPrefix(name, ".") && slices.Contains(extensions, strings.ToLower(filepath.Ext(name))) {
			paths = append(paths, filepath.Join(dir, name))
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
	f, err := imageset.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		all = []string{"background"}
		for k := 1; k < n; k++ {
			all = append(all, fmt.Sprintf("class %d", k))
		}
		return all, nil
	}
	if err != nil {
		return nil, err
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
	if len(all) < n {
		return nil, fmt.Errorf("%s names %d classes and the masks have %d: give a line for each, the background first", path, len(all), n)
	}
	if len(all) > 255 {
		return nil, fmt.Errorf("%s names %d classes: masks tell at most 255 apart", path, len(all))
	}
	return all, nil
}

// readMask returns the values of a mask row by row, and its size.
func readMask(path string) (values []uint8, size image.Point, err error) {
	head, err := first(path)
	if err != nil {
		return nil, size, err
	}
	err = imageset.Use(path, func(img image.Image) error {
		if !strings.HasPrefix(head, "\x89PNG") && !strings.HasPrefix(head, "GIF8") {
			return fmt.Errorf("%s is neither PNG nor GIF: other formats may change a mask's values; save it as PNG", path)
		}
		var pix []uint8
		var stride int
		scale := uint8(1)
		switch img := img.(type) {
		case *image.Paletted:
			pix, stride = img.Pix, img.Stride
		case *image.Gray:
			pix, stride = img.Pix, img.Stride
			switch head[24] { // IHDR's bits of a value, which image/png scales to 0 to 255; one bit stays so, black and white
			case 2:
				scale = 85
			case 4:
				scale = 17
			}
		default:
			return fmt.Errorf("%s is a mask in colours without a palette, or of 16 bits: save it in 8 bits of grey or with a palette, a pixel's value being its class", path)
		}
		size = img.Bounds().Size()
		values = make([]uint8, size.X*size.Y)
		for y := range size.Y {
			for x := range size.X {
				values[y*size.X+x] = pix[y*stride+x] / scale
			}
		}
		return nil
	})
	return values, size, err
}

// first returns the first bytes of a file, up to the end of a PNG's header.
func first(path string) (string, error) {
	f, err := imageset.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 33)
	n, _ := io.ReadFull(f, head) // what is shorter is no picture, and Use says so
	return string(head[:n]), nil
}
