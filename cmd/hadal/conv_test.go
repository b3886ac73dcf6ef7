package main

import (
	"strings"
	"testing"
)

const resNetStem = `input: 3 x 224 x 224

1. conv 7 x 7, stride 2, padding 3: 64 x 112 x 112
   size             ⌊(224 + 2·3 − 7)/2⌋ + 1 = 112
   parameters       3·64·7·7 = 9,408
   multiply-adds    3·64·7·7·112·112 = 118,013,952
   receptive field  1 + (7 − 1)·1 = 7, 2 apart, the first from -3

2. pool 3 x 3, stride 2, padding 1: 64 x 56 x 56
   size             ⌊(112 + 2·1 − 3)/2⌋ + 1 = 56
   receptive field  7 + (3 − 1)·2 = 11, 4 apart, the first from -5

in all: 9,408 parameters, 118,013,952 multiply-adds
`

func TestConv(t *testing.T) {
	t.Parallel()
	if out := must(t, "conv", "--in", "224", "--channels-in", "3", "7s2p3c64nobias", "pool3s2p1"); out != resNetStem {
		t.Errorf("ResNet's stem is\n%s, want\n%s", out, resNetStem)
	}
	// One layer by flags is the same as in short.
	flags := must(t, "conv", "--in", "32x48", "--kernel", "3x5", "--stride", "2", "--padding", "1", "--dilation", "2", "--channels-in", "4", "--channels-out", "6", "--groups", "2")
	short := must(t, "conv", "--in", "32x48", "--channels-in", "4", "3x5s2p1d2c6g2")
	if flags != short {
		t.Errorf("by flags\n%s, in short\n%s", flags, short)
	}
	for _, want := range []string{
		"conv 3 x 5, stride 2, padding 1, dilation 2, 2 groups: 6 x 15 x 21\n",
		"height           ⌊(32 + 2·1 − (2·(3 − 1) + 1))/2⌋ + 1 = 15\n",
		"width            ⌊(48 + 2·1 − (2·(5 − 1) + 1))/2⌋ + 1 = 21\n",
		"parameters       4/2·6·3·5 + 6 = 186\n",
		"multiply-adds    4/2·6·3·5·15·21 = 56,700\n",
		"field, height    1 + (5 − 1)·1 = 5, 2 apart, the first from -1\n",
		"field, width     1 + (9 − 1)·1 = 9, 2 apart, the first from -1\n",
	} {
		if !strings.Contains(flags, want) {
			t.Errorf("the text lacks %q:\n%s", want, flags)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--in", "6", "3s2"}, "⌊(6 + 2·0 − 3)/2⌋ + 1 = 2\n"}, // not 2.5
		{[]string{"--in", "7", "2psame"}, "⌊(7 + 1 − 2)/1⌋ + 1 = 7\n"},
		{[]string{"--in", "6", "pool3s2ceil"}, "⌈(6 + 2·0 − 3)/2⌉ + 1 = 3\n"},
		{[]string{"--in", "3", "pool2s2p1ceil"}, "⌈(3 + 2·1 − 2)/2⌉ + 1 = 2, less one that would start in the padding after\n"},
		{[]string{"--in", "28", "up4s2p1c3"}, "(28 − 1)·2 − 2·1 + 4 = 56\n"},
		{[]string{"--in", "28", "up3s2p1o1"}, "(28 − 1)·2 − 2·1 + 3 + 1 = 56\n"},
		{[]string{"--in", "28", "pool2x2", "up2s2"}, "receptive field  2, 1 apart, the first from 0\n"},
		{[]string{"--in", "28", "--kernel", "5", "--padding", "same", "--no-bias"}, "parameters       1·1·5·5 = 25\n"},
		{[]string{"--in", "28", "--kernel", "2", "--pool"}, "pool 2 x 2, stride 2: 1 x 14 x 14\n"},
		{[]string{"--in", "14", "--kernel", "4", "--stride", "2", "--padding", "1", "--transposed"}, "multiply-adds    1·1·4·4·14·14 = 3,136\n"},
	} {
		if out := must(t, append([]string{"conv"}, c.args...)...); !strings.Contains(out, c.want) {
			t.Errorf("%v lacks %q:\n%s", c.args, c.want, out)
		}
	}
}

func TestConvJSON(t *testing.T) {
	t.Parallel()
	lines := jsonLines(t, must(t, "--json", "conv", "--in", "224", "--channels-in", "3", "11s4p2c64", "pool3s2"))
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	l := lines[0]
	layers, _ := l["layers"].([]any)
	if l["params"] != 23296.0 || l["macs"] != 70_276_800.0 || len(layers) != 2 {
		t.Fatalf("%v", l)
	}
	last, _ := layers[1].(map[string]any)
	field, _ := last["field"].([]any)
	output, _ := last["output"].([]any)
	if last["kind"] != "pool" || len(field) != 2 || field[0] != 19.0 || len(output) != 3 || output[0] != 64.0 || output[2] != 27.0 {
		t.Errorf("%v", last)
	}
}

func TestConvRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "--in"},
		{[]string{"--in", "0", "3"}, "--in 0: give a positive number"},
		{[]string{"--in", "3xx", "3"}, "--in 3xx"},
		{[]string{"--in", "28"}, "no layer is given: give --kernel, or layers such as 7s2p3c64 pool3s2p1"},
		{[]string{"--in", "28", "3", "--kernel", "3"}, "give layers in a row, or one by --kernel and so on, not both"},
		{[]string{"--in", "28", "--kernel", "a"}, "--kernel a"},
		{[]string{"--in", "28", "--kernel", "3", "--padding", "valid"}, "--padding valid: give a number, or same"},
		{[]string{"--in", "28", "--kernel", "3", "--stride=-1"}, "stride and channels must be positive"},
		{[]string{"--in", "28", "--channels-in", "0", "3"}, "--channels-in 0"},
		{[]string{"--in", "28", "conv"}, `there is no layer "conv"`},
		{[]string{"--in", "28", "3q4"}, `there is no layer "3q4"`},
		{[]string{"--in", "28", "3s1s2"}, `layer "3s1s2": s is given twice`},
		{[]string{"--in", "28", "3s0"}, "the stride must be positive"},
		{[]string{"--in", "28", "3d0"}, "the dilation must be positive"},
		{[]string{"--in", "28", "3c0"}, "the number of channels must be positive"},
		{[]string{"--in", "28", "3g0"}, "the number of groups must be positive"},
		{[]string{"--in", "28", "0"}, "layer 1, 0: kernel 0"},
		{[]string{"--in", "28", "3c99999999999999999999"}, "is too large a number"},
		{[]string{"--in", "28", "pool2c3"}, "a pooling keeps its channels"},
		{[]string{"--in", "28", "3ceil"}, "only poolings round up"},
		{[]string{"--in", "28", "3s2psame"}, "same padding is for convolutions of stride 1"},
		{[]string{"--in", "28", "--kernel", "3", "--pool", "--transposed"}, "not both"},
		{[]string{"--in", "28", "--channels-in", "3", "3g2c4"}, "layer 1, 3g2c4: 2 groups do not divide 3 input"},
		{[]string{"--in", "5", "3", "7"}, "layer 2, 7: the kernel spans 7, more than the padded input's 3"},
		{[]string{"--in", "5", "up3o1"}, "layer 1, up3o1: output padding 1 must be smaller"},
		{[]string{"--in", "5", "99p2147483647000"}, "more than a dimension can hold"},
		{[]string{"--in", "2000000000", "--channels-in", "2000000000", "3p1c2000000000"}, "give smaller sizes"},
	} {
		oneLineError(t, strings.Join(c.args, " "), hadal(append([]string{"conv"}, c.args...)...), 2, c.want)
	}
}
