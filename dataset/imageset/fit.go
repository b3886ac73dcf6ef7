package imageset

import (
	"image"

	"golang.org/x/image/draw"
)

// Fit says how pictures of any size and colour become those of a set.
type Fit struct {
	Height, Width int  // pixels
	Channels      int  // 1: grey, by the luma of ITU-R BT.601; 3: red, green and blue
	Crop          bool // keep proportions: scale the picture until it covers the size and cut its middle out; else it is stretched
	White         bool // transparent parts show white; else black
}

// maxFilter bounds what draw.BiLinear keeps: 32 bytes for each column of the new picture and row of the old.
const maxFilter = 1 << 24

// RGBA returns the picture scaled to the size with bilinear interpolation, over all pixels that fall together where it shrinks, as PIL
// does, on the ground. Of 16 bits the upper 8 count. A picture so high that the filter would keep more
// than half a gigabyte is halved in height first, each two rows becoming their mean.
func (f Fit) RGBA(img image.Image) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, f.Width, f.Height))
	ground := image.Black
	if f.White {
		ground = image.White
	}
	draw.Draw(dst, dst.Bounds(), ground, image.Point{}, draw.Src)
	from := img.Bounds()
	if f.Crop {
		from = f.middle(from)
	}
	for f.Width*from.Dy() > maxFilter && from.Dy() >= 2*f.Height {
		half := image.NewRGBA(image.Rect(0, 0, from.Dx(), from.Dy()/2))
		draw.ApproxBiLinear.Scale(half, half.Bounds(), img, from, draw.Src, nil)
		img, from = half, half.Bounds()
	}
	if from.Dx() == f.Width && from.Dy() == f.Height {
		draw.Draw(dst, dst.Bounds(), img, from.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(dst, dst.Bounds(), img, from, draw.Over, nil)
	}
	return dst
}

// middle returns the largest part in the middle of r that has f's proportions.
func (f Fit) middle(r image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*f.Height > h*f.Width {
		w = max(1, (h*f.Width+f.Height/2)/f.Height)
	} else {
		h = max(1, (w*f.Height+f.Width/2)/f.Width)
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// Pixels returns what RGBA does as bytes (Height, Width, Channels).
func (f Fit) Pixels(img image.Image) []uint8 {
	rgba := f.RGBA(img).Pix
	pix := make([]uint8, f.Height*f.Width*f.Channels)
	if f.Channels == 1 {
		for i := range pix {
			pix[i] = luma(rgba[4*i:])
		}
		return pix
	}
	for i := range f.Height * f.Width {
		copy(pix[3*i:3*i+3], rgba[4*i:])
	}
	return pix
}

// luma is 0.299 R + 0.587 G + 0.114 B, rounded, in PIL's integers.
func luma(rgb []uint8) uint8 {
	return uint8((19595*uint32(rgb[0]) + 38470*uint32(rgb[1]) + 7471*uint32(rgb[2]) + 0x8000) >> 16)
}

// Fit returns the pictures of a set in another size or number of channels. Max becomes 255.
func (m *Images) Fit(f Fit) *Images {
	r := &Images{N: m.N, H: f.Height, W: f.Width, C: f.Channels, Max: 255, Labels: m.Labels, Classes: m.Classes, Pix: make([]uint8, 0, m.N*f.Height*f.Width*f.Channels)}
	rgba := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.N {
		pix := m.Image(i)
		for k := range m.H * m.W {
			for c := range 3 {
				rgba.Pix[4*k+c] = uint8((int(pix[k*m.C+min(c, m.C-1)])*255 + int(m.Max)/2) / int(m.Max))
			}
			rgba.Pix[4*k+3] = 255
		}
		r.Pix = append(r.Pix, f.Pixels(rgba)...)
	}
	return r
}
