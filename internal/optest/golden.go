package optest

import (
	"encoding/json"
	"os"
	"testing"
)

// ReadGolden sets v, a pointer, to what a file of JSON holds, such as "testdata/golden.json": values that a script beside it made with
// another implementation.
func ReadGolden(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
