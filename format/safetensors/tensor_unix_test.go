//go:build unix

package safetensors_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/tensor"
)

// checkFailed fails unless err is one line about path for the given cause, and the folder holds the old file alone.
func checkFailed(t *testing.T, err error, cause error, path string, old []byte) {
	t.Helper()
	if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), path+" cannot be written: ") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("Save = %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, old) {
		t.Errorf("the old file has %d bytes, %v", len(b), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// A limit on file sizes ends a write as a full disk does.
func TestSaveBeyondTheLimit(t *testing.T) {
	path, old := save(t, []tensor.Named{{Name: "a", Tensor: tensor.Of([]float32{1})}}, nil)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 1 << 19
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := safetensors.Save(path, []tensor.Named{{Name: "a", Tensor: tensor.Zeros(1 << 20)}}, nil)
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); e != nil {
		t.Fatal(e)
	}
	checkFailed(t, err, syscall.EFBIG, path, old)
}

func TestSaveToAnUnwritableFolder(t *testing.T) {
	path, old := save(t, []tensor.Named{{Name: "a", Tensor: tensor.Of([]float32{1})}}, nil)
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
	err := safetensors.Save(path, nil, nil)
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
	if err := safetensors.Write(full, &safetensors.File{}); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Write = %v", err)
	}
	if err := safetensors.Save("/dev/full", nil, nil); err == nil || err.Error() != "/dev/full is not a file but a device: give the path of a file" {
		t.Errorf("Save = %v", err)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("/dev/full is now %v, %v", info.Mode(), err)
	}
}
