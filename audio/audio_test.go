package audio_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/audio"
	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A tone of 1000 Hz is loudest in the band around it.
func ExampleMelSpectrogram() {
	tone := make([]float32, 8000)
	for i := range tone {
		tone[i] = float32(math.Sin(2 * math.Pi * 1000 * float64(i) / 8000))
	}
	mel := audio.MelSpectrogram(tensor.Of(tone), audio.MelConfig{SampleRate: 8000, Mels: 20, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 256}})
	fmt.Println(mel.Shape(), "loudest band", mel.Select(1, 30).ArgMax(0).Item())
	// Output: (20, 63) loudest band 9
}

func ExampleStream() {
	s := audio.NewStream(audio.MelConfig{SampleRate: 8000, Mels: 20, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 256, Hop: 128}})
	for range 3 {
		fmt.Println(s.Push(make([]float32, 200)).Shape())
	}
	// Output:
	// (20, 0)
	// (20, 2)
	// (20, 1)
}

type array struct {
	Shape []int
	Data  []float64
}

func (a array) tensor() *tensor.Tensor { return tensor.Of(a.Data, a.Shape...) }

func TestGolden(t *testing.T) {
	var golden map[string]array
	optest.ReadGolden(t, "testdata/golden.json", &golden)
	x := golden["x"].tensor()
	two, small := x.Reshape(2, 150), x.Narrow(0, 0, 24).Reshape(2, 12)
	mel := audio.MelConfig{SampleRate: 8000, Mels: 10, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 64}}
	for name, got := range map[string]*tensor.Tensor{
		"spectrogram":    audio.Spectrogram(x, audio.SpectrogramConfig{FFTSize: 64}),
		"amplitude":      audio.Spectrogram(two, audio.SpectrogramConfig{FFTSize: 50, WinLength: 40, Hop: 17, Power: 1, NoCenter: true}),
		"mel":            audio.MelSpectrogram(x, mel),
		"mel_slaney":     audio.MelSpectrogram(two, audio.MelConfig{SampleRate: 8000, Mels: 12, MinHz: 100, MaxHz: 3500, Scale: audio.Slaney, SlaneyNorm: true, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 64, Hop: 20}}),
		"filters":        audio.MelFilters(mel),
		"filters_slaney": audio.MelFilters(audio.MelConfig{SampleRate: 8000, Mels: 8, MinHz: 20, MaxHz: 3000, Scale: audio.Slaney, SlaneyNorm: true, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 64}}),
		"mfcc":           audio.MFCC(x, audio.MFCCConfig{Coefficients: 7, Mel: mel}),
		"mfcc_log":       audio.MFCC(x, audio.MFCCConfig{Coefficients: 5, Mel: mel, Log: true}),
		"deltas":         audio.Deltas(small, 2),
		"deltas_9":       audio.Deltas(small, 4),
		"db":             audio.Decibels(small.Abs(), audio.DBConfig{Amplitude: true, Range: new(30.0)}),
	} {
		want := golden[name]
		if len(want.Data) == 0 || !slices.Equal(got.Shape().Dims(), want.Shape) {
			t.Errorf("%s is %v, want %v", name, got.Shape(), want.Shape)
			continue
		}
		scale := 0.0 // torchaudio computes in float32
		for _, v := range want.Data {
			scale = max(scale, math.Abs(v))
		}
		for i, v := range got.Floats() {
			if !(math.Abs(v-want.Data[i]) <= 3e-6*scale) {
				t.Errorf("%s[%d] = %v, want %v", name, i, v, want.Data[i])
				break
			}
		}
	}
}

// The power of a Hann window's frames, without overlap of more than half, adds up to the signal's (Parseval), and the filters add up to 1.
func TestParseval(t *testing.T) {
	x := tensor.With(tensor.Float64).Randn(random.New(1), 64)
	window := tensor.With(tensor.Float64).Ones(64)
	s := audio.Spectrogram(x, audio.SpectrogramConfig{FFTSize: 64, NoCenter: true, Window: window}).Select(1, 0).Floats()
	sum := s[0] + s[32]
	for _, v := range s[1:32] {
		sum += 2 * v
	}
	if want := 64 * x.Square().Sum().Item(); math.Abs(sum-want) > 1e-10*want {
		t.Errorf("the power is %v, want %v", sum, want)
	}
	c := audio.MelConfig{SampleRate: 8000, Mels: 12, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 2048}}
	rows := audio.MelFilters(c).Sum(1).Floats()
	first, last := int(audio.HTK.Hz(audio.HTK.Mel(4000)/13)/4000*1024)+1, int(audio.HTK.Hz(audio.HTK.Mel(4000)*12/13)/4000*1024)
	for k, v := range rows[first:last] {
		if math.Abs(v-1) > 1e-6 {
			t.Fatalf("frequency %d has weight %v in all bands", first+k, v)
		}
	}
	for _, s := range []audio.MelScale{audio.HTK, audio.Slaney} {
		for f := 0.0; f < 20000; f += 99.5 {
			if back := s.Hz(s.Mel(f)); math.Abs(back-f) > 1e-9*(1+f) {
				t.Errorf("%v Hz is %v mel is %v Hz", f, s.Mel(f), back)
			}
		}
	}
	if m := audio.HTK.Mel(1000); math.Abs(m-1000) > 0.02 {
		t.Errorf("1000 Hz is %v mel", m)
	}
}

// However the signal is cut, the frames are those of the whole.
func TestStream(t *testing.T) {
	g := random.New(2)
	x := make([]float32, 3000)
	for i := range x {
		x[i] = float32(g.NormFloat64())
	}
	for _, c := range []audio.MelConfig{
		{SampleRate: 8000, Mels: 8, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 64, Hop: 32}},
		{SampleRate: 8000, Mels: 8, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 64, Hop: 100}}, // hops over samples
		{SampleRate: 8000, Mels: 8, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 50, WinLength: 30, Hop: 7}},
	} {
		whole := c
		whole.NoCenter = true
		want := audio.MelSpectrogram(tensor.Of(x), whole)
		for _, most := range []int{1, 63, 64, 500, 3000} {
			s := audio.NewStream(c)
			var parts []*tensor.Tensor
			for at := 0; at < len(x); {
				n := min(1+g.Intn(most), len(x)-at)
				parts = append(parts, s.Push(x[at:at+n]))
				at += n
			}
			got := tensor.Concat(1, parts...)
			if got.Shape() != want.Shape() {
				t.Errorf("%+v, blocks up to %d: %v, want %v", c, most, got.Shape(), want.Shape())
			} else if d := got.Sub(want).Abs().Max().Item(); !(d <= 1e-5*want.Max().Item()) {
				t.Errorf("%+v, blocks up to %d: off by %v", c, most, d)
			}
		}
	}
}

func TestGradients(t *testing.T) {
	x := tensor.With(tensor.Float64).Randn(random.New(3), 2, 40)
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		c := audio.MelConfig{SampleRate: 100, Mels: 6, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 16, Hop: 8}}
		return []*tensor.Tensor{audio.Deltas(audio.MFCC(in[0], audio.MFCCConfig{Mel: c, Coefficients: 4, Log: true}), 1)}
	}, []*tensor.Tensor{x}, autograd.GradCheckConfig{})
	if err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	x := tensor.Ones(100)
	mel := audio.MelConfig{SampleRate: 8000, Mels: 4, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 32}}
	with := func(f func(*audio.MelConfig)) audio.MelConfig { c := mel; f(&c); return c }
	for want, f := range map[string]func(){
		"Hop -1":          func() { audio.Spectrogram(x, audio.SpectrogramConfig{Hop: -1}) },
		"WinLength 50":    func() { audio.Spectrogram(x, audio.SpectrogramConfig{FFTSize: 32, WinLength: 50}) },
		"SampleRate 0":    func() { audio.MelSpectrogram(x, with(func(c *audio.MelConfig) { c.SampleRate = 0 })) },
		"MaxHz 5000":      func() { audio.MelSpectrogram(x, with(func(c *audio.MelConfig) { c.MaxHz = 5000 })) },
		"MinHz 300":       func() { audio.MelFilters(with(func(c *audio.MelConfig) { c.MinHz, c.MaxHz = 300, 200 })) },
		"Mels -1":         func() { audio.NewStream(with(func(c *audio.MelConfig) { c.Mels = -1 })) },
		"5 coefficients":  func() { audio.MFCC(x, audio.MFCCConfig{Mel: mel, Coefficients: 5}) },
		"Range not":       func() { audio.Decibels(x, audio.DBConfig{Range: new(-1.0)}) },
		"n is 0":          func() { audio.Deltas(tensor.Ones(2, 3), 0) },
		"needs more than": func() { audio.MelSpectrogram(tensor.Ones(10), mel) },
	} {
		if err := tensor.Catch(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
