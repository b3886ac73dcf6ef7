package nn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func win(k, s, p int) tensor.Window { return tensor.Window{Kernel: k, Stride: s, Padding: p} }

// AlexNet's and VGG-16's are those of Araujo, Norris and Sim (2019), table 1, whose AlexNet pads as the original; torchvision's
// has the same sizes. ResNet-18's first stages are worked by hand.
func TestReceptiveFieldsOfPublishedNetworks(t *testing.T) {
	vgg := func(convs ...int) (all []tensor.Window) {
		for _, n := range convs {
			for range n {
				all = append(all, win(3, 1, 1))
			}
			all = append(all, win(2, 2, 0))
		}
		return all
	}
	for _, c := range []struct {
		name   string
		layers []tensor.Window
		want   nn.ReceptiveField
	}{
		{"AlexNet pool5", []tensor.Window{win(11, 4, 2), win(3, 2, 0), win(5, 1, 2), win(3, 2, 0), win(3, 1, 1), win(3, 1, 1), win(3, 1, 1), win(3, 2, 0)}, nn.ReceptiveField{Size: 195, Jump: 32, Start: -66}},
		{"VGG-16 pool5", vgg(2, 2, 3, 3, 3), nn.ReceptiveField{Size: 212, Jump: 32, Start: -90}},
		{"ResNet stem", []tensor.Window{win(7, 2, 3), win(3, 2, 1)}, nn.ReceptiveField{Size: 11, Jump: 4, Start: -5}},
		{"WaveNet block", []tensor.Window{
			{Kernel: 2, Padding: 1, MorePadding: -1}, {Kernel: 2, Dilation: 2, Padding: 2, MorePadding: -2}, {Kernel: 2, Dilation: 4, Padding: 4, MorePadding: -4},
		}, nn.ReceptiveField{Size: 8, Jump: 1, Start: -7}},
		{"a transposed convolution", []tensor.Window{{Kernel: 4, Stride: 2, Padding: 1, Transposed: true}}, nn.ReceptiveField{Size: 2, Jump: 0.5, Start: -1}},
		{"down and up", []tensor.Window{win(2, 2, 0), {Kernel: 2, Stride: 2, Transposed: true}, win(3, 1, 1)}, nn.ReceptiveField{Size: 4, Jump: 1, Start: -2}},
	} {
		all := nn.ReceptiveFields(c.layers...)
		if got := all[len(all)-1]; got != c.want || len(all) != len(c.layers) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if f := (nn.ReceptiveField{Size: 212, Jump: 32, Start: -90}); f.Center(0) != 15.5 || f.Center(3) != 111.5 {
		t.Errorf("centres %v and %v", f.Center(0), f.Center(3))
	}
	if len(nn.ReceptiveFields()) != 0 {
		t.Error("no layers have fields")
	}
}

// TestReceptiveFieldsAreGradientSupports compares what units of random chains depend on, by their gradients, with the fields, and
// the fields of a chain with those that a summary finds.
func TestReceptiveFieldsAreGradientSupports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		const size = 60
		var windows []tensor.Window
		var net nn.Sequential
		now, up := size, false
		for i := range n("layers", 1, 5) {
			w := tensor.Window{Kernel: n("kernel", 1, 4), Stride: n("stride", 1, 3), Padding: n("padding", 0, 2)}
			kind := n("kind", 0, 3)
			switch kind {
			case 0, 1:
				w.Dilation = n("dilation", 1, 3)
			case 2:
				w.Padding = min(w.Padding, w.Kernel/2)
			case 3: // without gaps, so that every unit sees something
				w.Transposed, w.Stride, up = true, min(w.Stride, w.Kernel), true
				w.Padding = min(w.Padding, w.Kernel-1)
			}
			var to int
			if tensor.Catch(func() { to = w.Size(now) }) != nil || to > 200 {
				break
			}
			now, windows = to, append(windows, w)
			g := random.New(uint64(i))
			pair := func(k int) [2]int { return [2]int{0, k} }
			switch kind {
			case 0, 1:
				l := nn.NewConv1d(g, 1, 1, w.Kernel, nn.ConvConfig{Stride: w.Stride, Padding: w.Padding, Dilation: w.Dilation})
				l.Weight = tensor.NewParam(tensor.Rand(g, 1, 1, w.Kernel).AddScalar(0.5)) // nothing cancels
				net = append(net, l)
			case 2:
				net = append(net, &nn.AvgPool1d{Config: tensor.PoolConfig{Kernel: pair(w.Kernel), Stride: pair(w.Stride), Padding: pair(w.Padding)}})
			case 3:
				l := nn.NewConvTranspose1d(g, 1, 1, w.Kernel, nn.ConvTransposeConfig{Stride: w.Stride, Padding: w.Padding})
				l.Weight = tensor.NewParam(tensor.Rand(g, 1, 1, w.Kernel).AddScalar(0.5))
				net = append(net, l)
			}
		}
		if len(windows) == 0 {
			t.Skip("no layer fits")
		}
		fields := nn.ReceptiveFields(windows...)
		field := fields[len(fields)-1]
		most := 0
		for o := range now {
			x := tensor.Ones(1, 1, size).RequireGrad()
			net.Forward(x).Select(2, o).Sum().Backward()
			lo, hi := size, -1
			for i, v := range x.Grad().Floats() {
				if v != 0 {
					lo, hi = min(lo, i), i
				}
			}
			if hi < 0 { // a unit of nothing but padding
				continue
			}
			most = max(most, hi-lo+1)
			if up {
				continue
			}
			first := field.Start + o*int(field.Jump)
			last := first + field.Size - 1
			inside := first >= 0 && last < size // else padding or steps that do not come out even may hide more of it
			if lo < first || hi > last || inside && (lo != first || hi != last) {
				t.Fatalf("%+v: unit %d sees %d to %d, which is not in the field %+v", windows, o, lo, hi, field)
			}
		}
		if most > field.Size || up && now > 100 && field.Size < size/3 && most != field.Size {
			t.Fatalf("%+v: a unit sees %d, the field is %+v", windows, most, field)
		}
		s := nn.Summary(net, tensor.ShapeOf(1, 1, size))
		k := 0
		for i, l := range s.Layers {
			if l.Op == "add" { // a transposed convolution's bias
				continue
			}
			if len(s.Fields[i]) != 1 || s.Fields[i][0] != fields[k] {
				t.Fatalf("%+v: the summary finds %+v after layer %d, the chain has %+v", windows, s.Fields[i], k, fields[k])
			}
			k++
		}
	})
}

// ladder has a branch around two layers, as residual networks and U-Nets do, and a gate that sees everything.
type ladder struct {
	Stem, Down, Side *nn.Conv2d
	Up               *nn.ConvTranspose2d
	Gate             *nn.Conv2d
	Head             *nn.Linear
}

func (m *ladder) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = m.Stem.Forward(x).ReLU()
	y := m.Up.Forward(m.Down.Forward(x))
	x = tensor.Concat(1, x, y).Add(m.Side.Forward(x))
	x = x.Mul(m.Gate.Forward(tensor.AdaptiveAvgPool2d(x, 1, 1)).Sigmoid())
	return m.Head.Forward(x.Flatten(1))
}

func TestSummaryFields(t *testing.T) {
	g := random.New(1)
	m := &ladder{
		Stem: nn.NewConv2d(g, 1, 2, 3, nn.ConvConfig{Padding: 1}), Down: nn.NewConv2d(g, 2, 2, 2, nn.ConvConfig{Stride: 2}),
		Side: nn.NewConv2d(g, 2, 4, 1, nn.ConvConfig{}), Up: nn.NewConvTranspose2d(g, 2, 2, 2, nn.ConvTransposeConfig{Stride: 2}),
		Gate: nn.NewConv2d(g, 4, 4, 1, nn.ConvConfig{}), Head: nn.NewLinear(g, 4*8*6, 2, nn.LinearConfig{}),
	}
	s := nn.Summary(m, tensor.ShapeOf(1, 1, 8, 6))
	want := `Module  Op                   Output        MACs      Field   Jump    Start
        input                (1, 1, 8, 6)
stem    conv2d               (1, 2, 8, 6)   864      3 x 3  1 x 1  -1 x -1
        relu                 (1, 2, 8, 6)            3 x 3  1 x 1  -1 x -1
down    conv2d               (1, 2, 4, 3)   192      4 x 4  2 x 2  -1 x -1
up      conv_transpose2d     (1, 2, 8, 6)   192      4 x 4  1 x 1  -1 x -1
up      add                  (1, 2, 8, 6)            4 x 4  1 x 1  -1 x -1
        concat               (1, 4, 8, 6)            4 x 4  1 x 1  -1 x -1
side    conv2d               (1, 4, 8, 6)   384      3 x 3  1 x 1  -1 x -1
        add                  (1, 4, 8, 6)            4 x 4  1 x 1  -1 x -1
        adaptive_avg_pool2d  (1, 4, 1, 1)           10 x 8  8 x 6  -1 x -1
gate    conv2d               (1, 4, 1, 1)    16     10 x 8  8 x 6  -1 x -1
        sigmoid              (1, 4, 1, 1)           10 x 8  8 x 6  -1 x -1
        mul                  (1, 4, 8, 6)        all x all
head    linear               (1, 2)         384
`
	if got := s.FieldTable(); got != want {
		t.Errorf("the table is\n%s, want\n%s", got, want)
	}
	// Of ops that move places the fields are not known, and nothing is made up.
	flip := nn.SummaryOf(m.Stem, tensor.Factory{Device: tensor.Meta}.Zeros(1, 1, 8, 8), func(l *nn.Conv2d, x *tensor.Tensor) *tensor.Tensor {
		return l.Forward(x.Transpose(2, 3)).ReLU()
	})
	for i, f := range flip.Fields {
		if f != nil {
			t.Errorf("behind a transposition, %s has the field %+v", flip.Layers[i].Op, f)
		}
	}
	// Nor where they repeat only after so many units that finding them would take long, 257·263.
	at := func(stride int) nn.Layer {
		return nn.NewSequential(nn.NewConv1d(g, 1, 1, 1, nn.ConvConfig{Stride: stride}), nn.NewConvTranspose1d(g, 1, 1, 3, nn.ConvTransposeConfig{Stride: stride}))
	}
	two := nn.SummaryOf(at(257), tensor.Factory{Device: tensor.Meta}.Zeros(1, 1, 1), func(l nn.Layer, x *tensor.Tensor) *tensor.Tensor {
		return l.Forward(x).Add(at(263).Forward(x))
	})
	if f := two.Fields[len(two.Fields)-1]; f != nil {
		t.Errorf("of strides 257 and 263 the sum has the field %+v", f)
	}
	idx := tensor.With(tensor.Int64).On(tensor.Meta).Zeros(2, 5)
	if e := nn.SummaryOf(nn.NewEmbedding(g, 10, 3, nn.EmbeddingConfig{}), idx, (*nn.Embedding).Forward); len(e.Fields) != len(e.Layers) || e.Fields[0] != nil {
		t.Errorf("an embedding has the fields %+v", e.Fields)
	}
}

func TestReceptiveFieldsRefuse(t *testing.T) {
	up := tensor.Window{Kernel: 64, Stride: 64, Transposed: true}
	for _, c := range []struct {
		layers []tensor.Window
		want   string
	}{
		{[]tensor.Window{{}}, "kernel 0"},
		{[]tensor.Window{win(3, -2, 0)}, "stride -2"},
		{[]tensor.Window{up, up, up}, "multiply to 262144; at most 65536"},
		{[]tensor.Window{win(3, 1<<30, 0), win(3, 1<<30, 0), win(3, 1<<30, 0)}, "more than can be reckoned with"},
	} {
		err := tensor.Catch(func() { nn.ReceptiveFields(c.layers...) })
		if !errors.Is(err, tensor.ErrValue) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%+v: %v, want %q", c.layers, err, c.want)
		}
	}
}

// TestConvCost compares with the layers' own parameters and with what a summary counts.
func TestConvCost(t *testing.T) {
	g := random.New(1)
	for _, c := range []struct {
		cost nn.ConvCost
		make func() nn.Layer
	}{
		{nn.ConvCost{In: 3, Out: 8, Windows: []tensor.Window{win(7, 2, 3), win(7, 2, 3)}}, func() nn.Layer { return nn.NewConv2d(g, 3, 8, 7, nn.ConvConfig{Stride: 2, Padding: 3}) }},
		{nn.ConvCost{In: 6, Out: 4, Groups: 2, NoBias: true, Windows: []tensor.Window{{Kernel: 3, Dilation: 2}, {Kernel: 3, Dilation: 2}}},
			func() nn.Layer { return nn.NewConv2d(g, 6, 4, 3, nn.ConvConfig{Dilation: 2, Groups: 2, NoBias: true}) }},
		{nn.ConvCost{In: 6, Out: 4, Groups: 2, NoBias: true, Windows: []tensor.Window{{Kernel: 4, Stride: 2, Padding: 1, Transposed: true}, {Kernel: 4, Stride: 2, Padding: 1, Transposed: true}}},
			func() nn.Layer {
				return nn.NewConvTranspose2d(g, 6, 4, 4, nn.ConvTransposeConfig{Stride: 2, Padding: 1, Groups: 2, NoBias: true})
			}},
	} {
		l := c.make()
		x := tensor.ShapeOf(1, c.cost.In, 20, 17)
		s := nn.Summary(l, x)
		size := c.cost.Size(20, 17)
		if got := c.cost.Params(); got != int64(s.Params) {
			t.Errorf("%+v: %d parameters, want %d", c.cost, got, s.Params)
		}
		if got := 2 * c.cost.MACs(20, 17); got != s.FLOPs {
			t.Errorf("%+v: %d FLOPs, want %d", c.cost, got, s.FLOPs)
		}
		if s.Output != tensor.ShapeOf(1, c.cost.Out, size[0], size[1]) {
			t.Errorf("%+v: size %v, want %v", c.cost, size, s.Output)
		}
	}
	// Szegedy et al. (2015): 5 x 5 convolutions on (192, 28, 28), straight and behind a reduction.
	same := func(k int) []tensor.Window { return []tensor.Window{win(k, 1, k/2), win(k, 1, k/2)} }
	straight := nn.ConvCost{In: 192, Out: 32, Windows: same(5)}.MACs(28, 28)
	reduced := nn.ConvCost{In: 192, Out: 16, Windows: same(1)}.MACs(28, 28) + nn.ConvCost{In: 16, Out: 32, Windows: same(5)}.MACs(28, 28)
	if straight != 120_422_400 || reduced != 12_443_648 {
		t.Errorf("%d and %d multiplications", straight, reduced)
	}
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { nn.ConvCost{In: 3, Out: 8}.Params() }, "there are no windows"},
		{func() { nn.ConvCost{In: 3, Out: 0, Windows: same(3)}.Params() }, "0 output channels"},
		{func() { nn.ConvCost{In: 3, Out: 8, Groups: 2, Windows: same(3)}.MACs(9, 9) }, "2 groups do not divide 3 input"},
		{func() { nn.ConvCost{In: 3, Out: 8, Windows: same(3)}.MACs(9) }, "1 sizes for 2 dimensions"},
		{func() {
			nn.ConvCost{In: 3, Out: 8, Windows: []tensor.Window{win(3, 1, 0), {Kernel: 3, Transposed: true}}}.Params()
		}, "some windows are transposed"},
		{func() { nn.ConvCost{In: 1 << 30, Out: 1 << 30, Windows: same(99)}.Params() }, "give smaller sizes"},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, tensor.ErrValue) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func ExampleReceptiveFields() {
	block := []tensor.Window{{Kernel: 3, Padding: 1}, {Kernel: 3, Padding: 1}, {Kernel: 2, Stride: 2}}
	for _, f := range nn.ReceptiveFields(append(block, block...)...) {
		fmt.Printf("%d from %d, %g apart\n", f.Size, f.Start, f.Jump)
	}
	// Output:
	// 3 from -1, 1 apart
	// 5 from -2, 1 apart
	// 6 from -2, 2 apart
	// 10 from -4, 2 apart
	// 14 from -6, 2 apart
	// 16 from -6, 4 apart
}

func ExampleConvCost() {
	same := []tensor.Window{{Kernel: 3, Padding: 1}, {Kernel: 3, Padding: 1}}
	plain := nn.ConvCost{In: 64, Out: 128, Windows: same}
	grouped := nn.ConvCost{In: 64, Out: 128, Groups: 32, Windows: same}
	fmt.Println(plain.Params(), plain.MACs(56, 56), grouped.Params(), grouped.MACs(56, 56))
	// Output: 73856 231211008 2432 7225344
}
