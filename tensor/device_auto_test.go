package tensor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestOpenDevice(t *testing.T) {
	for name, want := range map[string]string{
		"gpu": `device "gpu" is unknown; this program has auto, cpu`, "": `device "" is unknown`, "CPU": `device "CPU" is unknown`,
		"cpu:": "must be a number", "cpu:-1": "must be a number", "cpu:x": "must be a number", "cuda 0": "is unknown",
	} {
		if d, err := tensor.OpenDevice(name); err == nil || d != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, %v, want %q", name, d, err, want)
		}
	}
	for name, want := range map[string]tensor.Device{"cpu": tensor.CPU, "cpu:0": tensor.CPU, "meta": tensor.Meta, "auto": tensor.CPU} {
		if d, err := tensor.OpenDevice(name); d != want || err != nil {
			t.Errorf("%q: %v, %v", name, d, err)
		}
	}
}

// The device "auto" passes over what this machine does not have.
func TestAutoDevice(t *testing.T) {
	there := false
	tensor.RegisterDevice("aa-absent", func(int) (tensor.Device, error) { return nil, errors.New("no such hardware") })
	tensor.RegisterDevice("twin", func(int) (tensor.Device, error) {
		if !there {
			return nil, errors.New("unplugged")
		}
		return twin{}, nil
	})
	defer func() { there = false }()
	if d, err := tensor.OpenDevice("auto"); d != tensor.CPU || err != nil {
		t.Errorf("without hardware: %v, %v", d, err)
	}
	if d, err := tensor.OpenDevice("twin"); d != nil || err == nil {
		t.Errorf("by name: %v, %v", d, err)
	}
	there = true
	if d, err := tensor.OpenDevice("auto"); d != (twin{}) || err != nil {
		t.Errorf("with hardware: %v, %v", d, err)
	}
}
