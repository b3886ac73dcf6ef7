package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

type cardCmd struct {
	Run_ string `arg:"" name:"run" help:"Run folder." type:"path"`
	Out  string `help:"File to write; default: standard output." type:"path"`
}

// Run prints the run's model card in Markdown.
func (c *cardCmd) Run(a *app) error {
	card, err := train.ModelCard(c.Run_)
	if err != nil {
		return err
	}
	if e, err := recipes.Find(card.Name); err == nil {
		card.Summary, card.Paper = strings.ToUpper(e.Title[:1])+e.Title[1:]+".", e.Paper
	}
	return a.write(c.Out, card.Markdown())
}

type dataCardCmd struct {
	Name    string `arg:"" help:"Data set: ${cards}."`
	DataDir string `help:"Folder to look in first." type:"path"`
	Offline bool   `help:"Never download."`
	Out     string `help:"File to write; default: standard output." type:"path"`
}

// Run prints the data set's card in Markdown.
func (c *dataCardCmd) Run(a *app) error {
	if !slices.Contains(sets.CardNames(), c.Name) {
		_, err := sets.Card(a.ctx, c.Name, source.Config{})
		return usageError{err}
	}
	p := &progress{a: a, columns: a.columns()}
	defer p.close()
	cfg := source.Config{Dir: c.DataDir, Offline: c.Offline}
	if c.Out != "" { // else the card alone goes to standard output
		cfg.Progress = p.download
	}
	card, err := sets.Card(a.ctx, c.Name, cfg)
	if err != nil {
		return err
	}
	return a.write(c.Out, card.Markdown())
}

// write puts a text into a file, whole or not at all, or to standard output if path is empty.
func (a *app) write(path, text string) error {
	if path == "" {
		_, err := fmt.Fprint(a.out, text)
		return err
	}
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
