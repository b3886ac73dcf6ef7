package nn_test

import (
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// positionSteps cuts axis 0 or 1, the positions of x, into parts of unequal lengths.
func positionSteps(x *tensor.Tensor, axis int) []*tensor.Tensor {
	return x.Split(axis, 1, 3, 1, 1, x.Dim(axis)-6)
}

// Positions one after the other through a cache are causal attention over all of them.
func TestAttentionStepByStep(t *testing.T) {
	g := random.New(1)
	const l = 75
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		for name, cfg := range map[string]nn.MultiheadAttentionConfig{
			"plain": {}, "grouped": {KVHeads: 2}, "batch first": {BatchFirst: true}, "extra keys": {AddBiasKV: true, AddZeroAttn: true},
			"rotary": {Rotary: nn.NewRotary(4, l, nn.RotaryConfig{}), KVHeads: 1},
		} {
			m := nn.Eval(nn.To(nn.NewMultiheadAttention(g, 16, 4, cfg), d))
			axis, x := 0, tensor.With(d).Randn(g, l, 2, 16)
			if cfg.BatchFirst {
				axis, x = 1, x.Transpose(0, 1)
			}
			want, _ := m.Attend(x, x, x, nn.AttendConfig{Causal: true})
			cache := nn.NewKVCache(2, m.KVHeads, l, 4, nn.KVCacheConfig{DType: d})
			var parts []*tensor.Tensor
			for _, x := range positionSteps(x, axis) {
				y, _ := m.Attend(x, x, x, nn.AttendConfig{Causal: true, Cache: cache})
				parts = append(parts, y)
			}
			if got := tensor.Concat(axis, parts...); !tensor.AllClose(got, want, 1e-5, 1e-6, false) {
				t.Errorf("%v %s: differs by %v", d, name, got.Sub(want).Abs().Max())
			}
			if cache.Len() != l {
				t.Errorf("%v %s: the cache holds %d positions, want %d", d, name, cache.Len(), l)
			}
		}
	}
}

// A decoder of two layers, step by step, gives what it gives for all positions at once.
func TestDecoderStepByStep(t *testing.T) {
	g := random.New(2)
	m := nn.Eval(nn.NewTransformerDecoder(g, 2, 8, 2, nn.TransformerConfig{FeedForward: 16, NormFirst: true}))
	memory, x := tensor.Randn(g, 5, 3, 8), tensor.Randn(g, 9, 3, 8)
	want := m.Decode(x, memory, nn.DecodeConfig{Causal: true})
	caches := []*nn.KVCache{nn.NewKVCache(3, 2, 9, 4, nn.KVCacheConfig{}), nn.NewKVCache(3, 2, 9, 4, nn.KVCacheConfig{})}
	var parts []*tensor.Tensor
	for _, x := range positionSteps(x, 0) {
		parts = append(parts, m.DecodeCached(x, memory, caches, nn.DecodeConfig{Causal: true}))
	}
	if got := tensor.Concat(0, parts...); !tensor.AllClose(got, want, 1e-5, 1e-6, false) {
		t.Errorf("differs by %v", got.Sub(want).Abs().Max())
	}
}

// What a cache holds of an encoder's memory serves every step of cross-attention.
func TestCrossAttentionFromCache(t *testing.T) {
	g := random.New(3)
	m := nn.Eval(nn.NewMultiheadAttention(g, 8, 2, nn.MultiheadAttentionConfig{}))
	x, memory := tensor.Randn(g, 4, 3, 8), tensor.Randn(g, 6, 3, 8)
	want, _ := m.Attend(x, memory, memory, nn.AttendConfig{})
	cache := nn.NewKVCache(3, 2, 6, 4, nn.KVCacheConfig{})
	m.Attend(x.Narrow(0, 0, 1), memory, memory, nn.AttendConfig{Cache: cache})
	got, _ := m.Attend(x, nil, nil, nn.AttendConfig{Cache: cache})
	if !tensor.AllClose(got, want, 1e-6, 1e-6, false) || cache.Len() != 6 {
		t.Errorf("differs by %v with %d positions", got.Sub(want).Abs().Max(), cache.Len())
	}
}

func TestKVCache(t *testing.T) {
	g := random.New(4)
	c := nn.NewKVCache(2, 1, 4, 3, nn.KVCacheConfig{VHead: 2})
	k, v := tensor.Randn(g, 2, 1, 3, 3), tensor.Randn(g, 2, 1, 3, 2)
	// Strided inputs, in two steps.
	for i, n := range []int{1, 2} {
		if err := c.Append(k.Narrow(2, i, n), v.Narrow(2, i, n)); err != nil {
			t.Fatal(err)
		}
	}
	if !tensor.Equal(c.Keys(), k) || !tensor.Equal(c.Values(), v) || c.Len() != 3 || c.MaxLen() != 4 {
		t.Errorf("the cache holds %v and %v of %d positions", c.Keys(), c.Values(), c.Len())
	}
	err := c.Append(k.Narrow(2, 0, 2), v.Narrow(2, 0, 2))
	if err == nil || !strings.Contains(err.Error(), "full: 3 positions and 2 more, it has room for 4") {
		t.Errorf("got %v", err)
	}
	if !tensor.Equal(c.Keys(), k) {
		t.Error("a refused Append changed the cache")
	}
	c.Reorder(tensor.Of([]int64{1, 1}))
	if want := k.IndexSelect(0, tensor.Of([]int64{1, 1})); !tensor.Equal(c.Keys(), want) {
		t.Errorf("after Reorder %v, want %v", c.Keys(), want)
	}
	c.Truncate(1)
	if c.Len() != 1 || c.Append(k, v) != nil || c.Len() != 4 || !tensor.Equal(c.Keys().Narrow(2, 1, 3), k) {
		t.Errorf("after Truncate and Append %v", c.Keys())
	}

	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	for _, d := range []tensor.DType{tensor.Float64, tensor.BFloat16, tensor.Float16} {
		c := nn.NewKVCache(2, 1, 3, 3, nn.KVCacheConfig{DType: d})
		k, v := k.To(d), tensor.Randn(g, 2, 1, 3, 3).To(d)
		if err := c.Append(k, v); err != nil || !tensor.Equal(c.Keys(), k) || !tensor.Equal(c.Values(), v) {
			t.Errorf("%v: %v, the cache holds %v", d, err, c.Keys())
		}
	}
	refusesAttention(t, tensor.ErrShape, "the cache's sizes", func() { c.Append(z(2, 1, 1, 4), z(2, 1, 1, 2)) })
	refusesAttention(t, tensor.ErrShape, "the cache's sizes", func() { c.Append(z(2, 1, 1, 3), z(2, 1, 2, 2)) })
	refusesAttention(t, tensor.ErrShape, "the cache's sizes", func() { c.Append(z(2, 1, 3), z(2, 1, 2)) })
	refusesAttention(t, tensor.ErrDType, "set DType", func() { c.Append(z(2, 1, 1, 3).To(tensor.Float64), z(2, 1, 1, 2)) })
	refusesAttention(t, tensor.ErrValue, "cannot keep 5", func() { c.Truncate(5) })
	refusesAttention(t, tensor.ErrShape, "one index a sample", func() { c.Reorder(tensor.Of([]int64{1})) })
	refusesAttention(t, tensor.ErrValue, "must be positive", func() { nn.NewKVCache(2, 0, 4, 3, nn.KVCacheConfig{}) })
	refusesAttention(t, tensor.ErrValue, "int64 is not", func() { nn.NewKVCache(2, 1, 4, 3, nn.KVCacheConfig{DType: tensor.Int64}) })
	m := nn.NewMultiheadAttention(g, 6, 2, nn.MultiheadAttentionConfig{})
	full := nn.NewKVCache(1, 2, 2, 3, nn.KVCacheConfig{})
	x := z(3, 1, 6)
	refusesAttention(t, tensor.ErrValue, "full", func() { m.Attend(x, x, x, nn.AttendConfig{Cache: full}) })
}
