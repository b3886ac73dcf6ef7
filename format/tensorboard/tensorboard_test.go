package tensorboard

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// field is one of a protocol buffer, by a decoder that shares nothing with the writer: the wire format in 25 lines.
type field struct {
	number int
	bits   uint64 // of a varint, fixed32 or fixed64
	data   []byte
}

func decode(t *testing.T, b []byte) (all []field) {
	t.Helper()
	varint := func() (x uint64) {
		for shift := 0; ; shift += 7 {
			c := b[0]
			b = b[1:]
			x |= uint64(c&0x7f) << shift
			if c < 0x80 {
				return x
			}
		}
	}
	for len(b) > 0 {
		tag := varint()
		f := field{number: int(tag >> 3)}
		switch tag & 7 {
		case 0:
			f.bits = varint()
		case 1:
			f.bits, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			n := varint()
			f.data, b = b[:n], b[n:]
		case 5:
			f.bits, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			t.Fatalf("wire type %d", tag&7)
		}
		all = append(all, f)
	}
	return all
}

// only returns the single field with a number.
func only(t *testing.T, all []field, number int) field {
	t.Helper()
	var found []field
	for _, f := range all {
		if f.number == number {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d fields with number %d", len(found), number)
	}
	return found[0]
}

// records takes a file apart and checks its checksums, computed bit by bit.
func records(t *testing.T, b []byte) (all [][]byte) {
	t.Helper()
	crc := func(b []byte) uint32 {
		c := ^uint32(0)
		for _, x := range b {
			c ^= uint32(x)
			for range 8 {
				c = c>>1 ^ 0x82f63b78*(c&1)
			}
		}
		c = ^c
		return (c>>15 | c<<17) + 0xa282ead8
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		if binary.LittleEndian.Uint32(b[8:]) != crc(b[:8]) || binary.LittleEndian.Uint32(b[12+n:]) != crc(b[12:12+n]) {
			t.Fatal("wrong checksum")
		}
		all = append(all, b[12:12+n])
		b = b[16+n:]
	}
	return all
}

// written runs f with a writer and returns the events' fields, without the version.
func written(t *testing.T, f func(w *Writer) error) [][]field {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "runs", "one")
	w, err := newWriter(dir, func() time.Time { return time.UnixMicro(1_600_000_000_250_000) })
	if err != nil {
		t.Fatal(err)
	}
	if err := f(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal("second Close:", err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "events.out.tfevents.1600000000.*"))
	if len(names) != 1 {
		t.Fatalf("files %v", names)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	var events [][]field
	for i, r := range records(t, b) {
		e := decode(t, r)
		if got := math.Float64frombits(only(t, e, 1).bits); got != 1_600_000_000.25 {
			t.Errorf("event %d: time %v", i, got)
		}
		events = append(events, e)
	}
	if v := only(t, events[0], 3); string(v.data) != "brain.Event:2" {
		t.Errorf("version %q", v.data)
	}
	return events[1:]
}

// summary returns step, tag and the fields of the only value of an event.
func summary(t *testing.T, e []field) (step uint64, tag string, v []field) {
	t.Helper()
	v = decode(t, only(t, decode(t, only(t, e, 5).data), 1).data)
	return only(t, e, 2).bits, string(only(t, v, 1).data), v
}

// The first 12 bytes of every file that TensorFlow writes: a length of 24 and its masked checksum.
func TestFirstBytes(t *testing.T) {
	length := binary.LittleEndian.AppendUint64(nil, 24)
	if got := hex.EncodeToString(binary.LittleEndian.AppendUint32(length, masked(length))); got != "1800000000000000a37f4b22" {
		t.Error(got)
	}
	if crc32.Checksum([]byte("123456789"), castagnoli) != 0xe3069283 { // RFC 3720
		t.Error("not CRC-32C")
	}
}

func TestScalarTextImageRestart(t *testing.T) {
	events := written(t, func(w *Writer) error {
		for _, err := range []error{w.Scalar("loss/train", 7, 0.5), w.Text("notes", 1<<40, "*hello*"), w.Image("digit", 2, 28, 14, 1, []byte("PNG")), w.Restart(3)} {
			if err != nil {
				return err
			}
		}
		return w.Flush()
	})
	if len(events) != 4 {
		t.Fatalf("%d events", len(events))
	}
	step, tag, v := summary(t, events[0])
	if x := math.Float32frombits(uint32(only(t, v, 2).bits)); step != 7 || tag != "loss/train" || x != 0.5 {
		t.Error(step, tag, x)
	}
	step, tag, v = summary(t, events[1])
	tensor, meta := decode(t, only(t, v, 8).data), decode(t, only(t, v, 9).data)
	dims := decode(t, only(t, decode(t, only(t, tensor, 2).data), 2).data)
	plugin := decode(t, only(t, meta, 1).data)
	if step != 1<<40 || tag != "notes" || only(t, tensor, 1).bits != 7 || only(t, dims, 1).bits != 1 || string(only(t, tensor, 8).data) != "*hello*" || string(only(t, plugin, 1).data) != "text" {
		t.Error(step, tag, tensor, meta)
	}
	step, tag, v = summary(t, events[2])
	img := decode(t, only(t, v, 4).data)
	if step != 2 || tag != "digit" || only(t, img, 1).bits != 28 || only(t, img, 2).bits != 14 || only(t, img, 3).bits != 1 || string(only(t, img, 4).data) != "PNG" {
		t.Error(step, tag, img)
	}
	if log := decode(t, only(t, events[3], 7).data); only(t, events[3], 2).bits != 3 || only(t, log, 1).bits != 1 {
		t.Error(events[3])
	}
}

func TestHistogram(t *testing.T) {
	floats := func(b []byte) (x []float64) {
		for ; len(b) > 0; b = b[8:] {
			x = append(x, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		return x
	}
	values := []float64{-3, -1e-15, 0, 0, 1e-12, 0.25, 7, 7.1, math.NaN(), math.Inf(1), math.Inf(-1)}
	events := written(t, func(w *Writer) error {
		if err := w.Histogram("nothing", 1, []float64{math.NaN()}); err != nil {
			return err
		}
		if err := w.Histogram("w", 5, values); err != nil {
			return err
		}
		return w.Histogram("ends", 6, []float64{-1e300, math.MaxFloat64, 1e25})
	})
	if len(events) != 2 {
		t.Fatalf("%d events", len(events))
	}
	for i, c := range [][]float64{values[:8], {-1e300, math.MaxFloat64, 1e25}} {
		_, _, v := summary(t, events[i])
		h := decode(t, only(t, v, 5).data)
		lo, hi, sum, squares := c[0], c[0], 0., 0.
		for _, x := range c {
			lo, hi, sum, squares = min(lo, x), max(hi, x), sum+x, squares+x*x
		}
		for number, want := range map[int]float64{1: lo, 2: hi, 3: float64(len(c)), 4: sum, 5: squares} {
			if got := math.Float64frombits(only(t, h, number).bits); got != want {
				t.Errorf("field %d is %v, want %v", number, got, want)
			}
		}
		up, counts := floats(only(t, h, 6).data), floats(only(t, h, 7).data)
		if len(up) != len(counts) {
			t.Fatalf("%d limits, %d counts", len(up), len(counts))
		}
		if i == 0 && counts[0] != 0 {
			t.Error("no empty bucket in front")
		}
		for j, n := range counts {
			var want float64
			for _, x := range c {
				low := math.Inf(-1)
				if j > 0 {
					low = up[j-1]
					if up[j] <= low {
						t.Fatal("limits do not rise")
					}
				}
				if x >= low && (x < up[j] || j == len(up)-1) {
					want++
				}
			}
			if n != want {
				t.Errorf("bucket up to %v has %v, want %v", up[j], n, want)
			}
		}
	}
}

func TestManyGoroutines(t *testing.T) {
	events := written(t, func(w *Writer) error {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for step := range 50 {
					if err := w.Scalar(fmt.Sprint(i), int64(step+1), float64(i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		return nil
	})
	if len(events) != 400 {
		t.Errorf("%d events", len(events))
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := NewWriter(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Error(err)
	}
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.Scalar("a", 1, 1), w.Flush()} {
		if err == nil || !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	}
	v, err := NewWriter(dir) // another file of the same second
	if err != nil {
		t.Fatal(err)
	}
	v.file.Close()
	if err := errorsOf(v.Scalar("a", 1, 1), v.Flush()); !strings.Contains(err, "events.out.tfevents.") || strings.Contains(err, "\n") {
		t.Error(err)
	}
}

func errorsOf(errs ...error) string {
	var b bytes.Buffer
	for _, err := range errs {
		if err != nil {
			fmt.Fprint(&b, err)
		}
	}
	return b.String()
}

// A distribution that was counted elsewhere is written as it is.
func TestCounted(t *testing.T) {
	b := Buckets{Min: -1, Max: 3, Num: 7, Sum: 5, SumSquares: 20, Limits: []float64{-1, 0.5, 4}, Counts: []float64{0, 3, 4}}
	events := written(t, func(w *Writer) error {
		if err := w.Counted("nothing", 1, Buckets{}); err != nil {
			return err
		}
		for _, bad := range []Buckets{{Num: 1}, {Num: 1, Limits: []float64{1}, Counts: []float64{1, 2}}, {Num: 1, Limits: []float64{1, 1}, Counts: []float64{1, 2}}, {Num: 1, Limits: []float64{1, math.NaN()}, Counts: []float64{1, 2}}} {
			if err := w.Counted("x", 1, bad); err == nil || !strings.Contains(err.Error(), "histogram x") {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		return w.Counted("g", 3, b)
	})
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	step, tag, v := summary(t, events[0])
	h := decode(t, only(t, v, 5).data)
	for number, want := range map[int]float64{1: -1, 2: 3, 3: 7, 4: 5, 5: 20} {
		if got := math.Float64frombits(only(t, h, number).bits); got != want {
			t.Errorf("field %d is %v, want %v", number, got, want)
		}
	}
	for number, want := range map[int][]float64{6: b.Limits, 7: b.Counts} {
		var packed []byte
		for _, x := range want {
			packed = binary.LittleEndian.AppendUint64(packed, math.Float64bits(x))
		}
		if !bytes.Equal(only(t, h, number).data, packed) {
			t.Errorf("field %d is %x, want %x", number, only(t, h, number).data, packed)
		}
	}
	if step != 3 || tag != "g" {
		t.Error(step, tag)
	}
}
