package fft_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// oneWorker runs f on a single goroutine.
func oneWorker(b *testing.B, f func()) {
	b.Helper()
	parallel.SetWorkers(1)
	defer parallel.SetWorkers(0)
	for b.Loop() {
		f()
	}
}

// On one Zen 3 core, in ms, with AVX2 and portable, and PyTorch 1.13 in the same run (its best of seven):
//
//	        AVX2   Go     PyTorch
//	rfft    1.7    10     2.4
//	irfft   1.2    12     2.5
//	fft2    8.1    24     6.5
//	stft    7.7    22     6.9
//	istft   15     26     29
func BenchmarkTransforms(b *testing.B) {
	g := random.New(1)
	x, z, a := tensor.Randn(g, 64, 16384), tensor.Randn(g, 16, 256, 256, 2), tensor.Randn(g, 60*16000)
	y := fft.RFFT(x, 0, -1, fft.Backward)
	cfg := fft.STFTConfig{Hop: 160, Window: fft.Hann(400, fft.WindowConfig{})}
	s := fft.STFT(a, 400, cfg)
	for _, c := range []struct {
		name string
		f    func() *tensor.Tensor
	}{
		{"rfft 64x16384", func() *tensor.Tensor { return fft.RFFT(x, 0, -1, fft.Backward) }},
		{"irfft 64x16384", func() *tensor.Tensor { return fft.IRFFT(y, 0, -1, fft.Backward) }},
		{"fft2 16x256x256", func() *tensor.Tensor { return fft.FFT2(z, nil, nil, fft.Backward) }},
		{"stft 60s", func() *tensor.Tensor { return fft.STFT(a, 400, cfg) }},
		{"istft 60s", func() *tensor.Tensor { return fft.ISTFT(s, 400, 0, cfg) }},
		{"dct 64x16384", func() *tensor.Tensor { return fft.DCT(x, 2, -1, fft.Ortho) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			oneWorker(b, func() {
				tensor.WithScope(func(s *tensor.Scope) { c.f() })
			})
		})
	}
}

func BenchmarkConv1d(b *testing.B) {
	g := random.New(1)
	for _, k := range []int{16, 32, 64, 128, 256, 512, 1024} {
		for _, c := range []int{1, 16} {
			x, w := tensor.Randn(g, 4, c, 8192), tensor.Randn(g, c, c, k)
			b.Run(fmt.Sprintf("direct %d channels %d", c, k), func(b *testing.B) {
				oneWorker(b, func() { tensor.Conv1d(x, w, nil, tensor.ConvConfig{}) })
			})
			b.Run(fmt.Sprintf("fft %d channels %d", c, k), func(b *testing.B) {
				oneWorker(b, func() { fft.Conv1d(x, w, nil, tensor.ConvConfig{}) })
			})
		}
	}
}

func BenchmarkConv2d(b *testing.B) {
	g := random.New(1)
	for _, k := range []int{3, 7, 11, 15, 23, 31} {
		for _, c := range []int{1, 16} {
			x, w := tensor.Randn(g, 2, c, 128, 128), tensor.Randn(g, c, c, k, k)
			cfg := tensor.ConvConfig{Padding: [2]int{k / 2, k / 2}}
			b.Run(fmt.Sprintf("direct %d channels %dx%d", c, k, k), func(b *testing.B) {
				oneWorker(b, func() { tensor.Conv2d(x, w, nil, cfg) })
			})
			b.Run(fmt.Sprintf("fft %d channels %dx%d", c, k, k), func(b *testing.B) {
				oneWorker(b, func() { fft.Conv2d(x, w, nil, cfg) })
			})
		}
	}
}
