package train

import (
	"fmt"
	"math"
	"slices"
)

// Finding is something that the curves of a run say, with the numbers that it is based on and what may help.
type Finding struct {
	Kind   string `json:"kind"` // one of the constants below
	Basis  string `json:"basis"`
	Advice string `json:"advice"`
}

// The kinds of findings.
const (
	OverFitting   = "over-fitting"
	UnderFitting  = "under-fitting"
	TooHighLR     = "learning rate too high"
	TooLowLR      = "learning rate too low"
	StillLearning = "still learning"
	LearnsNothing = "learns nothing"
	WellFitted    = "well fitted"
	TooShort      = "too short to tell"
)

// String is the finding as a sentence or two.
func (f Finding) String() string {
	s := f.Kind + ": " + f.Basis
	if f.Advice != "" {
		s += "; " + f.Advice
	}
	return s
}

// What the findings mean in numbers. They are rules of thumb for losses that fall to about zero, such as cross-entropy and squared
// errors, and are meant to be read beside the curves.
const (
	leastEpochs    = 4
	risen          = 0.05 // validation loss above its least, beyond which a model over-fits while it still learns its training set
	gapAccuracy    = 0.10 // between training and validation that over-fitting is, too
	oscillation    = 0.30 // share of epochs after which the training loss is more than a fiftieth higher than before
	notBack        = 0.25 // training loss above its least at the end
	nothing        = 0.01 // of the first epoch's training loss, below which changes mean nothing
	falling        = 0.05 // fall of the training loss over the last third of the epochs that is still learning
	slow           = 0.30 // fall over the whole run below which a rate is too low if the loss fell all the time
	underAccuracy  = 0.90 // training accuracy that a model that fits reaches
	underRemainder = 0.50 // share of the first epoch's training loss, where there is no accuracy
)

// Diagnose says what the curves of a run mean, from its metrics train_loss and, where they were measured, val_loss, train_accuracy and
// val_accuracy of each epoch: whether it over-fits, under-fits, learns too fast or too slowly. The first finding is the main one. The
// epochs are those of metrics.jsonl (Run.History), in order; of none, as of a model that is not trained in epochs, there is nothing to say.
func Diagnose(epochs []Record) []Finding {
	loss, val := curve(epochs, "train_loss"), curve(epochs, "val_loss")
	acc, valAcc := curve(epochs, "train_accuracy"), curve(epochs, "val_accuracy")
	n := len(loss)
	if len(epochs) == 0 {
		return nil
	}
	if n == 0 {
		return []Finding{{TooShort, "an epoch has no training loss that is finite", "look at metrics.jsonl"}}
	}
	if n < leastEpochs {
		return []Finding{{TooShort, fmt.Sprintf("there are %d epochs with a training loss", n), fmt.Sprintf("train for %d or more", leastEpochs)}}
	}
	if slices.Min(loss) < 0 || len(val) == n && slices.Min(val) < 0 {
		return []Finding{{TooShort, "a loss is negative, so that its ratios say nothing", "look at the curves"}}
	}
	if slices.Max(loss) == 0 {
		return []Finding{{WellFitted, "the training loss is 0 in every epoch", ""}}
	}
	var found []Finding
	add := func(kind, advice, basis string, args ...any) {
		found = append(found, Finding{kind, fmt.Sprintf(basis, args...), advice})
	}

	noise := nothing * loss[0]
	higher := func(b, a, by float64) bool { return b > (1+by)*a && b-a > noise }
	least, end := slices.Min(loss), loss[n-1]
	rises := 0
	for i := 1; i < n; i++ {
		if higher(loss[i], loss[i-1], 0.02) {
			rises++
		}
	}
	fall := 0. // over the last third
	if third := loss[n-1-n/3]; third-end > noise || end > third {
		fall = 1 - end/third
	}
	jumpy := float64(rises)/float64(n-1) > oscillation
	if jumpy || higher(end, least, notBack) {
		add(TooHighLR, "divide it by 3 to 10, warm it up, or clip gradients",
			"the training loss rose after %d of %d epochs and ended at %.4g; its least was %.4g", rises, n-1, end, least)
	}

	over := false
	if len(val) == n {
		best := slices.Index(val, slices.Min(val))
		up, down := val[n-1]/val[best]-1, 1-end/loss[best]
		if over = higher(val[n-1], val[best], risen) && down > risen; over {
			add(OverFitting, "stop at that epoch (patience), add data or augmentation, weight decay or dropout, or take a smaller model",
				"the validation loss is least, %.4g, after epoch %d of %d and %.0f%% higher at the end, while the training loss fell by another %.0f%%", val[best], best+1, n, 100*up, 100*down)
		}
	}
	if len(acc) == n && len(valAcc) == n {
		if gap := acc[n-1] - valAcc[n-1]; gap > gapAccuracy && !over {
			over = true
			add(OverFitting, "add data or augmentation, weight decay or dropout, or take a smaller model",
				"training accuracy ended at %.3f, validation accuracy at %.3f", acc[n-1], valAcc[n-1])
		}
	}

	steady := rises == 0
	switch {
	case jumpy || over:
	case steady && 1-end/loss[0] < slow && fall > nothing/2:
		add(TooLowLR, "multiply it by 3 to 10, or look for it with LRFinder",
			"the training loss fell after every epoch but by no more than %.0f%% altogether, and by %.1f%% in the last third", 100*(1-end/loss[0]), 100*fall)
	case fall > falling:
		add(StillLearning, "train longer", "the training loss fell by %.0f%% in the last third of the epochs", 100*fall)
	}

	fits, basis := end < underRemainder*loss[0], fmt.Sprintf("the training loss ended at %.4g, %.0f%% of the first epoch's", end, 100*end/loss[0])
	if len(acc) == n {
		fits, basis = acc[n-1] >= underAccuracy, fmt.Sprintf("training accuracy ended at %.3f", acc[n-1])
	}
	learned := end < (1-3*nothing)*loss[0]
	if len(acc) == n {
		learned = slices.Max(acc[1:]) > acc[0]+0.02 || end < (1-3*nothing)*loss[1]
	}
	if !learned && !fits && len(found) == 0 {
		add(LearnsNothing, "divide the learning rate by 10 (units may have died in the first steps), and check inputs and labels",
			"%s and was never better than after the first epoch", basis)
	}
	if !fits && !over && !jumpy && fall <= falling && len(found) == 0 {
		add(UnderFitting, "take a larger model, better features, less regularisation; more data will not help",
			"%s, and fell by %.1f%% in the last third of the epochs", basis, 100*fall)
	}
	if len(found) == 0 {
		add(WellFitted, "", "%s; no sign of over-fitting or of a wrong learning rate", basis)
	}
	return found
}

// curve returns a metric of all epochs, or nothing if one lacks it or is not finite.
func curve(epochs []Record, name string) (x []float64) {
	for _, e := range epochs {
		v := e.Metrics[name]
		if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
			return nil
		}
		x = append(x, *v)
	}
	return x
}
