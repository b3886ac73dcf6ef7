package nn

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hadal-go/hadal/tensor"
)

// LayerSummary is one row of a summary: an op that was applied, the module whose parameters it reads, and its cost.
type LayerSummary struct {
	Module string // path of the module that owns the parameters, "" for ops without
	Op     string
	Output tensor.Shape
	Params int   // values of the parameters first read here
	FLOPs  int64 // of products and convolutions; a multiply-add counts as two
}

// ModelSummary lists the layers of one forward pass in order, with totals.
type ModelSummary struct {
	Input, Output tensor.Shape
	Layers        []LayerSummary
	// Fields holds, for each of Layers, the receptive fields of its units along the input's spatial dimensions, height and width of
	// (N, C, H, W); nil where there are none, as behind Flatten, or where an op's are not known, as of interpolation.
	Fields  [][]ReceptiveField
	Params  int   // values of all parameters
	Buffers int   // values of all buffers
	Bytes   int64 // of parameters and buffers
	FLOPs   int64
}

// viewOps rearrange elements without computing anything; summaries leave them out.
var viewOps = map[string]bool{"reshape": true, "permute": true, "expand": true, "slice": true, "alias": true, "clone": true}

// Summary runs the layer's shape rules on an input of the given shape, without computing anything, and lists what it does.
// The input has the dtype of the first parameter; use SummaryOf for other inputs. The layer is shown as it trains, whatever
// its mode, and stays as it is.
func Summary(m Layer, input tensor.Shape) ModelSummary {
	f := tensor.Factory{Device: tensor.Meta}
	for _, p := range Params(m) {
		f.DType = p.DType()
		break
	}
	return SummaryOf(m, f.FullShape(0, input), Layer.Forward)
}

// SummaryOf is Summary for any model and input, which is best a Meta tensor (no data, nothing computed): forward runs a copy
// of m, as in SummaryOf(m, x, (*Model).Forward).
func SummaryOf[M any](m M, x *tensor.Tensor, forward func(M, *tensor.Tensor) *tensor.Tensor) ModelSummary {
	// The copy shares the weights. Its parameters are leaves even if m's are not; its buffers and generators are its own.
	m = copyModule(m, copier{
		param:      func(p *Param) *Param { return &Param{Tensor: p.RequireGrad()} },
		buffer:     func(b *Buffer) *Buffer { return tensor.NewBuffer(b.Tensor) },
		generators: true,
		mode:       Train,
		setMode:    true,
	})
	in := x
	if x.DType().IsFloat() {
		in = x.RequireGrad() // so that layers without parameters are recorded too
	}
	y := forward(m, in)
	s := ModelSummary{Input: x.Shape(), Output: y.Shape()}
	params := NamedParams(m)
	for _, p := range params {
		s.Params += p.Numel()
		s.Bytes += int64(p.Numel() * p.DType().Size())
	}
	for _, b := range NamedBuffers(m) {
		s.Buffers += b.Numel()
		s.Bytes += int64(b.Numel() * b.DType().Size())
	}
	if y.RequiresGrad() && y != in {
		s.list(tensor.Steps(y), in, params)
	}
	return s
}

// list adds the steps as rows.
func (s *ModelSummary) list(steps []tensor.Step, in *tensor.Tensor, params []NamedParam) {
	views := viewsOf(steps, in)
	counted := map[string]bool{}
	reads := make([][]NamedParam, len(steps)) // parameters that reach the step, through views if need be
	for i, st := range steps {
		for j, l := range st.Leaves {
			for _, p := range params {
				if l != nil && tensor.SameLeaf(l, p.Tensor) {
					reads[i] = append(reads[i], p)
				}
			}
			if k := st.From[j]; k >= 0 && viewOps[steps[k].Op.Name()] {
				reads[i] = append(reads[i], reads[k]...)
			}
		}
		if viewOps[st.Op.Name()] {
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
		s.Fields = append(s.Fields, fieldsOf(views[i]))
	}
}

// String is the summary as a table, numbers to the right.
func (s ModelSummary) String() string {
	rows := [][5]string{{"Module", "Op", "Output", "Params", "FLOPs"}, {"", "input", s.Input.String(), "", ""}}
	for _, l := range s.Layers {
		rows = append(rows, [5]string{l.Module, l.Op, l.Output.String(), count(int64(l.Params)), count(l.FLOPs)})
	}
	var width [5]int
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %-*s  %*s  %*s", width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3], width[4], r[4])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	fmt.Fprintf(&b, "%s parameters, %s values in buffers, %s; %s FLOPs a forward pass\n",
		group(int64(s.Params)), group(int64(s.Buffers)), size(s.Bytes), group(s.FLOPs))
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

// size writes 246824 bytes as 246.8 kB.
func size(n int64) string {
	f, units := float64(n), []string{"B", "kB", "MB", "GB"}
	for f >= 1000 && len(units) > 1 {
		f, units = f/1000, units[1:]
	}
	return fmt.Sprintf("%.4g %s", f, units[0])
}
