package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// check returns an error unless the folder of path holds path with the given content and nothing else.
func check(path, want string) error {
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		return fmt.Errorf("content %.40q (%d bytes), %v; want %.40q (%d bytes)", got, len(got), err, want, len(want))
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		return fmt.Errorf("the folder holds %v, %v", entries, err)
	}
	return nil
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"old", "", "new", strings.Repeat("0123456789", 1<<17)} {
		if err := WriteFile(path, text(content)); err != nil {
			t.Fatal(err)
		}
		if err := check(path, content); err != nil {
			t.Error(err)
		}
	}
	t.Chdir(filepath.Dir(path))
	if err := WriteFile("file", text("relative")); err != nil {
		t.Fatal(err)
	}
	if err := check(path, "relative"); err != nil {
		t.Error(err)
	}
}

// The old file stays, and the temporary one goes, whatever ends the writing: an error, a panic, runtime.Goexit.
func TestFailedWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	part := func(w io.Writer) { io.Copy(w, bytes.NewReader(make([]byte, 1<<20))) }
	err := WriteFile(path, func(w io.Writer) error { part(w); return stop })
	if !errors.Is(err, stop) || err.Error() != path+": stop" {
		t.Errorf("WriteFile = %v", err)
	}
	if err := check(path, "old"); err != nil {
		t.Error("after an error:", err)
	}
	func() {
		defer func() {
			if v := recover(); v != "panic" {
				t.Errorf("recovered %v", v)
			}
		}()
		WriteFile(path, func(w io.Writer) error { part(w); panic("panic") })
	}()
	if err := check(path, "old"); err != nil {
		t.Error("after a panic:", err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		WriteFile(path, func(w io.Writer) error { part(w); runtime.Goexit(); return nil })
	})
	wait.Wait()
	if err := check(path, "old"); err != nil {
		t.Error("after Goexit:", err)
	}
}

// A process that is killed while it writes leaves the old file.
func TestKilledWriter(t *testing.T) {
	if path := os.Getenv("ATOMICFILE_TEST_PATH"); path != "" {
		WriteFile(path, func(w io.Writer) error {
			for i := 0; ; i++ {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
				if i == 4 {
					fmt.Println("writing")
					select {}
				}
			}
		})
		return
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_PATH="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("writing"))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "writing" {
		t.Errorf("the writer said %q, %v", line, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("content %.40q, %v", got, err)
	}
}

// Readers and other writers see one whole content after another.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := func(i int) string { return strings.Repeat(string(rune('a'+i)), 100_000) }
	if err := WriteFile(path, text(content(0))); err != nil {
		t.Fatal(err)
	}
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			for range 5 {
				if err := WriteFile(path, text(content(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			got, err := os.ReadFile(path)
			if runtime.GOOS == "windows" && err != nil {
				continue // a file that is being replaced may not be opened there
			}
			if err != nil || len(got) != 100_000 || bytes.Count(got, got[:1]) != len(got) {
				t.Errorf("read %d bytes, %v", len(got), err)
				return
			}
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(path, string(got)); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := WriteFile(file, text("x")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing", "file")
	for _, c := range []struct{ path, want string }{
		{"", "no path to write to: give the path of a file"},
		{dir, dir + " is not a file but a folder: give the path of a file"},
		{missing, missing + " cannot be written: folder " + filepath.Dir(missing) + " does not exist: make it, or choose another ("},
		{filepath.Join(file, "x"), filepath.Join(file, "x") + " cannot be written: "},
		{os.DevNull, os.DevNull + " is not a file but a device: give the path of a file"},
	} {
		if runtime.GOOS == "windows" && c.path == os.DevNull {
			c.want = "" // NUL is refused, in other words
		}
		called := false
		err := WriteFile(c.path, func(io.Writer) error { called = true; return nil })
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("WriteFile(%q) = %v\nwant %s...", c.path, err, c.want)
		}
		if called {
			t.Errorf("WriteFile(%q) called write", c.path)
		}
	}
	if err := check(file, "x"); err != nil {
		t.Error(err)
	}

	for _, c := range []struct {
		cause error
		want  string
	}{
		{syscall.ENOSPC, "m/file cannot be written: no space left in folder m: free some, or choose another folder ("},
		{syscall.EDQUOT, "m/file cannot be written: no space left in folder m: free some, or choose another folder ("},
		{fs.ErrPermission, "m/file cannot be written: folder m is not writable: change its permissions, or choose another ("},
		{syscall.EROFS, "m/file cannot be written: folder m is not writable: change its permissions, or choose another ("},
		{io.ErrShortWrite, "m/file cannot be written: short write; choose another path"},
	} {
		err := explain("m/file", "m", &fs.PathError{Op: "write", Path: "m/.hadal-0123.tmp", Err: c.cause})
		if !strings.HasPrefix(err.Error(), c.want) || !errors.Is(err, c.cause) || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("%v: %v\nwant %s...", c.cause, err, c.want)
		}
	}
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "atomicfile")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "note.txt")
	err = WriteFile(path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "whole or not at all")
		return err
	})
	if err != nil {
		panic(err)
	}
	b, _ := os.ReadFile(path)
	fmt.Print(string(b))
	// Output: whole or not at all
}
