package audio

import "github.com/hadal-go/hadal/tensor"

// Stream computes mel features of a signal that arrives in blocks. It keeps less than a frame of samples, whatever the signal's length, and gives
// the frames of MelSpectrogram with NoCenter on the whole signal.
type Stream struct {
	cfg  MelConfig
	rest []float32 // samples of frames that are not complete
	skip int       // samples before the next frame, where Hop is longer than a frame
}

// NewStream returns a stream at its start. It panics with ErrValue as MelSpectrogram does.
func NewStream(cfg MelConfig) *Stream {
	cfg = cfg.check("NewStream")
	cfg.NoCenter = true
	return &Stream{cfg: cfg}
}

// Push takes the next samples of one channel and returns the frames that they complete, (Mels, frames) float32, perhaps none.
func (s *Stream) Push(samples []float32) *tensor.Tensor {
	skipped := min(s.skip, len(samples))
	s.skip -= skipped
	s.rest = append(s.rest, samples[skipped:]...)
	c := s.cfg
	if len(s.rest) < c.FFTSize {
		return tensor.Zeros(c.Mels, 0)
	}
	frames := (len(s.rest)-c.FFTSize)/c.Hop + 1
	mel := MelSpectrogram(tensor.Of(s.rest[:(frames-1)*c.Hop+c.FFTSize], (frames-1)*c.Hop+c.FFTSize), c)
	gone := min(frames*c.Hop, len(s.rest))
	s.skip = frames*c.Hop - gone
	s.rest = append(s.rest[:0], s.rest[gone:]...)
	return mel
}
