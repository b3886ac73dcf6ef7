package tableset_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/tensor"
)

func TestParse(t *testing.T) {
	m, err := tableset.Parse(strings.NewReader("2,3,yes,no\n1,2.5,-3,0\n4,5,6e1,1\n"), []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 2.5, -3, 4, 5, 60}; !slices.Equal(tensor.Data[float64](m.X), want) || m.X.Dim(0) != 2 {
		t.Errorf("X = %v", m.X)
	}
	if !slices.Equal(tensor.Data[int64](m.Y), []int64{0, 1}) || !slices.Equal(m.Classes, []string{"yes", "no"}) {
		t.Errorf("Y = %v, classes %v", m.Y, m.Classes)
	}
}

func TestParseRefuses(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"empty":           {"", "first line"},
		"no classes":      {"2,1\n", "first line"},
		"other columns":   {"1,2,a\n1,2,0\n", "columns"},
		"negative":        {"-1,1,a\n", "rows"},
		"too large":       {"99999999999,1,a\n", "at most"},
		"missing row":     {"2,1,a\n1,0\n", "there are 1 rows"},
		"too many rows":   {"1,1,a\n1,0\n1,0\n", "more than the 1"},
		"ragged":          {"1,1,a\n1,1,0\n", "wrong number of fields"},
		"no number":       {"1,1,a\nx,0\n", `row 1, column 1: "x"`},
		"NaN":             {"1,1,a\nNaN,0\n", "finite"},
		"no such class":   {"1,1,a\n1,1\n", "want 0 to 0"},
		"class no number": {"1,1,a\n1,b\n", `class "b"`},
	} {
		if _, err := tableset.Parse(strings.NewReader(c.text), []string{"f"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

func TestParseRegression(t *testing.T) {
	m, err := tableset.ParseRegression(strings.NewReader("2,2,price\n1,2.5,-3\n4,5,6e1\n"), []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tensor.Data[float64](m.X), []float64{1, 2.5, 4, 5}) || !slices.Equal(tensor.Data[float64](m.Y), []float64{-3, 60}) || m.Target != "price" {
		t.Errorf("%+v", m)
	}
	for what, c := range map[string]struct{ text, want string }{
		"empty":       {"", "rows,columns,name of the target"},
		"two targets": {"1,1,a,b\n1,1\n", "names 2 targets"},
		"no target":   {"1,1,a\n1\n", "wrong number of fields"},
		"no number":   {"1,1,a\n1,x\n", `row 1: target "x"`},
		"infinite":    {"1,1,a\n1,Inf\n", "finite"},
		"NaN feature": {"1,1,a\nNaN,1\n", "row 1, column 1"},
		"missing row": {"2,1,a\n1,0\n", "there are 1 rows"},
	} {
		if _, err := tableset.ParseRegression(strings.NewReader(c.text), []string{"f"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}
