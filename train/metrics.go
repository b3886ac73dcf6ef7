package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// Metric is one measured number.
type Metric struct {
	Name  string
	Value float64
}

// Metrics are measured numbers in the order in which they are shown.
type Metrics []Metric

// Get returns the value under a name; ok is false when there is none.
func (m Metrics) Get(name string) (v float64, ok bool) {
	for _, x := range m {
		if x.Name == name {
			return x.Value, true
		}
	}
	return 0, false
}

// With returns m with the prefix before every name.
func (m Metrics) With(prefix string) Metrics {
	r := make(Metrics, len(m))
	for i, x := range m {
		r[i] = Metric{prefix + x.Name, x.Value}
	}
	return r
}

// String is "loss 0.123  accuracy 0.987".
func (m Metrics) String() string {
	parts := make([]string, len(m))
	for i, x := range m {
		parts[i] = fmt.Sprintf("%s %.4g", x.Name, x.Value)
	}
	return strings.Join(parts, "  ")
}

// MarshalJSON writes an object in order; NaN and infinities, which JSON lacks, become null.
func (m Metrics) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(x.Name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		if math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
			b.WriteString("null")
			continue
		}
		v, err := json.Marshal(x.Value)
		if err != nil {
			return nil, err
		}
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// average is the mean of metrics over batches, weighted by their samples. Its fields are saved, so that a resumed epoch
// reports the same numbers.
type average struct {
	Names  []string  `json:"names"`
	Sums   []float64 `json:"sums"`
	Weight float64   `json:"weight"`
}

// add panics with ErrValue when m does not have the names of the batches before.
func (a *average) add(m Metrics, weight float64) {
	if a.Names == nil {
		for _, x := range m {
			a.Names = append(a.Names, x.Name)
		}
		a.Sums = make([]float64, len(m))
	}
	for i, x := range m {
		if len(m) != len(a.Names) || x.Name != a.Names[i] {
			tensor.Fail("train", tensor.ErrValue, nil, "the metrics of a batch are %v, those of batches before are %v: their names must not change", m, a.Names)
		}
		a.Sums[i] += x.Value * weight
	}
	a.Weight += weight
}

func (a *average) metrics() Metrics {
	m := make(Metrics, len(a.Names))
	for i, n := range a.Names {
		m[i] = Metric{n, a.Sums[i] / a.Weight}
	}
	return m
}
