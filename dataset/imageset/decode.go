package imageset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif" // formats that Decode reads
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"github.com/hadal-go/hadal/internal/oserr"
)

// Extensions are those of the formats that Decode reads, in lower case.
var Extensions = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}

// What a picture may claim, in bytes, in pixels and in pixels a side, JPEG's own bound: memory is bounded.
const (
	maxBytes  = 1 << 28
	maxPixels = 100_000_000
	maxSide   = 1 << 16
)

// Decode reads a picture: PNG, JPEG, the first one of a GIF, BMP, TIFF or WebP, turned upright where a JPEG's Exif says how the
// camera was held. A picture of more than 256 MB, 100 million pixels or 65,536 a side is refused before it is decoded. Errors read on after
// a file's name: "is a damaged PNG: ...".
func Decode(r io.Reader) (image.Image, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w; give a picture", oserr.Cause(err)) // the name stands before the line
	}
	if len(b) > maxBytes {
		return nil, fmt.Errorf("has more than %d MB; make it smaller", maxBytes>>20)
	}
	_, format, err := decodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	img, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("is a damaged %s: %w; get it again", strings.ToUpper(format), err)
	}
	if format == "jpeg" {
		img = upright(img, exifOrientation(b))
	}
	return img, nil
}

// DecodeConfig reads a picture's size and colour model from its first bytes and refuses what Decode refuses for its size. The size is
// that before Exif turns it.
func DecodeConfig(r io.Reader) (image.Config, error) {
	cfg, _, err := decodeConfig(bufio.NewReader(io.LimitReader(r, maxBytes)))
	return cfg, err
}

func decodeConfig(r io.Reader) (cfg image.Config, format string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("is not a picture that can be read: %v", p)
		}
	}()
	if cfg, format, err = image.DecodeConfig(r); err != nil {
		return cfg, "", fmt.Errorf("is not a picture that can be read (PNG, JPEG, GIF, BMP, TIFF, WebP): %w", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || max(cfg.Width, cfg.Height) > maxSide || cfg.Width > maxPixels/cfg.Height {
		return cfg, "", fmt.Errorf("claims %d x %d pixels; at most %d million are read, and %d a side: make it smaller", cfg.Width, cfg.Height, maxPixels/1_000_000, maxSide)
	}
	return cfg, format, nil
}

// decode is image.Decode; a decoder that panics on a damaged file returns an error.
func decode(b []byte) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	img, _, err = image.Decode(bytes.NewReader(b))
	if err == nil && img.Bounds().Empty() {
		err = errors.New("it has no pixels")
	}
	return img, err
}

// exifOrientation returns the orientation, 1 to 8, of a JPEG's Exif block, 1 where there is none. (CIPA DC-008, Exif 2.3: tag 0x0112.)
func exifOrientation(b []byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; { // segments: 0xff, marker, length of two bytes with its own
		marker, n := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0xda || n < 2 || at+2+n > len(b) { // pixels begin, or the file is cut off
			break
		}
		segment := b[at+4 : at+2+n]
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(tiff)
		}
		at += 2 + n
	}
	return 1
}

func tiffOrientation(b []byte) int {
	var order binary.ByteOrder
	switch {
	case len(b) < 8:
		return 1
	case string(b[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) { // of 12 bytes: tag, type, count, value
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			break
		}
		entries = entries[12:]
	}
	return 1
}

// upright turns and mirrors a picture as its Exif orientation asks.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Bounds(), img, img.Bounds().Min, draw.Src)
	W, H := w, h
	if orientation >= 5 {
		W, H = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, W, H))
	// The stored first row is the upright top, right, bottom or left one, and so is the first column; from 5 on rows are columns.
	right, bottom := slices.Contains([]int{2, 3, 7, 8}, orientation), slices.Contains([]int{3, 4, 6, 7}, orientation)
	for y := range H {
		for x := range W {
			i, j := y, x
			if orientation >= 5 {
				i, j = x, y
			}
			if right {
				j = w - 1 - j
			}
			if bottom {
				i = h - 1 - i
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(j, i):])
		}
	}
	return dst
}
