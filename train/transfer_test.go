package train_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func TestChooseTransfer(t *testing.T) {
	for _, c := range []struct {
		size       train.DataSize
		similarity train.Similarity
		want       train.TransferStrategy
		frozen     bool
	}{
		{train.SmallData, train.SimilarData, train.LinearOnCodes, true},
		{train.SmallData, train.DifferentData, train.LinearOnEarlierCodes, true},
		{train.LargeData, train.SimilarData, train.FineTune, false},
		{train.LargeData, train.DifferentData, train.FineTuneOrScratch, false},
	} {
		a := train.ChooseTransfer(c.size, c.similarity)
		if a.Strategy != c.want || a.Frozen != c.frozen || a.Why == "" {
			t.Errorf("%+v, want %v, frozen %v", a, c.want, c.frozen)
		}
		if (a.LRFactor == 0) != a.Frozen || a.LRFactor < 0 || a.LRFactor >= 1 {
			t.Errorf("%v: a rate of %v times the old one", a.Strategy, a.LRFactor)
		}
	}
	for _, f := range []func(){func() { train.ChooseTransfer(2, 0) }, func() { train.ChooseTransfer(0, 2) }} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("error %v, want kind %v", err, tensor.ErrValue)
		}
	}
}

func ExampleChooseTransfer() {
	a := train.ChooseTransfer(train.SmallData, train.SimilarData)
	fmt.Println(a)
	fmt.Println("freeze:", a.Frozen)
	// Output:
	// linear classifier on the codes: tuning the network on so little data would over-fit, and its highest features fit data so alike
	// freeze: true
}
