package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A tick is a place on an axis; a minor tick has no label.
type tick struct {
	at    float64
	label string
}

// An axis maps values in lo..hi to 0..1.
type axis struct {
	lo, hi float64
	log    bool
	ticks  []tick
}

func (a axis) norm(v float64) float64 {
	if a.log {
		return (math.Log10(v) - math.Log10(a.lo)) / (math.Log10(a.hi) - math.Log10(a.lo))
	}
	return (v - a.lo) / (a.hi - a.lo)
}

// holds reports whether v lies on the axis; NaN does not.
func (a axis) holds(v float64) bool { return v >= a.lo && v <= a.hi }

// finite reports whether v can be drawn. Beyond 1e300 the width of an axis would
// overflow, so that such a value is taken for an infinity.
func finite(v float64) bool { return math.Abs(v) <= huge }

const huge = 1e300

// A span is the range of the values seen; the zero span is empty.
type span struct {
	lo, hi float64
	some   bool
}

func (s *span) add(v float64) {
	if !finite(v) {
		return
	}
	if !s.some {
		*s = span{v, v, true}
	}
	s.lo, s.hi = min(s.lo, v), max(s.hi, v)
}

// wide returns the span with a width that floating point can divide: an empty one
// becomes 0..1, a constant one is widened around its value.
func (s span) wide() (lo, hi float64) {
	if !s.some {
		return 0, 1
	}
	size := max(math.Abs(s.lo), math.Abs(s.hi))
	switch {
	case size < 1e-290:
		return -1, 1
	case s.hi-s.lo < 1e-9*size:
		return s.lo - 0.1*size, s.hi + 0.1*size
	}
	return s.lo, s.hi
}

// check returns an error unless the span is finite and has such a width. what names
// it in the error.
func (s span) check(what string) error {
	if lo, hi := s.wide(); !finite(s.lo) || !finite(s.hi) || !(s.lo < s.hi) || lo != s.lo || hi != s.hi {
		return fmt.Errorf("%s %g..%g is empty or not finite; give a smaller and a larger end", what, s.lo, s.hi)
	}
	return nil
}

// linearAxis spans s, widened by the share pad at both ends, with about n ticks at
// round numbers, at whole numbers only where integers is true.
func linearAxis(s span, pad float64, n int, integers bool) axis {
	lo, hi := s.wide()
	d := (hi - lo) * pad
	a := axis{lo: lo - d, hi: hi + d}
	a.ticks = linearTicks(a.lo, a.hi, n, integers)
	return a
}

// xAxis is linearAxis with fewer ticks where their labels would not fit under a
// frame.
func xAxis(s span, pad float64, n int, integers bool) axis {
	a := linearAxis(s, pad, n, integers)
	a.ticks = xTicks(a.lo, a.hi, n, integers)
	return a
}

func xTicks(lo, hi float64, n int, integers bool) []tick {
	const room = 500 // points, less than any frame's width
	for {
		ts := linearTicks(lo, hi, n, integers)
		width := 0.0
		for _, t := range ts {
			width += tickStyle.width(t.label) + 8
		}
		if width <= room || n == 1 {
			return ts
		}
		n--
	}
}

// linearTicks returns at most about n ticks in lo..hi, spaced by 1, 2, 2.5 or 5
// times a power of ten.
func linearTicks(lo, hi float64, n int, integers bool) []tick {
	raw := (hi - lo) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		whole := !integers || m*unit == math.Trunc(m*unit)
		if whole && m*unit >= raw*(1-1e-9) {
			step = m * unit
			break
		}
	}
	if integers {
		step = max(step, 1)
	}
	format := numberFormat(max(math.Abs(lo), math.Abs(hi)), step)
	var ts []tick
	first := math.Ceil(lo/step - 1e-9)
	for k := range 2*n + 2 {
		if v := (first + float64(k)) * step; v <= hi+1e-9*step {
			ts = append(ts, tick{v, format(v)})
		}
	}
	return ts
}

// numberFormat returns how to write the multiples of step up to size: with as many
// decimals as the step has, or as 1.5e-7 where that would be long.
func numberFormat(size, step float64) func(float64) string {
	exp := int(math.Floor(math.Log10(step) + 1e-9))
	digits := -exp
	if m := step / math.Pow(10, float64(exp)); math.Abs(m-math.Round(m)) > 1e-6 {
		digits++ // steps of 2.5
	}
	// 1e7 is easier to read than 10000000, but 1234567 than 1.234567e6.
	if long := digits + int(math.Floor(math.Log10(size))); size < 1e-3 || size >= 1e6 && (long <= 4 || size >= 1e15) {
		digits = long
		return func(v float64) string {
			if math.Abs(v) < step/2 {
				return "0"
			}
			return shortExp(strconv.FormatFloat(v, 'e', max(digits, 0), 64))
		}
	}
	return func(v float64) string {
		if math.Abs(v) < step/2 {
			v = 0 // never "-0"
		}
		return minus(strconv.FormatFloat(v, 'f', max(digits, 0), 64))
	}
}

// shortExp turns 1.50e-07 into 1.5e−7, with the minus sign of the numbers.
func shortExp(s string) string {
	mant, exp, ok := strings.Cut(s, "e")
	if !ok {
		return minus(s)
	}
	if strings.Contains(mant, ".") {
		mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
	}
	sign := ""
	if strings.HasPrefix(exp, "-") {
		sign = "-"
	}
	return minus(mant + "e" + sign + strings.TrimLeft(exp, "+-0"))
}

// minus sets the typographic minus sign, which is as wide as the plus.
func minus(s string) string { return strings.ReplaceAll(s, "-", "\u2212") }

// number writes a value with about digits significant digits.
func number(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'g', digits, 64)
	return shortExp(s)
}

// positive reports whether v has a place on a logarithmic axis.
func positive(v float64) bool { return v >= 1/huge }

// logAxis spans s, whose lo is positive: powers of ten are labelled, and 2 and 5
// as well on less than two decades; under half a decade the ticks are linear.
func logAxis(s span) axis {
	if !s.some {
		s = span{1, 10, true}
	}
	d := max(0.04*(math.Log10(s.hi)-math.Log10(s.lo)), 0.02)
	// Neither end may leave the normal numbers.
	a := axis{lo: max(s.lo*math.Pow(10, -d), 1e-305), hi: min(s.hi*math.Pow(10, d), 1e305), log: true}
	decades := math.Log10(a.hi) - math.Log10(a.lo)
	if decades < 0.5 {
		a.ticks = linearTicks(a.lo, a.hi, 6, false)
		return a
	}
	every := 1.0 // decades between labels
	for _, n := range []float64{2, 3, 5, 10, 20, 50, 100} {
		if decades/every > 8 {
			every = n
		}
	}
	for e := math.Floor(math.Log10(a.lo)); e <= math.Log10(a.hi); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			labelled := m == 1 && math.Mod(e, every) == 0
			if v < a.lo*(1-1e-9) || v > a.hi*(1+1e-9) || m > 1 && decades > 8 || decades > 40 && !labelled {
				continue
			}
			t := tick{at: v}
			if labelled || (m == 2 || m == 5) && decades < 2 {
				t.label = logLabel(v)
			}
			a.ticks = append(a.ticks, t)
		}
	}
	return a
}

func logLabel(v float64) string {
	if v >= 0.99e-3 && v < 0.99e6 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return shortExp(strconv.FormatFloat(v, 'e', 1, 64))
}
