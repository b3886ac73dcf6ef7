package cpu

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The words of neon_arm64.h are those that another assembler makes (testdata/golden_neon.py), for every instruction. It
// needs no arm64.
func TestNEONWords(t *testing.T) {
	header, err := os.ReadFile("neon_arm64.h")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/golden_neon.txt")
	if err != nil {
		t.Fatal(err)
	}
	type macro struct {
		args []string
		word string
		seen int
	}
	macros := map[string]*macro{}
	for _, m := range regexp.MustCompile(`(?m)^// .*\n#define (\w+)\(([^)]*)\) WORD \$(.*)$`).FindAllStringSubmatch(string(header), -1) {
		macros[m[1]] = &macro{args: strings.Split(m[2], ", "), word: m[3]}
	}
	if n := strings.Count(string(header), "#define"); n != len(macros) || n == 0 {
		t.Fatalf("%d macros, of which %d have the form of an instruction", n, len(macros))
	}
	for line := range strings.Lines(string(golden)) {
		m := regexp.MustCompile(`^([0-9a-f]{8}) (\w+)\((.*?)\) .*\n$`).FindStringSubmatch(line)
		if m == nil || macros[m[2]] == nil {
			t.Fatalf("golden_neon.txt: no macro for %q; run golden_neon.py", line)
		}
		x, values := macros[m[2]], strings.Split(m[3], ", ")
		if len(values) != len(x.args) {
			t.Fatalf("%q: the macro has %d arguments", line, len(x.args))
		}
		x.seen++
		word := x.word
		for i, a := range x.args {
			word = regexp.MustCompile(`\(`+a+`\)`).ReplaceAllString(word, values[i])
		}
		v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, word)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := constant.Uint64Val(v.Value)
		if want, _ := strconv.ParseUint(m[1], 16, 64); got != want {
			t.Errorf("%s is %08x, want %08x", fmt.Sprintf("%s(%s)", m[2], m[3]), got, want)
		}
	}
	for name, x := range macros {
		if x.seen < 4 {
			t.Errorf("%s has %d words in golden_neon.txt; run golden_neon.py", name, x.seen)
		}
	}
}
