package dataset_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/random"
)

func sizes(parts []dataset.Subset[int]) (n []int) {
	for _, p := range parts {
		n = append(n, p.Len())
	}
	return n
}

// checkDisjoint fails when a sample is in two parts, or twice in one; it returns how many are in any.
func checkDisjoint(t *testing.T, n int, parts ...dataset.Subset[int]) (total int) {
	seen := make([]bool, n)
	for _, p := range parts {
		for k, i := range p.Indices {
			if seen[i] {
				t.Fatalf("sample %d is there twice", i)
			}
			seen[i] = true
			total++
			if v, err := p.At(t.Context(), k, nil); v != i || err != nil {
				t.Fatalf("At(%d) = %d, %v; want %d", k, v, err, i)
			}
		}
	}
	return total
}

func TestRandomSplit(t *testing.T) {
	for _, c := range []struct {
		n         int
		fractions []float64
		want      []int
	}{
		{10, []float64{0.7, 0.2, 0.1}, []int{7, 2, 1}}, {1000, []float64{0.7, 0.2, 0.1}, []int{700, 200, 100}}, {10, []float64{1}, []int{10}},
		{10, []float64{1. / 3, 1. / 3, 1. / 3}, []int{4, 3, 3}}, {5, []float64{0.5, 0.5}, []int{3, 2}}, {11, []float64{0.75, 0.25}, []int{8, 3}},
		{10, []float64{0.5, 0.3}, []int{5, 3}}, {10, []float64{0, 0.25, 0}, []int{0, 3, 0}}, {7, []float64{0.15, 0.85}, []int{1, 6}},
		{60000, []float64{0.9, 0.1}, []int{54000, 6000}}, {0, []float64{0}, []int{0}},
	} {
		parts, err := dataset.RandomSplit(numbers{n: c.n}, 1, c.fractions...)
		if err != nil || !slices.Equal(sizes(parts), c.want) {
			t.Errorf("%d by %v: %v, %v; want %v", c.n, c.fractions, sizes(parts), err, c.want)
		}
		checkDisjoint(t, c.n, parts...)

		parts, err = dataset.RandomSplitSizes(numbers{n: c.n}, 1, c.want...)
		if err != nil || !slices.Equal(sizes(parts), c.want) {
			t.Errorf("%d by %v: %v, %v", c.n, c.want, sizes(parts), err)
		}
		checkDisjoint(t, c.n, parts...)
	}
}

func TestSplitsDependOnTheSeed(t *testing.T) {
	d := numbers{n: 100}
	labels := make([]int64, 100)
	for i := range labels {
		labels[i] = int64(i % 20)
	}
	for name, split := range map[string]func(seed uint64) ([]dataset.Subset[int], error){
		"RandomSplit":      func(s uint64) ([]dataset.Subset[int], error) { return dataset.RandomSplit(d, s, 0.5, 0.5) },
		"RandomSplitSizes": func(s uint64) ([]dataset.Subset[int], error) { return dataset.RandomSplitSizes(d, s, 50, 50) },
		"StratifiedSplit":  func(s uint64) ([]dataset.Subset[int], error) { return dataset.StratifiedSplit(d, labels, s, 0.5, 0.5) },
		"GroupSplit":       func(s uint64) ([]dataset.Subset[int], error) { return dataset.GroupSplit(d, labels, s, 0.5, 0.5) },
		"KFold":            func(s uint64) ([]dataset.Subset[int], error) { f, err := dataset.KFold(d, 2, s); return tests(f), err },
		"StratifiedKFold": func(s uint64) ([]dataset.Subset[int], error) {
			f, err := dataset.StratifiedKFold(d, labels, 2, s)
			return tests(f), err
		},
		"GroupKFold": func(s uint64) ([]dataset.Subset[int], error) {
			f, err := dataset.GroupKFold(d, labels, 2, s)
			return tests(f), err
		},
	} {
		seen := map[string]bool{}
		for seed := range uint64(10) {
			a, err := split(seed)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := split(seed)
			if !slices.Equal(a[0].Indices, b[0].Indices) || !slices.Equal(a[1].Indices, b[1].Indices) {
				t.Errorf("%s: a seed gives two splits", name)
			}
			if slices.IsSorted(a[0].Indices) {
				t.Errorf("%s: the part is not in random order", name)
			}
			slices.Sort(a[0].Indices)
			seen[fmt.Sprint(a[0].Indices)] = true
		}
		if len(seen) != 10 {
			t.Errorf("%s: %d splits of 10 seeds", name, len(seen))
		}
	}
}

func tests(folds []dataset.Fold[int]) (parts []dataset.Subset[int]) {
	for _, f := range folds {
		parts = append(parts, f.Test)
	}
	return parts
}

// drawSplit draws labels, skewed, and fractions: coarse ones, whose shares of a class are often whole, or any.
func drawSplit(g *random.Generator) (labels []int64, fractions []float64) {
	labels = make([]int64, 1+g.Intn(300))
	classes := 1 + g.Intn(12)
	for i := range labels {
		labels[i] = int64(g.Intn(1+g.Intn(classes))) - 2
	}
	left, coarse := 1.0, g.Intn(2) == 0
	for range 1 + g.Intn(5) {
		f := left * g.Float64()
		if coarse {
			f = math.Floor(8*f+0.5) / 8
		}
		fractions = append(fractions, f)
		left -= f
	}
	if g.Intn(2) == 0 {
		fractions[len(fractions)-1] += left
	}
	return labels, fractions
}

func count[T comparable](of []T, labels []T) map[T]int {
	n := map[T]int{}
	for _, l := range of {
		n[l]++
	}
	for _, l := range labels {
		n[l] += 0
	}
	return n
}

// labelsOf returns the labels of the samples of a part.
func labelsOf(p dataset.Subset[int], labels []int64) (l []int64) {
	for _, i := range p.Indices {
		l = append(l, labels[i])
	}
	return l
}

// Every part has its fraction of each class rounded down or up, and its fraction of all to within two samples.
func TestStratifiedSplitKeepsProportions(t *testing.T) {
	g, refused := random.New(1), 0
	for range 1000 {
		labels, fractions := drawSplit(g)
		parts, err := dataset.StratifiedSplit(numbers{n: len(labels)}, labels, g.Uint64(), fractions...)
		if err != nil {
			if !strings.Contains(err.Error(), "gets none of") {
				t.Fatal(err)
			}
			refused++
			continue
		}
		checkDisjoint(t, len(labels), parts...)
		const eps = 1e-6 // fractions count in steps of 1e-9
		for p, part := range parts {
			if want := fractions[p] * float64(len(labels)); math.Abs(float64(part.Len())-want) > 2 {
				t.Fatalf("part %d has %d samples, want %v", p, part.Len(), want)
			}
			got := count(labelsOf(part, labels), labels)
			for class, n := range count(labels, nil) {
				want := fractions[p] * float64(n)
				if got := float64(got[class]); got < math.Floor(want-eps) || got > math.Ceil(want+eps) {
					t.Fatalf("part %d has %v of class %d, want %v", p, got, class, want)
				}
			}
		}
	}
	if refused > 300 {
		t.Errorf("%d of 1000 splits have an empty part", refused)
	}
}

// Of 100 classes of 5 samples, a tenth is 50 samples, at most one of each class: rounding does not add up.
func TestStratifiedSplitOfSmallClasses(t *testing.T) {
	labels := make([]int64, 500)
	for i := range labels {
		labels[i] = int64(i % 100)
	}
	parts, err := dataset.StratifiedSplit(numbers{n: 500}, labels, 0, 0.8, 0.1, 0.1)
	if err != nil || !slices.Equal(sizes(parts), []int{400, 50, 50}) {
		t.Fatalf("%v, %v", sizes(parts), err)
	}
	for class, n := range count(labelsOf(parts[1], labels), nil) {
		if n > 1 {
			t.Errorf("%d of class %d", n, class)
		}
	}
}

// A whole share is neither rounded up nor down, though the part may lack samples of other classes.
func TestStratifiedSplitOfWholeShares(t *testing.T) {
	labels := []int64{0, 0, 0, 1, 1, 2, 2, 2, 3, 3}
	for seed := range uint64(50) {
		parts, err := dataset.StratifiedSplit(numbers{n: 10}, labels, seed, 0.5, 0.25, 0.25)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(labelsOf(parts[0], labels), nil); n[1] != 1 || n[3] != 1 {
			t.Errorf("seed %d: half of 2 samples each of classes 1 and 3 are %d and %d", seed, n[1], n[3])
		}
	}
}

func TestStratifiedSplitOfDigits(t *testing.T) {
	d, err := dataset.NewImages(digits.Train(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	labels := d.Labels()
	parts, err := dataset.StratifiedSplit(d, labels, 1, 0.9, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for class, n := range count(labels, nil) {
		got := 0
		for _, s := range all(t, parts[1]) {
			if s.Y == class {
				got++
			}
		}
		if want := float64(n) / 10; math.Abs(float64(got)-want) >= 1 {
			t.Errorf("%d of class %d, want %v", got, class, want)
		}
	}
}

// No group is in two parts, nothing is lost, and a part is over its share by less than the largest group.
func TestGroupSplitKeepsGroupsWhole(t *testing.T) {
	g, refused := random.New(2), 0
	for range 1000 {
		groups, fractions := drawSplit(g)
		parts, err := dataset.GroupSplit(numbers{n: len(groups)}, groups, g.Uint64(), fractions...)
		if err != nil {
			if !strings.Contains(err.Error(), "gets none of") {
				t.Fatal(err)
			}
			refused++
			continue
		}
		checkDisjoint(t, len(groups), parts...)
		whole := count(groups, nil)
		largest := 0
		for _, n := range whole {
			largest = max(largest, n)
		}
		for p, part := range parts {
			for g, n := range count(labelsOf(part, groups), nil) {
				if n != whole[g] {
					t.Fatalf("part %d has %d of the %d samples of group %d", p, n, whole[g], g)
				}
			}
			if over := float64(part.Len()) - fractions[p]*float64(len(groups)); over > float64(largest) {
				t.Fatalf("part %d has %v samples too many; the largest group has %d", p, over, largest)
			}
		}
	}
	if refused > 700 {
		t.Errorf("%d of 1000 splits have an empty part", refused)
	}
}

func TestGroupSplitSizes(t *testing.T) {
	var groups []int64 // 5 of group 1, 4 of 2, 3 of 3, 2 of 4, 1 of 5
	for g := range int64(6) {
		for range 6 - g {
			if g > 0 {
				groups = append(groups, g)
			}
		}
	}
	// Shares 10 and 5: 1 goes to the first (lacks 10 to 5), 2 to the first (a tie at 5), 3 to the second, 4 to the second
	// (lacks 2 to 1), 5 to the first.
	parts, err := dataset.GroupSplit(numbers{n: 15}, groups, 3, 2./3, 1./3)
	if err != nil || !slices.Equal(sizes(parts), []int{10, 5}) {
		t.Fatalf("%v, %v", sizes(parts), err)
	}
	if got := count(labelsOf(parts[1], groups), nil); len(got) != 2 || got[3] != 3 || got[4] != 2 {
		t.Errorf("the second part has %v", got)
	}
}

func TestKFold(t *testing.T) {
	g := random.New(3)
	for range 500 {
		labels, _ := drawSplit(g)
		n, seed := len(labels), g.Uint64()
		k := 2 + g.Intn(11)
		d := numbers{n: n}
		groups := len(count(labels, nil))
		plain, err := dataset.KFold(d, k, seed)
		check(t, n, k, n, plain, err)
		stratified, err := dataset.StratifiedKFold(d, labels, k, seed)
		check(t, n, k, n, stratified, err)
		grouped, err := dataset.GroupKFold(d, labels, k, seed)
		check(t, n, k, groups, grouped, err)

		for _, f := range plain {
			if s := f.Test.Len(); s != n/k && s != n/k+1 {
				t.Fatalf("a fold of %d for %d samples in %d", s, n, k)
			}
		}
		for _, f := range stratified {
			got := count(labelsOf(f.Test, labels), labels)
			for class, n := range count(labels, nil) {
				if got[class] != n/k && got[class] != n/k+1 {
					t.Fatalf("%d of class %d in a fold, it has %d for %d folds", got[class], class, n, k)
				}
			}
		}
		for _, f := range grouped {
			train := count(labelsOf(f.Train, labels), nil)
			for _, g := range labelsOf(f.Test, labels) {
				if train[g] > 0 {
					t.Fatalf("group %d trains and tests", g)
				}
			}
		}
	}
}

// check checks that the test parts are all samples, each once, and that each fold trains on all others.
func check(t *testing.T, n, k, most int, folds []dataset.Fold[int], err error) {
	t.Helper()
	if k > most {
		if err == nil || folds != nil {
			t.Fatalf("%d folds of %d: %v", k, most, err)
		}
		return
	}
	if err != nil || len(folds) != k {
		t.Fatalf("%d folds, %v; want %d", len(folds), err, k)
	}
	if total := checkDisjoint(t, n, tests(folds)...); total != n {
		t.Fatalf("the folds test %d of %d samples", total, n)
	}
	for _, f := range folds {
		if f.Test.Len() == 0 {
			t.Fatalf("a fold tests nothing")
		}
		if total := checkDisjoint(t, n, f.Train, f.Test); total != n {
			t.Fatalf("a fold has %d of %d samples", total, n)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	d := numbers{n: 10}
	ten := make([]int64, 10)
	fractions := func(f ...float64) error { _, err := dataset.RandomSplit(d, 0, f...); return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{fractions(), "split: there are no fractions"},
		{fractions(-0.1), "split: fraction -0.1 is not from 0 to 1"},
		{fractions(1.5), "split: fraction 1.5 is not from 0 to 1"},
		{fractions(math.NaN()), "split: fraction NaN"},
		{fractions(math.Inf(1)), "split: fraction +Inf"},
		{fractions(0.7, 0.4), "split: the fractions [0.7 0.4] add up to more than 1"},
		{fractions(0.99, 0.01), "split: part 1, a fraction of 0.01, gets none of the 10 samples"},
		{second(dataset.RandomSplit(numbers{}, 0, 1)), "gets none of the 0 samples"},
		{second(dataset.StratifiedSplit(d, ten[:9], 0, 1)), "split: 9 labels for 10 samples"},
		{second(dataset.GroupSplit(d, append(ten, 0), 0, 1)), "split: 11 labels for 10 samples"},
		{second(dataset.GroupSplit(d, ten, 0, 0.5, 0.5)), "split: part 1, a fraction of 0.5, gets none of the 10 samples"},
		{second(dataset.RandomSplitSizes(d, 0, 5, 6)), "split: the sizes [5 6] must not be negative, nor together more than the 10 samples"},
		{second(dataset.RandomSplitSizes(d, 0, 5, -1)), "split: the sizes [5 -1]"},
		{second(dataset.RandomSplitSizes(d, 0, 5, math.MaxInt)), "split: the sizes [5 9223372036854775807]"},
		{second(dataset.KFold(d, 1, 0)), "k-fold: 1 folds of 10 samples"},
		{second(dataset.KFold(d, 11, 0)), "k-fold: 11 folds of 10 samples"},
		{second(dataset.StratifiedKFold(d, ten[:9], 2, 0)), "split: 9 labels for 10 samples"},
		{second(dataset.GroupKFold(d, ten, 2, 0)), "k-fold: 2 folds of 1 groups"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%v; want %s", c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }
