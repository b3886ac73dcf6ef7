package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// convCmd reckons with convolutions, without making any.
type convCmd struct {
	Layers []string `arg:"" optional:"" help:"Layers in a row, in place of --kernel and so on: conv (or nothing), up for a transposed convolution, pool or avg; the kernel, 3 or 3x5; then sSTRIDE, pPADDING or psame, dDILATION, cCHANNELS, gGROUPS, oOUTPUTPADDING, ceil, nobias as needed. ResNet begins 7s2p3c64 pool3s2p1."`

	In            string `help:"Size of the input: 224, or 32x48 for height and width." required:""`
	ChannelsIn    int    `help:"Channels of the input." default:"1"`
	Kernel        string `help:"Size of the kernel: 3, or 3x5 for height and width."`
	Stride        int    `help:"Stride; default 1, of poolings the kernel's size."`
	Padding       string `help:"Padding on every side, or same." default:"0"`
	Dilation      int    `help:"Dilation." default:"1"`
	ChannelsOut   int    `help:"Channels of the result; default: as many as come in."`
	Groups        int    `help:"Groups that the channels are cut into." default:"1"`
	Transposed    bool   `help:"A transposed convolution."`
	OutputPadding int    `help:"Of a transposed convolution: added to one side of the result."`
	Pool          bool   `help:"A pooling, which has no parameters."`
	Ceil          bool   `help:"Of a pooling: round the size up."`
	NoBias        bool   `help:"Without biases."`
}

// Help is shown by hadal conv --help.
func (convCmd) Help() string {
	return "Prints the size of the result, the number of parameters, the multiply-adds and the receptive field of each layer, with the formulas filled in."
}

// convLayer is a layer as the command line names it, its sizes for height and width.
type convLayer struct {
	text                    string
	pool, transposed        bool
	ceil, noBias, same      bool
	kernel                  [2]int
	stride, padding         int // stride 0: 1, of poolings the kernel's size
	dilation, out, groups   int // out 0: as many channels as come in
	outputPadding, channels int // channels come in
	height, width           int // come in
}

// layerPattern is the compact notation.
var (
	layerPattern  = regexp.MustCompile(`^(conv|pool|avg|up|)(\d+)(?:x(\d+))?((?:ceil|nobias|psame|[spdcgo]\d+)*)$`)
	optionPattern = regexp.MustCompile(`ceil|nobias|psame|[spdcgo]\d+`)
)

// parseLayer reads a layer such as 3x3s1p1c64 or pool2.
func parseLayer(text string) (l convLayer, err error) {
	m := layerPattern.FindStringSubmatch(text)
	if m == nil {
		return l, fmt.Errorf("there is no layer %q: write conv, up, pool or avg, the kernel, and options such as s2, p1, psame, d2, c64, g2, o1, ceil, nobias: 3x3s2p1c64", text)
	}
	number := func(s string) (n int) {
		if err == nil {
			if n, err = strconv.Atoi(s); err != nil {
				err = fmt.Errorf("layer %q: %s is too large a number", text, s)
			}
		}
		return n
	}
	l = convLayer{text: text, pool: m[1] == "pool" || m[1] == "avg", transposed: m[1] == "up", dilation: 1, groups: 1}
	l.kernel[0] = number(m[2])
	l.kernel[1] = l.kernel[0]
	if m[3] != "" {
		l.kernel[1] = number(m[3])
	}
	given := map[string]bool{}
	for _, o := range optionPattern.FindAllString(m[4], -1) {
		name := o[:1]
		if o == "ceil" || o == "nobias" {
			name = o
		}
		if given[name] {
			return l, fmt.Errorf("layer %q: %s is given twice", text, name)
		}
		given[name] = true
		switch name {
		case "ceil":
			l.ceil = true
		case "nobias":
			l.noBias = true
		case "s":
			if l.stride = number(o[1:]); l.stride == 0 && err == nil {
				err = fmt.Errorf("layer %q: the stride must be positive", text)
			}
		case "p":
			if l.same = o == "psame"; !l.same {
				l.padding = number(o[1:])
			}
		case "d":
			l.dilation = number(o[1:])
		case "c":
			if l.out = number(o[1:]); l.out == 0 && err == nil {
				err = fmt.Errorf("layer %q: the number of channels must be positive", text)
			}
		case "g":
			l.groups = number(o[1:])
		case "o":
			l.outputPadding = number(o[1:])
		}
	}
	if err == nil {
		err = l.check()
	}
	return l, err
}

// check refuses options that do not go together.
func (l convLayer) check() error {
	switch {
	case l.pool && l.transposed:
		return fmt.Errorf("layer %q is a pooling or a transposed convolution, not both", l.text)
	case l.pool && (l.out != 0 || l.groups != 1 || l.noBias):
		return fmt.Errorf("layer %q: a pooling keeps its channels and has no groups and no biases", l.text)
	case !l.pool && l.ceil:
		return fmt.Errorf("layer %q: only poolings round up", l.text)
	case l.same && (l.pool || l.transposed || l.stride > 1):
		return fmt.Errorf("layer %q: same padding is for convolutions of stride 1; give a number", l.text)
	case l.dilation < 1:
		return fmt.Errorf("layer %q: the dilation must be positive", l.text)
	case l.stride < 0 || l.out < 0:
		return fmt.Errorf("layer %q: stride and channels must be positive", l.text)
	case l.groups < 1:
		return fmt.Errorf("layer %q: the number of groups must be positive", l.text)
	}
	return nil
}

// parseSize reads 224 or 32x48.
func parseSize(flag, text string) (size [2]int, err error) {
	h, w, two := strings.Cut(text, "x")
	if !two {
		w = h
	}
	for i, s := range []string{h, w} {
		if size[i], err = strconv.Atoi(s); err != nil || size[i] < 1 {
			return size, fmt.Errorf("--%s %s: give a positive number, or two for height and width: 3x5", flag, text)
		}
	}
	return size, nil
}

// layers are those of the command line.
func (c *convCmd) layers() (all []convLayer, err error) {
	if len(c.Layers) > 0 {
		if c.Kernel != "" || c.Stride != 0 || c.Padding != "0" || c.Dilation != 1 || c.ChannelsOut != 0 || c.Groups != 1 || c.Transposed || c.OutputPadding != 0 || c.Pool || c.Ceil || c.NoBias {
			return nil, errors.New("give layers in a row, or one by --kernel and so on, not both")
		}
		for _, text := range c.Layers {
			l, err := parseLayer(text)
			if err != nil {
				return nil, err
			}
			all = append(all, l)
		}
		return all, nil
	}
	if c.Kernel == "" {
		return nil, errors.New("no layer is given: give --kernel, or layers such as 7s2p3c64 pool3s2p1")
	}
	l := convLayer{pool: c.Pool, transposed: c.Transposed, ceil: c.Ceil, noBias: c.NoBias, stride: c.Stride, dilation: c.Dilation, out: c.ChannelsOut, groups: c.Groups, outputPadding: c.OutputPadding}
	if l.kernel, err = parseSize("kernel", c.Kernel); err != nil {
		return nil, err
	}
	if l.same = c.Padding == "same"; !l.same {
		if l.padding, err = strconv.Atoi(c.Padding); err != nil {
			return nil, fmt.Errorf("--padding %s: give a number, or same", c.Padding)
		}
	}
	l.text = l.kind() + " " + c.Kernel
	return []convLayer{l}, l.check()
}

func (l convLayer) kind() string {
	switch {
	case l.pool:
		return "pool"
	case l.transposed:
		return "transposed conv"
	}
	return "conv"
}

// windows are the layer's, along height and width.
func (l convLayer) windows() []tensor.Window {
	all := make([]tensor.Window, 2)
	for i, k := range l.kernel {
		w := tensor.Window{Kernel: k, Stride: l.stride, Padding: l.padding, Dilation: l.dilation, CeilMode: l.ceil, Transposed: l.transposed, OutputPadding: l.outputPadding}
		if w.Stride == 0 {
			w.Stride = 1
			if l.pool {
				w.Stride = k
			}
		}
		if l.same {
			total := l.dilation * (k - 1)
			w.Padding, w.MorePadding = total/2, total%2
		}
		all[i] = w
	}
	return all
}

// convResult is what a layer makes of its input.
type convResult struct {
	convLayer
	windows      []tensor.Window
	size         []int // height, width
	out          int   // channels
	params, macs int64
	fields       [2][]nn.ReceptiveField // of height and width, up to this layer
}

// reckon follows the input through the layers.
func (c *convCmd) reckon(in [2]int, layers []convLayer) (all []convResult, err error) {
	var chains [2][]tensor.Window
	size, channels := in[:], c.ChannelsIn
	for i, l := range layers {
		l.channels, l.height, l.width = channels, size[0], size[1]
		r := convResult{convLayer: l, windows: l.windows(), out: channels}
		err := tensor.Catch(func() {
			cost := nn.ConvCost{In: channels, Out: channels, Groups: l.groups, NoBias: l.noBias, Windows: r.windows}
			if l.out != 0 {
				cost.Out = l.out
			}
			r.out, r.size = cost.Out, cost.Size(size...)
			if !l.pool {
				r.params, r.macs = cost.Params(), cost.MACs(size...)
			}
			for d := range chains {
				chains[d] = append(chains[d], r.windows[d])
				r.fields[d] = nn.ReceptiveFields(chains[d]...)
			}
		})
		if e, ok := errors.AsType[*tensor.Error](err); ok {
			return nil, fmt.Errorf("layer %d, %s: %s", i+1, l.text, e.Msg)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		size, channels = r.size, r.out
	}
	return all, nil
}

// Run prints the sizes and costs.
func (c *convCmd) Run(a *app) error {
	in, err := parseSize("in", c.In)
	if err == nil && c.ChannelsIn < 1 {
		err = fmt.Errorf("--channels-in %d: give a positive number", c.ChannelsIn)
	}
	var layers []convLayer
	if err == nil {
		layers, err = c.layers()
	}
	var results []convResult
	if err == nil {
		results, err = c.reckon(in, layers)
	}
	if err != nil {
		return usageError{err}
	}
	if a.json {
		return c.json(a, in, results)
	}
	var params, macs int64
	fmt.Fprintf(a.out, "input: %d x %d x %d\n", c.ChannelsIn, in[0], in[1])
	for i, r := range results {
		fmt.Fprintf(a.out, "\n%d. %s: %d x %d x %d\n%s", i+1, r.describe(), r.out, r.size[0], r.size[1], r.formulas())
		params, macs = params+r.params, macs+r.macs
	}
	if len(results) > 1 {
		fmt.Fprintf(a.out, "\nin all: %s parameters, %s multiply-adds\n", thousands(params), thousands(macs))
	}
	return nil
}
