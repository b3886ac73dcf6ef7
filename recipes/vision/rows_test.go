package vision_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/catalogtest"
	_ "github.com/hadal-go/hadal/recipes/vision"
)

func TestRows(t *testing.T) { catalogtest.Units(t, "H") }
