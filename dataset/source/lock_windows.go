package source

import (
	"os"
	"syscall"
)

// tryLock takes the lock file at path, or returns errLocked. The lock is a handle that shares nothing; the system
// closes it when the process ends, however it ends, so the file itself stays.
func tryLock(path string) (unlock func(), err error) {
	const sharingViolation = syscall.Errno(32)
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == nil {
		return func() { syscall.CloseHandle(handle) }, nil
	}
	if err == sharingViolation {
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
