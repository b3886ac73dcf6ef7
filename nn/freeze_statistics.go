package nn

import "reflect"

// FreezeStatistics sets BatchNorm.Frozen of every BatchNorm of a module whose weight and bias are frozen (see Freeze): the parts of a pre-trained
// network that stay as they are keep their running statistics too. It returns how many there are.
func FreezeStatistics(m any) int {
	n := 0
	eachBatchNorm(reflect.ValueOf(m), map[any]bool{}, func(l *BatchNorm) {
		trains := l.Weight != nil && l.Weight.RequiresGrad() || l.Bias != nil && l.Bias.RequiresGrad()
		if !trains {
			l.Frozen = true
			n++
		}
	})
	return n
}

// eachBatchNorm calls f once with each of those that v reaches as parameters are reached: through exported fields, slices, pointers and
// interfaces.
func eachBatchNorm(v reflect.Value, seen map[any]bool, f func(*BatchNorm)) {
	switch v.Kind() {
	case reflect.Interface:
		eachBatchNorm(v.Elem(), seen, f)
	case reflect.Pointer:
		if v.IsNil() || seen[v.Interface()] {
			return
		}
		seen[v.Interface()] = true
		switch l := v.Interface().(type) {
		case *BatchNorm:
			f(l)
			return
		case *Param, *Buffer:
			return
		}
		eachBatchNorm(v.Elem(), seen, f)
	case reflect.Struct:
		if v.CanAddr() && v.Type() == reflect.TypeFor[BatchNorm]() {
			eachBatchNorm(v.Addr(), seen, f)
			return
		}
		for i := range v.NumField() {
			if sf := v.Type().Field(i); sf.IsExported() || promotes(sf) {
				eachBatchNorm(v.Field(i), seen, f)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			eachBatchNorm(v.Index(i), seen, f)
		}
	}
}
