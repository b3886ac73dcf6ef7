package metrics

import "strings"

// Edits are the changes that make a hypothesis of a reference, the fewest. Those of several sentences add up.
type Edits struct {
	Substitutions, Deletions, Insertions int
	Length                               int // of the reference
}

// Add adds the edits of another pair.
func (e *Edits) Add(o Edits) {
	e.Substitutions += o.Substitutions
	e.Deletions += o.Deletions
	e.Insertions += o.Insertions
	e.Length += o.Length
}

// Distance returns the number of edits (V. Levenshtein, 1966).
func (e Edits) Distance() int { return e.Substitutions + e.Deletions + e.Insertions }

// Rate returns (S + D + I) / N, N the reference's length: the word, character or phone error rate. It is above 1 where much is inserted,
// NaN of nothing at all and +Inf when all is inserted.
func (e Edits) Rate() float64 { return float64(e.Distance()) / float64(e.Length) }

// EditDistance returns the fewest edits from a reference to a hypothesis. Of several ways with as few it takes, from the end,
// substitution before deletion before insertion. Time is the product of the lengths, memory the hypothesis's.
func EditDistance[T comparable](reference, hypothesis []T) Edits {
	row := make([]Edits, len(hypothesis)+1)
	for j := range row {
		row[j].Insertions = j
	}
	for _, r := range reference {
		corner := row[0] // row[j-1] of the row above
		row[0].Deletions++
		for j, h := range hypothesis {
			best := corner
			if r != h {
				best.Substitutions++
			}
			above, left := row[j+1], row[j]
			above.Deletions++
			left.Insertions++
			if above.Distance() < best.Distance() {
				best = above
			}
			if left.Distance() < best.Distance() {
				best = left
			}
			corner, row[j+1] = row[j+1], best
		}
	}
	e := row[len(hypothesis)]
	e.Length = len(reference)
	return e
}

// WordEdits returns the edits between the words, which spaces separate, of two sentences. Their Rate is the word error rate. Case and
// punctuation count.
func WordEdits(reference, hypothesis string) Edits {
	return EditDistance(strings.Fields(reference), strings.Fields(hypothesis))
}

// CharacterEdits returns the edits between the characters (Unicode code points, spaces too) of two sentences. Their Rate is the character
// error rate.
func CharacterEdits(reference, hypothesis string) Edits {
	return EditDistance([]rune(reference), []rune(hypothesis))
}

// WER returns the word error rate of sentences: all edits by all words of the references, not the mean of the sentences' rates. It panics
// with ErrShape when there are not as many of either.
func WER(references, hypotheses []string) float64 {
	return errorRate("wer", references, hypotheses, WordEdits)
}

// CER returns the character error rate of sentences, as WER does that of words.
func CER(references, hypotheses []string) float64 {
	return errorRate("cer", references, hypotheses, CharacterEdits)
}

func errorRate(op string, references, hypotheses []string, edits func(r, h string) Edits) float64 {
	sameLength(op, len(references), len(hypotheses))
	var sum Edits
	for i, r := range references {
		sum.Add(edits(r, hypotheses[i]))
	}
	return sum.Rate()
}
