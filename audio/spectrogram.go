package audio

import (
	"math"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/tensor"
)

// SpectrogramConfig are the options of Spectrogram, with torchaudio's defaults.
type SpectrogramConfig struct {
	FFTSize   int            // samples of a frame; 0: 400
	WinLength int            // of the window, centred in the frame; 0: FFTSize
	Hop       int            // samples between frames; 0: ⌊WinLength/2⌋
	Window    *tensor.Tensor // (WinLength,); nil: Hann's
	Power     float64        // of the magnitude: 1 is amplitude, 2 power; 0: 2
	// NoCenter makes frame t start at sample t·Hop, as in a stream; default: it is centred there, the signal reflected at both ends.
	NoCenter bool
}

func (c SpectrogramConfig) check(op string) SpectrogramConfig {
	c.FFTSize = orDefault(c.FFTSize, 400)
	c.WinLength = orDefault(c.WinLength, c.FFTSize)
	c.Hop = orDefault(c.Hop, c.WinLength/2)
	if c.Power == 0 {
		c.Power = 2
	}
	if c.FFTSize < 2 || c.WinLength < 1 || c.WinLength > c.FFTSize || c.Hop < 1 || !(c.Power > 0 && c.Power <= math.MaxFloat64) {
		tensor.Fail(op, tensor.ErrValue, nil, "FFTSize %d must be 2 or more, WinLength %d from 1 to FFTSize, Hop %d and Power %v positive", c.FFTSize, c.WinLength, c.Hop, c.Power)
	}
	return c
}

func orDefault(v, d int) int {
	if v == 0 {
		return d
	}
	return v
}

// Spectrogram returns |STFT(x)|^Power of signals x (..., samples): (..., ⌊FFTSize/2⌋+1, frames). It panics with ErrValue on options out of range
// and with ErrShape when the signal is too short for one frame.
func Spectrogram(x *tensor.Tensor, cfg SpectrogramConfig) *tensor.Tensor {
	c := cfg.check("Spectrogram")
	window := c.Window
	if window == nil {
		window = fft.Hann(c.WinLength, fft.WindowConfig{DType: x.DType()})
	}
	z := fft.STFT(x, c.FFTSize, fft.STFTConfig{Hop: c.Hop, WinLength: c.WinLength, Window: window, NoCenter: c.NoCenter})
	switch c.Power {
	case 2:
		return fft.Real(z).Square().Add(fft.Imag(z).Square())
	case 1:
		return fft.Abs(z)
	}
	return fft.Abs(z).PowScalar(c.Power)
}

// MelConfig are the options of MelSpectrogram, with torchaudio's defaults.
type MelConfig struct {
	SpectrogramConfig
	SampleRate float64 // Hz; required
	Mels       int     // bands; 0: 128
	MinHz      float64 // where the first band begins
	MaxHz      float64 // where the last ends; 0: SampleRate/2
	Scale      MelScale
	SlaneyNorm bool // bands of area 1; default: of height 1
}

func (c MelConfig) check(op string) MelConfig {
	c.SpectrogramConfig = c.SpectrogramConfig.check(op)
	c.Mels = orDefault(c.Mels, 128)
	if c.MaxHz == 0 {
		c.MaxHz = c.SampleRate / 2
	}
	if !(c.SampleRate > 0 && c.SampleRate <= math.MaxFloat64) || c.Mels < 1 || !(c.MinHz >= 0 && c.MinHz < c.MaxHz && c.MaxHz <= c.SampleRate/2) || c.Scale > Slaney {
		tensor.Fail(op, tensor.ErrValue, nil, "SampleRate %v and Mels %d must be positive, MinHz %v below MaxHz %v, and that at most half of SampleRate; Scale HTK or Slaney", c.SampleRate, c.Mels, c.MinHz, c.MaxHz)
	}
	return c
}

// MelSpectrogram returns the spectrogram of signals x (..., samples) gathered into mel bands: (..., Mels, frames), MelFiltersᵀ · Spectrogram(x).
// It panics as Spectrogram does, and with ErrValue for frequencies out of range.
func MelSpectrogram(x *tensor.Tensor, cfg MelConfig) *tensor.Tensor {
	c := cfg.check("MelSpectrogram")
	return MelFilters(c).To(x.DType()).T().MatMul(Spectrogram(x, c.SpectrogramConfig))
}

// DBConfig are the options of Decibels.
type DBConfig struct {
	Amplitude bool     // the values are amplitudes, 20 log₁₀; default: powers, 10 log₁₀
	Least     float64  // values below are raised to it; 0: 1e-10
	Range     *float64 // what is more than this below the largest of a signal's values (its last two axes) is raised; nil: nothing is
}

// Decibels returns 10 log₁₀ x of powers, 20 log₁₀ x of amplitudes. It panics with ErrValue on options out of range.
func Decibels(x *tensor.Tensor, cfg DBConfig) *tensor.Tensor {
	if cfg.Least == 0 {
		cfg.Least = 1e-10
	}
	if !(cfg.Least > 0) || cfg.Range != nil && !(*cfg.Range >= 0) {
		tensor.Fail("Decibels", tensor.ErrValue, nil, "Least %v must be positive and Range not negative", cfg.Least)
	}
	factor := 10.0
	if cfg.Amplitude {
		factor = 20
	}
	y := x.ClampMin(cfg.Least).Log10().MulScalar(factor)
	if cfg.Range == nil || y.Numel() == 0 {
		return y
	}
	return y.Maximum(y.MaxKeepdim(-2, -1).AddScalar(-*cfg.Range))
}

// MFCCConfig are the options of MFCC.
type MFCCConfig struct {
	Mel          MelConfig
	Coefficients int      // 0: 40
	Log          bool     // ln(mel + 1e-6); default: decibels within Range
	Range        *float64 // of the decibels; nil: 80
}

// MFCC returns the first Coefficients of the orthonormal cosine transform of the logarithmic mel spectrogram of signals x (..., samples): (...,
// Coefficients, frames) (Davis and Mermelstein, 1980). It panics as MelSpectrogram does, and with ErrValue for more coefficients than bands.
func MFCC(x *tensor.Tensor, cfg MFCCConfig) *tensor.Tensor {
	n, m := orDefault(cfg.Coefficients, 40), cfg.Mel.check("MFCC")
	if n < 1 || n > m.Mels {
		tensor.Fail("MFCC", tensor.ErrValue, nil, "%d coefficients of %d bands; give 1 to Mels", n, m.Mels)
	}
	mel := MelSpectrogram(x, m)
	if cfg.Log {
		mel = mel.AddScalar(1e-6).Log()
	} else {
		if cfg.Range == nil {
			cfg.Range = new(80.0)
		}
		mel = Decibels(mel, DBConfig{Range: cfg.Range})
	}
	return fft.DCT(mel, 2, -2, fft.Ortho).Narrow(-2, 0, n)
}

// Deltas returns the slopes over time of features x (..., features, frames), in the same shape: of each feature the regression line's through
// 2n+1 frames, d_t = Σ_{k=1..n} k (x_{t+k} - x_{t-k}) / 2Σk², where the first and the last frame are repeated beyond the ends (Furui, 1986). Deltas of
// deltas are accelerations. It panics with ErrValue unless n is positive.
func Deltas(x *tensor.Tensor, n int) *tensor.Tensor {
	if n < 1 {
		tensor.Fail("Deltas", tensor.ErrValue, []tensor.Shape{x.Shape()}, "n is %d, must be positive", n)
	}
	frames, axis := x.Dim(-1), x.Rank()-1
	if frames == 0 {
		return x
	}
	lead := x.Shape().Dims()
	lead[axis] = n
	padded := tensor.Concat(axis, x.Narrow(axis, 0, 1).Expand(lead...), x, x.Narrow(axis, frames-1, 1).Expand(lead...))
	var sum *tensor.Tensor
	squares := 0
	for k := 1; k <= n; k++ {
		d := padded.Narrow(axis, n+k, frames).Sub(padded.Narrow(axis, n-k, frames)).MulScalar(float64(k))
		if squares += 2 * k * k; sum == nil {
			sum = d
		} else {
			sum = sum.Add(d)
		}
	}
	return sum.DivScalar(float64(squares))
}
