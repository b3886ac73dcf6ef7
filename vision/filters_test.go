package vision_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// On a plane z = ax + by + c the slopes are a and b, but at the borders, where half the difference is missing.
func TestSobel(t *testing.T) {
	const h, w, a, b = 5, 7, 0.5, -2
	v := make([]float64, h*w)
	for i := range v {
		v[i] = a*float64(i%w) + b*float64(i/w) + 3
	}
	dx, dy := vision.Sobel(tensor.Of(v, 1, 1, h, w))
	for i := range v {
		x, y := i%w, i/w
		wantX, wantY := a, float64(b)
		if x == 0 || x == w-1 {
			wantX /= 2
		}
		if y == 0 || y == h-1 {
			wantY /= 2
		}
		if gx, gy := dx.Floats()[i], dy.Floats()[i]; !(math.Abs(gx-wantX) <= 1e-12 && math.Abs(gy-wantY) <= 1e-12) {
			t.Errorf("slope %v, %v at %d, %d, want %v, %v", gx, gy, x, y, wantX, wantY)
		}
	}

	// Pictures and channels do not mix, and the result is that of the definition.
	x := tensor.With(tensor.Float64).Randn(random.New(1), 2, 3, 4, 6)
	dx, dy = vision.Sobel(x)
	f, at := x.Floats(), func(p, i, j int) int { return p*24 + min(max(i, 0), 3)*6 + min(max(j, 0), 5) }
	for p := range 6 {
		for i := range 4 {
			for j := range 6 {
				var wx, wy float64
				for k, s := range []float64{1, 2, 1} {
					wx += s * (f[at(p, i+k-1, j+1)] - f[at(p, i+k-1, j-1)]) / 8
					wy += s * (f[at(p, i+1, j+k-1)] - f[at(p, i-1, j+k-1)]) / 8
				}
				if k := p*24 + i*6 + j; !(math.Abs(dx.Floats()[k]-wx) <= 1e-12 && math.Abs(dy.Floats()[k]-wy) <= 1e-12) {
					t.Fatalf("plane %d at %d, %d: %v and %v, want %v and %v", p, i, j, dx.Floats()[k], dy.Floats()[k], wx, wy)
				}
			}
		}
	}
}

func TestGabor(t *testing.T) {
	cfg := vision.GaborConfig{Wavelength: 6, Angle: math.Pi / 6, Phase: 0.4, Sigma: 2, Aspect: 0.5}
	g := vision.Gabor(9, cfg)
	// The value 3 pixels to the right of the middle and 1 above it, by hand.
	u, v := 3*math.Sqrt(3)/2-0.5, -1.5-math.Sqrt(3)/2
	want := math.Exp(-(u*u+0.25*v*v)/8) * math.Cos(2*math.Pi*u/6+0.4)
	if got := g.Floats()[3*9+7]; !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%v, want %v", got, want)
	}
	if m := g.Floats()[4*9+4]; !(math.Abs(m-math.Cos(0.4)) <= 1e-12) {
		t.Errorf("the middle is %v", m)
	}
	def, round := vision.Gabor(7, vision.GaborConfig{Wavelength: 4}), vision.Gabor(7, vision.GaborConfig{Wavelength: 4, Sigma: 0.56 * 4, Aspect: 1})
	if !tensor.Equal(def, round) {
		t.Error("the defaults are not those documented")
	}
	for i, bad := range []vision.GaborConfig{{}, {Wavelength: -1}, {Wavelength: math.NaN()}, {Wavelength: 4, Sigma: -1}, {Wavelength: 4, Aspect: -1}} {
		if err := tensor.Catch(func() { vision.Gabor(7, bad) }); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%d: error %v", i, err)
		}
	}
	if err := tensor.Catch(func() { vision.Gabor(0, vision.GaborConfig{Wavelength: 4}) }); !errors.Is(err, tensor.ErrValue) {
		t.Errorf("no pixels: error %v", err)
	}
	if err := tensor.Catch(func() { vision.Sobel(tensor.Zeros(3, 3)) }); !errors.Is(err, tensor.ErrShape) {
		t.Errorf("a picture without channels: error %v", err)
	}
}

// The edge of a dark half and a light one lies across the slope.
func ExampleSobel() {
	x := tensor.Of([]float64{0, 0, 4, 4, 0, 0, 4, 4, 0, 0, 4, 4}, 1, 1, 3, 4)
	dx, dy := vision.Sobel(x)
	fmt.Println(dx.Select(2, 1).Floats(), dy.Abs().Max().Item())
	// Output: [0 2 2 0] 0
}
