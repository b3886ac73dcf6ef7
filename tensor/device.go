package tensor

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Device is where a tensor's data lives. Kernels are found by asking the device for a small capability interface
// declared beside each op.
type Device interface {
	Kind() string   // "cpu", "meta", ...
	String() string // kind and, where there are several, the index: "cuda:0"
}

type cpuDevice struct{}

func (cpuDevice) Kind() string   { return "cpu" }
func (cpuDevice) String() string { return "cpu" }

type metaDevice struct{}

func (metaDevice) Kind() string   { return "meta" }
func (metaDevice) String() string { return "meta" }

// CPU computes; Meta has shapes and dtypes but no data: ops on it run their shape rules alone, which is how parameters
// and FLOPs of a model are counted without running it.
var (
	CPU  Device = cpuDevice{}
	Meta Device = metaDevice{}
)

var devices = struct {
	sync.Mutex
	open map[string]func(index int) (Device, error)
}{open: map[string]func(int) (Device, error){
	"cpu":  func(int) (Device, error) { return CPU, nil },
	"meta": func(int) (Device, error) { return Meta, nil },
}}

// RegisterDevice makes a kind of device known to OpenDevice; packages call it from init.
func RegisterDevice(kind string, open func(index int) (Device, error)) {
	devices.Lock()
	defer devices.Unlock()
	devices.open[kind] = open
}

// OpenDevice returns the device named "cpu", "meta" or a registered "kind" or "kind:index"; "auto" is the first of the
// registered ones that this machine has, else the CPU. An unknown name is an error that lists the known ones.
func OpenDevice(name string) (Device, error) {
	kind, num, found := strings.Cut(name, ":")
	index := 0
	if found {
		var err error
		if index, err = strconv.Atoi(num); err != nil || index < 0 {
			return nil, fmt.Errorf("device %q: the index after the colon must be a number", name)
		}
	}
	devices.Lock()
	open, ok := devices.open[kind]
	var known []string
	for k := range devices.open {
		known = append(known, k)
	}
	devices.Unlock()
	if !ok {
		sort.Strings(known)
		return nil, fmt.Errorf("device %q is unknown; this program has %s", name, strings.Join(known, ", "))
	}
	return open(index)
}
