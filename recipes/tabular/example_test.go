package tabular_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/recipes/tabular"
	"github.com/hadal-go/hadal/train"
)

// A run on a table, whose model is loaded and predicts another one. hadal train tabular and hadal predict do the same.
func ExampleRecipe() {
	dir, err := os.MkdirTemp("", "tabular")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var text strings.Builder
	text.WriteString("size,city,price\n")
	for i := range 60 {
		fmt.Fprintf(&text, "%d,%s,%d\n", 20+i, []string{"Ulm", "Bonn"}[i%2], 1000*(20+i)+5000*(i%2))
	}
	c := &tabular.Recipe{Data: filepath.Join(dir, "flats.csv"), Target: "price", Model: "linear", Folds: 5, Test: 0.2}
	if err := os.WriteFile(c.Data, []byte(text.String()), 0o644); err != nil {
		log.Fatal(err)
	}
	info := train.Info{Recipe: "tabular", Seed: 1}
	run, err := train.NewRun(filepath.Join(dir, "run"), info)
	if err != nil {
		log.Fatal(err)
	}
	env := &recipes.Env{Seed: info.Seed, Run: run, Describe: func(data any) error { info.Data = data; return nil }}
	result, err := c.Train(context.Background(), env)
	if err != nil {
		log.Fatal(err)
	}
	r2, _ := result.Get("cv_r2")
	fmt.Printf("R² of the folds: %.2f\n", r2)

	model, err := c.Open(run, info)
	if err != nil {
		log.Fatal(err)
	}
	_, err = model.Predict(context.Background(), strings.NewReader("city,size\nUlm,50\nBonn,50\n"), func(p recipes.TablePrediction) error {
		fmt.Printf("row %d: %.0f\n", p.Row, p.Number)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// R² of the folds: 1.00
	// row 1: 50000
	// row 2: 55000
}
