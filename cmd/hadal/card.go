package main

import (
	"fmt"
	"io"
	"strings"

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
	if c.Out == "" {
		_, err := fmt.Fprint(a.out, card.Markdown())
		return err
	}
	return atomicfile.WriteFile(c.Out, func(w io.Writer) error {
		_, err := io.WriteString(w, card.Markdown())
		return err
	})
}
