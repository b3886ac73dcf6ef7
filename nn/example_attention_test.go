package nn_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleScaledDotProductAttention() {
	// One head, two queries, three keys: a query meets the keys up to its own place.
	q := tensor.Of([]float32{1, 0, 0, 1}, 1, 1, 2, 2)
	k := tensor.Of([]float32{1, 0, 0, 1, 1, 1}, 1, 1, 3, 2)
	v := tensor.Of([]float32{10, 20, 30}, 1, 1, 3, 1)
	fmt.Println(nn.ScaledDotProductAttention(q, k, v, nn.AttentionConfig{Causal: true}))
	// Output: tensor([[[[10], [16.698]]]], float32 (1, 1, 2, 1))
}

func ExampleMultiheadAttention() {
	m := nn.NewMultiheadAttention(random.New(1), 64, 8, nn.MultiheadAttentionConfig{BatchFirst: true, KVHeads: 2})
	x := tensor.Zeros(4, 10, 64)
	y, weights := m.Attend(x, x, x, nn.AttendConfig{Causal: true, NeedWeights: true})
	fmt.Println(y.Shape(), weights.Shape())
	// Output: (4, 10, 64) (4, 10, 10)
}

func ExampleTransformer() {
	model := nn.NewTransformer(random.New(1), 32, 4, 2, 2, nn.TransformerConfig{FeedForward: 64, BatchFirst: true})
	src, tgt := tensor.Zeros(5, 12, 32), tensor.Zeros(5, 7, 32)
	fmt.Println(model.Forward(src, tgt, nn.AttendConfig{}, nn.DecodeConfig{Causal: true}).Shape())
	// Output: (5, 7, 32)
}

func ExampleKVCache() {
	g := random.New(1)
	m := nn.Eval(nn.NewMultiheadAttention(g, 16, 2, nn.MultiheadAttentionConfig{BatchFirst: true}))
	x := tensor.Randn(g, 1, 3, 16)
	whole, _ := m.Attend(x, x, x, nn.AttendConfig{Causal: true})
	cache := nn.NewKVCache(1, 2, 3, 8, nn.KVCacheConfig{})
	for i, step := range x.Split(1, 1, 1, 1) {
		y, _ := m.Attend(step, step, step, nn.AttendConfig{Causal: true, Cache: cache})
		fmt.Println(cache.Len(), tensor.AllClose(y, whole.Narrow(1, i, 1), 1e-5, 1e-6, false))
	}
	// Output:
	// 1 true
	// 2 true
	// 3 true
}

func ExampleRotary() {
	// One radian a position.
	r := nn.NewRotary(2, 4, nn.RotaryConfig{})
	fmt.Println(r.Rotate(tensor.Of([]float64{1, 0, 1, 0}, 2, 2), 0))
	// Output: tensor([[1, 0], [0.5403, 0.84147]], float64 (2, 2))
}
