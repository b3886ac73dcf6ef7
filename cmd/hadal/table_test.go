package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// flowers is iris as CSV.
func flowers() string {
	set := iris.Load()
	var b strings.Builder
	b.WriteString("sepal length,sepal width,petal length,petal width,colour,species\n")
	x := tensor.Data[float64](set.X)
	for i, k := range tensor.Data[int64](set.Y) {
		for _, v := range x[4*i : 4*i+4] {
			fmt.Fprintf(&b, "%v,", v)
		}
		fmt.Fprintf(&b, "%s,%s\n", []string{"blue", "white"}[i%2], set.Classes[k])
	}
	return b.String()
}

// flowerFile is the file of flowers for all tests.
func flowerFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(tempDir, "flowers.csv")
	if _, err := os.Stat(path); err != nil {
		writeFile(t, path, []byte(flowers()))
	}
	return path
}

// flowerRun is a run on them; tests must not change it.
func flowerRun(t *testing.T) string {
	return once(t, "flowers", "train", "tabular", "--data", flowerFile(t), "--target=species")
}

// records parses CSV.
func records(t *testing.T, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTrainTabular(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	out := must(t, "train", "tabular", "--data", flowerFile(t), "--target=species", "--folds=4", "--run-dir", dir)
	for _, want := range []string{"Training tabular", "fold 1/4  accuracy ", "fold 4/4", "cv accuracy 0.9", " ± 0.", "test accuracy 0.9", "Done in"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "Diagnosis") {
		t.Errorf("there is a diagnosis of no curves:\n%s", out)
	}
	want := []string{"config.json", "confusion.png", "last", "model.safetensors", "pipeline.json", "result.json"}
	if names := left(t, dir); !slices.Equal(names, want) {
		t.Errorf("the run folder holds %v, want %v", names, want)
	}
	lines := jsonLines(t, must(t, "--json", "train", "tabular", "--data", flowerFile(t), "--target=species", "--folds=2", "--drop=colour", "--model=svm", "--run-dir", filepath.Join(t.TempDir(), "run")))
	events := []string{}
	for _, l := range lines {
		events = append(events, fmt.Sprint(l["event"]))
	}
	if strings.Join(events, " ") != "start fold fold done" || lines[1]["fold"] != 1. || lines[2]["folds"] != 2. {
		t.Errorf("%v", lines)
	}
	m, _ := lines[3]["metrics"].(map[string]any)
	for _, name := range []string{"cv_accuracy", "cv_accuracy_se", "cv_f1", "test_accuracy", "test_f1"} {
		if _, ok := m[name].(float64); !ok {
			t.Errorf("there is no %s in %v", name, m)
		}
	}
	// The card knows it.
	out = must(t, "card", dir)
	for _, want := range []string{"# Model card: tabular", "| cv accuracy | 0.9", "| test accuracy | 0.9", "- set: flowers.csv", "- rows: 150", "The test set of flowers.csv, which training did not see.", "| option Target | species |"} {
		if !strings.Contains(out, want) {
			t.Errorf("the card lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "too short to tell") {
		t.Error("the card has a finding about no curves")
	}
	// There is nothing to resume.
	oneLineError(t, "finished", hadal("train", "tabular", "--resume", "--run-dir", dir), 2, "is finished")
}

// What a perceptron's run leaves can be continued, and says what its curves say.
func TestTrainTabularMLP(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"train", "tabular", "--run-dir", dir}
	out := must(t, append(args, "--data", flowerFile(t), "--target=sepal length", "--model=mlp", "--hidden=8", "--epochs=5", "--folds=2")...)
	for _, want := range []string{"epoch 5/5  train_loss ", "val_loss ", "fold 2/2  r2 ", "Diagnosis: ", "cv r2 "} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"loss.png", "predicted.png", "residuals.png", "metrics.jsonl", "pipeline.json"} {
		if !slices.Contains(left(t, dir), name) {
			t.Errorf("there is no %s in %v", name, left(t, dir))
		}
	}
	before := readFile(t, dir, train.ResultFile)
	out = must(t, append(args, "--resume", "--epochs=7")...)
	if !strings.Contains(out, "Continuing at epoch 6") || !strings.Contains(out, "epoch 7/7") || readFile(t, dir, train.ResultFile) == before {
		t.Errorf("it was not continued:\n%s", out)
	}
	oneLineError(t, "another option", hadal(append(args, "--resume", "--target=species", "--epochs=9")...), 2, "--target species differs from the run's sepal length")
}

func TestPredictTable(t *testing.T) {
	t.Parallel()
	dir, all := flowerRun(t), records(t, flowers())[1:]
	out := records(t, must(t, "predict", dir, flowerFile(t)))
	if len(out) != 151 || strings.Join(out[0], " ") != "row prediction probability_setosa probability_versicolor probability_virginica" {
		t.Fatalf("%d lines: %v", len(out), out[0])
	}
	right := 0
	for i, r := range out[1:] {
		var sum, largest float64
		for _, f := range r[2:] {
			var p float64
			fmt.Sscan(f, &p)
			sum, largest = sum+p, max(largest, p)
		}
		var said float64
		fmt.Sscan(r[2+slices.Index([]string{"setosa", "versicolor", "virginica"}, r[1])], &said)
		if r[0] != fmt.Sprint(i+1) || !(math.Abs(sum-1) <= 1e-5) || said != largest {
			t.Fatalf("row %d: %v", i+1, r)
		}
		if r[1] == all[i][5] {
			right++
		}
	}
	if right < 140 {
		t.Errorf("%d of 150 right", right)
	}
	l := jsonLines(t, must(t, "--json", "predict", dir, flowerFile(t)))
	p, _ := l[0]["probability"].(map[string]any)
	if len(l) != 150 || l[0]["event"] != "prediction" || l[0]["row"] != 1. || l[0]["class"] != out[1][1] || len(p) != 3 {
		t.Errorf("%v", l[0])
	}

	// Other order, other separator, a new column, none of the target, a new colour, a missing number: the same rows.
	base := t.TempDir()
	other := "petal width;colour;when;petal length;sepal width;sepal length\n"
	for i, r := range all[:20] {
		colour := r[4]
		if i == 3 || i == 7 {
			colour = "green"
		}
		other += strings.Join([]string{r[3], colour, "today", r[2], r[1], r[0]}, ";") + "\n"
	}
	path, to := writeFile(t, filepath.Join(base, "other.csv"), []byte(other)), filepath.Join(base, "out.csv")
	r := hadal("predict", dir, path, "--out", to)
	if r.status != 0 || r.out != "" || r.err != "hadal: note: columns that training did not see are ignored: when\nhadal: note: column \"colour\": 2 of 20 rows have a category that training did not see; it counts as none\n" {
		t.Errorf("%+v", r)
	}
	for i, got := range records(t, readFile(t, base, "out.csv"))[1:] {
		if i != 3 && i != 7 && !slices.Equal(got, out[i+1]) {
			t.Errorf("row %d: %v, want %v", i+1, got, out[i+1])
		}
	}

	// What is wrong leaves the file as it was.
	before := readFile(t, base, "out.csv")
	late := "sepal length,sepal width,petal length,petal width,colour\n" + strings.Repeat("1,2,3,4,blue\n", 9000)
	for _, c := range []struct {
		name, text string
		want       string
	}{
		{"missing columns", "sepal length,colour\n1,blue\n", `line 1: the columns "petal length", "petal width", "sepal width" are missing; there are "sepal length", "colour"`},
		{"a text", late + "1,x,3,4,blue\n", `line 9002, column "sepal width": "x" is not a number`},
		{"infinity", late + "1,2,inf,4,blue\n", `line 9002, column "petal length": "inf" is not a finite number`},
		{"a field too many", late + "1,2,3,4,blue,6\n", "line 9002 has 6 fields"},
		{"no rows", "sepal length,sepal width,petal length,petal width,colour\n", "there are no rows after the header"},
		{"empty", "", "the file is empty"},
	} {
		bad := writeFile(t, filepath.Join(base, "bad.csv"), []byte(c.text))
		oneLineError(t, c.name, hadal("predict", dir, bad, "--out", to), 1, bad+": ", c.want)
		if readFile(t, base, "out.csv") != before || len(left(t, base)) != 3 {
			t.Errorf("%s: the file has changed, or others are left: %v", c.name, left(t, base))
		}
	}
	picture := writePNG(t, filepath.Join(base, "a.png"), digit(0, 1))
	oneLineError(t, "a picture", hadal("predict", dir, picture), 1, picture+": ", "NUL byte")
	oneLineError(t, "no file", hadal("predict", dir, filepath.Join(base, "no.csv")), 1, "cannot be opened", "check the path")
	oneLineError(t, "two files", hadal("predict", dir, path, path), 2, "one table at a time")
	oneLineError(t, "nowhere", hadal("predict", dir, path, "--out", filepath.Join(base, "no", "out.csv")), 1, "out.csv")
	oneLineError(t, "--out of pictures", hadal("predict", trained(t, "mlp"), picture, "--out", to), 2, "--out is for runs that write tables or draw on pictures")
	if r := hadal("predict", trained(t, "mlp"), path); r.status != 1 || !strings.Contains(r.err, "other.csv is not a picture that can be read") {
		t.Errorf("a table for pictures: %+v", r)
	}
}

func TestEvalTable(t *testing.T) {
	t.Parallel()
	dir := flowerRun(t)
	out := must(t, "eval", dir)
	for _, want := range []string{"setosa", "macro average", "accuracy 0.9", "on 30 samples", "test log loss"} {
		if !strings.Contains(out, want) {
			t.Errorf("eval lacks %q:\n%s", want, out)
		}
	}
	out = must(t, "eval", dir, "--data", flowerFile(t))
	if !strings.Contains(out, "on 150 samples") {
		t.Errorf("%s", out)
	}
	l := jsonLines(t, must(t, "--json", "eval", dir))
	if m, _ := l[0]["metrics"].(map[string]any); l[0]["recipe"] != "tabular" || l[0]["data"] != flowerFile(t) || m["test_accuracy"] == nil {
		t.Errorf("%v", l)
	}
	base := t.TempDir()
	head := "sepal length,sepal width,petal length,petal width,colour,species\n"
	part := writeFile(t, filepath.Join(base, "part.csv"), []byte(head+"5,3,1.5,0.2,blue,setosa\n5,3,1.5,0.2,blue,\n"))
	if r := hadal("eval", dir, "--data", part); r.status != 0 || !strings.Contains(r.out, "on 1 samples") || r.err != "hadal: note: 1 of 2 rows have no species and are left out\n" {
		t.Errorf("%+v", r)
	}
	for _, c := range []struct{ name, text, want string }{
		{"another class", head + "5,3,1.5,0.2,blue,rose\n", `row 1 is "rose": unseen class; there are "setosa", "versicolor", "virginica"`},
		{"no target", "sepal length,sepal width,petal length,petal width,colour\n5,3,1.5,0.2,blue\n", `the columns "species" are missing`},
		{"no targets", head + "5,3,1.5,0.2,blue,\n", "no row has a species to compare with"},
	} {
		bad := writeFile(t, filepath.Join(base, "bad.csv"), []byte(c.text))
		oneLineError(t, c.name, hadal("eval", dir, "--data", bad), 1, bad+": ", c.want)
	}
	oneLineError(t, "no file", hadal("eval", dir, "--data", filepath.Join(base, "no.csv")), 1, "no.csv cannot be opened")
}

// A table that cannot be learned from is one line that says what and where, and no run folder.
func TestBadTables(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	run := filepath.Join(base, "run")
	numbers := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i) + "\n")
		}
		return b.String()
	}
	classes := numbers(20, func(i int) string { return fmt.Sprintf("%d,%c", i, 'u'+rune(i%2)) })
	for _, c := range []struct {
		name, text, args string
		want             string
	}{
		{"empty", "", "--target=y", "the file is empty"},
		{"header only", "x,y\n", "--target=y", "line 1 is the header, and there are no rows after it"},
		{"one column", "y\n" + numbers(20, func(i int) string { return string('u' + rune(i%2)) }), "--target=y", "no column tells rows apart"},
		{"a row too long", "x,y\n1,u\n2,v,w\n", "--target=y", "line 3 has 3 fields, the first line has 2"},
		{"twice a name", "x,x,y\n1,2,u\n", "--target=y", `line 1: columns 1 and 2 are both called "x"`},
		{"NUL", "x,y\n1,u\n2,\x00\n", "--target=y", "line 3: there is a NUL byte"},
		{"infinity", "x,y\n1,u\ninf,v\n" + classes, "--target=y", `line 3, column "x": "inf" is not a finite number`},
		{"no target", "x,y\n" + classes, "--target=z", `there is no column "z"; the columns are "x", "y"`},
		{"target of similar name", "Price,Survived\n" + classes, "--target=survive", `there is no column "survive"; did you mean "Survived"? the columns are "Price", "Survived"`},
		{"target empty", "x,y\n1,\n2,\n", "--target=y", `target "y": every value is missing`},
		{"one class", "x,y\n" + strings.ReplaceAll(classes, "u", "v"), "--target=y", `target "y": all 20 values are "v"; classes need two at least`},
		{"one number", "x,y\n1,0.5\n2,0.5\n", "--target=y", "all 2 values are the same"},
		{"target of names", "x,y\n" + numbers(50, func(i int) string { return fmt.Sprintf("%d,n%d", i, i) }), "--target=y", "it holds ever new texts, which are no classes"},
		{"classes for ridge", "x,y\n" + classes, "--target=y --model=ridge", `"u" is not a number, as regression needs`},
		{"fractions for svm", "x,y\n1,0.5\n2,1.5\n3,0.5\n", "--target=y --model=svm", "fractions are no classes"},
		{"ridge for classes", "x,y\n" + classes, "--target=y --model=ridge --task=classification", "--model ridge predicts numbers"},
		{"two rows", "x,y\n1,u\n2,v\n", "--target=y", "2 rows are too few to hold out 0.2 of them for the test"},
		{"folds of a rare class", "x,y\n" + classes + "7,rare\n8,rare\n9,rare\n", "--target=y", `class "rare" has 2 rows to train on: 5 folds need 5; give more rows of it, or fewer --folds`},
		{"more folds than rows", "x,y\n1,1.5\n2,2\n3,3\n4,5\n5,8\n", "--target=y --folds=9", "there are 4 rows to train on, and 9 are needed"},
		{"constant columns", "x,c,y\n" + numbers(20, func(i int) string { return "1,k," + string('u'+rune(i%2)) }), "--target=y", "no column tells rows apart"},
		{"a column to drop", "x,y\n" + classes, "--target=y --drop=w", `there is no column "w"`},
		{"a number that is none", "x,y\n1,u\nabc,v\n", "--target=y --numeric=x", `line 3, column "x": "abc" is not a number`},
		{"too many categories", "x,y\n" + numbers(1500, func(i int) string { return fmt.Sprintf("k%d,%c", i, 'u'+rune(i%2)) }), "--target=y --categorical=x", `column "x": there are more than 1000 categories`},
		{"two separators", "x,y;z\n1,2;u\n", "--target=y", "the separator may be any of"},
		{"separator", "x,y\n1,u\n", "--target=y --separator=ab", `--separator "ab": give one character`},
		{"too few to validate", "x,y\n" + classes, "--target=y --model=mlp --folds=0 --validation=0.001", "16 rows are too few to hold out 0.001 of them for validation"},
		{"no target named", "x,y\n" + classes, "", "name a column with --target"},
		{"folds", "x,y\n" + classes, "--target=y --folds=1", "--folds 1: give 2 or more"},
		{"test", "x,y\n" + classes, "--target=y --test=1", "--test 1: give a share"},
	} {
		data := writeFile(t, filepath.Join(base, "t.csv"), []byte(c.text))
		args := append([]string{"train", "tabular", "--data", data, "--run-dir", run}, strings.Fields(c.args)...)
		r := hadal(args...)
		if r.status != 1 && r.status != 2 {
			t.Errorf("%s: status %d", c.name, r.status)
		}
		oneLineError(t, c.name, r, r.status, c.want)
		if names := left(t, base); len(names) != 1 {
			t.Errorf("%s left %v", c.name, names)
		}
	}
	oneLineError(t, "no data", hadal("train", "tabular", "--target=y", "--run-dir", run), 1, "name a CSV file with --data")
	oneLineError(t, "no file", hadal("train", "tabular", "--data", filepath.Join(base, "no"), "--target=y", "--run-dir", run), 1, "cannot be opened", "check the path")
	oneLineError(t, "a folder", hadal("train", "tabular", "--data", base, "--target=y", "--run-dir", run), 1, "it cannot be read: is a directory")
}

// What can be learned from, though it looks bad: the note says what was done.
func TestOddTables(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for _, c := range []struct {
		name, args string
		head       string
		line       func(i int) string
		want       []string
	}{
		{"constant, empty and ever new columns", "", "x,c,e,name,y", func(i int) string { return fmt.Sprintf("%d,7,,n%d,%c", i, i, 'u'+rune(i%2)) },
			[]string{`Note: column "c" is left out: every value is 7`, `Note: column "e" is left out: every value is missing`, `Note: column "name" is left out: 40 different texts in 40 rows`}},
		{"targets missing", "", "x,y", func(i int) string { return fmt.Sprintf("%d,%s", i, []string{"u", "v", "", "?"}[i%4]) }, []string{"Note: 20 of 40 rows have no y and are left out"}},
		{"grades", "", "x,y", func(i int) string { return fmt.Sprintf("%d,%d", i, i%3) }, []string{"Note: y is taken for 3 classes: 0, 1 and 2; --task regression predicts a number"}},
		{"more features than rows", "--model=linear", wide("x%d,", 60) + "y", func(i int) string { return wide(fmt.Sprintf("%d.%%d,", i*i%17), 60) + fmt.Sprintf("%d.5", i) }, []string{"cv r2 "}},
		{"collinear columns", "--model=linear", "a,b,c,y", func(i int) string { return fmt.Sprintf("%d,%d,%d,%d.5", i, 2*i, 3-i, i%7) }, []string{"cv r2 "}},
		{"collinear columns of classes", "--model=logistic", "a,b,c,y", func(i int) string { return fmt.Sprintf("%d,%d,%d,%c", i, 2*i, 3-i, 'u'+rune(i%2)) }, []string{"cv accuracy "}},
		{"separable classes", "", "a,y", func(i int) string { return fmt.Sprintf("%d,%c", 100*(i%2)+i, 'u'+rune(i%2)) }, []string{"cv accuracy 1.0000 ± 0.0000"}},
		{"nothing held out", "--folds=0 --test=0", "a,y", func(i int) string { return fmt.Sprintf("%d,%c", i, 'u'+rune(i%2)) }, []string{"train accuracy ", "neither folds nor test rows"}},
		{"folds alone", "--test=0", "a,y", func(i int) string { return fmt.Sprintf("%d,%c", i, 'u'+rune(i%2)) }, []string{"cv accuracy "}},
	} {
		data := c.head + "\n"
		for i := range 40 {
			data += c.line(i) + "\n"
		}
		path, run := writeFile(t, filepath.Join(base, "t.csv"), []byte(data)), filepath.Join(base, c.name)
		out := must(t, append([]string{"train", "tabular", "--data", path, "--target=y", "--run-dir", run}, strings.Fields(c.args)...)...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", c.name, want, out)
			}
		}
		must(t, "predict", run, path)
	}
}

// wide repeats a format with the numbers from 0.
func wide(format string, n int) (s string) {
	for i := range n {
		s += fmt.Sprintf(format, i)
	}
	return s
}
