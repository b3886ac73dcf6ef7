package dataset_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// plain is a batch of n pictures (2, h, w) of n classes, picture i all 10^i: what was mixed can be read off.
func plain(n, h, w int) dataset.Batch {
	x, y := make([]float32, n*2*h*w), make([]int64, n)
	for i := range y {
		y[i] = int64(i)
		for k := range 2 * h * w {
			x[i*2*h*w+k] = float32(math.Pow(10, float64(i)))
		}
	}
	return dataset.Batch{X: tensor.Of(x, n, 2, h, w), Y: tensor.Of(y)}
}

// Values and targets are mixed by the same share, which follows Beta(α, α).
func TestMixUp(t *testing.T) {
	const n = 2000
	b := plain(3, 1, 2)
	g := random.New(4)
	sum, squares := 0.0, 0.0
	for range n {
		m, err := dataset.MixUp(0.4, 3)(b, g)
		if err != nil {
			t.Fatal(err)
		}
		if m.X.Shape() != b.X.Shape() || m.Y.Shape() != tensor.ShapeOf(3, 3) || m.Len() != 3 {
			t.Fatal(m.X.Shape(), m.Y.Shape())
		}
		x, y := m.X.Floats(), m.Y.Floats()
		share := -1.0
		for i := range 3 {
			want, total := 0.0, 0.0
			for k := range 3 {
				want += y[3*i+k] * math.Pow(10, float64(k))
				total += y[3*i+k]
			}
			if !(math.Abs(total-1) <= 1e-6) {
				t.Fatalf("probabilities %v", y)
			}
			if own := y[3*i+i]; own < 1 {
				if share >= 0 && math.Abs(share-own) > 1e-6 {
					t.Fatalf("shares %v and %v in one batch", share, own)
				}
				share = own
			}
			for k := range 4 {
				if !(math.Abs(x[4*i+k]-want) <= 1e-5*want) {
					t.Fatalf("picture %d is %v, its target %v", i, x[4*i:4*i+4], y[3*i:3*i+3])
				}
			}
		}
		if share < 0 { // the identity: any share; what is known is the mean, 1/2
			share = 0.5
		}
		sum += share - 0.5
		squares += (share - 0.5) * (share - 0.5)
	}
	variance := 0.25 / (2*0.4 + 1) * 5 / 6 // of Beta(a, a), and 0 for one permutation of six
	within(t, "λ", sum, n, 0, variance)
	if got := squares / n; !(math.Abs(got-variance) <= 0.1*variance) {
		t.Errorf("variance %v, want %v", got, variance)
	}
}

// Each pixel is of the picture itself or of one other, the same rectangle in all, and the targets are the areas.
func TestCutMix(t *testing.T) {
	const h, w = 6, 7
	b := plain(4, h, w)
	g := random.New(4)
	shares := 0.0
	for range 500 {
		m, err := dataset.CutMix(1, 4)(b, g)
		if err != nil {
			t.Fatal(err)
		}
		x, y := m.X.Floats(), m.Y.Floats()
		var cut []int // the places of the first picture that was mixed
		for i := range 4 {
			own := math.Pow(10, float64(i))
			var places []int
			other := own
			for k := range h * w {
				for c := range 2 {
					v := x[(2*i+c)*h*w+k]
					if v == own {
						continue
					}
					if other != own && v != other {
						t.Fatalf("picture %d has pixels of two others", i)
					}
					other = v
					if c == 0 {
						places = append(places, k)
					} else if x[2*i*h*w+k] != v {
						t.Fatalf("the channels of picture %d differ", i)
					}
				}
			}
			j := int(math.Round(math.Log10(other)))
			want := 1 - float64(len(places))/(h*w)
			if i == j {
				if y[4*i+i] < 1-1e-6 {
					t.Fatalf("picture %d is unmixed, its target %v", i, y[4*i:4*i+4])
				}
				continue
			}
			if math.Abs(y[4*i+i]-want) > 1e-6 || math.Abs(y[4*i+j]-(1-want)) > 1e-6 {
				t.Fatalf("picture %d keeps %v, its target is %v", i, want, y[4*i:4*i+4])
			}
			if len(places) > 0 {
				lo, hi := places[0], places[len(places)-1]
				if n := (hi/w - lo/w + 1) * (hi%w - lo%w + 1); n != len(places) {
					t.Fatalf("the places %v are no rectangle", places)
				}
			}
			if cut != nil && len(cut) != len(places) {
				t.Fatalf("rectangles %v and %v in one batch", cut, places)
			}
			cut = places
			shares += 1 - want
		}
	}
	if mean := shares / 500 / 3; mean < 0.2 || mean > 0.5 { // 1/2 without the cutting off at the edges
		t.Errorf("a mean share of %v", mean)
	}
}

// The loader's batches are mixed by its workers, and are the same whatever their number.
func TestMapBatches(t *testing.T) {
	var s dataset.Slice[dataset.Sample]
	for i := range 50 {
		s = append(s, dataset.Sample{X: tensor.Full(float64(i), 1, 4, 4), Y: int64(i % 5)})
	}
	read := func(workers, epoch, from int) (all [][]byte) {
		l := dataset.NewBatchLoader(s, dataset.LoaderConfig{BatchSize: 8, Shuffle: true, Seed: 3, Workers: workers})
		mixed := l.MapBatches(dataset.EitherOf(dataset.MixUp(0.2, 5), dataset.CutMix(1, 5)))
		if mixed.Batches() != l.Batches() {
			t.Errorf("%d batches of %d", mixed.Batches(), l.Batches())
		}
		for b, err := range mixed.Epoch(context.Background(), epoch, from) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, append(b.X.Bytes(), b.Y.Bytes()...))
		}
		return all
	}
	want := read(0, 1, 0)
	for _, workers := range []int{1, 3} {
		for i, got := range read(workers, 1, 2) {
			if !bytes.Equal(got, want[i+2]) {
				t.Errorf("%d workers: batch %d differs", workers, i+2)
			}
		}
	}
	if bytes.Equal(read(0, 2, 0)[0], want[0]) {
		t.Error("two epochs are mixed alike")
	}

	// Each of two maps draws its own numbers.
	var drawn []uint64
	draw := func(b dataset.Batch, g *random.Generator) (dataset.Batch, error) {
		drawn = append(drawn, g.Uint64())
		return b, nil
	}
	for _, err := range dataset.NewBatchLoader(s, dataset.LoaderConfig{BatchSize: 25}).MapBatches(draw).MapBatches(draw).Epoch(context.Background(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(drawn)
	if len(drawn) != 4 || len(slices.Compact(slices.Clone(drawn))) != 4 {
		t.Errorf("two maps of two batches draw %v", drawn)
	}

	bad := errors.New("bad")
	l := dataset.NewBatchLoader(s, dataset.LoaderConfig{BatchSize: 8}).MapBatches(func(dataset.Batch, *random.Generator) (dataset.Batch, error) { return dataset.Batch{}, bad })
	for _, err := range l.Epoch(context.Background(), 0, 0) {
		if !errors.Is(err, bad) {
			t.Error(err)
		}
	}
}

// Batches whose targets are probabilities can be mixed again.
func TestMixOfMixed(t *testing.T) {
	b, err := dataset.MixUp(1, 4)(plain(4, 2, 2), random.New(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err = dataset.CutMix(1, 4)(b, random.New(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range b.Y.Sum(1).Floats() {
		if !(math.Abs(v-1) <= 1e-6) {
			t.Errorf("probabilities add up to %v", v)
		}
	}
}

func TestMixErrors(t *testing.T) {
	for want, f := range map[string]func(){
		"mixup: alpha 0 must":    func() { dataset.MixUp(0, 3) },
		"cutmix: alpha NaN":      func() { dataset.CutMix(math.NaN(), 3) },
		"mixup: alpha 1 must":    func() { dataset.MixUp(1, 0) },
		"either_of: there is no": func() { dataset.EitherOf() },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	b := plain(3, 2, 2)
	for want, f := range map[string]func() (dataset.Batch, error){
		"mix (3,): class 2 of sample 2 is not one of 2": func() (dataset.Batch, error) { return dataset.MixUp(1, 2)(b, random.New(1)) },
		"cutmix (3, 8): pictures have the shape": func() (dataset.Batch, error) {
			return dataset.CutMix(1, 3)(dataset.Batch{X: b.X.Flatten(1), Y: b.Y}, random.New(1))
		},
		"mix (0, 2, 2, 2): there is nothing": func() (dataset.Batch, error) {
			return dataset.MixUp(1, 3)(dataset.Batch{X: b.X.Narrow(0, 0, 0), Y: b.Y.Narrow(0, 0, 0)}, random.New(1))
		},
		"mix (3, 2): probabilities of 3 classes have the shape (N": func() (dataset.Batch, error) {
			return dataset.MixUp(1, 3)(dataset.Batch{X: b.X, Y: tensor.Zeros(3, 2)}, random.New(1))
		},
	} {
		if _, err := f(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}
