package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/format/internal/raw"
)

// header is what stands before the elements.
type header struct {
	dtype        string
	shape        []int
	big, fortran bool
}

func readHeader(r io.Reader) (header, error) {
	short := func(err error) (header, error) {
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends inside its header: it is cut short, get it again")
		}
		return header{}, err
	}
	var start [len(magic) + 2]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return short(err)
	}
	if string(start[:len(magic)]) != magic {
		return header{}, fmt.Errorf("the file begins with %q, not with %q: it is no .npy file", start[:len(magic)], magic)
	}
	major, minor := start[len(magic)], start[len(magic)+1]
	if major < 1 || major > 3 || minor != 0 {
		return header{}, fmt.Errorf("version %d.%d is unknown, want 1.0, 2.0 or 3.0: save the array again with numpy.save", major, minor)
	}
	length := [4]byte{}
	digits := 4
	if major == 1 {
		digits = 2
	}
	if _, err := io.ReadFull(r, length[:digits]); err != nil {
		return short(err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxHeader {
		return header{}, fmt.Errorf("a header of %d bytes is too long, at most %d are read: the file is damaged or not a plain array", n, maxHeader)
	}
	text, err := raw.ReadN(r, int(n), 0)
	if err != nil {
		return short(err)
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return header{}, fmt.Errorf("header %.200q: %w", text, err)
	}
	return h, nil
}

// parseHeader reads the dictionary {'descr': text, 'fortran_order': True or False, 'shape': tuple of numbers}.
func parseHeader(text string) (h header, err error) {
	l := literal(text)
	if !l.take("{") {
		return h, errors.New("it is no dictionary: the file is damaged")
	}
	seen := map[string]bool{}
	for !l.take("}") {
		key, ok := l.str()
		if !ok || !l.take(":") {
			return h, errors.New("the dictionary is broken: the file is damaged")
		}
		if seen[key] {
			return h, fmt.Errorf("%s is there twice: the file is damaged", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.dtype, h.big, err = l.descr()
		case "fortran_order":
			h.fortran = l.take("True")
			if !h.fortran && !l.take("False") {
				err = errors.New("fortran_order is not True or False: the file is damaged")
			}
		case "shape":
			h.shape, err = l.tuple()
		default:
			err = fmt.Errorf("%.40q is no key of the format: the file is damaged", key)
		}
		if err != nil {
			return h, err
		}
		if !l.take(",") && !strings.HasPrefix(string(l), "}") {
			return h, errors.New("the dictionary is broken: the file is damaged")
		}
	}
	if l.space(); l != "" {
		return h, errors.New("text follows the dictionary: the file is damaged")
	}
	if len(seen) != 3 {
		return h, errors.New("descr, fortran_order or shape is missing: the file is damaged")
	}
	return h, nil
}

// literal is what is left to read of a Python literal.
type literal string

func (l *literal) space() { *l = literal(strings.TrimLeft(string(*l), " \t\r\n\f")) }

// take consumes token, and white space around it, if it is next.
func (l *literal) take(token string) bool {
	l.space()
	rest, ok := strings.CutPrefix(string(*l), token)
	if ok {
		*l = literal(rest)
		l.space()
	}
	return ok
}

// str reads a string in quotes, without escapes: no dtype that is read here, and no key, has one.
func (l *literal) str() (string, bool) {
	l.space()
	for _, quote := range []string{"'", `"`} {
		if rest, ok := strings.CutPrefix(string(*l), quote); ok {
			s, rest, ok := strings.Cut(rest, quote)
			*l = literal(rest)
			return s, ok && !strings.ContainsAny(s, "\\\r\n")
		}
	}
	return "", false
}

// descr reads the element type: byte order (< little, > big, | none) and type.
func (l *literal) descr() (dtype string, big bool, err error) {
	if strings.HasPrefix(string(*l), "[") {
		return "", false, errors.New("the elements have fields, which are not read: save each field as its own array")
	}
	s, ok := l.str()
	if !ok {
		return "", false, errors.New("descr is no plain text: the file is damaged")
	}
	order, dtype := s, ""
	if s != "" {
		order, dtype = s[:1], s[1:]
	}
	size := elem(dtype)
	switch {
	case strings.HasPrefix(dtype, "O"):
		return "", false, errors.New("the elements are Python objects, which run code when loaded: save numbers instead, with allow_pickle=False")
	case size == 0:
		return "", false, fmt.Errorf("elements of type %.40q are not read, want f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or b1: convert with astype and save again", s)
	case !strings.Contains("<>|", order) || order == "|" && size > 1:
		return "", false, fmt.Errorf("the byte order of %q is unknown, want < or >: the file is damaged", s)
	}
	return dtype, order == ">", nil
}

// tuple reads (), (n,) or (n, n, ...).
func (l *literal) tuple() ([]int, error) {
	wrong := errors.New("shape is no tuple of whole numbers from 0 on: the file is damaged")
	if !l.take("(") {
		return nil, wrong
	}
	shape := []int{}
	comma := true
	for !l.take(")") {
		d, ok := l.number()
		if !ok || !comma {
			return nil, wrong
		}
		shape = append(shape, d)
		comma = l.take(",")
	}
	if len(shape) == 1 && !comma { // (n) is a number in brackets
		return nil, wrong
	}
	return shape, nil
}

// number reads a decimal number as Python prints it; Python 2 may have put an L behind it.
func (l *literal) number() (int, bool) {
	rest := strings.TrimLeft(string(*l), "0123456789")
	digits := strings.TrimSuffix(string(*l), rest)
	n, err := strconv.Atoi(digits)
	*l = literal(strings.TrimPrefix(rest, "L"))
	l.space()
	return n, err == nil && (digits == "0" || digits[0] != '0')
}
