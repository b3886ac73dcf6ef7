package fft_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/tensor"
)

func TestBadArguments(t *testing.T) {
	refuse := func(kind tensor.Kind, says string, f func()) {
		t.Helper()
		err := tensor.Catch(f)
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want %q with %q", err, kind, says)
		}
	}
	x, z := tensor.Ones(4, 6), tensor.Ones(4, 6, 2)
	signal, w := tensor.Ones(20), tensor.Ones(8)
	refuse(tensor.ErrShape, "fft.Complex", func() { fft.FFT(x, 0, -1, fft.Backward) })
	refuse(tensor.ErrShape, "fft.Complex", func() { fft.IRFFT(tensor.Scalar(float32(1)), 0, -1, fft.Backward) })
	refuse(tensor.ErrAxis, "axis 2", func() { fft.FFT(z, 0, 2, fft.Backward) })
	refuse(tensor.ErrAxis, "axis -3", func() { fft.IRFFT(z, 0, -3, fft.Backward) })
	refuse(tensor.ErrAxis, "axis 2", func() { fft.RFFT(x, 0, 2, fft.Backward) })
	refuse(tensor.ErrAxis, "0 dimensions", func() { fft.FFT(tensor.Ones(2), 0, 0, fft.Backward) })
	refuse(tensor.ErrValue, "-1 is negative", func() { fft.FFT(z, -1, 0, fft.Backward) })
	refuse(tensor.ErrValue, "size -2", func() { fft.IRFFT(z, -2, 0, fft.Backward) })
	refuse(tensor.ErrValue, "size 0", func() { fft.IRFFT(tensor.Ones(1, 2), 0, 0, fft.Backward) })
	refuse(tensor.ErrValue, "Norm(3)", func() { fft.FFT(z, 0, 0, 3) })
	refuse(tensor.ErrShape, "is empty", func() { fft.FFT(tensor.Ones(3, 0, 2), 0, 1, fft.Backward) })
	refuse(tensor.ErrShape, "is empty", func() { fft.RFFT(tensor.Ones(0), 0, 0, fft.Backward) })
	refuse(tensor.ErrDType, "int64", func() { fft.RFFT(tensor.Arange(0, 4, 1), 0, 0, fft.Backward) })
	refuse(tensor.ErrDType, "int64", func() { fft.FFT(z.To(tensor.Int64), 0, 0, fft.Backward) })
	refuse(tensor.ErrAxis, "named twice", func() { fft.FFT2(z, nil, []int{0, -2}, fft.Backward) })
	refuse(tensor.ErrAxis, "axis -2", func() { fft.FFT2(tensor.Ones(4, 2), nil, nil, fft.Backward) })
	refuse(tensor.ErrShape, "1 sizes for 2 axes", func() { fft.RFFT2(x, []int{3}, nil, fft.Backward) })
	refuse(tensor.ErrShape, "3 sizes for 2 dim", func() { fft.FFTN(z, []int{3, 3, 3}, nil, fft.Backward) })
	refuse(tensor.ErrAxis, "no axis", func() { fft.RFFTN(tensor.Scalar(float32(1)), nil, nil, fft.Backward) })
	refuse(tensor.ErrShape, "same shape", func() { fft.Complex(x, tensor.Ones(4)) })
	refuse(tensor.ErrDType, "one floating-point", func() { fft.Complex(x, x.To(tensor.Float64)) })
	refuse(tensor.ErrShape, "last axis of size 2", func() { fft.Mul(z, x) })
	refuse(tensor.ErrShape, "do not broadcast", func() { fft.Mul(z, tensor.Ones(5, 2)) })
	refuse(tensor.ErrDType, "float64", func() { fft.Mul(z, z.To(tensor.Float64)) })
	refuse(tensor.ErrValue, "size 0", func() { fft.FFTFreq(0, 1) })
	refuse(tensor.ErrValue, "spacing 0", func() { fft.RFFTFreq(4, 0) })
	refuse(tensor.ErrAxis, "axis 2", func() { fft.FFTShift(x, 2) })
	refuse(tensor.ErrValue, "between 1", func() { fft.FastSize(0) })

	refuse(tensor.ErrValue, "-1 is negative", func() { fft.Hann(-1, fft.WindowConfig{}) })
	refuse(tensor.ErrDType, "int64", func() { fft.Bartlett(4, fft.WindowConfig{DType: tensor.Int64}) })
	refuse(tensor.ErrValue, "positive", func() { fft.Gaussian(4, 0, fft.WindowConfig{}) })
	refuse(tensor.ErrValue, "beta", func() { fft.Kaiser(4, 1e4, fft.WindowConfig{}) })

	refuse(tensor.ErrValue, "types 2 and 3", func() { fft.DCT(x, 1, 0, fft.Backward) })
	refuse(tensor.ErrValue, "types 2 and 3", func() { fft.IDCT(x, 4, 0, fft.Backward) })
	refuse(tensor.ErrValue, "Norm(9)", func() { fft.DCT(x, 2, 0, 9) })
	refuse(tensor.ErrAxis, "axis 5", func() { fft.DCT(x, 2, 5, fft.Backward) })
	refuse(tensor.ErrShape, "is empty", func() { fft.DCT(tensor.Ones(0), 2, 0, fft.Backward) })

	refuse(tensor.ErrShape, "(..., samples)", func() { fft.STFT(tensor.Scalar(float32(1)), 8, fft.STFTConfig{}) })
	refuse(tensor.ErrShape, "longer than the signal", func() { fft.STFT(signal, 21, fft.STFTConfig{NoCenter: true}) })
	refuse(tensor.ErrShape, "reflect padding", func() { fft.STFT(tensor.Ones(4), 8, fft.STFTConfig{}) })
	refuse(tensor.ErrShape, "(6,)", func() { fft.STFT(signal, 8, fft.STFTConfig{Window: w, WinLength: 6}) })
	refuse(tensor.ErrValue, "no longer than a frame", func() { fft.STFT(signal, 8, fft.STFTConfig{WinLength: 9}) })
	refuse(tensor.ErrValue, "must be positive", func() { fft.STFT(signal, 8, fft.STFTConfig{Hop: -1}) })
	refuse(tensor.ErrValue, "must be positive", func() { fft.STFT(signal, 0, fft.STFTConfig{}) })
	refuse(tensor.ErrDType, "int64", func() { fft.STFT(signal.To(tensor.Int64), 8, fft.STFTConfig{}) })
	y := fft.STFT(signal, 8, fft.STFTConfig{})
	refuse(tensor.ErrShape, "5 frequencies where frames of 8 samples have 8", func() { fft.ISTFT(y, 8, 0, fft.STFTConfig{TwoSided: true}) })
	refuse(tensor.ErrShape, "(..., frequencies, frames, 2)", func() { fft.ISTFT(y.Select(0, 0), 8, 0, fft.STFTConfig{}) })
	refuse(tensor.ErrValue, "hop 7 is longer", func() { fft.ISTFT(y, 8, 0, fft.STFTConfig{Hop: 7, WinLength: 6}) })
	refuse(tensor.ErrValue, "length -1", func() { fft.ISTFT(y, 8, -1, fft.STFTConfig{}) })
	refuse(tensor.ErrValue, "sample is lost", func() {
		fft.ISTFT(y, 8, 0, fft.STFTConfig{Window: fft.Hann(8, fft.WindowConfig{}), Hop: 8, NoCenter: true})
	})
	refuse(tensor.ErrShape, "nothing between", func() { fft.ISTFT(y.Narrow(1, 0, 1), 8, 0, fft.STFTConfig{}) })

	refuse(tensor.ErrShape, "(N, C, L)", func() { fft.Conv1d(x, x, nil, tensor.ConvConfig{}) })
	refuse(tensor.ErrShape, "channels", func() { fft.Conv1d(tensor.Ones(1, 3, 9), tensor.Ones(2, 2, 3), nil, tensor.ConvConfig{}) })
	refuse(tensor.ErrShape, "bias", func() { fft.Conv1d(tensor.Ones(1, 2, 9), tensor.Ones(2, 2, 3), x, tensor.ConvConfig{}) })
	refuse(tensor.ErrShape, "kernel spans 5", func() { fft.Conv2d(tensor.Ones(1, 1, 4, 4), tensor.Ones(1, 1, 5, 5), nil, tensor.ConvConfig{}) })
	refuse(tensor.ErrValue, "groups", func() {
		fft.Conv2d(tensor.Ones(1, 4, 4, 4), tensor.Ones(3, 2, 2, 2), nil, tensor.ConvConfig{Groups: 2})
	})
	refuse(tensor.ErrDType, "float64", func() {
		fft.Conv1d(tensor.Ones(1, 2, 9), tensor.Ones(2, 2, 3).To(tensor.Float64), nil, tensor.ConvConfig{})
	})
}
