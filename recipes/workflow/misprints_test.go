package workflow

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/misprints.md anew")

// TestPage keeps the page and the list together.
func TestPage(t *testing.T) {
	const file = "../../docs/misprints.md"
	if *update {
		if err := os.WriteFile(file, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if page() != string(b) {
		t.Error("docs/misprints.md is not of the list; make it anew with: go test ./recipes/workflow -run TestPage -update")
	}
}
