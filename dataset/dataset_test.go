package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// all returns the samples of a data set.
func all[S any](t *testing.T, d dataset.Dataset[S]) []S {
	t.Helper()
	r := make([]S, d.Len())
	for i := range r {
		var err error
		if r[i], err = d.At(t.Context(), i, random.New(uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestViews(t *testing.T) {
	letters := dataset.Slice[string]{"a", "b", "c", "d"}
	some := dataset.Subset[string]{Of: letters, Indices: []int{3, 0, 3}}
	both := dataset.Concat(dataset.Dataset[string](letters), dataset.Slice[string]{}, some)
	numbered := dataset.Map(both, func(s string, g *random.Generator) (string, error) { return fmt.Sprint(s, g.Intn(1000)), nil })
	var want []string
	for i, s := range strings.Split("abcddad", "") {
		want = append(want, fmt.Sprint(s, random.New(uint64(i)).Intn(1000))) // Map hands the generator on
	}
	for name, c := range map[string]struct {
		d    dataset.Dataset[string]
		want []string
	}{
		"slice": {letters, []string{"a", "b", "c", "d"}}, "subset": {some, []string{"d", "a", "d"}},
		"concat": {both, strings.Split("abcddad", "")}, "nothing": {dataset.Concat[string](), nil}, "map": {numbered, want},
	} {
		if got := all(t, c.d); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, i := range []int{-1, len(c.want)} {
			if err := tensor.Catch(func() { c.d.At(t.Context(), i, nil) }); !errors.Is(err, tensor.ErrIndex) || !strings.Contains(err.Error(), fmt.Sprintf("no sample %d", i)) {
				t.Errorf("%s: At(%d) of %d: %v", name, i, len(c.want), err)
			}
		}
	}
}

func TestMapErrors(t *testing.T) {
	broken := errors.New("broken")
	called := false
	inner := dataset.Map(dataset.Slice[int]{1}, func(int, *random.Generator) (int, error) { return 0, broken })
	outer := dataset.Map(inner, func(int, *random.Generator) (int, error) { called = true; return 0, nil })
	if _, err := outer.At(t.Context(), 0, nil); err != broken || called {
		t.Errorf("At: %v, called %v", err, called)
	}
}

func TestCollate(t *testing.T) {
	b, err := dataset.Collate([]dataset.Sample{{tensor.Of([]float32{1, 2, 3, 4}, 2, 2), 7}, {tensor.Of([]float32{1, 3, 2, 4}, 2, 2).Transpose(0, 1), -1}})
	if err != nil {
		t.Fatal(err)
	}
	if got := tensor.Data[float32](b.X); !slices.Equal(got, []float32{1, 2, 3, 4, 1, 2, 3, 4}) || b.X.Shape() != tensor.ShapeOf(2, 2, 2) {
		t.Errorf("X = %v", b.X)
	}
	if got := tensor.Data[int64](b.Y); !slices.Equal(got, []int64{7, -1}) || b.Len() != 2 {
		t.Errorf("Y = %v, Len %d", b.Y, b.Len())
	}
	tensor.WithScope(func(s *tensor.Scope) {
		if in := b.Enter(s); !sameBatch(in, b) {
			t.Error("Enter changes the batch")
		}
	})
	for name, samples := range map[string][]dataset.Sample{"nothing": nil, "shapes": {{tensor.Zeros(2), 0}, {tensor.Zeros(3), 0}}} {
		if b, err := dataset.Collate(samples); !errors.Is(err, tensor.ErrShape) || b.X != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A context reaches the data set.
func TestContextIsHandedOn(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 42)
	d := numbers{3, func(ctx context.Context, _ int, _ *random.Generator) error {
		if ctx.Value(key{}) != 42 {
			return errors.New("another context")
		}
		return nil
	}}
	views := dataset.Map(dataset.Concat[int](dataset.Subset[int]{Of: d, Indices: []int{1}}), func(i int, _ *random.Generator) (int, error) { return i, nil })
	for _, err := range dataset.NewLoader(views, list, dataset.LoaderConfig{Workers: 1}).Epoch(ctx, 0, 0) {
		if err != nil {
			t.Error(err)
		}
	}
}
