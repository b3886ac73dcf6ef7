package maths_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/catalogtest"
	_ "github.com/hadal-go/hadal/recipes/maths"
)

func TestRows(t *testing.T) { catalogtest.Units(t, "A") }
