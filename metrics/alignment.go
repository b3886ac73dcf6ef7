package metrics

// Link says that a word of a source sentence and one of its translation, by their places (source, target), mean each other.
type Link [2]int

// AlignmentErrors counts links over sentences. The zero value is empty.
type AlignmentErrors struct {
	Predicted, Sure, PredictedSure, PredictedPossible int
}

// Add counts the links of a sentence against those that annotators found sure and possible; sure ones are possible too, listed or not. A
// link counts once.
func (a *AlignmentErrors) Add(predicted, sure, possible []Link) {
	s, p := map[Link]bool{}, map[Link]bool{}
	for _, l := range sure {
		s[l], p[l] = true, true
	}
	for _, l := range possible {
		p[l] = true
	}
	seen := map[Link]bool{}
	for _, l := range predicted {
		if seen[l] {
			continue
		}
		seen[l] = true
		if s[l] {
			a.PredictedSure++
		}
		if p[l] {
			a.PredictedPossible++
		}
	}
	a.Predicted += len(seen)
	a.Sure += len(s)
}

// Merge adds what o counted.
func (a *AlignmentErrors) Merge(o *AlignmentErrors) {
	a.Predicted += o.Predicted
	a.Sure += o.Sure
	a.PredictedSure += o.PredictedSure
	a.PredictedPossible += o.PredictedPossible
}

// Rate returns the alignment error rate 1 − (|A∩S| + |A∩P|) / (|A| + |S|) of predicted links A, sure ones S and possible ones P ⊇ S (F.
// Och and H. Ney, 2003); NaN without links.
func (a *AlignmentErrors) Rate() float64 {
	return 1 - float64(a.PredictedSure+a.PredictedPossible)/float64(a.Predicted+a.Sure)
}

// Precision returns |A∩P| / |A|, Recall |A∩S| / |S|.
func (a *AlignmentErrors) Precision() float64 {
	return float64(a.PredictedPossible) / float64(a.Predicted)
}

// Recall returns |A∩S| / |S|; see Precision.
func (a *AlignmentErrors) Recall() float64 { return float64(a.PredictedSure) / float64(a.Sure) }

// AER is AlignmentErrors.Rate of one sentence.
func AER(predicted, sure, possible []Link) float64 {
	var a AlignmentErrors
	a.Add(predicted, sure, possible)
	return a.Rate()
}
