package metrics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/hadal-go/hadal/tensor"
)

// Interval is an estimate between bounds that hold the truth with a stated confidence.
type Interval struct {
	Value, Low, High float64
}

// MeanReturn returns the mean of independent returns, of episodes or of seeds, and the interval of the given confidence, such as 0.95, from
// Student's t with n − 1 degrees of freedom: mean ± t s/√n. The bounds of fewer than two are NaN, and so is the mean of none. It panics with
// ErrValue unless 0 < confidence < 1.
func MeanReturn(returns []float64, confidence float64) Interval {
	checkConfidence("mean_return", confidence)
	m, n := mean(returns), float64(len(returns))
	if n < 2 {
		return Interval{m, math.NaN(), math.NaN()}
	}
	var squares float64
	for _, v := range returns {
		squares += (v - m) * (v - m)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}
	half := t.Quantile((1+confidence)/2) * math.Sqrt(squares/(n-1)/n)
	return Interval{m, m - half, m + half}
}

func checkConfidence(op string, c float64) {
	if !(c > 0 && c < 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "the confidence is %v, must be between 0 and 1, as 0.95", c)
	}
}

// SuccessRate returns successes/trials with E. Wilson's interval (1927) of the given confidence, which stays within [0, 1] and is right for
// few trials and for rates near 0 and 1: with z the normal quantile and p the rate,
//
//	(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
//
// NaN without trials. It panics with ErrValue unless 0 <= successes <= trials and 0 < confidence < 1.
func SuccessRate(successes, trials int, confidence float64) Interval {
	return wilson("success_rate", float64(successes), trials, confidence)
}

// WinRate returns the rate at which games were won, draws counting half, with Wilson's interval: see SuccessRate. It panics with ErrValue on
// a negative number and unless 0 < confidence < 1.
func WinRate(wins, draws, losses int, confidence float64) Interval {
	if wins < 0 || draws < 0 || losses < 0 {
		tensor.Fail("win_rate", tensor.ErrValue, nil, "%d wins, %d draws, %d losses: none may be negative", wins, draws, losses)
	}
	return wilson("win_rate", float64(wins)+float64(draws)/2, wins+draws+losses, confidence)
}

func wilson(op string, successes float64, trials int, confidence float64) Interval {
	checkConfidence(op, confidence)
	n := float64(trials)
	if successes < 0 || successes > n {
		tensor.Fail(op, tensor.ErrValue, nil, "%v successes in %d trials", successes, trials)
	}
	p, z := successes/n, distuv.UnitNormal.Quantile((1+confidence)/2)
	centre, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high := (centre-half)/(1+z*z/n), (centre+half)/(1+z*z/n)
	if n > 0 { // rounding may lead outside
		low, high = max(0, low), min(1, high)
	}
	return Interval{p, low, high}
}

// Regret returns the cumulative regret after each step, Σ_{s<=t} (best − expected_s): best is the expected reward of the best action and
// expected that of each action taken, not the reward drawn (H. Robbins, 1952; T. Lai and Robbins, 1985).
func Regret(best float64, expected []float64) []float64 {
	r := make([]float64, len(expected))
	sum := 0.0
	for t, v := range expected {
		sum += best - v
		r[t] = sum
	}
	return r
}

// DiscountedReturn returns Σ_t γ^t r_t. It panics with ErrValue unless 0 <= gamma <= 1.
func DiscountedReturn(rewards []float64, gamma float64) float64 {
	if !(gamma >= 0 && gamma <= 1) {
		tensor.Fail("discounted_return", tensor.ErrValue, nil, "gamma is %v, must be in [0, 1]", gamma)
	}
	sum := 0.0
	for t := len(rewards) - 1; t >= 0; t-- {
		sum = rewards[t] + gamma*sum
	}
	return sum
}
