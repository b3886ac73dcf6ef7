package text

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// MaxLine is the longest line that Lines accepts unless it is told another, in bytes.
const MaxLine = 1 << 20

// Lines yields the lines of r without their ends, LF or CRLF, one at a time: no more than the longest line, of at most longest bytes, is in
// memory; 0 is MaxLine. A byte order mark at the start is left out. The last line needs no end. It yields an error, and ends, for a line that
// is longer, that is no UTF-8, and when r fails.
func Lines(r io.Reader, longest int) iter.Seq2[string, error] {
	if longest <= 0 {
		longest = MaxLine
	}
	return func(yield func(string, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 0, min(longest+2, 64<<10)), longest+2) // room for the end of the line
		for n := 1; ; n++ {
			if !s.Scan() {
				if err := s.Err(); err != nil {
					if errors.Is(err, bufio.ErrTooLong) {
						err = fmt.Errorf("it is longer than %d bytes", longest)
					}
					yield("", fmt.Errorf("line %d: %w", n, err))
				}
				return
			}
			line := s.Text()
			if n == 1 {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			switch {
			case len(line) > longest:
				yield("", fmt.Errorf("line %d: it is longer than %d bytes", n, longest))
				return
			case !utf8.ValidString(line):
				yield("", fmt.Errorf("line %d: it is not UTF-8; convert the file first", n))
				return
			case !yield(line, nil):
				return
			}
		}
	}
}
