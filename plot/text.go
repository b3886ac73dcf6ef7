package plot

import (
	"image"
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A style is how a text looks; size is in points.
type style struct {
	size  float64
	bold  bool
	color color.NRGBA
}

var (
	titleStyle = style{15, true, ink}
	labelStyle = style{12, false, ink}
	tickStyle  = style{11, false, ink}
	noteStyle  = style{10, false, faint}
)

const (
	capHeight  = 0.69 // of Liberation Sans, in units of the font size
	lineHeight = 1.25
	fontFamily = "Liberation Sans"
)

// fonts parses the two faces once, at the first picture.
var fonts = sync.OnceValue(func() [2]font.Face {
	parse := func(ttf []byte, w xfont.Weight) font.Face {
		f, err := opentype.Parse(ttf)
		if err != nil {
			panic("plot: the built-in font is damaged: " + err.Error())
		}
		return font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: w}, Face: f}
	}
	return [2]font.Face{parse(liberationsansregular.TTF, xfont.WeightNormal), parse(liberationsansbold.TTF, xfont.WeightBold)}
})

func (s style) face() font.Face {
	f := fonts()[0]
	if s.bold {
		f = fonts()[1]
	}
	f.Font.Size = vg.Length(s.size)
	return f
}

// buffers are what reading a font needs; a new one for each letter that is measured
// would be much garbage.
var buffers = sync.Pool{New: func() any { return new(sfnt.Buffer) }}

// walk calls each, where given, with the glyphs of a line and their places in
// points from its start, and returns the line's width.
func (s style) walk(text string, each func(glyph sfnt.GlyphIndex, x float64)) float64 {
	f := s.face().Face
	em := fixed.Int26_6(f.UnitsPerEm()) // so sizes come in units of the font, as exact as they are
	scale := s.size / float64(em)
	buf := buffers.Get().(*sfnt.Buffer)
	defer buffers.Put(buf)
	var last sfnt.GlyphIndex
	x := 0.0
	for i, r := range text {
		g, err := f.GlyphIndex(buf, r)
		if err != nil {
			g = 0 // the font's box
		}
		if kern, err := f.Kern(buf, last, g, em, xfont.HintingNone); i > 0 && err == nil {
			x += float64(kern) * scale
		}
		if each != nil {
			each(g, x)
		}
		if advance, err := f.GlyphAdvance(buf, g, em, xfont.HintingNone); err == nil {
			x += float64(advance) * scale
		}
		last = g
	}
	return x
}

// width returns the width in points of one line of text.
func (s style) width(text string) float64 { return s.walk(text, nil) }

// glyphs fills the outlines of a line of text into the pixels: start is where its
// baseline starts, from the page's point p, along and above the text's direction.
// (vgimg draws blurred glyphs whose edges are cut off.)
func (f *figure) glyphs(text string, p, start point, degrees float64, st style) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	at := func(along, above float64) point { // in pixels of the page
		along, above = along+start.x, above+start.y
		return point{(p.x + along*cos - above*sin) * pixelsPerPoint, (p.y - along*sin - above*cos) * pixelsPerPoint}
	}
	box := image.Rectangle{}
	for _, along := range []float64{-st.size, st.width(text) + st.size} {
		for _, above := range []float64{-st.size, 2 * st.size} {
			q := at(along, above)
			corner := image.Pt(int(q.x), int(q.y))
			box = box.Union(image.Rectangle{corner, corner.Add(image.Pt(1, 1))})
		}
	}
	box = box.Intersect(f.pixels.Bounds())
	if box.Empty() {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	face := st.face().Face
	em := fixed.Int26_6(face.UnitsPerEm()) // exact, as in walk
	scale := st.size / float64(em)
	var buf sfnt.Buffer
	st.walk(text, func(g sfnt.GlyphIndex, x float64) {
		outline, err := face.LoadGlyph(&buf, g, em, nil)
		if err != nil {
			return
		}
		for _, s := range outline {
			var q [3][2]float32
			for i, a := range s.Args {
				r := at(x+float64(a.X)*scale, -float64(a.Y)*scale)
				q[i] = [2]float32{float32(r.x - float64(box.Min.X)), float32(r.y - float64(box.Min.Y))}
			}
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				z.ClosePath()
				z.MoveTo(q[0][0], q[0][1])
			case sfnt.SegmentOpLineTo:
				z.LineTo(q[0][0], q[0][1])
			case sfnt.SegmentOpQuadTo:
				z.QuadTo(q[0][0], q[0][1], q[1][0], q[1][1])
			case sfnt.SegmentOpCubeTo:
				z.CubeTo(q[0][0], q[0][1], q[1][0], q[1][1], q[2][0], q[2][1])
			}
		}
	})
	z.ClosePath()
	z.Draw(f.pixels, box, image.NewUniform(st.color), image.Point{})
}

// widest returns the width of the widest of several lines.
func (s style) widest(lines []string) float64 {
	w := 0.0
	for _, l := range lines {
		w = max(w, s.width(l))
	}
	return w
}

// drawn puts a box in the place of characters that the font lacks: PNG would show
// nothing there, while a viewer of SVG has other fonts.
func drawn(text string) string {
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := fonts()[0].Face.GlyphIndex(&buf, r); err != nil || i == 0 {
			return '□'
		}
		return r
	}, text)
}

// clean makes a text of one line that PNG and XML can hold: invalid UTF-8, control
// characters and non-characters would make the SVG unreadable as a whole.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case r&0xFFFE == 0xFFFE:
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// limited returns a text, or of a huge one the start: more than any page shows.
func limited(text string) string {
	const most = 1 << 17
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// wrap cleans a text and breaks it into lines no wider than limit: at newlines and
// spaces, and inside a word only where the word alone is too wide.
func (s style) wrap(text string, limit float64) []string {
	var lines []string
	space := s.width(" ")
	for par := range strings.SplitSeq(strings.TrimRight(limited(text), "\n"), "\n") {
		var line strings.Builder
		used := 0.0
		flush := func() { lines = append(lines, line.String()); line.Reset(); used = 0 }
		for _, word := range strings.Fields(clean(par)) {
			w := s.width(word)
			if line.Len() > 0 && used+space+w > limit {
				flush()
			}
			if line.Len() > 0 {
				line.WriteByte(' ')
				used += space
			}
			if w <= limit {
				line.WriteString(word)
				used += w
				continue
			}
			for _, r := range word {
				rw := s.width(string(r))
				if line.Len() > 0 && used+rw > limit {
					flush()
				}
				line.WriteRune(r)
				used += rw
			}
		}
		flush()
	}
	return lines
}

// cut cleans a text and shortens it with an ellipsis to at most limit points.
func (s style) cut(text string, limit float64) string {
	text = clean(limited(text))
	used, end := s.width("…"), 0
	for i, r := range text {
		if used += s.width(string(r)); used > limit {
			break
		}
		end = i + len(string(r))
	}
	if end == len(text) || s.width(text) <= limit {
		return text
	}
	return strings.TrimRight(text[:end], " ") + "…"
}
