package linear

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// PerceptronConfig configures a Perceptron. Zero fields mean the defaults.
type PerceptronConfig struct {
	LR          float64 // step η; default 1. Starting from zero weights it scales them and changes no decision
	MaxEpochs   int     // passes over the rows before Fit gives up; default 1000
	NoIntercept bool    // the boundary goes through the origin, as in Novikoff's theorem
	Seed        uint64  // order of the rows, a new one each pass; 0: their own order, as Rosenblatt had them
}

// Perceptron is the first learning machine (F. Rosenblatt, 1958), with the rule for two classes, y = ±1,
//
//	if y (w·x + b) <= 0:  w += η y x,  b += η y
//
// and for K > 2 (Duda and Hart 1973): if class k wins where y is right, w_y += η x and w_k -= η x, b alike.
//
// If a linear boundary separates the classes it stops without an error after at most (R/γ)² mistakes, however many rows there are:
// R is the largest |x| and γ the least distance of a row from the boundary of some unit vector, both with a column of ones for b
// (A. Novikoff, 1962). If none does it never settles, and Fit returns ErrNotConverged. The rule optimises the 0-1 loss and nothing
// else: of the boundaries that separate it finds any one.
type Perceptron struct {
	PerceptronConfig
	LinearClassifier
	Mistakes int   // updates made in all
	Epochs   int   // passes made; the last of a fit that converged has no mistake
	History  []int // mistakes of each pass
}

// NewPerceptron returns a Perceptron that is not fitted. It panics if LR is negative or not finite, or MaxEpochs negative.
func NewPerceptron(cfg PerceptronConfig) *Perceptron {
	cfg.LR = setting("NewPerceptron", "LR", cfg.LR, 1)
	cfg.MaxEpochs = int(setting("NewPerceptron", "MaxEpochs", float64(cfg.MaxEpochs), 1000))
	return &Perceptron{PerceptronConfig: cfg}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite and for
// fewer than two classes; and ErrNotConverged when a pass without mistakes does not come within MaxEpochs, in which case the model
// holds the last weights and can be used for what they are worth.
func (p *Perceptron) Fit(x, y *tensor.Tensor) error {
	m, err := labelledData("Perceptron.Fit", x, y)
	if err != nil {
		return err
	}
	w := make([]float64, m.problems()*(m.d+1))
	order := make([]int, m.n)
	for i := range order {
		order[i] = i
	}
	p.Mistakes, p.Epochs, p.History = 0, 0, nil
	for p.Epochs < p.MaxEpochs {
		if p.Seed != 0 {
			order = random.FromKey(random.KeyAt(p.Seed, uint64(p.Epochs))).Perm(m.n)
		}
		mistakes := p.pass(m, w, order)
		p.Epochs++
		p.Mistakes += mistakes
		p.History = append(p.History, mistakes)
		if mistakes == 0 {
			p.setPlanes(m, w)
			return nil
		}
	}
	p.setPlanes(m, w)
	return fitError("Perceptron.Fit", ErrNotConverged, "%d of %d rows were mistaken in the last of %d passes: the classes may not be linearly separable",
		p.History[p.Epochs-1], m.n, p.Epochs)
}

// pass goes once over the rows and returns the number of mistakes.
func (p *Perceptron) pass(m *labelled, w []float64, order []int) (mistakes int) {
	for _, i := range order {
		row, right := m.row(i), m.y[i]
		if m.problems() == 1 {
			sign := float64(2*right - 1)
			if sign*plane(w, row) > 0 {
				continue
			}
			p.move(w, row, sign)
		} else {
			wrong := -1 // the strongest of the other classes; equal ones are a mistake
			d := m.d + 1
			for k := range m.classes {
				if k != right && (wrong < 0 || plane(w[k*d:][:d], row) > plane(w[wrong*d:][:d], row)) {
					wrong = k
				}
			}
			if plane(w[right*d:][:d], row) > plane(w[wrong*d:][:d], row) {
				continue
			}
			p.move(w[right*d:][:d], row, 1)
			p.move(w[wrong*d:][:d], row, -1)
		}
		mistakes++
	}
	return mistakes
}

func (p *Perceptron) move(w, row []float64, sign float64) {
	axpy(sign*p.LR, row, w)
	if !p.NoIntercept {
		w[len(row)] += sign * p.LR
	}
}

// plane returns w·x + b, for w with b as its last element.
func plane(w, row []float64) float64 { return dot(row, w) + w[len(row)] }
