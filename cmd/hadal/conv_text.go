package main

import (
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// describe is the layer in words.
func (r convResult) describe() string {
	w := r.windows[0]
	text := fmt.Sprintf("%s %d x %d, stride %d", r.kind(), r.kernel[0], r.kernel[1], w.Stride)
	if r.windows[1].Stride != w.Stride {
		text += fmt.Sprintf(" x %d", r.windows[1].Stride)
	}
	switch {
	case r.same:
		text += ", same padding"
	case w.Padding > 0:
		text += fmt.Sprintf(", padding %d", w.Padding)
	}
	if w.Dilation > 1 {
		text += fmt.Sprintf(", dilation %d", w.Dilation)
	}
	if r.groups > 1 {
		text += fmt.Sprintf(", %d groups", r.groups)
	}
	if r.ceil {
		text += ", rounded up"
	}
	return text
}

// formulas are the lines with the formulas filled in, of the width alone where it is as the height.
func (r convResult) formulas() string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "   %-16s %s\n", what, fmt.Sprintf(format, args...))
	}
	in := [2]int{r.height, r.width}
	names := [2]string{"height", "width"}
	dims := 2
	if in[0] == in[1] && r.windows[0] == r.windows[1] {
		dims, names[0] = 1, "size"
	}
	for d := range dims {
		line(names[d], "%s", sizeFormula(r.windows[d], in[d], r.size[d]))
	}
	if !r.pool {
		bias, group := "", ""
		if !r.noBias {
			bias = fmt.Sprintf(" + %d", r.out)
		}
		if r.groups > 1 {
			group = fmt.Sprintf("/%d", r.groups)
		}
		weights := fmt.Sprintf("%d%s·%d·%d·%d", r.channels, group, r.out, r.kernel[0], r.kernel[1])
		places := r.size
		if r.transposed {
			places = in[:]
		}
		line("parameters", "%s%s = %s", weights, bias, thousands(r.params))
		line("multiply-adds", "%s·%d·%d = %s", weights, places[0], places[1], thousands(r.macs))
	}
	if r.fields[0][len(r.fields[0])-1] == r.fields[1][len(r.fields[1])-1] {
		dims = 1
	} else {
		dims = 2
	}
	for d := range dims {
		what := "receptive field"
		if dims == 2 {
			what = "field, " + [2]string{"height", "width"}[d]
		}
		line(what, "%s", fieldFormula(r.windows[d], r.fields[d]))
	}
	return b.String()
}

// sizeFormula is Window.Size with its numbers.
func sizeFormula(w tensor.Window, in, out int) string {
	span := fmt.Sprint(w.Kernel)
	if w.Dilation > 1 {
		span = fmt.Sprintf("(%d·(%d − 1) + 1)", w.Dilation, w.Kernel)
	}
	if w.Transposed {
		text := fmt.Sprintf("(%d − 1)·%d − 2·%d + %s", in, w.Stride, w.Padding, span)
		if w.OutputPadding > 0 {
			text += fmt.Sprintf(" + %d", w.OutputPadding)
		}
		return fmt.Sprintf("%s = %d", text, out)
	}
	padding := fmt.Sprintf("2·%d", w.Padding)
	if w.MorePadding != 0 {
		padding = fmt.Sprint(2*w.Padding + w.MorePadding)
	}
	open, end := "⌊", "⌋"
	text := ""
	if w.CeilMode {
		open, end = "⌈", "⌉"
		plain := (in + 2*w.Padding - w.Span() + w.Stride - 1) / w.Stride
		if plain+1 != out {
			text = ", less one that would start in the padding after"
		}
	}
	return fmt.Sprintf("%s(%d + %s − %s)/%d%s + 1 = %d%s", open, in, padding, span, w.Stride, end, out, text)
}

// fieldFormula says how the last of the fields follows from the one before it.
func fieldFormula(w tensor.Window, fields []nn.ReceptiveField) string {
	f := fields[len(fields)-1]
	before := nn.ReceptiveField{Size: 1, Jump: 1}
	if len(fields) > 1 {
		before = fields[len(fields)-2]
	}
	size := fmt.Sprintf("%d + (%d − 1)·%g = %d", before.Size, w.Span(), before.Jump, f.Size)
	if float64(before.Size)+float64(w.Span()-1)*before.Jump != float64(f.Size) || w.Transposed { // between the places of a transposed one
		size = fmt.Sprint(f.Size)
	}
	return fmt.Sprintf("%s, %g apart, the first from %d", size, f.Jump, f.Start)
}

// json prints one object with all layers.
func (c *convCmd) json(a *app, in [2]int, results []convResult) error {
	layers := []map[string]any{}
	var params, macs int64
	output := []int{c.ChannelsIn, in[0], in[1]}
	for _, r := range results {
		output = []int{r.out, r.size[0], r.size[1]}
		layer := map[string]any{"layer": r.text, "kind": r.kind(), "kernel": r.kernel, "output": output, "params": r.params, "macs": r.macs, "groups": r.groups}
		var stride, padding, dilation, field, start []int
		var jump []float64
		for d, w := range r.windows {
			f := r.fields[d][len(r.fields[d])-1]
			stride, padding, dilation = append(stride, w.Stride), append(padding, w.Padding), append(dilation, w.Dilation)
			field, jump, start = append(field, f.Size), append(jump, f.Jump), append(start, f.Start)
		}
		layer["stride"], layer["padding"], layer["dilation"] = stride, padding, dilation
		layer["field"], layer["jump"], layer["start"] = field, jump, start
		layers = append(layers, layer)
		params, macs = params+r.params, macs+r.macs
	}
	return a.out.line(map[string]any{"input": []int{c.ChannelsIn, in[0], in[1]}, "output": output, "layers": layers, "params": params, "macs": macs})
}
