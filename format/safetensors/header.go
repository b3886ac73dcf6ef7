package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hadal-go/hadal/format/internal/raw"
)

// info is what the header says of a tensor.
type info struct {
	name       string
	dtype      string
	shape      []int
	begin, end int // of its data, from the end of the header
}

// parseHeader returns the metadata and the tensors of a header, these in the order of their data, once they are known to
// cover dataSize bytes without a gap or an overlap, each with the size of its shape.
func parseHeader(header []byte, dataSize int) (metadata map[string]string, infos []info, err error) {
	if !utf8.Valid(header) {
		return nil, nil, errors.New("the header is not UTF-8 text")
	}
	if !paired(header) {
		return nil, nil, errors.New(`the header has a \u escape that is half a character`)
	}
	p := parser{json.NewDecoder(bytes.NewReader(header))}
	p.UseNumber()
	err = p.object(func(key string) error {
		if key == metadataKey {
			metadata, err = p.metadata()
			if err != nil {
				return fmt.Errorf("%s: %w", metadataKey, err)
			}
			return nil
		}
		t, err := p.tensor(key)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", key, err)
		}
		infos = append(infos, t)
		return nil
	})
	if err == nil {
		if _, end := p.Token(); end != io.EOF {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the header is wrong: %w", err)
	}
	// Tensors without elements share their offsets: they stay in the header's order.
	slices.SortStableFunc(infos, func(a, b info) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end)) })
	return metadata, infos, checkCover(infos, dataSize)
}

// paired reports whether every escaped half of a surrogate pair has the other half beside it. Package encoding/json would
// read U+FFFD for one alone.
func paired(header []byte) bool {
	unit := func(b []byte) rune { // of an escape at the start of b, or 0
		if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
			return 0
		}
		v, _ := strconv.ParseUint(string(b[2:6]), 16, 16)
		return rune(v)
	}
	for i := 0; i < len(header); i++ {
		if header[i] != '\\' {
			continue
		}
		if u := unit(header[i:]); utf16.IsSurrogate(u) {
			if utf16.DecodeRune(u, unit(header[i+6:])) == utf8.RuneError {
				return false
			}
			i += 10
		}
		i++ // what the backslash escapes is no escape
	}
	return true
}

// checkCover returns an error unless the data of infos, sorted, fill dataSize bytes exactly. This is what keeps a small
// file from describing a lot of data, and other content from hiding in the file.
func checkCover(infos []info, dataSize int) error {
	at := 0
	for _, t := range infos {
		switch {
		case t.end < t.begin:
			return fmt.Errorf("tensor %.80q: data_offsets [%d, %d] end before they begin", t.name, t.begin, t.end)
		case t.begin < at:
			return fmt.Errorf("tensor %.80q: data_offsets [%d, %d] overlap the tensor before, which ends at %d", t.name, t.begin, t.end, at)
		case t.begin > at:
			return fmt.Errorf("tensor %.80q: data_offsets [%d, %d] leave a hole of %d bytes before it", t.name, t.begin, t.end, t.begin-at)
		}
		size, err := Size(t.dtype, t.shape)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", t.name, err)
		}
		if size != t.end-t.begin {
			return fmt.Errorf("tensor %.80q: data_offsets [%d, %d] hold %d bytes, but %s of shape %s is %d bytes", t.name, t.begin, t.end, t.end-t.begin, t.dtype, raw.Show(t.shape), size)
		}
		at = t.end
	}
	if at != dataSize {
		return fmt.Errorf("the header describes %d bytes of data, but %d follow it", at, dataSize)
	}
	return nil
}

// parser reads the JSON of a header token by token: decoding into a map or a struct would take the last of two equal keys.
type parser struct{ *json.Decoder }

// token returns the next token. The end of the header is an error here.
func (p parser) token() (json.Token, error) {
	t, err := p.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// next reads a token, which must be want.
func (p parser) next(want json.Delim) error {
	t, err := p.token()
	if err == nil && t != want {
		err = fmt.Errorf("%s instead of %s", describe(t), want)
	}
	return err
}

func describe(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("text %.40q", t)
	}
	return fmt.Sprintf("%.40v", t)
}

// object reads an object. each reads the value of a key.
func (p parser) object(each func(key string) error) error {
	if err := p.next('{'); err != nil {
		return err
	}
	return p.members(each)
}

// members reads an object after its brace.
func (p parser) members(each func(key string) error) error {
	seen := map[string]bool{}
	for p.More() {
		t, err := p.token()
		if err != nil {
			return err
		}
		key := t.(string) // anything else was an error of Token
		if seen[key] {
			return fmt.Errorf("key %.80q is there twice", key)
		}
		seen[key] = true
		if err := each(key); err != nil {
			return err
		}
	}
	return p.next('}')
}

func (p parser) text() (string, error) {
	t, err := p.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%s instead of text", describe(t))
	}
	return s, nil
}

// counts reads a list of whole numbers that are not negative.
func (p parser) counts() ([]int, error) {
	if err := p.next('['); err != nil {
		return nil, err
	}
	list := []int{}
	for p.More() {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		v, err := strconv.ParseUint(string(n), 10, 64)
		if !ok || err != nil || v > math.MaxInt {
			return nil, fmt.Errorf("%s is not a whole number from 0 to %d", describe(t), math.MaxInt)
		}
		list = append(list, int(v))
	}
	return list, p.next(']')
}

// metadata reads the free text. null counts as none.
func (p parser) metadata() (map[string]string, error) {
	t, err := p.token()
	if err != nil || t == nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, fmt.Errorf("%s instead of {", describe(t))
	}
	m := map[string]string{}
	return m, p.members(func(key string) (err error) {
		if m[key], err = p.text(); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
		return nil
	})
}

// tensor reads the value of a tensor's key. Other keys than the three are skipped, as the reference does.
func (p parser) tensor(name string) (info, error) {
	var offsets []int
	t := info{name: name}
	err := p.object(func(key string) (err error) {
		switch key {
		case "dtype":
			t.dtype, err = p.text()
		case "shape":
			t.shape, err = p.counts()
		case "data_offsets":
			offsets, err = p.counts()
		default:
			var skipped json.RawMessage
			err = p.Decode(&skipped)
		}
		if err != nil {
			return fmt.Errorf("%.40q: %w", key, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return t, err
	case t.dtype == "" || t.shape == nil || offsets == nil:
		return t, errors.New("dtype, shape or data_offsets is missing")
	case len(offsets) != 2:
		return t, fmt.Errorf("data_offsets are %d numbers, want 2", len(offsets))
	}
	t.begin, t.end = offsets[0], offsets[1]
	return t, nil
}
