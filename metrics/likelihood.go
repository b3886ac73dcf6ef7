package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Likelihood accumulates how probable a model found what it was shown. The zero value is empty; its measures are NaN.
type Likelihood struct {
	nats  float64
	count int
}

// Add takes scores (N, V), unnormalised log-probabilities of V classes or tokens, and the classes y (N,) int64 that came: it adds
// −Σ ln softmax(scores)[y] over N. Rows with a y of −100 do not count, as in losses.CrossEntropy. It panics, adding nothing, with ErrIndex
// when a class is outside [0, V).
func (l *Likelihood) Add(scores, y *tensor.Tensor) {
	const op = "likelihood"
	t := integers(op, "classes", y)
	shapes := []tensor.Shape{scores.Shape(), y.Shape()}
	if scores.Rank() != 2 || y.Shape() != tensor.ShapeOf(scores.Dim(0)) {
		tensor.Fail(op, tensor.ErrShape, shapes, "scores must be (N, V) and classes (N,); Flatten batch and time into N")
	}
	v := scores.Dim(1)
	for i, k := range t {
		if k != -100 && (k < 0 || k >= int64(v)) {
			tensor.Fail(op, tensor.ErrIndex, shapes, "class %d at %d is not in [0, %d), nor is it -100, which does not count", k, i, v)
		}
	}
	x := scores.Floats()
	for i, k := range t {
		if k == -100 {
			continue
		}
		row := x[i*v : (i+1)*v]
		l.nats += logMeanExp(row) + math.Log(float64(v)) - row[k]
		l.count++
	}
}

// AddNats takes the sum of −ln p over count tokens, dimensions or whatever is counted. It panics with ErrValue when count is negative.
func (l *Likelihood) AddNats(sum float64, count int) {
	if count < 0 {
		tensor.Fail("likelihood", tensor.ErrValue, nil, "a count of %d is negative", count)
	}
	l.nats += sum
	l.count += count
}

// Merge adds what o holds.
func (l *Likelihood) Merge(o *Likelihood) { l.AddNats(o.nats, o.count) }

// Nats returns the mean of −ln p, in nats.
func (l *Likelihood) Nats() float64 { return l.nats / float64(l.count) }

// Bits returns the mean of −log₂ p, in bits: nats/ln 2.
func (l *Likelihood) Bits() float64 { return l.Nats() / math.Ln2 }

// Perplexity returns e^Nats: among how many equally likely ones the model hesitates on average.
func (l *Likelihood) Perplexity() float64 { return Perplexity(l.Nats()) }

// BitsPerCharacter returns the bits for all that was added by the number of characters it spells, so that models of different tokens
// compare.
func (l *Likelihood) BitsPerCharacter(characters int) float64 {
	return l.nats / math.Ln2 / float64(characters)
}

// Perplexity returns e^nats of the mean −ln p of a token, the cross-entropy loss; 2^bits is the same (F. Jelinek et al., 1977).
func Perplexity(nats float64) float64 { return math.Exp(nats) }

// BitsPerDim returns log₂ levels + nats / (dims · ln 2) for −ln p, in nats, of one sample of dims dimensions. levels is by how much the
// integers of the data were divided before the model saw them: 256 for the density of pixels scaled to [0, 1], 1 where p is that of the
// integers themselves. Guessing uniformly among 256 levels costs 8. It panics with ErrValue unless dims and levels are positive.
func BitsPerDim(nats float64, dims int, levels float64) float64 {
	if dims < 1 || !(levels > 0) {
		tensor.Fail("bits_per_dim", tensor.ErrValue, nil, "%d dimensions of %v levels; both must be positive", dims, levels)
	}
	return nats/(float64(dims)*math.Ln2) + math.Log2(levels)
}
