package cells_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/cells"
	"github.com/hadal-go/hadal/tensor"
)

var _ dataset.Dataset[cells.Sample] = (*cells.Set)(nil)

func at(t *testing.T, s *cells.Set, i int) cells.Sample {
	t.Helper()
	sample, err := s.At(context.Background(), i, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sample
}

// Cells are bright and convex enough, background is dark, no two cells meet, and the mask is where the instances are.
func TestCells(t *testing.T) {
	const side = 96
	set := cells.New(12, 3, cells.Config{Size: side, Cells: 30, Noise: new(0.0)})
	touching := 0
	for i := range set.Len() {
		s := at(t, set, i)
		if s.Image.Shape() != tensor.ShapeOf(1, side, side) || s.Mask.Shape() != tensor.ShapeOf(side, side) || s.Instances.Shape() != s.Mask.Shape() {
			t.Fatalf("shapes %v %v %v", s.Image.Shape(), s.Mask.Shape(), s.Instances.Shape())
		}
		pixels, mask, owner := s.Image.Floats(), tensor.Data[int64](s.Mask), tensor.Data[int64](s.Instances)
		var sum [2]float64
		var count [2]int
		for p, m := range mask {
			if (owner[p] > 0) != (m == 1) || m != 0 && m != 1 {
				t.Fatalf("mask %d of cell %d", m, owner[p])
			}
			if !(pixels[p] >= 0 && pixels[p] <= 1) {
				t.Fatalf("value %v", pixels[p])
			}
			sum[m] += pixels[p]
			count[m]++
			if x := p % side; m == 1 && x > 0 && owner[p-1] > 0 && owner[p-1] != owner[p] {
				t.Fatalf("picture %d: cells %d and %d meet at column %d, row %d", i, owner[p-1], owner[p], x, p/side)
			}
			if x := p % side; x >= 2 && m == 1 && owner[p-1] == 0 && owner[p-2] > 0 && owner[p-2] != owner[p] {
				touching++
			}
		}
		if cell, ground := sum[1]/float64(count[1]), sum[0]/float64(count[0]); !(cell >= ground+0.15) {
			t.Errorf("picture %d: cells are %.2f, the rest %.2f", i, cell, ground)
		}
		if share := float64(count[1]) / (side * side); share < 0.15 || share > 0.8 {
			t.Errorf("picture %d: cells cover %.2f", i, share)
		}
	}
	if touching < 50 {
		t.Errorf("only %d places where one pixel lies between two cells", touching)
	}
}

// An only cell has the area of an ellipse between the bounds.
func TestArea(t *testing.T) {
	set := cells.New(20, 5, cells.Config{Size: 128, Cells: 1, Smallest: 20, Largest: 20})
	inside := 0
	for i := range set.Len() {
		mask := tensor.Data[int64](at(t, set, i).Mask)
		area := 0.0
		edge := false
		for p, m := range mask {
			area += float64(m)
			edge = edge || m == 1 && (p%128 == 0 || p%128 == 127 || p/128 == 0 || p/128 == 127)
		}
		if edge {
			continue // cut off
		}
		inside++
		if want := math.Pi * 20 * 20; !(math.Abs(area-want) <= 0.01*want) {
			t.Errorf("picture %d: %v pixels, want about %.0f", i, area, want)
		}
	}
	if inside < 3 {
		t.Errorf("%d whole cells", inside)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	a, b := at(t, cells.New(5, 1, cells.Config{}), 4), at(t, cells.New(100, 1, cells.Config{}), 4)
	other := at(t, cells.New(5, 2, cells.Config{}), 4)
	if !slices.Equal(a.Image.Bytes(), b.Image.Bytes()) || !slices.Equal(a.Instances.Bytes(), b.Instances.Bytes()) {
		t.Error("the length changes the picture")
	}
	if slices.Equal(a.Image.Bytes(), other.Image.Bytes()) {
		t.Error("the seed does not change the picture")
	}
}

// The defaults suit the smallest pictures.
func TestSmallest(t *testing.T) {
	for _, side := range []int{16, 17} {
		if got := at(t, cells.New(1, 1, cells.Config{Size: side}), 0).Image.Shape(); got != tensor.ShapeOf(1, side, side) {
			t.Error(got)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, cfg := range map[string]cells.Config{
		"Size": {Size: 8}, "Cells": {Cells: -1}, "Smallest": {Smallest: 1}, "Largest": {Smallest: 8, Largest: 5}, "Border": {Border: -1},
		"Noise": {Noise: new(math.NaN())},
	} {
		if err := tensor.Catch(func() { cells.New(1, 1, cfg) }); !errors.Is(err, tensor.ErrValue) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := tensor.Catch(func() { cells.New(-1, 1, cells.Config{}) }); !errors.Is(err, tensor.ErrValue) {
		t.Errorf("error %v", err)
	}
	if err := tensor.Catch(func() { _, _ = cells.New(1, 1, cells.Config{}).At(context.Background(), 1, nil) }); !errors.Is(err, tensor.ErrIndex) {
		t.Errorf("error %v", err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := cells.New(1, 1, cells.Config{}).At(stopped, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func Example() {
	s, err := cells.New(100, 1, cells.Config{}).At(context.Background(), 0, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Image.Shape(), s.Mask.Shape(), s.Instances.Max().Item())
	// Output: (1, 64, 64) (64, 64) 14
}
