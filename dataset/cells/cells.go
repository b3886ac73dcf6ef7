// Package cells makes pictures of cells under a microscope with the exact mask of each: ellipses, brighter than their surroundings, that
// press against one another, with dark lines of a pixel or two where they touch. A network that does not see such lines takes two cells
// for one, which is what U-Net was made for. There are as many pictures as are wanted.
package cells

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Classes are the names of the classes of Sample.Mask by number.
var Classes = []string{"background", "cell"}

// Config are the options of New.
type Config struct {
	Size              int      // side of the pictures in pixels; default 64
	Cells             int      // in a picture at most: those that find no place are left out; default 14
	Smallest, Largest float64  // half of a cell's axes in pixels; default 4 and 9, or half of Size where that is less
	Border            float64  // width in pixels of the line between cells that touch; default 1.5
	Noise             *float64 // standard deviation of normal noise added to each value; default 0.05
}

// Sample is a picture and what is in it.
type Sample struct {
	Image     *tensor.Tensor // (1, H, W) float32, from 0 to 1
	Mask      *tensor.Tensor // (H, W) int64: 0 background, also between cells that touch, 1 cell
	Instances *tensor.Tensor // (H, W) int64: 0 background, else the cell's number from 1 on
}

// Set is a data set of pictures. It implements dataset.Dataset[Sample] and may be used by several goroutines at once.
type Set struct {
	n    int
	seed uint64
	cfg  Config
}

// New returns a data set of n pictures. Picture i depends on seed, i and cfg alone. It panics with ErrValue on an option out of range.
func New(n int, seed uint64, cfg Config) *Set {
	if cfg.Size == 0 {
		cfg.Size = 64
	}
	if cfg.Cells == 0 {
		cfg.Cells = 14
	}
	if cfg.Smallest == 0 {
		cfg.Smallest = 4
	}
	if cfg.Largest == 0 {
		cfg.Largest = max(min(9, float64(cfg.Size)/2), cfg.Smallest)
	}
	if cfg.Border == 0 {
		cfg.Border = 1.5
	}
	if cfg.Noise == nil {
		cfg.Noise = new(0.05)
	}
	check := func(ok bool, format string, args ...any) {
		if !ok {
			tensor.Fail("cells.New", tensor.ErrValue, nil, format, args...)
		}
	}
	check(n >= 0, "there cannot be %d pictures", n)
	check(cfg.Size >= 16 && cfg.Size <= 1024, "Size is %d pixels, want 16 to 1024", cfg.Size)
	check(cfg.Cells >= 1 && cfg.Cells <= 1000, "Cells is %d, want 1 to 1000", cfg.Cells)
	check(cfg.Smallest >= 2 && cfg.Smallest <= cfg.Largest && cfg.Largest <= float64(cfg.Size)/2, "Smallest %v and Largest %v: want pixels from 2 to half of Size, and Smallest not above Largest", cfg.Smallest, cfg.Largest)
	check(cfg.Border > 0 && cfg.Border <= 10, "Border is %v pixels, want up to 10", cfg.Border)
	check(*cfg.Noise >= 0 && *cfg.Noise <= 1, "Noise is %v, want 0 to 1", *cfg.Noise)
	return &Set{n, seed, cfg}
}

// Len returns the number of pictures.
func (s *Set) Len() int { return s.n }

// At makes picture i. The generator is not used. It panics with ErrIndex unless 0 <= i < Len().
func (s *Set) At(ctx context.Context, i int, _ *random.Generator) (Sample, error) {
	if i < 0 || i >= s.n {
		tensor.Fail("cells", tensor.ErrIndex, nil, "there is no picture %d: the set has %d, numbered from 0", i, s.n)
	}
	if err := ctx.Err(); err != nil {
		return Sample{}, err
	}
	key := random.KeyAt(s.seed, uint64(i))
	draw := key.Stream(0)
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*draw.Float64() }
	all := s.place(between)

	side, n := s.cfg.Size, s.cfg.Size*s.cfg.Size
	ground, slopeX, slopeY := between(0.2, 0.35), between(-0.1, 0.1), between(-0.1, 0.1)
	pixels, mask, instances := make([]float32, n), make([]int64, n), make([]int64, n)
	noise := make([]float32, n)
	random.Normal32(noise, key.FoldIn(0), 0)
	for p := range pixels {
		x, y := float64(p%side)+0.5, float64(p/side)+0.5
		// How far the pixel lies outside the nearest cell and the one after it.
		nearest, first, second := 0, math.Inf(1), math.Inf(1)
		for k := range all {
			switch d := all[k].distance(x, y); {
			case d < first:
				nearest, first, second = k, d, first
			case d < second:
				second = d
			}
		}
		c := all[nearest]
		outside := max(first, (s.cfg.Border-(second-first))/2)
		if outside < 0 {
			mask[p], instances[p] = 1, int64(nearest+1)
		}
		v := ground + slopeX*(x/float64(side)-0.5) + slopeY*(y/float64(side)-0.5)
		part := min(max(0.5-outside, 0), 1) // of the pixel that the cell covers, roughly
		u, w := c.local(x, y)
		v += part * (c.bright - ground - 0.15*math.Exp(-6*(u*u+w*w))) // a darker nucleus
		pixels[p] = float32(min(max(v+*s.cfg.Noise*float64(noise[p]), 0), 1))
	}
	return Sample{tensor.Of(pixels, 1, side, side), tensor.Of(mask, side, side), tensor.Of(instances, side, side)}, nil
}

// place draws the cells: half of them beside another.
func (s *Set) place(between func(lo, hi float64) float64) (all []cell) {
	const tries = 20
	side := float64(s.cfg.Size)
	for range s.cfg.Cells {
		for range tries {
			c := cell{a: between(s.cfg.Smallest, s.cfg.Largest), bright: between(0.55, 0.8)}
			c.b = max(s.cfg.Smallest, c.a*between(0.6, 1))
			c.sin, c.cos = math.Sincos(between(0, math.Pi))
			c.x, c.y = between(0, side), between(0, side)
			if len(all) > 0 && between(0, 1) < 0.5 {
				o := all[int(between(0, float64(len(all))))]
				sin, cos := math.Sincos(between(0, 2*math.Pi))
				apart := 0.9 * (o.radius() + c.radius())
				c.x, c.y = o.x+apart*cos, o.y+apart*sin
			}
			free := c.x >= 0 && c.x <= side && c.y >= 0 && c.y <= side
			for _, o := range all {
				free = free && math.Hypot(c.x-o.x, c.y-o.y) >= 0.85*(o.radius()+c.radius())
			}
			if free {
				all = append(all, c)
				break
			}
		}
	}
	return all
}

// cell is an ellipse.
type cell struct {
	x, y, a, b, sin, cos, bright float64
}

func (c *cell) radius() float64 { return math.Sqrt(c.a * c.b) }

// local returns a point in the cell's own coordinates, in which it is the unit disc.
func (c *cell) local(x, y float64) (u, v float64) {
	dx, dy := x-c.x, y-c.y
	return (dx*c.cos + dy*c.sin) / c.a, (dy*c.cos - dx*c.sin) / c.b
}

// distance returns how far a point lies outside the cell, to first order of u² + v² - 1; negative inside.
func (c *cell) distance(x, y float64) float64 {
	u, v := c.local(x, y)
	slope := 2 * math.Hypot(u/c.a, v/c.b)
	return max((u*u+v*v-1)/max(slope, 1e-9), -c.b)
}
