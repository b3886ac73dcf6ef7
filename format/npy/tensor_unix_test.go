//go:build unix

package npy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hadal-go/hadal/format/npy"
)

// write writes a file and returns its path and bytes.
func write(t *testing.T) (path string, b []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.npy")
	if err := npy.WriteFile(path, &npy.Array{DType: "u1", Shape: []int{3}, Data: []byte{1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, b
}

// checkFailed fails unless err is one line about path for the given cause, and the folder holds the old file alone.
func checkFailed(t *testing.T, err error, cause error, path string, old []byte) {
	t.Helper()
	if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), path+" cannot be written: ") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("WriteFile = %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, old) {
		t.Errorf("the old file has %d bytes, %v", len(b), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// A limit on file sizes ends a write as a full disk does.
func TestWriteFileBeyondTheLimit(t *testing.T) {
	path, old := write(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 1 << 19
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := npy.WriteFile(path, &npy.Array{DType: "u1", Shape: []int{1 << 20}, Data: make([]byte, 1<<20)})
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); e != nil {
		t.Fatal(e)
	}
	checkFailed(t, err, syscall.EFBIG, path, old)
}

func TestWriteFileToAnUnwritableFolder(t *testing.T) {
	path, old := write(t)
	dir := filepath.Dir(path)
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
	err := npy.WriteFile(path, &npy.Array{DType: "u1", Shape: []int{0}})
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

// The device that is always full: written to directly it gives its error, and no file takes its place.
func TestDevFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("this system has no /dev/full")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if err := npy.Write(full, &npy.Array{DType: "u1", Shape: []int{0}}); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Write = %v", err)
	}
	if err := npy.WriteFile("/dev/full", &npy.Array{DType: "u1", Shape: []int{0}}); err == nil || err.Error() != "/dev/full is not a file but a device: give the path of a file" {
		t.Errorf("WriteFile = %v", err)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("/dev/full is now %v, %v", info.Mode(), err)
	}
}
