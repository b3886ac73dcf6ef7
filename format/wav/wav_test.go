package wav_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hadal-go/hadal/format/wav"
	"github.com/hadal-go/hadal/tensor"
)

func Example() {
	var file bytes.Buffer
	err := wav.Write(&file, &wav.Audio{Header: wav.Header{SampleRate: 8000, Channels: 2}, Samples: []float32{0, 0.5, -0.25, 1, -1, 0}})
	if err != nil {
		panic(err)
	}
	a, err := wav.Read(&file)
	if err != nil {
		panic(err)
	}
	fmt.Println(a.SampleRate, "Hz,", a.Channels, "channels of", a.Bits, "bits:", a.Samples, a.Tensor().Shape())
	// Output: 8000 Hz, 2 channels of 16 bits: [0 0.5 -0.25 0.9999695 -1 0] (2, 3)
}

// Files of SciPy are read as torchaudio reads them, which keeps integers of 32 bits on the way.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]struct {
		Rate    int
		Shape   []int
		Samples []float64
	}
	if err := json.Unmarshal(b, &golden); err != nil || len(golden) != 5 {
		t.Fatal(len(golden), err)
	}
	for name, want := range golden {
		a, err := wav.ReadFile(filepath.Join("testdata", name+".wav"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x := a.Tensor()
		if a.SampleRate != want.Rate || !slices.Equal(x.Shape().Dims(), want.Shape) {
			t.Errorf("%s: %d Hz, %v, want %+v", name, a.SampleRate, x.Shape(), want)
			continue
		}
		for i, v := range tensor.Data[float32](x) {
			if !(math.Abs(float64(v)-want.Samples[i]) <= 1.0/(1<<24)) {
				t.Errorf("%s: sample %d is %v, want %v", name, i, v, want.Samples[i])
			}
		}
	}
}

// chunk is a chunk of a file.
func chunk(name string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	b = append(b, data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// format is the data of a chunk fmt.
func format(code, channels int, rate uint32, bits int, more ...byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(le.AppendUint16(nil, uint16(code)), uint16(channels))
	b = le.AppendUint32(le.AppendUint32(b, rate), rate*uint32(channels*bits/8))
	return append(le.AppendUint16(le.AppendUint16(b, uint16(channels*bits/8)), uint16(bits)), more...)
}

func file(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestForms(t *testing.T) {
	guid := append([]byte{22, 0, 24, 0, 4, 0, 0, 0, 1, 0}, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...) // PCM in an extensible header
	for name, c := range map[string]struct {
		file []byte
		want []float32
	}{
		"24 bits":       {file(chunk("fmt ", format(1, 1, 8000, 24)), chunk("data", []byte{0, 0, 128, 255, 255, 127, 0, 0, 64})), []float32{-1, 8388607.0 / 8388608, 0.5}},
		"extensible":    {file(chunk("fmt ", format(0xFFFE, 1, 8000, 24, guid...)), chunk("data", []byte{0, 0, 64})), []float32{0.5}},
		"other chunks":  {file(chunk("LIST", []byte("abc")), chunk("fmt ", format(1, 1, 8000, 16)), chunk("fact", []byte{1, 0, 0, 0}), chunk("data", []byte{0, 64}), chunk("LIST", nil)), []float32{0.5}},
		"stream":        {append(file(chunk("fmt ", format(1, 1, 8000, 16))), "data\xff\xff\xff\xff\x00\x40\x00\xc0"...), []float32{0.5, -0.5}},
		"no samples":    {file(chunk("fmt ", format(1, 2, 8000, 16)), chunk("data", nil)), nil},
		"half a moment": {file(chunk("fmt ", format(1, 2, 8000, 16)), chunk("data", []byte{0, 64, 0, 32, 0, 16})), []float32{0.5, 0.25}},
	} {
		a, err := wav.Read(iotest.OneByteReader(bytes.NewReader(c.file)))
		if err != nil || !slices.Equal(a.Samples, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, a, err, c.want)
		}
	}
	le := binary.LittleEndian
	cut := file(chunk("fmt ", format(1, 1, 8000, 16)), append(le.AppendUint32([]byte("data"), 4e9), 0, 64))
	for want, b := range map[string][]byte{
		"ends before its samples": file(chunk("fmt ", format(1, 1, 8000, 16))), "no WAVE file": []byte("RIFX0000WAVEfmt "), "come before the chunk fmt": file(chunk("data", []byte{1, 2})),
		"format 0x11": file(chunk("fmt ", format(0x11, 1, 8000, 16))), "12 bits": file(chunk("fmt ", format(1, 1, 8000, 12))), "16 bits are": file(chunk("fmt ", format(3, 1, 8000, 16))),
		"0 channels": file(chunk("fmt ", format(1, 0, 8000, 16))), "0 Hz": file(chunk("fmt ", format(1, 1, 0, 16))), "fmt has 3 bytes": file(chunk("fmt ", []byte{1, 2, 3})),
		"ends 3999999998 bytes before": cut,
	} {
		if _, err := wav.Read(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := wav.Read(bytes.NewReader(cut)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is cut short: %v", err)
	}
}

func TestWrite(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		float      bool
		in, want   []float32
		rate, size int
	}{
		{false, []float32{2, -3, nan, 0.1}, []float32{32767.0 / 32768, -1, 0, 3277.0 / 32768}, 44100, 52}, {true, []float32{2, -3, 0.1}, []float32{2, -3, 0.1}, 8000, 56},
		{true, []float32{0.5}, []float32{0.5}, 192000, 48},
	} {
		path := filepath.Join(t.TempDir(), "a.wav")
		if err := wav.WriteFile(path, &wav.Audio{Header: wav.Header{SampleRate: c.rate, Channels: 1, Float: c.float}, Samples: c.in}); err != nil {
			t.Fatal(err)
		}
		a, err := wav.ReadFile(path)
		if err != nil || !slices.Equal(a.Samples, c.want) || a.SampleRate != c.rate || a.Float != c.float {
			t.Errorf("%v became %+v, %v", c.in, a, err)
		}
		if s, err := os.Stat(path); err != nil || s.Size() != int64(c.size) {
			t.Errorf("the file has %d bytes, %v", s.Size(), err)
		}
	}
	for want, a := range map[string]*wav.Audio{"0 channels": {}, "2 channels of 2000000000 Hz": {Header: wav.Header{SampleRate: 2e9, Channels: 2}}, "3 samples do not fill": {Header: wav.Header{SampleRate: 1, Channels: 2}, Samples: make([]float32, 3)}} {
		if err := wav.Write(io.Discard, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Blocks of any size are the same samples.
func TestBlocks(t *testing.T) {
	b, err := os.ReadFile("testdata/s16.wav")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := wav.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for size := 2; size < 14; size++ {
		r, err := wav.NewReader(iotest.HalfReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		var all []float32
		block := make([]float32, size)
		for {
			n, err := r.Read(block)
			if err == io.EOF {
				break
			}
			if err != nil || n == 0 || n%2 != 0 {
				t.Fatalf("%d samples, %v", n, err)
			}
			all = append(all, block[:n]...)
		}
		if !slices.Equal(all, whole.Samples) {
			t.Errorf("in blocks of %d: %v", size, all)
		}
		if _, err := r.Read(block[:1]); err == nil {
			t.Error("half a moment was read")
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"u8", "s16", "s32", "f32", "f64"} {
		b, err := os.ReadFile("testdata/" + name + ".wav")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := wav.Read(bytes.NewReader(b)); err == nil && len(a.Samples)%a.Channels != 0 {
			t.Errorf("%d samples of %d channels", len(a.Samples), a.Channels)
		}
	})
}
