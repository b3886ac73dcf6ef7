package text_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/text"
)

func TestLines(t *testing.T) {
	read := func(r io.Reader, longest int) (lines []string, failure error) {
		for line, err := range text.Lines(r, longest) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, line)
		}
		return lines, nil
	}
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil}, {"\n", []string{""}}, {"a\r\nb\n\nc", []string{"a", "b", "", "c"}}, {"\ufeffa\n\ufeffb", []string{"a", "\ufeffb"}}, {"12345\r\n12345", []string{"12345", "12345"}},
	} {
		got, err := read(iotest.OneByteReader(strings.NewReader(c.in)), 5)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	broken := errors.New("broken")
	for _, c := range []struct {
		in   io.Reader
		want string
		n    int
	}{
		{strings.NewReader("ab\n123456\nc"), "line 2: it is longer than 5 bytes", 1},
		{strings.NewReader("ab\n" + strings.Repeat("x", 1<<20)), "line 2: it is longer than 5 bytes", 1},
		{strings.NewReader("\xff\n"), "line 1: it is not UTF-8", 0},
		{io.MultiReader(strings.NewReader("a\nb\n"), iotest.ErrReader(broken)), "line 3: broken", 2},
	} {
		got, err := read(c.in, 5)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(got) != c.n {
			t.Errorf("%d lines and %v, want %d and %q", len(got), err, c.n, c.want)
		}
	}
}

// A stream of any length goes through in the memory of a line.
func TestLinesAreAStream(t *testing.T) {
	const n = 200000
	i := 0
	endless := iotest.DataErrReader(readerFunc(func(b []byte) (int, error) {
		if i == n {
			return 0, io.EOF
		}
		i++
		return copy(b, fmt.Sprintf("line %7d\n", i)), nil
	}))
	lines := 0
	allocated := testing.AllocsPerRun(1, func() {
		i, lines = 0, 0
		for _, err := range text.Lines(endless, 0) {
			if err != nil {
				t.Fatal(err)
			}
			lines++
		}
	})
	if lines != n || allocated > 5*n {
		t.Errorf("%d lines with %v allocations", lines, allocated)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestTokenizers(t *testing.T) {
	for _, c := range []struct {
		of   text.Tokenizer
		in   string
		want []string
	}{
		{text.Characters{}, "aé 漢", []string{"a", "é", " ", "漢"}},
		{text.Characters{}, "", nil},
		{text.Words{}, "Don't panic: it's state-of-the-art, 3.14!", []string{"Don't", "panic", ":", "it's", "state-of-the-art", ",", "3.14", "!"}},
		{text.Words{Lower: true}, "ÄRGER\u00a0über €5", []string{"ärger", "über", "€", "5"}},
		{text.Words{}, "1,000 'quoted' -- end.", []string{"1,000", "'", "quoted", "'", "-", "-", "end", "."}},
		{text.Words{}, "Yes,2 of chapter.3: v2.0b, 1,000.5-fold, 2020.", []string{"Yes", ",", "2", "of", "chapter", ".", "3", ":", "v2.0b", ",", "1,000.5-fold", ",", "2020", "."}},
		{text.Words{}, "  \t\n", nil},
		{text.SMILES{}, "CC(=O)Oc1ccccc1C(=O)O", strings.Split("CC(=O)Oc1ccccc1C(=O)O", "")},
		{text.SMILES{}, "[Na+].[Cl-]", []string{"[Na+]", ".", "[Cl-]"}},
		{text.SMILES{}, "BrC%12CCC%12\\C=C/Cl", []string{"Br", "C", "%12", "C", "C", "C", "%12", "\\", "C", "=", "C", "/", "Cl"}},
		{text.SMILES{}, "C1CC1C1CC1", strings.Split("C1CC1C1CC1", "")},  // a number may be used again
		{text.SMILES{}, "C1CC%01", []string{"C", "1", "C", "C", "%01"}}, // 1 and %01 are the same ring
	} {
		got, err := c.of.Tokens(c.in)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%T %q: %q, %v, want %q", c.of, c.in, got, err, c.want)
		}
	}
	for _, c := range []struct {
		of       text.Tokenizer
		in, want string
	}{
		{text.Characters{}, "ab\xff", "byte 2 is not UTF-8"}, {text.Words{}, "a\ufffdb \xc3(", "byte 6 is not UTF-8"},
		{text.SMILES{}, "", "empty"}, {text.SMILES{}, "CCx", `character 3: "x" is no SMILES`}, {text.SMILES{}, "C(C", "character 2: the branch is not closed"},
		{text.SMILES{}, "C)C", "character 2: no branch is open"}, {text.SMILES{}, "[CH3", "character 1: the bracket is empty or not closed"}, {text.SMILES{}, "C[]", "character 2: the bracket"},
		{text.SMILES{}, "C1CC2", "character 2: the ring is not closed"}, {text.SMILES{}, "C%1", "character 2: two digits"}, {text.SMILES{}, "[C[H]]", "character 1: the bracket"},
	} {
		if _, err := c.of.Tokens(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T %q: %v, want %q", c.of, c.in, err, c.want)
		}
	}
}

// Any text is its characters, and any SMILES that is accepted its tokens, joined.
func TestTokensJoin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.String().Draw(r, "text")
		tokens, err := text.Characters{}.Tokens(s)
		if err != nil || strings.Join(tokens, "") != s {
			r.Errorf("%q: %q, %v", s, tokens, err)
		}
		m := rapid.StringMatching(`[CNOc1()=\[\]%lr]{0,12}`).Draw(r, "SMILES")
		if tokens, err := (text.SMILES{}).Tokens(m); err == nil && strings.Join(tokens, "") != m {
			r.Errorf("%q: %q", m, tokens)
		}
	})
}

func TestVocabulary(t *testing.T) {
	counts := text.Counts{}
	counts.Add(strings.Fields("b a c a b a d <pad>"))
	v, err := text.NewVocabulary(counts, text.VocabularyConfig{Specials: []string{"<pad>", "<unk>"}, Unknown: "<unk>", MaxSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := v.Decode([]int64{0, 1, 2, 3, 4}); !slices.Equal(got, []string{"<pad>", "<unk>", "a", "b", "c"}) || v.Len() != 5 {
		t.Errorf("the tokens are %q", got)
	}
	if ids, err := v.Encode([]string{"c", "d", "a"}); err != nil || !slices.Equal(ids, []int64{4, 1, 2}) {
		t.Errorf("c d a is %v, %v", ids, err)
	}
	if _, ok := v.ID("d"); ok {
		t.Error("d is in the vocabulary")
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again text.Vocabulary
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if c, err := json.Marshal(&again); err != nil || string(c) != string(b) {
		t.Errorf("%s became %s, %v", b, c, err)
	}
	for want, bad := range map[string]string{"no tokens": `{"tokens":[]}`, "twice": `{"tokens":["a","a"]}`, "unknown token": `{"tokens":["a"],"unknown":"b"}`, "cannot unmarshal": `{"tokens":3}`} {
		if err := json.Unmarshal([]byte(bad), &again); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
	if again.Len() != 5 {
		t.Error("a bad vocabulary changed the one that was there")
	}
	strict, err := text.NewVocabulary(counts, text.VocabularyConfig{MinCount: 2})
	if err != nil || strict.Len() != 2 {
		t.Fatalf("%v, %v", strict, err)
	}
	for _, f := range []func() error{
		func() error { _, err := strict.Encode([]string{"c"}); return err },
		func() error { _, err := strict.Decode([]int64{2}); return err },
		func() error { _, err := strict.Decode([]int64{-1}); return err },
		func() error {
			_, err := text.NewVocabulary(counts, text.VocabularyConfig{Specials: []string{"x", "x"}})
			return err
		},
		func() error { _, err := text.NewVocabulary(counts, text.VocabularyConfig{Unknown: "?"}); return err },
		func() error {
			_, err := text.NewVocabulary(counts, text.VocabularyConfig{Specials: []string{"x", "y"}, MaxSize: 1})
			return err
		},
	} {
		if f() == nil {
			t.Error("bad input gave no error")
		}
	}
}

func TestWindows(t *testing.T) {
	ids := []int64{0, 1, 2, 3, 4, 5, 6, 7}
	for _, c := range []struct{ length, stride, n int }{{1, 0, 7}, {3, 0, 2}, {3, 1, 5}, {7, 0, 1}, {7, 3, 1}, {8, 1, 0}, {20, 0, 0}, {4, 3, 2}} {
		w := text.Windows{IDs: ids, Length: c.length, Stride: c.stride}
		if w.Len() != c.n {
			t.Errorf("%+v: %d windows", c, w.Len())
		}
		for i := range w.Len() {
			s, err := w.At(t.Context(), i, nil)
			step := max(c.stride, 1)
			if c.stride == 0 {
				step = c.length
			}
			if err != nil || len(s.X) != c.length || len(s.Y) != c.length || s.X[0] != int64(i*step) || s.Y[c.length-1] != s.X[0]+int64(c.length) {
				t.Errorf("%+v, window %d: %v, %v", c, i, s, err)
			}
		}
		if _, err := w.At(t.Context(), c.n, nil); err == nil {
			t.Errorf("%+v has a window %d", c, c.n)
		}
	}
	if err := tensor.Catch(func() { text.Windows{IDs: ids}.Len() }); err == nil {
		t.Error("windows of length 0 are accepted")
	}
	padded, lengths := text.Pad([][]int64{{1, 2, 3}, {}, {4}}, 9)
	if want := tensor.Of([]int64{1, 2, 3, 9, 9, 9, 4, 9, 9}, 3, 3); !tensor.Equal(padded, want) || !slices.Equal(lengths, []int{3, 0, 1}) {
		t.Errorf("%v, lengths %v", padded, lengths)
	}
}
