package plot

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// A Point is a place in the plane; on a learning curve X is the epoch.
type Point struct{ X, Y float64 }

// LearningCurve draws one metric, such as "loss" or "accuracy", of training
// (dashed) and validation (solid) by epoch into path, and marks the best epoch
// with its validation value, or its training value where there is no validation.
//
// best is an epoch of these points; a negative best draws no mark. Either list may
// be empty. Points whose Y is NaN or infinite break the line. It returns an error
// if no point lies at best or if the file cannot be written.
func LearningCurve(path, metric string, train, val []Point, best int) error {
	const who = "LearningCurve"
	c := Chart{Title: capital(clean(metric)) + " by epoch", XLabel: "epoch", YLabel: metric}
	if len(train) > 0 || len(val) == 0 {
		c.Series = append(c.Series, pointSeries("training", train))
	}
	if len(val) > 0 {
		c.Series = append(c.Series, pointSeries("validation", val))
	}
	if best < 0 {
		return lines(who, path, c, nil)
	}
	judged := val
	if len(val) == 0 {
		judged = train
	}
	for _, p := range judged {
		if p.X == float64(best) {
			c.Marks = []Mark{{p.X, fmt.Sprintf("best epoch %d: %s", best, number(p.Y, 4))}}
			i := len(c.Series) - 1
			return lines(who, path, c, func(f *frame) {
				if f.drawable(p.X, p.Y) { // a ring around the point
					f.disk(f.at(p.X, p.Y), dotRadius+3.5, classColor(i))
					f.disk(f.at(p.X, p.Y), dotRadius+1.5, white)
					f.disk(f.at(p.X, p.Y), dotRadius, classColor(i))
				}
			})
		}
	}
	return fmt.Errorf("plot: %s: no point of %s is at the best epoch %d; pass one of its epochs, or -1 for no mark", who, path, best)
}

func pointSeries(name string, pts []Point) Series {
	s := Series{Name: name, Dashed: name == "training"}
	for _, p := range pts {
		s.X, s.Y = append(s.X, p.X), append(s.Y, p.Y)
	}
	return s
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
