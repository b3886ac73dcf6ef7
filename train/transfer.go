package train

import "github.com/hadal-go/hadal/tensor"

// DataSize is how much labelled data a new task has, for ChooseTransfer.
type DataSize uint8

// Sizes of the new task's data. Small is so little that tuning all weights over-fits: tens to hundreds of samples a class for a
// network trained on a million.
const (
	SmallData DataSize = iota
	LargeData
)

// Similarity is how alike the data of a new task and of the pre-trained network are, for ChooseTransfer.
type Similarity uint8

// Similarities. Photographs of other things are similar to photographs; X-rays are not.
const (
	SimilarData Similarity = iota
	DifferentData
)

// TransferStrategy is what to do with a pre-trained network.
type TransferStrategy uint8

// The strategies. In all of them the output layer is replaced, the classes being others; the input layer stays, as long as inputs
// have the same form.
const (
	LinearOnCodes        TransferStrategy = iota // freeze all, train a linear classifier on the activations before the output layer
	LinearOnEarlierCodes                         // the same on the activations of an earlier layer, which are less specific
	FineTune                                     // train on from the pre-trained weights, with a low learning rate
	FineTuneOrScratch                            // the same; training from scratch is possible too
)

var strategyNames = [...]string{"linear classifier on the codes", "linear classifier on earlier activations", "fine-tune", "fine-tune the whole network, or train from scratch"}

// String is the strategy in words.
func (s TransferStrategy) String() string { return strategyNames[s] }

// TransferAdvice is what ChooseTransfer recommends.
type TransferAdvice struct {
	Strategy TransferStrategy
	Frozen   bool    // the pre-trained layers do not train: nn.Freeze
	LRFactor float64 // of the rate that pre-training used, for pre-trained layers that train; 0 where they are frozen
	Why      string
}

// String is the advice as a sentence or two.
func (a TransferAdvice) String() string { return a.Strategy.String() + ": " + a.Why }

// ChooseTransfer says how to use a pre-trained network for a new task, by the four scenarios of Stanford's course CS231n (F.-F. Li,
// A. Karpathy and J. Johnson, 2016, "Transfer Learning"), after J. Yosinski, J. Clune, Y. Bengio and H. Lipson (2014, How
// transferable are features in deep neural networks?). They are rules of thumb: where both are cheap, try the neighbouring strategy
// too, and choose on validation data. It panics with ErrValue on values that are none of the constants.
func ChooseTransfer(size DataSize, similarity Similarity) TransferAdvice {
	if size > LargeData || similarity > DifferentData {
		tensor.Fail("choose_transfer", tensor.ErrValue, nil, "size %d and similarity %d: give SmallData or LargeData, and SimilarData or DifferentData", size, similarity)
	}
	const low = 0.1 // good weights should not be distorted too much or too quickly, least of all while the new output layer is random
	switch {
	case size == SmallData && similarity == SimilarData:
		return TransferAdvice{LinearOnCodes, true, 0, "tuning the network on so little data would over-fit, and its highest features fit data so alike"}
	case size == SmallData:
		return TransferAdvice{LinearOnEarlierCodes, true, 0, "tuning the network on so little data would over-fit, and its highest features are specific to data unlike this"}
	case similarity == SimilarData:
		return TransferAdvice{FineTune, false, low, "there is enough data to tune the whole network without over-fitting; a low learning rate keeps what it knows"}
	}
	return TransferAdvice{FineTuneOrScratch, false, low, "there is enough data to train from scratch, but pre-trained weights are mostly the better start even for data unlike theirs"}
}
