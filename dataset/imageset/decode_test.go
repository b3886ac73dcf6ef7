package imageset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var (
	red, green = color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}
	blue       = color.RGBA{0, 0, 255, 255}
)

// corners is a picture of 32 x 16 pixels whose quarters are red, green; blue, white.
func corners() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := range 32 {
			img.SetRGBA(x, y, []color.RGBA{red, green, blue, {255, 255, 255, 255}}[x/16+y/8*2])
		}
	}
	return img
}

// exif is a JPEG's segment that states an orientation, after a tag that is another.
func exif(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	tiff := []byte(mark)
	tiff = order.AppendUint32(order.AppendUint16(tiff, 42), 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][2]uint16{{0x0100, 77}, {0x0112, orientation}} {
		tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, e[0]), 3), 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[1]), 0)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
}

// The eight orientations of Exif: what is at the top left, top right, bottom left and bottom right once the picture is upright.
func TestExif(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corners(), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	for orientation, want := range []string{"rgbw", "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb", "rgbw"} { // 0 and 9 are none
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			file := slices.Concat(b.Bytes()[:2], exif(order, mark, uint16(orientation)), b.Bytes()[2:])
			img, err := Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			w, h := img.Bounds().Dx(), img.Bounds().Dy()
			if turned := orientation >= 5 && orientation <= 8; turned != (w == 16 && h == 32) {
				t.Errorf("orientation %d: %d x %d", orientation, w, h)
			}
			got := ""
			for _, at := range [][2]int{{w / 4, h / 4}, {w * 3 / 4, h / 4}, {w / 4, h * 3 / 4}, {w * 3 / 4, h * 3 / 4}} {
				r, g, b, _ := img.At(at[0], at[1]).RGBA()
				switch [3]bool{r > 1<<15, g > 1<<15, b > 1<<15} {
				case [3]bool{true, false, false}:
					got += "r"
				case [3]bool{false, true, false}:
					got += "g"
				case [3]bool{false, false, true}:
					got += "b"
				default:
					got += "w"
				}
			}
			if got != want {
				t.Errorf("orientation %d, %s: %s, want %s", orientation, mark, got, want)
			}
		}
	}
}

// header is a PNG of which only the header is there, with a right checksum.
func header(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	head = append(head, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

func TestDecodeErrors(t *testing.T) {
	var whole bytes.Buffer
	if err := png.Encode(&whole, corners()); err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]io.Reader{
		"is not a picture that can be read (PNG, JPEG, GIF, BMP, TIFF, WebP): ":                          strings.NewReader("hello"),
		"claims 100000 x 100000 pixels; at most 100 million are read, and 65536 a side: make it smaller": bytes.NewReader(header(100_000, 100_000)),
		"claims 1 x 10000000 pixels; at most ":                                                           bytes.NewReader(header(1, 10_000_000)),
		"is a damaged PNG: ":                                                                             bytes.NewReader(whole.Bytes()[:whole.Len()/2]),
		"cannot be read: broken":                                                                         iotest.ErrReader(errors.New("broken")),
	} {
		if img, err := Decode(r); err == nil || !strings.HasPrefix(err.Error(), want) || img != nil {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if _, err := DecodeConfig(bytes.NewReader(header(100_000, 100_000))); err == nil || !strings.HasPrefix(err.Error(), "claims ") {
		t.Error(err)
	}
	if cfg, err := DecodeConfig(bytes.NewReader(whole.Bytes())); err != nil || cfg.Width != 32 || cfg.Height != 16 {
		t.Error(cfg, err)
	}
}

// No file makes the reader of orientations read outside of it.
func FuzzExif(f *testing.F) {
	f.Add(append([]byte{0xff, 0xd8}, exif(binary.LittleEndian, "II", 6)...))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v := exifOrientation(b); v < 1 || v > 8 {
			t.Error(v)
		}
	})
}
