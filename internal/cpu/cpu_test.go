package cpu

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestUse(t *testing.T) {
	before := Current()
	defer Use(before)
	list := Impls()
	if list[0] != impls[0] || list[len(list)-1] != implGo {
		t.Errorf("Impls() = %v, want the portable one last", list)
	}
	for _, im := range list {
		if err := Use(im.String()); err != nil || Current() != im.String() {
			t.Errorf("Use(%q) = %v, Current() = %q", im, err, Current())
		}
	}
	if err := Use("go-bf16"); err != nil || Current() != "go-bf16" || inUse() != implGo {
		t.Errorf("Use(go-bf16) = %v, Current() = %q, other kernels %v", err, Current(), inUse())
	}
	Use(list[len(list)-1].String())
	if err := Use("avx1024"); err == nil || Current() != list[len(list)-1].String() || !strings.Contains(err.Error(), "avx1024") {
		t.Errorf("Use of an unknown name: error %v, Current() = %q", err, Current())
	}
	list[0] = 99 // the caller's copy
	if Impls()[0] == 99 {
		t.Error("Impls shares its list")
	}
}

// The variable is read at start, so each value needs a process.
func TestEnvironment(t *testing.T) {
	if want, ok := os.LookupEnv("HADAL_CPU_TEST"); ok {
		got := Current()
		if EnvError() != nil {
			got = EnvError().Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		return
	}
	names := make([]string, len(impls))
	for i, im := range impls {
		names[i] = im.String()
	}
	for value, want := range map[string]string{
		"":    names[0],
		"go":  "go",
		"sse": `HADAL_CPU: no kernels "sse" on this processor and build; it has ` + strings.Join(names, ", "),
	} {
		args := []string{os.Args[0], "-test.run=^TestEnvironment$"}
		if emulator := os.Getenv("HADAL_TEST_EXEC"); emulator != "" { // of a processor that cannot run them itself
			args = append([]string{emulator}, args...)
		}
		c := exec.Command(args[0], args[1:]...)
		c.Env = append(os.Environ(), "HADAL_CPU="+value, "HADAL_CPU_TEST="+want)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("HADAL_CPU=%s: %v\n%s", value, err, out)
		}
	}
}
