package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// EloExpected returns the score, 1 for a win and ½ for a draw, that a player of rating a expects against one of rating b (A. Elo, 1978):
// 1/(1 + 10^{(b−a)/400}). 200 points more are 0.76.
func EloExpected(a, b float64) float64 { return 1 / (1 + math.Pow(10, (b-a)/400)) }

// EloDifference returns the difference of ratings at which score is expected, the inverse of EloExpected: −400 log₁₀(1/score − 1). ±Inf for
// 1 and 0. It panics with ErrValue unless 0 <= score <= 1.
func EloDifference(score float64) float64 {
	checkScore(score)
	return -400 * math.Log10(1/score-1)
}

// Elo rates players by the games between them.
type Elo struct {
	K       float64   // by how much a game moves ratings: 10 to 40
	Ratings []float64 // by player
}

// NewElo returns players that all have one rating, such as 1500. It panics with ErrValue unless there are players and k is positive.
func NewElo(players int, k, rating float64) *Elo {
	if players < 1 || !(k > 0) {
		tensor.Fail("elo", tensor.ErrValue, nil, "%d players, K %v: both must be positive", players, k)
	}
	e := &Elo{k, make([]float64, players)}
	for i := range e.Ratings {
		e.Ratings[i] = rating
	}
	return e
}

// Add takes a game in which player a scored 1 (won), ½ (drew) or 0 (lost) against player b: a's rating moves by K(score − expected), b's by
// as much the other way. It panics with ErrIndex when there is no such player or both are one, and with ErrValue unless 0 <= score <= 1.
func (e *Elo) Add(a, b int, score float64) {
	if n := len(e.Ratings); a < 0 || b < 0 || a >= n || b >= n || a == b {
		tensor.Fail("elo", tensor.ErrIndex, nil, "players %d and %d of %d", a, b, n)
	}
	checkScore(score)
	move := e.K * (score - EloExpected(e.Ratings[a], e.Ratings[b]))
	e.Ratings[a] += move
	e.Ratings[b] -= move
}

func checkScore(score float64) {
	if !(score >= 0 && score <= 1) {
		tensor.Fail("elo", tensor.ErrValue, nil, "a score of %v is not in [0, 1]", score)
	}
}
