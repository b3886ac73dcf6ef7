// Package writetest makes the writing of files fail, as disks, limits and permissions do, and checks what is said and left behind.
package writetest

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// disk is one that is full after some bytes.
type disk struct{ left int }

var errFull = errors.New("full")

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.left)
	d.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// FullDisk checks that write says so in one line wherever the disk is full.
func FullDisk(t *testing.T, write func(w io.Writer) error) {
	t.Helper()
	whole := &disk{math.MaxInt}
	if err := write(whole); err != nil {
		t.Fatal(err)
	}
	size := math.MaxInt - whole.left
	for n := range size {
		if err := write(&disk{n}); !errors.Is(err, errFull) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("after %d of %d bytes: %v", n, size, err)
		}
	}
	if err := write(&disk{size}); err != nil {
		t.Error(err)
	}
}
