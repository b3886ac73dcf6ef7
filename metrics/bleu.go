package metrics

import (
	"math"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// Smoothing is what BLEU does about n-grams that never match, which make a product of precisions zero: common in single sentences.
type Smoothing int

// The smoothings of sacreBLEU (M. Post, 2018), after B. Chen and C. Cherry, 2014.
const (
	SmoothNone  Smoothing = iota // the score is 0, as published
	SmoothExp                    // the k-th order without a match counts as 2^−k matches: sacreBLEU's default
	SmoothFloor                  // an order without a match counts as SmoothValue matches (default 0.1)
	SmoothAddK                   // SmoothValue (default 1) is added to matches and totals of orders above 1, even of those for which the candidates are too short (Lin and Och, 2004)
)

// BLEUConfig are the options of BLEU.
type BLEUConfig struct {
	MaxOrder       int       // longest n-grams; default 4
	Smoothing      Smoothing // default SmoothNone
	SmoothValue    float64   // see Smoothing; default its own
	EffectiveOrder bool      // orders for which the candidates are too short do not count; default: they make the score 0. With SmoothAddK there are none
}

// BLEU accumulates matches of n-grams over a corpus of translations (K. Papineni et al., 2002).
type BLEU struct {
	cfg             BLEUConfig
	matches, totals []int // by order
	length, closest int   // of candidates; of the references closest in length
}

// NewBLEU returns an empty corpus. It panics with ErrValue on an option out of range.
func NewBLEU(cfg BLEUConfig) *BLEU {
	if cfg.MaxOrder == 0 {
		cfg.MaxOrder = 4
	}
	if cfg.MaxOrder < 0 || cfg.SmoothValue < 0 || cfg.Smoothing < SmoothNone || cfg.Smoothing > SmoothAddK {
		tensor.Fail("bleu", tensor.ErrValue, nil, "order %d, smoothing %d, value %v: none may be negative, nor smoothing above SmoothAddK", cfg.MaxOrder, cfg.Smoothing, cfg.SmoothValue)
	}
	if cfg.SmoothValue == 0 {
		cfg.SmoothValue = map[Smoothing]float64{SmoothFloor: 0.1, SmoothAddK: 1}[cfg.Smoothing]
	}
	return &BLEU{cfg: cfg, matches: make([]int, cfg.MaxOrder), totals: make([]int, cfg.MaxOrder)}
}

// Add counts a candidate translation, a sentence in tokens, against its references. An n-gram matches as often as it stands in the
// reference where it stands most often. Scores compare only under one tokenisation. It panics with ErrValue without references.
func (b *BLEU) Add(candidate []string, references ...[]string) {
	if len(references) == 0 {
		tensor.Fail("bleu", tensor.ErrValue, nil, "a candidate needs at least one reference")
	}
	for n := 1; n <= b.cfg.MaxOrder; n++ {
		most := map[string]int{}
		for _, r := range references {
			for gram, k := range nGrams(r, n) {
				most[gram] = max(most[gram], k)
			}
		}
		for gram, k := range nGrams(candidate, n) {
			b.matches[n-1] += min(k, most[gram])
			b.totals[n-1] += k
		}
	}
	best := len(references[0])
	for _, r := range references[1:] {
		old, now := distance(best, len(candidate)), distance(len(r), len(candidate))
		if now < old || now == old && len(r) < best {
			best = len(r)
		}
	}
	b.length += len(candidate)
	b.closest += best
}

func nGrams(tokens []string, n int) map[string]int {
	counts := map[string]int{}
	for i := 0; i+n <= len(tokens); i++ {
		counts[strings.Join(tokens[i:i+n], "\x00")]++
	}
	return counts
}

func distance(a, b int) int { return max(a-b, b-a) }

// Merge adds the sentences of o. It panics with ErrValue unless the options are the same.
func (b *BLEU) Merge(o *BLEU) {
	if b.cfg != o.cfg {
		tensor.Fail("bleu", tensor.ErrValue, nil, "two corpora under different options cannot be merged: %+v and %+v", b.cfg, o.cfg)
	}
	for n := range b.matches {
		b.matches[n] += o.matches[n]
		b.totals[n] += o.totals[n]
	}
	b.length += o.length
	b.closest += o.closest
}

// Precisions returns the share of n-grams of each order from 1 that match, smoothed; 0 where there are no n-grams and SmoothAddK adds none.
func (b *BLEU) Precisions() []float64 {
	p := make([]float64, len(b.totals))
	missed := 0
	for i := range p {
		m, t := float64(b.matches[i]), float64(b.totals[i])
		if b.cfg.Smoothing == SmoothAddK && i > 0 {
			m, t = m+b.cfg.SmoothValue, t+b.cfg.SmoothValue
		}
		if t == 0 {
			break
		}
		if m == 0 {
			switch b.cfg.Smoothing {
			case SmoothExp:
				missed++
				m = math.Ldexp(1, -missed)
			case SmoothFloor:
				m = b.cfg.SmoothValue
			}
		}
		p[i] = m / t
	}
	return p
}

// BrevityPenalty returns e^(1 − r/c) for candidates of c tokens together that are shorter than the r of their references, else 1; 0 when
// they are empty.
func (b *BLEU) BrevityPenalty() float64 {
	switch {
	case b.length >= b.closest:
		return 1
	case b.length == 0:
		return 0
	}
	return math.Exp(1 - float64(b.closest)/float64(b.length))
}

// Score returns the brevity penalty times the geometric mean of the precisions, between 0 and 1; times 100 in most tables. It is 0 when
// nothing matches, smoothed or not, and NaN before the first sentence.
func (b *BLEU) Score() float64 {
	if b.length == 0 && b.closest == 0 {
		return math.NaN()
	}
	any := false
	for _, m := range b.matches {
		any = any || m > 0
	}
	if !any {
		return 0
	}
	p, order := b.Precisions(), b.cfg.MaxOrder
	if b.cfg.EffectiveOrder && b.cfg.Smoothing != SmoothAddK {
		for order > 1 && b.totals[order-1] == 0 {
			order--
		}
	}
	var sum float64
	for _, x := range p[:order] {
		sum += math.Log(x)
	}
	return b.BrevityPenalty() * math.Exp(sum/float64(order))
}

// SentenceBLEU is BLEU of one sentence in tokens; smooth it.
func SentenceBLEU(candidate []string, references [][]string, cfg BLEUConfig) float64 {
	b := NewBLEU(cfg)
	b.Add(candidate, references...)
	return b.Score()
}
