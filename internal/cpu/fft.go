package cpu

//go:generate sh -c "cd _asm && go run ./fft -out ../fft_amd64.s -stubs ../fft_stubs_amd64.go -pkg cpu"

import (
	"math"
	"slices"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Complex is a complex number as it lies in memory: two neighbouring elements.
type Complex[T float32 | float64] struct{ Re, Im T }

func (a Complex[T]) add(b Complex[T]) Complex[T] { return Complex[T]{a.Re + b.Re, a.Im + b.Im} }
func (a Complex[T]) sub(b Complex[T]) Complex[T] { return Complex[T]{a.Re - b.Re, a.Im - b.Im} }
func (a Complex[T]) mul(b Complex[T]) Complex[T] {
	return Complex[T]{a.Re*b.Re - a.Im*b.Im, a.Re*b.Im + a.Im*b.Re}
}
func (a Complex[T]) conj() Complex[T]      { return Complex[T]{a.Re, -a.Im} }
func (a Complex[T]) times(s T) Complex[T]  { return Complex[T]{a.Re * s, a.Im * s} }
func (a Complex[T]) timesI() Complex[T]    { return Complex[T]{-a.Im, a.Re} }
func (a Complex[T]) timesMinI() Complex[T] { return Complex[T]{a.Im, -a.Re} }

// rootOfUnity returns exp(-2πi k/n).
func rootOfUnity[T float32 | float64](k, n int) Complex[T] {
	s, c := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
	return Complex[T]{T(c), T(s)}
}

// fftPlan holds what transforms of one size and direction share: y_k = Σ_j x_j exp(∓2πi jk/n), without a scale.
//
// It is Stockham's self-sorting algorithm with decimation in frequency: a pass of radix r turns n = r·m numbers into r
// interleaved problems of size m. Several transforms run side by side with their elements interleaved, which is how a
// problem's subproblems lie in memory too.
type fftPlan[T float32 | float64] struct {
	n       int
	inverse bool
	im      Impl
	passes  []fftPass[T]
	chirp   *bluestein[T] // for sizes with a large prime factor; there are no passes then
	half    []Complex[T]  // ∓i·exp(∓πi k/n), k <= n/2: what a real transform of size 2n needs
	scratch sync.Pool     // *[]Complex[T]
}

// fftPass is one pass: w[i(r-1)+k-1] = exp(∓2πi ik/(rm)) multiplies result k of the i-th butterfly.
type fftPass[T float32 | float64] struct {
	r, m int
	w    []Complex[T]
	root []Complex[T] // exp(∓2πi k/r), of radices without a butterfly of their own

	// planar has the factors of a first pass of radix 4 one result after the other, for vector kernels.
	planar []Complex[T]
}

// maxRadix is the largest prime factor of a size that is worth passes of its own, at r multiplications a number.
const maxRadix = 31

type fftKey struct {
	n       int
	inverse bool
	wide    bool
	im      Impl
}

// fftPlans keeps plans for the next transform, up to fftKeep numbers in all.
var fftPlans = struct {
	sync.Mutex
	m    map[fftKey]any
	size int
}{m: map[fftKey]any{}}

const fftKeep = 1 << 23

func planFFT[T float32 | float64](n int, inverse bool) *fftPlan[T] {
	var zero T
	_, wide := any(zero).(float64)
	key := fftKey{n, inverse, wide, inUse()}
	fftPlans.Lock()
	p, ok := fftPlans.m[key].(*fftPlan[T])
	fftPlans.Unlock()
	if ok {
		return p
	}
	p = newFFTPlan[T](n, inverse)
	fftPlans.Lock()
	defer fftPlans.Unlock()
	if fftPlans.size += n; fftPlans.size > fftKeep {
		clear(fftPlans.m)
		fftPlans.size = n
	}
	fftPlans.m[key] = p
	return p
}

func newFFTPlan[T float32 | float64](n int, inverse bool) *fftPlan[T] {
	p := &fftPlan[T]{n: n, inverse: inverse, im: inUse()}
	p.half = make([]Complex[T], n/2+1)
	for k := range p.half {
		p.half[k] = p.root(2*k+n, 4*n) // ∓i is a quarter of the circle
	}
	factors := fftFactors(n)
	if slices.Max(append(factors, 1)) > maxRadix {
		p.chirp = newBluestein[T](p)
		return p
	}
	for m := n; m > 1; {
		r := factors[len(p.passes)]
		size := m
		m /= r
		pass := fftPass[T]{r: r, m: m, w: make([]Complex[T], m*(r-1))}
		for i := range m {
			for k := 1; k < r; k++ {
				pass.w[i*(r-1)+k-1] = p.root(i*k, size)
			}
		}
		if r > 5 {
			pass.root = make([]Complex[T], r)
			for k := range r {
				pass.root[k] = p.root(k, r)
			}
		}
		if r == 4 && len(p.passes) == 0 {
			pass.planar = make([]Complex[T], 3*m)
			for i, w := range pass.w {
				pass.planar[i%3*m+i/3] = w
			}
		}
		p.passes = append(p.passes, pass)
	}
	return p
}

// root returns exp(∓2πi k/n) in the plan's direction.
func (p *fftPlan[T]) root(k, n int) Complex[T] {
	w := rootOfUnity[T](k%n, n)
	if p.inverse {
		w = w.conj()
	}
	return w
}

// fftFactors returns n's prime factors from the largest on, with pairs of twos in front as fours: passes over short runs of
// neighbours are the slowest, and the run's length is the product of the factors before.
func fftFactors(n int) (f []int) {
	for n%4 == 0 {
		f, n = append(f, 4), n/4
	}
	fours := len(f)
	for r := 2; r*r <= n; r++ {
		for n%r == 0 {
			f, n = append(f, r), n/r
		}
	}
	if n > 1 {
		f = append(f, n)
	}
	slices.Reverse(f[fours:])
	return f
}

// input returns the buffer of run from which it may transform in place: y or work.
func (p *fftPlan[T]) input(y, work []Complex[T]) []Complex[T] {
	if p.chirp == nil && len(p.passes)%2 == 1 {
		return work
	}
	return y
}

// run transforms b interleaved sequences, element j of the q-th at x[j*b+q], into y. work is as large; x is unchanged
// unless it is input(y, work).
func (p *fftPlan[T]) run(x, y, work []Complex[T], b int) {
	if p.chirp != nil {
		p.chirp.run(x, y, work, b)
		return
	}
	if len(p.passes) == 0 {
		copy(y, x)
		return
	}
	if len(p.passes)%2 == 0 {
		y, work = work, y
	}
	for i := range p.passes {
		pass := &p.passes[i]
		switch {
		case pass.vector(p.im, x, y, b, p.inverse):
		case pass.r == 2:
			pass.two(x, y, b)
		case pass.r == 3:
			pass.three(x, y, b, p.inverse)
		case pass.r == 4:
			pass.four(x, y, b, p.inverse)
		case pass.r == 5:
			pass.five(x, y, b, p.inverse)
		default:
			pass.any(x, y, b)
		}
		x, y, work = y, work, y
		b *= pass.r
	}
}

// two is a pass of radix 2 on m·s pairs.
func (p *fftPass[T]) two(x, y []Complex[T], s int) {
	for i := range p.m {
		w := p.w[i]
		x0, x1 := x[i*s:][:s], x[(i+p.m)*s:][:s]
		y0, y1 := y[2*i*s:][:s], y[(2*i+1)*s:][:s]
		if i == 0 { // the factor is 1
			for q, a := range x0 {
				b := x1[q]
				y0[q], y1[q] = a.add(b), a.sub(b)
			}
			continue
		}
		for q, a := range x0 {
			b := x1[q]
			y0[q] = a.add(b)
			y1[q] = a.sub(b).mul(w)
		}
	}
}

func (p *fftPass[T]) three(x, y []Complex[T], s int, inverse bool) {
	const sin = 0.86602540378443864676 // of 2π/3
	for i := range p.m {
		w1, w2 := p.w[2*i], p.w[2*i+1]
		x0, x1, x2 := x[i*s:][:s], x[(i+p.m)*s:][:s], x[(i+2*p.m)*s:][:s]
		y0, y1, y2 := y[3*i*s:][:s], y[(3*i+1)*s:][:s], y[(3*i+2)*s:][:s]
		if inverse { // exp(+2πi jk/r) is the other direction's factor of input -j
			x1, x2 = x2, x1
		}
		for q, a := range x0 {
			sum, dif := x1[q].add(x2[q]), x1[q].sub(x2[q]).times(sin).timesMinI()
			mid := Complex[T]{a.Re - sum.Re/2, a.Im - sum.Im/2}
			y0[q] = a.add(sum)
			y1[q] = mid.add(dif).mul(w1)
			y2[q] = mid.sub(dif).mul(w2)
		}
	}
}

func (p *fftPass[T]) four(x, y []Complex[T], s int, inverse bool) {
	if s == 1 {
		p.fourFirst(x, y, inverse, 0)
		return
	}
	for i := range p.m {
		w1, w2, w3 := p.w[3*i], p.w[3*i+1], p.w[3*i+2]
		x0, x1, x2, x3 := x[i*s:][:s], x[(i+p.m)*s:][:s], x[(i+2*p.m)*s:][:s], x[(i+3*p.m)*s:][:s]
		y0, y1, y2, y3 := y[4*i*s:][:s], y[(4*i+1)*s:][:s], y[(4*i+2)*s:][:s], y[(4*i+3)*s:][:s]
		if inverse {
			x1, x3 = x3, x1
		}
		if i == 0 { // all factors are 1
			for q, a := range x0 {
				b, c, d := x1[q], x2[q], x3[q]
				ac, bd, e, f := a.add(c), b.add(d), a.sub(c), b.sub(d).timesMinI()
				y0[q] = ac.add(bd)
				y1[q] = e.add(f)
				y2[q] = ac.sub(bd)
				y3[q] = e.sub(f)
			}
			continue
		}
		for q, a := range x0 {
			b, c, d := x1[q], x2[q], x3[q]
			ac, bd, e, f := a.add(c), b.add(d), a.sub(c), b.sub(d).timesMinI()
			y0[q] = ac.add(bd)
			y1[q] = e.add(f).mul(w1)
			y2[q] = ac.sub(bd).mul(w2)
			y3[q] = e.sub(f).mul(w3)
		}
	}
}

// fourFirst is four with s = 1, from butterfly lo on: they lie side by side.
func (p *fftPass[T]) fourFirst(x, y []Complex[T], inverse bool, lo int) {
	m, n := p.m, p.m-lo
	x0, x1, x2, x3 := x[lo:][:n], x[m+lo:][:n], x[2*m+lo:][:n], x[3*m+lo:][:n]
	if inverse {
		x1, x3 = x3, x1
	}
	w, y := p.w[3*lo:], y[4*lo:]
	for i, a := range x0 {
		b, c, d := x1[i], x2[i], x3[i]
		ac, bd, e, f := a.add(c), b.add(d), a.sub(c), b.sub(d).timesMinI()
		w3, y4 := w[3*i:][:3], y[4*i:][:4]
		y4[0] = ac.add(bd)
		y4[1] = e.add(f).mul(w3[0])
		y4[2] = ac.sub(bd).mul(w3[1])
		y4[3] = e.sub(f).mul(w3[2])
	}
}

func (p *fftPass[T]) five(x, y []Complex[T], s int, inverse bool) {
	const (
		c1, s1 = 0.30901699437494742410, 0.95105651629515357212  // of 2π/5
		c2, s2 = -0.80901699437494742410, 0.58778525229247312917 // of 4π/5
	)
	for i := range p.m {
		w := p.w[4*i:][:4]
		w1, w2, w3, w4 := w[0], w[1], w[2], w[3]
		x0, x1, x2, x3, x4 := x[i*s:][:s], x[(i+p.m)*s:][:s], x[(i+2*p.m)*s:][:s], x[(i+3*p.m)*s:][:s], x[(i+4*p.m)*s:][:s]
		y0, y1, y2, y3, y4 := y[5*i*s:][:s], y[(5*i+1)*s:][:s], y[(5*i+2)*s:][:s], y[(5*i+3)*s:][:s], y[(5*i+4)*s:][:s]
		if inverse {
			x1, x2, x3, x4 = x4, x3, x2, x1
		}
		for q, a := range x0 {
			p1, m1, p2, m2 := x1[q].add(x4[q]), x1[q].sub(x4[q]), x2[q].add(x3[q]), x2[q].sub(x3[q])
			y0[q] = a.add(p1).add(p2)
			e1 := a.add(p1.times(c1)).add(p2.times(c2))
			e2 := a.add(p1.times(c2)).add(p2.times(c1))
			f1 := m1.times(s1).add(m2.times(s2)).timesMinI()
			f2 := m1.times(s2).sub(m2.times(s1)).timesMinI()
			y1[q] = e1.add(f1).mul(w1)
			y2[q] = e2.add(f2).mul(w2)
			y3[q] = e2.sub(f2).mul(w3)
			y4[q] = e1.sub(f1).mul(w4)
		}
	}
}

// any is a pass of any odd radix: results k and r-k share the sums and differences of x_j and x_{r-j}.
func (p *fftPass[T]) any(x, y []Complex[T], s int) {
	r := p.r
	var sum, dif [maxRadix / 2]Complex[T]
	for i := range p.m {
		for q := range s {
			first := x[i*s+q]
			total := first
			for j := 1; j <= r/2; j++ {
				a, b := x[(i+j*p.m)*s+q], x[(i+(r-j)*p.m)*s+q]
				sum[j-1], dif[j-1] = a.add(b), a.sub(b)
				total = total.add(sum[j-1])
			}
			y[r*i*s+q] = total
			for k := 1; k <= r/2; k++ {
				even, odd := first, Complex[T]{}
				at := 0
				for j := range r / 2 {
					if at += k; at >= r {
						at -= r
					}
					w := p.root[at]
					even = even.add(sum[j].times(w.Re))
					odd = odd.add(dif[j].times(w.Im))
				}
				odd = odd.timesI()
				y[(r*i+k)*s+q] = even.add(odd).mul(p.w[i*(r-1)+k-1])
				y[(r*i+r-k)*s+q] = even.sub(odd).mul(p.w[i*(r-1)+r-k-1])
			}
		}
	}
}

// FastFFTSize returns the smallest size of at least n that has no prime factor above 5 and, from 32 on, that 8 divides: odd
// sizes have slower passes.
func FastFFTSize(n int) int {
	n = max(n, 1)
	step := 1
	if n >= 32 {
		step = 8
		n = (n + 7) / 8 * 8
	}
	for ; ; n += step {
		m := n
		for _, r := range []int{2, 3, 5} {
			for m%r == 0 {
				m /= r
			}
		}
		if m == 1 {
			return n
		}
	}
}

// buffer returns at least n numbers of scratch, to be put back into p.scratch.
func (p *fftPlan[T]) buffer(n int) *[]Complex[T] {
	if b, ok := p.scratch.Get().(*[]Complex[T]); ok && len(*b) >= n {
		return b
	}
	return new(make([]Complex[T], n))
}

// FFTN is FFT along the axes of a row-major array that the mask names by bits, from the last to the first.
func FFTN[T float32 | float64](dims []int, axes uint, inverse bool, scale float64, x, y []Complex[T]) {
	product := func(dims []int) int {
		n := 1
		for _, d := range dims {
			n *= d
		}
		return n
	}
	first := 0
	for axes>>first&1 == 0 {
		first++
	}
	outer, size := product(dims[:first]), product(dims[first:])
	if axes == 1<<first {
		FFT(Rows{outer, dims[first], product(dims[first+1:])}, inverse, scale, x, y)
		return
	}
	// All axes of one part before the next part: it is in the cache then.
	parallel.For(outer, max(1, grainCostly/max(1, size)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			from, to := x[i*size:][:size], y[i*size:][:size]
			for a := len(dims) - 1; a >= first; a-- {
				if axes>>a&1 == 0 {
					continue
				}
				s := 1.0
				if a == first {
					s = scale
				}
				FFT(Rows{product(dims[first:a]), dims[a], product(dims[a+1:])}, inverse, s, from, to)
				from = to
			}
		}
	})
}

// FFT computes scale·Σ_j x_j exp(∓2πi jk/n) along rows of complex numbers: the inverse direction has the plus sign. y may be
// x.
func FFT[T float32 | float64](r Rows, inverse bool, scale float64, x, y []Complex[T]) {
	if r.N == 0 || r.Inner == 0 {
		return
	}
	p := planFFT[T](r.N, inverse)
	if r.Inner == 1 {
		parallel.For(r.Outer, fftGrain(r.N), func(lo, hi int) {
			buf := p.buffer(r.N)
			for i := lo; i < hi; i++ {
				x, y, work := x[i*r.N:][:r.N], y[i*r.N:][:r.N], (*buf)[:r.N]
				if &x[0] == &y[0] {
					x = p.input(y, work)
					copy(x, y)
				}
				p.run(x, y, work, 1)
				scaleComplex(y, T(scale))
			}
			p.scratch.Put(buf)
		})
		return
	}
	width := min(r.Inner, max(4, min(fftStrip, fftStripSize/r.N)))
	strips := (r.Inner + width - 1) / width
	parallel.For(r.Outer*strips, fftGrain(r.N*width), func(lo, hi int) {
		buf := p.buffer(2 * r.N * width)
		for t := lo; t < hi; t++ {
			c := t % strips * width
			at, b := t/strips*r.N*r.Inner+c, min(width, r.Inner-c)
			y0, work := (*buf)[:r.N*b], (*buf)[r.N*b:2*r.N*b]
			x0 := p.input(y0, work)
			for j := range r.N {
				copy(x0[j*b:][:b], x[at+j*r.Inner:])
			}
			p.run(x0, y0, work, b)
			scaleComplex(y0, T(scale))
			for j := range r.N {
				copy(y[at+j*r.Inner:][:b], y0[j*b:])
			}
		}
		p.scratch.Put(buf)
	})
}

// fftStrip is how many neighbouring rows are transformed side by side where their elements are apart; fftStripSize is
// how many numbers that may be, so that they stay in the second-level cache.
const (
	fftStrip     = 16
	fftStripSize = 1 << 14
)

// fftGrain is the number of transforms of size n that are worth a worker.
func fftGrain(n int) int { return max(1, grainCostly/n) }

func scaleComplex[T float32 | float64](y []Complex[T], s T) {
	if s == 1 {
		return
	}
	for i, v := range y {
		y[i] = v.times(s)
	}
}
