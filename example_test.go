package hadal_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type Net struct{ FC1, FC2 *nn.Linear }

func (m *Net) Forward(x *tensor.Tensor) *tensor.Tensor { // (N, 1, 8, 8) -> (N, 10)
	return m.FC2.Forward(m.FC1.Forward(x.Flatten(1)).ReLU())
}

func Example() {
	g := random.New(1)
	model := &Net{nn.NewLinear(g, 64, 32, nn.LinearConfig{}), nn.NewLinear(g, 32, 10, nn.LinearConfig{})}
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 3e-3})
	train, _ := dataset.NewImages(digits.Train(), nil, nil)
	loader := dataset.NewBatchLoader(train, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: 1})
	for epoch := range 20 {
		for batch, err := range loader.Epoch(context.Background(), epoch, 0) {
			if err != nil {
				log.Fatal(err)
			}
			opt.ZeroGrad()
			losses.CrossEntropy(model.Forward(batch.X), batch.Y).Backward()
			opt.Step()
		}
	}
	test, _ := dataset.NewImages(digits.Test(), nil, nil)
	for batch := range dataset.NewBatchLoader(test, dataset.LoaderConfig{BatchSize: test.Len()}).Epoch(context.Background(), 0, 0) {
		accuracy := metrics.Accuracy(nn.Eval(model).Forward(batch.X), batch.Y)
		fmt.Println("at least 95% right:", accuracy >= 0.95)
	}
	// Output: at least 95% right: true
}

// TestReadme checks that the README's example is the one above.
func TestReadme(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("README.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, lines, rest := false, 0, string(source)
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "```"):
			in = line == "```go"
		case in && line != "" && line != "func main() {":
			at := strings.Index(rest, line+"\n")
			if at < 0 {
				t.Fatalf("the README's line %q is not in the example, or not in this order", line)
			}
			rest = rest[at:]
			lines++
		}
	}
	if lines < 20 {
		t.Errorf("%d lines of the README were compared", lines)
	}
}
