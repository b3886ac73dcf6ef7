package metrics

import (
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T23", "Hit rate, MRR, recall, precision, NDCG at K", "Järvelin and Kekäläinen 2002", "one query by hand: 1, 1/2, 1/3, 1/3, 0.296; a graded one 0.949", ranking)
	row("T24", "Spearman, Pearson, Kendall", "Spearman 1904; Kendall 1945", "0.8 of 5 pairs; √0.9 with a tie, where 1 − 6Σd²/(n³ − n) gives 0.95", spearman)
	row("T25", "Analogy accuracy", "Mikolov et al. 2013; Levy and Goldberg 2014", "man is to king as woman is to queen in both directions", analogies)
}

func ranking(c *catalog.Check) error {
	r := metrics.NewRanking(3)
	r.Add([]int{9, 1, 8, 2}, []int{1, 2, 3}) // relevant at place 2 alone of the first 3
	ideal := 1 + 1/math.Log2(3) + 0.5
	c.Equal("hit rate", r.HitRate(), 1)
	c.Equal("MRR", r.MRR(), 0.5)
	c.Equal("recall", r.Recall(), 1.0/3)
	c.Equal("precision", r.Precision(), 1.0/3)
	c.Near("NDCG", r.NDCG(), 1/math.Log2(3)/ideal, within)
	l := math.Log2
	g := metrics.NewRanking(6)
	g.AddGraded([]int{0, 1, 2, 3, 4, 5}, map[int]float64{0: 3, 1: 2, 2: 3, 4: 1, 5: 2})
	c.Near("NDCG with grades 3 2 3 0 1 2", g.NDCG(), (3+2/l(3)+3/l(4)+1/l(6)+2/l(7))/(3+3/l(3)+2/l(4)+2/l(5)+1/l(6)), within)
	miss := metrics.NewRanking(3)
	miss.Add([]int{5, 6}, []int{4})
	r.Merge(miss)
	c.Equal("MRR of two queries", r.MRR(), 0.25)
	r.Add([]int{1}, nil)
	c.Equal("a query without relevant items does not count", r.HitRate(), 0.5)
	refused(c, "an item ranked twice", tensor.ErrValue, func() { r.Add([]int{1, 1}, []int{1}) })
	return nil
}

func spearman(c *catalog.Check) error {
	x := []float64{1, 2, 3, 4, 5}
	c.Near("Spearman, 1 − 6·4/120", metrics.Spearman(x, []float64{2, 1, 4, 3, 5}), 0.8, within)
	c.Near("Spearman of a growing curve", metrics.Spearman(x, []float64{1, 8, 27, 64, 125}), 1, within)
	c.Near("Kendall, (8 − 2)/10", metrics.Kendall(x, []float64{2, 1, 4, 3, 5}), 0.6, within)
	tied, y := []float64{1, 2, 2, 3}, []float64{1, 3, 2, 4}
	c.Near("Spearman with a tie", metrics.Spearman(tied, y), math.Sqrt(0.9), within)
	c.Near("Kendall's τ_b with a tie", metrics.Kendall(tied, y), 5/math.Sqrt(30), within)
	c.Near("Pearson", metrics.Pearson([]float64{1, 2, 3}, []float64{1, 3, 2}), 0.5, within)
	c.Control(func() { // ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4
		c.AtLeast("the short formula with a tie is off by", 1-6*0.5/60-metrics.Spearman(tied, y), 1e-3)
	})
	undefined(c, "correlation with a constant", metrics.Spearman(x, make([]float64, 5)))
	refused(c, "a NaN among ranks", tensor.ErrNaN, func() { metrics.Spearman(x, []float64{1, 2, 3, 4, math.NaN()}) })
	return nil
}

func analogies(c *catalog.Check) error {
	// man, woman, king, queen, and a word that is far from all.
	v := f64([]int{5, 3}, 1, 0, 0, 0, 1, 0, 2, 0, 2, 0, 3, 3, -1, -1, -1)
	questions := [][4]int{{0, 2, 1, 3}, {0, 1, 2, 3}, {3, 1, 2, 0}}
	c.Equal("3CosAdd", metrics.AnalogyAccuracy(v, questions, metrics.AnalogyConfig{}), 1)
	c.Equal("3CosMul", metrics.AnalogyAccuracy(v, questions, metrics.AnalogyConfig{Mul: true}), 1)
	c.Equal("a wrong answer among two", metrics.AnalogyAccuracy(v, [][4]int{{0, 1, 2, 3}, {0, 1, 2, 4}}, metrics.AnalogyConfig{}), 0.5)
	undefined(c, "of no questions", metrics.AnalogyAccuracy(v, nil, metrics.AnalogyConfig{}))
	refused(c, "a word that is not there", tensor.ErrIndex, func() { metrics.AnalogyAccuracy(v, [][4]int{{0, 1, 5, 2}}, metrics.AnalogyConfig{}) })
	return nil
}
