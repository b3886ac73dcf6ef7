package main

import (
	"runtime"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/cpu"
)

func TestBench(t *testing.T) {
	lines := jsonLines(t, must(t, "bench", "--filter=^(matmul/64x64x64|add/1000)$", "--budget=0.001", "--threads=1"))
	if len(lines) != 3 {
		t.Fatalf("%d lines, want the machine and 2 workloads", len(lines))
	}
	if m := lines[0]; m["kernels"] != cpu.Current() || m["go"] != runtime.Version() || m["threads"] != 1. || m["cpu"] == "" || m["peak_gflops"] == nil {
		t.Errorf("machine: %v", m)
	}
	for i, name := range []string{"matmul/64x64x64", "add/1000"} {
		l := lines[i+1]
		if l["case"] != name || l["threads"] != 1. {
			t.Errorf("%v", l)
		}
		for _, field := range []string{"median_ms", "min_ms", "max_ms", "p90_ms", "samples", "inner"} {
			if x, _ := l[field].(float64); !(x > 0) {
				t.Errorf("%s: %s is %v", name, field, l[field])
			}
		}
		for _, field := range []string{"first_ms", "page_faults", "go_bytes", "steal"} {
			if _, ok := l[field].(float64); !ok {
				t.Errorf("%s: %s is %v", name, field, l[field])
			}
		}
	}
	if x, _ := lines[1]["gflops"].(float64); !(x > 0) {
		t.Errorf("%v", lines[1])
	}
	if x, _ := lines[2]["gbps"].(float64); !(x > 0) {
		t.Errorf("%v", lines[2])
	}

	if got := strings.Fields(must(t, "bench", "--list", "--filter=add/")); len(got) != 3 || got[0] != "add/1000" {
		t.Errorf("--list: %q", got)
	}
	for args, want := range map[string][]string{
		"bench --filter=(":        {`--filter "("`, "missing closing )", "give a regular expression"},
		"bench --filter=nothing":  {`"nothing" matches no workload`, "hadal bench --list"},
		"bench --budget=0":        {"--budget 0", "above 0"},
		"bench --budget=-1":       {"--budget -1", "above 0"},
		"bench --budget=NaN":      {"--budget NaN", "above 0"},
		"bench --budget=1e9":      {"--budget 1e+09", "up to 3600"},
		"bench --budget=x":        {"--budget", `"x"`},
		"bench add":               {"unexpected argument add", "hadal bench --help"},
		"bench --threads=-1":      {"-1 threads"},
		"bench --threads=1000000": {"1000000 threads"},
	} {
		oneLineError(t, args, hadal(strings.Fields(args)...), 2, want...)
	}
}
