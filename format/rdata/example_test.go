package rdata_test

import (
	"fmt"
	"log"

	"github.com/hadal-go/hadal/format/rdata"
)

func Example() {
	variables, err := rdata.LoadFile("testdata/two.rda")
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range variables {
		fmt.Println(v.Name, v.Object.Len())
	}
	frame, err := variables[0].Object.DataFrame()
	if err != nil {
		log.Fatal(err)
	}
	kind, err := frame.Column("kind")
	if err != nil {
		log.Fatal(err)
	}
	levels, index, err := kind.Factor()
	fmt.Println(frame.Rows, frame.Names, levels, index, err)
	// Output:
	// frame 5
	// named 1
	// wrapped 104
	// 5 [id size kind name ok] [c b a] [1 2 -1 1 0] <nil>
}

func ExampleOpenLazyDB() {
	db, err := rdata.OpenLazyDB("testdata/lazy1.rdx", "testdata/lazy1.rdb")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	o, err := db.Get("frame")
	if err != nil {
		log.Fatal(err)
	}
	size := o.Elem("size")
	numbers, err := size.Floats()
	fmt.Println(db.Names(), numbers, err)
	// Output: [frame text] [1.5 NaN NaN +Inf -2] <nil>
}
