package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// Activation is the result of an op in a network's forward pass.
type Activation struct {
	Module string // that owns the parameters which the op reads, such as layer1.0.conv2; "" where it reads none
	Op     string // such as conv2d, relu, max_pool2d; a convolution may do the work of the ReLU after it
	Value  *tensor.Tensor
}

// Activations returns what a network computes of pictures x (N, C, H, W) op by op, the scores last; views of other results are left out.
func Activations(model nn.Layer, x *tensor.Tensor) (all []Activation) {
	watched("explain.Activations", model, x, func(s *tensor.Scope, t *trace) {
		for _, st := range t.steps {
			if !views[st.op] {
				all = append(all, Activation{st.module, st.op, s.Keep(st.out)})
			}
		}
	})
	return all
}

var views = map[string]bool{"reshape": true, "permute": true, "expand": true, "slice": true, "alias": true}

// trace is a forward pass, recorded.
type trace struct {
	x, scores *tensor.Tensor
	steps     []step
	made      map[*tensor.Tensor]int // which step made a tensor
}

type step struct {
	module, op string
	in         []*tensor.Tensor
	out        *tensor.Tensor // the first result
}

// watched runs the model as it infers and gives the ops that depend on x, and what they made, to f. What f computes belongs to the scope.
func watched(op string, model nn.Layer, x *tensor.Tensor, f func(s *tensor.Scope, t *trace)) {
	checkPictures(op, x)
	model = nn.Eval(model)
	owner := map[*tensor.Tensor]string{}
	for _, p := range nn.NamedParams(model) {
		owner[p.Tensor] = p.Name[:max(0, strings.LastIndexByte(p.Name, '.'))]
	}
	tensor.WithScope(func(s *tensor.Scope) {
		t := &trace{x: s.Enter(x.Detach()).RequireGrad(), made: map[*tensor.Tensor]int{}}
		s.Watch(func(op tensor.Op, in, out []*tensor.Tensor) {
			st := step{op: op.Name(), in: slices.Clone(in), out: out[0]}
			for _, i := range in {
				if st.module == "" {
					st.module = owner[i]
				}
			}
			for _, o := range out {
				t.made[o] = len(t.steps)
			}
			t.steps = append(t.steps, st)
		})
		t.scores = model.Forward(t.x)
		s.Watch(nil)
		f(s, t)
	})
}

// maps returns the feature maps (N, K, h, w) of a layer: the last result of the size that its convolutions made, before the next
// module with convolutions begins, so that normalisation, sums and ReLU that follow are part of it and pooling is not. No name stands
// for the last convolution that leaves more than one place.
func (t *trace) maps(layer string) (*tensor.Tensor, error) {
	last := -1
	var names []string
	for i, st := range t.steps {
		if !strings.HasPrefix(st.op, "conv") || st.out.Rank() != 4 || st.out.Dim(2)*st.out.Dim(3) == 1 {
			continue
		}
		if layer == "" || st.module == layer || strings.HasPrefix(st.module, layer+".") {
			last = i
		}
		if st.module != "" && !slices.Contains(names, st.module) {
			names = append(names, st.module)
		}
	}
	switch {
	case last < 0 && len(names) == 0:
		return nil, fmt.Errorf("the network has no feature maps: it applies no convolution to the picture")
	case last < 0:
		return nil, fmt.Errorf("the network has no convolutions in a module %q; there are %s", layer, strings.Join(names, ", "))
	}
	maps := t.steps[last].out
	h, w := maps.Dim(2), maps.Dim(3)
	for _, st := range t.steps[last+1:] {
		if strings.HasPrefix(st.op, "conv") || st.out.Rank() != 4 || st.out.Dim(2) != h || st.out.Dim(3) != w {
			break
		}
		if !views[st.op] {
			maps = st.out
		}
	}
	return maps, nil
}
