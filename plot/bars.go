package plot

import (
	"fmt"
	"math"
)

// A Group is one bar for each name: the values of one method, say.
type Group struct {
	Name   string // in the legend; one unnamed group has no legend
	Values []float64
	// Errors, where given, draws a line from Values[i]-Errors[i] to
	// Values[i]+Errors[i].
	Errors []float64
}

// BarsConfig configures Bars.
type BarsConfig struct {
	Title, XLabel string // XLabel: what the values are, with their unit
	NoNumbers     bool   // leaves the values at the ends of the bars out
}

// Bars draws horizontal bars from 0 into path, one row of them for each name, from
// the top down, each with its value at its end. A value that is NaN or infinite has
// no bar and is written in its place. It returns an error if a group has other than
// one value for each name, or other than one error for each value, or if the file
// cannot be written.
func Bars(path string, names []string, groups []Group, cfg BarsConfig) error {
	const who = "Bars"
	for i, g := range groups {
		if len(g.Values) != len(names) {
			return fmt.Errorf("plot: %s: group %d (%q) has %d values for %d names; give one for each", who, i, g.Name, len(g.Values), len(names))
		}
		if g.Errors != nil && len(g.Errors) != len(g.Values) {
			return fmt.Errorf("plot: %s: group %d (%q) has %d errors for %d values; give one for each, or nil", who, i, g.Name, len(g.Errors), len(g.Values))
		}
	}
	rows := max(float64(len(names)), 2) * (barHeight*max(float64(len(groups)), 1) + barGap)
	if err := checkPage(who, path, barPage, rows); err != nil { // before a million names are measured
		return err
	}
	c := barChart(names, groups, cfg, rows)
	return c.draw(who, path, func(f *frame) {
		if len(names) == 0 || len(groups) == 0 {
			f.text("no bars to draw", f.left+f.width/2, f.top+f.height/2, 0.5, 0.5, 0, noteStyle)
		}
		for g := range groups {
			for i := range names {
				f.bar(groups[g], g, i, len(groups), len(names), cfg)
			}
		}
		x := f.px(0)
		f.line(ink, 1, nil, point{x, f.top}, point{x, f.top + f.height})
	})
}

const barPage, barHeight, barGap = 640.0, 17.0, 9.0 // points

func barChart(names []string, groups []Group, cfg BarsConfig, rows float64) *chart {
	c := &chart{title: cfg.Title, xLabel: cfg.XLabel, w: barPage, noGridY: true, bare: true}
	xs := span{some: true} // bars start at 0
	for _, g := range groups {
		for i, v := range g.Values {
			xs.add(v)
			xs.add(v - g.err(i))
			xs.add(v + g.err(i))
		}
	}
	if xs.lo == xs.hi { // all are 0
		xs.hi = 1
	}
	lo, hi := xs.wide()
	room := (hi - lo) * 0.02
	if !cfg.NoNumbers {
		room = (hi - lo) * 0.12 // for the numbers at the ends
	}
	if xs.lo < 0 {
		lo -= room
	}
	if xs.hi > 0 || xs.lo == 0 {
		hi += room
	}
	c.x = axis{lo: lo, hi: hi, ticks: xTicks(lo, hi, 8, false)}
	c.y = axis{lo: -0.5, hi: max(float64(len(names)), 1) - 0.5}
	for i, name := range names {
		c.y.ticks = append(c.y.ticks, tick{float64(len(names) - 1 - i), tickStyle.cut(name, 200)})
	}
	for i, g := range groups {
		if len(groups) > 1 || g.Name != "" {
			c.legend = append(c.legend, entry{g.Name, squareMark, square(classColor(i))})
		}
	}
	_, legend := legendRows(c.legend, margin, c.w-margin)
	c.h = rows + legend + titleHeight(titleLines(cfg.Title, c.w)) + 48
	if cfg.XLabel != "" {
		c.h += 18
	}
	return c
}

// err returns the error of value i, 0 where it has none.
func (g Group) err(i int) float64 {
	if g.Errors == nil || !finite(g.Errors[i]) {
		return 0
	}
	return math.Abs(g.Errors[i])
}

// bar draws the bar of group g, one of groups, at name i, one of names.
func (f *frame) bar(group Group, g, i, groups, names int, cfg BarsConfig) {
	row := f.height / float64(names)
	h := (row - barGap) / float64(groups)
	y := f.top + float64(i)*row + barGap/2 + float64(g)*h
	v, e := group.Values[i], group.err(i)
	zero := f.px(0)
	st := style{10, false, ink}
	if !finite(v) {
		f.text(minus(fmt.Sprint(v)), zero+4, y+h/2, 0, 0.5, 0, noteStyle)
		return
	}
	x := f.px(v)
	f.box(min(zero, x), y+0.5, math.Abs(x-zero), h-1, classColor(g))
	lo, hi := f.px(v-e), f.px(v+e)
	if e > 0 {
		f.line(ink, 1.2, nil, point{lo, y + h/2}, point{hi, y + h/2})
		for _, end := range []float64{lo, hi} {
			f.line(ink, 1.2, nil, point{end, y + h*0.3}, point{end, y + h*0.7})
		}
	}
	if cfg.NoNumbers {
		return
	}
	if v < 0 {
		f.text(number(v, 4), lo-4, y+h/2, 1, 0.5, 0, st)
	} else {
		f.text(number(v, 4), hi+4, y+h/2, 0, 0.5, 0, st)
	}
}
