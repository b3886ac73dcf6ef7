// Package npy reads and writes NumPy's files: .npy, one array, and .npz, a zip archive of .npy files.
//
// The format is NumPy Enhancement Proposal 1 (R. Kern, 2007) and numpy/lib/format.py. A .npy file is
//
//	6 bytes       "\x93NUMPY"
//	2 bytes       version: 1 0, 2 0 or 3 0
//	2 or 4 bytes  length of the header, little endian: 2 bytes in version 1
//	the header    a Python dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, padded with
//	              spaces so that the elements begin at a multiple of 64, and a line feed
//	the rest      the elements, in C (row-major) or Fortran (column-major) order
//
// The dictionary is read by a small parser of exactly this form. Arrays of objects are Python pickles, which run code when
// loaded: they are refused, as are structured arrays, text, dates and complex numbers.
package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/internal/raw"
)

// Array is an array of numbers or truth values. DType is NumPy's letter and the size in bytes: f2 f4 f8 (float), i1 i2 i4
// i8 (signed), u1 u2 u4 u8 (unsigned) or b1 (bool; any byte but 0 is true). Data has the elements in C order, little
// endian, whatever the file has. A shape of no dimensions is one element.
type Array struct {
	DType string
	Shape []int
	Data  []byte
}

// elem returns the element size of a type, 0 if it is unknown.
func elem(dtype string) int {
	switch dtype {
	case "b1", "i1", "u1":
		return 1
	case "f2", "i2", "u2":
		return 2
	case "f4", "i4", "u4":
		return 4
	case "f8", "i8", "u8":
		return 8
	}
	return 0
}

const (
	magic = "\x93NUMPY"
	// maxHeader bounds the header of versions 2 and 3. NumPy itself takes 10,000 bytes; those of plain arrays have 118.
	maxHeader = 1 << 20
)

// Read reads one array from r, from its first byte to its last, so that a file of several arrays is read by as many calls.
// An array in Fortran order or big endian is converted.
func Read(r io.Reader) (*Array, error) {
	a, err := read(r, 0)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	return a, nil
}

// ReadFile reads the file at path, which must hold one array and nothing else.
func ReadFile(path string) (*Array, error) { return raw.ReadFile(path, readAll) }

// readAll reads an array that is all of r.
func readAll(r io.Reader, known int) (*Array, error) {
	br := bufio.NewReader(r)
	a, err := read(br, known)
	if err != nil {
		return nil, err
	}
	return a, raw.AtEnd(br, errors.New("more bytes follow the array: read them with Read if they are arrays, else the file is damaged"))
}

// read reads an array from r, which is known to hold that many bytes, or 0.
func read(r io.Reader, known int) (*Array, error) {
	h, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	size := elem(h.dtype)
	n, ok := raw.Size(h.shape, size)
	if !ok {
		return nil, fmt.Errorf("shape %s of %s has more bytes than an array can have; the file is damaged: get it again", raw.Show(h.shape), h.dtype)
	}
	data, err := raw.ReadN(r, n, known)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("the data end before the %d bytes of %s of shape %s: the file is cut short, get it again", n, h.dtype, raw.Show(h.shape))
	}
	if err != nil {
		return nil, err
	}
	if h.big {
		raw.Swap(data, size)
	}
	if h.fortran {
		data = fromFortran(data, h.shape, size)
	}
	return &Array{DType: h.dtype, Shape: h.shape, Data: data}, nil
}

// fromFortran copies elements of the given size from column-major to row-major order.
func fromFortran(src []byte, shape []int, size int) []byte {
	if len(shape) < 2 || len(src) == 0 {
		return src
	}
	last := len(shape) - 1
	strides := make([]int, len(shape)) // in src, in bytes
	stride := size
	for i, d := range shape {
		strides[i] = stride
		stride *= d
	}
	dst := make([]byte, 0, len(src))
	index := make([]int, last) // of the row being copied
	for row := 0; len(dst) < len(src); {
		for j := range shape[last] {
			at := row + j*strides[last]
			dst = append(dst, src[at:at+size]...)
		}
		for i := last - 1; i >= 0; i-- {
			index[i]++
			row += strides[i]
			if index[i] < shape[i] {
				break
			}
			row -= index[i] * strides[i]
			index[i] = 0
		}
	}
	return dst
}

// Write writes a to w in C order, little endian, as numpy.save does, byte for byte: version 1, or 2 if the header is too
// long for 1 (thousands of dimensions).
func Write(w io.Writer, a *Array) error {
	if err := write(w, a); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// WriteFile writes a to the file at path, whole or not at all.
func WriteFile(path string, a *Array) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error { return write(w, a) })
}

func write(w io.Writer, a *Array) error {
	header, err := makeHeader(a)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	_, err = w.Write(a.Data)
	return err
}

// makeHeader returns all that stands before the elements of a.
func makeHeader(a *Array) ([]byte, error) {
	size := elem(a.DType)
	if size == 0 {
		return nil, fmt.Errorf("dtype %.40q is unknown, want one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1", a.DType)
	}
	n, ok := raw.Size(a.Shape, size)
	if !ok {
		return nil, fmt.Errorf("shape %s of %s has a negative dimension or too many elements", raw.Show(a.Shape), a.DType)
	}
	if n != len(a.Data) {
		return nil, fmt.Errorf("%d bytes of data, but %s of shape %s is %d bytes", len(a.Data), a.DType, raw.Show(a.Shape), n)
	}
	order := "<"
	if size == 1 {
		order = "|"
	}
	dims := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		dims[i] = strconv.Itoa(d)
	}
	shape := strings.Join(dims, ", ")
	text := "{'descr': '" + order + a.DType + "', 'fortran_order': False, 'shape': (" + shape
	if len(dims) == 1 {
		text += ","
	}
	text += "), }"
	if len(dims) > 0 { // NumPy leaves room for the first dimension to grow to 21 digits in place
		text += strings.Repeat(" ", 21-len(dims[0]))
	}

	version, prefix := byte(1), len(magic)+4
	pad := func() int { return 64 - (prefix+len(text)+1)%64 } // 1 to 64, as NumPy
	if len(text)+1+pad() > math.MaxUint16 {
		version, prefix = 2, len(magic)+6
	}
	length := len(text) + pad() + 1
	if length > maxHeader {
		return nil, fmt.Errorf("%d dimensions are too many for the format", len(dims))
	}
	b := append([]byte(magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(length))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(length))
	}
	return fmt.Appendf(b, "%-*s\n", length-1, text), nil
}
