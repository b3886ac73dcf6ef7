// Package safetensors reads and writes the format of Hugging Face's safetensors (N. Patry, 2022,
// https://github.com/huggingface/safetensors): named tensors in one file, without code in it, each readable alone.
//
// A file is
//
//	8 bytes   N, the length of the header: unsigned, little endian
//	N bytes   the header, a JSON object, padded with spaces:
//	          {"__metadata__": {"key": "text", ...},
//	           "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
//	the rest  the tensors' elements, little endian, in C (row-major) order; begin and end count from here
//
// Save and Load are for tensors, File and Write for bytes of any kind. What is written is what the reference implementation
// writes, byte for byte (which leaves the order of metadata to chance; here it is sorted). What is read is what the
// reference reads, except that keys given twice, which the format forbids and the reference overlooks, are refused, and so
// are a tensor described by a list instead of an object, and dimensions whose product before a zero does not fit into 63
// bits. Element values are not looked at: a BOOL may be any byte.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/internal/raw"
)

// MaxHeader is the longest header that is read or written, in bytes.
const MaxHeader = 100_000_000

// metadataKey is the one key of the header that is no tensor.
const metadataKey = "__metadata__"

// dtypes lists the element types and their sizes in bits, in the order of the reference: tensors are written in the
// reverse of it, so that each begins at a multiple of its element's size.
var dtypes = [...]struct {
	name string
	bits int
}{
	{"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8}, {"I8", 8}, {"F8_E5M2", 8}, {"F8_E4M3", 8},
	{"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16},
	{"I32", 32}, {"U32", 32}, {"F32", 32}, {"C64", 64}, {"F64", 64}, {"I64", 64}, {"U64", 64},
}

// rank returns the place of a type in dtypes, -1 if it is unknown.
func rank(dtype string) int {
	for i, d := range dtypes {
		if d.name == dtype {
			return i
		}
	}
	return -1
}

// Size returns the number of bytes of a tensor: the product of shape times the element's size. An unknown dtype, a
// negative dimension, an overflow, and elements of 4 or 6 bits that end inside a byte are errors.
func Size(dtype string, shape []int) (int, error) {
	i := rank(dtype)
	if i < 0 {
		return 0, fmt.Errorf("dtype %.40q is unknown, want one of BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64, C64, F8_*, F6_* or F4", dtype)
	}
	bits, ok := raw.Size(shape, dtypes[i].bits)
	if !ok {
		return 0, fmt.Errorf("shape %s of %s has a negative dimension or too many elements", raw.Show(shape), dtype)
	}
	if bits%8 != 0 {
		return 0, fmt.Errorf("shape %s of %s ends inside a byte, want a number of elements that fills whole bytes", raw.Show(shape), dtype)
	}
	return bits / 8, nil
}

// Entry is one tensor: its name, its element type as the format spells it (F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8
// BOOL, C64, F8_E4M3, F8_E5M2 and the other types below a byte), its shape, and its elements in C order, little endian.
type Entry struct {
	Name  string
	DType string
	Shape []int
	Data  []byte
}

// File is the content of a file. Metadata is free text; nil and an empty map are different files, as in the reference.
// Entries may be in any order to be written; a read file has them in the order of their data.
type File struct {
	Metadata map[string]string
	Entries  []Entry
}

// Write writes f to w. The bytes depend on the content only, not on the order of f.Entries: tensors follow each other by
// decreasing alignment of their type, then by name, as the reference does, and metadata is sorted by key. Entries with
// the same name, names that are not UTF-8, unknown types and data that does not fit its shape are errors.
func Write(w io.Writer, f *File) error {
	if err := f.write(w); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// WriteFile writes f to the file at path, whole or not at all.
func WriteFile(path string, f *File) error { return atomicfile.WriteFile(path, f.write) }

func (f *File) write(w io.Writer) error {
	for _, e := range f.Entries {
		size, err := Size(e.DType, e.Shape)
		if err == nil && size != len(e.Data) {
			return fmt.Errorf("tensor %.80q has %d bytes of data, but %s of shape %s is %d bytes", e.Name, len(e.Data), e.DType, raw.Show(e.Shape), size)
		}
	}
	return write(w, f.Metadata, f.Entries, func(e Entry) []byte { return e.Data })
}

// write writes a file whose tensors' data come from data, as they are wanted; they must have the size of their shapes.
func write(w io.Writer, metadata map[string]string, entries []Entry, data func(Entry) []byte) error {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rank(b.DType), rank(a.DType)), cmp.Compare(a.Name, b.Name))
	})
	header, err := appendHeader(make([]byte, 8), metadata, entries)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := w.Write(data(e)); err != nil {
			return err
		}
	}
	return nil
}

// appendHeader appends the padded header of sorted entries to b, whose length is a multiple of 8.
func appendHeader(b []byte, metadata map[string]string, entries []Entry) ([]byte, error) {
	tooLong := fmt.Errorf("the header would have more than %d bytes: write several files", MaxHeader)
	start := len(b)
	b = append(b, '{')
	if metadata != nil {
		b = append(appendString(b, metadataKey), ":{"...)
		for _, k := range slices.Sorted(maps.Keys(metadata)) {
			if len(b)+len(k)+len(metadata[k]) > MaxHeader {
				return nil, tooLong
			}
			if !utf8.ValidString(k) || !utf8.ValidString(metadata[k]) {
				return nil, fmt.Errorf("metadata %.80q is not UTF-8 text: encode it, for example as base64", k)
			}
			b = append(appendString(b, k), ':')
			b = append(appendString(b, metadata[k]), ',')
		}
		b = append(trimComma(b), "},"...)
	}
	seen := make(map[string]bool, len(entries))
	offset := 0
	for _, e := range entries {
		size, err := Size(e.DType, e.Shape)
		switch {
		case err != nil:
			return nil, fmt.Errorf("tensor %.80q: %w", e.Name, err)
		case e.Name == metadataKey:
			return nil, fmt.Errorf("tensor name %q is reserved by the format: rename it", e.Name)
		case !utf8.ValidString(e.Name):
			return nil, fmt.Errorf("tensor name %.80q is not UTF-8 text: rename it", e.Name)
		case seen[e.Name]:
			return nil, fmt.Errorf("two tensors are named %.80q: rename one", e.Name)
		case size > math.MaxInt-offset:
			return nil, errors.New("the tensors together are too large for one file: write several")
		}
		seen[e.Name] = true
		b = append(appendString(b, e.Name), `:{"dtype":"`...)
		b = append(append(b, e.DType...), `","shape":[`...)
		for _, d := range e.Shape {
			b = append(strconv.AppendInt(b, int64(d), 10), ',')
		}
		b = append(trimComma(b), `],"data_offsets":[`...)
		b = append(strconv.AppendInt(b, int64(offset), 10), ',')
		offset += size
		b = append(strconv.AppendInt(b, int64(offset), 10), "]},"...)
	}
	b = append(trimComma(b), '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	if len(b)-start > MaxHeader {
		return nil, tooLong
	}
	return b, nil
}

func trimComma(b []byte) []byte {
	if b[len(b)-1] == ',' {
		return b[:len(b)-1]
	}
	return b
}

// appendString appends s as a JSON string with the escapes that the reference uses, which are fewer than those of
// package encoding/json.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}
