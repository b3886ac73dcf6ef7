// Package text turns text into what models read: lines from a stream, tokens, numbers, windows and padded batches.
//
// A pipeline is a chain of small steps, each of which sees a line or a token at a time, so that a corpus need not fit into memory:
//
//	for line, err := range text.Lines(r, 0) {    // a line after the other
//		tokens, err := text.Words{Lower: true}.Tokens(line)
//		counts.Add(tokens)                   // once over the corpus, for the vocabulary
//		ids, err := vocabulary.Encode(tokens) // again, for the model
//	}
//
// Molecules in SMILES notation are text too (type SMILES).
package text
