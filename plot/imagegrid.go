package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
)

// A Tile is one picture of a grid. A newline in Caption starts a new line. Border,
// where not nil, is the colour of a frame around the picture, to tell right from
// wrong, say: it covers no pixel of it.
type Tile struct {
	Image   image.Image
	Caption string
	Border  color.Color
}

// ImageGridConfig configures ImageGrid.
type ImageGridConfig struct {
	Title string
	// Columns of the grid; 0 means as many as make it about square.
	Columns int
	// Scale is how many pixels of the PNG, across and down, show one pixel of a
	// picture. 0 means for each picture the smallest that makes its longer side at
	// least 192 pixels (96 points), and 1 for larger ones, with those over 768
	// pixels shrunk to that.
	Scale int
}

const (
	tilePixels    = 192
	tileMaxPixels = 768
	borderWidth   = 3.0
)

// ImageGrid draws pictures row by row with captions below them into path. Small
// pictures are enlarged by whole numbers, each pixel to a square of that colour;
// captions are broken into lines, never clipped. Sizes may be mixed. An empty list
// gives a picture that says so. It returns an error if a tile has no picture or if
// the file cannot be written.
func ImageGrid(path string, tiles []Tile, cfg ImageGridConfig) error {
	const who = "ImageGrid"
	if cfg.Columns < 0 || cfg.Scale < 0 {
		return fmt.Errorf("plot: %s: Columns is %d and Scale is %d; neither may be negative, 0 means the default", who, cfg.Columns, cfg.Scale)
	}
	for i, t := range tiles {
		if t.Image == nil || t.Image.Bounds().Empty() {
			return fmt.Errorf("plot: %s: tile %d (%q) has no pixels; give it an Image or leave it out", who, i, t.Caption)
		}
	}
	if len(tiles) == 0 {
		return emptyGrid(who, path, cfg.Title)
	}
	g := newTileGrid(tiles, cfg)
	title := titleLines(cfg.Title, g.width)
	head := titleHeight(title)
	return save(who, path, g.width, g.height+head, func(f *figure) {
		f.lines(title, margin, margin+titleStyle.size*0.8, 0, titleStyle)
		g.paint(f, head)
	})
}

func emptyGrid(who, path, title string) error {
	ls := titleLines(title, 320)
	return save(who, path, 320, 100+titleHeight(ls), func(f *figure) {
		f.lines(ls, margin, margin+titleStyle.size*0.8, 0, titleStyle)
		f.text("no pictures", 160, 50+titleHeight(ls), 0.5, 0.5, 0, noteStyle)
	})
}

func titleHeight(lines []string) float64 {
	if len(lines) == 0 {
		return 0
	}
	return rounded(float64(len(lines))*titleStyle.size*lineHeight + 6)
}

// A tileGrid is the layout of a grid, in points, before anything is allocated:
// the sizes of pictures and scales are not yet checked.
type tileGrid struct {
	tiles         []Tile
	sizes         [][2]float64 // pixels of the enlarged or shrunk pictures
	captions      [][]string
	columns       int
	colX, colW    []float64 // per column
	rowY, rowH    []float64 // per row: top and height of the pictures
	width, height float64
}

var captionStyle = style{10, false, ink}

func newTileGrid(tiles []Tile, cfg ImageGridConfig) *tileGrid {
	const gap, captionGap = 12.0, 5.0
	g := &tileGrid{tiles: tiles, columns: cfg.Columns}
	if g.columns == 0 {
		for g.columns*g.columns < len(tiles) {
			g.columns++
		}
	}
	g.columns = min(g.columns, len(tiles))
	rows := (len(tiles) + g.columns - 1) / g.columns
	g.colX, g.colW = make([]float64, g.columns), make([]float64, g.columns)
	g.rowY, g.rowH = make([]float64, rows), make([]float64, rows)
	for i, t := range tiles {
		w, h := tileSize(t.Image.Bounds(), cfg.Scale)
		g.sizes = append(g.sizes, [2]float64{w, h})
		c, r := i%g.columns, i/g.columns
		caption := min(captionStyle.widest(strings.Split(limited(t.Caption), "\n")), tilePixels/pixelsPerPoint)
		g.colW[c] = max(g.colW[c], max(w/pixelsPerPoint, caption)+2*borderWidth)
		g.rowH[r] = max(g.rowH[r], h/pixelsPerPoint+2*borderWidth)
	}
	x, y := float64(margin), float64(margin)
	for c, w := range g.colW {
		g.colX[c] = x
		x += w + gap
	}
	for r := range g.rowY {
		g.rowY[r] = y
		most := 0
		for i := r * g.columns; i < min((r+1)*g.columns, len(tiles)); i++ {
			var ls []string
			if tiles[i].Caption != "" {
				ls = captionStyle.wrap(tiles[i].Caption, g.colW[i%g.columns]+gap/2)
			}
			g.captions = append(g.captions, ls)
			most = max(most, len(ls))
		}
		y += g.rowH[r] + gap
		if most > 0 {
			y += captionGap + float64(most)*captionStyle.size*lineHeight
		}
	}
	g.width, g.height = x-gap+margin, y-gap+margin
	return g
}

// tileSize returns the size in pixels of a picture as drawn.
func tileSize(b image.Rectangle, scale int) (w, h float64) {
	w, h = float64(b.Dx()), float64(b.Dy())
	longer := max(w, h)
	switch {
	case scale > 0:
		return w * float64(scale), h * float64(scale)
	case longer > tileMaxPixels:
		s := tileMaxPixels / longer
		return max(math.Round(w*s), 1), max(math.Round(h*s), 1)
	}
	s := math.Ceil(tilePixels / longer)
	return w * s, h * s
}

// paint draws the pictures and their captions, all of them head points lower.
func (g *tileGrid) paint(f *figure, head float64) {
	for i, t := range g.tiles {
		c, r := i%g.columns, i/g.columns
		w, h := g.sizes[i][0], g.sizes[i][1]
		pw, ph := w/pixelsPerPoint, h/pixelsPerPoint
		mid := g.colX[c] + g.colW[c]/2
		bottom := rounded(head + g.rowY[r] + g.rowH[r] - borderWidth) // captions stay close to their picture
		x, y := rounded(mid-pw/2), bottom-ph
		border := t.Border
		if border == nil {
			f.box(x-0.5, y-0.5, pw+1, ph+1, pale)
		} else {
			f.box(x-borderWidth, y-borderWidth, pw+2*borderWidth, ph+2*borderWidth, border)
		}
		f.box(x, y, pw, ph, white) // what a transparent pixel shows
		if b := t.Image.Bounds(); int(w) >= b.Dx() && int(h) >= b.Dy() {
			f.raster(stretch(t.Image, int(w), int(h)), x, y)
		} else {
			f.raster(shrink(t.Image, int(w), int(h)), x, y)
		}
		f.lines(g.captions[i], mid, bottom+borderWidth+4+captionStyle.size, 0.5, captionStyle)
	}
}
