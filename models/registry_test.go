package models_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Every classifier has the parameters that its entry says, a head that another replaces, and fits pictures and options of all kinds.
func TestRegistry(t *testing.T) {
	for _, e := range models.All() {
		t.Run(e.Name, func(t *testing.T) {
			m := e.New(random.Shapes(), models.Config{})
			if n := nn.NumParams(m); n != e.Params {
				t.Errorf("%d parameters, want %d", n, e.Params)
			}
			if e.Title == "" || e.Paper == "" || e.Head == "" {
				t.Errorf("the entry lacks something: %+v", e)
			}
			names := func(m models.Classifier, head bool) (all []string) {
				for _, p := range nn.State(m) {
					if s := p.Name + " " + p.Shape().String(); strings.HasPrefix(p.Name, e.Head) == head {
						all = append(all, s)
					}
				}
				return all
			}
			five := e.New(random.Shapes(), models.Config{Classes: 5})
			if len(names(m, true)) == 0 || slices.Equal(names(m, true), names(five, true)) {
				t.Errorf("other classes do not change the head, %s", e.Head)
			}
			if _, aux := m.(models.AuxClassifier); !aux && !slices.Equal(names(m, false), names(five, false)) {
				t.Errorf("other classes change more than the head, %s", e.Head)
			}
			channels := nn.Params(m)[0].Dim(1)
			check(t, m, channels, e.Size, 0)
			for _, side := range []int{28, 32, 64} {
				cfg := models.Config{Classes: 5, Channels: 2, Width: 0.25, Stem: models.SmallStem}
				check(t, e.New(random.Shapes(), cfg), 2, side, 5)
			}
			check(t, e.New(random.Shapes(), models.Config{Classes: 3, Width: 0.001}), channels, e.Size, 3)
		})
	}
}

// check runs the shape rules of a classifier on pictures of a size.
func check(t *testing.T, m models.Classifier, channels, side, classes int) {
	t.Helper()
	x := tensor.With(tensor.Float32).On(tensor.Meta).Zeros(2, channels, side, side)
	err := tensor.Catch(func() {
		y := m.Forward(x)
		maps := m.FeatureMaps(x)
		if y.Rank() != 2 || y.Dim(0) != 2 || classes > 0 && y.Dim(1) != classes {
			t.Errorf("%d pixels: the scores are %v", side, y.Shape())
		}
		if maps.Rank() != 4 || maps.Dim(0) != 2 || m.Scores(maps).Shape() != y.Shape() {
			t.Errorf("%d pixels: the maps are %v", side, maps.Shape())
		}
	})
	if err != nil {
		t.Errorf("%d pixels: %v", side, err)
	}
}

func TestFind(t *testing.T) {
	all := models.All()
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
	}
	if i, j := slices.Index(names, "resnet18"), slices.Index(names, "resnet101"); i < 0 || j < i {
		t.Errorf("the names are not in order: %v", names)
	}
	if _, err := models.Find("resnet19"); err == nil || !strings.Contains(err.Error(), `there is no model "resnet19"`) || !strings.Contains(err.Error(), "resnet18") {
		t.Errorf("error %v", err)
	}
}
