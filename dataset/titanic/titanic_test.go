package titanic

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/table"
)

// The expected values are those that R 4.2.2 prints for summary(Titanicp), sum and mean. The test is skipped for missing files alone.
func TestLoad(t *testing.T) {
	cfg := source.Config{Offline: true}
	if _, err := Set.Locate(cfg); errors.As(err, new(*source.MissingError)) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	m, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows != 1309 || !slices.Equal(m.Names(), []string{"pclass", "survived", "sex", "age", "sibsp", "parch"}) {
		t.Fatalf("%d rows of %q", m.Rows, m.Names())
	}
	for name, want := range map[string]map[string]int{
		"pclass":   {"1st": 323, "2nd": 277, "3rd": 709},
		"survived": {"died": 809, "survived": 500},
		"sex":      {"female": 466, "male": 843},
	} {
		c, err := m.Column(name)
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for i := range m.Rows {
			count[c.Text(i)]++
		}
		for text, n := range want {
			if count[text] != n {
				t.Errorf("%s: %v, want %v", name, count, want)
			}
		}
	}
	for name, want := range map[string]struct {
		missing        int
		sum, mean, max float64
	}{"age": {263, 31255.66670000, 29.8811345, 80}, "sibsp": {0, 653, 653. / 1309, 8}, "parch": {0, 504, 504. / 1309, 9}} {
		c, err := m.Column(name)
		if err != nil {
			t.Fatal(err)
		}
		sum, most := 0.0, 0.0
		for i := range m.Rows {
			if v := c.Float(i); !math.IsNaN(v) {
				sum, most = sum+v, max(most, v)
			}
		}
		mean := sum / float64(m.Rows-c.Missing)
		if c.Missing != want.missing || !(math.Abs(sum-want.sum) <= 1e-3 && math.Abs(mean-want.mean) <= 1e-6) || most != want.max {
			t.Errorf("%s: %d missing, sum %v, mean %v, largest %v", name, c.Missing, sum, mean, most)
		}
	}
}

// testdata/make.R made the passengers up.
func TestMadeUp(t *testing.T) {
	m, err := load(filepath.Join("testdata", indexFile), filepath.Join("testdata", dataFile))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"1st", "survived", "female", "29", "0", "0"}, {"3rd", "died", "male", "0.9167", "1", "2"}, {"2nd", "died", "male", "", "2", "0"}, {"3rd", "", "female", "40", "0", "1"}}
	for i, row := range want {
		for j, text := range row {
			if got := m.Columns[j].Text(i); got != text {
				t.Errorf("row %d, %s: %q, want %q", i, m.Columns[j].Name, got, text)
			}
		}
	}
	if m.Rows != 4 || m.Columns[3].Kind != table.Number || m.Columns[3].Missing != 1 || m.Columns[0].Kind != table.Category {
		t.Errorf("%d rows, %+v", m.Rows, m.Columns[3])
	}
	other := filepath.Join("testdata", "other")
	if _, err := load(filepath.Join(other, indexFile), filepath.Join(other, dataFile)); err == nil || !strings.Contains(err.Error(), `no column "age"`) {
		t.Errorf("a table without ages: %v", err)
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	s := Set
	s.Dirs = nil // it may be installed
	_, err := s.Get(t.Context(), source.Config{})
	if err == nil || !strings.Contains(err.Error(), "r-cran-vcdextra") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	// Files of those names in a folder that many sets share are not taken for these.
	if _, err := s.Locate(source.Config{Dir: "testdata", Offline: true}); err == nil || !strings.Contains(err.Error(), "is not this data set's") {
		t.Errorf("made-up files in a shared folder: %v", err)
	}
	if _, err := load("testdata/none.rdx", "testdata/none.rdb"); err == nil || !strings.Contains(err.Error(), "check the path") {
		t.Errorf("no files: %v", err)
	}
}
