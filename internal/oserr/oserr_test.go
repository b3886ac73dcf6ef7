package oserr_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/oserr"
)

func TestCause(t *testing.T) {
	plain := errors.New("plain")
	_, open := os.Open("no such file")
	rename := os.Rename("no such file", "other")
	for _, c := range []struct{ err, is error }{{plain, plain}, {open, os.ErrNotExist}, {rename, os.ErrNotExist}} {
		if got := oserr.Cause(c.err); !errors.Is(got, c.is) || strings.Contains(got.Error(), "such file\"") {
			t.Errorf("Cause(%v) = %v", c.err, got)
		}
	}
	if got := oserr.Cause(open).Error(); got == open.Error() {
		t.Errorf("Cause keeps the path: %s", got)
	}
}
