package imageset

import (
	"slices"
	"strings"
	"testing"
)

func small() *Images {
	return &Images{
		N: 3, H: 1, W: 2, C: 2, Max: 255,
		Pix:     []uint8{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23},
		Labels:  []uint8{1, 0, 1},
		Classes: []string{"a", "b"},
	}
}

func TestSelection(t *testing.T) {
	m := small()
	if got, want := m.Image(1), []uint8{10, 11, 12, 13}; !slices.Equal(got, want) || cap(got) != 4 {
		t.Errorf("Image(1) = %v (capacity %d), want %v (4)", got, cap(got), want)
	}
	if got, want := m.Counts(), []int{1, 2}; !slices.Equal(got, want) {
		t.Errorf("Counts = %v, want %v", got, want)
	}
	sub := m.Subset([]int{2, 0})
	if !slices.Equal(sub.Pix, []uint8{20, 21, 22, 23, 0, 1, 2, 3}) || !slices.Equal(sub.Labels, []uint8{1, 1}) || sub.Check() != nil {
		t.Errorf("Subset = %+v", sub)
	}
	sub.Pix[0] = 99
	if m.Pix[8] != 20 {
		t.Error("Subset shares memory")
	}
	head := m.Head(2)
	if head.N != 2 || len(head.Pix) != 8 || len(head.Labels) != 2 || head.Check() != nil {
		t.Errorf("Head = %+v", head)
	}
	for _, n := range []int{-1, 4} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Head(%d) of 3 did not panic", n)
				}
			}()
			m.Head(n)
		}()
	}
}

func TestCheck(t *testing.T) {
	if err := small().Check(); err != nil {
		t.Errorf("Check of a good set: %v", err)
	}
	for want, spoil := range map[string]func(m *Images){
		"3 pictures but 2 labels":           func(m *Images) { m.Labels = m.Labels[:2] },
		"11 pixels, want 12":                func(m *Images) { m.Pix = m.Pix[:11] },
		"label 2 of picture 1, want 0 to 1": func(m *Images) { m.Labels[1] = 2 },
	} {
		m := small()
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want %q", err, want)
		}
	}
}
