package workflow

import "github.com/hadal-go/hadal/catalog"

func init() {
	catalog.Register(catalog.Row{
		ID: "U07", Tier: catalog.Unit, Title: "Recap of the course and its history",
		Target: "documented: what each part stands on and where it is shown", Doc: "docs/history.md",
	})
}
