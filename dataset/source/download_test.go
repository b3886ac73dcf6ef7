package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hadal-go/hadal/internal/filelock"
)

// server serves with handler and records the Range header of each request.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string
}

func serve(t *testing.T, handler http.HandlerFunc) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding is %q: sizes and ranges would not be the file's", got)
		}
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) want(t *testing.T, ranges ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.ranges, ranges) {
		t.Errorf("requests with ranges %q, want %q", s.ranges, ranges)
	}
}

// file answers like a good web server, ranges included.
func file(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "file", time.Time{}, bytes.NewReader(data))
	}
}

func whole(data []byte) http.HandlerFunc { // knows no ranges
	return func(w http.ResponseWriter, r *http.Request) { w.Write(data) }
}

// cut answers like file but drops the connection after n bytes.
func cut(data []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		file(data)(&shortWriter{w, n}, r)
	}
}

type shortWriter struct {
	http.ResponseWriter
	left int
}

func (w *shortWriter) Write(p []byte) (int, error) {
	if len(p) <= w.left {
		w.left -= len(p)
		return w.ResponseWriter.Write(p)
	}
	w.ResponseWriter.Write(p[:w.left])
	w.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// get checks that Get succeeds with the right content in the cache and leaves no part.
func get(t *testing.T, s Set, raw []byte) {
	t.Helper()
	paths, err := s.Get(context.Background(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	cache, _ := s.CacheDir()
	if want := filepath.Join(cache, images); paths[images] != want {
		t.Fatalf("path %q, want %q", paths[images], want)
	}
	r, err := s.Files[0].Open(paths[images])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("content differs: %d bytes, %v", len(got), err)
	}
	if _, err := os.Stat(part(s)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the part is still there: %v", err)
	}
}

// fails checks that Get fails with one line that has the reason, and leaves no file.
func fails(t *testing.T, s Set, reason string) {
	t.Helper()
	paths, err := s.Get(context.Background(), Config{})
	if err == nil || !strings.Contains(err.Error(), "and download failed ("+reason) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Get = %v, %v\nwant a line with %q", paths, err, reason)
	}
	cache, _ := s.CacheDir()
	if _, err := os.Stat(filepath.Join(cache, images)); err == nil {
		t.Error("there is a file")
	}
}

func part(s Set) string {
	cache, _ := s.CacheDir()
	return filepath.Join(cache, images+".part")
}

func partLen(t *testing.T, s Set) int {
	t.Helper()
	info, err := os.Stat(part(s))
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

func TestDownload(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, file(data))
	s := testSet(t, raw, server.URL)
	var done, total int64
	_, err := s.Get(context.Background(), Config{Progress: func(name string, d, all int64) {
		if name != images || d <= done {
			t.Errorf("Progress(%s, %d) after %d", name, d, done)
		}
		done, total = d, all
	}})
	if err != nil || done != int64(len(data)) || total != done {
		t.Errorf("Get: %v, progress %d of %d, want %d", err, done, total, len(data))
	}
	get(t, s, raw) // from the cache
	server.want(t, "")
}

// Some servers unpack a .gz on the way: the hash is of the content, so that is as good.
func TestDownloadUnpacked(t *testing.T) {
	raw := content(1)
	get(t, testSet(t, raw, serve(t, whole(raw)).URL), raw)
}

func TestResume(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, file(data))
	s := testSet(t, raw, server.URL)
	write(t, data[:100_000], part(s))
	var first int64
	if _, err := s.Get(context.Background(), Config{Progress: func(_ string, done, total int64) {
		if first == 0 {
			first = done
		}
		if total != int64(len(data)) {
			t.Errorf("total %d, want %d", total, len(data))
		}
	}}); err != nil || first <= 100_000 {
		t.Errorf("Get: %v, progress began at %d, want more than the 100,000 that were there", err, first)
	}
	get(t, s, raw)
	server.want(t, "bytes=100000-")
}

func TestResumeRangeIgnored(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, whole(data))
	s := testSet(t, raw, server.URL)
	write(t, data[:100_000], part(s))
	get(t, s, raw)
	server.want(t, "bytes=100000-")
}

// The part is complete, only the renaming did not happen.
func TestResumeNothingLeft(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, file(data))
	s := testSet(t, raw, server.URL)
	write(t, data, part(s))
	get(t, s, raw)
	server.want(t, fmt.Sprintf("bytes=%d-", len(data)))
}

// The part is from something else: the hash tells, and the second transfer is whole.
func TestResumeWrongPart(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	for _, wrong := range [][]byte{content(2)[:100_000], append(slices.Clone(data), 1)} {
		server := serve(t, file(data))
		s := testSet(t, raw, server.URL)
		write(t, wrong, part(s))
		get(t, s, raw)
		server.want(t, fmt.Sprintf("bytes=%d-", len(wrong)), "")
	}
}

func TestResumeWrongRange(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	for _, header := range []string{"", "bytes 0-9/300000", "bytes 100000-199999/150000", "items 100000-199999/200000", "bytes 100000-199999/many"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", header)
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(data)
		})
		s := testSet(t, raw, server.URL)
		write(t, data[:100_000], part(s))
		get(t, s, raw)
		server.want(t, "bytes=100000-", "")
	}
}

func TestContentRange(t *testing.T) {
	for header, want := range map[string]int64{"bytes 100-199/300": 300, "bytes 100-199/200": 200, "bytes 100-199/*": -1} {
		if total, err := contentRange(header, 100); total != want || err != nil {
			t.Errorf("contentRange(%q) = %d, %v; want %d", header, total, err, want)
		}
	}
	for _, header := range []string{"", "bytes", "bytes */300", "bytes 99-199/300", "bytes 100-199/199", "bytes 100-199/-1", "bytes 100-199/99999999999999999999"} {
		if total, err := contentRange(header, 100); err == nil {
			t.Errorf("contentRange(%q) = %d, want an error", header, total)
		}
	}
}

// A server may send less than the range that it is asked for.
func TestResumeInPieces(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var first int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first)
		end := min(first+120_000, len(data))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, end-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[first:end])
	})
	s := testSet(t, raw, server.URL)
	write(t, data[:100_000], part(s))
	get(t, s, raw)
	server.want(t, "bytes=100000-", "bytes=220000-")
}

func TestTruncated(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, cut(data, 120_000))
	s := testSet(t, raw, server.URL)
	get(t, s, raw) // 120,000 bytes at a time
	server.want(t, "", "bytes=120000-", "bytes=240000-")
}

func TestTruncatedTooOften(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, cut(data, 1000))
	s := testSet(t, raw, server.URL)
	fails(t, s, server.Listener.Addr().String()+": the connection was cut off after 3000 bytes")
	server.want(t, "", "bytes=1000-", "bytes=2000-")
	if n := partLen(t, s); n != 3000 {
		t.Errorf("%d bytes left to continue from, want 3000", n)
	}
	server2 := serve(t, file(data))
	s.Files[0].URLs = []string{server2.URL}
	get(t, s, raw)
	server2.want(t, "bytes=3000-")
}

// A short answer that states no length looks complete until it is checked.
func TestTruncatedUnnoticed(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush() // chunked: no Content-Length
		w.Write(data[:1000])
	})
	s := testSet(t, raw, server.URL)
	fails(t, s, server.Listener.Addr().String()+": not the original file, or damaged: unexpected EOF")
	if _, err := os.Stat(part(s)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part that is wrong is still there: %v", err)
	}
}

func TestWrongHash(t *testing.T) {
	raw := content(1)
	bad, good := serve(t, file(zipped(content(2)))), serve(t, file(zipped(raw)))
	s := testSet(t, raw, bad.URL)
	fails(t, s, bad.Listener.Addr().String()+": not the original file, or damaged: its content has SHA-256 ")
	if _, err := os.Stat(part(s)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part that is wrong is still there: %v", err)
	}
	bad.want(t, "")
	s.Files[0].URLs = []string{bad.URL, good.URL}
	get(t, s, raw)
	good.want(t, "")
}

func TestTooLarge(t *testing.T) {
	raw := content(1)
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(raw); err != nil {
				return
			}
		}
	})
	s := testSet(t, raw, endless.URL)
	fails(t, s, endless.Listener.Addr().String()+": not the original file, or damaged: more than the 300000 bytes of the original")
	stated := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "999999999") })
	s = testSet(t, raw, stated.URL)
	fails(t, s, stated.Listener.Addr().String()+": not the original file, or damaged: 999999999 bytes, the content of the original has 300000")
	stated.want(t, "")
}

func TestNotFound(t *testing.T) {
	raw := content(1)
	none, good := serve(t, http.NotFound), serve(t, file(zipped(raw)))
	s := testSet(t, raw, none.URL)
	fails(t, s, none.Listener.Addr().String()+": HTTP 404 Not Found): put the file from https://example.org/toy into ")
	none.want(t, "")
	s.Files[0].URLs = []string{none.URL, good.URL}
	get(t, s, raw)
}

func TestNoNetwork(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	s := testSet(t, content(1), closed.URL, closed.URL+"/mirror")
	fails(t, s, "no network): put the file from ")
}

func TestStalled(t *testing.T) {
	defer func(d time.Duration) { stallTimeout = d }(stallTimeout)
	stallTimeout = 20 * time.Millisecond
	raw := content(1)
	for _, sent := range []int{0, 1000} {
		hangs := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if sent > 0 {
				w.Write(zipped(raw)[:sent])
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		})
		s := testSet(t, raw, hangs.URL)
		paths, err := s.Get(context.Background(), Config{})
		if err == nil || !strings.Contains(err.Error(), "no data for too long") {
			t.Errorf("Get from a server that hangs after %d bytes = %v, %v", sent, paths, err)
		}
	}
}

func TestStop(t *testing.T) {
	raw := content(1)
	data := zipped(raw)
	half := len(data) / 2
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:half])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	s := testSet(t, raw, slow.URL)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := s.Get(ctx, Config{Progress: func(_ string, done, _ int64) {
		if done == int64(half) {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run again to continue it") {
		t.Errorf("Get = %v, want context.Canceled", err)
	}
	if n := partLen(t, s); n != half {
		t.Errorf("%d bytes left to continue from, want %d", n, half)
	}
	server := serve(t, file(data))
	s.Files[0].URLs = []string{server.URL}
	get(t, s, raw)
	server.want(t, fmt.Sprintf("bytes=%d-", half))
}

func TestConcurrent(t *testing.T) {
	raw := content(1)
	server := serve(t, file(zipped(raw)))
	s := testSet(t, raw, server.URL)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Get(context.Background(), Config{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	get(t, s, raw)
	server.want(t, "")
}

func TestLock(t *testing.T) {
	raw := content(1)
	s := testSet(t, raw, serve(t, file(zipped(raw))).URL)
	cache, _ := s.CacheDir()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := filelock.Try(filepath.Join(cache, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Try(filepath.Join(cache, ".lock")); err != filelock.ErrLocked {
		t.Errorf("second lock = %v, want filelock.ErrLocked", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, Config{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get while another downloads = %v, want to wait until the context ends", err)
	}
	unlock()
	get(t, s, raw)
}

func TestNotDownloadable(t *testing.T) {
	raw := content(1)
	server := serve(t, file(zipped(raw)))
	for _, spoil := range []func(f *File){
		func(f *File) { f.SHA256 = "" },
		func(f *File) { f.Size = 0 },
		func(f *File) { f.URLs = nil },
	} {
		s := testSet(t, raw, server.URL)
		spoil(&s.Files[0])
		fails(t, s, images+" has no address that can be checked")
	}
	server.want(t)
}

func TestCacheNotWritable(t *testing.T) {
	raw := content(1)
	server := serve(t, file(zipped(raw)))
	s := testSet(t, raw, server.URL, server.URL+"/mirror")
	t.Setenv("HADAL_CACHE", write(t, nil, t.TempDir(), "file"))
	fails(t, s, "mkdir ")
	server.want(t)
	// A part that cannot be written is not the server's fault: no mirror is asked.
	s = testSet(t, raw, server.URL, server.URL+"/mirror")
	if err := os.MkdirAll(part(s), 0o755); err != nil {
		t.Fatal(err)
	}
	fails(t, s, "open ")
	server.want(t)
}
