package fft

// Correlate is what convolutions do to transforms.
var Correlate = correlate
