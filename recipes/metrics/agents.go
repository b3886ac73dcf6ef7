package metrics

import (
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T28", "Mean return with confidence interval", "Student 1908", "2 ± 4.3027/√3 for returns 1, 2, 3; covers the truth in 95% of 2000 experiments ± 1.5%", meanReturn)
	row("T29", "Elo and win rate", "Elo 1978", "400 points are 10/11; ratings converge to the true difference within 40", elo)
	row("T30", "Success rate", "Wilson 1927", "0 of 10: [0, z²/(10 + z²)]; covers the truth better than p ± z√(p(1 − p)/n)", successRate)
	row("T31", "Regret", "Lai and Robbins 1985", "0.5, 0.5, 1.25 by hand; linear for random play, none for the best", regret)
}

func meanReturn(c *catalog.Check) error {
	m := metrics.MeanReturn([]float64{1, 2, 3}, 0.95)
	c.Near("upper bound", m.High, 2+4.302652729911275/math.Sqrt(3), 1e-9)
	c.Near("lower bound", m.Low, 2-4.302652729911275/math.Sqrt(3), 1e-9)
	c.Equal("mean", m.Value, 2)
	g := random.New(1)
	covered, normal := 0, 0
	const n = 2000
	for range n {
		m := metrics.MeanReturn([]float64{g.NormFloat64(), g.NormFloat64(), g.NormFloat64()}, 0.95)
		if m.Low <= 0 && 0 <= m.High {
			covered++
		}
		if math.Abs(m.Value) <= (m.High-m.Value)*1.959964/4.302653 {
			normal++
		}
	}
	c.Near("share of intervals of 3 seeds that hold the truth", float64(covered)/n, 0.95, 0.015)
	c.Control(func() { c.AtMost("that of mean ± 1.96 standard errors", float64(normal)/n, 0.85) })
	undefined(c, "the bound of one return", metrics.MeanReturn([]float64{1}, 0.95).Low)
	undefined(c, "the mean of none", metrics.MeanReturn(nil, 0.95).Value)
	refused(c, "a confidence of 95", tensor.ErrValue, func() { metrics.MeanReturn(nil, 95) })
	return nil
}

func elo(c *catalog.Check) error {
	c.Near("score expected of 400 points more", metrics.EloExpected(1900, 1500), 10.0/11, within)
	c.Near("points of a score of 10/11", metrics.EloDifference(10.0/11), 400, 1e-9)
	e := metrics.NewElo(2, 32, 1500)
	e.Add(0, 1, 1)
	c.Equal("the winner among equals, K = 32", e.Ratings[0], 1516)
	c.Equal("the loser", e.Ratings[1], 1484)
	g := random.New(1)
	e = metrics.NewElo(2, 8, 0)
	var late float64
	for i := range 6000 {
		won := 0.0
		if g.Float64() < metrics.EloExpected(200, 0) {
			won = 1
		}
		e.Add(0, 1, won)
		if i >= 1000 {
			late += (e.Ratings[0] - e.Ratings[1]) / 5000
		}
	}
	c.Near("difference of players who are 200 apart", late, 200, 40)
	c.Near("ratings sum to what they did", e.Ratings[0]+e.Ratings[1], 0, 1e-9)
	w := metrics.WinRate(3, 2, 5, 0.95)
	c.Near("win rate of 3 wins, 2 draws, 5 losses", w.Value, 0.4, within)
	c.True("its interval holds it", w.Low < 0.4 && 0.4 < w.High)
	refused(c, "a player against himself", tensor.ErrIndex, func() { e.Add(1, 1, 1) })
	return nil
}

func successRate(c *catalog.Check) error {
	const z = 1.959963984540054
	never, always := metrics.SuccessRate(0, 10, 0.95), metrics.SuccessRate(10, 10, 0.95)
	c.Near("upper bound of 0 of 10", never.High, z*z/(10+z*z), 1e-9)
	c.Near("lower bound of 10 of 10", always.Low, 10/(10+z*z), 1e-9)
	c.Equal("rate of 0 of 10", never.Value, 0)
	// Exactly, by the binomial distribution: how often intervals hold a rate of 0.05 in 20 trials.
	var covered, naive float64
	p := 0.05
	chance := math.Pow(1-p, 20)
	for k := range 21 {
		w := metrics.SuccessRate(k, 20, 0.95)
		if w.Low <= p && p <= w.High {
			covered += chance
		}
		if half := z * math.Sqrt(w.Value*(1-w.Value)/20); math.Abs(w.Value-p) <= half {
			naive += chance
		}
		chance *= float64(20-k) / float64(k+1) * p / (1 - p)
	}
	c.AtLeast("chance that the interval holds a rate of 0.05", covered, 0.9)
	c.Control(func() { c.AtMost("that of p ± z√(p(1 − p)/n)", naive, 0.7) })
	undefined(c, "the rate of no trials", metrics.SuccessRate(0, 0, 0.95).Value)
	refused(c, "more successes than trials", tensor.ErrValue, func() { metrics.SuccessRate(3, 2, 0.95) })
	return nil
}

func regret(c *catalog.Check) error {
	r := metrics.Regret(1, []float64{0.5, 1, 0.25})
	c.Equal("regret after 3 steps", r[2], 1.25)
	c.True("0.5 before", r[0] == 0.5 && r[1] == 0.5)
	g := random.New(1)
	arms := []float64{0.2, 0.5, 0.8}
	expected := make([]float64, 3000)
	for i := range expected {
		expected[i] = arms[g.Intn(3)]
	}
	played := metrics.Regret(0.8, expected)
	c.Near("regret of random play by step", played[2999]/3000, 0.3, 0.02)
	best := metrics.Regret(0.8, []float64{0.8, 0.8, 0.8})
	c.Equal("regret of the best action", best[2], 0)
	c.Equal("steps of nothing", float64(len(metrics.Regret(1, nil))), 0)
	return nil
}
