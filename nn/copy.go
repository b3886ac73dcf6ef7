package nn

import (
	"reflect"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Eval returns a copy of the module that infers: layers such as Dropout and BatchNorm switch to inference, ops on the
// parameters are not recorded, and the weights are shared with m (later updates of m show). Shared parameters stay shared.
func Eval[M any](m M) M {
	return copyModule(m, copier{
		param:   func(p *Param) *Param { return &Param{Tensor: p.Detach()} },
		buffer:  func(b *Buffer) *Buffer { return &Buffer{Tensor: b.Detach()} },
		mode:    Infer,
		setMode: true,
	})
}

// Clone returns a copy of the module that owns its weights, in the same mode. Its generators continue as m's do; its
// parameters have no gradients yet.
func Clone[M any](m M) M {
	return owned(m, func(t *tensor.Tensor) *tensor.Tensor { return t })
}

// To is Clone with the floating-point parameters and buffers converted to dtype d, such as tensor.Float64. It panics with
// ErrDType when d is not a floating-point type.
func To[M any](m M, d tensor.DType) M {
	if !d.IsFloat() {
		tensor.Fail("nn.To", tensor.ErrDType, nil, "parameters are floating-point numbers; %v is not", d)
	}
	return owned(m, func(t *tensor.Tensor) *tensor.Tensor {
		if t.DType().IsFloat() {
			return t.To(d)
		}
		return t
	})
}

// Snapshot returns a copy that infers and owns its weights: the only form that another goroutine may use while m trains.
// Take it where m trains, between two steps.
func Snapshot[M any](m M) M { return Clone(Eval(m)) }

// owned returns a copy that owns its weights, which are those of m after f.
func owned[M any](m M, f func(*tensor.Tensor) *tensor.Tensor) M {
	return copyModule(m, copier{
		param: func(p *Param) *Param {
			if !p.RequiresGrad() {
				return &Param{Tensor: tensor.NewBuffer(f(p.Tensor)).Tensor}
			}
			return tensor.NewParam(f(p.Detach()))
		},
		buffer:     func(b *Buffer) *Buffer { return tensor.NewBuffer(f(b.Tensor)) },
		generators: true,
	})
}

type copier struct {
	param      func(*Param) *Param
	buffer     func(*Buffer) *Buffer
	mode       Mode
	setMode    bool
	generators bool // copied, not shared
	done       map[any]reflect.Value
}

func copyModule[M any](m M, c copier) (r M) {
	walk(m) // refuses modules whose parameters would be missed
	c.done = map[any]reflect.Value{}
	reflect.ValueOf(&r).Elem().Set(c.copy(reflect.ValueOf(&m).Elem()))
	return r
}

// copy returns v with everything in it that leads to parameters, buffers, generators or modes copied; the rest is shared.
func (c *copier) copy(v reflect.Value) reflect.Value {
	t := v.Type()
	switch {
	case !holds(v):
		return v
	case t == modeType:
		if c.setMode {
			return reflect.ValueOf(c.mode)
		}
		return v
	}
	n := reflect.New(t).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		return c.pointer(v)
	case reflect.Interface:
		n.Set(c.copy(v.Elem()))
	case reflect.Slice:
		n.Set(reflect.MakeSlice(t, v.Len(), v.Len()))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			n.Index(i).Set(c.copy(v.Index(i)))
		}
	case reflect.Struct:
		n.Set(v)
		c.fields(n, v)
	}
	return n
}

// pointer returns the copy of what v points to, the same one each time.
func (c *copier) pointer(v reflect.Value) reflect.Value {
	if n, ok := c.done[v.Interface()]; ok {
		return n
	}
	var n reflect.Value
	switch p := v.Interface().(type) {
	case *Param:
		n = reflect.ValueOf(c.param(p))
	case *Buffer:
		n = reflect.ValueOf(c.buffer(p))
	case *random.Generator:
		n = v
		if c.generators {
			g := new(random.Generator)
			g.SetState(p.State())
			n = reflect.ValueOf(g)
		}
	default:
		n = reflect.New(v.Type().Elem())
		c.done[v.Interface()] = n // before its fields: modules may point back
		n.Elem().Set(c.copy(v.Elem()))
	}
	c.done[v.Interface()] = n
	return n
}

// fields sets the fields of n, a plain copy of the struct v.
func (c *copier) fields(n, v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Type().Field(i); {
		case f.IsExported():
			n.Field(i).Set(c.copy(v.Field(i)))
		case promotes(f):
			c.fields(n.Field(i), v.Field(i))
		}
	}
}
