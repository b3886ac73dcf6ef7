package fft_test

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/tensor"
)

// The strongest frequency of a signal sampled 100 times a second.
func Example() {
	const rate, n = 100, 200
	x := make([]float32, n)
	for i := range x {
		t := float64(i) / rate
		x[i] = float32(math.Sin(2*math.Pi*12*t) + 0.5*math.Cos(2*math.Pi*30*t))
	}
	spectrum := fft.Abs(fft.RFFT(tensor.Of(x), 0, -1, fft.Forward))
	peak := int(spectrum.ArgMax(0).Item())
	hertz := fft.RFFTFreq(n, 1.0/rate).Select(0, peak).Item()
	fmt.Printf("%.1f Hz with amplitude %.2f\n", hertz, 2*spectrum.Select(0, peak).Item())
	// Output: 12.0 Hz with amplitude 1.00
}

// A spectrogram, and the signal back from it.
func ExampleSTFT() {
	x := tensor.Arange(0, 4000, 1).To(tensor.Float32).MulScalar(0.01).Sin()
	cfg := fft.STFTConfig{Hop: 160, Window: fft.Hann(400, fft.WindowConfig{})}
	y := fft.STFT(x, 400, cfg)
	back := fft.ISTFT(y, 400, 4000, cfg)
	fmt.Println(y.Shape(), back.Sub(x).Abs().Max().Item() < 1e-5)
	// Output: (201, 26, 2) true
}
