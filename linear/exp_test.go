package linear

import (
	"math"
	"testing"
)

func TestExpAll(t *testing.T) {
	worst := 0.0
	for i := range 200_000 {
		x := []float64{-math.Pow(float64(i)/200_000, 6) * 707}
		want := math.Exp(x[0])
		if expAll(x); want > 0 {
			worst = max(worst, math.Abs(x[0]-want)/want)
		}
	}
	if !(worst <= 0x1p-51) {
		t.Errorf("relative error %v", worst)
	}
	x := []float64{0, -1e-300, -707.1, -1e308, math.Inf(-1), math.NaN(), math.Copysign(0, -1)}
	expAll(x)
	if x[0] != 1 || x[1] != 1 || x[2] != 0 || x[3] != 0 || x[4] != 0 || !math.IsNaN(x[5]) || x[6] != 1 {
		t.Errorf("%v", x)
	}
}
