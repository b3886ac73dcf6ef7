package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// JitterConfig says how far ColorJitter goes, as torchvision's ColorJitter does.
type JitterConfig struct {
	Brightness float64 // values times a factor, uniform from max(0, 1−Brightness) to 1+Brightness
	Contrast   float64 // distances from the mean grey times such a factor
	Saturation float64 // distances from each pixel's own grey times such a factor
	Hue        float64 // turns the hue by −Hue to Hue of the circle, uniformly; at most 0.5
}

// ColorJitter changes brightness, contrast, saturation and hue at random and in random order (A. G. Howard, 2014, Some improvements on
// deep convolutional neural network based image classification). It takes values from 0 to 1 and cuts its results off there: put
// it before Normalize. Grey is 0.2989 R + 0.587 G + 0.114 B. A picture of one channel has neither saturation nor hue; other
// numbers of channels than 1 and 3 panic with ErrShape.
func ColorJitter(cfg JitterConfig) Transform {
	for _, v := range []float64{cfg.Brightness, cfg.Contrast, cfg.Saturation, 2 * cfg.Hue} {
		if !(v >= 0) || math.IsInf(v, 0) || cfg.Hue > 0.5 {
			tensor.Fail("color_jitter", tensor.ErrValue, nil, "%+v: want values that are not negative, and a hue of at most 0.5", cfg)
		}
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		checkColors("color_jitter", x)
		factor := func(r float64) float32 {
			lo := max(0, 1-r)
			return float32(lo + (1+r-lo)*g.Float64())
		}
		brightness, contrast, saturation := factor(cfg.Brightness), factor(cfg.Contrast), factor(cfg.Saturation)
		hue := float32(cfg.Hue * (2*g.Float64() - 1))
		order := g.Perm(4)
		return repaint(x, func(planes []float32, channels int) {
			for _, k := range order {
				switch {
				case k == 0 && cfg.Brightness > 0:
					blend(planes, brightness, 0)
				case k == 1 && cfg.Contrast > 0:
					blend(planes, contrast, meanGrey(planes, channels))
				case k == 2 && cfg.Saturation > 0 && channels == 3:
					saturate(planes, saturation)
				case k == 3 && cfg.Hue > 0 && channels == 3:
					turnHue(planes, hue)
				}
			}
		})
	}
}

// checkColors panics unless x is a picture of one or three channels.
func checkColors(op string, x *tensor.Tensor) {
	size(op, x)
	if c := x.Dim(0); c != 1 && c != 3 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture has %d channels: colours are known of 1, grey, and 3, red, green and blue", c)
	}
}

// repaint returns a copy of a picture that f has changed.
func repaint(x *tensor.Tensor, f func(planes []float32, channels int)) *tensor.Tensor {
	planes := make([]float32, x.Numel())
	tensor.Read(x, func(src []float32) { copy(planes, src) })
	f(planes, x.Dim(0))
	return tensor.OfShape(planes, x.Shape())
}

// unit32 cuts v off at 0 and 1; branches are faster here than min and max, which look for NaN.
func unit32(v float32) float32 {
	if v > 1 {
		return 1
	}
	if v < 0 {
		return 0
	}
	return v
}

// blend maps values to factor·v + (1 − factor)·to.
func blend(planes []float32, factor, to float32) {
	to *= 1 - factor
	for i, v := range planes {
		planes[i] = unit32(factor*v + to)
	}
}

// The weights of red, green and blue in grey, torchvision's for ITU-R BT.601.
const greyR, greyG, greyB = 0.2989, 0.587, 0.114

// split3 cuts a picture of three channels into its planes.
func split3(planes []float32) (r, g, b []float32) {
	n := len(planes) / 3
	return planes[:n], planes[n:][:n], planes[2*n:][:n]
}

func meanGrey(planes []float32, channels int) float32 {
	sum, n := 0.0, len(planes)/channels
	if channels == 1 {
		for _, v := range planes {
			sum += float64(v)
		}
	} else {
		r, g, b := split3(planes)
		for i := range r {
			sum += float64(greyR*r[i] + greyG*g[i] + greyB*b[i])
		}
	}
	return float32(sum / float64(max(1, n)))
}

func saturate(planes []float32, factor float32) {
	r, g, b := split3(planes)
	for i := range r {
		grey := (1 - factor) * (greyR*r[i] + greyG*g[i] + greyB*b[i])
		r[i], g[i], b[i] = unit32(factor*r[i]+grey), unit32(factor*g[i]+grey), unit32(factor*b[i]+grey)
	}
}

// turnHue turns the hue of the HSV colour space by a part of the circle.
func turnHue(planes []float32, turn float32) {
	r, g, b := split3(planes)
	for i := range r {
		red, green, blue := r[i], g[i], b[i]
		value := max(red, green, blue)
		chroma := value - min(red, green, blue)
		if chroma == 0 {
			continue // grey
		}
		var h float32 // sixths of the circle from red
		switch value {
		case red:
			h = (green - blue) / chroma
		case green:
			h = 2 + (blue-red)/chroma
		default:
			h = 4 + (red-green)/chroma
		}
		h += 6 * turn // from -4 to 8
		// A channel lacks all of the chroma over a third of the circle and none over another, with slopes between.
		lack := func(at float32) float32 {
			k := at + h
			if k < 0 {
				k += 6
			} else if k >= 6 {
				k -= 6
				if k >= 6 {
					k -= 6
				}
			}
			return chroma * unit32(min(k, 4-k))
		}
		r[i], g[i], b[i] = unit32(value-lack(5)), unit32(value-lack(3)), unit32(value-lack(1))
	}
}
