package nn

import "reflect"

// FreezeStatistics sets BatchNorm.Frozen of every BatchNorm of a module whose weight and bias are frozen (see Freeze): the parts of a pre-trained
// network that stay as they are keep their running statistics too. It returns how many there are.
func FreezeStatistics(m any) int {
	n, seen := 0, map[*BatchNorm]bool{}
	eachBatchNorm(reflect.ValueOf(m), func(l *BatchNorm) {
		trains := l.Weight != nil && l.Weight.RequiresGrad() || l.Bias != nil && l.Bias.RequiresGrad()
		if !trains && !seen[l] {
			seen[l], l.Frozen = true, true
			n++
		}
	})
	return n
}

// eachBatchNorm calls f with those that v reaches as parameters are reached: through exported fields, slices, pointers and interfaces.
func eachBatchNorm(v reflect.Value, f func(*BatchNorm)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || !v.CanInterface() {
			return
		}
		switch l := v.Interface().(type) {
		case *BatchNorm:
			f(l)
			return
		case *Param, *Buffer:
			return
		}
		eachBatchNorm(v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachBatchNorm(v.Field(i), f)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			eachBatchNorm(v.Index(i), f)
		}
	}
}
