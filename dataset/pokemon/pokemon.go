// Package pokemon is two tables of numbers about Pokémon: 75 evolutions in Pokémon GO (combat power before and after), a set for
// regression, and the base statistics of 800 Pokémon of generations 1 to 6, one for classification.
//
// The tables are not part of the binary: they are found as package source says, in the subfolder pokemon of the folders that it
// looks in.
package pokemon

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/hadal-go/hadal/dataset/source"
)

// The names of the files.
const (
	evolutionFile = "evolution-cp.csv"
	statsFile     = "base-stats.csv"
)

// Set names the two files. evolution-cp.csv is OpenIntro's data set "pokemon"; base-stats.csv is "Pokemon with stats" of A. Barradas,
// which Kaggle gives to its users. Neither has an address that stays, so that they are never downloaded.
var Set = source.Set{
	Name:    "pokemon",
	Title:   "Pokémon: evolutions and base statistics",
	Licence: "facts of the games, collected by OpenIntro and by A. Barradas",
	Home:    "https://www.openintro.org/data/index.php?data=pokemon and https://www.kaggle.com/datasets/abcsds/pokemon",
	Dir:     "pokemon",
	Files: []source.File{
		{Name: evolutionFile, Size: 11_347, SHA256: "2a0133a7e430c20fd17e26b38e89516728409b8bdd63e9c3a8051a49515d94ad"},
		{Name: statsFile, Size: 44_028, SHA256: "02eabc49d3c70bc1e150891bdb9acb254910adfdfc12a6020c7b7117b2eca32f"},
	},
}

// Evolution is one Pokémon before and after it evolved.
type Evolution struct {
	Name, Species   string // "Pidgey1", "Pidgey"
	Before, After   State
	Stardust, Candy float64 // what powering up cost before
}

// State is what the game shows of a Pokémon.
type State struct {
	CP, HP         float64 // combat power, hit points
	Weight, Height float64 // kg, m
	Weak, Strong   float64 // power of its two attacks
}

// EvolutionCP returns the 75 evolutions in the order of the file: 39 of Pidgey, 20 of Weedle, 10 of Caterpie and 6 of Eevee.
func EvolutionCP(ctx context.Context, cfg source.Config) ([]Evolution, error) {
	var all []Evolution
	err := read(ctx, cfg, evolutionFile, func(r row) {
		all = append(all, Evolution{
			Name: r.text("name"), Species: r.text("species"), Before: r.state(""), After: r.state("_new"),
			Stardust: r.number("power_up_stardust"), Candy: r.number("power_up_candy"),
		})
	})
	return all, err
}

func (r row) state(suffix string) State {
	return State{
		CP: r.number("cp" + suffix), HP: r.number("hp" + suffix), Weight: r.number("weight" + suffix), Height: r.number("height" + suffix),
		Weak: r.number("attack_weak_value" + suffix), Strong: r.number("attack_strong_value" + suffix),
	}
}

// Stats are the base statistics of a Pokémon. Several forms of one, such as mega evolutions, share a number.
type Stats struct {
	Number       int // in the Pokédex, 1 to 721
	Name         string
	Type1, Type2 string // Type2 is empty for those of one type
	Total        float64
	HP, Attack, Defense, SpAtk, SpDef,
	Speed float64 // these six add up to Total
	Generation int // 1 to 6
	Legendary  bool
}

// BaseStats returns the 800 rows in the order of the file, by Number.
func BaseStats(ctx context.Context, cfg source.Config) ([]Stats, error) {
	var all []Stats
	err := read(ctx, cfg, statsFile, func(r row) {
		all = append(all, Stats{
			Number: int(r.number("#")), Name: r.text("Name"), Type1: r.text("Type 1"), Type2: r.text("Type 2"), Total: r.number("Total"),
			HP: r.number("HP"), Attack: r.number("Attack"), Defense: r.number("Defense"), SpAtk: r.number("Sp. Atk"), SpDef: r.number("Sp. Def"),
			Speed: r.number("Speed"), Generation: int(r.number("Generation")), Legendary: r.text("Legendary") == "True",
		})
	})
	return all, err
}

// row is a line of a table. The first field that is not there or no number is kept in err.
type row struct {
	header, fields []string
	err            *error
}

func (r row) text(column string) string {
	if i := slices.Index(r.header, column); i >= 0 {
		return r.fields[i]
	}
	if *r.err == nil {
		*r.err = fmt.Errorf("there is no column %q", column)
	}
	return ""
}

func (r row) number(column string) float64 {
	text := r.text(column)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && *r.err == nil {
		*r.err = fmt.Errorf("%q in column %q is no number", text, column)
	}
	return v
}

// read calls each with the rows of a file.
func read(ctx context.Context, cfg source.Config, name string, each func(row)) error {
	paths, err := Set.Get(ctx, cfg, name)
	if err != nil {
		return err
	}
	f, _ := Set.File(name)
	in, err := f.Open(paths[name])
	if err != nil {
		return fmt.Errorf("%s: %w", Set.Name, err)
	}
	defer in.Close()
	table := csv.NewReader(in) // each line must have as many fields as the header
	header, err := table.Read()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	line := 1
	for err == nil {
		line++
		var fields []string
		if fields, err = table.Read(); err == nil {
			each(row{header, fields, &err})
		}
	}
	if err != io.EOF {
		return fmt.Errorf("%s: %s: line %d: %w: it is damaged, or another table", Set.Name, paths[name], line, err)
	}
	return nil
}
