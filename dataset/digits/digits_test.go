package digits_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/digits"
)

// The expected values were computed with numpy 1.24 from scikit-learn 1.2.1's digits.csv.gz.

func TestContent(t *testing.T) {
	m := digits.Load()
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	if m.N != 1797 || m.H != 8 || m.W != 8 || m.C != 1 || m.Max != 16 {
		t.Errorf("N, H, W, C, Max = %d, %d, %d, %d, %d", m.N, m.H, m.W, m.C, m.Max)
	}
	if want := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; !slices.Equal(m.Counts(), want) {
		t.Errorf("Counts = %v, want %v", m.Counts(), want)
	}
	first := []uint8{
		0, 0, 5, 13, 9, 1, 0, 0,
		0, 0, 13, 15, 10, 15, 5, 0,
		0, 3, 15, 2, 0, 11, 8, 0,
		0, 4, 12, 0, 0, 8, 8, 0,
		0, 5, 8, 0, 0, 9, 8, 0,
		0, 4, 11, 0, 1, 12, 7, 0,
		0, 2, 14, 5, 10, 12, 0, 0,
		0, 0, 6, 13, 10, 0, 0, 0,
	}
	if !slices.Equal(m.Image(0), first) || m.Labels[0] != 0 {
		t.Errorf("picture 0 is %v, label %d", m.Image(0), m.Labels[0])
	}

	byClass, squares, byColumn, byRow := make([]int, 10), 0, 0, 0
	for i, v := range m.Pix {
		byClass[m.Labels[i/64]] += int(v)
		squares += int(v) * int(v)
		byColumn += int(v) * (i % 64)
		byRow += int(v) * (i / 64)
	}
	if want := []int{56415, 57007, 55566, 56151, 56239, 55915, 56336, 54289, 57408, 56392}; !slices.Equal(byClass, want) {
		t.Errorf("sums of the classes = %v, want %v", byClass, want)
	}
	if squares != 6907012 || byColumn != 17660653 || byRow != 503342547 {
		t.Errorf("sum of squares, weighted by column, by row = %d, %d, %d; want 6907012, 17660653, 503342547", squares, byColumn, byRow)
	}
	if got, want := hash(m.Pix), "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"; got != want {
		t.Errorf("SHA-256 of the pixels = %s, want %s", got, want)
	}
	if got, want := hash(m.Labels), "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"; got != want {
		t.Errorf("SHA-256 of the labels = %s, want %s", got, want)
	}
}

func TestSplit(t *testing.T) {
	all, train, test := digits.Load(), digits.Train(), digits.Test()
	trainIndex, testIndex := digits.Split()
	if train.N != 1438 || test.N != 359 {
		t.Fatalf("%d + %d pictures, want 1438 + 359", train.N, test.N)
	}
	together := slices.Sorted(slices.Values(slices.Concat(trainIndex, testIndex)))
	for i, index := range together {
		if i != index {
			t.Fatalf("index %d is in none or in both of the parts", min(i, index))
		}
	}
	if len(together) != all.N {
		t.Fatalf("the parts cover %d of %d", len(together), all.N)
	}
	for c, n := range all.Counts() {
		held := test.Counts()[c]
		if 5*held < n-2 || 5*held > n+2 {
			t.Errorf("class %d: %d of %d held out, want the nearest to a fifth", c, held, n)
		}
		if train.Counts()[c]+held != n {
			t.Errorf("class %d: %d + %d, want %d", c, train.Counts()[c], held, n)
		}
	}
	for i, index := range testIndex {
		if !slices.Equal(test.Image(i), all.Image(index)) || test.Labels[i] != all.Labels[index] {
			t.Fatalf("picture %d of Test is not picture %d of Load", i, index)
		}
	}
	// The indices by Python: per class, sorted(indices, key=lambda i: hashlib.sha256(str(i).encode()).digest())[:round].
	if want := []int{8, 9, 39, 46, 47, 49, 50, 51, 53, 54, 55, 65}; !slices.Equal(testIndex[:12], want) {
		t.Errorf("held-out indices begin %v, want %v", testIndex[:12], want)
	}
	text := strings.ReplaceAll(strings.Trim(fmt.Sprint(testIndex), "[]"), " ", ",")
	if got, want := hash([]byte(text)), "dc8b2d50bcfba188e4e757bd93aca7c3a0e4d21487009466f139f336035141f0"; got != want {
		t.Errorf("SHA-256 of the held-out indices = %s, want %s", got, want)
	}
}

// A caller may change what it got without spoiling the next caller's.
func TestFreshCopies(t *testing.T) {
	m := digits.Load()
	m.Pix[2], m.Labels[0] = 99, 9
	if again := digits.Load(); again.Pix[2] != 5 || again.Labels[0] != 0 {
		t.Error("Load returned memory that it had given away before")
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func Example() {
	train := digits.Train()
	fmt.Println(train.N, "pictures of", train.H, "x", train.W)
	digit := train.Image(0)
	for y := range train.H {
		fmt.Printf("%2d\n", digit[y*train.W:(y+1)*train.W])
	}
	fmt.Println("is a", train.Classes[train.Labels[0]])
	// Output:
	// 1438 pictures of 8 x 8
	// [ 0  0  5 13  9  1  0  0]
	// [ 0  0 13 15 10 15  5  0]
	// [ 0  3 15  2  0 11  8  0]
	// [ 0  4 12  0  0  8  8  0]
	// [ 0  5  8  0  0  9  8  0]
	// [ 0  4 11  0  1 12  7  0]
	// [ 0  2 14  5 10 12  0  0]
	// [ 0  0  6 13 10  0  0  0]
	// is a 0
}
