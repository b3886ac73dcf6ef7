package workflow_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/catalogtest"
	_ "github.com/hadal-go/hadal/recipes/workflow"
)

func TestRows(t *testing.T) { catalogtest.Units(t, "U") }
