package plot

import (
	"fmt"
	"image"
	"math"
	"strconv"
)

// HeatmapConfig configures Heatmap.
type HeatmapConfig struct {
	Title, XLabel, YLabel string
	// Rows and Columns name the cells; nil numbers them from 0.
	Rows, Columns []string
	// Min and Max are the ends of the colours; nil means those of the data.
	Min, Max *float64
	// Diverging goes from blue over white to red, white being the middle of the
	// range; the default range is then -m..m, m the largest |value|. Otherwise the
	// colours are viridis, from dark to light.
	Diverging bool
	BarLabel  string // what the colours mean
	Numbers   bool   // write values into cells that are large enough
}

// Heatmap draws a matrix of H rows and W columns into path, row 0 at the top, with
// a bar that explains the colours: attention weights, correlations, filters. Values
// outside the range take the colour of its end; NaN is reddish purple. Above 960 rows
// or columns a pixel shows the mean of several, or NaN where one of them is. It returns an error if the matrix is
// empty or ragged, if names or range do not fit, or if the file cannot be written.
func Heatmap(path string, matrix [][]float64, cfg HeatmapConfig) error {
	const who = "Heatmap"
	if err := checkHeatmap(who, matrix, cfg); err != nil {
		return err
	}
	h := &heat{matrix: matrix, cfg: cfg, bar: cfg.scale(matrix)}
	if err := (span{h.bar.lo, h.bar.hi, true}).check("the range Min..Max"); err != nil {
		return fmt.Errorf("plot: %s: %w", who, err)
	}
	h.layout()
	title := titleLines(cfg.Title, h.width)
	h.top = margin + titleHeight(title)
	return save(who, path, h.width, h.top+h.h+h.below, func(f *figure) {
		f.lines(title, margin, margin+titleStyle.size*0.8, 0, titleStyle)
		h.paint(f)
	})
}

func checkHeatmap(who string, m [][]float64, cfg HeatmapConfig) error {
	if len(m) == 0 || len(m[0]) == 0 {
		return fmt.Errorf("plot: %s: the matrix is empty; give at least one row and one column", who)
	}
	for r, row := range m {
		if len(row) != len(m[0]) {
			return fmt.Errorf("plot: %s: row %d has %d columns, not %d as row 0; give rows of one length", who, r, len(row), len(m[0]))
		}
	}
	if cfg.Rows != nil && len(cfg.Rows) != len(m) {
		return fmt.Errorf("plot: %s: %d names for %d rows; give one each, or nil", who, len(cfg.Rows), len(m))
	}
	if cfg.Columns != nil && len(cfg.Columns) != len(m[0]) {
		return fmt.Errorf("plot: %s: %d names for %d columns; give one each, or nil", who, len(cfg.Columns), len(m[0]))
	}
	return nil
}

// scale returns the colours of the values and their range.
func (cfg HeatmapConfig) scale(m [][]float64) colorBar {
	var s span
	for _, row := range m {
		for _, v := range row {
			s.add(v)
		}
	}
	b := colorBar{colors: viridis, label: cfg.BarLabel}
	b.lo, b.hi = s.wide()
	if cfg.Diverging {
		b.colors = redBlue
		b.hi = max(math.Abs(b.lo), math.Abs(b.hi))
		b.lo = -b.hi
	}
	if cfg.Min != nil {
		b.lo = *cfg.Min
	}
	if cfg.Max != nil {
		b.hi = *cfg.Max
	}
	return b
}

const maxCells = 960 // pixels of the longer side of the matrix

// heat is the layout of a heat map, in points.
type heat struct {
	matrix           [][]float64
	cfg              HeatmapConfig
	bar              colorBar
	cw, ch           int // pixels of a cell, or of several where they are more than maxCells
	w, h             float64
	rows, columns    names
	left, top, below float64
	barX, width      float64
}

func (h *heat) layout() {
	const least, largest = 120, 88 // pixels of the matrix and of a cell
	rows, cols := len(h.matrix), len(h.matrix[0])
	r, c := min(rows, maxCells), min(cols, maxCells)
	side := max(min(maxCells/r, maxCells/c, largest), 1)
	h.cw, h.ch = max(side, min(largest, least/c)), max(side, min(largest, least/r))
	h.w, h.h = float64(h.cw*c)/pixelsPerPoint, float64(h.ch*r)/pixelsPerPoint

	rowCell, colCell := h.h/float64(rows), h.w/float64(cols)
	h.rows, h.columns = newNames(rows, h.cfg.Rows, rowCell), newNames(cols, h.cfg.Columns, colCell)
	h.below = 6 + h.columns.height() + margin
	if h.cfg.XLabel != "" {
		h.below += 10 + labelStyle.size
	}
	h.left = margin + h.rows.widest + 6
	if h.cfg.YLabel != "" {
		h.left += labelStyle.size + 10
	}
	h.left = math.Ceil(max(h.left, margin+h.columns.reach()))
	h.barX = h.left + h.w + 20
	h.width = h.barX + h.bar.width(h.bar.height(h.h)) + margin
}

func (h *heat) paint(f *figure) {
	rows, cols := len(h.matrix), len(h.matrix[0])
	img := image.NewNRGBA(image.Rect(0, 0, min(cols, maxCells), min(rows, maxCells)))
	for r := range img.Rect.Dy() {
		for c := range img.Rect.Dx() {
			img.SetNRGBA(c, r, h.bar.color(h.mean(r, c, img.Rect.Dy(), img.Rect.Dx())))
		}
	}
	f.raster(stretch(img, int(h.w*pixelsPerPoint), int(h.h*pixelsPerPoint)), h.left, h.top)
	f.outline(h.left, h.top, h.w, h.h, ink)
	rowCell, colCell := h.h/float64(rows), h.w/float64(cols)
	if h.cfg.Numbers {
		h.numbers(f, rowCell, colCell)
	}
	h.rows.left(f, h.left-6, h.top)
	h.columns.below(f, h.left, h.top+h.h+6)
	f.text(labelStyle.cut(h.cfg.XLabel, h.w+60), h.left+h.w/2, h.top+h.h+h.below-margin, 0.5, 0, 0, labelStyle)
	f.text(labelStyle.cut(h.cfg.YLabel, h.h+20), margin, h.top+h.h/2, 0.5, 1, 90, labelStyle)
	h.bar.draw(f, h.barX, h.top, h.bar.height(h.h))
}

// mean returns the mean of block (r, c) of the matrix cut into rows x cols of them.
func (h *heat) mean(r, c, rows, cols int) float64 {
	part := func(i, of, n int) (from, to int) { return i * n / of, (i + 1) * n / of }
	top, bottom := part(r, rows, len(h.matrix))
	left, right := part(c, cols, len(h.matrix[0]))
	sum, n := 0.0, float64((bottom-top)*(right-left))
	for _, row := range h.matrix[top:bottom] {
		for _, v := range row[left:right] {
			sum += v / n
		}
	}
	return sum
}

// valueFormat returns how to write the values of a matrix, the same decimals for
// all: about three digits of the largest.
func valueFormat(m [][]float64) func(float64) string {
	size := 0.0
	for _, row := range m {
		for _, v := range row {
			if finite(v) {
				size = max(size, math.Abs(v))
			}
		}
	}
	if size >= 1e5 || size < 0.05 && size > 0 {
		return func(v float64) string { return number(v, 3) }
	}
	decimals := 2
	if size >= 10 {
		decimals = 1
	}
	if size >= 100 {
		decimals = 0
	}
	return func(v float64) string { return minus(strconv.FormatFloat(v, 'f', decimals, 64)) }
}

// numbers writes the values where the widest of them fits.
func (h *heat) numbers(f *figure, rowCell, colCell float64) {
	if min(rowCell, colCell) < 7 { // no number fits, so a large matrix is not measured
		return
	}
	format := valueFormat(h.matrix)
	one, widest := style{size: 1}, 1.0
	for _, row := range h.matrix {
		for _, v := range row {
			widest = max(widest, one.width(format(v)))
		}
	}
	st := style{size: min(11, (colCell-4)/widest, rowCell*0.6)}
	if st.size < 5.5 {
		return
	}
	for r, row := range h.matrix {
		for c, v := range row {
			st.color = over(h.bar.color(v))
			f.text(format(v), h.left+(float64(c)+0.5)*colCell, h.top+(float64(r)+0.5)*rowCell, 0.5, 0.5, 0, st)
		}
	}
}
