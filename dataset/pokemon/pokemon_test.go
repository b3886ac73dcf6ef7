package pokemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

func TestEvolutionCP(t *testing.T) {
	all, err := EvolutionCP(t.Context(), sourcetest.Find(t, Set))
	if err != nil {
		t.Fatal(err)
	}
	species := map[string]int{}
	for _, e := range all {
		species[e.Species]++
	}
	if len(all) != 75 || species["Pidgey"] != 39 || species["Weedle"] != 20 || species["Caterpie"] != 10 || species["Eevee"] != 6 {
		t.Errorf("%d rows, %v", len(all), species)
	}
	want := Evolution{"Pidgey1", "Pidgey", State{384, 56, 2.31, 0.34, 12, 30}, State{694, 84, 2.6, 1.24, 15, 30}, 2500, 2}
	if all[0] != want {
		t.Errorf("first row %+v", all[0])
	}
}

func TestBaseStats(t *testing.T) {
	all, err := BaseStats(t.Context(), sourcetest.Find(t, Set))
	if err != nil {
		t.Fatal(err)
	}
	water, normal, legendary := 0, 0, 0
	for i, s := range all {
		if s.HP+s.Attack+s.Defense+s.SpAtk+s.SpDef+s.Speed != s.Total || i > 0 && s.Number < all[i-1].Number {
			t.Errorf("row %d: %+v", i, s)
		}
		if s.Legendary {
			legendary++
		}
		switch {
		case s.Number < 400 && s.Type1 == "Water":
			water++
		case s.Number < 400 && s.Type1 == "Normal":
			normal++
		}
	}
	if len(all) != 800 || water != 79 || normal != 61 || legendary != 65 || all[799].Number != 721 {
		t.Errorf("%d rows, %d water, %d normal, %d legendary", len(all), water, normal, legendary)
	}
}

// TestRead reads tables made here: the format, and what is refused.
func TestRead(t *testing.T) {
	const header = "#,Name,Type 1,Type 2,Total,HP,Attack,Defense,Sp. Atk,Sp. Def,Speed,Generation,Legendary\n"
	const line = "1,\"A, the first\",Grass,,318,45,49,49,65,65,45,1,True\n"
	load := func(text string) ([]Stats, error) {
		dir := filepath.Join(t.TempDir(), Set.Dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, statsFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return BaseStats(t.Context(), source.Config{Dir: dir, Offline: true})
	}
	got, err := load(header + line)
	if want := (Stats{1, "A, the first", "Grass", "", 318, 45, 49, 49, 65, 65, 45, 1, true}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"": "damaged",
		header + strings.Replace(line, "318", "x", 1):     `line 2: "x" in column "Total" is no number`,
		strings.Replace(header, "Total", "Sum", 1) + line: `there is no column "Total"`,
		header + "1,2\n":                    "wrong number of fields",
		header + strings.Repeat(line, 1000): "larger than",
	} {
		if _, err := load(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	if _, err := BaseStats(t.Context(), source.Config{Dir: t.TempDir(), Offline: true}); err == nil {
		t.Error("no file: no error")
	}
}
