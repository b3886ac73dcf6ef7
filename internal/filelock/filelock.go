// Package filelock keeps processes out of each other's files.
package filelock

import "errors"

// ErrLocked is the error of Try when another process, or another call in this one, holds the lock.
var ErrLocked = errors.New("locked by another process")

// Try takes the lock that the file at path stands for, and makes the file if it is not there. It does not wait: where the lock is held it
// returns ErrLocked. The system drops the lock when the process ends, however it ends; the file itself stays. An error that wraps
// errors.ErrUnsupported says that the system, or the file system, has no locks: then nothing was taken, and unlock does nothing.
func Try(path string) (unlock func(), err error) { return try(path) }
