// Package workflow holds the rows of the catalog's area U: how models are chosen, documented, shared and judged.
package workflow

import (
	"context"
	"iter"
)

// numbered yields the numbers of n batches in every epoch, for loops whose step has the data.
func numbered(n int) func(context.Context, int, int) iter.Seq2[int, error] {
	return func(_ context.Context, _, from int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := from; i < n && yield(i, nil); i++ {
			}
		}
	}
}
