// Package shapes makes pictures of circles, squares and triangles with all that vision tasks ask for: classes, boxes, masks, instances, key
// points and captions. They are drawn by formulas, so every answer is exact, and there are as many as are wanted.
//
// Pixel (x, y) covers [x, x+1) by [y, y+1), y downwards, in all coordinates. It belongs to an object if its centre lies inside: masks,
// instances and boxes are exact in this sense. In the picture the edges are anti-aliased: where an edge crosses a pixel, its colour is
// mixed with what lies behind.
package shapes

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The classes.
const (
	Circle = iota
	Square
	Triangle
)

// Classes are the names of the classes by number.
var Classes = []string{"circle", "square", "triangle"}

// Background is what lies behind the objects, darker than all of them.
type Background int

const (
	Plain   Background = iota // one colour
	Texture                   // waves of two directions
)

// NumKeypoints is how many key points an object has.
const NumKeypoints = 4

// Config are the options of New. Sizes of objects are those of the circle's diameter and of a side of the square and of the triangle, whose
// sides are equal.
type Config struct {
	Size        int        // side of the pictures in pixels; default 64
	Least, Most int        // objects in a picture, each number as likely; default 1, and as many as Least
	Smallest    float64    // size of an object as a part of the picture's side; default 0.2
	Largest     float64    // default 0.4
	Rotation    float64    // squares and triangles are turned by up to so many degrees either way; default 0
	Overlap     float64    // largest IoU of the boxes of two objects; default 0: they are a pixel apart at least
	Background  Background // default Plain
	Noise       float64    // standard deviation of normal noise added to each value; default 0
	Distractor  bool       // a black and white chequered square that says nothing of the class lies in the picture, apart from the objects
}

// Sample is a picture and what is in it: n objects, the later in front of the earlier.
type Sample struct {
	Image     *tensor.Tensor // (3, H, W) float32, red, green and blue, from 0 to 1
	Boxes     *tensor.Tensor // (n, 4) float32 (x1, y1, x2, y2): the smallest around the pixels of each instance
	Classes   *tensor.Tensor // (n,) int64
	Mask      *tensor.Tensor // (H, W) int64: 0 is background, class+1 an object
	Instances *tensor.Tensor // (n, H, W) bool: the pixels of each object that are in sight
	// Keypoints (n, 4, 2) float32 are (x, y) of a circle's topmost, rightmost, lowest and leftmost point; a square's corners clockwise from
	// the left upper one; a triangle's top, right and left corner and its centre. They turn with the object, and may be hidden by another.
	Keypoints  *tensor.Tensor
	Caption    string         // such as "a red circle and a blue square"
	Distractor *tensor.Tensor // (4,) float32, the distractor's box; nil if there is none
}

// Set is a data set of pictures. It implements dataset.Dataset[Sample] and may be used by several goroutines at once.
type Set struct {
	n    int
	seed uint64
	cfg  Config
}

// New returns a data set of n pictures. Picture i depends on seed, i and cfg alone, so that sets of other lengths begin alike; take another
// seed for pictures to test on. It panics with ErrValue on an option out of range.
func New(n int, seed uint64, cfg Config) *Set {
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
		cfg.Smallest = 0.2
	}
	if cfg.Largest == 0 {
		cfg.Largest = max(0.4, cfg.Smallest)
	}
	check := func(ok bool, format string, args ...any) {
		if !ok {
			tensor.Fail("shapes.New", tensor.ErrValue, nil, format, args...)
		}
	}
	check(n >= 0, "there cannot be %d pictures", n)
	check(cfg.Size >= 16 && cfg.Size <= 1024, "Size is %d pixels, want 16 to 1024", cfg.Size)
	check(cfg.Least >= 1 && cfg.Least <= cfg.Most && cfg.Most <= 32, "Least %d and Most %d objects: want 1 to 32, and Least not above Most", cfg.Least, cfg.Most)
	check(cfg.Smallest > 0 && cfg.Smallest <= cfg.Largest && cfg.Largest <= 0.6, "Smallest %v and Largest %v: want parts of the side up to 0.6, and Smallest not above Largest", cfg.Smallest, cfg.Largest)
	check(cfg.Smallest*float64(cfg.Size) >= 5, "the smallest objects are %.3g pixels wide, want 5 or more; make Size or Smallest larger", cfg.Smallest*float64(cfg.Size))
	check(cfg.Rotation >= 0 && cfg.Rotation <= 180, "Rotation is %v degrees, want 0 to 180", cfg.Rotation)
	check(cfg.Overlap >= 0 && cfg.Overlap <= 0.9, "Overlap is %v, want an IoU of 0 to 0.9", cfg.Overlap)
	check(cfg.Background == Plain || cfg.Background == Texture, "there is no background %d", cfg.Background)
	check(cfg.Noise >= 0 && cfg.Noise <= 1, "Noise is %v, want 0 to 1", cfg.Noise)
	// Objects that fill more than this of the picture are not sure to find places.
	objects := cfg.Most
	if cfg.Distractor {
		objects++
	}
	check(cfg.Overlap > 0 || float64(objects)*cfg.Smallest*cfg.Smallest <= 0.25, "%d objects do not fit without overlap: make Smallest, %v, or Most smaller", objects, cfg.Smallest)
	return &Set{n, seed, cfg}
}

// Len returns the number of pictures.
func (s *Set) Len() int { return s.n }

// At makes picture i. The generator is not used. It panics with ErrIndex unless 0 <= i < Len(), and returns an error if no places were found
// for as many objects as were drawn, which takes options near the limits.
func (s *Set) At(ctx context.Context, i int, _ *random.Generator) (Sample, error) {
	if i < 0 || i >= s.n {
		tensor.Fail("shapes", tensor.ErrIndex, nil, "there is no picture %d: the set has %d, numbered from 0", i, s.n)
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	key := random.KeyAt(s.seed, uint64(i))
	p := &painter{cfg: s.cfg, side: s.cfg.Size, draw: key.Stream(0)}
	n := s.cfg.Least + p.below(s.cfg.Most-s.cfg.Least+1)
	for range 50 {
		if p.arrange(n) {
			p.paint(key)
			return p.sample(), nil
		}
	}
	return Sample{}, fmt.Errorf("shapes: picture %d: %d objects found no place: allow smaller ones, fewer, or more overlap", i, n)
}

// sample returns what was painted.
func (p *painter) sample() Sample {
	n, h := len(p.objects), p.side
	s := Sample{Image: tensor.Of(p.pixels, 3, h, h)}
	boxes, classes, points := make([]float32, 0, 4*n), make([]int64, n), make([]float32, 0, 2*NumKeypoints*n)
	mask, instances := make([]int64, h*h), make([]bool, n*h*h)
	for i, owner := range p.owner {
		if owner > 0 {
			mask[i] = int64(p.objects[owner-1].class) + 1
			instances[int(owner-1)*h*h+i] = true
		}
	}
	names := make([]string, n)
	for k, o := range p.objects {
		b := p.seen[k]
		boxes = append(boxes, float32(b.x1), float32(b.y1), float32(b.x2), float32(b.y2))
		classes[k] = int64(o.class)
		for _, q := range o.points {
			points = append(points, float32(q.x), float32(q.y))
		}
		names[k] = "a " + o.name + " " + Classes[o.class]
		if strings.ContainsRune("aeiou", rune(o.name[0])) {
			names[k] = "an" + names[k][1:]
		}
	}
	s.Boxes, s.Classes = tensor.Of(boxes, n, 4), tensor.Of(classes)
	s.Mask, s.Instances = tensor.Of(mask, h, h), tensor.Of(instances, n, h, h)
	s.Keypoints = tensor.Of(points, n, NumKeypoints, 2)
	s.Caption = names[n-1]
	if n > 1 {
		s.Caption = strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	if p.cfg.Distractor {
		b := p.distractor
		s.Distractor = tensor.Of([]float32{float32(b.x1), float32(b.y1), float32(b.x2), float32(b.y2)})
	}
	return s
}

// distractorSize is the side of the distractor as a part of the picture's.
const distractorSize = 0.25

type point struct{ x, y float64 }

// object is a shape: a circle, or the corners of a polygon, clockwise as seen.
type object struct {
	class  int
	name   string // of its colour
	colour [3]float32
	centre point
	radius float64 // circle
	edges  []edge  // polygon
	points [NumKeypoints]point
	box    box // around all of it
}

// edge is the line of the points q with n·q = d; n has length 1 and points outwards.
type edge struct {
	n point
	d float64
}

// distance returns how far (x, y) lies outside the object: exactly so for a circle; for a polygon the distance from the farthest of its
// edges' lines, negative inside.
func (o *object) distance(x, y float64) float64 {
	if o.class == Circle {
		dx, dy := x-o.centre.x, y-o.centre.y
		return math.Sqrt(dx*dx+dy*dy) - o.radius
	}
	d := math.Inf(-1)
	for _, e := range o.edges {
		d = max(d, e.n.x*x+e.n.y*y-e.d)
	}
	return d
}

// newObject returns a shape of the given size about the origin, turned clockwise by an angle in radians.
func newObject(class int, size, angle float64) *object {
	o := &object{class: class, radius: size / 2}
	var corners []point
	switch r := size / 2; class {
	case Circle:
		o.points = [NumKeypoints]point{{0, -r}, {r, 0}, {0, r}, {-r, 0}}
		o.box = box{-r, -r, r, r}
		return o
	case Square:
		corners = []point{{-r, -r}, {r, -r}, {r, r}, {-r, r}}
	case Triangle:
		height := size * math.Sqrt(3) / 2
		corners = []point{{0, -height * 2 / 3}, {r, height / 3}, {-r, height / 3}}
	}
	sin, cos := math.Sincos(angle)
	o.box = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for i, c := range corners {
		corners[i] = point{c.x*cos - c.y*sin, c.x*sin + c.y*cos}
		o.box.add(corners[i].x, corners[i].y, corners[i].x, corners[i].y)
	}
	copy(o.points[:], corners) // a triangle's fourth is its centre, the origin
	for i, a := range corners {
		b := corners[(i+1)%len(corners)]
		l := math.Hypot(b.x-a.x, b.y-a.y)
		n := point{(b.y - a.y) / l, (a.x - b.x) / l}
		o.edges = append(o.edges, edge{n, n.x*a.x + n.y*a.y})
	}
	return o
}

// move shifts the object.
func (o *object) move(x, y float64) {
	o.centre = point{x, y}
	for i := range o.edges {
		o.edges[i].d += o.edges[i].n.x*x + o.edges[i].n.y*y
	}
	for i := range o.points {
		o.points[i].x += x
		o.points[i].y += y
	}
	o.box = box{o.box.x1 + x, o.box.y1 + y, o.box.x2 + x, o.box.y2 + y}
}

type box struct{ x1, y1, x2, y2 float64 }

func (b *box) add(x1, y1, x2, y2 float64) {
	*b = box{min(b.x1, x1), min(b.y1, y1), max(b.x2, x2), max(b.y2, y2)}
}

func (b box) area() float64 { return max(0, b.x2-b.x1) * max(0, b.y2-b.y1) }

// apart reports whether a strip of a pixel lies between two boxes.
func (b box) apart(c box) bool {
	return b.x2+1 <= c.x1 || c.x2+1 <= b.x1 || b.y2+1 <= c.y1 || c.y2+1 <= b.y1
}

func (b box) iou(c box) float64 {
	both := box{max(b.x1, c.x1), max(b.y1, c.y1), min(b.x2, c.x2), min(b.y2, c.y2)}.area()
	return both / (b.area() + c.area() - both)
}
