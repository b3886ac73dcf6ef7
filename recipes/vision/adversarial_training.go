package vision

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/recipes/pictureset"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H14", Tier: catalog.Medium, Title: "Adversarial training", Source: "Goodfellow, Shlens and Szegedy 2015; Wong, Rice and Kolter 2020",
		Target: "trained on FGSM's pictures, a CNN is right on 0.85 of the digits under FGSM with ε = 0.25, and on 0.97 as they are",
		Note: "Goodfellow, Shlens and Szegedy step from the picture itself, and mix both losses. Of 10,000 digits a network learns from that to fend off the one step alone, " +
			"0 under ten steps: hence the random start and an ε that grows, which the row checks with them: the network keeps about 0.62 there, and must keep 0.30; the way of training was chosen among five, and its steps are as many as bring 0.87 under FGSM for seeds that nothing was chosen on. Of Fashion-MNIST 0.45 under FGSM, 0.65 as they are, 0.16 under ten steps; of the digits of 8 x 8 pixels 0.60, 0.65, 0.21; " + pictureset.Note,
		Test: adversarialTraining,
	})
}

func adversarialTraining(ctx context.Context, c *catalog.Check) error {
	set, err := loadGrey(ctx, c, 10000, pictureset.Least{MNIST: 0.85, Fashion: 0.45, Digits: 0.60})
	if err != nil {
		return err
	}
	const steps, some = 3000, 1000
	var robust nn.Sequential
	var clean, iterated []float64
	attacked, err := c.Median(3, func(seed uint64) (float64, error) {
		if robust, err = trainTarget(ctx, set, steps, seed, adversarialEps); err != nil {
			return 0, err
		}
		clean = append(clean, set.under(robust, 0, nil))
		iterated = append(iterated, set.under(robust, some/2, bim(adversarialEps, 10)))
		return set.under(robust, some, fgsm(adversarialEps)), nil
	})
	if err != nil {
		return err
	}
	plain, err := trainTarget(ctx, set, steps/3, max(c.Seed, 1), 0)
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy on "+set.Name+" under FGSM, ε = 0.25, after adversarial training", attacked, set.Least)
	c.AtLeast("test accuracy on the pictures as they are", catalog.Median(clean), set.Of(pictureset.Least{MNIST: 0.97, Fashion: 0.65, Digits: 0.65}))
	c.AtLeast("test accuracy under 10 steps of the same ε", catalog.Median(iterated), set.Of(pictureset.Least{MNIST: 0.30, Fashion: 0.16, Digits: 0.21}))
	c.Control(func() {
		c.AtMost("under FGSM after plain training", set.under(plain, some, fgsm(adversarialEps)), 0.20)
		c.AtMost("under 10 steps after plain training", set.under(plain, some/2, bim(adversarialEps, 10)), 0.01)
	})
	return c.Picture("robustness", func(path string) error {
		chart := plot.Chart{Title: fmt.Sprintf("%s: accuracy under attack (trained with ε = %g)", set.Name, adversarialEps), XLabel: "ε, the largest change of a pixel", YLabel: "test accuracy"}
		for _, net := range []struct {
			name  string
			model nn.Layer
		}{{"adversarial training", robust}, {"plain training", plain}} {
			fast, slow := plot.Series{Name: net.name + ", FGSM"}, plot.Series{Name: net.name + ", 10 steps", Dashed: true}
			for eps := 0.0; eps < 0.405; eps += 0.05 {
				a := set.under(net.model, some/4, nil)
				b := a
				if eps > 0 {
					a, b = set.under(net.model, some/4, fgsm(eps)), set.under(net.model, some/4, bim(eps, 10))
				}
				fast.X, fast.Y = append(fast.X, eps), append(fast.Y, a)
				slow.X, slow.Y = append(slow.X, eps), append(slow.Y, b)
			}
			chart.Series = append(chart.Series, fast, slow)
		}
		return plot.Lines(path, chart)
	})
}
