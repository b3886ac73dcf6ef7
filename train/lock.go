package train

import (
	"errors"
	"fmt"

	"github.com/hadal-go/hadal/internal/filelock"
)

// lock keeps other processes from training in the folder, where the system has locks.
func (r *Run) lock() (unlock func(), err error) {
	unlock, err = filelock.Try(r.Path(lockFile))
	switch {
	case errors.Is(err, filelock.ErrLocked):
		return nil, fmt.Errorf("another process trains in run folder %s; wait for it, or stop it", r.Dir)
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return nil, fmt.Errorf("run folder %s cannot be written: %w; mend its permissions, or choose another", r.Dir, cause(err))
	}
	return unlock, nil
}
