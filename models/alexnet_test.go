package models_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// numbers are those of testdata/golden_alexnet.py, times scale.
func numbers(n, start int, scale float64) []float32 {
	v := make([]float32, n)
	for k := range v {
		i := k + start
		v[k] = float32(float64((i*i%8191*5+i*7919)%8192-4096) / 4096 * scale)
	}
	return v
}

type outputs struct {
	Codes    []float64
	CodesSum float64 `json:"codes_sum"`
	Scores   []float64
}

func TestAlexNetGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden_alexnet.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Names         [][2]any
		Parameters    int
		Large, Little outputs `json:"-"`
	}
	var pictures map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(text, &golden), json.Unmarshal(text, &pictures),
		json.Unmarshal(pictures["224"], &golden.Large), json.Unmarshal(pictures["96"], &golden.Little)); err != nil {
		t.Fatal(err)
	}

	m := models.NewAlexNet(random.New(1), models.Config{})
	if n := nn.NumParams(m); n != golden.Parameters || n != 61_100_840 {
		t.Errorf("%d parameters, want %d", n, golden.Parameters)
	}
	for k, p := range nn.NamedParams(m) {
		if want := golden.Names[k]; p.Name != want[0] || fmt.Sprint(p.Shape().Dims()) != fmt.Sprint(want[1]) {
			t.Fatalf("parameter %d is %s %v, want %v", k, p.Name, p.Shape(), want)
		}
		fan, scale := 1, 0.1
		for _, n := range p.Shape().Dims()[1:] {
			fan *= n
		}
		if fan > 1 {
			scale = 1.5 * math.Sqrt(2/float64(fan))
		}
		p.CopyFrom(tensor.OfShape(numbers(p.Numel(), 1000*k, scale), p.Shape()))
	}
	e := nn.Eval(m)
	for side, want := range map[int]outputs{224: golden.Large, 96: golden.Little} {
		x := tensor.Of(numbers(3*side*side, 77, 1), 1, 3, side, side)
		codes := e.Codes(x)
		if codes.Shape() != tensor.ShapeOf(1, 4096) {
			t.Fatalf("fc7 is %v, want (1, 4096)", codes.Shape())
		}
		c, y := codes.Floats(), e.Forward(x).Floats()
		if s := codes.Sum().Item(); math.Abs(s-want.CodesSum) > 1e-4*want.CodesSum {
			t.Errorf("%d: fc7 adds up to %v, want %v", side, s, want.CodesSum)
		}
		if len(y) != 1000 {
			t.Fatalf("%d scores", len(y))
		}
		for i, v := range want.Codes {
			if math.Abs(c[256*i]-v) > 1e-4 {
				t.Errorf("%d: fc7 unit %d is %v, want %v", side, 256*i, c[256*i], v)
			}
		}
		for i, v := range want.Scores {
			if math.Abs(y[50*i]-v) > 1e-4 {
				t.Errorf("%d: score %d is %v, want %v", side, 50*i, y[50*i], v)
			}
		}
	}
}

func TestAlexNetRefuses(t *testing.T) {
	for name, cfg := range map[string]models.Config{"classes": {Classes: -1}, "dropout": {Dropout: new(1.5)}} {
		if err := tensor.Catch(func() { models.NewAlexNet(random.New(1), cfg) }); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%s: error %v, want kind %v", name, err, tensor.ErrValue)
		}
	}
}

// Shapes and cost are known without computing anything.
func ExampleNewAlexNet() {
	m := models.NewAlexNet(random.New(1), models.Config{Classes: 5})
	s := nn.Summary(m, tensor.ShapeOf(1, 3, 224, 224))
	i := slices.IndexFunc(s.Layers, func(l nn.LayerSummary) bool { return l.Module == "classifier.4" })
	fmt.Println(s.Layers[i].Output, s.Output, s.Params)
	// Output: (1, 4096) (1, 5) 57024325
}
