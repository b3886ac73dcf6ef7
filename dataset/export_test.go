package dataset

// Affine is the core of RandomAffine, whose numbers are random.
var Affine = affine
