package rdata

import (
	"bufio"
	"compress/bzip2"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/hadal-go/hadal/format/internal/raw"
)

// LazyDB is the pair of files from which R's packages load variables when they are first used: the .rdx file says where in the .rdb
// file each lies and how it is compressed. It may be used by several goroutines at once.
type LazyDB struct {
	names []string
	where map[string]piece
	pack  int // how pieces are compressed, by R's numbers
	data  io.ReaderAt
	size  int64
	close func() error
	path  string // of the .rdb file, for errors
}

type piece struct{ at, n int32 }

// The numbers of R's compressions.
const (
	packNone = iota
	packZlib
	packBzip2
	packXZ
)

// OpenLazyDB opens the .rdx and .rdb files at two paths, such as /usr/lib/R/site-library/vcdExtra/data/Rdata.rdx. Close ends its use.
func OpenLazyDB(rdx, rdb string) (*LazyDB, error) {
	index, err := ReadFile(rdx)
	if err != nil {
		return nil, err
	}
	f, size, err := raw.Open(rdb, "an .rdb file")
	if err != nil {
		return nil, err
	}
	db := &LazyDB{data: f, size: size, close: f.Close, path: rdb}
	if err := db.index(index); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", rdx, err)
	}
	return db, nil
}

// NewLazyDB is OpenLazyDB of a reader of the .rdx file and one of the size bytes of the .rdb file.
func NewLazyDB(rdx io.Reader, rdb io.ReaderAt, size int64) (*LazyDB, error) {
	index, err := Read(rdx)
	if err != nil {
		return nil, err
	}
	db := &LazyDB{data: rdb, size: size, close: func() error { return nil }, path: "rdata"}
	if err := db.index(index); err != nil {
		return nil, fmt.Errorf("rdata: %w", err)
	}
	return db, nil
}

// index takes over what the .rdx file holds.
func (db *LazyDB) index(o *Object) error {
	variables, compressed := o.Elem("variables"), o.Elem("compressed")
	if variables == nil || compressed == nil {
		return errors.New("it is no index of a lazy-load database: it has no variables, or does not say how they are compressed")
	}
	switch v := compressed.Data.(type) {
	case Logical: // TRUE is zlib
		if len(v) > 0 && v[0] != 0 {
			db.pack = packZlib
		}
	case Integer:
		if len(v) > 0 {
			db.pack = int(v[0])
		}
	case Real:
		if len(v) > 0 {
			db.pack = int(v[0])
		}
	}
	if db.pack < packNone || db.pack > packXZ {
		return fmt.Errorf("its variables are compressed by method %d, want %d to %d", db.pack, packNone, packXZ)
	}
	list, names := variables.elements()
	db.names, db.where = slices.Clone(names), map[string]piece{}
	for i, name := range db.names {
		at, ok := list[i].Data.(Integer)
		if !ok || len(at) != 2 || at[0] < 0 || at[1] < 0 || int64(at[0])+int64(at[1]) > db.size {
			return fmt.Errorf("variable %q lies at %v of the %d bytes of the .rdb file: they do not belong together, or are damaged", name, list[i].Data, db.size)
		}
		db.where[name] = piece{at[0], at[1]}
	}
	return nil
}

// Names returns the names of the variables.
func (db *LazyDB) Names() []string { return slices.Clone(db.names) }

// Close closes the files.
func (db *LazyDB) Close() error { return db.close() }

// Get reads a variable.
func (db *LazyDB) Get(name string) (*Object, error) {
	p, ok := db.where[name]
	if !ok {
		return nil, fmt.Errorf("%s: there is no variable %q; there are %.50q", db.path, name, db.names)
	}
	r, err := db.unpack(io.NewSectionReader(db.data, int64(p.at), int64(p.n)))
	var o *Object
	if err == nil {
		o, err = decode(r)
	}
	if err == nil {
		err = endOf(r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: variable %q: %w", db.path, name, short(err))
	}
	return o, nil
}

// unpack returns a reader of the content of a piece. That has 4 bytes for the content's length, which is not needed; with bzip2 and xz a letter
// for what was used in the end; and the compressed bytes.
func (db *LazyDB) unpack(r io.Reader) (*bufio.Reader, error) {
	if db.pack == packNone {
		return bufio.NewReader(r), nil
	}
	head := make([]byte, 5)
	if db.pack == packZlib {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	method := byte('1')
	if db.pack != packZlib {
		method = head[4]
	}
	switch method {
	case '0':
	case '1':
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case '2':
		r = bzip2.NewReader(r)
	case 'Z':
		return nil, errors.New("it is compressed by xz, which is not read: load it in R and save it with saveRDS")
	default:
		return nil, fmt.Errorf("it is compressed by method %q, which is not known", method)
	}
	return bufio.NewReader(r), nil
}
