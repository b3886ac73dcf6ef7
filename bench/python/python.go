// Package python finds the Python that a comparison runs.
package python

import (
	"context"
	"fmt"
	"os/exec"
)

// Find returns a Python that imports a module, the named one if there is a name; product and install tell the user what is missing.
func Find(ctx context.Context, name, module, product, install string) (string, error) {
	names := []string{"python3", "/usr/bin/python3"}
	if name != "" {
		names = []string{name}
	}
	for _, n := range names {
		if exec.CommandContext(ctx, n, "-c", "import "+module).Run() == nil {
			return n, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "", fmt.Errorf("no %s for %q: apt-get install %s, or name a Python that has it with --python", product, names, install)
}
