package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/hadal-go/hadal/format/internal/raw"
	"github.com/hadal-go/hadal/internal/oserr"
)

// Reader gives access to single tensors of a file whose header is read and checked. Its methods may be called by several
// goroutines at once.
type Reader struct {
	name     string // for errors: the path
	r        io.ReaderAt
	data     int64 // where the tensors' data begin
	metadata map[string]string
	infos    []info
	index    map[string]int // name to place in infos
	file     *os.File       // nil if not opened here
}

// Read reads the header of the size bytes of r, and no tensor. Sizes, offsets and names are checked as the reference
// implementation does: a header longer than MaxHeader or than r, text that is not the JSON of a header, keys given twice,
// offsets that overlap, leave holes or do not fit shape and dtype, and bytes that no tensor covers are errors.
func Read(r io.ReaderAt, size int64) (*Reader, error) {
	return read("safetensors", r, size)
}

// Open opens the file at path and reads its header. Close the reader after use.
func Open(path string) (*Reader, error) {
	f, size, err := raw.Open(path, "a safetensors file")
	if err != nil {
		return nil, err
	}
	r, err := read(path, f, size)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.file = f
	return r, nil
}

func read(name string, r io.ReaderAt, size int64) (*Reader, error) {
	bad := func(err error) (*Reader, error) {
		return nil, fmt.Errorf("%s: %w; the file is damaged or no safetensors file: get it again", name, err)
	}
	if size < 8 {
		return bad(fmt.Errorf("%d bytes are too few for a header", size))
	}
	if size > math.MaxInt {
		return nil, fmt.Errorf("%s: %d bytes are too many for this machine: split the file", name, size)
	}
	var length [8]byte
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, 8), length[:]); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, oserr.Cause(err))
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > MaxHeader {
		return bad(fmt.Errorf("a header of %d bytes is too long, at most %d are allowed", n, MaxHeader))
	}
	if int64(n) > size-8 {
		return bad(fmt.Errorf("a header of %d bytes does not fit into the %d bytes after its length", n, size-8))
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, 8, int64(n)), header); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, oserr.Cause(err))
	}
	data := 8 + int64(n)
	metadata, infos, err := parseHeader(header, int(size-data))
	if err != nil {
		return bad(err)
	}
	index := make(map[string]int, len(infos))
	for i, t := range infos {
		index[t.name] = i
	}
	return &Reader{name: name, r: r, data: data, metadata: metadata, infos: infos, index: index}, nil
}

// Close closes the file that Open opened.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Metadata returns a copy of the free text; nil if the file has none.
func (r *Reader) Metadata() map[string]string { return maps.Clone(r.metadata) }

// Names returns the names of the tensors in the order of their data.
func (r *Reader) Names() []string {
	names := make([]string, len(r.infos))
	for i, t := range r.infos {
		names[i] = t.name
	}
	return names
}

// Entry returns what the header says of a tensor, with nil Data; ok is false if the file has no tensor of that name.
// Package function Size gives the number of bytes that ReadInto wants.
func (r *Reader) Entry(name string) (e Entry, ok bool) {
	i, ok := r.index[name]
	if !ok {
		return Entry{}, false
	}
	t := r.infos[i]
	return Entry{Name: t.name, DType: t.dtype, Shape: slices.Clone(t.shape)}, true
}

// ReadInto reads the elements of a tensor, little endian and in C order, into dst, which must have their size exactly.
func (r *Reader) ReadInto(name string, dst []byte) error {
	i, ok := r.index[name]
	if !ok {
		return fmt.Errorf("%s has no tensor %.80q: its %d tensors are what Names lists", r.name, name, len(r.infos))
	}
	t := r.infos[i]
	if len(dst) != t.end-t.begin {
		return fmt.Errorf("%s: tensor %.80q has %d bytes, but the buffer for it has %d", r.name, name, t.end-t.begin, len(dst))
	}
	_, err := io.ReadFull(io.NewSectionReader(r.r, r.data+int64(t.begin), int64(len(dst))), dst)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: tensor %.80q: the file became shorter after it was opened; get it again", r.name, name)
	}
	if err != nil {
		return fmt.Errorf("%s: tensor %.80q cannot be read: %w", r.name, name, oserr.Cause(err))
	}
	return nil
}

// All reads all tensors.
func (r *Reader) All() (*File, error) {
	f := &File{Metadata: r.Metadata(), Entries: make([]Entry, len(r.infos))}
	for i, t := range r.infos {
		e := Entry{Name: t.name, DType: t.dtype, Shape: slices.Clone(t.shape), Data: make([]byte, t.end-t.begin)}
		if err := r.ReadInto(t.name, e.Data); err != nil {
			return nil, err
		}
		f.Entries[i] = e
	}
	return f, nil
}

// ReadFile reads the whole file at path.
func ReadFile(path string) (*File, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.All()
}
