package imageset

import (
	"fmt"
	"image"
	"io"
	"os"
	"sync"

	"github.com/hadal-go/hadal/internal/oserr"
)

// A file that has more bytes or pixels is large: no two such are in memory at a time.
const (
	largeBytes  = 1 << 26
	largePixels = 1 << 24
)

var large sync.Mutex

// Open opens a file that must be a regular one: a pipe might never end. Errors begin with its path.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", path, oserr.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", path, oserr.Cause(err))
	}
	return f, nil
}

// Use calls use with the picture in a regular file, as Decode reads it. Of large pictures, over 64 MB or 16 million pixels, one at a time is
// read and used, so that many goroutines do not fill the memory; use must not call Use. Errors begin with the path, but for those
// of use; a panic, also one of use, becomes an error: a hostile file must not end the program.
func Use(path string, use func(img image.Image) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s cannot be read: %v", path, p)
		}
	}()
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, oserr.Cause(err))
	}
	cfg, err := DecodeConfig(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	if info.Size() > largeBytes || cfg.Width*cfg.Height > largePixels {
		large.Lock()
		defer large.Unlock()
	}
	img, err := Decode(f)
	if err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return use(img)
}
