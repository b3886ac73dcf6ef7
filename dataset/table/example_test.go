package table_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

func Example() {
	t, err := table.Read(strings.NewReader(`age,city,bought
34,Ulm,yes
21,Bonn,no
,Ulm,yes
45,Bonn,yes
19,Bonn,no
`), table.ReadConfig{})
	if err != nil {
		log.Fatal(err)
	}
	target, rows, err := table.FitTarget(t, "bought", table.AnyTask)
	if err != nil {
		log.Fatal(err)
	}
	p, err := table.FitPipeline(t, rows, table.PipelineConfig{Skip: []string{"bought"}})
	if err != nil {
		log.Fatal(err)
	}
	x, _, err := p.Transform(t, rows)
	if err != nil {
		log.Fatal(err)
	}
	y, err := target.Encode(t, rows)
	if err != nil {
		log.Fatal(err)
	}
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{})
	if err := m.Fit(x, y); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Features(), target.Classes)

	// Other rows, read as the pipeline expects, with a city that was not there before.
	other, err := table.Read(strings.NewReader("city,age\nRom,50\nBonn,18\n"), table.ReadConfig{Kinds: p.Kinds()})
	if err != nil {
		log.Fatal(err)
	}
	x, unseen, err := p.Transform(other, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, k := range tensor.Data[int64](m.Predict(x)) {
		fmt.Println(target.Classes[k])
	}
	fmt.Println(unseen)
	// Output:
	// [age city=Bonn city=Ulm] [no yes]
	// yes
	// no
	// map[city:1]
}
