package text

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Tokenizer cuts a text into tokens. It is safe for concurrent use and gives the same tokens whenever it is asked. An error names the place
// in the text.
type Tokenizer interface {
	Tokens(s string) ([]string, error)
}

// Characters makes every character (Unicode code point) a token, spaces too, so that joining the tokens gives the text back.
type Characters struct{}

// Tokens returns an error for a text that is no UTF-8.
func (Characters) Tokens(s string) ([]string, error) {
	tokens := make([]string, 0, utf8.RuneCountInString(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, notUTF8(i)
		}
		tokens = append(tokens, s[i:i+n])
		i += n
	}
	return tokens, nil
}

func notUTF8(at int) error {
	return fmt.Errorf("byte %d is not UTF-8; convert the text first", at)
}

// Words makes a token of each word or number, with the apostrophes and hyphens within it (don't, state-of-the-art, 3.14), and of each other
// character but spaces: punctuation marks, symbols.
type Words struct {
	Lower bool // in lower case
}

// Letters with their marks, or digits; joined by an apostrophe, a hyphen, or, between digits, a point or comma. Or else one character.
var word = func() *regexp.Regexp {
	const letters = `[\pL\pM\p{Nd}_]`
	const part = `(?:(?:` + letters + `*\p{Nd}(?:[.,]\p{Nd}+)+)+` + letters + `*|` + letters + `+)`
	return regexp.MustCompile(part + `(?:['’-]` + part + `)*|[^\s\p{Z}]`)
}()

// Tokens returns an error for a text that is no UTF-8.
func (w Words) Tokens(s string) ([]string, error) {
	if !utf8.ValidString(s) {
		for i, r := range s {
			if _, n := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
				return nil, notUTF8(i)
			}
		}
	}
	if w.Lower {
		s = strings.ToLower(s)
	}
	return word.FindAllString(s, -1), nil
}
