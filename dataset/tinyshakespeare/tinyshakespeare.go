// Package tinyshakespeare is 1,115,394 characters of Shakespeare's plays in one text, the usual small set for language models of
// characters. A. Karpathy put it together for char-rnn (2015), "The unreasonable effectiveness of recurrent neural networks".
//
// The text is not part of the binary: it is found, or downloaded, as package source says, in the subfolder text of the folders that it
// looks in.
package tinyshakespeare

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/hadal-go/hadal/dataset/source"
)

// Set names the file, which is called input.txt at its address.
var Set = source.Set{
	Name:    "tinyshakespeare",
	Title:   "Tiny Shakespeare",
	Licence: "public domain",
	Home:    "https://github.com/karpathy/char-rnn",
	Dir:     "text",
	Files: []source.File{{
		Name: fileName, Size: 1_115_394, SHA256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
		URLs: []string{"https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"},
	}},
}

const fileName = "tinyshakespeare.txt"

// Characters is how many different ones the text has.
const Characters = 65

// Text returns the whole text. Its characters are bytes of ASCII.
func Text(ctx context.Context, cfg source.Config) (string, error) {
	paths, err := Set.Get(ctx, cfg)
	if err != nil {
		return "", err
	}
	in, err := Set.Files[0].Open(paths[fileName])
	if err != nil {
		return "", fmt.Errorf("%s: %w", Set.Name, err)
	}
	defer in.Close()
	text, err := io.ReadAll(in) // no more than Size
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", Set.Name, paths[fileName], err)
	}
	return string(text), nil
}

// Split cuts the text into the first nine tenths to train on and the rest to validate with, as nanoGPT does: 1,003,854 and 111,540
// characters of the whole text.
func Split(text string) (train, validation string) {
	n := len(text) * 9 / 10
	return text[:n], text[n:]
}

// Encode returns the places of text's characters in the list of those that occur in it, and that list in ascending order.
func Encode(text string) (codes []int64, characters []byte) {
	characters = []byte(text)
	slices.Sort(characters)
	characters = slices.Clip(slices.Compact(characters))
	var code [256]int64
	for i, c := range characters {
		code[c] = int64(i)
	}
	codes = make([]int64, len(text))
	for i := range codes {
		codes[i] = code[text[i]]
	}
	return codes, characters
}
