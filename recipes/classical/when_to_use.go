package classical

import "github.com/hadal-go/hadal/catalog"

func init() {
	catalog.Register(catalog.Row{
		ID: "B23", Tier: catalog.Unit, Title: "When to use machine learning, what triggered deep learning, robustness of learned mappings",
		Source: "Lee, Machine Learning 2016", Target: "documentation", Doc: "docs/when-to-use-ml.md",
	})
}
