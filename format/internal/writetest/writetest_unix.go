//go:build unix

package writetest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// BeyondTheLimit checks that write, of more than 512 KB to path, leaves the file there as it is when a limit on file sizes ends it, as a
// full disk does.
func BeyondTheLimit(t *testing.T, path string, write func() error) {
	t.Helper()
	old := content(t, path)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 1 << 19 // go test itself writes smaller files meanwhile
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := write()
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); e != nil {
		t.Fatal(e)
	}
	checkFailed(t, err, syscall.EFBIG, path, old)
}

// UnwritableFolder checks that write to path leaves the file there as it is, and says the mend, when its folder may not be written to.
func UnwritableFolder(t *testing.T, path string, write func() error) {
	t.Helper()
	old, dir := content(t, path), filepath.Dir(path)
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	root := os.Geteuid() == 0 // who may write anywhere
	if root {
		if err := syscall.Seteuid(65534); err != nil {
			t.Skip("root cannot become another user here")
		}
	}
	err := write()
	if root {
		if err := syscall.Seteuid(0); err != nil {
			t.Fatal(err)
		}
	}
	checkFailed(t, err, os.ErrPermission, path, old)
	if want := "folder " + dir + " is not writable: change its permissions, or choose another"; !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// DevFull checks what is said of the device that is always full: written to directly it gives its error, and no file takes its place.
func DevFull(t *testing.T, write func(w io.Writer) error, writeFile func(path string) error) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("this system has no /dev/full")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if err := write(full); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Errorf("writing to it: %v", err)
	}
	if err := writeFile("/dev/full"); err == nil || err.Error() != "/dev/full is not a file but a device: give the path of a file" {
		t.Errorf("a file at its path: %v", err)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("/dev/full is now %v, %v", info.Mode(), err)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkFailed fails unless err is one line about path for the given cause, and the folder holds the old file alone.
func checkFailed(t *testing.T, err error, cause error, path string, old []byte) {
	t.Helper()
	if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), path+" cannot be written: ") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), ".tmp") {
		t.Fatalf("the error is %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, old) {
		t.Errorf("the old file has %d bytes, %v", len(b), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}
