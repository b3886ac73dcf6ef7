package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	retryPause = 0
	os.Exit(m.Run())
}

// content is 300,000 bytes that do not repeat and hardly compress.
func content(seed uint32) []byte {
	b := make([]byte, 300_000)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// testSet is a set of one idx file with the given content and addresses, in an environment of its own.
func testSet(t *testing.T, raw []byte, urls ...string) Set {
	t.Helper()
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	sum := sha256.Sum256(raw)
	return Set{Name: "toy", Home: "https://example.org/toy", Dir: "toy", Files: []File{{
		Name: "train-images-idx3-ubyte.gz", URLs: urls, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(raw)),
	}}}
}

func write(t *testing.T, data []byte, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const images = "train-images-idx3-ubyte.gz"

func TestLocateOrder(t *testing.T) {
	raw := content(1)
	s := testSet(t, raw)
	dir, data, system := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HADAL_DATA", data)
	s.Dirs = []string{system}
	cache, err := s.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	// From the last to the first place: each new file hides those before.
	for _, place := range []string{system, cache, data, filepath.Join(data, "toy"), dir, filepath.Join(dir, "toy")} {
		want := write(t, zipped(raw), place, images)
		paths, err := s.Locate(Config{Dir: dir})
		if err != nil || paths[images] != want {
			t.Errorf("Locate = %v, %v; want %s", paths, err, want)
		}
	}
}

func TestSpellings(t *testing.T) {
	raw := content(1)
	s := testSet(t, raw)
	for name, data := range map[string][]byte{
		"train-images-idx3-ubyte":    raw,
		"train-images-idx3-ubyte.gz": zipped(raw),
		"train-images.idx3-ubyte":    raw,
		"train-images.idx3-ubyte.gz": zipped(raw),
	} {
		dir := t.TempDir()
		want := write(t, data, dir, "toy", name)
		paths, err := s.Locate(Config{Dir: dir, Verify: true})
		if err != nil || paths[images] != want {
			t.Errorf("Locate = %v, %v; want %s", paths, err, want)
			continue
		}
		r, err := s.Files[0].Open(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, raw) || r.Close() != nil {
			t.Errorf("%s: content differs, %v", name, err)
		}
	}
}

// A folder or a dangling link with the name of the file is not the file.
func TestOnlyRegularFiles(t *testing.T) {
	s := testSet(t, content(1))
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "toy", images), 0o755); err != nil {
		t.Fatal(err)
	}
	if paths, err := s.Locate(Config{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Locate = %v, %v; want fs.ErrNotExist", paths, err)
	}
}

// In a folder that sets share, a file of the same name may be another set's.
func TestSharedFolder(t *testing.T) {
	raw := content(1)
	s := testSet(t, raw)
	data := t.TempDir()
	t.Setenv("HADAL_DATA", data)
	write(t, zipped(content(2)), data, images)
	_, err := s.Locate(Config{})
	if err == nil || !strings.Contains(err.Error(), data+", whose "+images+" is not this data set's") {
		t.Errorf("Locate with another set's file = %v", err)
	}
	system := t.TempDir()
	s.Dirs = []string{system}
	want := write(t, raw, system, "train-images-idx3-ubyte")
	if paths, err := s.Locate(Config{}); err != nil || paths[images] != want {
		t.Errorf("Locate = %v, %v; want %s", paths, err, want)
	}
	// A folder with the set's own name is its own: another set in the same format may take its place.
	own := filepath.Join(t.TempDir(), "toy")
	want = write(t, zipped(content(2)), own, images)
	if paths, err := s.Locate(Config{Dir: own}); err != nil || paths[images] != want {
		t.Errorf("Locate = %v, %v; want %s", paths, err, want)
	}
}

func TestVerify(t *testing.T) {
	s := testSet(t, content(1))
	dir := t.TempDir()
	path := write(t, zipped(content(2)), dir, "toy", images)
	if _, err := s.Locate(Config{Dir: dir}); err != nil {
		t.Errorf("Locate without Verify: %v", err)
	}
	_, err := s.Locate(Config{Dir: dir, Verify: true})
	sum := sha256.Sum256(content(2))
	want := "toy: " + path + ": not the original file, or damaged: its content has SHA-256 " + hex.EncodeToString(sum[:]) +
		", the original " + s.Files[0].SHA256
	if err == nil || err.Error() != want {
		t.Errorf("Locate with Verify = %v, want %s", err, want)
	}
	half := zipped(content(1))
	write(t, half[:len(half)/2], dir, "toy", images)
	if _, err := s.Locate(Config{Dir: dir, Verify: true}); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("Locate of half a file with Verify = %v", err)
	}
}

func TestOpenBounds(t *testing.T) {
	dir := t.TempDir()
	raw := content(1)
	f := File{Name: images, Size: int64(len(raw))}
	longer := append(slices.Clone(raw), 0)
	for _, path := range []string{write(t, zipped(longer), dir, images), write(t, longer, dir, "train-images-idx3-ubyte")} {
		r, err := f.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err == nil || !strings.Contains(err.Error(), "is larger than the 300000 bytes of the original") || !bytes.Equal(got, raw) {
			t.Errorf("reading one byte too much of %s: %d bytes, %v", path, len(got), err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("reading on = %d, %v", n, err)
		}
		r.Close()
	}
	// Size 0 has no bound, a .gz that something unpacked is read as it is, and a short file is no gzip header.
	for _, data := range [][]byte{raw, {}, {0x1f}} {
		r, err := File{Name: images}.Open(write(t, data, dir, images))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("unpacked .gz of %d bytes: %d bytes, %v", len(data), len(got), err)
		}
		r.Close()
	}
	if _, err := f.Open(write(t, []byte("\x1f\x8bno"), dir, images)); err == nil {
		t.Error("a broken gzip header is no error")
	}
	// A file that the set names without .gz may lie compressed all the same.
	r, err := File{Name: "a.txt"}.Open(write(t, zipped(raw), dir, "a.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("a.txt.gz: %d bytes, %v", len(got), err)
	}
	r.Close()
	// What is no gzip by its name is none, even if it begins like one.
	r, err = File{Name: "data.bin"}.Open(write(t, []byte("\x1f\x8bno"), dir, "data.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "\x1f\x8bno" || err != nil {
		t.Errorf("data.bin = %q, %v", got, err)
	}
	r.Close()
}

func TestMissing(t *testing.T) {
	s := testSet(t, content(1))
	s.Files = append(s.Files, File{Name: "other.bin"})
	s.Dirs = []string{filepath.Join(t.TempDir(), "usr")}
	cache, _ := s.CacheDir()
	_, err := s.Locate(Config{})
	want := "toy: " + images + ", other.bin not found (looked in " + cache + ", " + s.Dirs[0] +
		"): put the 2 files from https://example.org/toy into " + cache + " or set HADAL_DATA"
	if err == nil || err.Error() != want {
		t.Errorf("Locate = %v\nwant %s", err, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("not an fs.ErrNotExist")
	}

	homeless := s
	homeless.Dirs = nil
	t.Run("without a home", func(t *testing.T) {
		for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData", "HADAL_CACHE"} {
			t.Setenv(name, "")
		}
		_, err := homeless.Locate(Config{})
		if want := "toy: " + images + ", other.bin not found: set HADAL_DATA to a folder with the 2 files from https://example.org/toy"; err == nil || err.Error() != want {
			t.Errorf("Locate = %v\nwant %s", err, want)
		}
	})

	data := t.TempDir()
	t.Setenv("HADAL_DATA", data)
	own := filepath.Join(data, "toy")
	_, err = s.Get(context.Background(), Config{Offline: true}, "other.bin")
	want = "toy: other.bin not found (looked in " + strings.Join([]string{own, data, cache, s.Dirs[0]}, ", ") +
		") and downloading is turned off: put the 2 files from https://example.org/toy into " + own + " or set HADAL_DATA"
	if err == nil || err.Error() != want {
		t.Errorf("Get = %v\nwant %s", err, want)
	}
	var missing *MissingError
	if !errors.As(err, &missing) || !slices.Equal(missing.Files, []string{"other.bin"}) {
		t.Errorf("MissingError = %+v", missing)
	}

	if _, err := s.Locate(Config{}, "third"); err == nil || err.Error() != "toy: the data set has no file third" {
		t.Errorf("Locate of an unknown name = %v", err)
	}
	_, err = s.Locate(Config{Dir: filepath.Join(data, "nowhere")})
	if err == nil || !strings.Contains(err.Error(), "give one that exists") || errors.As(err, &missing) {
		t.Errorf("Locate with a Dir that is not there = %v", err)
	}
}
