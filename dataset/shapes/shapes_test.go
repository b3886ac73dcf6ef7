package shapes

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

var _ dataset.Dataset[Sample] = (*Set)(nil)

var configs = map[string]Config{
	"default":    {},
	"four":       {Most: 4, Background: Texture, Noise: 0.05},
	"six":        {Least: 6},
	"turned":     {Most: 3, Rotation: 180, Size: 48},
	"overlap":    {Least: 3, Most: 5, Overlap: 0.3, Rotation: 45, Background: Texture},
	"distractor": {Distractor: true, Most: 2},
	"large":      {Size: 200, Smallest: 0.5, Largest: 0.6},
	"small":      {Size: 25},
}

func at(t *testing.T, s *Set, i int) Sample {
	t.Helper()
	sample, err := s.At(context.Background(), i, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

// inside says how far a point lies inside the object of these key points, in pixels: negative outside.
func inside(class int64, p [][2]float64, x, y float64) float64 {
	if class == Circle {
		cx, cy := (p[0][0]+p[2][0])/2, (p[0][1]+p[2][1])/2
		return math.Hypot(p[0][0]-cx, p[0][1]-cy) - math.Hypot(x-cx, y-cy)
	}
	if class == Triangle {
		p = p[:3]
	}
	d := math.Inf(1)
	for i, a := range p {
		b := p[(i+1)%len(p)]
		// The cross product of the side and the way to the point: positive on the right of it, in coordinates with y downwards.
		cross := (b[0]-a[0])*(y-a[1]) - (b[1]-a[1])*(x-a[0])
		d = min(d, cross/math.Hypot(b[0]-a[0], b[1]-a[1]))
	}
	return d
}

// Every answer follows from the key points by geometry.
func TestGeometry(t *testing.T) {
	for name, cfg := range configs {
		t.Run(name, func(t *testing.T) {
			set := New(30, 7, cfg)
			cfg := set.cfg
			h := cfg.Size
			for i := range set.Len() {
				s := at(t, set, i)
				classes := tensor.Data[int64](s.Classes)
				n := len(classes)
				if n < cfg.Least || n > cfg.Most {
					t.Fatalf("%d objects", n)
				}
				for what, got := range map[string][2]tensor.Shape{
					"image": {s.Image.Shape(), tensor.ShapeOf(3, h, h)}, "boxes": {s.Boxes.Shape(), tensor.ShapeOf(n, 4)}, "mask": {s.Mask.Shape(), tensor.ShapeOf(h, h)},
					"instances": {s.Instances.Shape(), tensor.ShapeOf(n, h, h)}, "key points": {s.Keypoints.Shape(), tensor.ShapeOf(n, 4, 2)},
				} {
					if got[0] != got[1] {
						t.Fatalf("%s %v, want %v", what, got[0], got[1])
					}
				}
				checkPixels(t, s, h)
				checkBoxes(t, s, cfg)
				for _, v := range tensor.Data[float32](s.Image) {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("a value of %v", v)
					}
				}
				for k, words := range strings.Split(strings.ReplaceAll(s.Caption, " and ", ", "), ", ") {
					if w := strings.Fields(words); len(w) != 3 || w[2] != Classes[classes[k]] {
						t.Errorf("caption %q of classes %v", s.Caption, classes)
					}
				}
			}
		})
	}
}

// checkPixels compares the instances and the mask with what the key points say.
func checkPixels(t *testing.T, s Sample, h int) {
	t.Helper()
	classes, points, instances, mask := tensor.Data[int64](s.Classes), s.Keypoints.Floats(), tensor.Data[bool](s.Instances), tensor.Data[int64](s.Mask)
	for y := range h {
		for x := range h {
			front, sure := -1, true
			for k, class := range classes {
				p := make([][2]float64, NumKeypoints)
				for j := range p {
					p[j] = [2]float64(points[8*k+2*j : 8*k+2*j+2])
				}
				d := inside(class, p, float64(x)+0.5, float64(y)+0.5)
				sure = sure && math.Abs(d) > 1e-4 // the key points are rounded
				if d > 0 {
					front = k
				}
			}
			if !sure {
				continue
			}
			want := int64(0)
			if front >= 0 {
				want = classes[front] + 1
			}
			if got := mask[y*h+x]; got != want {
				t.Fatalf("mask is %d at (%d, %d), want %d", got, x, y, want)
			}
			for k := range classes {
				if instances[(k*h+y)*h+x] != (k == front) {
					t.Fatalf("instance %d at (%d, %d) is %v", k, x, y, k != front)
				}
			}
		}
	}
}

// checkBoxes compares the boxes with the instances, and with each other.
func checkBoxes(t *testing.T, s Sample, cfg Config) {
	t.Helper()
	h, boxes, points, instances := cfg.Size, s.Boxes.Floats(), s.Keypoints.Floats(), tensor.Data[bool](s.Instances)
	var all []box
	if cfg.Distractor {
		d := s.Distractor.Floats()
		all = append(all, box{d[0], d[1], d[2], d[3]})
	}
	for k := range s.Classes.Numel() {
		want := []float64{math.Inf(1), math.Inf(1), 0, 0}
		for y := range h {
			for x := range h {
				if instances[(k*h+y)*h+x] {
					want = []float64{min(want[0], float64(x)), min(want[1], float64(y)), max(want[2], float64(x+1)), max(want[3], float64(y+1))}
				}
			}
		}
		if got := boxes[4*k : 4*k+4]; !slices.Equal(got, want) {
			t.Fatalf("box %v, the pixels lie in %v", got, want)
		}
		b := box{want[0], want[1], want[2], want[3]}
		for _, other := range all {
			if cfg.Overlap == 0 && b.iou(other) > 0 {
				t.Errorf("boxes %v and %v overlap", b, other)
			}
		}
		all = append(all, b)
		// A side of the polygon, the circle's diameter, is a size between the two.
		p := points[8*k:]
		size := math.Hypot(p[0]-p[2], p[1]-p[3])
		if tensor.Data[int64](s.Classes)[k] == Circle {
			size = p[5] - p[1]
		}
		if part := size / float64(h); part < cfg.Smallest-1e-6 || part > cfg.Largest+1e-6 {
			t.Errorf("size %v of the side, want %v to %v", part, cfg.Smallest, cfg.Largest)
		}
	}
}

// Objects stand out: their colours have a channel above all of the background's, which the edges mix with theirs.
func TestColours(t *testing.T) {
	for _, background := range []Background{Plain, Texture} {
		set := New(40, 3, Config{Most: 3, Background: background, Rotation: 30})
		for i := range set.Len() {
			s := at(t, set, i)
			v, mask, h := s.Image.Floats(), tensor.Data[int64](s.Mask), 64
			near := func(x, y int) (object, background bool) {
				for dy := -2; dy <= 2; dy++ {
					for dx := -2; dx <= 2; dx++ {
						if a, b := x+dx, y+dy; a >= 0 && a < h && b >= 0 && b < h {
							object, background = object || mask[b*h+a] != 0, background || mask[b*h+a] == 0
						}
					}
				}
				return object, background
			}
			for y := range h {
				for x := range h {
					brightest := max(v[y*h+x], v[(h+y)*h+x], v[(2*h+y)*h+x])
					object, background := near(x, y)
					if !object && !(brightest <= 0.4+1e-6) || !background && !(brightest >= 0.7-1e-6) {
						t.Fatalf("picture %d: brightest channel %v at (%d, %d), object %v", i, brightest, x, y, object)
					}
				}
			}
		}
	}
}

// The picture's edges are mixed in the parts that the object covers: the sum over a bright square is its area.
func TestAntiAliasing(t *testing.T) {
	for _, class := range []int{Circle, Square, Triangle} {
		o := newObject(class, 20.3, 0.3)
		o.move(30.2, 31.7)
		o.colour = [3]float32{1, 1, 1}
		p := &painter{cfg: Config{Size: 64}, side: 64, objects: []*object{o}}
		p.paint(random.Key{})
		background, sum := float64(p.pixels[0]), 0.0
		for _, v := range p.pixels[:64*64] {
			sum += (float64(v) - background) / (1 - background)
		}
		want := map[int]float64{Circle: math.Pi * 10.15 * 10.15, Square: 20.3 * 20.3, Triangle: math.Sqrt(3) / 4 * 20.3 * 20.3}[class]
		if !(math.Abs(sum-want) <= 0.01*want) {
			t.Errorf("%s: %v pixels are covered, the area is %v", Classes[class], sum, want)
		}
	}
}

func TestNoise(t *testing.T) {
	plain, noisy := at(t, New(1, 5, Config{Background: Texture}), 0), at(t, New(1, 5, Config{Background: Texture, Noise: 0.02}), 0)
	if d := noisy.Image.Sub(plain.Image); !(math.Abs(d.Square().Mean().Sqrt().Item()-0.02) <= 0.001 && math.Abs(d.Mean().Item()) <= 0.001) {
		t.Errorf("noise of mean %v and deviation %v", d.Mean().Item(), d.Square().Mean().Sqrt().Item())
	}
	if !slices.Equal(tensor.Data[int64](noisy.Mask), tensor.Data[int64](plain.Mask)) {
		t.Error("noise changed the mask")
	}
}

// Classes and numbers of objects are as likely, each to 4 standard deviations.
func TestFrequencies(t *testing.T) {
	const n = 3000
	set := New(n, 9, Config{Size: 32, Most: 3})
	var numbers, classes [3]float64
	total := 0.0
	for i := range n {
		s := at(t, set, i)
		numbers[s.Classes.Numel()-1]++
		for _, c := range tensor.Data[int64](s.Classes) {
			classes[c]++
			total++
		}
	}
	for k := range 3 {
		if d := math.Abs(numbers[k] - n/3.0); d > 4*math.Sqrt(n*2.0/9) {
			t.Errorf("%v of %v pictures have %d objects", numbers[k], n, k+1)
		}
		if d := math.Abs(classes[k] - total/3); d > 4*math.Sqrt(total*2/9) {
			t.Errorf("%v of %v objects are of class %d", classes[k], total, k)
		}
	}
}

// A picture depends on its seed, its number and the options alone.
func TestDeterminism(t *testing.T) {
	cfg := Config{Most: 4, Background: Texture, Noise: 0.1, Overlap: 0.2, Rotation: 20}
	long, short := New(50, 11, cfg), New(8, 11, cfg)
	alone := make([]Sample, 8)
	for i := range alone {
		alone[i] = at(t, short, i)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	together := make([]Sample, 8)
	var wg sync.WaitGroup
	for i := range together {
		wg.Go(func() { together[i], _ = long.At(context.Background(), i, nil) })
	}
	wg.Wait()
	for i := range alone {
		if !same(alone[i], together[i]) {
			t.Errorf("picture %d differs", i)
		}
	}
	if same(alone[0], alone[1]) || same(alone[0], at(t, New(1, 12, cfg), 0)) {
		t.Error("two pictures are the same")
	}
}

func same(a, b Sample) bool {
	return slices.Equal(tensor.Data[float32](a.Image), tensor.Data[float32](b.Image)) && slices.Equal(tensor.Data[bool](a.Instances), tensor.Data[bool](b.Instances)) &&
		slices.Equal(tensor.Data[float32](a.Boxes), tensor.Data[float32](b.Boxes)) && slices.Equal(tensor.Data[float32](a.Keypoints), tensor.Data[float32](b.Keypoints)) &&
		a.Caption == b.Caption
}

func TestRefuses(t *testing.T) {
	for want, cfg := range map[string]Config{
		"Size is 8 pixels":            {Size: 8},
		"Least 3 and Most 2":          {Least: 3, Most: 2},
		"Least -1":                    {Least: -1},
		"and Most 33":                 {Most: 33},
		"Smallest 0.5 and Largest 0.": {Smallest: 0.5, Largest: 0.4},
		"Largest 0.7":                 {Largest: 0.7},
		"smallest objects are 3.2":    {Size: 16},
		"Rotation is -1":              {Rotation: -1},
		"Rotation is NaN":             {Rotation: math.NaN()},
		"Overlap is 1":                {Overlap: 1},
		"no background 2":             {Background: 2},
		"Noise is -0.1":               {Noise: -0.1},
		"8 objects do not fit":        {Most: 8},
		"7 objects do not fit":        {Most: 6, Distractor: true},
	} {
		err := tensor.Catch(func() { New(1, 1, cfg) })
		if e := (*tensor.Error)(nil); !errors.As(err, &e) || e.Kind != tensor.ErrValue || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
	set := New(2, 1, Config{})
	for _, i := range []int{-1, 2} {
		if e := (*tensor.Error)(nil); !errors.As(tensor.Catch(func() { at(t, set, i) }), &e) || e.Kind != tensor.ErrIndex {
			t.Errorf("picture %d: %v", i, e)
		}
	}
	if err := tensor.Catch(func() { New(-1, 1, Config{}) }); err == nil {
		t.Error("-1 pictures")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := set.At(ctx, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkAt(b *testing.B) {
	set := New(1<<20, 1, Config{Most: 4, Background: Texture})
	for i := 0; b.Loop(); i++ {
		if _, err := set.At(context.Background(), i%set.Len(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
