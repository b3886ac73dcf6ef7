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
			// names returns what belongs to a head, or to none.
			names := func(m models.Classifier, head string) (all []string) {
				for _, p := range nn.State(m) {
					if headOf(e, p.Name) == head {
						all = append(all, p.Name+" "+p.Shape().String())
					}
				}
				return all
			}
			five := e.New(random.Shapes(), models.Config{Classes: 5})
			for _, head := range append(e.AuxHeads, e.Head) {
				if len(names(m, head)) == 0 || slices.Equal(names(m, head), names(five, head)) {
					t.Errorf("other classes do not change the head %s", head)
				}
			}
			if !slices.Equal(names(m, ""), names(five, "")) {
				t.Errorf("other classes change more than the heads, %s and %v", e.Head, e.AuxHeads)
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

// headOf returns which of the entry's heads a name belongs to, "" if to none.
func headOf(e models.Entry, name string) string {
	for _, head := range append(e.AuxHeads, e.Head) {
		if strings.HasPrefix(name, head) {
			return head
		}
	}
	return ""
}

// A network with auxiliary heads, or one whose heads were taken off, takes all but the last layers from one for other classes.
func TestLoadAux(t *testing.T) {
	for _, name := range []string{"googlenet", "inception_v3"} {
		e, _ := models.Find(name)
		for _, aux := range []bool{true, false} {
			narrow := func(seed uint64, classes int) models.Classifier {
				m := e.New(random.New(seed), models.Config{Classes: classes, Width: 0.05})
				if aux {
					return m
				}
				switch m := m.(type) {
				case *models.GoogLeNet:
					m.Aux1, m.Aux2 = nil, nil
				case *models.InceptionV3:
					m.Aux = nil
				}
				return m
			}
			state, fresh := nn.State(narrow(1, 7)), nn.State(narrow(2, 5))
			for how, load := range map[string]func(models.Classifier) error{
				"LoadBackbone": func(m models.Classifier) error { return e.LoadBackbone(m, state) },
				"Load": func(m models.Classifier) error {
					head, err := e.Load(m, state)
					if head {
						t.Errorf("%s: the head is said to fit other classes", name)
					}
					return err
				},
			} {
				m := narrow(2, 5)
				if err := load(m); err != nil {
					t.Errorf("%s of %s, auxiliary heads %v: %v", how, name, aux, err)
					continue
				}
				for i, s := range nn.State(m) {
					want := state[i]
					if headOf(e, s.Name) != "" {
						want = fresh[i]
					}
					if !tensor.Equal(s.Tensor, want.Tensor) {
						t.Errorf("%s of %s, auxiliary heads %v: %s is not as it should be", how, name, aux, s.Name)
					}
				}
			}
			m := narrow(2, 7)
			if head, err := e.Load(m, state); !head || err != nil {
				t.Fatalf("%s, the same classes: head %v, error %v", name, head, err)
			}
			for i, s := range nn.State(m) {
				if !tensor.Equal(s.Tensor, state[i].Tensor) {
					t.Errorf("%s, the same classes: %s has not been loaded", name, s.Name)
				}
			}
		}
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
