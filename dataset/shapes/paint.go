package shapes

import (
	"math"

	"github.com/hadal-go/hadal/random"
)

// colours are what objects are painted in, give or take a tenth: each has a channel above all of the background's.
var colours = []struct {
	name string
	rgb  [3]float64
}{
	{"red", [3]float64{0.9, 0.1, 0.1}}, {"green", [3]float64{0.1, 0.8, 0.1}}, {"blue", [3]float64{0.15, 0.3, 0.9}},
	{"yellow", [3]float64{0.9, 0.9, 0.1}}, {"orange", [3]float64{0.9, 0.5, 0.05}}, {"purple", [3]float64{0.6, 0.1, 0.8}},
	{"pink", [3]float64{0.9, 0.5, 0.7}}, {"white", [3]float64{0.9, 0.9, 0.9}},
}

// painter makes one picture.
type painter struct {
	cfg        Config
	side       int
	draw       random.Stream
	objects    []*object
	distractor box

	pixels []float32 // (3, H, W)
	owner  []uint8   // by pixel: 0 is background, k+1 object k
	seen   []box     // around the pixels of each object that are in sight
}

func (p *painter) between(lo, hi float64) float64 { return lo + (hi-lo)*p.draw.Float64() }
func (p *painter) below(n int) int                { return int(p.draw.Float64() * float64(n)) }

// arrange draws n objects and the distractor, and reports whether places were found for all and enough of each is in sight.
func (p *painter) arrange(n int) bool {
	p.objects = p.objects[:0]
	if p.cfg.Distractor {
		d := math.Round(distractorSize * float64(p.side)) // on whole pixels: its edges are sharp
		x, y := float64(p.below(p.side-int(d)+1)), float64(p.below(p.side-int(d)+1))
		p.distractor = box{x, y, x + d, y + d}
	}
	for range n {
		o := p.place()
		if o == nil {
			return false
		}
		p.objects = append(p.objects, o)
	}
	return p.cover()
}

// place draws an object that keeps apart from the others, the smaller the longer it takes; nil if there is no place.
func (p *painter) place() *object {
	const tries = 50
	side := float64(p.side)
	class := p.below(len(Classes))
	for try := range tries {
		largest := p.cfg.Largest - (p.cfg.Largest-p.cfg.Smallest)*float64(try)/tries
		o := newObject(class, side*p.between(p.cfg.Smallest, largest), p.between(-1, 1)*p.cfg.Rotation*math.Pi/180)
		// A pixel from the picture's edge.
		o.move(p.between(1-o.box.x1, side-1-o.box.x2), p.between(1-o.box.y1, side-1-o.box.y2))
		if p.cfg.Distractor && !o.box.apart(p.distractor) {
			continue
		}
		free := true
		for _, other := range p.objects {
			free = free && (o.box.apart(other.box) || p.cfg.Overlap > 0 && o.box.iou(other.box) <= p.cfg.Overlap)
		}
		if !free {
			continue
		}
		c := colours[p.below(len(colours))]
		o.name = c.name
		for k, v := range c.rgb {
			o.colour[k] = float32(min(max(v+p.between(-0.1, 0.1), 0), 1))
		}
		return o
	}
	return nil
}

// span returns the pixels that an object can touch: columns [x1, x2) and rows [y1, y2).
func (p *painter) span(o *object) (x1, y1, x2, y2 int) {
	at := func(v float64) int { return min(max(int(v), 0), p.side) }
	return at(o.box.x1 - 1), at(o.box.y1 - 1), at(o.box.x2 + 2), at(o.box.y2 + 2)
}

// cover finds the pixels of each object and reports whether at least half of each are in sight.
func (p *painter) cover() bool {
	p.owner = make([]uint8, p.side*p.side)
	whole := make([]int, len(p.objects))
	for k, o := range p.objects {
		x1, y1, x2, y2 := p.span(o)
		for y := y1; y < y2; y++ {
			row := p.owner[y*p.side : (y+1)*p.side]
			for x := x1; x < x2; x++ {
				if o.distance(float64(x)+0.5, float64(y)+0.5) <= 0 {
					row[x] = uint8(k + 1)
					whole[k]++
				}
			}
		}
	}
	p.seen = make([]box, len(p.objects))
	for k, o := range p.objects {
		b, pixels := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}, 0
		x1, y1, x2, y2 := p.span(o)
		for y := y1; y < y2; y++ {
			for x := x1; x < x2; x++ {
				if p.owner[y*p.side+x] == uint8(k+1) {
					b.add(float64(x), float64(y), float64(x+1), float64(y+1))
					pixels++
				}
			}
		}
		if 2*pixels < whole[k] {
			return false
		}
		p.seen[k] = b
	}
	return true
}

// paint fills the pixels: background, distractor, objects from back to front, noise.
func (p *painter) paint(key random.Key) {
	n := p.side * p.side
	p.pixels = make([]float32, 3*n)
	p.paintBackground()
	if d := p.distractor; p.cfg.Distractor {
		const squares = 4
		for y := int(d.y1); y < int(d.y2); y++ {
			for x := int(d.x1); x < int(d.x2); x++ {
				column, row := int(float64(x)-d.x1)*squares/int(d.x2-d.x1), int(float64(y)-d.y1)*squares/int(d.y2-d.y1)
				for c := range 3 {
					p.pixels[c*n+y*p.side+x] = float32((column + row) % 2)
				}
			}
		}
	}
	for _, o := range p.objects {
		x1, y1, x2, y2 := p.span(o)
		for y := y1; y < y2; y++ {
			for x := x1; x < x2; x++ {
				// The part of the pixel that a straight edge at this distance from its centre covers, roughly.
				a := float32(0.5 - o.distance(float64(x)+0.5, float64(y)+0.5))
				if a <= 0 {
					continue
				}
				a = min(a, 1)
				for c, v := range o.colour {
					q := &p.pixels[c*n+y*p.side+x]
					*q += a * (v - *q)
				}
			}
		}
	}
	if p.cfg.Noise > 0 {
		noise := make([]float32, 3*n)
		random.Normal32(noise, key.FoldIn(0), 0)
		for i, v := range noise {
			p.pixels[i] = min(max(p.pixels[i]+float32(p.cfg.Noise)*v, 0), 1)
		}
	}
}

// paintBackground paints values of 0 to 0.4.
func (p *painter) paintBackground() {
	n := p.side * p.side
	var base, swing [3]float32
	for c := range base {
		base[c], swing[c] = float32(p.between(0.1, 0.3)), float32(p.between(-0.05, 0.05))
	}
	if p.cfg.Background == Plain {
		for c, v := range base {
			plane := p.pixels[c*n : (c+1)*n]
			for i := range plane {
				plane[i] = v
			}
		}
		return
	}
	// sin(ax + by + φ) = sin(ax + φ) cos(by) + cos(ax + φ) sin(by), of two waves.
	var sinX, cosX, sinY, cosY [2][]float32
	for w := range 2 {
		length, angle, phase := p.between(0.06, 0.3)*float64(p.side), p.between(0, math.Pi), p.between(0, 2*math.Pi)
		a, b := 2*math.Pi/length*math.Cos(angle), 2*math.Pi/length*math.Sin(angle)
		sinX[w], cosX[w] = wave(p.side, a, phase)
		sinY[w], cosY[w] = wave(p.side, b, 0)
	}
	for y := range p.side {
		for x := range p.side {
			first := sinX[0][x]*cosY[0][y] + cosX[0][x]*sinY[0][y]
			second := sinX[1][x]*cosY[1][y] + cosX[1][x]*sinY[1][y]
			for c := range base {
				p.pixels[c*n+y*p.side+x] = base[c] + 0.05*first + swing[c]*second
			}
		}
	}
}

func wave(n int, frequency, phase float64) (sin, cos []float32) {
	sin, cos = make([]float32, n), make([]float32, n)
	for i := range n {
		s, c := math.Sincos(frequency*float64(i) + phase)
		sin[i], cos[i] = float32(s), float32(c)
	}
	return sin, cos
}
