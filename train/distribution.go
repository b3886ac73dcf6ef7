package train

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// Distribution is how the elements of a tensor are distributed. All but N and NonFinite are of the finite ones.
type Distribution struct {
	N         int64   `json:"n"` // finite elements
	Mean      float64 `json:"mean"`
	Std       float64 `json:"std"` // dividing by N
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Zeros     float64 `json:"zeros"`                // share that is 0, or below 2^-128 in magnitude
	NonFinite int64   `json:"non_finite,omitempty"` // NaN and infinite elements

	// Limits and Counts are a histogram: Counts[i] elements lie between Limits[i] and Limits[i+1]. There are four buckets in each
	// doubling, from 1/256 of the largest magnitude on, and one around 0; an element at a limit counts away from 0. Empty buckets
	// side by side are one.
	Limits []float64 `json:"limits"`
	Counts []int64   `json:"counts"`
}

// A float32's sign, exponent and first two bits of the fraction are the number of its bucket.
const (
	bucketShift = 21
	halfBuckets = 1 << 10  // of each sign
	infinite    = 255 << 2 // from here on it is infinite or NaN
	octaves     = 8        // below the largest magnitude that are told apart
	leastChunk  = 1 << 16  // elements that one goroutine counts
	mostChunks  = 64       // which bounds the memory
	numBuckets  = 2 * halfBuckets
)

// tally is the distribution of elements in progress.
type tally struct {
	n, bad    int64
	mean, m2  float64 // m2 is the sum of squared distances from the mean
	squares   float64 // of the elements
	min, max  float64
	saturated int64
	counts    [numBuckets]int64
}

// bounds are what an activation function is within 1 % of the length of its range from; Lo == Hi is none.
type bounds struct{ Lo, Hi float64 }

// tallied counts the elements of t, which must be floats, in chunks that depend on their number alone.
func tallied(t *tensor.Tensor, b bounds) (all *tally) {
	switch t = t.Detach(); {
	case t.Device() == tensor.Meta || !t.DType().IsFloat():
		all = tallyChunks[float32](nil, b)
	case t.DType() == tensor.Float64:
		tensor.Read(t, func(x []float64) { all = tallyChunks(x, b) })
	default:
		tensor.Read(t.To(tensor.Float32), func(x []float32) { all = tallyChunks(x, b) })
	}
	return all
}

// chunkOf returns the number of elements that one goroutine takes of n.
func chunkOf(n int) int { return max(leastChunk, (n+mostChunks-1)/mostChunks) }

func tallyChunks[T float32 | float64](x []T, b bounds) *tally {
	chunk := chunkOf(len(x))
	parts := make([]tally, max(1, (len(x)+chunk-1)/chunk))
	parallel.For(len(parts), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			part := x[i*chunk : min(len(x), (i+1)*chunk)]
			tallyChunk(&parts[i], part)
			if b.Lo < b.Hi {
				for _, v := range part {
					if v <= T(b.Lo) || v >= T(b.Hi) {
						parts[i].saturated++
					}
				}
			}
		}
	})
	for i := range parts[1:] {
		parts[0].add(&parts[i+1])
	}
	return &parts[0]
}

func tallyChunk[T float32 | float64](p *tally, x []T) {
	var counts [2][numBuckets]uint32 // two, so that equal neighbours, zeros, do not wait for each other
	for i, v := range x {
		counts[i&1][bucketOf(v)]++
	}
	for b := range p.counts {
		p.counts[b] = int64(counts[0][b]) + int64(counts[1][b])
	}
	for b := infinite; b < halfBuckets; b++ {
		p.bad += p.counts[b] + p.counts[halfBuckets+b]
		p.counts[b], p.counts[halfBuckets+b] = 0, 0
	}
	p.n = int64(len(x)) - p.bad
	p.min, p.max = math.Inf(1), math.Inf(-1)
	if p.n == 0 {
		return
	}
	first := x[0]
	for i := 0; first-first != 0; i++ {
		first = x[i]
	}
	// Distances from one of the elements: the variance of large numbers close to each other does not cancel.
	lo, hi, shift := first, first, float64(first)
	var sum, squares, raw float64
	for _, v := range x {
		if v-v != 0 {
			continue
		}
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
		d := float64(v) - shift
		sum += d
		squares += d * d
		raw += float64(v) * float64(v)
	}
	n := float64(p.n)
	p.min, p.max, p.squares = float64(lo), float64(hi), raw
	p.mean, p.m2 = shift+sum/n, max(0, squares-sum*sum/n)
}

func bucketOf[T float32 | float64](v T) uint32 {
	f := float32(v)
	if f-f != 0 && v-v == 0 { // a float64 beyond float32's range
		f = math.MaxFloat32
		if v < 0 {
			f = -f
		}
	}
	return math.Float32bits(f) >> bucketShift
}

// add joins q to p, as Chan, Golub and LeVeque (1979, "Updating formulae and a pairwise algorithm for computing sample variances") do.
func (p *tally) add(q *tally) {
	p.bad, p.saturated, p.squares = p.bad+q.bad, p.saturated+q.saturated, p.squares+q.squares
	if q.n == 0 {
		return
	}
	n := float64(p.n + q.n)
	d := q.mean - p.mean
	p.m2 += q.m2 + d*d*float64(p.n)*float64(q.n)/n
	p.mean += d * float64(q.n) / n
	p.n += q.n
	p.min, p.max = min(p.min, q.min), max(p.max, q.max)
	for i, k := range q.counts {
		p.counts[i] += k
	}
}

// norm returns the 2-norm of the finite elements.
func (p *tally) norm() float64 { return within(math.Sqrt(p.squares)) }

func (p *tally) saturatedShare() float64 { return float64(p.saturated) / float64(max(1, p.n)) }

// distribution returns what was counted.
func (p *tally) distribution() Distribution {
	d := Distribution{N: p.n, NonFinite: p.bad, Limits: []float64{}, Counts: []int64{}}
	if p.n == 0 {
		return d
	}
	d.Mean, d.Std, d.Min, d.Max = within(p.mean), within(math.Sqrt(p.m2/float64(p.n))), p.min, p.max
	d.Zeros = float64(p.counts[0]+p.counts[halfBuckets]) / float64(p.n)
	d.Limits, d.Counts = p.histogram()
	return d
}

// within makes what overflowed the largest number: JSON has no other.
func within(x float64) float64 {
	if x != x {
		return math.MaxFloat64
	}
	return max(-math.MaxFloat64, min(x, math.MaxFloat64))
}

// histogram returns the buckets that are not empty, those near 0 in one.
func (p *tally) histogram() (limits []float64, counts []int64) {
	top := 0
	for b := range infinite {
		if p.counts[b]+p.counts[halfBuckets+b] > 0 {
			top = b
		}
	}
	least := max(1, top+1-4*octaves) // what is below is about 0
	edge := func(b int) float64 {
		if b == infinite {
			return math.MaxFloat32
		}
		return float64(math.Float32frombits(uint32(b) << bucketShift))
	}
	add := func(lo, hi float64, n int64) {
		if n == 0 {
			return
		}
		if k := len(limits); k == 0 {
			limits = append(limits, lo)
		} else if limits[k-1] < lo {
			limits, counts = append(limits, lo), append(counts, 0)
		}
		limits, counts = append(limits, hi), append(counts, n)
	}
	for b := top; b >= least; b-- {
		add(-edge(b+1), -edge(b), p.counts[halfBuckets+b])
	}
	var middle int64
	for b := range least {
		middle += p.counts[b] + p.counts[halfBuckets+b]
	}
	add(-edge(least), edge(least), middle)
	for b := least; b <= top; b++ {
		add(edge(b), edge(b+1), p.counts[b])
	}
	return limits, counts
}

// norms returns the 2-norms of b and of a - b, tensors of one shape and type, over their finite elements.
func norms(a, b *tensor.Tensor) (norm, distance float64) {
	switch a, b = a.Detach(), b.Detach(); {
	case a.Device() == tensor.Meta:
	case a.DType() == tensor.Float64:
		tensor.Read(a, func(x []float64) { tensor.Read(b, func(y []float64) { norm, distance = normsOf(x, y) }) })
	default:
		tensor.Read(a.To(tensor.Float32), func(x []float32) {
			tensor.Read(b.To(tensor.Float32), func(y []float32) { norm, distance = normsOf(x, y) })
		})
	}
	return norm, distance
}

func normsOf[T float32 | float64](x, y []T) (norm, distance float64) {
	chunk := chunkOf(len(x))
	parts := make([][2]float64, (len(x)+chunk-1)/chunk)
	parallel.For(len(parts), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			var squares, distances float64
			y := y[i*chunk : min(len(y), (i+1)*chunk)]
			for j, v := range x[i*chunk : min(len(x), (i+1)*chunk)] {
				w := float64(y[j])
				d := float64(v) - w
				if d-d != 0 {
					continue
				}
				squares += w * w
				distances += d * d
			}
			parts[i] = [2]float64{squares, distances}
		}
	})
	for _, p := range parts {
		norm, distance = norm+p[0], distance+p[1]
	}
	return within(math.Sqrt(norm)), within(math.Sqrt(distance))
}
