// Package training holds the rows of the catalog's area E: regularisation, normalisation and the technique of training.
package training
