// Package all makes every recipe known: import it for its side effect.
package all

import (
	_ "github.com/hadal-go/hadal/recipes/classical"
	_ "github.com/hadal-go/hadal/recipes/cnn"
	_ "github.com/hadal-go/hadal/recipes/convolution"
	_ "github.com/hadal-go/hadal/recipes/core"
	_ "github.com/hadal-go/hadal/recipes/maths"
	_ "github.com/hadal-go/hadal/recipes/metrics"
	_ "github.com/hadal-go/hadal/recipes/optimizers"
	_ "github.com/hadal-go/hadal/recipes/tabular" // tabular
	_ "github.com/hadal-go/hadal/recipes/training"
	_ "github.com/hadal-go/hadal/recipes/vision" // detect, lenet, mlp
	_ "github.com/hadal-go/hadal/recipes/workflow"
)
