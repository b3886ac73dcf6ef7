// Package raw holds what the file formats share: sizes that are checked before memory is taken for them, reads whose
// memory grows with what arrives, and byte order.
package raw

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"

	"github.com/hadal-go/hadal/internal/oserr"
)

// Size returns the number of bytes of an array, elem times the product of shape. ok is false when a dimension is negative
// or the product does not fit into an int.
func Size(shape []int, elem int) (n int, ok bool) {
	product := uint64(elem)
	for _, d := range shape {
		hi, lo := bits.Mul64(product, uint64(d))
		if d < 0 || hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		product = lo
	}
	return int(product), true
}

// Show prints a shape, which may be absurdly long, for an error message.
func Show(shape []int) string {
	if len(shape) > 16 {
		return fmt.Sprintf("of %d dimensions", len(shape))
	}
	return fmt.Sprint(shape)
}

// ReadN reads n bytes. known is how many bytes r is known to hold (a file's size), or 0. Beyond it memory is taken only as
// data arrives, at most four times what was read (64 KiB at first), so that a false n costs nothing. Too few bytes are
// io.ErrUnexpectedEOF.
func ReadN(r io.Reader, n, known int) ([]byte, error) {
	b := make([]byte, 0, min(n, max(known, 64<<10)))
	for len(b) < n {
		if len(b) == cap(b) {
			b = append(make([]byte, 0, min(n, 4*cap(b))), b...)
		}
		m, err := io.ReadFull(r, b[len(b):cap(b)])
		b = b[:len(b)+m]
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// ReadFile reads the file at path by read, which is told how many bytes it has, or 0 where that is not known.
func ReadFile[T any](path string, read func(r io.Reader, known int) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, cannotOpen(path, err)
	}
	defer f.Close()
	size := int64(0)
	if stat, err := f.Stat(); err == nil {
		size = min(stat.Size(), math.MaxInt)
	}
	v, err := read(f, int(size))
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, oserr.Cause(err))
	}
	return v, nil
}

// Open opens the file at path, which should be what kind says, such as "an .npz file", and returns its size.
func Open(path, kind string) (f *os.File, size int64, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, 0, cannotOpen(path, err)
	}
	stat, err := f.Stat()
	if err != nil || stat.IsDir() {
		f.Close()
		return nil, 0, fmt.Errorf("%s is a folder or cannot be read: give the path of %s", path, kind)
	}
	return f, stat.Size(), nil
}

func cannotOpen(path string, err error) error {
	return fmt.Errorf("%s cannot be opened: %w; check the path", path, oserr.Cause(err))
}

// AtEnd returns nil if r has no more bytes, extra if it has.
func AtEnd(r io.Reader, extra error) error {
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return extra
	case err != io.EOF:
		return err
	}
	return nil
}

// Swap reverses the bytes of each element of size 1, 2, 4 or 8 in b: big endian to little endian and back.
func Swap(b []byte, size int) {
	le, be := binary.LittleEndian, binary.BigEndian
	switch size {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			le.PutUint16(b, be.Uint16(b))
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			le.PutUint32(b, be.Uint32(b))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			le.PutUint64(b, be.Uint64(b))
		}
	}
}
