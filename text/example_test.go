package text_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/text"
)

// From a stream of lines to padded numbers and back.
func Example() {
	corpus := "The cat sat.\nThe dog sat on the cat!\n"
	tokenizer, counts := text.Words{Lower: true}, text.Counts{}
	for line, err := range text.Lines(strings.NewReader(corpus), 0) {
		if err != nil {
			panic(err)
		}
		tokens, err := tokenizer.Tokens(line)
		if err != nil {
			panic(err)
		}
		counts.Add(tokens)
	}
	v, err := text.NewVocabulary(counts, text.VocabularyConfig{Specials: []string{"<pad>", "<unk>"}, Unknown: "<unk>", MinCount: 2})
	if err != nil {
		panic(err)
	}
	var batch [][]int64
	for _, s := range []string{"The cat sat.", "A dog sat on the cat."} {
		tokens, _ := tokenizer.Tokens(s)
		ids, _ := v.Encode(tokens)
		batch = append(batch, ids)
	}
	ids, lengths := text.Pad(batch, 0)
	fmt.Println(ids.Shape(), lengths)
	words, _ := v.Decode(batch[1])
	fmt.Println(strings.Join(words, " "))
	// Output:
	// (2, 7) [4 7]
	// <unk> <unk> sat <unk> the cat <unk>
}

func ExampleSMILES() {
	tokens, err := text.SMILES{}.Tokens("C[C@@H](Cl)c1ccc[nH]1")
	fmt.Println(strings.Join(tokens, " "), err)
	_, err = text.SMILES{}.Tokens("c1ccccc")
	fmt.Println(err)
	// Output:
	// C [C@@H] ( Cl ) c 1 c c c [nH] 1 <nil>
	// SMILES "c1ccccc", character 2: the ring is not closed
}

func ExampleWindows() {
	w := text.Windows{IDs: []int64{0, 1, 2, 3, 4, 5, 6}, Length: 3}
	for i := range w.Len() {
		s, _ := w.At(context.Background(), i, nil)
		fmt.Println(s.X, s.Y)
	}
	// Output:
	// [0 1 2] [1 2 3]
	// [3 4 5] [4 5 6]
}
