package table_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

// The pipeline makes what scikit-learn's ColumnTransformer of SimpleImputer, StandardScaler or MinMaxScaler, MissingIndicator and
// OneHotEncoder makes; see testdata/make_golden.py.
func TestPipelineGolden(t *testing.T) {
	var cases []struct {
		Name, Train, Test, Impute, Scale, Text string
		Indicator, Drop                        bool
		Fill                                   float64
		X, Y                                   [][]float64
	}
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	if len(cases) < 8 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		number := table.ColumnConfig{Impute: table.Impute(strings.ReplaceAll(c.Impute, "_", "-")), Fill: c.Fill, Scale: table.Scale(strings.Replace(c.Scale, "standard", "", 1)), Indicator: c.Indicator}
		category := table.ColumnConfig{Impute: table.Impute(strings.ReplaceAll(c.Text, "_", "-")), DropFirst: c.Drop, Indicator: c.Indicator}
		train := read(t, c.Train, table.ReadConfig{})
		p, err := table.FitPipeline(train, nil, table.PipelineConfig{ColumnConfig: number, Columns: map[string]table.ColumnConfig{"city": category, "married": category}})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		test := read(t, c.Test, table.ReadConfig{Kinds: p.Kinds()})
		rome := 0
		for i := range test.Rows {
			if col, _ := test.Column("city"); col.Text(i) == "Rom" {
				rome++
			}
		}
		for k, want := range [][][]float64{c.X, c.Y} {
			x, unseen, err := p.Transform([]*table.Table{train, test}[k], nil)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if names := p.Features(); x.Shape() != tensor.ShapeOf(len(want), len(want[0])) || len(names) != len(want[0]) {
				t.Fatalf("%s: %v, %v, want %d columns", c.Name, x.Shape(), names, len(want[0]))
			}
			for i, v := range tensor.Data[float64](x) {
				if w := want[i/len(want[0])][i%len(want[0])]; !(math.Abs(v-w) <= 1e-12*max(1, math.Abs(w))) {
					t.Errorf("%s, table %d, row %d, %s: %v, want %v", c.Name, k, i/len(want[0]), p.Features()[i%len(want[0])], v, w)
				}
			}
			if n := unseen["city"]; n != k*rome || len(unseen) > 1 || k == 1 && !c.Drop && rome == 0 {
				t.Errorf("%s: %v unseen, want %d", c.Name, unseen, k*rome)
			}
		}
	}
}

const people = "age,city,married,name,constant,nothing\n30,Ulm,yes,A,1,\n,Bonn,no,B,1,\n50,,no,C,1,\n40,Ulm,yes,D,1,NA\n"

func fit(t *testing.T, text string, cfg table.PipelineConfig) (*table.Table, *table.Pipeline) {
	t.Helper()
	tab := read(t, text, table.ReadConfig{})
	p, err := table.FitPipeline(tab, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tab, p
}

func floats(t *testing.T, p *table.Pipeline, tab *table.Table, rows []int) []float64 {
	t.Helper()
	x, _, err := p.Transform(tab, rows)
	if err != nil {
		t.Fatal(err)
	}
	return tensor.Data[float64](x)
}

func TestPipeline(t *testing.T) {
	tab, p := fit(t, people, table.PipelineConfig{Skip: []string{"name"}, ColumnConfig: table.ColumnConfig{Indicator: true, Scale: table.MinMax}})
	if got, want := p.Features(), []string{"age", "age missing", "city=Bonn", "city=Ulm", "city missing", "married=no", "married=yes"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// The mean of 30, 50 and 40 fills in; of Ulm and Bonn Ulm is the more frequent.
	want := []float64{
		0, 0, 0, 1, 0, 0, 1,
		0.5, 1, 1, 0, 0, 1, 0,
		1, 0, 0, 1, 1, 1, 0,
		0.5, 0, 0, 1, 0, 0, 1,
	}
	if got := floats(t, p, tab, nil); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := floats(t, p, tab, []int{2, 0}); !slices.Equal(got, append(slices.Clone(want[14:21]), want[:7]...)) {
		t.Errorf("rows 2 and 0: %v", got)
	}
	if got, want := p.Dropped, []table.Dropped{{"constant", "every value is 1"}, {"nothing", "every value is missing"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// Other columns, another order, no values at all.
	other := read(t, "x,married,city,age\n1,no,,NA\n2,perhaps,NA,\n", table.ReadConfig{Kinds: p.Kinds()})
	x, unseen, err := p.Transform(other, nil)
	if err != nil || !slices.Equal(tensor.Data[float64](x), []float64{0.5, 1, 0, 1, 1, 1, 0, 0.5, 1, 0, 1, 1, 0, 0}) || !reflect.DeepEqual(unseen, table.Unseen{"married": 1}) {
		t.Errorf("%v, %v, %v", x, unseen, err)
	}
	counts := table.Unseen{"married": 2}
	counts.Add(table.Unseen{"married": 1, "city": 4})
	if !reflect.DeepEqual(counts, table.Unseen{"married": 3, "city": 4}) {
		t.Errorf("%v", counts)
	}
}

// What is learned depends on the rows that are fitted alone.
func TestPipelineSeesItsRowsAlone(t *testing.T) {
	tab := read(t, "a,b\n1,x\n3,y\n,y\n1000,z\n", table.ReadConfig{})
	p, err := table.FitPipeline(tab, []int{0, 1, 2}, table.PipelineConfig{ColumnConfig: table.ColumnConfig{Scale: table.MinMax}})
	if err != nil {
		t.Fatal(err)
	}
	if got := floats(t, p, tab, nil); !slices.Equal(got, []float64{0, 1, 0, 1, 0, 1, 0.5, 0, 1, 499.5, 0, 0}) {
		t.Errorf("%v", got)
	}
	if f := p.Columns[1]; !slices.Equal(f.Categories, []string{"x", "y"}) || f.FillText != "y" {
		t.Errorf("%+v", f)
	}
}

// The scales are those of package linear, bit for bit.
func TestPipelineScalesAsLinear(t *testing.T) {
	tab, p := fit(t, "a\n0.1\n7\n-3.25\n1e5\n0.3\n", table.PipelineConfig{})
	_, q := fit(t, "a\n0.1\n7\n-3.25\n1e5\n0.3\n", table.PipelineConfig{ColumnConfig: table.ColumnConfig{Scale: table.MinMax}})
	x := tensor.Of([]float64{0.1, 7, -3.25, 1e5, 0.3}, 5, 1)
	standard, minmax := linear.NewStandardScaler(linear.StandardScalerConfig{}), linear.NewMinMaxScaler(linear.MinMaxScalerConfig{})
	if standard.Fit(x) != nil || minmax.Fit(x) != nil {
		t.Fatal("the scalers do not fit")
	}
	if got, want := floats(t, p, tab, nil), tensor.Data[float64](standard.Transform(x)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := floats(t, q, tab, nil), tensor.Data[float64](minmax.Transform(x)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPipelineJSON(t *testing.T) {
	for _, scale := range []table.Scale{table.Standard, table.MinMax, table.Unscaled} {
		tab, p := fit(t, people, table.PipelineConfig{ColumnConfig: table.ColumnConfig{Indicator: true, Scale: scale, DropFirst: scale == table.MinMax, Impute: table.Median}})
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var q table.Pipeline
		if err := json.Unmarshal(b, &q); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(*p, q) || !slices.Equal(floats(t, p, tab, nil), floats(t, &q, tab, nil)) {
			t.Errorf("%+v became %+v", *p, q)
		}
	}
	for _, c := range []struct{ text, want string }{
		{`{}`, "no columns"},
		{`{"columns":[{"name":"","kind":"number","scale":1}]}`, "without a name"},
		{`{"columns":[{"name":"a","kind":"number","scale":1},{"name":"a","kind":"number","scale":1}]}`, `the column "a" twice`},
		{`{"columns":[{"name":"a","kind":"number"}]}`, `column "a" is damaged`},
		{`{"columns":[{"name":"a","kind":"number","scale":-1}]}`, "damaged"},
		{`{"columns":[{"name":"a","kind":"number","scale":1e999}]}`, "1e999"},
		{`{"columns":[{"name":"a","kind":"category","scale":1}]}`, "damaged"},
		{`{"columns":[{"name":"a","kind":"category","categories":["b","a"]}]}`, "out of order"},
		{`{"columns":[{"name":"a","kind":"date"}]}`, `the kind "date"`},
		{`[]`, "array"},
	} {
		q := table.Pipeline{Columns: []table.Feature{{Name: "kept"}}}
		if err := json.Unmarshal([]byte(c.text), &q); err == nil || !strings.Contains(err.Error(), c.want) || q.Columns[0].Name != "kept" {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestPipelineErrors(t *testing.T) {
	type config = table.PipelineConfig
	one := func(name string, c table.ColumnConfig) config {
		return config{Columns: map[string]table.ColumnConfig{name: c}}
	}
	for _, c := range []struct {
		name, text string
		rows       []int
		cfg        config
		want       string
	}{
		{"no rows", people, []int{}, config{}, "no rows to learn from"},
		{"nothing tells rows apart", "a,b\n1,x\n1,x\n", nil, config{}, "no column tells rows apart"},
		{"all left out", "a,b\n1,x\n2,y\n", nil, config{Skip: []string{"a", "b"}}, "no column tells rows apart"},
		{"no such column to leave out", people, nil, config{Skip: []string{"agee"}}, `no column "agee"; did you mean "age"?`},
		{"no such column", people, nil, one("agee", table.ColumnConfig{}), `did you mean "age"?`},
		{"mean of texts", people, nil, one("city", table.ColumnConfig{Impute: table.Mean}), `column "city": categories cannot be filled in by "mean"`},
		{"no such imputation", people, nil, one("age", table.ColumnConfig{Impute: "mode"}), `column "age": numbers cannot be filled in by "mode"`},
		{"no such scale", people, nil, one("age", table.ColumnConfig{Scale: "robust"}), `column "age": there is no scale "robust"`},
		{"fill with NaN", people, nil, one("age", table.ColumnConfig{Impute: table.Constant, Fill: math.NaN()}), `column "age": a missing value cannot become NaN`},
		{"too large", "a\n1e308\n-1e308\n", nil, config{}, `column "a": its numbers are too large`},
	} {
		if _, err := table.FitPipeline(read(t, c.text, table.ReadConfig{}), c.rows, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	_, p := fit(t, people, config{})
	for _, c := range []struct{ text, want string }{
		{"age,city\n1,Ulm\n2,Bonn\n", `no column "married"`},
		{"age,city,married\nx,Ulm,no\ny,Bonn,no\n", `column "age" holds category and was fitted as number`},
	} {
		if _, _, err := p.Transform(read(t, c.text, table.ReadConfig{}), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestTarget(t *testing.T) {
	const text = "class,number,grade,fraction,holes,same,names,nothing\n" +
		"b,100,2,0.5,x,s,,\na,-7,1,1.5,,s,,\nb,3,2.0,2.5,y,s,,\nc,4,1,0.25,,s,,\n"
	tab := read(t, text, table.ReadConfig{})
	for _, c := range []struct {
		name    string
		task    table.Task
		classes string
		y       []float64
		rows    int
	}{
		{"class", table.AnyTask, "a b c", []float64{1, 0, 1, 2}, 4},
		{"class", table.Classification, "a b c", []float64{1, 0, 1, 2}, 4},
		{"grade", table.AnyTask, "1 2", []float64{1, 0, 1, 0}, 4},
		{"grade", table.Regression, "", []float64{2, 1, 2, 1}, 4},
		{"number", table.Regression, "", []float64{100, -7, 3, 4}, 4},
		{"number", table.Classification, "-7 3 4 100", []float64{3, 0, 1, 2}, 4},
		{"fraction", table.AnyTask, "", []float64{0.5, 1.5, 2.5, 0.25}, 4},
		{"holes", table.AnyTask, "x y", []float64{0, 1}, 2},
	} {
		g, rows, err := table.FitTarget(tab, c.name, c.task)
		if err != nil || strings.Join(g.Classes, " ") != c.classes || len(rows) != c.rows || g.Check() != nil {
			t.Errorf("%s as %q: %+v, %v, %v", c.name, c.task, g, rows, err)
			continue
		}
		y, err := g.Encode(tab, rows)
		if err != nil || !slices.Equal(y.Floats(), c.y) || (y.DType() == tensor.Int64) != (c.classes != "") {
			t.Errorf("%s as %q: %v, %v", c.name, c.task, y, err)
		}
	}
	for _, c := range []struct {
		name string
		task table.Task
		want string
	}{
		{"clas", table.AnyTask, `no column "clas"; did you mean "class"?`},
		{"nothing", table.AnyTask, `target "nothing": every value is missing`},
		{"same", table.AnyTask, `target "same": all 4 values are "s"; classes need two at least`},
		{"class", table.Regression, `target "class": "a" is not a number`},
		{"fraction", table.Classification, `target "fraction": fractions are no classes`},
	} {
		if _, _, err := table.FitTarget(tab, c.name, c.task); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	empty := read(t, "a,b\n,1\n,2\n", table.ReadConfig{Kinds: map[string]table.Kind{"a": table.Category}})
	for _, task := range []table.Task{table.AnyTask, table.Classification, table.Regression} {
		if _, _, err := table.FitTarget(empty, "a", task); err == nil || !strings.Contains(err.Error(), "every value is missing") {
			t.Errorf("an empty category as %q: %v", task, err)
		}
	}
	signs := read(t, "a,b\n0,1\n-0,2\n-0.0,3\n1,4\n", table.ReadConfig{})
	g, rows, err := table.FitTarget(signs, "a", table.AnyTask)
	if err != nil || !slices.Equal(g.Classes, []string{"0", "1"}) {
		t.Fatalf("%+v, %v", g, err)
	}
	if y, err := g.Encode(signs, rows); err != nil || !slices.Equal(y.Floats(), []float64{0, 0, 0, 1}) {
		t.Errorf("-0 and 0: %v, %v", y, err)
	}
	one := read(t, "a,b\n3.5,1\n3.5,2\n", table.ReadConfig{})
	if _, _, err := table.FitTarget(one, "a", table.AnyTask); err == nil || !strings.Contains(err.Error(), "all 2 values are the same") {
		t.Error(err)
	}
	// Another file: the same numbers written in another way, and what cannot be encoded.
	g = &table.Target{Name: "grade", Classes: []string{"1", "2"}, Numeric: true}
	other := read(t, "grade,x\n1.0,1\n3,2\n,3\n", table.ReadConfig{Kinds: map[string]table.Kind{"grade": g.Kind()}})
	if y, err := g.Encode(other, []int{0}); err != nil || y.Floats()[0] != 0 {
		t.Errorf("%v, %v", y, err)
	}
	if _, err := g.Encode(other, []int{1}); err == nil || !strings.Contains(err.Error(), `row 2 is "3": unseen class; there are "1", "2"`) {
		t.Error(err)
	}
	if _, err := g.Encode(other, []int{0, 2}); err == nil || !strings.Contains(err.Error(), "row 3 has no value") {
		t.Error(err)
	}
	for _, bad := range []table.Target{{}, {Name: "a", Classes: []string{"x"}}, {Name: "a", Classes: []string{"x", "x"}}} {
		if bad.Check() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
