package nn

import (
	"reflect"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Eval returns a copy of the module that infers: layers such as Dropout and BatchNorm switch to inference, nothing is
// recorded, and the weights are shared with m (later updates of m show). Shared parameters stay shared.
func Eval[M any](m M) M {
	return copyModule(m, copier{
		param:  func(p *Param) *Param { return &Param{Tensor: p.Detach()} },
		buffer: func(b *Buffer) *Buffer { return &Buffer{Tensor: b.Detach()} },
		mode:   Infer, setMode: true,
	})
}

// Clone returns a copy of the module that owns its weights, in the same mode.
func Clone[M any](m M) M {
	return copyModule(m, copier{
		param: func(p *Param) *Param {
			if !p.RequiresGrad() {
				return &Param{Tensor: p.Tensor.Clone()}
			}
			return tensor.NewParam(p.Tensor)
		},
		buffer:     func(b *Buffer) *Buffer { return tensor.NewBuffer(b.Tensor) },
		generators: true,
	})
}

// Snapshot returns a copy that infers and owns its weights: the only form that another goroutine may use while m trains.
func Snapshot[M any](m M) M { return Clone(Eval(m)) }

type copier struct {
	param      func(*Param) *Param
	buffer     func(*Buffer) *Buffer
	mode       Mode
	setMode    bool
	generators bool
	done       map[any]reflect.Value
}

func copyModule[M any](m M, c copier) M {
	walk(m) // refuses modules whose parameters would be missed
	c.done = map[any]reflect.Value{}
	v := reflect.New(reflect.TypeFor[M]()).Elem()
	v.Set(reflect.ValueOf(&m).Elem())
	return c.copy(v).Interface().(M)
}

// copy returns v with everything in it that leads to parameters, modes or generators copied; the rest is shared.
func (c *copier) copy(v reflect.Value) reflect.Value {
	t := v.Type()
	if t == generatorType {
		if v.IsNil() || !c.generators {
			return v
		}
		return c.once(v, func() reflect.Value {
			g := random.New(0)
			g.SetState(v.Interface().(*random.Generator).State())
			return reflect.ValueOf(g)
		})
	}
	if t == modeType && c.setMode {
		return reflect.ValueOf(c.mode)
	}
	if !mayHold(t, nil) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		switch p := v.Interface().(type) {
		case *Param:
			return c.once(v, func() reflect.Value { return reflect.ValueOf(c.param(p)) })
		case *Buffer:
			return c.once(v, func() reflect.Value { return reflect.ValueOf(c.buffer(p)) })
		case *tensor.Tensor:
			return v
		}
		if n, ok := c.done[v.Interface()]; ok {
			return n
		}
		n := reflect.New(t.Elem())
		c.done[v.Interface()] = n // before its fields: modules may point back
		n.Elem().Set(c.copy(v.Elem()))
		return n
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		n := reflect.New(t).Elem()
		n.Set(c.copy(v.Elem()))
		return n
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		n := reflect.MakeSlice(t, v.Len(), v.Len())
		for i := range v.Len() {
			n.Index(i).Set(c.copy(v.Index(i)))
		}
		return n
	case reflect.Array, reflect.Struct:
		n := reflect.New(t).Elem()
		n.Set(v)
		if t.Kind() == reflect.Array {
			for i := range v.Len() {
				n.Index(i).Set(c.copy(v.Index(i)))
			}
			return n
		}
		for i := range v.NumField() {
			if t.Field(i).IsExported() {
				n.Field(i).Set(c.copy(v.Field(i)))
			}
		}
		return n
	}
	return v
}

func (c *copier) once(v reflect.Value, make func() reflect.Value) reflect.Value {
	n, ok := c.done[v.Interface()]
	if !ok {
		n = make()
		c.done[v.Interface()] = n
	}
	return n
}
