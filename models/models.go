// Package models holds network architectures, one family a file, with the parameter names and layouts of torchvision, so that weights
// trained there can be loaded: nn.Load(model, state, nn.LoadConfig{}) with a state that safetensors.Load read.
package models
