package nn

import (
	"reflect"

	"github.com/hadal-go/hadal/tensor"
)

// Checkpointed is a layer that keeps nothing of what it computes for Backward but its input, and computes it again then: less memory for
// about a third more time (T. Chen, B. Xu, C. Zhang and C. Guestrin, 2016, Training deep nets with sublinear memory cost). Values, gradients,
// running statistics and random draws are the layer's own, bit for bit, and so are the names of its parameters. See tensor.Checkpoint.
type Checkpointed struct{ Layer }

// Forward returns Layer.Forward(x).
func (c *Checkpointed) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{c.Layer.Forward(in[0])}
	}, x)[0]
}

// CheckpointSequentials puts a Checkpointed around each layer with parameters of the Sequentials that m, a pointer to a struct, has as
// fields, and returns how many there are. Of a network of residual blocks it keeps the blocks' inputs alone.
func CheckpointSequentials(m any) (n int) {
	v := reflect.Indirect(reflect.ValueOf(m))
	if v.Kind() != reflect.Struct {
		return 0
	}
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanInterface() {
			continue
		}
		s, ok := f.Interface().(Sequential)
		if !ok {
			continue
		}
		for k, l := range s {
			if _, done := l.(*Checkpointed); !done && len(Params(l)) > 0 {
				s[k] = &Checkpointed{l}
				n++
			}
		}
	}
	return n
}
