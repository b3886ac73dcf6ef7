package nn

import "github.com/hadal-go/hadal/tensor"

// Checkpoint runs a layer, such as a block of a deep network, so that it keeps its input and its result alone while training: what it
// computed on the way is computed again for the gradients, see tensor.Checkpoint. A network whose n blocks do so trains in the memory
// of n activations and of one block, for one more forward pass (T. Chen, B. Xu, C. Zhang and C. Guestrin, 2016, Training deep nets with
// sublinear memory cost). Results, gradients, dropout masks and running statistics are those of the layer to the bit, and so are the names
// of its parameters. train.Checkpointing puts it around the blocks of a model.
type Checkpoint struct {
	Layer Layer `name:""`
	Mode  Mode
}

// NewCheckpoint returns a layer that runs l.
func NewCheckpoint(l Layer) *Checkpoint { return &Checkpoint{Layer: l} }

// Forward returns the layer's result. While inferring it is the layer alone.
func (c *Checkpoint) Forward(x *tensor.Tensor) *tensor.Tensor {
	if c.Mode == Infer {
		return c.Layer.Forward(x)
	}
	return tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{c.Layer.Forward(in[0])} }, x)[0]
}
