package iris_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/tensor"
)

// The expected values were computed with numpy 1.24 from scikit-learn 1.2.1's own loader.
func TestContent(t *testing.T) {
	m := iris.Load()
	x, y := tensor.Data[float64](m.X), tensor.Data[int64](m.Y)
	n, d := m.X.Dim(0), m.X.Dim(1)
	if n != 150 || d != 4 || len(m.Features) != d || len(y) != n {
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
	if !near(sum, 2078.7) || !near(squares, 9539.29) || !near(byColumn, 4204.4) {
		t.Errorf("sum, of squares, by column: %v, %v, %v", sum, squares, byColumn)
	}
	if byRow != 16175 || !slices.Equal(counts, []int{50, 50, 50}) {
		t.Errorf("classes: %v, weighted by row %d", counts, byRow)
	}
}

func Example() {
	t := iris.Load()
	fmt.Println(t.X.Shape(), t.Classes)
	// Output: (150, 4) [setosa versicolor virginica]
}
