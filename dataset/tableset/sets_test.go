package tableset_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/dataset/breastcancer"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/dataset/wine"
	"github.com/hadal-go/hadal/tensor"
)

// The sets that are part of the binary. The expected values were computed with numpy 1.24 from scikit-learn 1.2.1's own loaders.
func TestSets(t *testing.T) {
	for _, c := range []struct {
		name                   string
		m                      *tableset.Table
		n, d                   int
		sum, squares, byColumn float64
		byRow                  int64 // of the classes
		counts                 []int
	}{
		{"breastcancer", breastcancer.Load(), 569, 30, 1056474.4596356, 955069324.0850048, 15997027.559157101, 114204, []int{212, 357}},
		{"iris", iris.Load(), 150, 4, 2078.7, 9539.29, 4204.4, 16175, []int{50, 50, 50}},
		{"wine", wine.Load(), 178, 13, 159975.295999, 118768104.78031619, 1859871.16599, 21410, []int{59, 71, 48}},
	} {
		x, y := tensor.Data[float64](c.m.X), tensor.Data[int64](c.m.Y)
		n, d := c.m.X.Dim(0), c.m.X.Dim(1)
		if n != c.n || d != c.d || len(c.m.Features) != d || len(y) != n {
			t.Errorf("%s: %d x %d, %d classes of rows, %d names", c.name, n, d, len(y), len(c.m.Features))
			continue
		}
		var sum, squares, byColumn float64
		var byRow int64
		counts := make([]int, len(c.m.Classes))
		for i, class := range y {
			counts[class]++
			byRow += class * int64(i)
			for j, v := range x[i*d : (i+1)*d] {
				sum += v
				squares += v * v
				byColumn += v * float64(j+1)
			}
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*b }
		if !near(sum, c.sum) || !near(squares, c.squares) || !near(byColumn, c.byColumn) {
			t.Errorf("%s: sum, of squares, by column: %v, %v, %v", c.name, sum, squares, byColumn)
		}
		if byRow != c.byRow || !slices.Equal(counts, c.counts) {
			t.Errorf("%s: classes: %v, weighted by row %d", c.name, counts, byRow)
		}
	}
}
