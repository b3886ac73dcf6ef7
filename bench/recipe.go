package bench

import (
	"context"
	"iter"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// recipe returns a call that takes the loader's next batch, epoch after epoch, and trains on it, and one that ends the loader's workers.
func recipe[S any](l *dataset.Loader[S, dataset.Batch], step func(*tensor.Scope, dataset.Batch) (train.Metrics, error)) (call, close func()) {
	next, stop := iter.Pull2(func(yield func(dataset.Batch, error) bool) {
		for epoch := 0; ; epoch++ {
			for b, err := range l.Epoch(context.Background(), epoch, 0) {
				if !yield(b, err) {
					return
				}
			}
		}
	})
	return scoped(func(s *tensor.Scope) {
		b, err, _ := next()
		if err == nil {
			_, err = step(s, b)
		}
		if err != nil { // there are no files: it would be ours
			panic(err)
		}
	}), stop
}
