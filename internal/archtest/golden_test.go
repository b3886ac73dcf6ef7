package archtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// goldenFolders hold the packages whose results are mathematics that others compute too.
var goldenFolders = []string{"tensor", "nn", "nn/losses", "linalg", "fft", "sparse", "prob", "vision"}

// minGoldens is how many cases of another implementation the packages are compared with, at least.
const minGoldens = 400

// reference matches the import of another implementation in the script that made a golden file.
var reference = regexp.MustCompile(`(?m)^\s*(import|from)\s+(torch|torchvision|numpy|scipy)\b`)

// goldenCases returns the number of different cases in a golden file; why is not empty when they don't count: no script
// beside it makes it with another implementation, or no test of the package reads it.
func goldenCases(root fs.FS, name string) (n int, why string, err error) {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, "", err
	}
	base := path.Base(name)
	made, err := anyContains(root, path.Join(path.Dir(name), "*.py"), func(src []byte) bool {
		return bytes.Contains(src, []byte(`"`+base+`"`)) && reference.Match(src)
	})
	if err != nil || !made {
		return 0, "no script beside it makes it with PyTorch, NumPy or SciPy", err
	}
	tested, err := anyContains(root, path.Join(path.Dir(path.Dir(name)), "*_test.go"), func(src []byte) bool {
		return bytes.Contains(src, []byte(`"testdata/`+base+`"`))
	})
	if err != nil || !tested {
		return 0, "no test of the package reads it", err
	}
	lists := map[string]json.RawMessage{"": data}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) { // lists by name
		if err := json.Unmarshal(data, &lists); err != nil {
			return 0, "", fmt.Errorf("%s: %w", name, err)
		}
	}
	different := map[string]bool{}
	for _, list := range lists {
		var cases []json.RawMessage
		if err := json.Unmarshal(list, &cases); err != nil {
			continue // options, names and the like
		}
		for _, c := range cases {
			var fields map[string]json.RawMessage
			if json.Unmarshal(c, &fields) == nil && len(fields) > 1 { // an input and what comes of it
				different[string(c)] = true
			}
		}
	}
	return len(different), "", nil
}

// anyContains reports whether a file of the pattern satisfies has.
func anyContains(root fs.FS, pattern string, has func(src []byte) bool) (bool, error) {
	names, err := fs.Glob(root, pattern)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return false, err
		}
		if has(src) {
			return true, nil
		}
	}
	return false, nil
}

func TestGoldenCases(t *testing.T) {
	root, total := os.DirFS("../.."), 0
	for _, folder := range goldenFolders {
		names, err := fs.Glob(root, folder+"/testdata/golden*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			n, why, err := goldenCases(root, name)
			switch {
			case err != nil:
				t.Error(err)
			case why != "":
				t.Errorf("%s: %s", name, why)
			case n == 0:
				t.Errorf("%s: no cases", name)
			}
			t.Logf("%5d %s", n, name)
			total += n
		}
	}
	t.Logf("%5d in all", total)
	if total < minGoldens {
		t.Errorf("%d golden cases; at least %d are wanted", total, minGoldens)
	}
}

func TestGoldenCasesCount(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	const script, test = "import torch\nopen(\"golden.json\")", `os.ReadFile("testdata/golden.json")`
	for name, c := range map[string]struct {
		json, script, test string
		n                  int
		why                string
	}{
		"a list":           {`[{"x":1,"y":2},{"x":2,"y":2}]`, script, test, 2, ""},
		"twice the same":   {`[{"x":1,"y":2},{"x":1,"y":2}]`, script, test, 1, ""},
		"lists by name":    {`{"a":[{"x":1,"y":2}],"b":[{"x":3,"y":2}],"names":{"u":[1]},"eps":1e-5}`, script, test, 2, ""},
		"numbers":          {`[1,2,3]`, script, test, 0, ""},
		"inputs alone":     {`[{"x":1}]`, script, test, 0, ""},
		"our own output":   {`[{"x":1,"y":2}]`, "import json\nopen(\"golden.json\")", test, 0, "no script"},
		"another's script": {`[{"x":1,"y":2}]`, "import torch\nopen(\"golden_b.json\")", test, 0, "no script"},
		"a comment":        {`[{"x":1,"y":2}]`, "# import torch\nopen(\"golden.json\")", test, 0, "no script"},
		"no test":          {`[{"x":1,"y":2}]`, script, "", 0, "no test"},
	} {
		n, why, err := goldenCases(fstest.MapFS{"p/testdata/golden.json": file(c.json), "p/testdata/golden.py": file(c.script),
			"p/p_test.go": file(c.test)}, "p/testdata/golden.json")
		if n != c.n || !strings.HasPrefix(why, c.why) || (why == "") != (c.why == "") || err != nil {
			t.Errorf("%s: %d cases, %q, %v; want %d, %q", name, n, why, err, c.n, c.why)
		}
	}
	if _, _, err := goldenCases(fstest.MapFS{"p/testdata/golden.json": file(`{"x":`), "p/testdata/golden.py": file(script),
		"p/p_test.go": file(test)}, "p/testdata/golden.json"); err == nil {
		t.Error("a broken file counts")
	}
}
