package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
)

// ConfusionMatrixConfig configures ConfusionMatrix.
type ConfusionMatrixConfig struct {
	// Title stands before the accuracy; the default is "Confusion matrix".
	Title string
	// Percent writes the share of the row into the cells instead of the count.
	Percent bool
}

// ConfusionMatrix draws counts[t][p], how many samples of class t were predicted
// as p, into path: true classes down, predicted ones across. A cell's colour is the
// square root of its share of its row, so that rare confusions show. At the right
// stands the recall of each class,
//
//	recall_t = counts[t][t] / sum_p counts[t][p],
//
// and the title ends in the accuracy, the share of the diagonal in the whole. A
// class without samples has no recall and a white row. Cells too small for their
// number (above about 30 classes) show the colour alone; long names are turned and
// shortened, and above 150 classes only some are written. nil classes are named 0,
// 1, ... It returns an error if counts is not square with one row for each class, if
// a count is negative, or if the file cannot be written.
func ConfusionMatrix(path string, counts [][]int, classes []string, cfg ConfusionMatrixConfig) error {
	const who = "ConfusionMatrix"
	if err := checkConfusion(who, counts, classes); err != nil {
		return err
	}
	m := &confusion{counts: counts, percent: cfg.Percent}
	for _, row := range counts {
		sum := 0.0
		for _, n := range row {
			sum += float64(n)
		}
		m.sums = append(m.sums, sum)
	}
	m.layout(classes)
	title := titleLines(m.title(cfg.Title), m.width)
	m.top += titleHeight(title)
	return save(who, path, m.width, m.top+m.side()+m.below, func(f *figure) {
		f.lines(title, margin, margin+titleStyle.size*0.8, 0, titleStyle)
		m.paintCells(f)
		m.paintNames(f)
		m.paintRecall(f)
		shareScale.draw(f, m.barX, m.top, shareScale.height(m.side()))
	})
}

// shareScale takes the square root of a share: a confusion of 5% shall be seen.
var shareScale = colorBar{colors: blues, hi: 1, label: "share of the true class", shares: true}

func checkConfusion(who string, counts [][]int, classes []string) error {
	if len(counts) == 0 {
		return fmt.Errorf("plot: %s: counts is empty; give a row for each class", who)
	}
	if classes != nil && len(classes) != len(counts) {
		return fmt.Errorf("plot: %s: %d rows of counts but %d classes; give one name for each row, or nil", who, len(counts), len(classes))
	}
	for t, row := range counts {
		if len(row) != len(counts) {
			return fmt.Errorf("plot: %s: row %d of counts has %d columns, not %d; give a square matrix", who, t, len(row), len(counts))
		}
		for p, n := range row {
			if n < 0 {
				return fmt.Errorf("plot: %s: counts[%d][%d] is %d; a count cannot be negative", who, t, p, n)
			}
		}
	}
	return nil
}

// A confusion is the layout of a confusion matrix, in points.
type confusion struct {
	counts        [][]int
	sums          []float64 // of the rows
	percent       bool
	names         names
	numbers       style // size 0: none
	cell          float64
	left, top     float64 // of the cells
	recallX, barX float64
	below         float64 // height of what stands below the cells
	width         float64
}

func (m *confusion) side() float64 { return m.cell * float64(len(m.counts)) }

func (m *confusion) layout(classes []string) {
	n := len(m.counts)
	m.cell = rounded(min(max(460/float64(n), 8), 44))
	if n > 150 { // names are left out then, the picture stays of a size to look at
		m.cell = rounded(max(1200/float64(n), 1))
	}
	m.names = newNames(n, classes, m.cell)
	m.below = 6 + m.names.height() + 10 + labelStyle.size + margin
	m.left = math.Ceil(max(margin+labelStyle.size+10+m.names.widest+6, margin+m.names.reach()))
	m.numbers = m.numberStyle()
	m.top = margin + labelStyle.size + 6 // the head of the recall column
	m.recallX = m.left + m.side() + 14
	m.barX = m.recallX + recallBar + 6 + m.recallStyle().width("100.0%") + 24
	m.width = m.barX + shareScale.width(shareScale.height(m.side())) + margin
}

// numberStyle returns the largest readable size at which every number fits its cell.
func (m *confusion) numberStyle() style {
	if m.cell < 10 { // a number of one digit would be too small to read
		return style{}
	}
	widest := 0.0
	one := style{size: 1}
	for t, row := range m.counts {
		for p := range row {
			widest = max(widest, one.width(m.number(t, p)))
		}
	}
	size := min(11, (m.cell-4)/widest, m.cell*0.6)
	if size < 5.5 {
		size = 0
	}
	return style{size: size}
}

// share returns the part of row t in column p, NaN for an empty row.
func (m *confusion) share(t, p int) float64 {
	return float64(m.counts[t][p]) / m.sums[t]
}

func (m *confusion) number(t, p int) string {
	if !m.percent {
		return strconv.Itoa(m.counts[t][p])
	}
	if s := m.share(t, p); !math.IsNaN(s) {
		return strconv.FormatFloat(100*s, 'f', 1, 64)
	}
	return "–"
}

func (m *confusion) title(title string) string {
	right, all := 0.0, 0.0
	for t, row := range m.counts {
		right += float64(row[t])
		all += m.sums[t]
	}
	if title == "" {
		title = "Confusion matrix"
	}
	if all == 0 {
		return title + ": no samples"
	}
	return fmt.Sprintf("%s: accuracy %.2f%% (%.0f of %.0f)", title, 100*right/all, right, all)
}

func (m *confusion) paintCells(f *figure) {
	color := func(t, p int) color.NRGBA {
		if s := m.share(t, p); !math.IsNaN(s) {
			return shareScale.color(s)
		}
		return white
	}
	n := len(m.counts)
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for t := range n {
		for p := range n {
			img.SetNRGBA(p, t, color(t, p))
		}
	}
	pixels := int(m.side() * pixelsPerPoint)
	f.raster(stretch(img, pixels, pixels), m.left, m.top)
	for t := 0; t < n && m.numbers.size > 0; t++ {
		for p := range n {
			st := m.numbers
			if st.color = over(color(t, p)); m.counts[t][p] == 0 {
				st.color = pale
			}
			f.text(m.number(t, p), m.left+(float64(p)+0.5)*m.cell, m.top+(float64(t)+0.5)*m.cell, 0.5, 0.5, 0, st)
		}
	}
	for i := 1; i < len(m.counts) && m.cell >= 12; i++ {
		d := float64(i) * m.cell
		f.line(grid, 0.5, nil, point{m.left + d, m.top}, point{m.left + d, m.top + m.side()})
		f.line(grid, 0.5, nil, point{m.left, m.top + d}, point{m.left + m.side(), m.top + d})
	}
	f.outline(m.left, m.top, m.side(), m.side(), ink)
}

func (m *confusion) paintNames(f *figure) {
	m.names.left(f, m.left-6, m.top)
	m.names.below(f, m.left, m.top+m.side()+6)
	f.text("true class", margin, m.top+m.side()/2, 0.5, 1, 90, labelStyle)
	f.text("predicted class", m.left+m.side()/2, m.top+m.side()+m.below-margin, 0.5, 0, 0, labelStyle)
}

const recallBar = 44.0 // points of a recall of 1

func (m *confusion) recallStyle() style { return style{min(11, m.cell*0.85), false, ink} }

func (m *confusion) paintRecall(f *figure) {
	f.text("recall", m.recallX, m.top-7, 0, 0, 0, labelStyle)
	for t := range m.counts {
		y := m.top + float64(t)*m.cell
		gap := m.cell * 0.28
		if m.cell < 4 {
			gap = 0 // less than a pixel would only blur
		}
		f.box(m.recallX, y+gap, recallBar, m.cell-2*gap, grid)
		text := "–"
		if r := m.share(t, t); !math.IsNaN(r) {
			f.box(m.recallX, y+gap, recallBar*r, m.cell-2*gap, classColor(0))
			text = strconv.FormatFloat(100*r, 'f', 1, 64) + "%"
		}
		if m.recallStyle().size < 5 {
			continue
		}
		f.text(text, m.recallX+recallBar+6, y+m.cell/2, 0, 0.5, 0, m.recallStyle())
	}
}
