// Package oserr puts errors of package os into messages that name the path themselves.
package oserr

import (
	"errors"
	"io/fs"
	"os"
)

// Cause leaves the operation and the paths out of an error of package os.
func Cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
