package filelock

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain is also the other process: it holds the lock of a file until its input ends.
func TestMain(m *testing.M) {
	if path := os.Getenv("HADAL_TEST_LOCK"); path != "" {
		if _, err := Try(path); err != nil {
			os.Exit(3)
		}
		os.Stdout.WriteString("!")
		os.Stdin.Read(make([]byte, 1))
		return
	}
	os.Exit(m.Run())
}

func TestTry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Try(path)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no locks")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); err != ErrLocked {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	if unlock, err = Try(path); err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	unlock()
	if _, err := Try(filepath.Join(t.TempDir(), "no", "lock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

// A process that dies gives its lock back.
func TestDeath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HADAL_TEST_LOCK="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no process can be started here: ", err)
	}
	if n, _ := out.Read(make([]byte, 1)); n == 0 {
		cmd.Wait()
		t.Skip("this system has no locks")
	}
	if _, err := Try(path); err != ErrLocked {
		t.Errorf("while the other process holds it: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	unlock, err := Try(path)
	if err != nil {
		t.Fatalf("after the other process died: %v", err)
	}
	unlock()
}
