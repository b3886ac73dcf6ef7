package rdata

import (
	"math"
	"strconv"
	"strings"
)

// altrep reads a vector that is written as the way to compute it: its class, a state and attributes.
func (d *decoder) altrep() *Object {
	info, state := d.item(), d.item()
	attrs := attributes(d.item())
	o := &Object{}
	if d.err != nil {
		return o
	}
	class, list := "", List(nil)
	if list, _ = info.Data.(List); len(list) > 0 {
		if s, ok := list[0].Data.(Symbol); ok {
			class = string(s)
		}
	}
	parts, _ := state.Data.(List)
	switch {
	case class == "compact_intseq" || class == "compact_realseq":
		o.Data = d.sequence(class, state)
	case class == "deferred_string" && len(parts) > 0:
		o.Data = d.deferred(parts)
	case strings.HasPrefix(class, "wrap_") && len(parts) > 0: // what it wraps, and what R knows of its order
		o.Data = parts[0].Data
	default:
		d.fail("it has a vector in the form %q, which is not known: save it in R with version = 2", class)
	}
	o.Attributes = attrs
	return o
}

// sequence returns the vector of a compact sequence, of the length, first number and step in the state.
func (d *decoder) sequence(class string, state *Object) any {
	v, _ := state.Data.(Real)
	if len(v) != 3 || !(v[0] >= 0 && v[0] <= math.MaxInt32) || v[0] != math.Trunc(v[0]) {
		d.fail("it has a damaged sequence")
		return nil
	}
	n := int(v[0])
	if n > d.sequences {
		d.fail("it has sequences of more than %d numbers: save it in R with version = 2", maxSequence)
		return nil
	}
	d.sequences -= n
	if class == "compact_realseq" {
		r := make(Real, n)
		for i := range r {
			r[i] = v[1] + float64(float64(i)*v[2])
		}
		return r
	}
	last := v[1] + float64(n-1)*v[2]
	for _, end := range []float64{v[1], last} {
		if !(math.Abs(end) <= math.MaxInt32) && n > 0 {
			d.fail("it has a sequence from %v to %v, beyond R's integers", v[1], last)
			return nil
		}
	}
	r := make(Integer, n)
	for i := range r {
		r[i] = int32(v[1] + float64(i)*v[2])
	}
	return r
}

// deferred returns the texts of numbers that R did not need to write out yet: the numbers, and the option scipen.
func (d *decoder) deferred(parts List) any {
	n := parts[0].Len()
	if !d.take(16 * int64(n)) {
		return nil
	}
	scipen := 0
	if len(parts) > 1 {
		if v, ok := parts[1].Data.(Integer); ok && len(v) == 1 {
			scipen = int(v[0])
		}
	}
	c := Character{Values: make([]string, n)}
	set := func(i int, text string) {
		if d.take(int64(len(text))) {
			c.Values[i] = text
		}
	}
	missing := func(i int) {
		if c.NA == nil {
			c.NA = make([]bool, n)
		}
		c.NA[i] = true
	}
	switch v := parts[0].Data.(type) {
	case Integer:
		for i, x := range v {
			if x == NAInteger {
				missing(i)
			} else {
				set(i, strconv.Itoa(int(x)))
			}
		}
	case Real:
		for i, x := range v {
			if IsNA(x) {
				missing(i)
			} else {
				set(i, formatReal(x, scipen))
			}
		}
	default:
		d.fail("it has texts made of %s", parts[0].what())
	}
	return c
}

// formatReal writes x as R's as.character does up to R 4.2: with the fewest of up to 15 digits that make the same number of 15 digits, and
// in the shorter of both notations, of which the fixed one may be longer by scipen characters.
func formatReal(x float64, scipen int) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strconv.FormatFloat(x, 'f', -1, 64), "+")
	case x == 0:
		return "0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', 14, 64), "e")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	scientific := mantissa + "e" + exponent
	power, _ := strconv.Atoi(exponent)
	digits := len(strings.Trim(strings.Replace(mantissa, ".", "", 1), "-"))
	fixed := strconv.FormatFloat(x, 'f', max(0, digits-1-power), 64)
	if len(fixed) <= len(scientific)+scipen {
		return fixed
	}
	return scientific
}
