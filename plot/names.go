package plot

import (
	"math"
	"strconv"
)

// names are the texts beside the rows, or below the columns, of n cells.
type names struct {
	style
	text   []string // "" where the name would overlap
	cell   float64  // points
	room   float64  // between two names
	widest float64
}

// newNames returns the given names, shortened, or where nil the indices 0, 1, ...;
// and only every k-th, where all of them would overlap.
func newNames(n int, given []string, cell float64) names {
	const longest = 150 // points
	ns := names{style: style{min(11, max(cell*0.85, 6)), false, ink}, text: make([]string, n), cell: cell}
	k := int(math.Ceil(ns.size * 1.15 / cell))
	if given == nil {
		ns.size = 10
		k = roundStep((ns.width(strconv.Itoa(n-1)) + 4) / cell)
	}
	for i := 0; i < n; i += k {
		if given == nil {
			ns.text[i] = strconv.Itoa(i)
		} else {
			ns.text[i] = ns.cut(given[i], longest)
		}
		ns.widest = max(ns.widest, ns.width(ns.text[i]))
	}
	ns.room = float64(k) * cell
	return ns
}

// roundStep returns the smallest of 1, 2, 5, 10, 20, 50, ... that is at least v.
func roundStep(v float64) int {
	for unit := 1; ; unit *= 10 {
		for _, m := range []int{1, 2, 5} {
			if float64(m*unit) >= v {
				return m * unit
			}
		}
	}
}

// degrees returns how far the names turn to fit below their cells.
func (ns names) degrees() float64 {
	switch {
	case ns.widest <= ns.room-4:
		return 0
	case ns.room >= 16:
		return 45
	}
	return 90
}

// height returns what the names take below their cells.
func (ns names) height() float64 {
	switch ns.degrees() {
	case 0:
		return ns.size
	case 45:
		return (ns.widest + ns.size) * math.Sqrt2 / 2
	}
	return ns.widest
}

// reach returns how far the first name below may stand out to the left.
func (ns names) reach() float64 {
	if ns.degrees() == 45 {
		return ns.widest * math.Sqrt2 / 2
	}
	return 0
}

// left writes the names up to x, the first row of cells starting at y.
func (ns names) left(f *figure, x, y float64) {
	for i, name := range ns.text {
		f.text(name, x, y+(float64(i)+0.5)*ns.cell, 1, 0.5, 0, ns.style)
	}
}

// below writes the names below y, the first column of cells starting at x.
func (ns names) below(f *figure, x, y float64) {
	degrees := ns.degrees()
	for i, name := range ns.text {
		mid := x + (float64(i)+0.5)*ns.cell
		switch degrees {
		case 0:
			f.text(name, mid, y, 0.5, 1, 0, ns.style)
		case 45:
			f.text(name, mid+3, y, 1, 0.7, 45, ns.style)
		default:
			f.text(name, mid, y, 1, 0.5, 90, ns.style)
		}
	}
}
