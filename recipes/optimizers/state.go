package optimizers

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D18", Tier: catalog.Unit, Title: "An optimizer's history: θ_t, m_{t+1}, v_{t+1}", Source: "Course (Lee)",
		Target: "every optimizer shows its state by name; Adam's m and v are the recursions of its definition to 1e-12",
		Note:   `names are PyTorch's: m is "exp_avg", v "exp_avg_sq", momentum "momentum_buffer"`,
		Test:   state,
	})
}

func state(_ context.Context, c *catalog.Check) error {
	p := param(1.5)
	opt := optim.NewAdam(only(p), optim.AdamConfig{LR: 0.05})
	mv, off := moments(b1, b2), 0.0
	for range 30 {
		g := at(p)[0] + math.Sin(3*at(p)[0]) // at θ_t
		step(opt, g)
		m, v := mv(g)
		s := opt.State() // m_{t+1}, v_{t+1}
		off = max(off, math.Abs(m-s.Tensor("0.exp_avg").Item()), math.Abs(v-s.Tensor("0.exp_avg_sq").Item()))
	}
	c.AtMost("error of m and v over 30 steps", off, 1e-12)
	c.Equal("steps in the state", opt.State().Scalars["0.step"], 30)
	c.Control(func() {
		c.True("there is no state of another optimizer's name", opt.State().Tensor("0.momentum_buffer") == nil)
	})
	names := map[string]string{
		"SGD": "", "momentum": "momentum_buffer", "Nesterov": "momentum_buffer", "Adagrad": "sum", "RMSProp": "square_avg", "Adadelta": "square_avg acc_delta",
		"Adam": "exp_avg exp_avg_sq", "AMSGrad": "exp_avg exp_avg_sq max_exp_avg_sq", "AdamW": "exp_avg exp_avg_sq", "Adamax": "exp_avg exp_inf",
		"NAdam": "exp_avg exp_avg_sq", "RAdam": "exp_avg exp_avg_sq", "Rprop": "prev step_size", "AdaBound": "exp_avg exp_avg_sq",
		"AMSBound": "exp_avg exp_avg_sq max_exp_avg_sq", "SWATS": "exp_avg exp_avg_sq momentum_buffer",
	}
	named := 0.0
	for _, k := range kinds {
		opt := k.make(only(param(1)), 0.01, false)
		step(opt, 2)
		s, whole := opt.State(), true
		for name := range strings.FieldsSeq(names[k.name]) {
			t := s.Tensor("0." + name)
			whole = whole && t != nil
		}
		if strings.HasPrefix(k.name, "Lookahead") {
			whole = s.Tensor("lookahead.0") != nil
		}
		if !whole {
			return fmt.Errorf("%s lacks one of %s", k.name, names[k.name])
		}
		named++
	}
	c.Equal("optimizers with their state by name", named, float64(len(kinds)))
	return nil
}
