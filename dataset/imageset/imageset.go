// Package imageset holds a set of labelled pictures as plain bytes, the form that readers of data sets return.
package imageset

import "fmt"

// Images are N pictures of one size with a class each.
type Images struct {
	N, H, W, C int     // number of pictures, height, width, channels (1 grey, 3 RGB)
	Max        uint8   // value of a fully bright pixel: 255, or 16 for the UCI digits
	Pix        []uint8 // (N, H, W, C), row-major
	Labels     []uint8 // (N), each below len(Classes)
	Classes    []string
}

// Image returns the pixels of picture i, (H, W, C), as a part of Pix. It panics unless 0 <= i < N.
func (m *Images) Image(i int) []uint8 {
	n := m.H * m.W * m.C
	return m.Pix[i*n : (i+1)*n : (i+1)*n]
}

// Head returns the first n pictures, sharing memory with m. It panics unless 0 <= n <= N.
func (m *Images) Head(n int) *Images {
	if n < 0 || n > m.N {
		panic(fmt.Sprintf("imageset: Head(%d) of %d pictures", n, m.N))
	}
	head := *m
	head.N, head.Pix, head.Labels = n, m.Pix[:n*m.H*m.W*m.C], m.Labels[:n]
	return &head
}

// Subset returns copies of the pictures at the indices, in that order. It panics on an index outside [0, N).
func (m *Images) Subset(indices []int) *Images {
	sub := *m
	sub.N, sub.Labels = len(indices), make([]uint8, len(indices))
	sub.Pix = make([]uint8, 0, len(indices)*m.H*m.W*m.C)
	for to, from := range indices {
		sub.Pix = append(sub.Pix, m.Image(from)...)
		sub.Labels[to] = m.Labels[from]
	}
	return &sub
}

// Counts returns the number of pictures of each class.
func (m *Images) Counts() []int {
	counts := make([]int, len(m.Classes))
	for _, label := range m.Labels {
		counts[label]++
	}
	return counts
}

// Check returns an error unless there are as many pixels and labels as N, H, W and C say and every label names a class.
func (m *Images) Check() error {
	if len(m.Labels) != m.N {
		return fmt.Errorf("%d pictures but %d labels", m.N, len(m.Labels))
	}
	if want := m.N * m.H * m.W * m.C; len(m.Pix) != want {
		return fmt.Errorf("%d pixels, want %d for %d pictures of %d x %d x %d", len(m.Pix), want, m.N, m.H, m.W, m.C)
	}
	for i, label := range m.Labels {
		if int(label) >= len(m.Classes) {
			return fmt.Errorf("label %d of picture %d, want 0 to %d", label, i, len(m.Classes)-1)
		}
	}
	return nil
}
