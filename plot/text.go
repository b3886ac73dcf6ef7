package plot

import (
	"image/color"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
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

// width returns the width in points of one line of text.
func (s style) width(text string) float64 {
	f := s.face()
	return float64(f.Width(text))
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

// wrap cleans a text and breaks it into lines no wider than limit: at newlines and
// spaces, and inside a word only where the word alone is too wide.
func (s style) wrap(text string, limit float64) []string {
	var lines []string
	space := s.width(" ")
	for par := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
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
	text = clean(text)
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
