package classical

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B21", Tier: catalog.Unit, Title: "Principal component analysis, the baseline of autoencoders", Source: "Pearson 1901",
		Target: "on the digits, for each number of components, the mean squared error of reconstruction is the sum of the discarded eigenvalues of the covariance to 1e-8",
		Test:   pca,
	})
}

func pca(_ context.Context, c *catalog.Check) error {
	images := digits.Load()
	pix := make([]float64, len(images.Pix))
	for i, v := range images.Pix {
		pix[i] = float64(v)
	}
	x := f64(pix, images.N, 64)
	n := float64(images.N)

	// Eigenvalues of the covariance, by another algorithm than the singular values of PCA.
	centered := x.Sub(x.Mean(0))
	values, err := linalg.Eigvalsh(centered.T().MatMul(centered).DivScalar(n))
	if err != nil {
		return err
	}
	rising := values.Floats()
	reconstruct := func(k int) (*linear.PCA, *tensor.Tensor, error) {
		p := linear.NewPCA(linear.PCAConfig{Components: k})
		if err := p.Fit(x); err != nil {
			return nil, nil, err
		}
		return p, p.InverseTransform(p.Transform(x)), nil
	}
	loss := func(back *tensor.Tensor) float64 { return x.Sub(back).Square().Sum().Item() / n }
	var off, discarded float64
	for k := 64; k >= 1; k-- {
		if k%7 == 1 || k < 5 {
			_, back, err := reconstruct(k)
			if err != nil {
				return err
			}
			off = max(off, math.Abs(loss(back)-discarded))
		}
		discarded += max(rising[64-k], 0)
	}
	c.AtMost("worst |reconstruction error - sum of discarded eigenvalues|", off, 1e-8)

	p, back, err := reconstruct(10)
	if err != nil {
		return err
	}
	c.AtMost("|components · componentsᵀ - I|", worst(p.Components.MatMul(p.Components.T()), tensor.Eye(10).To(tensor.Float64)), 1e-12)
	white := linear.NewPCA(linear.PCAConfig{Components: 10, Whiten: true})
	if err := white.Fit(x); err != nil {
		return err
	}
	z := white.Transform(x)
	c.AtMost("|covariance of the whitened digits - I|", worst(z.T().MatMul(z).DivScalar(n-1), tensor.Eye(10).To(tensor.Float64)), 1e-10)
	q, _, err := linalg.QR(tensor.Randn(random.New(max(c.Seed, 1)), 64, 10).To(tensor.Float64), linalg.QRReduced)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtLeast("error of a random projection onto 10 dimensions over that of PCA", loss(centered.MatMul(q).MatMul(q.T()).Add(x.Mean(0)))/loss(back), 1.5)
	})

	if err := c.Picture("variance", func(file string) error {
		whole := linear.NewPCA(linear.PCAConfig{})
		if err := whole.Fit(x); err != nil {
			return err
		}
		ks, share := tensor.Arange(1, 65, 1).Floats(), whole.ExplainedVarianceRatio.Cumsum(0).Floats()
		return plot.Lines(file, plot.Chart{Title: "Variance of the digits that components explain", XLabel: "components", YLabel: "share", Series: []plot.Series{{X: ks, Y: share}}})
	}); err != nil {
		return err
	}
	return c.Picture("digits", func(file string) error {
		var tiles []plot.Tile
		for _, k := range []int{64, 20, 10, 4, 1} {
			_, back, err := reconstruct(k)
			if err != nil {
				return err
			}
			for i := range 10 {
				tiles = append(tiles, plot.Tile{Image: plot.GrayRange(8, 8, back.Select(0, i).Floats(), 0, 16), Caption: fmt.Sprint("K = ", k)})
			}
		}
		return plot.ImageGrid(file, tiles, plot.ImageGridConfig{Title: "Ten digits from 64, 20, 10, 4 and 1 components", Columns: 10, Scale: 12})
	})
}
