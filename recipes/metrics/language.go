package metrics

import (
	"math"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T07", "Perplexity, bits per dimension and character, nats", "Jelinek et al. 1977", "uniform guesses among V have perplexity V, log₂ V bits and ln V nats", likelihood)
	row("T08", "BLEU", "Papineni et al. 2002", "the paper's examples: 2/7, 17/18 and 10/17; smoothing as in sacreBLEU", bleu)
	row("T09", "Alignment error rate", "Och and Ney 2003", "1 − (2 + 3)/(4 + 2) by hand; 0 for the sure links alone", aer)
	row("T10", "Word and character error rate", "Levenshtein 1966", "kitten to sitting 3/6; 3 errors in 7 words; above 1 when much is inserted", wer)
}

func likelihood(c *catalog.Check) error {
	var l metrics.Likelihood
	l.Add(tensor.With(tensor.Float64).Zeros(3, 8), tensor.Of([]int64{0, 7, -100})) // −100 does not count
	c.Near("perplexity of uniform scores of 8", l.Perplexity(), 8, within)
	c.Near("nats", l.Nats(), math.Log(8), within)
	c.Near("bits", l.Bits(), 3, within)
	c.Near("bits per character, 12 spelled by 2 tokens", l.BitsPerCharacter(12), 0.5, within)
	c.Near("bits/dim of uniform bytes", metrics.BitsPerDim(784*math.Log(256), 784, 1), 8, within)
	c.Near("bits/dim of the density 1 on [0, 1]", metrics.BitsPerDim(0, 784, 256), 8, within)
	var two metrics.Likelihood
	two.AddNats(2*math.Log(2), 2)
	l.Merge(&two)
	c.Near("of tokens of probability 1/8, 1/8, 1/2, 1/2: the geometric mean", l.Perplexity(), 4, within)
	undefined(c, "perplexity of nothing", new(metrics.Likelihood).Perplexity())
	c.Control(func() {
		c.AtLeast("the arithmetic mean of perplexities is off by", (8+8+2+2)/4.0-l.Perplexity(), 1)
		c.AtLeast("2^nats is off by", math.Abs(math.Exp2(l.Nats())-4), 1)
	})
	return nil
}

func bleu(c *catalog.Check) error {
	f := strings.Fields
	score := func(candidate, reference string, cfg metrics.BLEUConfig) float64 {
		return metrics.SentenceBLEU(f(candidate), [][]string{f(reference)}, cfg)
	}
	// Precisions 3/4, 1/3, 0/2, 0/1; a and b d stay, c became x.
	const x, r = "a b x d", "a b c d"
	c.Near("exp: 3/4 · 1/3 · ½/2 · ¼/1", score(x, r, metrics.BLEUConfig{Smoothing: metrics.SmoothExp}), math.Pow(1.0/64, 0.25), within)
	c.Near("floor: 3/4 · 1/3 · 0.1/2 · 0.1/1", score(x, r, metrics.BLEUConfig{Smoothing: metrics.SmoothFloor}), math.Pow(0.25*0.05*0.1, 0.25), within)
	c.Near("add one: 3/4 · 2/4 · 1/3 · 1/2", score(x, r, metrics.BLEUConfig{Smoothing: metrics.SmoothAddK}), math.Pow(1.0/16, 0.25), within)
	c.Equal("none", score(x, r, metrics.BLEUConfig{}), 0)
	c.Near("equal", score(r, r, metrics.BLEUConfig{}), 1, within)
	c.Near("4 words of 5: the brevity penalty alone", score(r, "a b c d e", metrics.BLEUConfig{}), math.Exp(-0.25), within)

	the := metrics.NewBLEU(metrics.BLEUConfig{})
	the.Add(f("the the the the the the the"), f("the cat is on the mat"), f("there is a cat on the mat"))
	c.Near("modified precision of seven times the", the.Precisions()[0], 2.0/7, within)
	guide := metrics.NewBLEU(metrics.BLEUConfig{})
	guide.Add(f("it is a guide to action which ensures that the military always obeys the commands of the party"),
		f("it is a guide to action that ensures that the military will forever heed party commands"),
		f("it is the guiding principle which guarantees the military forces always being under the command of the party"),
		f("it is the practical guide for the army always to heed the directions of the party"))
	c.Near("unigrams of the paper's example 1", guide.Precisions()[0], 17.0/18, within)
	c.Near("its bigrams", guide.Precisions()[1], 10.0/17, within)

	corpus := metrics.NewBLEU(metrics.BLEUConfig{MaxOrder: 1})
	corpus.Add(f("a b"), f("a b"))
	corpus.Add(f("x a b c"), f("d e f c"))
	c.Near("corpus: 3 of 6", corpus.Score(), 0.5, within)
	c.Control(func() { c.AtLeast("the mean of the sentences is off by", (1+0.25)/2-corpus.Score(), 0.1) })
	undefined(c, "of no sentence", metrics.NewBLEU(metrics.BLEUConfig{}).Score())
	refused(c, "no reference", tensor.ErrValue, func() { corpus.Add(f("a")) })
	return nil
}

func aer(c *catalog.Check) error {
	type l = metrics.Link
	sure, possible := []l{{0, 0}, {1, 1}}, []l{{2, 3}, {2, 2}}
	predicted := []l{{0, 0}, {1, 1}, {2, 3}, {3, 2}} // 2 of them sure, 3 possible
	c.Near("AER", metrics.AER(predicted, sure, possible), 1-5.0/6, within)
	c.Equal("AER of the sure links", metrics.AER(sure, sure, possible), 0)
	c.Equal("AER of no link", metrics.AER(nil, sure, possible), 1)
	c.Near("AER of possible links alone", metrics.AER(possible, sure, possible), 1-2.0/4, within)
	undefined(c, "AER of nothing", metrics.AER(nil, nil, nil))
	return nil
}

func wer(c *catalog.Check) error {
	e := metrics.CharacterEdits("kitten", "sitting")
	c.Equal("CER from kitten to sitting", e.Rate(), 0.5)
	c.True("2 substituted, none deleted, 1 inserted", e.Substitutions == 2 && e.Deletions == 0 && e.Insertions == 1)
	refs, hyps := []string{"the cat sat on the mat", "yes"}, []string{"the cat sit on mat", "oh yes"}
	c.Near("WER of two sentences", metrics.WER(refs, hyps), 3.0/7, within)
	c.Equal("WER of three words for one", metrics.WER([]string{"a"}, []string{"b c d"}), 3)
	c.Equal("CER counts characters, not bytes", metrics.CER([]string{"naïve"}, []string{"naive"}), 0.2)
	undefined(c, "WER of nothing", metrics.WER(nil, nil))
	c.Control(func() {
		c.AtLeast("the mean of the sentences' rates is off by", (2.0/6+1)/2-metrics.WER(refs, hyps), 0.2)
	})
	return nil
}
