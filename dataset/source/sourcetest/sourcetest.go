// Package sourcetest finds the data that tests of real data sets read, and checks what is said of their files.
package sourcetest

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// CheckFiles fails unless each file of the set has a SHA-256 and addresses that end in its name.
func CheckFiles(t *testing.T, set source.Set) {
	t.Helper()
	for _, f := range set.Files {
		sum, err := hex.DecodeString(f.SHA256)
		if err != nil || len(sum) != 32 {
			t.Errorf("%s: SHA256 %q", f.Name, f.SHA256)
		}
		for _, address := range f.URLs {
			if !strings.HasPrefix(address, "http") || !strings.HasSuffix(address, "/"+f.Name) {
				t.Errorf("%s: address %s", f.Name, address)
			}
		}
	}
}
