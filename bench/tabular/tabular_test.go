package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/bench/python"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The test binary stands for itself and for a Python with scikit-learn.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) != 3 || os.Args[1] != "-c":
		os.Exit(m.Run())
	case os.Args[2] == script:
		serve()
	}
}

// serve answers as sklearn_side.py does: 9 of 10 right in each fold, R² 0.5 and error 50, 1000 seconds a fit; ridge fails.
func serve() {
	fmt.Println(`{"version": "scikit-learn 0", "threads": 3}`)
	folds := 0
	for in := bufio.NewReader(os.Stdin); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		var a answer
		switch err := json.Unmarshal(line, &r); {
		case err != nil:
			a.Error = err.Error()
		case r.Do == "data":
			folds = len(r.Data.Folds)
		case r.Model == "ridge":
			a.Error = "ConvergenceWarning: not today"
		case r.Do == "time":
			a.MS = 1e6
		default:
			for range folds {
				if r.Model == "lasso" {
					a.Scores = append(a.Scores, []float64{0.5, 50})
				} else {
					a.Scores = append(a.Scores, []float64{0.9})
				}
			}
		}
		b, _ := json.Marshal(a)
		fmt.Println(string(b))
	}
}

func runTable(t *testing.T, filter string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := cli{Filter: filter, Folds: 3, Seeds: 1, Budget: 0.001, Rounds: 2, Python: self, Out: filepath.Join(t.TempDir(), "TABULAR.md")}
	pairs, err := c.check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.run(context.Background(), pairs, &out); err != nil {
		return "", err
	}
	b, err := os.ReadFile(c.Out)
	if err != nil || string(b) != title+out.String() {
		t.Errorf("the file is not the output: %v", err)
	}
	return out.String(), nil
}

func TestRun(t *testing.T) {
	text, err := runTable(t, "wine/Gauss|diabetes/lasso")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"scikit-learn 0.", "with its default, 3, and 1",
		"| wine | Gaussian naive Bayes | accuracy | 0.9", "| 0.9000 ± 0.0000 |", "| diabetes | lasso | R² | ", "| diabetes | lasso | MAE | ", "of 3 scores are equal", "slower in 0 of 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "**no**"); n != 3 { // no fold of the fake differs from another, so nothing is within its error
		t.Errorf("%d rows differ, want 3:\n%s", n, text)
	}
	if _, err := runTable(t, "ridge"); err == nil || !strings.Contains(err.Error(), "scikit-learn, diabetes, ridge: ConvergenceWarning: not today") {
		t.Errorf("a failure of scikit-learn: %v", err)
	}
}

func TestCheck(t *testing.T) {
	good := cli{Folds: 10, Seeds: 1, Budget: 1, Rounds: 1, Filter: "^(iris|diabetes)/"}
	pairs, err := good.check(context.Background())
	if err != nil || len(pairs) != 5+4 {
		t.Errorf("%v, %v", pairs, err)
	}
	for want, change := range map[string]func(*cli){
		"--filter":                    func(c *cli) { c.Filter = "(" },
		`"diabetes/Gauss" matches no`: func(c *cli) { c.Filter = "diabetes/Gauss" },
		"--folds":                     func(c *cli) { c.Folds = 1 },
		"--seeds":                     func(c *cli) { c.Seeds = 0 },
		"--budget":                    func(c *cli) { c.Budget = math.NaN() },
		"--rounds":                    func(c *cli) { c.Rounds = 0 },
		"data folder":                 func(c *cli) { c.Filter, c.Data = "Titanic", "no such folder" },
	} {
		c := good
		change(&c)
		if _, err := c.check(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := python.Find(context.Background(), "no-such-python", "sklearn", "scikit-learn", "python3-sklearn"); err == nil || !strings.Contains(err.Error(), "python3-sklearn") {
		t.Errorf("no Python: %v", err)
	}
}

func TestCompareScores(t *testing.T) {
	// Means 2 and 2.5; deviations 1 and 0.5 with n - 1, over √3; differences -0.5, 0, -1.
	c := compareScores([]float64{1, 2, 3}, []float64{2, 2.5, 3})
	for name, v := range map[string][2]float64{
		"ours": {c.ours, 2}, "theirs": {c.theirs, 2.5}, "error": {c.oursErr, 1 / math.Sqrt(3)}, "their error": {c.theirsErr, 0.5 / math.Sqrt(3)},
		"difference": {c.diff, -0.5}, "its error": {c.diffErr, 0.5 / math.Sqrt(3)},
	} {
		if !(math.Abs(v[0]-v[1]) <= 1e-15) {
			t.Errorf("%s is %v, want %v", name, v[0], v[1])
		}
	}
	if c.within() { // 0.5 against 0.29
		t.Error("a difference larger than the smaller error counts as equal")
	}
	if c := compareScores([]float64{1, 2, 3}, []float64{1.5, 2, 3.2}); !c.within() {
		t.Errorf("%+v is not within", c)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median %v", m)
	}
	if s := milliseconds(0.01234) + " " + milliseconds(12.34) + " " + milliseconds(1234); s != "0.0123 12.3 1234" {
		t.Error(s)
	}
}

// TestFolds: every row is held out once and trained on otherwise.
func TestFolds(t *testing.T) {
	for _, s := range sets(t.Context(), "", 10)[:4] {
		d, err := s.load()
		if err != nil {
			t.Fatal(err)
		}
		n := d.y.Dim(0)
		held := make([]int, n)
		for f := range d.test {
			both := slices.Sorted(slices.Values(slices.Concat(d.train[f], d.test[f])))
			for i, r := range both {
				if r != i {
					t.Fatalf("%s: fold %d is no cut of %d rows", s.name, f, n)
				}
			}
			for _, r := range d.test[f] {
				held[r]++
			}
		}
		if slices.Min(held) != 1 || slices.Max(held) != 1 || len(d.test) != 10 || len(d.rows) != n {
			t.Errorf("%s: rows are held out %v times", s.name, held)
		}
	}
}

// TestMixed compares the features with scikit-learn's rules, done by hand: the median of the rows trained on, their mean and deviation, and a
// column for each category.
func TestMixed(t *testing.T) {
	tab, err := table.Read(strings.NewReader("size,kind,good\n1,a,yes\n,b,no\n3,a,yes\n8,c,no\n"), table.ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := mixed("made up", tab, "good", 2)
	if err != nil {
		t.Fatal(err)
	}
	if d.rows[1][0] != nil || *d.rows[3][0] != 8 || *d.rows[3][1] != 2 || !slices.Equal(d.categories, []int{1}) || !slices.Equal(tensor.Data[int64](d.y), []int64{1, 0, 1, 0}) {
		t.Errorf("rows %v, categories %v, y %v", d.rows, d.categories, d.y)
	}
	f, err := d.features([]int{0, 1, 2}) // 1, median 2, 3: mean 2, deviation √(2/3)
	if err != nil {
		t.Fatal(err)
	}
	x, err := f([]int{1, 3})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0, 0, 1, 6 / math.Sqrt(2./3), 0, 0}
	got := tensor.Data[float64](x)
	if len(got) != len(want) {
		t.Fatalf("x = %v, want %v", x, want)
	}
	for i, v := range got {
		if !(math.Abs(v-want[i]) <= 1e-12) {
			t.Errorf("x = %v, want %v", x, want)
		}
	}
}

// TestMLP: the networks learn what no linear model can, and the same seed gives the same network.
func TestMLP(t *testing.T) {
	x := tensor.Randn(random.New(1), 200, 2).To(tensor.Float64)
	o := options{Hidden: 32, Alpha: 1e-4, Batch: 32, LR: 1e-2, Epochs: 60}
	product := x.Prod(1)
	sign := product.GtScalar(0).To(tensor.Int64)
	three := sign.Add(x.Square().Sum(1).GtScalar(2).To(tensor.Int64))
	for name, y := range map[string]*tensor.Tensor{"two classes": sign, "three classes": three} {
		p, err := fitMLP(x, y, o, 7)
		if err != nil {
			t.Fatal(err)
		}
		if a := p.Predict(x).Eq(y).To(tensor.Float64).Mean().Item(); a < 0.9 {
			t.Errorf("%s: accuracy %v", name, a)
		}
		again, _ := fitMLP(x, y, o, 7)
		if !tensor.Equal(p.(*mlp).m.Forward(x.To(tensor.Float32)), again.(*mlp).m.Forward(x.To(tensor.Float32))) {
			t.Errorf("%s: the same seed gave another network", name)
		}
	}
	p, err := fitMLPRegressor(x, product.MulScalar(50).AddScalar(300), o, 7)
	if err != nil {
		t.Fatal(err)
	}
	off := p.Predict(x).SubScalar(300).DivScalar(50).Sub(product).Square().Mean().Item() / product.Var(0).Item()
	if !(off <= 0.1) {
		t.Errorf("%v of the variance is not explained", off)
	}
}
