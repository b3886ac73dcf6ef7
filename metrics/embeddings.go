package metrics

import (
	"math"
	"slices"

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
	x, v, _ := features(op, "vectors", vectors)
	ordered(op, "vectors", x)
	for q, abc := range questions {
		for _, i := range abc {
			if i < 0 || i >= v {
				tensor.Fail(op, tensor.ErrIndex, []tensor.Shape{vectors.Shape()}, "question %d names vector %d of %d", q, i, v)
			}
		}
	}
	unit := vectors.Detach().To(tensor.Float64)
	unit = unit.Div(unit.Square().SumKeepdim(1).Sqrt().ClampMin(1e-300)) // a vector of zeros stays
	answers := make([]int, 0, len(questions))
	for asked := range slices.Chunk(questions, 64) {
		// cos[k] holds the cosines of the k-th vectors of the questions with all, (Q, V).
		var cos [3]*tensor.Tensor
		for k := range cos {
			at := make([]int64, len(asked))
			for i, abc := range asked {
				at[i] = int64(abc[k])
			}
			cos[k] = unit.IndexSelect(0, tensor.Of(at)).MatMul(unit.T())
		}
		score := cos[1].Sub(cos[0]).Add(cos[2]) // the sum's own length is the same for all
		if cfg.Mul {
			half := func(c *tensor.Tensor) *tensor.Tensor { return c.AddScalar(1).MulScalar(0.5) }
			score = half(cos[1]).Mul(half(cos[2])).Div(half(cos[0]).AddScalar(0.001))
		}
		all := score.Floats()
		for i, abc := range asked {
			best, answer := math.Inf(-1), -1
			for j, s := range all[i*v : (i+1)*v] {
				if s > best && !slices.Contains(abc[:], j) {
					best, answer = s, j
				}
			}
			answers = append(answers, answer)
		}
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
