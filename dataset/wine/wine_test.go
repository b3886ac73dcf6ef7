package wine_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/dataset/wine"
	"github.com/hadal-go/hadal/tensor"
)

// The expected values were computed with numpy 1.24 from scikit-learn 1.2.1's own loader.
func TestContent(t *testing.T) {
	m := wine.Load()
	x, y := tensor.Data[float64](m.X), tensor.Data[int64](m.Y)
	n, d := m.X.Dim(0), m.X.Dim(1)
	if n != 178 || d != 13 || len(m.Features) != d || len(y) != n {
		t.Fatalf("%d x %d, %d classes of rows, %d names", n, d, len(y), len(m.Features))
	}
	var sum, squares, byColumn float64
	var byRow int64
	counts := make([]int, len(m.Classes))
	for i, c := range y {
		counts[c]++
		byRow += c * int64(i)
		for j, v := range x[i*d : (i+1)*d] {
			sum += v
			squares += v * v
			byColumn += v * float64(j+1)
		}
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*b }
	if !near(sum, 159975.295999) || !near(squares, 118768104.78031619) || !near(byColumn, 1859871.16599) {
		t.Errorf("sum, of squares, by column: %v, %v, %v", sum, squares, byColumn)
	}
	if byRow != 21410 || !slices.Equal(counts, []int{59, 71, 48}) {
		t.Errorf("classes: %v, weighted by row %d", counts, byRow)
	}
}

func Example() {
	t := wine.Load()
	fmt.Println(t.X.Shape(), t.Classes)
	// Output: (178, 13) [class_0 class_1 class_2]
}
