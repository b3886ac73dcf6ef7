package fft

import (
	"github.com/hadal-go/hadal/tensor"
)

// STFTConfig are the options of STFT and ISTFT, as in torch.stft.
type STFTConfig struct {
	Hop        int             // samples between frames; 0: ⌊size/4⌋
	WinLength  int             // length of the window, which is centred in a frame and padded with zeros; 0: size
	Window     *tensor.Tensor  // (WinLength,); nil: ones
	NoCenter   bool            // frame t starts at sample t·Hop; default: it is centred there, the signal padded by ⌊size/2⌋ at both ends
	Pad        *tensor.PadMode // how STFT pads; nil: reflected
	Normalized bool            // times 1/√size
	TwoSided   bool            // all frequencies; default: 0..⌊size/2⌋, the others being their conjugates
}

// STFT returns the short-time Fourier transform of real signals x (..., samples) with frames of size samples,
//
//	y[f, t] = Σ_j window_j x[t·hop + j] exp(-2πi fj/size),
//
// as a complex tensor (..., frequencies, frames, 2), from which ISTFT gets x back. It panics with ErrShape when the signal is
// too short for one frame or for the padding, and when the window has another length; with ErrValue unless
// 0 < WinLength <= size and Hop > 0.
func STFT(x *tensor.Tensor, size int, cfg STFTConfig) *tensor.Tensor {
	if x.Rank() == 0 {
		tensor.Fail("stft", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the signal must be (..., samples)")
	}
	w := cfg.check("stft", x, size)
	if !cfg.NoCenter {
		x = cfg.padded(x, size/2)
	}
	if x.Dim(-1) < size {
		tensor.Fail("stft", tensor.ErrShape, []tensor.Shape{x.Shape()}, "a frame of %d samples is longer than the signal", size)
	}
	frames := tensor.Apply1(frameOp{size, cfg.Hop}, x)
	if w != nil {
		frames = frames.Mul(w)
	}
	var y *tensor.Tensor
	if cfg.TwoSided {
		y = FFT(Complex(frames, nil), 0, -1, cfg.norm())
	} else {
		y = RFFT(frames, 0, -1, cfg.norm())
	}
	return y.Transpose(-2, -3)
}

// ISTFT returns the signals (..., samples) whose STFT with the same options is y (..., frequencies, frames, 2): frames are
// transformed back, multiplied by the window, added where they overlap and divided by the sum of the windows' squares
// (Griffin and Lim, 1984). With Center the padding is cut off. length is the number of samples, missing ones being zero; 0
// means all that the frames cover. It panics as STFT does, and with ErrValue where the windows overlap to less than 1e-11
// (the NOLA condition: nonzero overlap-add).
func ISTFT(y *tensor.Tensor, size, length int, cfg STFTConfig) *tensor.Tensor {
	shapes := []tensor.Shape{isComplex("istft", y).Shape()}
	if y.Rank() < 3 || y.Numel() == 0 {
		tensor.Fail("istft", tensor.ErrShape, shapes, "the input must be (..., frequencies, frames, 2) and not empty")
	}
	w := cfg.check("istft", y, size)
	want := size/2 + 1
	if cfg.TwoSided {
		want = size
	}
	if y.Dim(-3) != want {
		tensor.Fail("istft", tensor.ErrShape, shapes, "there are %d frequencies where frames of %d samples have %d; see TwoSided", y.Dim(-3), size, want)
	}
	if cfg.Hop > cfg.window(size) {
		tensor.Fail("istft", tensor.ErrValue, shapes, "the hop %d is longer than the window %d: samples between are lost", cfg.Hop, cfg.window(size))
	}
	if length < 0 {
		tensor.Fail("istft", tensor.ErrValue, shapes, "the length %d is negative; 0 means all", length)
	}
	y = y.Narrow(-3, 0, size/2+1) // of a real signal's frequencies the others say nothing new
	x := IRFFT(y.Transpose(-2, -3), size, -1, cfg.norm())
	if w == nil {
		w = tensor.Factory{DType: x.DType(), Device: x.Device()}.Ones(size)
	}
	frames := x.Dim(-2)
	all := size + (frames-1)*cfg.Hop
	start, end := 0, all
	if !cfg.NoCenter {
		start, end = size/2, all-size/2
	}
	if length > 0 {
		end = min(start+length, all)
	}
	if end <= start {
		tensor.Fail("istft", tensor.ErrShape, shapes, "%d frames of %d samples have nothing between the padding", frames, size)
	}
	sum := func(t *tensor.Tensor) *tensor.Tensor {
		return tensor.Apply1(overlapAddOp{all, cfg.Hop}, t).Narrow(-1, start, end-start)
	}
	weight := sum(w.Mul(w).Expand(frames, size))
	if x.Device() != tensor.Meta {
		if least := weight.Detach().Min().Item(); !(least >= 1e-11) {
			tensor.Fail("istft", tensor.ErrValue, shapes, "the windows' squares sum to %.3g somewhere, so that sample is lost; use another window, a shorter hop, or centred frames", least)
		}
	}
	x = sum(x.Mul(w)).Div(weight)
	if missing := start + length - end; length > 0 && missing > 0 {
		x = x.Pad(tensor.PadConstant, 0, 0, missing)
	}
	return x
}

// check fills in the defaults and returns the window, in x's dtype and centred in size samples.
func (c *STFTConfig) check(op string, x *tensor.Tensor, size int) *tensor.Tensor {
	shapes := []tensor.Shape{x.Shape()}
	if c.Hop == 0 {
		c.Hop = size / 4
	}
	n := c.window(size)
	if size < 1 || c.Hop < 1 || n < 1 || n > size {
		tensor.Fail(op, tensor.ErrValue, shapes, "the frame size %d, the window length %d and the hop %d must be positive, the window no longer than a frame", size, n, c.Hop)
	}
	w := c.Window
	switch {
	case w == nil && n == size:
		return nil
	case w == nil:
		w = tensor.Ones(n)
	case w.Shape() != tensor.ShapeOf(n):
		tensor.Fail(op, tensor.ErrShape, append(shapes, w.Shape()), "the window must have shape (%d,), the window length", n)
	}
	w = w.To(x.DType()).ToDevice(x.Device())
	left := (size - n) / 2
	return w.Pad(tensor.PadConstant, 0, left, size-n-left)
}

func (c *STFTConfig) window(size int) int {
	if c.WinLength == 0 {
		return size
	}
	return c.WinLength
}

func (c *STFTConfig) norm() Norm {
	if c.Normalized {
		return Ortho
	}
	return Backward
}

// padded returns x with p samples more at both ends.
func (c *STFTConfig) padded(x *tensor.Tensor, p int) *tensor.Tensor {
	mode := tensor.PadReflect
	if c.Pad != nil {
		mode = *c.Pad
	}
	n := x.Dim(-1)
	if mode != tensor.PadReflect || n < 2*p+2 {
		return x.Pad(mode, 0, p, p)
	}
	// The same without an index for every sample: only the ends are reflected.
	head := x.Narrow(-1, 1, p).Flip(-1)
	tail := x.Narrow(-1, n-1-p, p).Flip(-1)
	return tensor.Concat(x.Rank()-1, head, x, tail)
}
