package dataset_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleTensors() {
	x, y := tensor.With(tensor.Float32).Arange(0, 8, 1).Reshape(4, 2), tensor.Of([]int64{0, 1, 1, 0})
	for b, err := range dataset.NewBatchLoader(dataset.NewTensors(x, y), dataset.LoaderConfig{BatchSize: 3}).Epoch(context.Background(), 0, 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(b.X.Floats(), b.Y.Floats())
	}
	// Output:
	// [0 1 2 3 4 5] [0 1 1]
	// [6 7] [0]
}

// What Gather makes is what Collate makes of the samples, through loaders of any kind.
func TestTensors(t *testing.T) {
	x, y := tensor.Randn(random.New(1), 23, 2, 3), make([]int64, 23)
	for i := range y {
		y[i] = int64(i % 4)
	}
	d := dataset.NewTensors(x, tensor.Of(y))
	for _, cfg := range []dataset.LoaderConfig{{BatchSize: 5}, {BatchSize: 4, Shuffle: true, Seed: 3, Workers: 2}, {BatchSize: 7, DropLast: true}} {
		var want []dataset.Batch
		for b, err := range dataset.NewLoader(d, dataset.Collate, cfg).Epoch(t.Context(), 1, 0) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, b)
		}
		k := 0
		for b, err := range dataset.NewBatchLoader(d, cfg).Epoch(t.Context(), 1, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if !tensor.Equal(b.X, want[k].X) || !tensor.Equal(b.Y, want[k].Y) {
				t.Errorf("%+v: batch %d is %v %v, want %v %v", cfg, k, b.X, b.Y, want[k].X, want[k].Y)
			}
			k++
		}
		if k != len(want) || k == 0 {
			t.Errorf("%+v: %d batches, want %d", cfg, k, len(want))
		}
	}
	for _, i := range []int{-1, 23} {
		if err := tensor.Catch(func() { d.At(t.Context(), i, nil) }); err == nil {
			t.Errorf("there is a sample %d", i)
		}
		if err := tensor.Catch(func() { d.Gather(t.Context(), []int{0, i}) }); err == nil {
			t.Errorf("there is a batch with sample %d", i)
		}
	}
	for _, bad := range [][2]*tensor.Tensor{{x, tensor.Of(y[:5])}, {x, x}, {tensor.Of([]float32{1}).Sum(), tensor.Of(y[:1])}, {x, tensor.Zeros(23)}} {
		if err := tensor.Catch(func() { dataset.NewTensors(bad[0], bad[1]) }); err == nil {
			t.Errorf("x %v and y %v are accepted", bad[0].Shape(), bad[1].Shape())
		}
	}
}
