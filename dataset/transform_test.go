package dataset_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// rising is a picture whose pixels are 1, 2, 3, ...
func rising(c, h, w int) *tensor.Tensor {
	x := make([]float32, c*h*w)
	for i := range x {
		x[i] = float32(i + 1)
	}
	return tensor.Of(x, c, h, w)
}

func wantPicture(t *testing.T, name string, got *tensor.Tensor, shape tensor.Shape, want []float32) {
	t.Helper()
	if got.Shape() != shape || got.DType() != tensor.Float32 || !slices.Equal(tensor.Data[float32](got), want) {
		t.Errorf("%s: %v\nwant %v %v", name, got, shape, want)
	}
}

// By hand, on
//
//	1 2 3    7  8  9
//	4 5 6   10 11 12
func TestTransforms(t *testing.T) {
	for name, c := range map[string]struct {
		f    dataset.Transform
		want []float32
		h, w int
	}{
		"horizontal flip":       {dataset.RandomHorizontalFlip(1), []float32{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}, 2, 3},
		"vertical flip":         {dataset.RandomVerticalFlip(1), []float32{4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}, 2, 3},
		"no horizontal flip":    {dataset.RandomHorizontalFlip(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"no vertical flip":      {dataset.RandomVerticalFlip(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"pad":                   {dataset.Pad(1), []float32{0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 10, 11, 12, 0, 0, 0, 0, 0, 0}, 4, 5},
		"pad by 0":              {dataset.Pad(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"center crop":           {dataset.CenterCrop(1, 1), []float32{2, 8}, 1, 1}, // (2-1)/2 and (3-1)/2: rows 0, columns 1
		"center crop of all":    {dataset.CenterCrop(2, 3), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"random crop of all":    {dataset.RandomCrop(2, 3, 0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"random crop of padded": {dataset.RandomCrop(4, 5, 1), []float32{0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 10, 11, 12, 0, 0, 0, 0, 0, 0}, 4, 5},
		"normalize":             {dataset.Normalize([]float64{1, 2}, []float64{2, 0.5}), []float32{0, .5, 1, 1.5, 2, 2.5, 10, 12, 14, 16, 18, 20}, 2, 3},
		"resize to one row":     {dataset.Resize(1, 3), []float32{2.5, 3.5, 4.5, 8.5, 9.5, 10.5}, 1, 3}, // each row weighs a half
		"resize by 2":           {dataset.Resize(2, 6), []float32{1, 1.25, 1.75, 2.25, 2.75, 3, 4, 4.25, 4.75, 5.25, 5.75, 6, 7, 7.25, 7.75, 8.25, 8.75, 9, 10, 10.25, 10.75, 11.25, 11.75, 12}, 2, 6},
		"no noise":              {dataset.GaussianNoise(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"no erasing":            {dataset.RandomErasing(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
		"no turn":               {dataset.RandomRotation(0), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3},
	} {
		shape := tensor.ShapeOf(2, c.h, c.w)
		x := rising(2, 2, 3)
		wantPicture(t, name, c.f(x, random.New(1)), shape, c.want)
		wantPicture(t, "what "+name+" was given", x, tensor.ShapeOf(2, 2, 3), tensor.Data[float32](rising(2, 2, 3)))

		// Strides make no difference.
		strided := tensor.Concat(2, rising(2, 2, 3), rising(2, 2, 3)).Transpose(0, 1).Contiguous().Transpose(0, 1).Narrow(2, 3, 3)
		wantPicture(t, name+", strided", c.f(strided, random.New(1)), shape, c.want)
	}
}

// CenterCrop rounds halves to even, as torchvision: of 4 rows the crop of 1 begins at round(1.5) = 2, of 6 at round(2.5) = 2.
func TestCenterCropRounds(t *testing.T) {
	wantPicture(t, "4", dataset.CenterCrop(1, 1)(rising(1, 4, 1), nil), tensor.ShapeOf(1, 1, 1), []float32{3})
	wantPicture(t, "6", dataset.CenterCrop(1, 1)(rising(1, 6, 1), nil), tensor.ShapeOf(1, 1, 1), []float32{3})
}

// The values of PyTorch; testdata/make_golden.py says how they were made.
func TestTransformsAgainstPyTorch(t *testing.T) {
	var golden struct {
		Resize []struct {
			Shape []int
			H, W  int
			Want  []float64
		}
		Affine []struct {
			Shape                  []int
			Degrees, Scale, DY, DX float64
			Want                   []float64
		}
	}
	optest.ReadGolden(t, "testdata/golden.json", &golden)
	picture := func(shape []int) *tensor.Tensor {
		x := make([]float32, shape[0]*shape[1]*shape[2])
		for k := range x {
			x[k] = float32(k * k % 17)
		}
		return tensor.Of(x, shape...)
	}
	compare := func(name string, got *tensor.Tensor, want []float64) {
		t.Helper()
		v := got.Floats()
		if len(v) != len(want) {
			t.Fatalf("%s: %d values, want %d", name, len(v), len(want))
		}
		for i := range want {
			if math.Abs(v[i]-want[i]) > 2e-6 { // float32 of values up to 16
				t.Errorf("%s, value %d: %v, want %v", name, i, v[i], want[i])
			}
		}
	}
	if len(golden.Resize) < 10 || len(golden.Affine) < 8 {
		t.Fatalf("%d and %d cases", len(golden.Resize), len(golden.Affine))
	}
	for _, c := range golden.Resize {
		compare(fmt.Sprintf("%v to %d by %d", c.Shape, c.H, c.W), dataset.Resize(c.H, c.W)(picture(c.Shape), nil), c.Want)
	}
	for _, c := range golden.Affine {
		got := dataset.Affine(picture(c.Shape), c.Degrees*math.Pi/180, c.Scale, c.DY, c.DX)
		compare(fmt.Sprintf("%v, %v degrees, scale %v, shift %v, %v", c.Shape, c.Degrees, c.Scale, c.DY, c.DX), got, c.Want)
	}
}

// transforms are all random ones, for pictures of 9 by 9.
func transforms() map[string]dataset.Transform {
	return map[string]dataset.Transform{
		"horizontal flip": dataset.RandomHorizontalFlip(0.5), "vertical flip": dataset.RandomVerticalFlip(0.5), "crop": dataset.RandomCrop(9, 9, 3), "shift": dataset.RandomShift(2),
		"erasing": dataset.RandomErasing(0.9), "noise": dataset.GaussianNoise(1), "rotation": dataset.RandomRotation(20),
		"affine":       dataset.RandomAffine(dataset.AffineConfig{Degrees: 10, Translate: 0.2, MinScale: 0.5, MaxScale: 2}),
		"resized crop": dataset.RandomResizedCrop(9, 9), "jitter": dataset.ColorJitter(dataset.JitterConfig{Brightness: 0.9, Contrast: 0.5}),
		"cutout": dataset.Cutout(3), "blur": dataset.GaussianBlur(3, 0.1, 2),
	}
}

// What a transform draws depends on the generator alone.
func TestTransformsAreDeterministic(t *testing.T) {
	x := rising(1, 9, 9)
	for name, f := range transforms() {
		seen := map[string]bool{}
		for seed := range uint64(20) {
			a, b := f(x, random.New(seed)).Bytes(), f(x, random.New(seed)).Bytes()
			if !bytes.Equal(a, b) {
				t.Errorf("%s: one seed, two pictures", name)
			}
			seen[string(a)] = true
		}
		if len(seen) < 2 || len(seen) < 10 && !strings.Contains(name, "flip") {
			t.Errorf("%s: %d pictures of 20 seeds", name, len(seen))
		}
	}
}

// within fails unless a sum of n independent values, each of the given mean and variance, is within 5 standard deviations of
// its mean: for a right program that fails once in two million seeds.
func within(t *testing.T, name string, sum float64, n int, mean, variance float64) {
	t.Helper()
	if z := (sum - float64(n)*mean) / math.Sqrt(float64(n)*variance); math.Abs(z) > 5 || math.IsNaN(z) {
		t.Errorf("%s: a mean of %v, want %v: off by %v standard deviations", name, sum/float64(n), mean, z)
	}
}

func TestFlipProbability(t *testing.T) {
	const n = 4000
	x := rising(1, 2, 2)
	for name, f := range map[string]func(float64) dataset.Transform{
		"horizontal": dataset.RandomHorizontalFlip, "vertical": dataset.RandomVerticalFlip, "erasing": dataset.RandomErasing,
	} {
		x := x
		if name == "erasing" {
			x = rising(1, 30, 30) // where nearly each draw of a rectangle fits
		}
		for _, p := range []float64{0.1, 0.5, 0.8} {
			changed, g := 0, random.New(7)
			for range n {
				if !bytes.Equal(f(p)(x, g).Bytes(), x.Bytes()) {
					changed++
				}
			}
			within(t, fmt.Sprint(name, p), float64(changed), n, p, p*(1-p))
		}
	}
}

// Each of the 5 x 7 places of a crop is equally likely, and each shows the pixels of that place, zero outside.
func TestRandomCropPlaces(t *testing.T) {
	const n, padding = 7000, 2
	x := rising(1, 4, 5) // padded: 8 by 9; a crop of 4 by 3 begins at one of 5 by 7 places
	f, g := dataset.RandomCrop(4, 3, padding), random.New(5)
	places := map[[2]int]int{}
	for range n {
		y := tensor.Data[float32](f(x, g))
		found := 0
		for top := -padding; top <= 2; top++ {
			for left := -padding; left <= 4; left++ {
				want := make([]float32, 12)
				for i := range 4 {
					for j := range 3 {
						if r, c := top+i, left+j; r >= 0 && r < 4 && c >= 0 && c < 5 {
							want[i*3+j] = float32(r*5 + c + 1)
						}
					}
				}
				if slices.Equal(y, want) {
					places[[2]int{top, left}]++
					found++
				}
			}
		}
		if found != 1 {
			t.Fatalf("%v is the crop of %d places", y, found)
		}
	}
	if len(places) != 35 {
		t.Errorf("%d places, want 35", len(places))
	}
	for at, k := range places {
		within(t, fmt.Sprint("place ", at), float64(k), n, 1./35, 1./35*34/35)
	}
}

// A shift is a crop to the picture's own size.
func TestRandomShift(t *testing.T) {
	x := rising(2, 4, 5)
	for seed := range uint64(50) {
		if !bytes.Equal(dataset.RandomShift(2)(x, random.New(seed)).Bytes(), dataset.RandomCrop(4, 5, 2)(x, random.New(seed)).Bytes()) {
			t.Fatalf("seed %d: the shift is not the crop", seed)
		}
	}
}

// A crop may lie outside the picture altogether.
func TestRandomCropOfPaddingAlone(t *testing.T) {
	f, g := dataset.RandomCrop(1, 1, 3), random.New(5)
	x, black := rising(1, 1, 1), 0
	for range 490 {
		switch f(x, g).Item() {
		case 0:
			black++
		case 1:
		default:
			t.Fatal("a pixel that is not there")
		}
	}
	within(t, "black", float64(black), 490, 48./49, 48./49/49)
}

// What is erased is one rectangle of zeros; its area is uniform in 2% to 33%, its log-ratio in that of 0.3 to 3.3.
func TestRandomErasingRectangles(t *testing.T) {
	const n, side = 500, 200 // so large that rounding hardly matters, and nearly every draw fits
	f, g := dataset.RandomErasing(1), random.New(11)
	x := tensor.Ones(2, side, side)
	x = tensor.Concat(0, x, tensor.Full(math.Inf(1), 1, side, side)) // infinite pixels are erased too
	var areas, ratios, tops, lefts float64
	kept := 0
	for range n {
		y := tensor.Data[float32](f(x, g))
		zeros, top, left, bottom, right := 0, side, side, -1, -1
		for i := range side {
			for j := range side {
				erased := y[i*side+j] == 0
				if erased != (y[side*side+i*side+j] == 0) || erased != (y[2*side*side+i*side+j] == 0) || !erased && y[i*side+j] != 1 {
					t.Fatal("channels differ, or kept pixels changed")
				}
				if erased {
					zeros++
					top, left, bottom, right = min(top, i), min(left, j), max(bottom, i), max(right, j)
				}
			}
		}
		h, w := bottom-top+1, right-left+1
		if zeros != h*w || zeros == 0 {
			t.Fatalf("%d zeros within %d by %d", zeros, h, w)
		}
		area, ratio := float64(zeros)/side/side, float64(h)/float64(w)
		if area < 0.0195 || area > 0.335 || ratio < 0.28 || ratio > 3.5 {
			t.Fatalf("area %v, ratio %v", area, ratio)
		}
		if area < 0.25 { // then every ratio fits
			kept++
			areas += area
			ratios += math.Log(ratio)
			tops += float64(top) / float64(side-h)
			lefts += float64(left) / float64(side-w)
		}
	}
	// Uniform on [a, b]: mean (a+b)/2, variance (b-a)^2/12.
	span := math.Log(3.3) - math.Log(0.3)
	within(t, "area", areas, kept, (0.02+0.25)/2, 0.23*0.23/12)
	within(t, "log ratio", ratios, kept, (math.Log(3.3)+math.Log(0.3))/2, span*span/12)
	within(t, "top", tops, kept, 0.5, 1./12)
	within(t, "left", lefts, kept, 0.5, 1./12)
}

// A picture that no rectangle fits stays as it is: of 1 by 1000 pixels 2% are at least 2 high.
func TestRandomErasingThatDoesNotFit(t *testing.T) {
	x := rising(1, 1, 1000)
	for seed := range uint64(100) {
		wantPicture(t, "flat", dataset.RandomErasing(1)(x, random.New(seed)), x.Shape(), tensor.Data[float32](x))
	}
}

func TestGaussianNoise(t *testing.T) {
	const n = 10000
	y := dataset.GaussianNoise(0.5)(tensor.Full(3, 1, 100, 100), random.New(3)).Floats()
	sum, squares := 0.0, 0.0
	for _, v := range y {
		sum += v
		squares += (v - 3) * (v - 3)
	}
	within(t, "mean", sum, n, 3, 0.25)
	within(t, "variance", squares, n, 0.25, 2*0.25*0.25)
}

// moments returns the sum of the pixels of a plane, and their centre.
func moments(x *tensor.Tensor) (sum, cy, cx float64) {
	h, w := x.Dim(1), x.Dim(2)
	for k, v := range x.Floats()[:h*w] {
		sum += v
		cy += v * float64(k/w)
		cx += v * float64(k%w)
	}
	return sum, cy / sum, cx / sum
}

// spots is a picture of two blurred spots, one in the middle and one 10 pixels to the right of it, in two channels.
func spots() *tensor.Tensor {
	const side = 41
	x := make([]float32, 2*side*side)
	for c := range 2 {
		for i := range side {
			for j := range side {
				dy, dx := float64(i-20), float64(j-20-10*c)
				x[(c*side+i)*side+j] = float32(math.Exp(-(dy*dy + dx*dx) / 8))
			}
		}
	}
	return tensor.Of(x, 2, side, side)
}

// The parameters of each random affine picture can be told from where the spots go; they must be uniform in their ranges.
func TestRandomAffineParameters(t *testing.T) {
	const n = 500
	x, g := spots(), random.New(13)
	f := dataset.RandomAffine(dataset.AffineConfig{Degrees: 40, Translate: 0.1, MinScale: 0.8, MaxScale: 1.2})
	var angles, angles2, scales, scales2, dys, dxs, dys2, dxs2 float64
	for range n {
		y := f(x, g)
		_, cy, cx := moments(y.Narrow(0, 0, 1))
		_, ey, ex := moments(y.Narrow(0, 1, 1))
		angle, scale := math.Atan2(ey-cy, ex-cx)*180/math.Pi, math.Hypot(ey-cy, ex-cx)/10
		dy, dx := (cy-20)/41, (cx-20)/41
		if math.Abs(angle) > 40.5 || scale < 0.79 || scale > 1.21 || math.Abs(dy) > 0.101 || math.Abs(dx) > 0.101 {
			t.Fatalf("turned by %v, scaled by %v, shifted by %v and %v", angle, scale, dy, dx)
		}
		angles, scales, dys, dxs = angles+angle, scales+scale, dys+dy, dxs+dx
		angles2, scales2, dys2, dxs2 = angles2+angle*angle, scales2+(scale-1)*(scale-1), dys2+dy*dy, dxs2+dx*dx
	}
	// Uniform on [-a, a]: the square has mean a^2/3 and variance 4a^4/45.
	for name, u := range map[string]struct{ sum, squares, mean, a float64 }{
		"angle": {angles, angles2, 0, 40}, "scale": {scales, scales2, 1, 0.2}, "dy": {dys, dys2, 0, 0.1}, "dx": {dxs, dxs2, 0, 0.1},
	} {
		within(t, name, u.sum, n, u.mean, u.a*u.a/3)
		within(t, name+" squared", u.squares, n, u.a*u.a/3, 4*math.Pow(u.a, 4)/45)
	}
	// A rotation alone only turns.
	_, cy, cx := moments(dataset.RandomRotation(40)(x, g).Narrow(0, 0, 1))
	if math.Abs(cy-20) > 0.01 || math.Abs(cx-20) > 0.01 {
		t.Errorf("a rotation moves the centre to %v, %v", cy, cx)
	}
}

// The pixels of a ramp tell which part was cut out: a linear picture stays linear when it is scaled.
func TestRandomResizedCrop(t *testing.T) {
	const n, side = 1000, 64
	ramp := make([]float32, 2*side*side) // channel 0: row, channel 1: column
	for i := range side {
		for j := range side {
			ramp[i*side+j], ramp[(side+i)*side+j] = float32(i), float32(j)
		}
	}
	x, f, g := tensor.Of(ramp, 2, side, side), dataset.RandomResizedCrop(8, 8), random.New(17)
	areas := 0.0
	for range n {
		y := f(x, g)
		if y.Shape() != tensor.ShapeOf(2, 8, 8) {
			t.Fatal(y.Shape())
		}
		v := y.Floats()
		h, w := (v[4*8]-v[3*8])*8, (v[64+4]-v[64+3])*8 // in the middle, where the filter is not cut off
		if area := h * w / side / side; area < 0.07 || area > 1.02 || h/w < 0.7 || h/w > 1.43 {
			t.Fatalf("a part of %v by %v", h, w)
		}
		areas += h * w / side / side
		top, left := v[3*8]-h/8*3.5+0.5, v[64+3]-w/8*3.5+0.5
		if top < -0.5 || left < -0.5 || top+h > side+0.5 || left+w > side+0.5 { // the filter is sampled: not quite exact
			t.Fatalf("%v by %v from %v, %v", h, w, top, left)
		}
	}
	// Uniform from 0.08 to 1, but large parts fit less often: the mean is below 0.54 and well above its half.
	if m := areas / n; m < 0.4 || m > 0.54 {
		t.Errorf("a mean area of %v", m)
	}

	// Of a long picture ten draws may fail: then it is the middle part, at most 4/3 as high as wide.
	long := tensor.Concat(1, tensor.Zeros(1, 500, 3), tensor.Ones(1, 4, 3), tensor.Zeros(1, 500, 3))
	wantPicture(t, "long", dataset.RandomResizedCrop(1, 1)(long, g), tensor.ShapeOf(1, 1, 1), []float32{1})
	wide := tensor.Concat(2, tensor.Zeros(1, 3, 500), tensor.Ones(1, 3, 4), tensor.Zeros(1, 3, 500))
	wantPicture(t, "wide", dataset.RandomResizedCrop(1, 1)(wide, g), tensor.ShapeOf(1, 1, 1), []float32{1})
}

func TestAugment(t *testing.T) {
	d := dataset.Augment(dataset.Slice[dataset.Sample]{{X: rising(1, 1, 3), Y: 5}}, dataset.RandomHorizontalFlip(1), dataset.Normalize([]float64{1}, []float64{2}))
	s, err := d.At(t.Context(), 0, random.New(0))
	if err != nil || s.Y != 5 {
		t.Fatal(s, err)
	}
	wantPicture(t, "flipped, then normalised", s.X, tensor.ShapeOf(1, 1, 3), []float32{1, 0.5, 0})

	// A transform that does not fit is an error of its sample.
	bad := dataset.Augment(dataset.Slice[dataset.Sample]{{X: rising(1, 9, 9)}, {X: rising(1, 2, 2)}}, dataset.CenterCrop(3, 3))
	for _, err := range dataset.NewBatchLoader(bad, dataset.LoaderConfig{BatchSize: 2}).Epoch(t.Context(), 0, 0) {
		if !errors.Is(err, tensor.ErrShape) || !strings.HasPrefix(err.Error(), "batch 0: sample 1: center_crop (1, 2, 2): the picture is smaller than 3 by 3") {
			t.Error(err)
		}
	}
}

func TestTransformErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one := []float64{1}
	for want, f := range map[string]func() dataset.Transform{
		"random_horizontal_flip: probability -0.1":                        func() dataset.Transform { return dataset.RandomHorizontalFlip(-0.1) },
		"random_horizontal_flip: probability 1.1":                         func() dataset.Transform { return dataset.RandomHorizontalFlip(1.1) },
		"random_vertical_flip: probability NaN":                           func() dataset.Transform { return dataset.RandomVerticalFlip(nan) },
		"random_erasing: probability 2":                                   func() dataset.Transform { return dataset.RandomErasing(2) },
		"random_shift: -1 pixels":                                         func() dataset.Transform { return dataset.RandomShift(-1) },
		"random_crop: size 0 by 1":                                        func() dataset.Transform { return dataset.RandomCrop(0, 1, 0) },
		"random_crop: size 1 by 1 must be positive and padding -1":        func() dataset.Transform { return dataset.RandomCrop(1, 1, -1) },
		"center_crop: size 1 by 0":                                        func() dataset.Transform { return dataset.CenterCrop(1, 0) },
		"pad: padding -1":                                                 func() dataset.Transform { return dataset.Pad(-1) },
		"resize: size 0 by 5":                                             func() dataset.Transform { return dataset.Resize(0, 5) },
		"random_resized_crop: size -5 by 5":                               func() dataset.Transform { return dataset.RandomResizedCrop(-5, 5) },
		"normalize: 1 means and 0 standard deviations":                    func() dataset.Transform { return dataset.Normalize(one, nil) },
		"normalize: mean 1 and std 0 of channel 0":                        func() dataset.Transform { return dataset.Normalize(one, []float64{0}) },
		"normalize: mean NaN":                                             func() dataset.Transform { return dataset.Normalize([]float64{nan}, one) },
		"gaussian_noise: sigma -1":                                        func() dataset.Transform { return dataset.GaussianNoise(-1) },
		"gaussian_noise: sigma +Inf":                                      func() dataset.Transform { return dataset.GaussianNoise(inf) },
		"random_affine: {Degrees:-1":                                      func() dataset.Transform { return dataset.RandomRotation(-1) },
		"random_affine: {Degrees:NaN":                                     func() dataset.Transform { return dataset.RandomRotation(nan) },
		"random_affine: {Degrees:0 Translate:2":                           func() dataset.Transform { return dataset.RandomAffine(dataset.AffineConfig{Translate: 2}) },
		"random_affine: {Degrees:0 Translate:0 MinScale:2 MaxScale:1}":    func() dataset.Transform { return dataset.RandomAffine(dataset.AffineConfig{MinScale: 2}) },
		"random_affine: {Degrees:0 Translate:0 MinScale:-1":               func() dataset.Transform { return dataset.RandomAffine(dataset.AffineConfig{MinScale: -1}) },
		"random_affine: {Degrees:0 Translate:0 MinScale:1 MaxScale:+Inf}": func() dataset.Transform { return dataset.RandomAffine(dataset.AffineConfig{MaxScale: inf}) },
	} {
		if err := tensor.Catch(func() { f() }); !errors.Is(err, tensor.ErrValue) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want %s", err, want)
		}
	}
	for name, f := range transforms() {
		if name == "noise" { // fits any shape
			continue
		}
		for seed := range uint64(10) { // flips happen with some
			if err := tensor.Catch(func() { f(rising(1, 9, 9).Squeeze(0), random.New(seed)) }); err != nil && !strings.Contains(err.Error(), "a picture has the shape (C, H, W)") {
				t.Errorf("%s of a plane: %v", name, err)
			} else if err == nil && !strings.Contains(name, "flip") && name != "erasing" {
				t.Errorf("%s takes a plane", name)
			}
		}
	}
	for want, f := range map[string]func(){
		"normalize (2, 3, 3): the picture has 2 channels, mean and std have 1": func() { dataset.Normalize(one, one)(rising(2, 3, 3), nil) },
		"normalize (1, 3, 3): the picture has 1 channels, mean and std have 3": func() { dataset.Normalize([]float64{1, 1, 1}, []float64{1, 1, 1})(rising(1, 3, 3), nil) },
		"random_crop (1, 3, 3): the picture with its padding of 1 is smaller":  func() { dataset.RandomCrop(6, 1, 1)(rising(1, 3, 3), random.New(0)) },
		"center_crop (1, 3, 3): the picture is smaller than 4 by 1":            func() { dataset.CenterCrop(4, 1)(rising(1, 3, 3), nil) },
		"resize (1, 0, 3): a picture without pixels":                           func() { dataset.Resize(4, 1)(tensor.Zeros(1, 0, 3), nil) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrShape) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if err := tensor.Catch(func() { dataset.Pad(1)(rising(1, 3, 3).To(tensor.Uint8), nil) }); !errors.Is(err, tensor.ErrDType) {
		t.Errorf("bytes: %v", err)
	}
}
