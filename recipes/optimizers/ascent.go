package optimizers

import (
	"bytes"
	"context"

	"github.com/hadal-go/hadal/catalog"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D17", Tier: catalog.Unit, Title: "Gradient ascent, for rewards", Source: "Course",
		Target: "maximising R and minimising -R is the same path with every optimizer, to the bit",
		Test:   ascent,
	})
}

func ascent(_ context.Context, c *catalog.Check) error {
	reward := func(x []float64) (float64, []float64) { // -Rosenbrock: the most is 0, at (1, 1)
		v, g := rosenbrock(x)
		return -v, []float64{-g[0], -g[1]}
	}
	same, rises := 0.0, 0.0
	for _, k := range kinds {
		up, down := param(-1.2, 1), param(-1.2, 1)
		before, _ := reward(at(up))
		_, after := descend(k.make(only(up), k.rosenbrock, true), reward, 200)
		descend(k.make(only(down), k.rosenbrock, false), rosenbrock, 200)
		if bytes.Equal(up.Bytes(), down.Bytes()) {
			same++
		}
		if after > before {
			rises++
		}
	}
	c.Equal("optimizers whose paths are the same", same, float64(len(kinds)))
	c.Equal("optimizers that raise the reward", rises, float64(len(kinds)))
	p := param(-1.2, 1)
	before, _ := reward(at(p))
	_, after := descend(kinds[0].make(only(p), kinds[0].rosenbrock, false), reward, 3) // the wrong way
	c.Control(func() { c.AtMost("change of the reward when it is minimised", after-before, 0) })
	return nil
}
