package cpu

// Window is a sliding window over volumes of In (depth, height, width), giving Out; planes and sequences have sizes of 1 in
// front. Where Adaptive, output i along an axis covers places ⌊i·In/Out⌋ to ⌈(i+1)·In/Out⌉, and the other fields are unused.
type Window struct {
	In, Out                      [3]int
	Kernel, Stride, Pad, Dilated [3]int
	Adaptive                     bool
}

// span is the part of a window along one axis: places lo, lo+step, ... below hi, clipped to the input, and how many places
// it has in the padded input.
type span struct{ lo, hi, step, padded int }

// spans returns the window's part along an axis for each place of the result.
func (g *Window) spans(axis int) []span {
	in, out := g.In[axis], g.Out[axis]
	s := make([]span, out)
	for i := range s {
		if g.Adaptive {
			s[i] = span{lo: i * in / out, hi: ((i+1)*in + out - 1) / out, step: 1}
			continue
		}
		lo, dil := i*g.Stride[axis]-g.Pad[axis], g.Dilated[axis]
		s[i] = span{lo, min(lo+(g.Kernel[axis]-1)*dil+1, in), dil, min(lo+g.Kernel[axis], in+g.Pad[axis]) - lo}
		if lo < 0 {
			s[i].lo += (-lo + dil - 1) / dil * dil
		}
	}
	return s
}

func (g *Window) sizes() (in, out int) {
	return g.In[0] * g.In[1] * g.In[2], g.Out[0] * g.Out[1] * g.Out[2]
}
