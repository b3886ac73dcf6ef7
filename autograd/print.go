package autograd

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// TapeText returns the recorded ops that t was computed by as text, one line each, inputs before users:
//
//	%0 = linear(float32 (32, 784), fc1.weight, fc1.bias) -> float32 (32, 512)
//	%1 = relu(%0) -> float32 (32, 512)
//
// Leaves appear under the names given for them, others as "leaf" with dtype and shape, constants by dtype and shape alone. An
// op's static arguments follow its inputs as name=value. It panics with ErrGraph when nothing was recorded for t or the graph
// was freed.
func TapeText(t *tensor.Tensor, names ...tensor.Named) string {
	var b strings.Builder
	steps := tensor.Steps(t)
	for k, s := range steps {
		var args []string
		for i := range s.In {
			args = append(args, inputName(s, steps, i, names))
		}
		args = append(args, arguments(s.Op)...)
		fmt.Fprintf(&b, "%%%d = %s(%s) -> %s\n", k, s.Op.Name(), strings.Join(args, ", "), specs(s.Out))
	}
	return b.String()
}

func inputName(s tensor.Step, steps []tensor.Step, i int, names []tensor.Named) string {
	switch {
	case s.From[i] >= 0 && len(steps[s.From[i]].Out) > 1:
		return fmt.Sprintf("%%%d.%d", s.From[i], s.FromOut[i])
	case s.From[i] >= 0:
		return fmt.Sprintf("%%%d", s.From[i])
	case s.Leaves[i] != nil:
		return leafName(s.Leaves[i], names)
	}
	return specs(s.In[i : i+1])
}

func leafName(l *tensor.Tensor, names []tensor.Named) string {
	for _, n := range names {
		if tensor.SameLeaf(n.Tensor, l) {
			return n.Name
		}
	}
	return "leaf " + specs([]tensor.Spec{l.Spec()})
}

func specs(of []tensor.Spec) string {
	var s []string
	for _, o := range of {
		s = append(s, fmt.Sprintf("%v %v", o.DType, o.Shape))
	}
	return strings.Join(s, ", ")
}

// arguments lists the fields of an op that are numbers, strings or bools, or arrays of such, as name=value.
func arguments(op tensor.Op) (args []string) {
	v := reflect.ValueOf(op)
	if v.Kind() != reflect.Struct { // a Function or Checkpoint has none
		return nil
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); !f.Anonymous && plain(f.Type) && !v.Field(i).IsZero() {
			args = append(args, fmt.Sprintf("%s=%v", f.Name, v.Field(i)))
		}
	}
	return args
}

func plain(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array, reflect.Slice:
		return plain(t.Elem())
	default:
		return k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr || k == reflect.String
	}
}

// TapeDot returns the graph that TapeText lists in the language of Graphviz: ops are boxes, leaves ellipses, and edges
// carry dtype and shape.
//
//	dot -Tsvg tape.dot > tape.svg
func TapeDot(t *tensor.Tensor, names ...tensor.Named) string {
	var b strings.Builder
	b.WriteString("digraph tape {\n\trankdir=TB\n\tnode [shape=box fontname=\"sans-serif\"]\n\tedge [fontname=\"sans-serif\" fontsize=10]\n")
	var leaves []*tensor.Tensor
	leaf := func(l *tensor.Tensor) int {
		for i, o := range leaves {
			if tensor.SameLeaf(o, l) {
				return i
			}
		}
		leaves = append(leaves, l)
		fmt.Fprintf(&b, "\tleaf%d [label=%q shape=ellipse]\n", len(leaves)-1, leafName(l, names))
		return len(leaves) - 1
	}
	for k, s := range tensor.Steps(t) {
		label := strings.Join(append([]string{s.Op.Name()}, arguments(s.Op)...), "\n")
		fmt.Fprintf(&b, "\top%d [label=%q]\n", k, label)
		for i := range s.In {
			switch {
			case s.From[i] >= 0:
				fmt.Fprintf(&b, "\top%d -> op%d [label=%q]\n", s.From[i], k, specs(s.In[i:i+1]))
			case s.Leaves[i] != nil:
				fmt.Fprintf(&b, "\tleaf%d -> op%d [label=%q]\n", leaf(s.Leaves[i]), k, specs(s.In[i:i+1]))
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}
