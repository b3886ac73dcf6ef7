package source

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Open returns a reader of the content of the file at path: what gzip wraps if it is compressed, the bytes as they are
// if not. Reading more than Size bytes is an error, so that a small compressed file cannot fill the memory.
func (f File) Open(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content := bufio.NewReaderSize(file, 1<<16)
	r := io.Reader(content)
	// The bytes decide, not the name: browsers and some servers unpack a .gz and leave its name.
	head, _ := content.Peek(2)
	if (strings.HasSuffix(f.Name, ".gz") || strings.HasSuffix(path, ".gz")) && string(head) == "\x1f\x8b" {
		if r, err = gzip.NewReader(content); err != nil {
			file.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if f.Size > 0 {
		r = &bounded{r: r, left: f.Size, err: fmt.Errorf("%s is larger than the %d bytes of the original", path, f.Size)}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, file}, nil
}

// bounded reads at most left bytes from r; one byte more is err.
type bounded struct {
	r    io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, b.err
	}
	return n, err
}

// errContent is an error of Check about the content of a file, as opposed to reading it.
var errContent = errors.New("not the original file, or damaged")

// Check returns an error unless the content of the file at path has the SHA-256 that f states.
func (f File) Check(path string) error {
	r, err := f.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return fmt.Errorf("%w: %v", errContent, err)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(sum, f.SHA256) {
		return fmt.Errorf("%w: its content has SHA-256 %s, the original %s", errContent, sum, f.SHA256)
	}
	return nil
}
