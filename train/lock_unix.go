//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package train

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other processes from training in the folder. The system drops the lock when the process ends, however it
// ends, so the file itself stays.
func (r *Run) lock() (unlock func(), err error) {
	f, err := os.OpenFile(r.Path(lockFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("run folder %s cannot be written: %w; mend its permissions, or choose another", r.Dir, cause(err))
	}
	err = syscall.EINTR
	for err == syscall.EINTR {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, fmt.Errorf("another process trains in run folder %s; wait for it, or stop it", r.Dir)
	case err != nil: // some network file systems have no locks
		f.Close()
		return func() {}, nil
	}
	return func() { f.Close() }, nil
}
