package train

import (
	"reflect"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// Checkpointing changes a model so that it trains in less memory, for one more forward pass: each block in its sequences becomes an
// nn.Checkpoint, which computes what happens in the block again when the gradients need it. Weights, results and gradients stay the same. A
// block is an element of an nn.Sequential, at any depth, that is a layer of a type of its own, not of package nn, or an nn.Sequential; those
// within a block stay as they are. Call it on a pointer to a model that trains, before or after its optimizer is made. It returns the
// number of blocks, and panics with ErrValue if there are none: their Forward then has to use nn.Checkpoint or tensor.Checkpoint.
//
// It is for networks of many blocks, such as ResNet-50, whose activations are most of what a step needs. States saved with it load into
// models without it, and the other way round.
func Checkpointing(model any) (blocks int) {
	blocks = wrapBlocks(reflect.ValueOf(model), map[any]bool{})
	if blocks == 0 {
		tensor.Fail("train.Checkpointing", tensor.ErrValue, nil, "%T has no blocks in an nn.Sequential; use nn.Checkpoint in its Forward", model)
	}
	return blocks
}

var sequential = reflect.TypeFor[nn.Sequential]()

// wrapBlocks wraps the blocks that v leads to.
func wrapBlocks(v reflect.Value, seen map[any]bool) (n int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Interface()] {
			return 0
		}
		seen[v.Interface()] = true
		return wrapBlocks(v.Elem(), seen)
	case reflect.Interface:
		return wrapBlocks(v.Elem(), seen)
	case reflect.Struct:
		if v.Type().PkgPath() == reflect.TypeFor[tensor.Tensor]().PkgPath() { // parameters
			return 0
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += wrapBlocks(v.Field(i), seen)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if l, ok := v.Index(i).Interface().(nn.Layer); ok && v.Type() == sequential && isBlock(l) {
				v.Index(i).Set(reflect.ValueOf(nn.NewCheckpoint(l)))
				n++
				continue
			}
			n += wrapBlocks(v.Index(i), seen)
		}
	}
	return n
}

// isBlock reports whether a layer in a sequence is one of several layers.
func isBlock(l nn.Layer) bool {
	t := reflect.TypeOf(l)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t == sequential || t.PkgPath() != sequential.PkgPath()
}
