package audio

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// MelScale is how pitch, in mel, grows with frequency, in Hz.
type MelScale uint8

const (
	HTK    MelScale = iota // 2595 log₁₀(1 + f/700) (D. O'Shaughnessy, 1987)
	Slaney                 // 3f/200 up to 1000 Hz, 15 + 27 ln(f/1000) / ln 6.4 above (M. Slaney, Auditory Toolbox, 1998)
)

// Mel returns the pitch of a frequency in Hz.
func (s MelScale) Mel(hz float64) float64 {
	switch {
	case s == HTK:
		return 2595 * math.Log10(1+hz/700)
	case hz < 1000:
		return 3 * hz / 200
	}
	return 15 + 27*math.Log(hz/1000)/math.Log(6.4)
}

// Hz returns the frequency of a pitch; it is the inverse of Mel.
func (s MelScale) Hz(mel float64) float64 {
	switch {
	case s == HTK:
		return 700 * (math.Pow(10, mel/2595) - 1)
	case mel < 15:
		return 200 * mel / 3
	}
	return 1000 * math.Exp((mel-15)*math.Log(6.4)/27)
}

// MelFilters returns the weights (frequencies, mels) float32 with which the frequencies 0..⌊FFTSize/2⌋ of a spectrum go into the mel bands:
// triangles whose corners are equally far apart in mel, each rising from 0 at its left neighbour's top to 1 and falling to 0 at its right
// neighbour's (Davis and Mermelstein, 1980). With c.SlaneyNorm each triangle has area 1 in Hz. It panics with ErrValue as MelSpectrogram does.
func MelFilters(c MelConfig) *tensor.Tensor {
	c = c.check("MelFilters")
	bins := c.FFTSize/2 + 1
	lo, hi := c.Scale.Mel(c.MinHz), c.Scale.Mel(c.MaxHz)
	corner := make([]float64, c.Mels+2)
	for i := range corner {
		corner[i] = c.Scale.Hz(lo + (hi-lo)*float64(i)/float64(c.Mels+1))
	}
	w := make([]float32, bins*c.Mels)
	for k := range bins {
		f := c.SampleRate / 2 * float64(k) / float64(bins-1)
		for m := range c.Mels {
			up, down := (f-corner[m])/(corner[m+1]-corner[m]), (corner[m+2]-f)/(corner[m+2]-corner[m+1])
			v := max(0, min(up, down))
			if c.SlaneyNorm {
				v *= 2 / (corner[m+2] - corner[m])
			}
			w[k*c.Mels+m] = float32(v)
		}
	}
	return tensor.Of(w, bins, c.Mels)
}
