// Package archtest holds the test of the repository's structure: which package may import which, and the size and
// documentation of files.
package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

const module = "github.com/hadal-go/hadal"

// maxLines is what a hand-written file stays under.
const maxLines = 800

// levels lists the top folders from the ground up. A package imports only packages of lower levels.
var levels = [][]string{
	{"internal"},
	{"random"},
	{"tensor"},
	{"autograd", "linalg", "fft", "sparse", "format", "device"},
	{"nn", "optim", "dataset", "metrics", "plot", "prob", "linear", "vision", "audio", "text", "graph"},
	{"models", "train", "rl", "dist", "explain", "adversarial"},
	{"catalog"},
	{"recipes"},
	{"cmd", "bench", "."},
}

// sideways lists the imports that the levels do not allow, by folder: packages in from may import those in to.
var sideways = []struct{ from, to, why string }{
	{"internal/cpu", "internal/parallel", "kernels share their loops among the workers"},
	{"internal/cpu", "internal/mem", "kernels keep large scratch in buffers that are used again"},
	{"internal/catalogtest", "catalog", "it is imported by tests alone"},
	{"internal/catalogtest", "dataset/source", "rows are told where data are"},
	{"internal/optest", "internal", "the conformance suite chooses kernels and workers, and sees which ops run"},
	{"internal/optest", "tensor", "it is imported by tests alone"},
	{"autograd", "autograd", "one family"},
	{"format", "format", "formats share their readers' limits"},
	{"nn", "nn", "layers, losses and initialisers are one family"},
	{"optim", "optim", "one family"},
	{"dataset", "dataset", "each data set stands on sources and the loader"},
	{"dataset/table", "linear", "a table's columns are scaled as the classical models' scalers do"},
	{"dataset/table", "metrics", "a column that is not there may be one of a similar name"},
	{"models", "models", "families share blocks"},
	{"train", "train", "one family"},
	{"rl", "rl", "algorithms share environments"},
	{"recipes", "recipes", "the list of recipes imports each"},
	{"cmd", "cmd", "commands share flags and output"},
	{"cmd", "bench", "hadal bench runs the workloads"},
	{"bench", "bench", "the comparison runs the workloads"},
}

// testOnly lists the folders that no file but tests imports.
var testOnly = []string{"internal/optest", "internal/archtest", "internal/catalogtest", "dataset/source/sourcetest", "dataset/imageset/imagetest", "format/internal/writetest"}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// violations returns a line for each file or package of the repository at root that breaks a rule.
func violations(root fs.FS) (bad []string, err error) {
	documented := map[string]bool{}
	var folders []string
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			// As the go command does: these are no packages of this module.
			if name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		bad = append(bad, checkFile(name, src, f)...)
		if dir := path.Dir(name); !strings.HasSuffix(base, "_test.go") {
			if _, ok := documented[dir]; !ok {
				folders = append(folders, dir)
			}
			documented[dir] = documented[dir] || hasDoc(f)
		}
		return nil
	})
	for _, dir := range folders {
		if !documented[dir] {
			bad = append(bad, dir+": the package has no doc comment")
		}
	}
	return bad, err
}

// hasDoc reports whether the file's package clause is documented as go doc expects.
func hasDoc(f *ast.File) bool {
	if f.Doc == nil {
		return false
	}
	text := f.Doc.Text()
	return f.Name.Name == "main" && text != "" || strings.HasPrefix(text, "Package "+f.Name.Name+" ")
}

// checkFile returns what is wrong with one file.
func checkFile(name string, src []byte, f *ast.File) (bad []string) {
	if n := bytes.Count(src, []byte("\n")); n >= maxLines && !generated.Match(src) {
		bad = append(bad, fmt.Sprintf("%s: %d lines; split it below %d", name, n, maxLines))
	}
	from := path.Dir(name)
	test := strings.HasSuffix(name, "_test.go") // tests import what they need
	if levelOf(from) < 0 {
		bad = append(bad, fmt.Sprintf("%s: %s has no level; add it to the table in internal/archtest", name, from))
	}
	for _, spec := range f.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s: import %s", name, spec.Path.Value))
			continue
		}
		if to == "C" {
			bad = append(bad, name+": cgo is not used here")
		}
		to, ok := strings.CutPrefix(to, module+"/")
		if !ok {
			continue
		}
		if why := forbidden(from, to); why != "" && !test {
			bad = append(bad, fmt.Sprintf("%s: imports %s: %s", name, to, why))
		}
	}
	return bad
}

// forbidden says why package from may not import to, or nothing.
func forbidden(from, to string) string {
	for _, t := range testOnly {
		if under(to, t) {
			return "only tests import it"
		}
	}
	if levelOf(to) < 0 {
		return "it has no level"
	}
	if levelOf(to) < levelOf(from) {
		return ""
	}
	for _, s := range sideways {
		if under(from, s.from) && under(to, s.to) {
			return ""
		}
	}
	if levelOf(to) == levelOf(from) {
		return "it stands on the same level"
	}
	return "it stands on a higher level"
}

// levelOf returns the level of a package, -1 when it has none.
func levelOf(pkg string) int {
	for i, level := range levels {
		for _, folder := range level {
			if under(pkg, folder) {
				return i
			}
		}
	}
	return -1
}

// under reports whether a package lies in a folder.
func under(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}
