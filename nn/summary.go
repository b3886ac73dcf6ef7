package nn

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/hadal-go/hadal/tensor"
)

// LayerSummary is one row of a summary: an op that was applied, the module whose parameters it reads, and its cost.
type LayerSummary struct {
	Module string // path of the module that owns the parameters, "" for ops without
	Op     string
	Output tensor.Shape
	Params int   // parameters first read here
	FLOPs  int64 // of products and convolutions; a multiply-add counts as two
}

// ModelSummary lists the layers of one forward pass in order, with totals.
type ModelSummary struct {
	Input, Output tensor.Shape
	Layers        []LayerSummary
	Params        int
	Buffers       int
	FLOPs         int64
}

// viewOps only rename elements; they are left out of summaries unless nothing else stands between two layers.
var viewOps = map[string]bool{"permute": true, "expand": true, "alias": true, "clone": true}

// Summary runs the layer's shape rules on an input of the given shape, without computing anything, and lists what it
// does. The dtype is float32; use SummaryOf for other inputs.
func Summary(m Layer, input tensor.Shape) ModelSummary {
	x := tensor.Factory{Device: tensor.Meta}.FullShape(0, input)
	return SummaryOf(m, x, m.Forward)
}

// SummaryOf is Summary for any model: forward runs it on x, which is best a Meta tensor (no data, nothing computed).
func SummaryOf(m any, x *tensor.Tensor, forward func(*tensor.Tensor) *tensor.Tensor) ModelSummary {
	in := x
	if x.DType().IsFloat() {
		in = x.RequireGrad() // so that layers without parameters are recorded too
	}
	y := forward(in)
	s := ModelSummary{Input: x.Shape(), Output: y.Shape(), Params: NumParams(m)}
	for _, b := range NamedBuffers(m) {
		s.Buffers += b.Numel()
	}
	if !y.RequiresGrad() || y == in {
		return s
	}
	params := NamedParams(m)
	counted := map[string]bool{}
	steps := tensor.Steps(y)
	reads := make([][]NamedParam, len(steps)) // parameters that reach the step through views alone
	for i, st := range steps {
		for j, l := range st.Leaves {
			if l != nil {
				for _, p := range params {
					if tensor.SameLeaf(l, p.Tensor) {
						reads[i] = append(reads[i], p)
					}
				}
			}
			if k := st.From[j]; k >= 0 && isView(steps[k].Op) {
				reads[i] = append(reads[i], reads[k]...)
			}
		}
		if isView(st.Op) {
			continue
		}
		row := LayerSummary{Op: st.Op.Name(), Output: st.Out[0].Shape, FLOPs: st.FLOPs()}
		for _, p := range reads[i] {
			if k := strings.LastIndexByte(p.Name, '.'); row.Module == "" && k >= 0 {
				row.Module = p.Name[:k]
			}
			if !counted[p.Name] {
				counted[p.Name] = true
				row.Params += p.Numel()
			}
		}
		s.FLOPs += row.FLOPs
		s.Layers = append(s.Layers, row)
	}
	return s
}

func isView(op tensor.Op) bool { return viewOps[op.Name()] }

// String is the summary as a table.
func (s ModelSummary) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Module\tOp\tOutput\tParams\tFLOPs")
	fmt.Fprintf(w, "\tinput\t%v\t\t\n", s.Input)
	for _, l := range s.Layers {
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\n", l.Module, l.Op, l.Output, count(int64(l.Params)), count(l.FLOPs))
	}
	w.Flush()
	fmt.Fprintf(&b, "Parameters %s (%.1f MB as float32), buffers %s, FLOPs %s a forward pass\n",
		group(int64(s.Params)), float64(s.Params)*4/1e6, group(int64(s.Buffers)), group(s.FLOPs))
	return b.String()
}

func count(n int64) string {
	if n == 0 {
		return ""
	}
	return group(n)
}

// group writes 61706 as 61,706.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
