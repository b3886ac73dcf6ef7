package main

import (
	"strings"
	"testing"

	"github.com/hadal-go/hadal/models"
)

func TestModels(t *testing.T) {
	out := must(t, "models")
	for _, want := range []string{"resnet50 ", "3 x 224 x 224", "25,557,032", "8.18 ", "He, Zhang, Ren and Sun 2016", "lenet5 ", "1 x 32 x 32", "61,706"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	all := models.All()
	if n := strings.Count(out, "\n"); n != len(all)+1 {
		t.Errorf("%d lines for %d models", n, len(all))
	}
	l := jsonLines(t, must(t, "--json", "models"))
	if len(l) != len(all) {
		t.Fatalf("%d lines of JSON for %d models", len(l), len(all))
	}
	for i, e := range all {
		if l[i]["model"] != e.Name || l[i]["params"] != float64(e.Params) || l[i]["title"] != e.Title || l[i]["paper"] != e.Paper || l[i]["size"] != float64(e.Size) {
			t.Errorf("%v, want %+v", l[i], e)
		}
		if flops, _ := l[i]["flops"].(float64); flops < 2*30*30 {
			t.Errorf("%s: %v FLOPs", e.Name, l[i]["flops"])
		}
	}
}

func TestSummaryOfModels(t *testing.T) {
	out := must(t, "summary", "resnet50")
	for _, want := range []string{"(1, 3, 224, 224)", "layer4.2.conv3", "(1, 2048, 7, 7)", "(1, 1000)", "25,557,032 parameters", "102.4 MB"} {
		if !strings.Contains(out, want) {
			t.Errorf("the summary lacks %q:\n%s", want, out)
		}
	}
	l := jsonLines(t, must(t, "--json", "summary", "vgg19_bn", "--small", "--in=32", "--classes=10", "--channels=1", "--width=0.125"))
	if len(l) != 1 || l[0]["model"] != "vgg19_bn" || mustJSON(t, l[0]["input"]) != "[1,1,32,32]" || mustJSON(t, l[0]["output"]) != "[1,10]" {
		t.Errorf("%v", l)
	}
	// A unit of AlexNet's last pooling sees 195 pixels (Araujo, Norris and Sim, 2019), and one of the convolution before 2 * 16 fewer.
	out = must(t, "summary", "alexnet", "--fields")
	for _, want := range []string{"MACs", "Field", "11 x 11", "163 x 163", "195 x 195"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table of fields lacks %q:\n%s", want, out)
		}
	}
	l = jsonLines(t, must(t, "--json", "summary", "lenet5", "--fields"))
	layers, _ := l[0]["layers"].([]any)
	if first, _ := layers[0].(map[string]any); mustJSON(t, first["fields"]) != `[{"jump":1,"size":5,"start":0},{"jump":1,"size":5,"start":0}]` {
		t.Errorf("%v", first)
	}
	for line, parts := range map[string][]string{
		"summary resnet5O":               {"there is no recipe or model resnet5O", `did you mean one of`, `"resnet50"`},
		"summary resnet50 --in=-1":       {"--in -1", "give 1 to 16384"},
		"summary resnet50 --classes=-5":  {"--classes -5", "give 1 to"},
		"summary resnet50 --channels=-1": {"--channels -1"},
		"summary resnet50 --width=NaN":   {"--width NaN", "give a factor"},
		"summary resnet50 --width=65":    {"--width 65"},
		"summary resnet50 --in=x":        {"--in", `"x"`},
		"summary vgg16 --in=31":          {"vgg16 does not fit pictures of 31 x 31"},
		"summary resnet50 --lr=1":        {"unknown flag --lr"},
		"models resnet50":                {"unexpected argument resnet50"},
	} {
		oneLineError(t, line, hadal(strings.Fields(line)...), 2, parts...)
	}
}
