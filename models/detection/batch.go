package detection

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// Sample is a picture and what is in it.
type Sample struct {
	X *tensor.Tensor // (C, H, W)
	Target
}

// Batch is a number of samples.
type Batch struct {
	X       *tensor.Tensor // (N, C, H, W)
	Targets []Target
}

// Len returns the number of samples.
func (b Batch) Len() int { return len(b.Targets) }

// Enter returns the batch with its pictures as a member of a scope; see tensor.Scope.
func (b Batch) Enter(s *tensor.Scope) Batch { return Batch{s.Enter(b.X), b.Targets} }

// Collate makes a batch of samples, for dataset.NewLoader. Pictures of different shapes, or none, are an error.
func Collate(samples []Sample) (b Batch, err error) {
	xs := make([]*tensor.Tensor, len(samples))
	for i, s := range samples {
		if s.X == nil || s.Boxes == nil || s.Classes == nil {
			return Batch{}, fmt.Errorf("detection: sample %d lacks its picture, boxes or classes", i)
		}
		xs[i] = s.X
		b.Targets = append(b.Targets, s.Target)
	}
	err = tensor.Catch(func() { b.X = tensor.Stack(0, xs...) })
	return b, err
}
