package tensor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/tensor"
)

// The sizes that published networks have, the examples of Dumoulin and Visin (2016), and PyTorch's.
func TestWindowSize(t *testing.T) {
	for _, c := range []struct {
		w        tensor.Window
		in, want int
	}{
		{tensor.Window{Kernel: 7, Stride: 2, Padding: 3}, 224, 112},               // ResNet's first
		{tensor.Window{Kernel: 3, Stride: 2, Padding: 1}, 112, 56},                // and its pooling
		{tensor.Window{Kernel: 11, Stride: 4, Padding: 2}, 224, 55},               // AlexNet's
		{tensor.Window{Kernel: 3, Stride: 2}, 6, 2},                               // not 2.5
		{tensor.Window{Kernel: 3, Stride: 2, CeilMode: true}, 6, 3},               //
		{tensor.Window{Kernel: 3, Stride: 2, CeilMode: true}, 112, 56},            // GoogLeNet's poolings
		{tensor.Window{Kernel: 2, Stride: 2, Padding: 1, CeilMode: true}, 3, 2},   // the third window would start in the padding after
		{tensor.Window{Kernel: 3, Dilation: 2}, 7, 3},                             // figure 5.1
		{tensor.Window{Kernel: 4, Padding: 2}, 5, 6},                              // figure 2.2
		{tensor.Window{Kernel: 3, Padding: 2, MorePadding: -2}, 9, 9},             // causal
		{tensor.Window{Kernel: 4, Padding: 1, MorePadding: 1}, 9, 9},              // same
		{tensor.Window{Kernel: 3, Transposed: true}, 2, 4},                        // figure 4.1
		{tensor.Window{Kernel: 3, Stride: 2, Padding: 1, Transposed: true}, 3, 5}, // figure 4.6
		{tensor.Window{Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1, Transposed: true}, 3, 6},
		{tensor.Window{Kernel: 4, Stride: 2, Padding: 1, Transposed: true}, 32, 64},
		{tensor.Window{Kernel: 1}, 1, 1},
	} {
		if got := c.w.Size(c.in); got != c.want {
			t.Errorf("%+v of %d is %d, want %d", c.w, c.in, got, c.want)
		}
	}
	for _, c := range []struct{ k, d, want int }{{3, 1, 3}, {3, 2, 5}, {3, 4, 9}, {5, 3, 13}, {1, 100, 1}} {
		if got := (tensor.Window{Kernel: c.k, Dilation: c.d}).Span(); got != c.want {
			t.Errorf("a kernel of %d with dilation %d spans %d, want %d", c.k, c.d, got, c.want)
		}
	}
}

// TestWindowSizeIsThatOfOps compares with the shapes that the ops infer, and with which options they refuse.
func TestWindowSizeIsThatOfOps(t *testing.T) {
	meta := tensor.Factory{Device: tensor.Meta}
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		w := tensor.Window{Kernel: n("kernel", 1, 7), Stride: n("stride", 0, 4), Padding: n("padding", 0, 4), Dilation: n("dilation", 0, 3)}
		in := n("in", 1, 20)
		x, weight := meta.Zeros(1, 1, in), meta.Zeros(1, 1, w.Kernel)
		cfg := tensor.ConvConfig{Stride: [2]int{0, w.Stride}, Padding: [2]int{0, w.Padding}, Dilation: [2]int{0, w.Dilation}}
		pool := tensor.PoolConfig{Kernel: [2]int{0, w.Kernel}, Stride: [2]int{0, max(1, w.Stride)}, Padding: cfg.Padding, Dilation: cfg.Dilation}
		var y *tensor.Tensor
		var err error
		switch kind := n("kind", 0, 3); {
		case kind == 0:
			err = tensor.Catch(func() { y = tensor.Conv1d(x, weight, nil, cfg) })
		case kind == 1:
			w.Transposed, w.OutputPadding = true, n("output padding", 0, 3)
			err = tensor.Catch(func() {
				y = tensor.ConvTranspose1d(x, weight, nil, tensor.ConvTransposeConfig{ConvConfig: cfg, OutputPadding: [2]int{0, w.OutputPadding}})
			})
		case 2*w.Padding > w.Kernel:
			t.Skip("poolings refuse so much padding")
		default:
			w.CeilMode, pool.CeilMode = kind == 3, kind == 3
			err = tensor.Catch(func() { y = tensor.MaxPool1d(x, pool) })
		}
		var got int
		mine := tensor.Catch(func() { got = w.Size(in) })
		if (err == nil) != (mine == nil) {
			t.Fatalf("%+v of %d: %v, where the op says %v", w, in, mine, err)
		}
		if err == nil && got != y.Dim(2) {
			t.Fatalf("%+v of %d is %d, where the op gives %d", w, in, got, y.Dim(2))
		}
	})
}

func TestWindowRefuses(t *testing.T) {
	for _, c := range []struct {
		w    tensor.Window
		in   int
		kind tensor.Kind
		want string
	}{
		{tensor.Window{}, 5, tensor.ErrValue, "kernel 0, stride 1 and dilation 1 must be positive"},
		{tensor.Window{Kernel: 3, Stride: -1}, 5, tensor.ErrValue, "stride -1"},
		{tensor.Window{Kernel: 3, Padding: -1}, 5, tensor.ErrValue, "padding -1"},
		{tensor.Window{Kernel: 3, Padding: 1, MorePadding: -2}, 5, tensor.ErrValue, "-2 more"},
		{tensor.Window{Kernel: 3}, 0, tensor.ErrValue, "the input's size 0 must be positive"},
		{tensor.Window{Kernel: 7}, 5, tensor.ErrShape, "the kernel spans 7, more than the padded input's 5"},
		{tensor.Window{Kernel: 3, Dilation: 1 << 40}, 5, tensor.ErrValue, "more than a dimension can hold"},
		{tensor.Window{Kernel: 3, OutputPadding: 1}, 5, tensor.ErrValue, "output padding is a transposed"},
		{tensor.Window{Kernel: 3, OutputPadding: 1, Transposed: true}, 5, tensor.ErrValue, "output padding 1 must be smaller than the stride 1"},
		{tensor.Window{Kernel: 3, Transposed: true, CeilMode: true}, 5, tensor.ErrValue, "no ceil mode"},
		{tensor.Window{Kernel: 1, Transposed: true, Padding: 2}, 2, tensor.ErrShape, "the result would have size -2"},
		{tensor.Window{Kernel: 1, Transposed: true, Stride: 1 << 20}, 1 << 20, tensor.ErrShape, "is more than a dimension can hold"},
	} {
		err := tensor.Catch(func() { c.w.Size(c.in) })
		if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%+v of %d: %v, want %q", c.w, c.in, err, c.want)
		}
	}
}

func TestStepWindows(t *testing.T) {
	meta := tensor.Factory{Device: tensor.Meta}
	x := meta.Zeros(2, 4, 20, 21).RequireGrad()
	last := func(y *tensor.Tensor) string {
		s := tensor.Steps(y)
		return fmt.Sprintf("%+v", s[len(s)-1].Windows())
	}
	two := func(w, h tensor.Window) string { return fmt.Sprintf("%+v", []tensor.Window{w, h}) }
	y := tensor.Conv2d(x, meta.Zeros(8, 2, 3, 5), nil, tensor.ConvConfig{Stride: [2]int{1, 2}, Padding: [2]int{1, 0}, Dilation: [2]int{2, 1}, Groups: 2})
	if got, want := last(y), two(tensor.Window{Kernel: 3, Stride: 1, Padding: 1, Dilation: 2}, tensor.Window{Kernel: 5, Stride: 2, Dilation: 1}); got != want {
		t.Errorf("a convolution's windows are %s, want %s", got, want)
	}
	y = tensor.ConvTranspose2d(x, meta.Zeros(4, 2, 4, 3), nil, tensor.ConvTransposeConfig{
		ConvConfig: tensor.ConvConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}, OutputPadding: [2]int{0, 1}})
	up := tensor.Window{Kernel: 4, Stride: 2, Padding: 1, Dilation: 1, Transposed: true}
	if got, want := last(y), two(up, tensor.Window{Kernel: 3, Stride: 2, Padding: 1, Dilation: 1, Transposed: true, OutputPadding: 1}); got != want {
		t.Errorf("a transposed convolution's windows are %s, want %s", got, want)
	}
	// Without the output padding nothing would be left: (1−1)·3 − 2 + 2 = 0.
	y = tensor.ConvTranspose2d(meta.Zeros(1, 1, 1, 1).RequireGrad(), meta.Zeros(1, 1, 2, 2), nil, tensor.ConvTransposeConfig{
		ConvConfig: tensor.ConvConfig{Stride: [2]int{3, 3}, Padding: [2]int{1, 1}}, OutputPadding: [2]int{1, 1}})
	up = tensor.Window{Kernel: 2, Stride: 3, Padding: 1, Dilation: 1, Transposed: true, OutputPadding: 1}
	if got := last(y); got != two(up, up) || up.Size(1) != 1 {
		t.Errorf("a transposed convolution's windows are %s, want %s", got, two(up, up))
	}
	pool := tensor.Window{Kernel: 3, Stride: 2, Padding: 1, Dilation: 1}
	if got := last(tensor.AvgPool2d(x, tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}})); got != two(pool, pool) {
		t.Errorf("a pooling's windows are %s", got)
	}
	// Windows from 0, 2 and 4 of 6 elements, from 0 of 2: the last one hangs over. Of 5 elements none does, nor has the mode any other effect.
	ceil := tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, CeilMode: true}
	over, fits := tensor.Window{Kernel: 3, Stride: 2, Dilation: 1, CeilMode: true}, tensor.Window{Kernel: 3, Stride: 2, Dilation: 1}
	for sizes, want := range map[[2]int]string{{6, 5}: two(over, fits), {2, 6}: two(over, over)} {
		if got := last(tensor.MaxPool2d(meta.Zeros(1, 1, sizes[0], sizes[1]).RequireGrad(), ceil)); got != want {
			t.Errorf("in ceil mode the windows over %v are %s, want %s", sizes, got, want)
		}
	}
	if got := last(tensor.AdaptiveMaxPool2d(x, 5, 3)); got != two(tensor.Window{Kernel: 4, Stride: 4}, tensor.Window{Kernel: 7, Stride: 7}) {
		t.Errorf("an adaptive pooling's windows are %s", got)
	}
	for name, y := range map[string]*tensor.Tensor{
		"an uneven adaptive pooling": tensor.AdaptiveAvgPool2d(x, 3, 3), "a ReLU": x.ReLU(),
		"a fractional pooling": tensor.FractionalMaxPool2d(x, meta.Zeros(2, 4, 2), tensor.FractionalMaxPoolConfig{Kernel: [2]int{2, 2}, Size: [2]int{9, 9}}),
	} {
		if got := last(y); got != "[]" {
			t.Errorf("%s has windows %s", name, got)
		}
	}
	z := meta.Zeros(2, 4, 20).RequireGrad()
	causal := tensor.Conv1d(z, meta.Zeros(4, 4, 3), nil, tensor.ConvConfig{Causal: true, Dilation: [2]int{0, 4}})
	if got, want := last(causal), fmt.Sprintf("%+v", []tensor.Window{{Kernel: 3, Stride: 1, Padding: 8, MorePadding: -8, Dilation: 4}}); got != want {
		t.Errorf("a causal convolution's windows are %s, want %s", got, want)
	}
}

func ExampleWindow_Size() {
	stem := tensor.Window{Kernel: 7, Stride: 2, Padding: 3}
	atrous := tensor.Window{Kernel: 3, Dilation: 4, Padding: 4}
	up := tensor.Window{Kernel: 4, Stride: 2, Padding: 1, Transposed: true}
	fmt.Println(stem.Size(224), atrous.Span(), atrous.Size(56), up.Size(56))
	// Output: 112 9 56 112
}
