// Package tensorboard writes event files, which TensorBoard shows as curves, histograms, pictures and text.
//
// A Writer makes one file, events.out.tfevents.<seconds>.<host>.<process>.<number>, in a folder that is a run to TensorBoard
// (tensorboard --logdir with the folder above shows its runs side by side). The file is a sequence of records as TFRecord has them:
//
//	uint64  length             little-endian
//	uint32  masked CRC-32C     of the length
//	byte    data[length]       an Event, encoded as a protocol buffer
//	uint32  masked CRC-32C     of the data
//
// where the mask of a checksum c is ((c >> 15) | (c << 17)) + 0xa282ead8. The messages are those of TensorFlow's event.proto and
// summary.proto; the first is the version, "brain.Event:2".
package tensorboard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Writer appends events to a file. Its methods may be called by several goroutines. What is written is in the file after Flush or
// Close; a process that dies loses what came after the last, and readers ignore a last record that is incomplete.
type Writer struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	now  func() time.Time
}

// number tells the files that one process makes apart.
var number atomic.Int64

// NewWriter makes a file of events in a folder, which it makes if need be. It returns an error when they cannot be made.
func NewWriter(dir string) (*Writer, error) { return newWriter(dir, time.Now) }

func newWriter(dir string, now func() time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder %s for TensorBoard's events cannot be made: %w", dir, errors.Unwrap(err))
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d", now().Unix(), filepath.Base(host), os.Getpid(), number.Add(1)-1)
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("file %s for TensorBoard's events cannot be made in %s: %w", name, dir, errors.Unwrap(err))
	}
	w := &Writer{file: f, out: bufio.NewWriter(f), now: now}
	return w, w.event(0, protowire.AppendString(protowire.AppendTag(nil, eventVersion, protowire.BytesType), "brain.Event:2"))
}

// Fields of the messages.
const (
	eventTime       = 1 // double, seconds since 1970
	eventStep       = 2
	eventVersion    = 3
	eventSummary    = 5
	eventSessionLog = 7

	sessionStatus = 1
	sessionStart  = 1

	summaryValue = 1

	valueTag       = 1
	valueSimple    = 2
	valueImage     = 4
	valueHistogram = 5
	valueTensor    = 8
	valueMetadata  = 9

	imageHeight = 1
	imageWidth  = 2
	imageColors = 3
	imageFile   = 4
)

// event writes one event, the fields of which besides time and step are given.
func (w *Writer) event(step int64, fields []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return errors.New("tensorboard: the writer is closed")
	}
	seconds := float64(w.now().UnixMicro()) / 1e6
	e := protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(seconds))
	if step != 0 {
		e = protowire.AppendVarint(protowire.AppendTag(e, eventStep, protowire.VarintType), uint64(step))
	}
	e = append(e, fields...)

	length := binary.LittleEndian.AppendUint64(nil, uint64(len(e)))
	record := binary.LittleEndian.AppendUint32(length, masked(length))
	record = append(record, e...)
	record = binary.LittleEndian.AppendUint32(record, masked(e))
	_, err := w.out.Write(record)
	return w.explain(err)
}

func (w *Writer) explain(err error) error {
	if err == nil {
		return nil
	}
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s cannot be written: %w", w.file.Name(), err)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func masked(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// message appends a field that is a message.
func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func integer(b []byte, field protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}

func double(b []byte, field protowire.Number, x float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(x))
}

// value writes a summary of one value with a tag.
func (w *Writer) value(tag string, step int64, fields []byte) error {
	v := append(text(nil, valueTag, tag), fields...)
	return w.event(step, message(nil, eventSummary, message(nil, summaryValue, v)))
}

// Scalar writes a point of the curve tag, which may have slashes: those with the same beginning are shown together.
func (w *Writer) Scalar(tag string, step int64, x float64) error {
	return w.value(tag, step, protowire.AppendFixed32(protowire.AppendTag(nil, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(x))))
}

// Image writes a picture of h x w pixels, encoded as PNG or GIF; colors is 1 for grey, 3 for RGB and 4 for RGBA.
func (w *Writer) Image(tag string, step int64, height, width, colors int, file []byte) error {
	m := integer(integer(integer(nil, imageHeight, height), imageWidth, width), imageColors, colors)
	return w.value(tag, step, message(nil, valueImage, message(m, imageFile, file)))
}

// Text writes a text, which is shown as Markdown.
func (w *Writer) Text(tag string, step int64, markdown string) error {
	const (
		metadataPlugin = 1
		pluginName     = 1
		tensorType     = 1
		tensorShape    = 2
		shapeDim       = 2
		dimSize        = 1
		tensorStrings  = 8
		typeString     = 7
	)
	tensor := integer(nil, tensorType, typeString)
	tensor = message(tensor, tensorShape, message(nil, shapeDim, integer(nil, dimSize, 1)))
	tensor = text(tensor, tensorStrings, markdown)
	fields := message(nil, valueTensor, tensor)
	return w.value(tag, step, message(fields, valueMetadata, message(nil, metadataPlugin, text(nil, pluginName, "text"))))
}

// Restart tells that a run goes on from a step: TensorBoard forgets what other files of the folder have from that step on.
func (w *Writer) Restart(step int64) error {
	return w.event(step, message(nil, eventSessionLog, integer(nil, sessionStatus, sessionStart)))
}

// Flush makes what was written visible to readers.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return errors.New("tensorboard: the writer is closed")
	}
	return w.explain(w.out.Flush())
}

// Close flushes and closes the file. A second call does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.out.Flush(), w.file.Close())
	if err != nil {
		err = w.explain(err)
	}
	w.file = nil
	return err
}
