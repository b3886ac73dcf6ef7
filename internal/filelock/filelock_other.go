//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import "errors"

func try(string) (unlock func(), err error) { return func() {}, errors.ErrUnsupported }
