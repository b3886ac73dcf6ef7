package optest

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

type stat int

const (
	worstForward32 stat = iota
	worstForward64
	worstOrder1
	worstOrder2
	worstGrad32
	worstGrad32Order2
	numStats
)

func forwardOf(d tensor.DType) stat {
	if d == tensor.Float32 {
		return worstForward32
	}
	return worstForward64
}

// report collects what all cases of the process did.
var report = &totals{covered: map[string]bool{}, ran: map[string]bool{}}

type totals struct {
	mu            sync.Mutex
	cases, checks int
	covered       map[string]bool // ops that a case names and applies
	ran           map[string]bool // ops that any case applied
	err           [numStats]float64
}

func (r *totals) add(s *suite) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cases++
	r.checks += s.checks
	for op := range s.seen {
		r.ran[op] = true
	}
	if s.seen[s.c.Op] {
		r.covered[s.c.Op] = true
	}
}

func (r *totals) worst(s stat, e float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err[s] = max(r.err[s], e)
}

// Main runs a package's tests and returns the exit status. After a complete and successful run (no -run or -skip) it also
// fails, and says why, when an op of the package has no case: a type with the method VJP(*tensor.Back), found in the
// source, that is not the Op of a case that applied it. An op that only VJPs make, such as a fused gradient, is covered by
// any case whose derivatives apply it.
//
//	func TestMain(m *testing.M) { os.Exit(optest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return code
		}
	}
	if code != 0 {
		return code
	}
	ops, err := findOps(os.DirFS("."))
	if err != nil {
		fmt.Println("FAIL: optest:", err)
		return 1
	}
	if missing := report.missing(ops); len(missing) > 0 {
		fmt.Println("FAIL: optest: no case for", strings.Join(missing, ", "))
		return 1
	}
	if testing.Verbose() {
		fmt.Println(report.summary(len(ops)))
	}
	return 0
}

func (r *totals) missing(ops map[string]opSource) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(ops)) {
		if !r.covered[name] && !(ops[name].gradientOnly && r.ran[name]) {
			names = append(names, name)
		}
	}
	return names
}

func (r *totals) summary(ops int) string {
	return fmt.Sprintf("optest: %d ops, %d cases, %d checks; worst relative errors: forward %.1e (float32) %.1e (float64), order 1 %.1e, order 2 %.1e, float32 gradients %.1e and %.1e",
		ops, r.cases, r.checks, r.err[worstForward32], r.err[worstForward64], r.err[worstOrder1], r.err[worstOrder2], r.err[worstGrad32], r.err[worstGrad32Order2])
}

// opSource is what the source says of an op.
type opSource struct {
	gradientOnly bool // no function but VJPs, methods of Back and the op's own methods mentions the type
}

// findOps returns the types that have a VJP method in the Go files of a folder, tests aside.
func findOps(dir fs.FS) (map[string]opSource, error) {
	names, err := fs.Glob(dir, "*.go")
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	set := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	ops := map[string]opSource{}
	var funcs []*ast.FuncDecl
	pkg := ""
	for _, f := range files {
		pkg = f.Name.Name
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			funcs = append(funcs, fn)
			if fn.Name.Name == "VJP" && fn.Recv != nil && takesBack(fn) {
				ops[pkg+"."+receiver(fn)] = opSource{gradientOnly: true}
			}
		}
	}
	for _, fn := range funcs {
		self := ""
		if fn.Recv != nil {
			self = receiver(fn)
			if fn.Name.Name == "VJP" || self == "Back" {
				continue
			}
		}
		if fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name != self {
				if _, ok := ops[pkg+"."+id.Name]; ok {
					ops[pkg+"."+id.Name] = opSource{}
				}
			}
			return true
		})
	}
	return ops, nil
}

// receiver returns the name of a method's type.
func receiver(fn *ast.FuncDecl) string {
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	switch t := t.(type) {
	case *ast.IndexExpr:
		return t.X.(*ast.Ident).Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// takesBack reports whether the only parameter is a *Back or *tensor.Back.
func takesBack(fn *ast.FuncDecl) bool {
	if len(fn.Type.Params.List) != 1 {
		return false
	}
	p, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch t := p.X.(type) {
	case *ast.Ident:
		return t.Name == "Back"
	case *ast.SelectorExpr:
		return t.Sel.Name == "Back"
	}
	return false
}
