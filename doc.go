// Package hadal is deep learning for Go: pure Go with its own assembly, no cgo, one static binary. The code lives in the
// packages below:
//
//   - tensor: n-dimensional arrays, ops, automatic differentiation; autograd: Jacobians, Hessians, gradient checks
//   - random: generators whose draws do not depend on how work is split
//   - nn, nn/losses, nn/initialize: layers, losses and initial values of networks
//   - optim: optimizers, learning-rate schedules, clipping
//   - dataset: data sets, splits, transforms, loaders; metrics: how good a model is; plot: pictures of it
//   - format: safetensors, npy and idx files
//   - train: the training loop with checkpoints and exact resume
//   - recipes: whole programs, one readable file each, which cmd/hadal runs
package hadal
