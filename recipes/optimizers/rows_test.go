package optimizers_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/catalogtest"
	_ "github.com/hadal-go/hadal/recipes/optimizers"
)

func TestRows(t *testing.T) { catalogtest.Units(t, "D") }
