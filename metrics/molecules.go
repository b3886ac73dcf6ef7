package metrics

// Molecules counts what a generator of molecules, or of other structures that are written down, makes. Merging needs the names of all
// that was seen, which are kept.
type Molecules struct {
	canonical      func(string) (string, bool)
	training, seen map[string]bool
	total, valid   int
	uniqueAndNovel int
}

// NewMolecules returns an empty accumulator. canonical takes what was generated, such as a SMILES string, to the one form that it shares
// with all that mean the same, or says that it means nothing; training are the molecules of the training set; those that mean nothing are
// left out.
func NewMolecules(canonical func(string) (string, bool), training []string) *Molecules {
	m := &Molecules{canonical: canonical, training: map[string]bool{}, seen: map[string]bool{}}
	for _, s := range training {
		if c, ok := canonical(s); ok {
			m.training[c] = true
		}
	}
	return m
}

// Add counts generated molecules.
func (m *Molecules) Add(generated ...string) {
	for _, s := range generated {
		m.total++
		c, ok := m.canonical(s)
		if !ok {
			continue
		}
		m.valid++
		m.see(c)
	}
}

func (m *Molecules) see(c string) {
	if m.seen[c] {
		return
	}
	m.seen[c] = true
	if !m.training[c] {
		m.uniqueAndNovel++
	}
}

// Merge adds what o counted, which must have the same canonical form and training set.
func (m *Molecules) Merge(o *Molecules) {
	m.total += o.total
	m.valid += o.valid
	for c := range o.seen {
		m.see(c)
	}
}

// Validity returns valid/all; NaN of nothing.
func (m *Molecules) Validity() float64 { return float64(m.valid) / float64(m.total) }

// Uniqueness returns different/valid; NaN without valid ones. It falls as more are drawn: compare equal numbers (D. Polykovskiy et al.:
// "MOSES", 2020).
func (m *Molecules) Uniqueness() float64 { return float64(len(m.seen)) / float64(m.valid) }

// Novelty returns the share of the different valid ones that are not in the training set; NaN without any.
func (m *Molecules) Novelty() float64 { return float64(m.uniqueAndNovel) / float64(len(m.seen)) }
