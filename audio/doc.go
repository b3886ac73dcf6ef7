// Package audio turns sound into what models read: spectrograms, mel filter banks, cepstral coefficients and their differences, of whole
// recordings or of a stream, sample block by sample block.
//
// Signals are tensors (..., samples), features (..., features, frames). All of it is made of differentiable ops. Names and formulas are those
// of torchaudio. Files are read by package format/wav.
package audio
