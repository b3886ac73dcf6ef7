package table_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/tensor"
)

// Whatever the text is, reading it is an error of one line or a table; what can be learned of it are finite numbers, the same after a way
// through JSON, and the same when the table is read block by block.
func FuzzRead(f *testing.F) {
	for _, s := range []string{people, "a;b\n1;x\n2;y\n", "a\n\"x\n\"\n", "a,b\n1,2\n\n,\n", "\xef\xbb\xbfa\t\n1\t2", "\"a\"\"\",b\r\n1e308,NaN\n-1e308,0x1p-2\n", ",,\n1,2,3\n4,5,6", "a|b\n?|-0\n0|1\n", "\x1f\x8b"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, headless bool) {
		tab, err := table.Read(strings.NewReader(text), table.ReadConfig{NoHeader: headless})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		p, err := table.FitPipeline(tab, nil, table.PipelineConfig{ColumnConfig: table.ColumnConfig{Indicator: true}})
		if err != nil {
			return
		}
		x, unseen, err := p.Transform(tab, nil)
		if err != nil || len(unseen) > 0 || x.Shape() != tensor.ShapeOf(tab.Rows, len(p.Features())) {
			t.Fatalf("%v, %v, %v", x, unseen, err)
		}
		want := tensor.Data[float64](x)
		for _, v := range want {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%q became %v", text, want)
			}
		}
		var again table.Pipeline
		if b, err := json.Marshal(p); err != nil || json.Unmarshal(b, &again) != nil || !reflect.DeepEqual(*p, again) {
			t.Fatalf("%+v became %+v, %v", *p, again, err)
		}
		r, err := table.NewReader(strings.NewReader(text), table.ReadConfig{NoHeader: headless, Kinds: p.Kinds()})
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		for len(got) < len(want) {
			block, err := r.Block(2)
			if err != nil {
				t.Fatal(err)
			}
			x, _, err := again.Transform(block, nil)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, tensor.Data[float64](x)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("block by block %v, at once %v", got, want)
		}
	})
}
