package text

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Window is a stretch of a text: X are the numbers of Length tokens, Y those of the tokens that follow each of them.
type Window struct{ X, Y []int64 }

// Windows is the data set of a language model: the windows of a long text. It shares memory with IDs.
type Windows struct {
	IDs    []int64
	Length int // tokens of a window, at least 1
	Stride int // tokens from a window's start to the next one's; 0: Length, so that they do not overlap
}

func (w Windows) stride() int {
	if w.Stride == 0 {
		return w.Length
	}
	return w.Stride
}

// Len returns the number of whole windows. It panics with ErrValue unless Length is positive and Stride not negative.
func (w Windows) Len() int {
	if w.Length < 1 || w.Stride < 0 {
		tensor.Fail("text.Windows", tensor.ErrValue, nil, "Length %d must be positive and Stride %d not negative", w.Length, w.Stride)
	}
	if len(w.IDs) <= w.Length {
		return 0
	}
	return (len(w.IDs)-1-w.Length)/w.stride() + 1
}

// At returns window i. It draws nothing.
func (w Windows) At(_ context.Context, i int, _ *random.Generator) (Window, error) {
	if i < 0 || i >= w.Len() {
		return Window{}, fmt.Errorf("window %d is not from 0 to %d", i, w.Len()-1)
	}
	from := i * w.stride()
	return Window{w.IDs[from : from+w.Length : from+w.Length], w.IDs[from+1 : from+1+w.Length : from+1+w.Length]}, nil
}

// Pad makes a tensor (N, T) int64 of N sequences, T the length of the longest, filled up with pad, and returns their lengths.
func Pad(sequences [][]int64, pad int64) (ids *tensor.Tensor, lengths []int) {
	longest := 0
	for _, s := range sequences {
		longest = max(longest, len(s))
		lengths = append(lengths, len(s))
	}
	flat := make([]int64, 0, len(sequences)*longest)
	for _, s := range sequences {
		flat = append(flat, s...)
		for range longest - len(s) {
			flat = append(flat, pad)
		}
	}
	return tensor.Of(flat, len(sequences), longest), lengths
}
