package training_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/catalogtest"
	_ "github.com/hadal-go/hadal/recipes/training"
)

func TestRows(t *testing.T) { catalogtest.Units(t, "E") }
