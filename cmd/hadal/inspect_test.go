package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/recipes"
)

// digit returns a held-out digit as a grey picture, each pixel enlarged to a square.
func digit(i, scale int) *image.Gray {
	set := digits.Test()
	img := image.NewGray(image.Rect(0, 0, 8*scale, 8*scale))
	for y := range 8 * scale {
		for x := range 8 * scale {
			img.SetGray(x, y, color.Gray{uint8(int(set.Image(i)[y/scale*8+x/scale]) * 255 / 16)})
		}
	}
	return img
}

func writePNG(t *testing.T, path string, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, path, b.Bytes())
}

func writeFile(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// predict gets PNG files of digits right, of any size, as often as the model is right on the set.
func TestPredictDigits(t *testing.T) {
	t.Parallel()
	const n = 60
	labels := digits.Test().Labels
	for _, recipe := range []string{"lenet", "mlp"} {
		dir := trained(t, recipe)
		for _, scale := range []int{1, 7} {
			var files []string
			base := t.TempDir()
			for i := range n {
				files = append(files, writePNG(t, filepath.Join(base, fmt.Sprintf("%d.png", i)), digit(i, scale)))
			}
			lines := jsonLines(t, must(t, append([]string{"--json", "predict", dir}, files...)...))
			if len(lines) != n {
				t.Fatalf("%d lines for %d pictures", len(lines), n)
			}
			right := 0
			for i, l := range lines {
				top, _ := l["top"].([]any)
				first, _ := top[0].(map[string]any)
				if l["event"] != "prediction" || l["file"] != files[i] || len(top) != 3 || first["class"] != l["class"] || first["probability"] != l["probability"] {
					t.Fatalf("%v", l)
				}
				if l["class"] == fmt.Sprint(labels[i]) {
					right++
				}
			}
			if right < n*8/10 {
				t.Errorf("%s, scale %d: %d of %d right", recipe, scale, right, n)
			}
		}
	}
}

// The same picture in other formats, colours and ways of reading gives the same class.
func TestPredictFormats(t *testing.T) {
	dir, base := trained(t, "lenet"), t.TempDir()
	grey := digit(3, 16)
	rgb, inverted, alpha := image.NewRGBA(grey.Rect), image.NewGray(grey.Rect), image.NewNRGBA(grey.Rect)
	deep := image.NewGray16(grey.Rect)
	for y := range grey.Rect.Dy() {
		for x := range grey.Rect.Dx() {
			v := grey.GrayAt(x, y).Y
			rgb.Set(x, y, color.Gray{v})
			inverted.SetGray(x, y, color.Gray{255 - v})
			alpha.SetNRGBA(x, y, color.NRGBA{255, 255, 255, v}) // white strokes on nothing
			deep.SetGray16(x, y, color.Gray16{uint16(v) * 257})
		}
	}
	var jpg, gf bytes.Buffer
	if err := jpeg.Encode(&jpg, grey, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&gf, grey, nil); err != nil {
		t.Fatal(err)
	}
	files := []string{
		writePNG(t, filepath.Join(base, "grey.png"), grey),
		writePNG(t, filepath.Join(base, "rgb.png"), rgb),
		writePNG(t, filepath.Join(base, "alpha.png"), alpha),
		writePNG(t, filepath.Join(base, "deep.png"), deep),
		writeFile(t, filepath.Join(base, "a.jpg"), jpg.Bytes()),
		writeFile(t, filepath.Join(base, "a.gif"), gf.Bytes()),
		writeFile(t, filepath.Join(base, "no suffix"), jpg.Bytes()),
	}
	want := fmt.Sprint(digits.Test().Labels[3])
	for i, line := range strings.Split(strings.TrimSpace(must(t, append([]string{"predict", dir, "--top=1"}, files...)...)), "\n") {
		if !strings.HasPrefix(line, files[i]+": "+want+" ") || strings.Contains(line, ",") {
			t.Errorf("%q, want class %s", line, want)
		}
	}
	ink := writePNG(t, filepath.Join(base, "ink.png"), inverted)
	if out := must(t, "predict", dir, "--invert", "--top=1", ink); !strings.HasPrefix(out, ink+": "+want+" ") {
		t.Errorf("inverted: %q", out)
	}
	if runtime.GOOS != "windows" { // a pipe
		cmd := exec.Command("sh", "-c", `cat "$1" | "$0" predict "$2" --top=1 /dev/stdin`, program(t), files[0], dir)
		if r := execute(t, cmd); !strings.HasPrefix(r.out, "/dev/stdin: "+want+" ") || r.status != 0 {
			t.Errorf("from a pipe: %+v", r)
		}
	}
}

// Pictures that cannot be read are one line each; the others are classified.
func TestPredictBadPictures(t *testing.T) {
	dir, base := trained(t, "lenet"), t.TempDir()
	good := writePNG(t, filepath.Join(base, "good.png"), digit(0, 1))
	b := []byte(readFile(t, good))
	huge := append([]byte(nil), b...)
	copy(huge[16:], []byte{0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}) // width and height, then the checksum of them
	copy(huge[29:], crcOf(huge[12:29]))
	big := append([]byte(nil), b...)
	copy(big[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 x 65536
	copy(big[29:], crcOf(big[12:29]))
	for _, c := range []struct {
		name string
		path string
		want []string
	}{
		{"missing", filepath.Join(base, "missing.png"), []string{"cannot be opened", "no such file", "check the path"}},
		{"a folder", base, []string{"cannot be read", "directory"}},
		{"empty", writeFile(t, filepath.Join(base, "empty.png"), nil), []string{"is not a picture"}},
		{"text", writeFile(t, filepath.Join(base, "text.png"), []byte("hello")), []string{"is not a picture", "PNG, JPEG, GIF, BMP, TIFF, WebP"}},
		{"truncated", writeFile(t, filepath.Join(base, "cut.png"), b[:len(b)/2]), []string{"is a damaged PNG", "get it again"}},
		{"only a header", writeFile(t, filepath.Join(base, "head.png"), b[:33]), []string{"is a damaged PNG"}},
		{"huge", writeFile(t, filepath.Join(base, "huge.png"), huge), []string{"huge.png"}},
		{"big", writeFile(t, filepath.Join(base, "big.png"), big), []string{"claims 65536 x 65536 pixels", "at most 100 million"}},
	} {
		r := hadal("predict", dir, c.path, good)
		lines := strings.Split(strings.TrimSpace(r.err), "\n")
		if r.status != 1 || len(lines) != 2 || lines[1] != "hadal: 1 of 2 pictures could not be read" || stack.MatchString(r.err) {
			t.Errorf("%s: status %d\n%s", c.name, r.status, r.err)
			continue
		}
		for _, w := range append(c.want, "hadal: "+c.path) {
			if !strings.Contains(lines[0], w) {
				t.Errorf("%s: %q lacks %q", c.name, lines[0], w)
			}
		}
		if !strings.HasPrefix(r.out, good+": ") {
			t.Errorf("%s: the good picture gave %q", c.name, r.out)
		}
	}
	oneLineError(t, "--top 0", hadal("predict", dir, "--top=0", good), 2, "--top 0")
}

func TestList(t *testing.T) {
	out := must(t, "list")
	lines := map[string]map[string]any{}
	for _, l := range jsonLines(t, must(t, "--json", "list")) {
		lines[fmt.Sprint(l["recipe"])] = l
	}
	for _, e := range recipes.All() {
		if !strings.Contains(out, e.Name) || !strings.Contains(out, e.Title) || !strings.Contains(out, e.Paper) {
			t.Errorf("list lacks something of %s:\n%s", e.Name, out)
		}
		l := lines[e.Name]
		expect, _ := l["expect"].([]any)
		if l["area"] != e.Area || l["title"] != e.Title || l["paper"] != e.Paper || len(expect) != len(e.Expect) {
			t.Errorf("%v", l)
		}
	}
	if strings.Contains(must(t, "--json", "list"), `\u00`) {
		t.Error("there are needless escapes")
	}
}

func TestSummary(t *testing.T) {
	// By hand: 64·32+32 + 32·10+10 parameters, and two operations for each weight.
	out := must(t, "summary", "mlp", "--hidden=32")
	for _, want := range []string{"linear", "(1, 32)", "2,080", "(1, 10)", "330", "2,410", "4,736"} {
		if !strings.Contains(out, want) {
			t.Errorf("the summary lacks %q:\n%s", want, out)
		}
	}
	l := jsonLines(t, must(t, "--json", "summary", "mlp", "--hidden=32", "--data=mnist"))
	if len(l) != 1 || l[0]["params"] != 784.*32+32+330 || mustJSON(t, l[0]["input"]) != "[1,1,28,28]" || mustJSON(t, l[0]["output"]) != "[1,10]" {
		t.Errorf("%v", l)
	}
	if out := must(t, "summary", "lenet", "--fields"); !strings.Contains(out, "Field") || !strings.Contains(out, "3 x 3") {
		t.Errorf("%s", out)
	}
	oneLineError(t, "no pictures", hadal("summary", "test-recipe"), 2, "test-recipe has no model of pictures")
}

func TestData(t *testing.T) {
	t.Setenv("HADAL_CACHE", t.TempDir())
	t.Setenv("HADAL_DATA", "")
	dir := clothes(t, filepath.Join(t.TempDir(), "data"), 1)
	out := must(t, "data", "list", "--data-dir", dir)
	for _, want := range []string{"digits ", "embedded", "fashion-mnist ", filepath.Join(dir, "fashion-mnist"), "mnist ", "not here; hadal data get mnist", "CC BY"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	l := jsonLines(t, must(t, "--json", "data", "list", "--data-dir", dir))
	if len(l) != 4 || l[0]["name"] != "digits" || l[0]["embedded"] != true || l[1]["name"] != "emoji" || l[2]["folder"] != filepath.Join(dir, "fashion-mnist") || l[3]["folder"] != "" {
		t.Errorf("%v", l)
	}
	for _, command := range [][]string{{"data", "path"}, {"data", "get", "--offline"}} {
		out = must(t, append(command, "fashion-mnist", "--data-dir", dir)...)
		paths := strings.Split(strings.TrimSpace(out), "\n")
		if len(paths) != 4 {
			t.Errorf("%v printed\n%s", command, out)
		}
		for _, p := range paths {
			if _, err := os.Stat(p); err != nil {
				t.Error(err)
			}
		}
		l = jsonLines(t, must(t, append(command, "--json", "fashion-mnist", "--data-dir", dir)...))
		if len(l) != 4 || l[0]["path"] != paths[0] || l[0]["name"] != "fashion-mnist" {
			t.Errorf("%v: %v", command, l)
		}
		if out := must(t, append(command, "digits")...); out != "digits is embedded in the program\n" {
			t.Errorf("%q", out)
		}
		jsonLines(t, must(t, append(command, "--json", "digits")...))
		oneLineError(t, "missing", hadal(append(command, "mnist")...), 1, "mnist: ", "not found", "put the 4 files")
		oneLineError(t, "unknown", hadal(append(command, "nope")...), 2, `no data set "nope"`, "digits, emoji, fashion-mnist, mnist")
	}
}

func TestVersion(t *testing.T) {
	out := must(t, "version")
	if !strings.HasPrefix(out, "hadal ") || !strings.Contains(out, runtime.Version()) || !strings.Contains(out, runtime.GOOS+"/"+runtime.GOARCH) || !strings.Contains(out, "kernels "+cpu.Current()) {
		t.Errorf("%q", out)
	}
	if l := jsonLines(t, must(t, "--json", "version")); len(l) != 1 || l[0]["kernels"] != cpu.Current() || l[0]["go"] != runtime.Version() {
		t.Errorf("%v", l)
	}
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--help", []string{"Usage: hadal <command>", "train lenet", "predict", "data get", "completion", "--json", "--threads"}},
		{"train --help", []string{"Usage: hadal train <command>", "--resume", "--seed", "train mlp"}},
		{"train lenet --help", []string{"Usage: hadal train lenet", "--epochs", "--lr", "digits", "Flags:"}},
		{"train tabular --help", []string{"Usage: hadal train tabular", "--target", "--folds", "auto,linear,ridge,logistic,svm,mlp", "mean,median,most-frequent,constant"}},
		{"predict --help", []string{"<run>", "<file> ...", "--invert", "PNG, JPEG", "stretched", "--out", "a CSV file"}},
		{"data get --help", []string{"--offline", "--verify"}},
	} {
		r := hadal(strings.Fields(c.args)...)
		if r.status != 0 || r.err != "" {
			t.Errorf("%s: %+v", c.args, r)
		}
		for _, w := range c.want {
			if !strings.Contains(r.out, w) {
				t.Errorf("%s lacks %q:\n%s", c.args, w, r.out)
			}
		}
		if strings.Contains(r.out, "${") || strings.Contains(r.out, "$(") {
			t.Errorf("%s has an unexpanded variable:\n%s", c.args, r.out)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if out := must(t, "completion", shell); !strings.Contains(out, "hadal completion -c "+shell) {
			t.Errorf("%s: %q", shell, out)
		}
		if out := must(t, "completion", "-c", shell); !strings.Contains(out, "complete ") {
			t.Errorf("%s: %q", shell, out)
		}
	}
	oneLineError(t, "another shell", hadal("completion", "tcsh"), 2, `"bash","zsh","fish"`, "tcsh")
	for line, want := range map[string]string{
		"hadal tr": "train", "hadal train le": "lenet", "hadal train lenet --ep": "--epochs", "hadal data ge": "get",
	} {
		cmd := exec.Command(program(t))
		cmd.Env = append(os.Environ(), "COMP_LINE="+line, fmt.Sprint("COMP_POINT=", len(line)))
		if r := execute(t, cmd); strings.TrimSpace(r.out) != want || r.status != 0 || r.err != "" {
			t.Errorf("%q completes to %+v, want %s", line, r, want)
		}
	}
}
