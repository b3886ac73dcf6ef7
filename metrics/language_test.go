package metrics_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

func TestLikelihood(t *testing.T) {
	equal(t, "perplexity of a uniform guess among 50", metrics.Perplexity(math.Log(50)), 50)
	var l, other metrics.Likelihood
	equal(t, "nothing", l.Perplexity(), math.NaN())
	l.Add(tensor.With(tensor.Float64).Zeros(3, 8), classes(0, 7, -100))
	equal(t, "uniform scores", l.Perplexity(), 8)
	equal(t, "bits", l.Bits(), 3)
	equal(t, "bits per character", l.BitsPerCharacter(12), 0.5)
	other.AddNats(2*math.Log(2), 2)
	l.Merge(&other)
	equal(t, "merged: geometric mean of 8, 8, 2, 2", l.Perplexity(), 4)
	equal(t, "impossible", func() float64 {
		var l metrics.Likelihood
		l.Add(scores([]float64{0, math.Inf(-1)}), classes(1))
		return l.Nats()
	}(), math.Inf(1))
	equal(t, "bits/dim of a uniform guess among bytes", metrics.BitsPerDim(784*math.Log(256), 784, 1), 8)
	equal(t, "the same of the density on [0, 1]", metrics.BitsPerDim(0, 784, 256), 8)
}

func TestBLEUByHand(t *testing.T) {
	f := strings.Fields
	// Papineni et al., 2002: "the" seven times has a modified unigram precision of 2/7.
	refs := [][]string{f("the cat is on the mat"), f("there is a cat on the mat")}
	b := metrics.NewBLEU(metrics.BLEUConfig{})
	b.Add(f("the the the the the the the"), refs...)
	equal(t, "modified precision", b.Precisions()[0], 2.0/7)
	equal(t, "no bigram", b.Score(), 0)
	// Their example 1: 17 of 18 unigrams and 10 of 17 bigrams of candidate 1.
	guide := [][]string{f("it is a guide to action that ensures that the military will forever heed party commands"),
		f("it is the guiding principle which guarantees the military forces always being under the command of the party"),
		f("it is the practical guide for the army always to heed the directions of the party")}
	b = metrics.NewBLEU(metrics.BLEUConfig{})
	b.Add(f("it is a guide to action which ensures that the military always obeys the commands of the party"), guide...)
	equal(t, "unigrams of example 1", b.Precisions()[0], 17.0/18)
	equal(t, "bigrams of example 1", b.Precisions()[1], 10.0/17)
	equal(t, "closest in length: 18", b.BrevityPenalty(), 1)
	one := func(c, r string, cfg metrics.BLEUConfig) float64 {
		return metrics.SentenceBLEU(f(c), [][]string{f(r)}, cfg)
	}
	equal(t, "the same", one("a b c d e", "a b c d e", metrics.BLEUConfig{}), 1)
	equal(t, "too short", one("a b c d", "a b c d e", metrics.BLEUConfig{}), math.Exp(-0.25))
	equal(t, "of references as close in length the shorter counts", metrics.SentenceBLEU(f("a b c d"), [][]string{f("a b c d e"), f("a b c")}, metrics.BLEUConfig{}), 1)
	equal(t, "3 words have no 4-grams", one("a b c", "a b c", metrics.BLEUConfig{}), 0)
	equal(t, "effective order", one("a b c", "a b c", metrics.BLEUConfig{EffectiveOrder: true}), 1)
	equal(t, "nothing right", one("x y z w", "a b c d", metrics.BLEUConfig{Smoothing: metrics.SmoothExp}), 0)
	equal(t, "empty candidate", one("", "a b", metrics.BLEUConfig{}), 0)
	// 3/4, 1/3 and none of 2 and of 1: exp makes them 1/2 of 2 and 1/4 of 1.
	equal(t, "exp", one("a b x d", "a b c d", metrics.BLEUConfig{Smoothing: metrics.SmoothExp}), math.Pow(3./4/3/4/4, 0.25))
	// As sacreBLEU, which adds before it asks whether there are n-grams.
	for _, effective := range []bool{false, true} {
		add := metrics.BLEUConfig{Smoothing: metrics.SmoothAddK, EffectiveOrder: effective}
		equal(t, "add 1, too short", one("a b", "a c", add), math.Pow(1./2*1./2, 0.25))
		equal(t, "add 1, too short and the same", one("a b c", "a b c", add), 1)
		equal(t, "add 1", one("a b x d", "a b c d", add), math.Pow(3./4*2./4*1./3*1./2, 0.25))
	}
	equal(t, "no sentence", metrics.NewBLEU(metrics.BLEUConfig{}).Score(), math.NaN())
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		ref, hyp string
		want     metrics.Edits
	}{
		{"kitten", "sitting", metrics.Edits{Substitutions: 2, Insertions: 1, Length: 6}},
		{"saturday", "sunday", metrics.Edits{Substitutions: 1, Deletions: 2, Length: 8}},
		{"", "ab", metrics.Edits{Insertions: 2}},
		{"ab", "", metrics.Edits{Deletions: 2, Length: 2}},
		{"", "", metrics.Edits{}},
		{"naïve", "naive", metrics.Edits{Substitutions: 1, Length: 5}},
	} {
		if got := metrics.CharacterEdits(c.ref, c.hyp); got != c.want {
			t.Errorf("%q to %q: %+v, want %+v", c.ref, c.hyp, got, c.want)
		}
	}
	equal(t, "WER", metrics.WER([]string{"the cat sat on the mat", "yes"}, []string{"the cat sit on mat", "oh yes"}), 3.0/7)
	equal(t, "CER", metrics.CER([]string{"abcd"}, []string{"abxd"}), 0.25)
	equal(t, "WER of nothing", metrics.WER(nil, nil), math.NaN())
	equal(t, "WER above 1", metrics.WER([]string{"a"}, []string{"b c d"}), 3)
}

// Links of Och and Ney's definition: |A| = 4, |S| = 2, |A∩S| = 2, |A∩P| = 3.
func TestAlignments(t *testing.T) {
	type l = metrics.Link
	a := []l{{0, 0}, {1, 1}, {2, 3}, {3, 2}, {3, 2}}
	sure, possible := []l{{0, 0}, {1, 1}}, []l{{2, 3}, {2, 2}}
	equal(t, "AER", metrics.AER(a, sure, possible), 1-5.0/6)
	equal(t, "all sure and nothing else", metrics.AER(sure, sure, nil), 0)
	equal(t, "nothing predicted", metrics.AER(nil, sure, possible), 1)
	equal(t, "nothing", metrics.AER(nil, nil, nil), math.NaN())
	var m, n metrics.AlignmentErrors
	m.Add(a, sure, possible)
	n.Add(sure, sure, nil)
	m.Merge(&n)
	equal(t, "of two sentences", m.Rate(), 1-9.0/10)
	equal(t, "precision", m.Precision(), 5.0/6)
	equal(t, "recall", m.Recall(), 1)
}

func TestAnalogies(t *testing.T) {
	// man, woman, king, queen, far away; lengths do not matter.
	v := tensor.Of([]float64{1, 0, 0, 0, 1, 0, 2, 0, 2, 0, 3, 3, -1, -1, -1}, 5, 3)
	questions := [][4]int{{0, 1, 2, 3}, {1, 0, 3, 2}, {0, 1, 2, 4}}
	for _, cfg := range []metrics.AnalogyConfig{{}, {Mul: true}} {
		equal(t, "analogies", metrics.AnalogyAccuracy(v, questions, cfg), 2.0/3)
	}
	equal(t, "no questions", metrics.AnalogyAccuracy(v, nil, metrics.AnalogyConfig{}), math.NaN())
	if got := metrics.Analogies(v.Slice(0, 0, 3, 1), [][3]int{{0, 1, 2}}, metrics.AnalogyConfig{}); got[0] != -1 {
		t.Errorf("an answer among the three asked about: %v", got)
	}
}
