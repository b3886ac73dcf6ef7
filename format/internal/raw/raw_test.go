package raw_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/big"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/hadal-go/hadal/format/internal/raw"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		shape []int
		elem  int
		n     int
		ok    bool
	}{
		{nil, 8, 8, true}, {[]int{0}, 8, 0, true}, {[]int{2, 3}, 4, 24, true}, {[]int{-1}, 1, 0, false}, {[]int{0, -1}, 1, 0, false},
		{[]int{math.MaxInt}, 1, math.MaxInt, true}, {[]int{math.MaxInt}, 2, 0, false}, {[]int{math.MaxInt, math.MaxInt}, 1, 0, false},
		{[]int{1 << 30, 1 << 30, 1 << 30}, 1, 0, false}, {[]int{0, math.MaxInt, math.MaxInt}, 8, 0, true},
	} {
		n, ok := raw.Size(c.shape, c.elem)
		if n != c.n || ok != c.ok {
			t.Errorf("Size(%v, %d) = %d, %v; want %d, %v", c.shape, c.elem, n, ok, c.n, c.ok)
		}
		exact := big.NewInt(int64(c.elem)) // what the table says, by exact arithmetic
		for _, d := range c.shape {
			exact.Mul(exact, big.NewInt(int64(d)))
		}
		if c.ok && exact.Cmp(big.NewInt(int64(c.n))) != 0 {
			t.Errorf("%v has %v bytes, the table says %d", c.shape, exact, c.n)
		}
	}
}

func TestReadN(t *testing.T) {
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, len(data)} {
		for _, known := range []int{0, 100, len(data), math.MaxInt} {
			r := bytes.NewReader(data)
			got, err := raw.ReadN(r, n, known)
			if err != nil || !bytes.Equal(got, data[:n]) {
				t.Fatalf("ReadN(%d, known %d): %d bytes, %v", n, known, len(got), err)
			}
			if r.Len() != len(data)-n {
				t.Errorf("ReadN(%d) consumed %d", n, len(data)-r.Len())
			}
		}
	}
	for _, n := range []int{len(data) + 1, math.MaxInt / 2, math.MaxInt} {
		if got, err := raw.ReadN(bytes.NewReader(data), n, 0); got != nil || err != io.ErrUnexpectedEOF {
			t.Errorf("ReadN(%d) of %d bytes = %d bytes, %v", n, len(data), len(got), err)
		}
	}
	broken := errors.New("broken")
	if _, err := raw.ReadN(io.MultiReader(bytes.NewReader(data[:9]), iotest.ErrReader(broken)), 10, 0); err != broken {
		t.Errorf("ReadN of a broken reader = %v", err)
	}
}

func TestAtEnd(t *testing.T) {
	extra, broken := errors.New("extra"), errors.New("broken")
	for _, c := range []struct {
		r    io.Reader
		want error
	}{{bytes.NewReader(nil), nil}, {bytes.NewReader([]byte{1}), extra}, {iotest.ErrReader(broken), broken}} {
		if err := raw.AtEnd(c.r, extra); err != c.want {
			t.Errorf("AtEnd = %v, want %v", err, c.want)
		}
	}
}

func TestSwap(t *testing.T) {
	for size, want := range map[int][]byte{
		1: {1, 2, 3, 4, 5, 6, 7, 8}, 2: {2, 1, 4, 3, 6, 5, 8, 7}, 4: {4, 3, 2, 1, 8, 7, 6, 5}, 8: {8, 7, 6, 5, 4, 3, 2, 1},
	} {
		b := []byte{1, 2, 3, 4, 5, 6, 7, 8}
		if raw.Swap(b, size); !slices.Equal(b, want) {
			t.Errorf("Swap by %d = %v", size, b)
		}
	}
}
