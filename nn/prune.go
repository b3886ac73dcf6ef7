package nn

import (
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// DeadUnits returns the units along the axis of y whose activation is 0 in every sample and place, in ascending order: with y (N, units)
// the output of a ReLU after a Linear, axis is -1; with (N, C, H, W) after a Conv2d it is 1. Rectified units that no sample of a large set
// wakes have died: their gradient is 0 as well, so they stay as they are. Without samples every unit is dead.
func DeadUnits(y *tensor.Tensor, axis int) []int {
	c := y.Dim(axis) // refuses what is out of range
	alive := y.Detach().NeScalar(0).Transpose(axis, -1).Reshape(y.Numel()/max(c, 1), c).Any(0)
	var dead []int
	for i, a := range tensor.Data[bool](alive) {
		if !a {
			dead = append(dead, i)
		}
	}
	return dead
}

// PruneUnits returns copies of two dense layers, the first with C outputs and the second with C inputs, without the given units of these
// C. Where the units are 0 (DeadUnits) the second layer's sums lose terms that are 0. On the CPU they are formed term by term, so results are
// the same bits, if C is at most 256 and there are more than 4 samples, units that stay, and outputs; otherwise results agree up to
// rounding, as partial sums have other terms. It panics with ErrShape unless the layers fit together and with ErrIndex on a unit that is none of 0 to C-1.
func PruneUnits(layer, next *Linear, units []int) (*Linear, *Linear) {
	c := layer.Weight.Dim(0)
	if next.Weight.Dim(1) != c {
		tensor.Fail("prune_units", tensor.ErrShape, []tensor.Shape{layer.Weight.Shape(), next.Weight.Shape()},
			"the first layer has %d outputs and the second %d inputs: give two that follow one another", c, next.Weight.Dim(1))
	}
	var keep []int64
	for i := range c {
		if !slices.Contains(units, i) {
			keep = append(keep, int64(i))
		}
	}
	for _, u := range units {
		if u < 0 || u >= c {
			tensor.Fail("prune_units", tensor.ErrIndex, nil, "unit %d is none of the layer's %d, 0 to %d", u, c, c-1)
		}
	}
	kept := tensor.OfShape(keep, tensor.ShapeOf(len(keep)))
	pick := func(p *Param, axis int) *Param {
		if p == nil {
			return nil
		}
		return tensor.NewParam(p.Detach().IndexSelect(axis, kept))
	}
	first := &Linear{Weight: pick(layer.Weight, 0), Bias: pick(layer.Bias, 0)}
	return first, &Linear{Weight: pick(next.Weight, 1), Bias: Clone(next).Bias}
}

// PruneDeadUnits returns a copy of model without the hidden units that are 0 for all samples of x, and their number: wherever a Linear, a
// ReLU and a Linear follow one another, with Dropout between them or not. For these samples its outputs are those of the model in Eval
// mode, as PruneUnits says. A layer that occurs twice stays whole.
func PruneDeadUnits(model Sequential, x *tensor.Tensor) (Sequential, int) {
	pruned, infer, removed := Clone(model), Eval(model), 0
	uses := map[*Param]int{}
	for _, l := range model {
		for _, p := range Params(l) {
			uses[p]++
		}
	}
	once := func(l *Linear) bool { return uses[l.Weight] == 1 && (l.Bias == nil || uses[l.Bias] == 1) }
	for i, l := range infer {
		x = l.Forward(x)
		if !isReLU(l) || i == 0 {
			continue
		}
		j := i + 1
		for j < len(model) && isDropout(model[j]) {
			j++
		}
		if j == len(model) {
			break
		}
		layer, ok := model[i-1].(*Linear)
		next, also := model[j].(*Linear)
		if !ok || !also || !once(layer) || !once(next) {
			continue
		}
		dead := DeadUnits(x, -1)
		removed += len(dead)
		pruned[i-1], pruned[j] = PruneUnits(pruned[i-1].(*Linear), pruned[j].(*Linear), dead)
	}
	return pruned, removed
}

func isDropout(l Layer) bool {
	_, ok := l.(*Dropout)
	return ok
}
