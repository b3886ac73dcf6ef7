package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/hadal-go/hadal/format/atomicfile"
	"golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	pixelsPerPoint = 2
	maxSide        = 8192        // points: no viewer shows more
	maxArea        = 4096 * 2048 // points squared: 128 MiB of pixels
)

// A figure is the page being drawn. Its coordinates are points from the top left
// corner, y downwards, as in an image.
type figure struct {
	w, h   float64
	canvas vg.Canvas
	pixels draw.Image // nil for SVG

	anchors []string // text-anchor of each text so far, for SVG
}

// A point is a place on the page, in points.
type point struct{ x, y float64 }

// checkPage returns an error if a page of w x h points is too large to draw.
func checkPage(who, path string, w, h float64) error {
	if w <= maxSide && h <= maxSide && w*h <= maxArea {
		return nil
	}
	return fmt.Errorf("plot: %s: %s would be %.0f x %.0f points, more than %d a side or %d in all; draw less in one picture", who, path, w, h, maxSide, maxArea)
}

// save makes a white page of w x h points, has it drawn, and writes it to path.
// who is the exported function, for errors.
func save(who, path string, w, h float64, paint func(*figure)) error {
	if err := checkPage(who, path, w, h); err != nil {
		return err
	}
	w, h = math.Ceil(w), math.Ceil(h)
	f := &figure{w: w, h: h}
	var encode func(io.Writer) error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		c := vgimg.NewWith(vgimg.UseWH(vg.Length(w), vg.Length(h)), vgimg.UseDPI(72*pixelsPerPoint))
		f.canvas, f.pixels = c, c.Image()
		encode = func(to io.Writer) error { return png.Encode(to, f.pixels) }
	case ".svg":
		c := vgsvg.New(vg.Length(w), vg.Length(h))
		f.canvas = c
		f.box(0, 0, w, h, white)
		encode = func(to io.Writer) error {
			var svg bytes.Buffer
			c.WriteTo(&svg) // a buffer takes everything
			_, err := to.Write(f.portable(svg.Bytes()))
			return err
		}
	default:
		return fmt.Errorf("plot: %s: cannot tell the format of %q; end the name in .png or .svg", who, path)
	}
	paint(f)
	if err := atomicfile.WriteFile(path, encode); err != nil {
		return fmt.Errorf("plot: %s: %w", who, err)
	}
	return nil
}

// portable mends what vgsvg writes: it can only start a text at a point, so that
// centred texts would move where another font is wider; it names one font, not the
// fonts of the same widths that other systems have; and it calls PNG data JPEG,
// which librsvg does not draw. No text can contain these marks, as vgsvg escapes
// quotes and angle brackets.
func (f *figure) portable(svg []byte) []byte {
	var out []byte
	for i, part := range bytes.Split(svg, []byte("<text ")) {
		if i > 0 {
			out = append(out, `<text text-anchor="`+f.anchors[i-1]+`" `...)
		}
		out = append(out, part...)
	}
	family := `style="font-family:` + fontFamily
	out = bytes.ReplaceAll(out, []byte(family+";"), []byte(family+",Arial,Helvetica,sans-serif;"))
	return bytes.ReplaceAll(out, []byte(`"data:image/jpg;`), []byte(`"data:image/png;`))
}

// at turns page coordinates into vg's, whose y grows upwards.
func (f *figure) at(p point) vg.Point { return vg.Point{X: vg.Length(p.x), Y: vg.Length(f.h - p.y)} }

func (f *figure) path(pts []point, closed bool) vg.Path {
	p := make(vg.Path, 0, len(pts)+1)
	p.Move(f.at(pts[0]))
	for _, q := range pts[1:] {
		p.Line(f.at(q))
	}
	if closed {
		p.Close()
	}
	return p
}

// fill fills a polygon.
func (f *figure) fill(c color.Color, pts ...point) {
	f.canvas.SetColor(c)
	f.canvas.Fill(f.path(pts, true))
}

// box fills the rectangle with corner (x, y).
func (f *figure) box(x, y, w, h float64, c color.Color) {
	f.fill(c, point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

// line strokes an open polyline; dashes are lengths on, off, ... in points.
func (f *figure) line(c color.Color, width float64, dashes []vg.Length, pts ...point) {
	if len(pts) < 2 {
		return
	}
	// PNG's rasterizer walks a list of all crossings of a row of pixels: a long stroke
	// would take quadratic time. Pieces overlap by a segment, so that their joints are round.
	most := len(pts)
	if f.pixels != nil {
		most = 16
	}
	f.canvas.SetColor(c)
	f.canvas.SetLineWidth(vg.Length(width))
	for done := 0.0; ; {
		n := min(len(pts), most)
		f.canvas.SetLineDash(dashes, vg.Length(done))
		f.canvas.Stroke(f.path(pts[:n], false))
		if n == len(pts) {
			return
		}
		if dashes != nil {
			done = math.Mod(done+pathLength(pts[:n-1]), float64(dashes[0]+dashes[1]))
		}
		pts = pts[n-2:]
	}
}

func pathLength(pts []point) float64 {
	sum := 0.0
	for i := 1; i < len(pts); i++ {
		sum += math.Hypot(pts[i].x-pts[i-1].x, pts[i].y-pts[i-1].y)
	}
	return sum
}

// outline strokes the rectangle with corner (x, y).
func (f *figure) outline(x, y, w, h float64, c color.Color) {
	f.canvas.SetColor(c)
	f.canvas.SetLineWidth(1)
	f.canvas.SetLineDash(nil, 0)
	f.canvas.Stroke(f.path([]point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}, true))
}

// disk fills a circle.
func (f *figure) disk(p point, r float64, c color.Color) {
	var path vg.Path
	o := f.at(p)
	path.Move(vg.Point{X: o.X + vg.Length(r), Y: o.Y})
	path.Arc(o, vg.Length(r), 0, 2*math.Pi)
	path.Close()
	f.canvas.SetColor(c)
	f.canvas.Fill(path)
}

// text writes one line. (ax, ay) is the place of (x, y) in the text: ax 0 is its
// left end, 0.5 its middle, 1 its right end; ay 0 is its baseline, 1 the top of its
// capitals. The text turns by degrees, counterclockwise, around that place.
func (f *figure) text(s string, x, y, ax, ay, degrees float64, st style) {
	if s == "" {
		return
	}
	up := -ay * capHeight * st.size
	if f.pixels != nil {
		s = drawn(s)
		f.glyphs(s, point{x, y}, point{-ax * st.width(s), up}, degrees, st)
		return
	}
	f.anchors = append(f.anchors, [3]string{"start", "middle", "end"}[int(2*ax)])
	f.canvas.SetColor(st.color)
	f.canvas.Push()
	f.canvas.Translate(f.at(point{x, y}))
	if degrees != 0 {
		f.canvas.Rotate(degrees * math.Pi / 180)
	}
	f.canvas.FillString(st.face(), vg.Point{Y: vg.Length(up)}, s)
	f.canvas.Pop()
}

// lines writes lines under each other, the first baseline at y; it returns the y
// of the baseline after the last.
func (f *figure) lines(ls []string, x, y, ax float64, st style) float64 {
	for _, l := range ls {
		f.text(l, x, y, ax, 0, 0, st)
		y += st.size * lineHeight
	}
	return y
}

// raster places an image at (x, y), one point wide per two pixels. In PNG the
// pixels are copied as they are, so (x, y) must lie on a pixel.
func (f *figure) raster(img image.Image, x, y float64) {
	b := img.Bounds()
	if f.pixels != nil {
		to := image.Pt(int(math.Round(x*pixelsPerPoint)), int(math.Round(y*pixelsPerPoint)))
		draw.Draw(f.pixels, image.Rectangle{to, to.Add(b.Size())}, img, b.Min, draw.Over)
		return
	}
	corner := f.at(point{x, y + float64(b.Dy())/pixelsPerPoint})
	f.canvas.DrawImage(vg.Rectangle{Min: corner, Max: vg.Point{
		X: corner.X + vg.Length(b.Dx())/pixelsPerPoint,
		Y: corner.Y + vg.Length(b.Dy())/pixelsPerPoint,
	}}, img)
}

// stretch makes an image w x h pixels large, each the nearest of the image's.
func stretch(img image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.NearestNeighbor.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// shrink makes an image fit in w x h pixels, each the mean of what it covers: of all
// of that up to 4 x 4 pixels, of 4 x 4 samples above, as an image may be of any size.
func shrink(img image.Image, w, h int) *image.RGBA {
	b := img.Bounds()
	at := func(x, y int) (r, g, b, a uint32) { return img.At(x, y).RGBA() }
	if fast, ok := img.(image.RGBA64Image); ok {
		at = func(x, y int) (r, g, b, a uint32) { return fast.RGBA64At(x, y).RGBA() }
	}
	nx, ny := min((b.Dx()+w-1)/w, 4), min((b.Dy()+h-1)/h, 4)
	place := func(i, of, size int) int { return int((float64(i) + 0.5) * float64(size) / float64(of)) }
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			var sum [4]uint32
			for j := range ny {
				for i := range nx {
					r, g, bl, a := at(b.Min.X+place(x*nx+i, w*nx, b.Dx()), b.Min.Y+place(y*ny+j, h*ny, b.Dy()))
					for k, v := range [4]uint32{r, g, bl, a} {
						sum[k] += v
					}
				}
			}
			for k, v := range sum {
				out.Pix[out.PixOffset(x, y)+k] = uint8(v / uint32(nx*ny) >> 8)
			}
		}
	}
	return out
}
