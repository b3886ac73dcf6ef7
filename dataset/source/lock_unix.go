//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package source

import (
	"os"
	"syscall"
)

// tryLock takes the lock file at path, or returns errLocked. The system drops the lock when the process ends, however
// it ends, so the file itself stays.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil {
		return func() { file.Close() }, nil
	}
	file.Close()
	if err == syscall.EWOULDBLOCK {
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
