package vision_test

import (
	"os"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
)

func TestMain(m *testing.M) { os.Exit(optest.Main(m)) }
