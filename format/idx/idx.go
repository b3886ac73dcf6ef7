// Package idx reads and writes the IDX format of the MNIST database (Y. LeCun, C. Cortes, C. Burges, 1998): one array of
// numbers.
//
// A file is
//
//	2 bytes           zero
//	1 byte            element type: 0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float32, 0x0E float64
//	1 byte            number of dimensions
//	4 bytes for each  dimension, unsigned, big endian
//	the rest          elements, big endian, in C (row-major) order
//
// and often compressed by gzip, whose first two bytes tell.
package idx

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/internal/raw"
)

// Type is the type of the elements, as the files number it.
type Type byte

// The types of the format.
const (
	Uint8   Type = 0x08
	Int8    Type = 0x09
	Int16   Type = 0x0B
	Int32   Type = 0x0C
	Float32 Type = 0x0D
	Float64 Type = 0x0E
)

// String returns the name of the type, such as uint8.
func (t Type) String() string {
	switch t {
	case Uint8:
		return "uint8"
	case Int8:
		return "int8"
	case Int16:
		return "int16"
	case Int32:
		return "int32"
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	}
	return fmt.Sprintf("unknown type %#02x", byte(t))
}

// Size returns the bytes of an element, 0 for a type that the format does not have.
func (t Type) Size() int {
	switch t {
	case Uint8, Int8:
		return 1
	case Int16:
		return 2
	case Int32, Float32:
		return 4
	case Float64:
		return 8
	}
	return 0
}

// Array is an array of numbers. Data has the elements in C order, little endian, unlike the file. A shape of no
// dimensions is one element.
type Array struct {
	Type  Type
	Shape []int
	Data  []byte
}

// Read reads an array from r, compressed by gzip or not, up to the end of r. Memory is taken as data arrives, and no more
// than the dimensions ask for is unpacked. A file that is cut short, has bytes after its array, or has dimensions whose
// product overflows is an error.
func Read(r io.Reader) (*Array, error) {
	a, err := read(r, 0)
	if err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	return a, nil
}

// ReadFile reads the file at path.
func ReadFile(path string) (*Array, error) { return raw.ReadFile(path, read) }

// read reads an array from r, which is known to hold that many bytes, or 0.
func read(r io.Reader, known int) (*Array, error) {
	br := bufio.NewReader(r)
	r = br
	if start, _ := br.Peek(2); string(start) == "\x1f\x8b" {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, explain(err)
		}
		r = z
	}
	a, err := readArray(r, known)
	if err != nil {
		return nil, explain(err)
	}
	return a, nil
}

func readArray(r io.Reader, known int) (*Array, error) {
	var start [4]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return nil, err
	}
	t, dims := Type(start[2]), int(start[3])
	if start[0] != 0 || start[1] != 0 || t.Size() == 0 {
		return nil, fmt.Errorf("the file begins with %q, not with two zeros and a type from 8 to 14: it is no idx file", start)
	}
	sizes := make([]byte, 4*dims) // at most 1,020
	if _, err := io.ReadFull(r, sizes); err != nil {
		return nil, err
	}
	shape := make([]int, dims)
	for i := range shape {
		d := binary.BigEndian.Uint32(sizes[4*i:])
		if uint64(d) > math.MaxInt {
			return nil, fmt.Errorf("dimension %d is too large for this machine", d)
		}
		shape[i] = int(d)
	}
	n, ok := raw.Size(shape, t.Size())
	if !ok {
		return nil, fmt.Errorf("shape %s of %v has more bytes than an array can have: the file is damaged, get it again", raw.Show(shape), t)
	}
	data, err := raw.ReadN(r, n, known)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("the data end before the %d bytes of %v of shape %s: the file is cut short, get it again", n, t, raw.Show(shape))
	}
	if err == nil {
		err = raw.AtEnd(r, fmt.Errorf("more bytes follow the %d of %v of shape %s: the file is damaged, get it again", n, t, raw.Show(shape)))
	}
	if err != nil {
		return nil, err
	}
	raw.Swap(data, t.Size())
	return &Array{Type: t, Shape: shape, Data: data}, nil
}

// explain says what an error of reading or unpacking means for the file.
func explain(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the file ends too early: it is cut short, get it again")
	case errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt):
		return fmt.Errorf("%w: the compressed file is damaged or has other bytes behind it, get it again", err)
	}
	return err
}

// Write writes a to w, not compressed.
func Write(w io.Writer, a *Array) error {
	if err := write(w, a); err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	return nil
}

// WriteFile writes a to the file at path, whole or not at all, compressed if the path ends in .gz.
func WriteFile(path string, a *Array) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		if !strings.HasSuffix(path, ".gz") {
			return write(w, a)
		}
		z := gzip.NewWriter(w)
		if err := write(z, a); err != nil {
			return err
		}
		return z.Close()
	})
}

func write(w io.Writer, a *Array) error {
	size := a.Type.Size()
	if size == 0 {
		return fmt.Errorf("the format has no %v, want Uint8, Int8, Int16, Int32, Float32 or Float64", a.Type)
	}
	n, ok := raw.Size(a.Shape, size)
	if !ok || len(a.Shape) > 255 {
		return fmt.Errorf("shape %s of %v has a negative dimension, too many elements or more than 255 dimensions", raw.Show(a.Shape), a.Type)
	}
	if n != len(a.Data) {
		return fmt.Errorf("%d bytes of data, but %v of shape %s is %d bytes", len(a.Data), a.Type, raw.Show(a.Shape), n)
	}
	header := []byte{0, 0, byte(a.Type), byte(len(a.Shape))}
	for _, d := range a.Shape {
		if uint64(d) > math.MaxUint32 {
			return fmt.Errorf("dimension %d is too large for the format, which has 32 bits for it: split the array", d)
		}
		header = binary.BigEndian.AppendUint32(header, uint32(d))
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	block := make([]byte, 0, 64<<10)
	for data := range slices.Chunk(a.Data, cap(block)) {
		block = append(block[:0], data...)
		raw.Swap(block, size)
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}
