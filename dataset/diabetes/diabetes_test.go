package diabetes_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/dataset/diabetes"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/tensor"
)

// The expected values were computed with numpy 1.24 from scikit-learn 1.2.1's own loader, scaled and not.
func TestContent(t *testing.T) {
	for _, c := range []struct {
		name                                string
		m                                   *tableset.Regression
		sum, squares, byColumn, byRow, tiny float64
		first, last                         float64 // the corners of X
	}{
		{"raw", diabetes.LoadRaw(), 276404.2336, 33042240.401514962, 1539469.2523999999, 342006619.3489, 0, 59, 92},
		{"scaled", diabetes.Load(), 0, 10, 0, 9930.516144371139, 1e-11, 0.038075906433423026, 0.0030644094143684884},
	} {
		x, y := tensor.Data[float64](c.m.X), tensor.Data[float64](c.m.Y)
		n, d := c.m.X.Dim(0), c.m.X.Dim(1)
		if n != 442 || d != 10 || len(c.m.Features) != d || len(y) != n || c.m.Target != "disease progression" {
			t.Fatalf("%s: %d x %d, %d targets, %d names", c.name, n, d, len(y), len(c.m.Features))
		}
		var sum, squares, byColumn, byRow, target, targetSquares, targetByRow float64
		for i, v := range y {
			target += v
			targetSquares += v * v
			targetByRow += v * float64(i)
			for j, v := range x[i*d : (i+1)*d] {
				sum += v
				squares += v * v
				byColumn += v * float64(j+1)
				byRow += v * float64(j+1) * float64(i)
			}
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b)+c.tiny }
		if !near(sum, c.sum) || !near(squares, c.squares) || !near(byColumn, c.byColumn) || !near(byRow, c.byRow) {
			t.Errorf("%s: sum, of squares, by column, by row: %v, %v, %v, %v", c.name, sum, squares, byColumn, byRow)
		}
		if !near(x[0], c.first) || !near(x[n*d-1], c.last) {
			t.Errorf("%s: corners %v, %v", c.name, x[0], x[n*d-1])
		}
		if target != 67243 || targetSquares != 12850921 || targetByRow != 15087273 {
			t.Errorf("%s: targets' sum, of squares, by row: %v, %v, %v", c.name, target, targetSquares, targetByRow)
		}
	}
}

func Example() {
	t := diabetes.Load()
	fmt.Println(t.X.Shape(), t.Y.Shape(), t.Target, t.Features)
	// Output: (442, 10) (442,) disease progression [age sex bmi bp s1 s2 s3 s4 s5 s6]
}
