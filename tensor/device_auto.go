package tensor

import "slices"

func init() { RegisterDevice("auto", openAuto) }

// openAuto opens the device "auto": of the registered kinds, in order of their names, the first that this machine has, else the CPU.
// The device that is returned says which it is.
func openAuto(index int) (Device, error) {
	devices.Lock()
	var kinds []string
	for k := range devices.open {
		if k != "auto" && k != "cpu" && k != "meta" {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	var open []func(int) (Device, error)
	for _, k := range kinds {
		open = append(open, devices.open[k])
	}
	devices.Unlock()
	for _, f := range open {
		if d, err := f(index); err == nil {
			return d, nil
		}
	}
	return CPU, nil
}
