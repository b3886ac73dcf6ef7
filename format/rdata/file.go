package rdata

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/hadal-go/hadal/format/internal/raw"
)

// Variable is an object with a name.
type Variable struct {
	Name   string
	Object *Object
}

// Read reads an object that R's saveRDS wrote, to the end of r.
func Read(r io.Reader) (*Object, error) {
	o, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("rdata: %w", err)
	}
	return o, nil
}

// Load reads the variables that R's save wrote, to the end of r, in the order of the file.
func Load(r io.Reader) ([]Variable, error) {
	v, err := load(r)
	if err != nil {
		return nil, fmt.Errorf("rdata: %w", err)
	}
	return v, nil
}

// ReadFile reads the .rds file at path.
func ReadFile(path string) (*Object, error) { return fromFile(path, read) }

// LoadFile reads the .rda or .RData file at path.
func LoadFile(path string) ([]Variable, error) { return fromFile(path, load) }

func fromFile[T any](path string, read func(io.Reader) (T, error)) (T, error) {
	return raw.ReadFile(path, func(r io.Reader, _ int) (T, error) { return read(r) })
}

func read(r io.Reader) (*Object, error) {
	b, err := unpack(r)
	if err != nil {
		return nil, err
	}
	if start, _ := b.Peek(3); string(start) == "RDX" {
		return nil, errors.New("it holds named variables, as .rda files do: read it with Load")
	}
	o, err := decode(b)
	if err == nil {
		err = endOf(b)
	}
	return o, short(err)
}

func load(r io.Reader) ([]Variable, error) {
	b, err := unpack(r)
	if err != nil {
		return nil, err
	}
	switch start, _ := b.Peek(5); string(start) {
	case "RDX2\n", "RDX3\n":
		b.Discard(5)
	case "RDA2\n", "RDA3\n":
		return nil, errors.New("it is R's text format: save it in R with ascii = FALSE")
	default:
		if len(start) > 1 && string(start[:2]) == "X\n" {
			return nil, errors.New("it holds one object without a name, as .rds files do: read it with Read")
		}
		return nil, fmt.Errorf("it is no .rda file: it begins with %q, want RDX2 or RDX3", start)
	}
	o, err := decode(b)
	if err == nil {
		err = endOf(b)
	}
	if err != nil {
		return nil, short(err)
	}
	list, names := o.elements()
	if o.Data != nil && names == nil {
		return nil, errors.New("it is damaged: its variables have no names")
	}
	var all []Variable
	for i, name := range names {
		all = append(all, Variable{name, list[i]})
	}
	return all, nil
}

// short says in words that a file ends early.
func short(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("it ends too early: it is cut short or damaged")
	}
	return err
}

// errXZ is what files compressed by xz fail with.
var errXZ = errors.New("it is compressed by xz, which is not read: unpack it with xz -d, or save it in R with compress = \"gzip\"")

// unpack returns a reader of what r holds, by the first bytes: compressed by gzip or bzip2, or not.
func unpack(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReader(r)
	start, _ := b.Peek(6)
	switch s := string(start); {
	case len(s) >= 2 && s[:2] == "\x1f\x8b":
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, short(err)
		}
		return bufio.NewReader(z), nil
	case len(s) >= 3 && s[:3] == "BZh":
		return bufio.NewReader(bzip2.NewReader(b)), nil
	case s == "\xfd7zXZ\x00":
		return nil, errXZ
	case s == "":
		return nil, errors.New("it is empty")
	}
	return b, nil
}
