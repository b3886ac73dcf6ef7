// Package atomicfile writes files that are whole or not there: whoever reads the path sees the old content or the new
// one, also after a crash or a power cut.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/hadal-go/hadal/internal/oserr"
)

// WriteFile makes or replaces the file at path with what write writes. The writer given to it is buffered and valid until
// it returns. The bytes go to a temporary file in the same folder, which is put onto the disk, renamed to path, and the
// folder put onto the disk. If write or any step fails, or write panics, the temporary file is removed and what was at
// path stays as it was. The file has permissions 0644 less the process's umask. A symbolic link at path stays, and the
// file that it leads to is replaced.
//
// Errors are one line with the path and what to do, and wrap the system's error or write's.
func WriteFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return errors.New("no path to write to: give the path of a file")
	}
	// Renaming over a device such as /dev/null would replace it for the whole system.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file but a %s: give the path of a file", path, kind(info.Mode()))
	}
	target := path
	if p, err := filepath.EvalSymlinks(path); err == nil {
		target = p
	}
	folder := filepath.Dir(target)

	f, err := create(folder)
	if err != nil {
		return explain(path, folder, err)
	}
	renamed := false
	defer func() { // also when write panics
		if !renamed {
			f.Close()
			os.Remove(f.Name())
		}
	}()

	w := bufio.NewWriterSize(f, 256<<10)
	writeErr := write(w)
	if err := w.Flush(); err != nil { // the first error that the disk gave, whatever write made of it
		return explain(path, folder, err)
	}
	if writeErr != nil {
		return fmt.Errorf("%s: %w", path, writeErr)
	}
	if err := f.Sync(); err != nil {
		return explain(path, folder, err)
	}
	if err := f.Close(); err != nil { // Windows renames no open file
		return explain(path, folder, err)
	}
	if err := rename(f.Name(), target); err != nil {
		return fmt.Errorf("%s cannot be replaced: %w; close the programs that use it, or choose another path", path, oserr.Cause(err))
	}
	renamed = true
	if err := syncFolder(folder); err != nil {
		return fmt.Errorf("%s is written, but folder %s cannot be put onto the disk: %w; write it again", path, folder, oserr.Cause(err))
	}
	return nil
}

// create makes a temporary file. os.CreateTemp would make it 0600, and a chmod would ignore the umask.
func create(folder string) (f *os.File, err error) {
	for range 100 {
		name := filepath.Join(folder, fmt.Sprintf(".hadal-%016x.tmp", rand.Uint64()))
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// rename replaces the file new by old. On Windows a virus scanner or a reader may hold either for a moment.
func rename(old, new string) error {
	err := os.Rename(old, new)
	for wait := time.Millisecond; err != nil && runtime.GOOS == "windows" && wait < time.Second; wait *= 2 {
		time.Sleep(wait)
		err = os.Rename(old, new)
	}
	return err
}

// syncFolder makes the rename last. Windows has no such call, and some file systems refuse it for folders.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(folder)
	if err != nil { // a folder may be writable but not readable
		return nil
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// explain turns an error of writing the temporary file, whose name means nothing to the user, into one about path.
func explain(path, folder string, err error) error {
	err = oserr.Cause(err)
	switch {
	case full(err):
		return fmt.Errorf("%s cannot be written: no space left in folder %s: free some, or choose another folder (%w)", path, folder, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s cannot be written: folder %s does not exist: make it, or choose another (%w)", path, folder, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s cannot be written: folder %s is not writable: change its permissions, or choose another (%w)", path, folder, err)
	}
	return fmt.Errorf("%s cannot be written: %w; choose another path", path, err)
}

// full reports whether the disk or the user's share of it is full. 39 and 112 are Windows' ERROR_HANDLE_DISK_FULL and
// ERROR_DISK_FULL.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		runtime.GOOS == "windows" && (errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112)))
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "pipe or socket"
}
