package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hadal-go/hadal/internal/filelock"
)

const (
	tries     = 3 // transfers from one address before the next is tried
	pollLock  = 100 * time.Millisecond
	bufferLen = 128 << 10
)

// Variables for the tests' sake alone.
var (
	stallTimeout = 30 * time.Second // a transfer that brings no byte for so long is cut off
	retryPause   = time.Second      // before a transfer that was cut off is continued
)

var (
	errCut     = errors.New("the connection was cut off")
	errStalled = errors.New("no data for too long")
)

// defaultClient has no time-out for a whole transfer, which may take hours: stallTimeout watches it instead.
var defaultClient = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	TLSHandshakeTimeout:   10 * time.Second,
	ResponseHeaderTimeout: 30 * time.Second,
	IdleConnTimeout:       30 * time.Second,
	ForceAttemptHTTP2:     true,
}}

// download fetches the files into dir, one process at a time.
func (s Set) download(ctx context.Context, cfg Config, dir string, files []File) error {
	for _, f := range files {
		if len(f.URLs) == 0 || f.SHA256 == "" || f.Size == 0 {
			return fmt.Errorf("%s has no address that can be checked", f.Name)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if _, err := os.Stat(path); err == nil {
			continue // another process brought it while this one waited
		}
		d := transfer{ctx: ctx, cfg: cfg, file: f, part: path + ".part"}
		if err := d.fromAny(); err != nil {
			return err
		}
		if err := os.Rename(d.part, path); err != nil {
			return err
		}
	}
	return nil
}

// lock waits for the lock file at path until ctx ends.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		unlock, err := filelock.Try(path)
		switch {
		case errors.Is(err, errors.ErrUnsupported): // nothing keeps two processes apart; the files' sums are checked
			return unlock, nil
		case err != filelock.ErrLocked:
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollLock):
		}
	}
}

// transfer is the download of one file into part.
type transfer struct {
	ctx  context.Context
	cfg  Config
	file File
	part string
}

// fromAny downloads from the first address that gives the right content.
func (t *transfer) fromAny() error {
	var reasons []string
	for _, address := range t.file.URLs {
		err := t.from(address)
		if err == nil {
			return nil
		}
		var disk *fs.PathError
		if t.ctx.Err() != nil || errors.As(err, &disk) {
			return err // another address would not help
		}
		if reason := describe(address, err); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return errors.New(strings.Join(reasons, "; "))
}

// describe says in a few words why an address failed.
func describe(address string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" {
		return "no network"
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the URL is said below, shorter
	}
	host := address
	if u, parseErr := url.Parse(address); parseErr == nil {
		host = u.Host
	}
	return fmt.Sprintf("%s: %v", host, err)
}

// from downloads from one address and checks the content. It continues what an earlier transfer left, and starts once
// more from nothing if the result is wrong: the beginning may have come from another version of the file.
func (t *transfer) from(address string) error {
	for try := 1; ; try++ {
		continued, err := t.once(address)
		if err == nil {
			err = t.file.Check(t.part)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errContent):
			if removeErr := os.Remove(t.part); removeErr != nil {
				return removeErr
			}
			if !continued {
				return err
			}
		case !errors.Is(err, errCut):
			return err
		}
		if try == tries {
			return err
		}
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-time.After(retryPause):
		}
	}
}

// once makes one request and appends the answer to part. continued says that part's beginning is from an earlier one.
func (t *transfer) once(address string) (continued bool, err error) {
	out, err := os.OpenFile(t.part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return false, err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
	}()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}

	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	defer stalled.Stop()
	response, err := t.request(ctx, address, have)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()

	total := response.ContentLength
	switch response.StatusCode {
	case http.StatusOK: // also the answer of a server that does not know Range
		have = 0
	case http.StatusPartialContent:
		if total, err = contentRange(response.Header.Get("Content-Range"), have); err != nil {
			have = 0
		}
		continued = true
	case http.StatusRequestedRangeNotSatisfiable:
		return true, nil // nothing follows what is there: the check decides whether that is all
	default:
		return false, fmt.Errorf("HTTP %s", response.Status)
	}
	if truncateErr := out.Truncate(have); truncateErr != nil {
		return false, truncateErr
	}
	if err != nil {
		return false, fmt.Errorf("%w: %v", errCut, err)
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return false, err
	}
	if total > t.limit() {
		return false, fmt.Errorf("%w: %d bytes, the content of the original has %d", errContent, total, t.file.Size)
	}
	have, err = t.copy(out, response.Body, have, total, func() { stalled.Reset(stallTimeout) })
	switch {
	case err != nil && context.Cause(ctx) == errStalled:
		return continued, fmt.Errorf("%w: %v", errCut, errStalled)
	case err != nil:
		return continued, err
	case total >= 0 && have != total:
		return continued, fmt.Errorf("%w after %d of %d bytes", errCut, have, total)
	}
	return continued, out.Sync()
}

func (t *transfer) request(ctx context.Context, address string, have int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	// Otherwise net/http asks for compression and undoes it: byte counts and ranges would no longer be those of the file.
	request.Header.Set("Accept-Encoding", "identity")
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	client := t.cfg.Client
	if client == nil {
		client = defaultClient
	}
	response, err := client.Do(request)
	if err != nil && context.Cause(ctx) == errStalled {
		err = errStalled
	}
	return response, err
}

// contentRange returns the total of a Content-Range header ("bytes 100-199/200"), -1 for an unknown one ("/*"), and an
// error unless the range starts at have.
func contentRange(header string, have int64) (total int64, err error) {
	var first, last int64
	var size string
	if _, err := fmt.Sscanf(header, "bytes %d-%d/%s", &first, &last, &size); err != nil || first != have {
		return 0, fmt.Errorf("the answer to a request from byte %d on has range %q", have, header)
	}
	if size == "*" {
		return -1, nil
	}
	if _, err := fmt.Sscanf(size, "%d", &total); err != nil || total <= last {
		return 0, fmt.Errorf("the answer has range %q", header)
	}
	return total, nil
}

// limit is the most bytes that the file may have as downloaded: gzip adds less than a thousandth to what it cannot compress.
func (t *transfer) limit() int64 { return t.file.Size + t.file.Size/1000 + 4096 }

// copy appends body to out, which holds done bytes, and returns how many it holds then.
func (t *transfer) copy(out io.Writer, body io.Reader, done, total int64, arrived func()) (int64, error) {
	buffer := make([]byte, bufferLen)
	for {
		n, readErr := body.Read(buffer)
		if n > 0 {
			arrived()
			if done+int64(n) > t.limit() {
				return done, fmt.Errorf("%w: more than the %d bytes of the original", errContent, t.file.Size)
			}
			if _, err := out.Write(buffer[:n]); err != nil {
				return done, err
			}
			done += int64(n)
			if t.cfg.Progress != nil {
				t.cfg.Progress(t.file.Name, done, total)
			}
		}
		if readErr == io.EOF {
			return done, nil
		}
		if readErr != nil {
			return done, fmt.Errorf("%w after %d bytes: %v", errCut, done, readErr)
		}
	}
}
