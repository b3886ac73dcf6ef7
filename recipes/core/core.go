// Package core holds the rows of the catalog's area C: what neural networks are made of, units, activations, initialisation, losses.
package core
