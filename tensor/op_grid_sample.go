package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// GridSampleMode says how GridSample reads between pixels.
type GridSampleMode uint8

// The modes, as PyTorch names them.
const (
	GridSampleBilinear = GridSampleMode(cpu.GridBilinear) // linear along each axis: trilinear for volumes
	GridSampleNearest  = GridSampleMode(cpu.GridNearest)  // the nearest pixel, of two the even one
	GridSampleBicubic  = GridSampleMode(cpu.GridBicubic)  // Keys' convolution with a = −0.75 (Keys, 1981); images alone
)

// GridSamplePadding says what GridSample reads beyond the edges.
type GridSamplePadding uint8

// The paddings, as PyTorch names them.
const (
	GridSampleZeros      = GridSamplePadding(cpu.GridZeros)
	GridSampleBorder     = GridSamplePadding(cpu.GridBorder)     // the edge pixels go on
	GridSampleReflection = GridSamplePadding(cpu.GridReflection) // mirrored about the edges, or with AlignCorners about the edge pixels' centres
)

// GridSampleConfig are the options of GridSample.
type GridSampleConfig struct {
	Mode         GridSampleMode
	Padding      GridSamplePadding
	AlignCorners bool // -1 and 1 are the centres of the edge pixels, in place of the image's edges
}

// GridSample reads x (N, C, H, W) at the positions grid (N, h, w, 2), or volumes (N, C, D, H, W) at (N, d, h, w, 3), giving
// (N, C, h, w) or (N, C, d, h, w). A position is (x, y[, z]) from -1, the left, upper, front edge, to 1 (Jaderberg et al.,
// 2015). The gradient by the grid is 0 where Border or Reflection stops it, and for Nearest. It panics with ErrShape or
// ErrDType when x and grid do not fit each other and with ErrValue on an unknown mode or a bicubic one for volumes.
func GridSample(x, grid *Tensor, cfg GridSampleConfig) *Tensor {
	return Apply1(gridSampleOp{cfg}, x, grid)
}

type gridSampleKernel interface {
	GridSample(g cpu.GridSampler, x, grid, y View)
	GridSampleGradInput(g cpu.GridSampler, dy, grid, dx View)
	GridSampleGradGrid(g cpu.GridSampler, dy, x, grid, dgrid View)
}

func (cfg GridSampleConfig) sampler(x Shape) cpu.GridSampler {
	g := cpu.GridSampler{Size: [3]int{1, 1, 1}, Rank: x.rank - 2, Mode: uint8(cfg.Mode), Padding: uint8(cfg.Padding), Align: cfg.AlignCorners}
	for i := range g.Rank {
		g.Size[3-g.Rank+i] = x.at(2 + i)
	}
	return g
}

type gridSampleOp struct{ cfg GridSampleConfig }

func (gridSampleOp) Name() string { return "grid_sample" }
func (gridSampleOp) Reads() Reads { return ReadsIn(0, 1) }
func (o gridSampleOp) Infer(c *Call) {
	x, grid := c.In[0].shape, c.In[1].shape
	if o.cfg.Mode > GridSampleBicubic || o.cfg.Padding > GridSampleReflection {
		c.Fail(ErrValue, "there is no mode %d or no padding %d", o.cfg.Mode, o.cfg.Padding)
	}
	d := c.SameDType()
	if x.rank != 4 && x.rank != 5 || grid.rank != x.rank || grid.at(grid.rank-1) != x.rank-2 || grid.at(0) != x.at(0) {
		c.Fail(ErrShape, "the input must be (N, C, H, W) with a grid (N, h, w, 2), or (N, C, D, H, W) with a grid (N, d, h, w, 3)")
	}
	if x.rank == 5 && o.cfg.Mode == GridSampleBicubic {
		c.Fail(ErrValue, "bicubic sampling is for images (N, C, H, W)")
	}
	n := 1
	for i := 2; i < x.rank; i++ {
		if n *= x.at(i); n < 1 {
			c.Fail(ErrShape, "the input's sizes after C must be positive")
		}
	}
	if n > math.MaxInt32 {
		c.Fail(ErrShape, "a channel of %d elements is larger than the %d that places are counted to", n, math.MaxInt32)
	}
	y := x
	for i := 2; i < x.rank; i++ {
		y.set(i, grid.at(i-1))
	}
	c.Output(y, d)
}
func (o gridSampleOp) Run(d Device, c *Call) bool {
	k, ok := d.(gridSampleKernel)
	if ok {
		k.GridSample(o.cfg.sampler(c.In[0].shape), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o gridSampleOp) VJP(b *Back) []*Tensor {
	g := b.Give(nil, nil)
	if b.Need(0) {
		g[0] = Apply1(gridSampleGradInputOp{o.cfg, b.InSpec(0).Shape}, b.Dout(0), b.In(1))
	}
	if b.Need(1) && o.cfg.Mode != GridSampleNearest {
		g[1] = Apply1(gridSampleGradGridOp(o), b.Dout(0), b.In(0), b.In(1))
	}
	return g
}
func (o gridSampleOp) Lower(in []*Tensor) []*Tensor {
	x, grid := in[0], in[1]
	s := x.shape
	for i := 2; i < s.rank; i++ {
		s.set(i, grid.shape.at(i-1))
	}
	var y *Tensor
	for _, t := range o.cfg.taps(grid, x.shape) {
		v := t.gather(x).Mul(t.weight.Unsqueeze(1))
		if y == nil {
			y = v
		} else {
			y = y.Add(v)
		}
	}
	return []*Tensor{y.ReshapeTo(s)}
}

// gridSampleGradInputOp maps (dy, grid) to the gradient by the input, of which the shape is given.
type gridSampleGradInputOp struct {
	cfg   GridSampleConfig
	shape Shape
}

func (gridSampleGradInputOp) Name() string    { return "grid_sample_grad_input" }
func (gridSampleGradInputOp) Reads() Reads    { return ReadsAllIn }
func (o gridSampleGradInputOp) Infer(c *Call) { c.Output(o.shape, c.In[0].dtype) }
func (o gridSampleGradInputOp) Run(d Device, c *Call) bool {
	k, ok := d.(gridSampleKernel)
	if ok {
		k.GridSampleGradInput(o.cfg.sampler(o.shape), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}

// VJP uses that <v, dx(dy, grid)> = <dy, sample(v, grid)>.
func (o gridSampleGradInputOp) VJP(b *Back) []*Tensor {
	g := b.Give(nil, nil)
	if b.Need(0) {
		g[0] = Apply1(gridSampleOp{o.cfg}, b.Dout(0), b.In(1))
	}
	if b.Need(1) && o.cfg.Mode != GridSampleNearest {
		g[1] = Apply1(gridSampleGradGridOp{o.cfg}, b.In(0), b.Dout(0), b.In(1))
	}
	return g
}
func (o gridSampleGradInputOp) Lower(in []*Tensor) []*Tensor {
	dy, grid := in[0].flatSpace(), in[1]
	dx := Factory{dy.dtype, dy.dev}.Zeros(o.shape.at(0), o.shape.at(1), o.shape.area()+1)
	for _, t := range o.cfg.taps(grid, o.shape) {
		v := dy.Mul(t.weight.Unsqueeze(1))
		dx = dx.ScatterAdd(2, t.at.Unsqueeze(1).ExpandTo(v.shape), v)
	}
	return []*Tensor{dx.Narrow(2, 0, dx.shape.at(2)-1).ReshapeTo(o.shape)}
}

// gridSampleGradGridOp maps (dy, x, grid) to the gradient by the grid.
type gridSampleGradGridOp struct{ cfg GridSampleConfig }

func (gridSampleGradGridOp) Name() string    { return "grid_sample_grad_grid" }
func (gridSampleGradGridOp) Reads() Reads    { return ReadsAllIn }
func (o gridSampleGradGridOp) Infer(c *Call) { c.Output(c.In[2].shape, c.In[2].dtype) }
func (o gridSampleGradGridOp) Run(d Device, c *Call) bool {
	k, ok := d.(gridSampleKernel)
	if ok {
		k.GridSampleGradGrid(o.cfg.sampler(c.In[1].shape), c.X(0), c.X(1), c.X(2), c.Y(0))
	}
	return ok
}
func (gridSampleGradGridOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o gridSampleGradGridOp) Lower(in []*Tensor) []*Tensor {
	dy, x, grid := in[0].flatSpace(), in[1], in[2]
	sums := make([]*Tensor, x.shape.rank-2)
	for _, t := range o.cfg.taps(grid, x.shape) {
		v := t.gather(x).Mul(dy).Sum(1)
		for a, slope := range t.slopes {
			if s := v.Mul(slope); sums[a] == nil {
				sums[a] = s
			} else {
				sums[a] = sums[a].Add(s)
			}
		}
	}
	return []*Tensor{Stack(2, sums...).ReshapeTo(grid.shape)}
}

// flatSpace returns x (N, C, ...) as (N, C, elements).
func (x *Tensor) flatSpace() *Tensor {
	return x.Reshape(x.shape.at(0), x.shape.at(1), x.shape.area())
}

// gridTap is one element that each position of a grid reads: where in its channel, as Int64 (N, P), its weight (N, P) and
// the weight's derivatives by the coordinates. What lies beyond the edges is the element after the last.
type gridTap struct {
	at, weight *Tensor
	slopes     []*Tensor
}

// gather returns the elements of x (N, C, ...) as (N, C, P).
func (t gridTap) gather(x *Tensor) *Tensor {
	flat := x.flatSpace()
	n, c := x.shape.at(0), x.shape.at(1)
	flat = Concat(2, flat, Factory{x.dtype, x.dev}.Zeros(n, c, 1))
	return flat.Gather(2, t.at.Unsqueeze(1).Expand(n, c, t.at.shape.at(1)))
}

// taps returns what the positions of a grid read of an input of shape x: the products of what they read along each axis.
func (cfg GridSampleConfig) taps(grid *Tensor, x Shape) []gridTap {
	rank, n, size := x.rank-2, x.at(0), 1
	points := 1
	for i := range rank {
		points *= grid.shape.at(1 + i)
	}
	flat := grid.Reshape(n, points, rank)
	// Places are computed in float64: float32 does not hold all of a large image's.
	all := []gridTap{{at: Factory{Float64, grid.dev}.Zeros(n, points), weight: Factory{grid.dtype, grid.dev}.Ones(n, points)}}
	for a := range rank {
		length := x.at(x.rank - 1 - a)
		var next []gridTap
		for _, t := range all {
			for _, u := range cfg.axisTaps(flat.Select(2, a), length) {
				at := Where(u.at.GeScalar(0).LogicalAnd(u.at.LtScalar(float64(length))), t.at.Add(u.at.To(Float64).MulScalar(float64(size))), FullLike(t.at, math.Inf(1)))
				p := gridTap{at: at, weight: t.weight.Mul(u.weight)}
				for _, s := range t.slopes {
					p.slopes = append(p.slopes, s.Mul(u.weight))
				}
				p.slopes = append(p.slopes, t.weight.Mul(u.slopes[0]))
				next = append(next, p)
			}
		}
		all, size = next, size*length
	}
	for i := range all {
		all[i].at = all[i].at.ClampMax(float64(size)).To(Int64)
	}
	return all
}

// axisTaps returns what positions u (N, P) along an axis of the given size read. Rounded positions are constants; what
// depends on u is the distance from them.
func (cfg GridSampleConfig) axisTaps(u *Tensor, size int) []gridTap {
	at, n := u.Detach(), float64(size)
	scale := n / 2
	pos := at.AddScalar(1).MulScalar(n).AddScalar(-1).MulScalar(0.5)
	if cfg.AlignCorners {
		scale = (n - 1) / 2
		pos = at.AddScalar(1).MulScalar(scale)
	}
	slope := FullLike(pos, scale)
	if cfg.Mode != GridSampleBicubic {
		p, sign := cfg.pad(pos, n)
		pos, slope = p, sign.MulScalar(scale)
	}
	lo := pos.Floor()
	t := pos.Sub(lo).Add(u.Sub(at).Mul(slope))
	switch cfg.Mode {
	case GridSampleNearest:
		return []gridTap{{pos.Round(), OnesLike(pos), []*Tensor{ZerosLike(pos)}}}
	case GridSampleBilinear:
		return []gridTap{{lo, t.RSubScalar(1), []*Tensor{slope.Neg()}}, {lo.AddScalar(1), t, []*Tensor{slope}}}
	}
	const a = -0.75
	// The weight's cubic at a distance d and its derivative.
	cubic := func(d *Tensor, c3, c2, c1, c0 float64) (w, dw *Tensor) {
		return d.MulScalar(c3).AddScalar(c2).Mul(d).AddScalar(c1).Mul(d).AddScalar(c0), d.MulScalar(3 * c3).AddScalar(2 * c2).Mul(d).AddScalar(c1)
	}
	var taps []gridTap
	for i := range 4 {
		d, sign := t.AddScalar(float64(1-i)), 1.0
		if i > 1 {
			d, sign = t.RSubScalar(float64(i-1)), -1
		}
		w, dw := cubic(d, a+2, -(a + 3), 0, 1)
		if i == 0 || i == 3 {
			w, dw = cubic(d, a, -5*a, 8*a, -4*a)
		}
		p, _ := cfg.pad(lo.AddScalar(float64(i-1)), n)
		taps = append(taps, gridTap{p, w, []*Tensor{dw.MulScalar(sign * scale)}})
	}
	return taps
}

// pad brings positions beyond the ends of an axis of size n back, as Padding says; slope is their derivative.
func (cfg GridSampleConfig) pad(pos *Tensor, n float64) (at, slope *Tensor) {
	slope = OnesLike(pos)
	if cfg.Padding == GridSampleZeros {
		return pos, slope
	}
	if cfg.Padding == GridSampleReflection {
		low, span := -0.5, n
		if cfg.AlignCorners {
			low, span = 0, n-1
		}
		if span == 0 {
			return ZerosLike(pos), ZerosLike(pos)
		}
		d := pos.SubScalar(low)
		slope = Where(d.LtScalar(0), FullLike(d, -1), slope)
		flips := d.Abs().DivScalar(span).Floor()
		rest := d.Abs().Sub(flips.MulScalar(span))
		even := flips.MulScalar(0.5).Floor().MulScalar(2).Eq(flips)
		pos = Where(even, rest, rest.RSubScalar(span)).AddScalar(low)
		slope = Where(even, slope, slope.Neg())
	}
	inside := pos.GtScalar(0).LogicalAnd(pos.LtScalar(n - 1))
	return pos.Clamp(0, n-1), Where(inside, slope, ZerosLike(slope))
}

func (cpuDevice) GridSample(g cpu.GridSampler, x, grid, y View) {
	n, c, points := y.Shape.at(0), y.Shape.at(1), y.Shape.area()
	if y.DType == Float64 {
		cpu.GridSample(g, n, c, points, sliceOf[float64](x), sliceOf[float64](grid), sliceOf[float64](y))
	} else {
		cpu.GridSample(g, n, c, points, sliceOf[float32](x), sliceOf[float32](grid), sliceOf[float32](y))
	}
}

func (cpuDevice) GridSampleGradInput(g cpu.GridSampler, dy, grid, dx View) {
	n, c, points := dy.Shape.at(0), dy.Shape.at(1), dy.Shape.area()
	if dx.DType == Float64 {
		cpu.GridSampleGradInput(g, n, c, points, sliceOf[float64](dy), sliceOf[float64](grid), sliceOf[float64](dx))
	} else {
		cpu.GridSampleGradInput(g, n, c, points, sliceOf[float32](dy), sliceOf[float32](grid), sliceOf[float32](dx))
	}
}

func (cpuDevice) GridSampleGradGrid(g cpu.GridSampler, dy, x, grid, dgrid View) {
	n, c, points := dy.Shape.at(0), dy.Shape.at(1), dy.Shape.area()
	if dgrid.DType == Float64 {
		cpu.GridSampleGradGrid(g, n, c, points, sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](grid), sliceOf[float64](dgrid))
	} else {
		cpu.GridSampleGradGrid(g, n, c, points, sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](grid), sliceOf[float32](dgrid))
	}
}
