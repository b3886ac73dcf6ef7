package stamps

import (
	"context"
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Config are the options of Compose.
type Config struct {
	Size              int     // side of the pictures in pixels; default 64
	Least, Most       int     // cut-outs in a picture, each number as likely; default 1, and as many as Least
	Smallest, Largest float64 // longer side of a cut-out as a part of the picture's side; default 0.4 and 0.7
	Noise             float64 // standard deviation of normal noise added to each value; default 0
}

// Sample is a picture and what is in it: n cut-outs, which do not cover one another.
type Sample struct {
	Image     *tensor.Tensor // (3, H, W) float32, from 0 to 1
	Boxes     *tensor.Tensor // (n, 4) float32 (x1, y1, x2, y2): the smallest around the pixels of each
	Classes   *tensor.Tensor // (n,) int64 categories
	Mask      *tensor.Tensor // (H, W) int64: 0 is background, category+1 a cut-out, where it is at least half opaque
	Instances *tensor.Tensor // (n, H, W) bool: the pixels of each
}

// Set is a data set of composed pictures. It implements dataset.Dataset[Sample] and may be used by several goroutines at once.
type Set struct {
	stamps *Stamps
	n      int
	seed   uint64
	cfg    Config
}

// Compose returns a data set of n pictures of the stamps, some mirrored. Picture i depends on the stamps, seed, i and cfg alone. It panics
// with ErrValue on an option out of range.
func (s *Stamps) Compose(n int, seed uint64, cfg Config) *Set {
	if cfg.Size == 0 {
		cfg.Size = 64
	}
	if cfg.Least == 0 {
		cfg.Least = 1
	}
	if cfg.Most == 0 {
		cfg.Most = cfg.Least
	}
	if cfg.Smallest == 0 {
		cfg.Smallest = 0.4
	}
	if cfg.Largest == 0 {
		cfg.Largest = max(0.7, cfg.Smallest)
	}
	check := func(ok bool, format string, args ...any) {
		if !ok {
			tensor.Fail("stamps.Compose", tensor.ErrValue, nil, format, args...)
		}
	}
	check(len(s.All) > 0, "there are no stamps to compose pictures of")
	check(n >= 0, "there cannot be %d pictures", n)
	check(cfg.Size >= 16 && cfg.Size <= 1024, "Size is %d pixels, want 16 to 1024", cfg.Size)
	check(cfg.Least >= 1 && cfg.Least <= cfg.Most && cfg.Most <= 32, "Least %d and Most %d cut-outs: want 1 to 32, and Least not above Most", cfg.Least, cfg.Most)
	check(cfg.Smallest >= 0.05 && cfg.Smallest <= cfg.Largest && cfg.Largest <= 1, "Smallest %v and Largest %v: want parts of the side from 0.05 to 1, and Smallest not above Largest", cfg.Smallest, cfg.Largest)
	check(cfg.Noise >= 0 && cfg.Noise <= 1, "Noise is %v, want 0 to 1", cfg.Noise)
	return &Set{s, n, seed, cfg}
}

// Len returns the number of pictures.
func (s *Set) Len() int { return s.n }

// At composes picture i. The generator is not used. Cut-outs that find no place are left out, but for the first. It panics with ErrIndex
// unless 0 <= i < Len(), and returns an error if no stamp that was drawn has a pixel that is half opaque.
func (s *Set) At(ctx context.Context, i int, _ *random.Generator) (Sample, error) {
	if i < 0 || i >= s.n {
		tensor.Fail("stamps", tensor.ErrIndex, nil, "there is no picture %d: the set has %d, numbered from 0", i, s.n)
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	key := random.KeyAt(s.seed, uint64(i))
	p := &composer{cfg: s.cfg, stamps: s.stamps, draw: key.Stream(0)}
	p.ground()
	for range s.cfg.Least + p.below(s.cfg.Most-s.cfg.Least+1) {
		p.lay()
	}
	side := s.cfg.Size
	n := len(p.classes)
	if n == 0 {
		return Sample{}, fmt.Errorf("stamps: picture %d: no cut-out could be seen at this size: make Size or Smallest larger", i)
	}
	if s.cfg.Noise > 0 {
		noise := make([]float32, len(p.pixels))
		random.Normal32(noise, key.FoldIn(0), 0)
		for k, v := range noise {
			p.pixels[k] = min(max(p.pixels[k]+float32(s.cfg.Noise)*v, 0), 1)
		}
	}
	return Sample{
		tensor.Of(p.pixels, 3, side, side), tensor.Of(p.boxes, n, 4), tensor.Of(p.classes), tensor.Of(p.mask, side, side), tensor.Of(p.instances, n, side, side),
	}, nil
}

// composer makes one picture.
type composer struct {
	cfg       Config
	stamps    *Stamps
	draw      random.Stream
	pixels    []float32 // (3, H, W)
	mask      []int64
	places    []image.Rectangle
	boxes     []float32
	classes   []int64
	instances []bool
}

func (p *composer) between(lo, hi float64) float64 { return lo + (hi-lo)*p.draw.Float64() }
func (p *composer) below(n int) int                { return int(p.draw.Float64() * float64(n)) }

// ground paints a colour that changes from corner to corner, with waves.
func (p *composer) ground() {
	side := p.cfg.Size
	n := side * side
	p.pixels, p.mask = make([]float32, 3*n), make([]int64, n)
	wave := make([]float32, n)
	length, angle, phase := p.between(0.1, 0.5)*float64(side), p.between(0, math.Pi), p.between(0, 2*math.Pi)
	a, b := 2*math.Pi/length*math.Cos(angle), 2*math.Pi/length*math.Sin(angle)
	for i := range wave {
		wave[i] = float32(math.Sin(a*float64(i%side) + b*float64(i/side) + phase))
	}
	for c := range 3 {
		base, right, down, swing := p.between(0.2, 0.8), p.between(-0.2, 0.2), p.between(-0.2, 0.2), float32(p.between(0, 0.08))
		for i := range n {
			v := base + right*(float64(i%side)/float64(side)-0.5) + down*(float64(i/side)/float64(side)-0.5)
			p.pixels[c*n+i] = min(max(float32(v)+swing*wave[i], 0), 1)
		}
	}
}

// lay puts a stamp where it covers no other, if there is such a place.
func (p *composer) lay() {
	const tries = 30
	side := p.cfg.Size
	for range tries {
		stamp := p.stamps.All[p.below(len(p.stamps.All))]
		b := stamp.Picture.Bounds()
		factor := p.between(p.cfg.Smallest, p.cfg.Largest) * float64(side) / float64(max(b.Dx(), b.Dy()))
		w, h := max(1, int(float64(b.Dx())*factor)), max(1, int(float64(b.Dy())*factor))
		at := image.Pt(p.below(side-w+1), p.below(side-h+1))
		place := image.Rectangle{at, at.Add(image.Pt(w, h))}
		mirrored := p.below(2) == 1
		free := true
		for _, other := range p.places {
			free = free && !place.Inset(-1).Overlaps(other)
		}
		if free && p.paint(stamp, place, mirrored) {
			p.places = append(p.places, place)
			return
		}
	}
}

// paint mixes a stamp's colours with what lies behind, and reports whether a pixel of it is at least half opaque; if none is, it paints nothing.
func (p *composer) paint(s Stamp, place image.Rectangle, mirrored bool) bool {
	side, n := p.cfg.Size, p.cfg.Size*p.cfg.Size
	img := image.NewRGBA(image.Rect(0, 0, place.Dx(), place.Dy())) // colours times their opacity
	draw.BiLinear.Scale(img, img.Bounds(), s.Picture, s.Picture.Bounds(), draw.Src, nil)
	box := image.Rectangle{}
	own := make([]bool, n)
	for y := range place.Dy() {
		for x := range place.Dx() {
			if img.RGBAAt(column(x, place.Dx(), mirrored), y).A >= 128 {
				at := place.Min.Add(image.Pt(x, y))
				own[at.Y*side+at.X] = true
				box = box.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
			}
		}
	}
	if box.Empty() {
		return false
	}
	for y := range place.Dy() {
		for x := range place.Dx() {
			c := img.RGBAAt(column(x, place.Dx(), mirrored), y)
			i := (place.Min.Y+y)*side + place.Min.X + x
			behind := 1 - float32(c.A)/255
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				q := &p.pixels[k*n+i]
				*q = float32(v)/255 + behind**q
			}
			if own[i] {
				p.mask[i] = int64(s.Category) + 1
			}
		}
	}
	p.boxes = append(p.boxes, float32(box.Min.X), float32(box.Min.Y), float32(box.Max.X), float32(box.Max.Y))
	p.classes = append(p.classes, int64(s.Category))
	p.instances = append(p.instances, own...)
	return true
}

func column(x, width int, mirrored bool) int {
	if mirrored {
		return width - 1 - x
	}
	return x
}
