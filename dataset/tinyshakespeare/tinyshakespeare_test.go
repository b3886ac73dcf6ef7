package tinyshakespeare

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

func ExampleEncode() {
	codes, characters := Encode("to be")
	fmt.Printf("%v %q\n", codes, characters)
	// Output: [4 3 0 1 2] " beot"
}

// TestText reads the real text where it lies beside a checkout, or in $HADAL_DATA, and is skipped without.
func TestText(t *testing.T) {
	text, err := Text(t.Context(), sourcetest.Find(t, Set))
	if err != nil {
		t.Fatal(err)
	}
	train, validation := Split(text)
	if len(train) != 1_003_854 || len(validation) != 111_540 || !strings.HasPrefix(train, "First Citizen:\nBefore we proceed any further, hear me speak.\n") {
		t.Errorf("%d and %d characters, from %q on", len(train), len(validation), train[:20])
	}
	codes, characters := Encode(text)
	if len(characters) != Characters || string(characters[:13]) != "\n !$&',-.3:;?" || slices.Max(codes) != Characters-1 {
		t.Errorf("%d characters: %q", len(characters), characters)
	}
}

func TestEncode(t *testing.T) {
	codes, characters := Encode("banana b")
	if want := []int64{2, 1, 3, 1, 3, 1, 0, 2}; string(characters) != " abn" || !slices.Equal(codes, want) {
		t.Errorf("%q: %v, want %v", characters, codes, want)
	}
	if codes, characters := Encode(""); len(codes) != 0 || len(characters) != 0 {
		t.Errorf("of nothing: %v, %q", codes, characters)
	}
}

func TestRefused(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	dir := t.TempDir()
	if _, err := Text(t.Context(), source.Config{Dir: dir, Offline: true}); !errors.As(err, new(*source.MissingError)) {
		t.Errorf("a folder without the text: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, Set.Dir), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, Set.Dir, fileName)
	for _, c := range []struct {
		text, want string
		verify     bool
	}{{"some other text", "SHA-256", true}, {strings.Repeat("x", 1_200_000), "larger than", false}} {
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Text(t.Context(), source.Config{Dir: dir, Offline: true, Verify: c.verify}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text[:5], err, c.want)
		}
	}
}
