package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// AnalogyConfig are the options of Analogies.
type AnalogyConfig struct {
	Mul bool // 3CosMul (O. Levy and Y. Goldberg, 2014); default 3CosAdd
}

// Analogies answers questions "a is to b as c is to ?", rows (a, b, c) of indices, with the index of the vector (V, D) that is
//
//	3CosAdd  argmax_d cos(d, b − a + c), vectors normalised (T. Mikolov et al., 2013)
//	3CosMul  argmax_d cos(d, b) cos(d, c) / (cos(d, a) + 0.001), cosines moved to [0, 1]
//
// without a, b and c themselves; of equal ones the first, −1 when there is none. It panics with ErrIndex on an index out of range and with
// ErrNaN when a vector holds a NaN.
func Analogies(vectors *tensor.Tensor, questions [][3]int, cfg AnalogyConfig) []int {
	const op = "analogies"
	x, v, d := features(op, "vectors", vectors)
	ordered(op, "vectors", x)
	row := func(i int) []float64 { return x[i*d : (i+1)*d] }
	for i := range v {
		if n := math.Sqrt(dot(row(i), row(i))); n > 0 {
			for k := range row(i) {
				row(i)[k] /= n
			}
		}
	}
	answers := make([]int, len(questions))
	for q, abc := range questions {
		for _, i := range abc {
			if i < 0 || i >= v {
				tensor.Fail(op, tensor.ErrIndex, []tensor.Shape{vectors.Shape()}, "question %d names vector %d of %d", q, i, v)
			}
		}
		best, answer := math.Inf(-1), -1
		for i := range v {
			if i == abc[0] || i == abc[1] || i == abc[2] {
				continue
			}
			a, b, c := dot(row(i), row(abc[0])), dot(row(i), row(abc[1])), dot(row(i), row(abc[2]))
			score := b - a + c // the sum's own length is the same for all
			if cfg.Mul {
				score = (1 + b) / 2 * (1 + c) / 2 / ((1+a)/2 + 0.001)
			}
			if score > best {
				best, answer = score, i
			}
		}
		answers[q] = answer
	}
	return answers
}

// AnalogyAccuracy returns the share of questions (a, b, c, d) to which Analogies answers d; NaN without questions.
func AnalogyAccuracy(vectors *tensor.Tensor, questions [][4]int, cfg AnalogyConfig) float64 {
	asked := make([][3]int, len(questions))
	for i, q := range questions {
		asked[i] = [3]int(q[:3])
	}
	right := 0
	for i, d := range Analogies(vectors, asked, cfg) {
		if d == questions[i][3] {
			right++
		}
	}
	return float64(right) / float64(len(questions))
}

func dot(a, b []float64) (s float64) {
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
