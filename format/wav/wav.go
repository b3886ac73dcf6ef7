// Package wav reads and writes WAVE files (RIFF; Microsoft and IBM, 1991), uncompressed: PCM of 8, 16, 24 or 32 bits and floats of 32 or 64.
//
// A file is the text "RIFF", its size and the text "WAVE", then chunks, each a name of 4 letters, a size and so many bytes, padded to an even
// number: "fmt " says what the samples are, "data" holds them, those of a moment side by side for each channel; others are skipped.
package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/internal/raw"
	"github.com/hadal-go/hadal/tensor"
)

// Header says what the samples of a file are.
type Header struct {
	SampleRate int // samples of a channel a second, Hz
	Channels   int
	Bits       int  // of a sample in the file: 8, 16, 24, 32 or 64
	Float      bool // whether they are floating-point numbers there
}

// Audio is a recording. Samples lie from -1 to 1, those of a moment side by side for each channel.
type Audio struct {
	Header
	Samples []float32
}

// Tensor returns the samples as (channels, samples of a channel) float32.
func (a *Audio) Tensor() *tensor.Tensor {
	return tensor.Of(a.Samples, len(a.Samples)/a.Channels, a.Channels).T().Contiguous()
}

// The formats, as files number them.
const (
	pcm        = 1
	float      = 3
	extensible = 0xFFFE // the format follows in the header
)

// Reader reads a recording from a stream, block by block.
type Reader struct {
	Header
	r    io.Reader
	left int64 // bytes of samples that are still to come; -1: up to the end of the stream
	buf  []byte
}

// NewReader reads the header. It returns an error for what is no WAVE file, for a header that contradicts itself and for compressed samples.
func NewReader(r io.Reader) (*Reader, error) {
	w := &Reader{r: bufio.NewReader(r)}
	if err := w.header(); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errors.New("the file ends before its samples")
		}
		return nil, fmt.Errorf("wav: %w", err)
	}
	return w, nil
}

func (w *Reader) header() error {
	var start [12]byte
	if _, err := io.ReadFull(w.r, start[:]); err != nil {
		return err
	}
	if string(start[:4]) != "RIFF" || string(start[8:]) != "WAVE" {
		return errors.New("it is no WAVE file: it does not begin with RIFF and WAVE")
	}
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(w.r, chunk[:]); err != nil {
			return err
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch name := string(chunk[:4]); {
		case name == "data" && w.Channels == 0:
			return errors.New("the samples come before the chunk fmt, which says what they are")
		case name == "data":
			if w.left = size; size == math.MaxUint32 || size == 0 { // written by a program that could not know
				w.left = -1
			}
			return nil
		case name == "fmt ":
			if size < 16 || size > 1024 {
				return fmt.Errorf("the chunk fmt has %d bytes", size)
			}
			b := make([]byte, size+size%2)
			if _, err := io.ReadFull(w.r, b); err != nil {
				return err
			}
			if err := w.format(b[:size]); err != nil {
				return err
			}
		default:
			if n, err := io.CopyN(io.Discard, w.r, size+size%2); err != nil {
				if n < size || err != io.EOF {
					return err
				}
			}
		}
	}
}

// format reads the chunk fmt.
func (w *Reader) format(b []byte) error {
	le := binary.LittleEndian
	code, channels, rate, block, bits := le.Uint16(b), int(le.Uint16(b[2:])), le.Uint32(b[4:]), int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	if code == extensible && len(b) >= 26 {
		code = le.Uint16(b[24:])
	}
	switch {
	case code != pcm && code != float:
		return fmt.Errorf("its samples are compressed or of an unknown kind (format %#x); convert it to PCM", code)
	case code == pcm && bits != 8 && bits != 16 && bits != 24 && bits != 32, code == float && bits != 32 && bits != 64:
		return fmt.Errorf("samples of %d bits are not supported; convert it to 16", bits)
	case channels == 0 || block != channels*bits/8:
		return fmt.Errorf("%d channels of %d bits do not make blocks of %d bytes", channels, bits, block)
	case rate == 0 || rate > math.MaxInt32:
		return fmt.Errorf("the sample rate is %d Hz", rate)
	}
	w.Header = Header{SampleRate: int(rate), Channels: channels, Bits: bits, Float: code == float}
	return nil
}

// Read fills samples with those that come next, those of a moment side by side for each channel, and returns how many there were; whole
// moments, so that it needs room for one. PCM is divided by its range: 16 bits by 32768. At the end it returns 0 and io.EOF. A file
// that ends before its header says is an error that wraps io.ErrUnexpectedEOF.
func (w *Reader) Read(samples []float32) (n int, err error) {
	size := w.Bits / 8
	want := len(samples) / w.Channels * w.Channels * size
	if want == 0 {
		return 0, fmt.Errorf("wav: room for %d samples is too little for %d channels", len(samples), w.Channels)
	}
	if w.left >= 0 {
		whole := w.left - w.left%int64(w.Channels*size)
		if whole == 0 {
			return 0, io.EOF
		}
		want = int(min(int64(want), whole))
	}
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	got, err := io.ReadFull(w.r, w.buf[:want])
	got -= got % (w.Channels * size)
	if w.left >= 0 {
		w.left -= int64(got)
	}
	if err != nil && (err != io.EOF && err != io.ErrUnexpectedEOF || w.left > 0) {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = fmt.Errorf("wav: the file ends %d bytes before its header says: %w", w.left, io.ErrUnexpectedEOF)
		}
		return 0, err
	}
	if got == 0 {
		return 0, io.EOF
	}
	w.decode(samples, w.buf[:got])
	return got / size, nil
}

func (w *Reader) decode(y []float32, b []byte) {
	le, size := binary.LittleEndian, w.Bits/8
	for i := 0; i*size < len(b); i++ {
		s := b[i*size:]
		switch {
		case w.Float && size == 4:
			y[i] = math.Float32frombits(le.Uint32(s))
		case w.Float:
			y[i] = float32(math.Float64frombits(le.Uint64(s)))
		case size == 1: // the one width that is unsigned
			y[i] = (float32(s[0]) - 128) / 128
		case size == 2:
			y[i] = float32(int16(le.Uint16(s))) / 32768
		case size == 3:
			y[i] = float32(int32(uint32(s[0])<<8|uint32(s[1])<<16|uint32(s[2])<<24)) / (1 << 31)
		default:
			y[i] = float32(float64(int32(le.Uint32(s))) / (1 << 31))
		}
	}
}

// Read reads a whole recording. Memory is taken as samples arrive, whatever the header says.
func Read(r io.Reader) (*Audio, error) {
	w, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	a := &Audio{Header: w.Header}
	block := make([]float32, (1<<15/w.Channels+1)*w.Channels)
	for {
		n, err := w.Read(block)
		if err == io.EOF {
			return a, nil
		}
		if err != nil {
			return nil, err
		}
		a.Samples = append(a.Samples, block[:n]...)
	}
}

// ReadFile reads the recording at path.
func ReadFile(path string) (*Audio, error) {
	return raw.ReadFile(path, func(r io.Reader, _ int) (*Audio, error) { return Read(r) })
}

// Write writes a recording as PCM of 16 bits, or, if a.Float, as floats of 32. Samples beyond -1 and 1 are cut off in PCM, NaN is 0. It
// returns an error for a header that makes no file, for samples that do not fill the channels and for more than 4 GB.
func Write(w io.Writer, a *Audio) error {
	size, code := 2, pcm
	if a.Float {
		size, code = 4, float
	}
	bytes := int64(len(a.Samples)) * int64(size)
	switch {
	case a.Channels < 1 || a.Channels > 1<<12 || a.SampleRate < 1 || int64(a.SampleRate)*int64(a.Channels*size) > math.MaxUint32:
		return fmt.Errorf("wav: %d channels of %d Hz make no file", a.Channels, a.SampleRate)
	case len(a.Samples)%a.Channels != 0:
		return fmt.Errorf("wav: %d samples do not fill %d channels", len(a.Samples), a.Channels)
	case bytes > math.MaxUint32-44:
		return fmt.Errorf("wav: %d bytes of samples are more than a file can hold, 4 GB; cut it", bytes)
	}
	le := binary.LittleEndian
	h := append([]byte("RIFF"), le.AppendUint32(nil, uint32(36+bytes))...)
	h = le.AppendUint16(le.AppendUint16(le.AppendUint32(append(h, "WAVEfmt "...), 16), uint16(code)), uint16(a.Channels))
	h = le.AppendUint32(le.AppendUint32(h, uint32(a.SampleRate)), uint32(a.SampleRate*a.Channels*size))
	h = le.AppendUint16(le.AppendUint16(h, uint16(a.Channels*size)), uint16(8*size))
	b := bufio.NewWriter(w)
	b.Write(le.AppendUint32(append(h, "data"...), uint32(bytes)))
	for _, v := range a.Samples {
		var s [4]byte
		if a.Float {
			le.PutUint32(s[:], math.Float32bits(v))
		} else if v == v {
			le.PutUint16(s[:], uint16(int16(max(-32768, min(32767, math.RoundToEven(float64(v)*32768))))))
		}
		b.Write(s[:size])
	}
	return b.Flush() // the first error of all writes
}

// WriteFile writes a recording to path, whole or not at all.
func WriteFile(path string, a *Audio) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error { return Write(w, a) })
}
