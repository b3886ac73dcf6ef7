// Package sourcetest finds the data that tests of real data sets read.
package sourcetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
)

// Find returns where the set's files are: in $HADAL_DATA, in the cache, or in shared/data beside the checkout. It skips the test where they
// are not, and fails it where they cannot be read.
func Find(t *testing.T, set source.Set) source.Config {
	t.Helper()
	cfg := source.Config{Offline: true, Verify: true}
	if dir := filepath.Join("..", "..", "..", "shared", "data"); os.Getenv("HADAL_DATA") == "" { // packages of data sets and rows are two folders deep
		if _, err := os.Stat(filepath.Join(dir, set.Dir)); err == nil {
			cfg.Dir = dir
		}
	}
	if _, err := set.Locate(cfg); errors.As(err, new(*source.MissingError)) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return cfg
}
