package models_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestSIREN(t *testing.T) {
	m := models.NewSIREN(random.New(1), 2, 64, 3, 1, models.SIRENConfig{Omega: 20})
	if n := nn.NumParams(m); n != 2*64+64+2*(64*64+64)+64+1 {
		t.Errorf("%d parameters", n)
	}
	for i, limit := range map[int]float64{0: 0.5, 2: math.Sqrt(6.0/64) / 20, 4: math.Sqrt(6.0/64) / 20, 6: math.Sqrt(6.0/64) / 20} {
		if most := m[i].(*nn.Linear).Weight.Abs().Max().Item(); most > limit+1e-7 || most < 0.9*limit {
			t.Errorf("layer %d: weights up to %v, want ±%v", i, most, limit)
		}
	}
	// One unit a layer, by hand.
	one := nn.To(models.NewSIREN(random.New(2), 1, 1, 2, 1, models.SIRENConfig{First: 10}), tensor.Float64)
	p := nn.Params(one)
	at := func(i int) float64 { return p[i].Item() }
	h := math.Sin(10 * (at(0)*0.3 + at(1)))
	h = math.Sin(30 * (at(2)*h + at(3)))
	if got, want := one.Forward(tensor.Of([]float64{0.3}, 1, 1)).Item(), at(4)*h+at(5); !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, bad := range [][4]int{{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}} {
		if err := tensor.Catch(func() { models.NewSIREN(random.New(1), bad[0], bad[1], bad[2], bad[3], models.SIRENConfig{}) }); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%v: error %v", bad, err)
		}
	}
	for _, cfg := range []models.SIRENConfig{{Omega: -1}, {First: -1}} {
		if err := tensor.Catch(func() { models.NewSIREN(random.New(1), 1, 1, 1, 1, cfg) }); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%+v: error %v", cfg, err)
		}
	}
}

// A picture as a function of places: brightness of (x, y).
func ExampleNewSIREN() {
	picture := models.NewSIREN(random.New(1), 2, 256, 3, 1, models.SIRENConfig{})
	places := tensor.Of([]float32{-1, -1, 0, 0, 1, 1}, 3, 2)
	fmt.Println(picture.Forward(places).Shape(), nn.NumParams(picture))
	// Output: (3, 1) 132609
}
