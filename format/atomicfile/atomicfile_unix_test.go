//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hadal-go/hadal/format/internal/writetest"
)

func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for umask, want := range map[int]os.FileMode{0: 0o644, 0o022: 0o644, 0o027: 0o640, 0o077: 0o600} {
		syscall.Umask(umask)
		if err := WriteFile(path, text("x")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("umask %03o gives %v, %v; want %v", umask, info.Mode(), err, want)
		}
	}
}

func TestSymlink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(t.TempDir(), "link")
	if err := WriteFile(target, text("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, text("new")); err != nil {
		t.Fatal(err)
	}
	if err := check(target, "new"); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
}

func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, text("x")); err == nil || !strings.Contains(err.Error(), "not a file but a pipe or socket") {
		t.Errorf("WriteFile = %v", err)
	}
}

// A limit on file sizes is the one write error that any process can make for itself.
func TestWriteError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	writetest.BeyondTheLimit(t, path, func() error { return WriteFile(path, text(strings.Repeat("x", 1<<20))) })
}
