//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// tryLock takes the lock file at path by creating it. On these systems nothing removes it after a crash, so waiting
// for it could be for ever: the error says what to do.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("another process downloads, or died doing so: wait, or remove %s", path)
	}
	if err != nil {
		return nil, err
	}
	return func() { file.Close(); os.Remove(path) }, nil
}
