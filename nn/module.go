// Package nn holds the layers of neural networks and what works on any model: listing, saving, copying and summarising
// its parameters.
//
// A module is any struct. Its parameters are the *Param it reaches through exported fields, in field order; their names
// are the snake_case field names joined by dots, as in a PyTorch state dict (conv1.weight, layers.0.bias). A field tag
// `name:"..."` gives another name.
//
// A module's mode belongs to the value: constructors build modules that train, Eval returns one that infers, Snapshot one
// that other goroutines may use while training goes on.
package nn

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Param is a trainable tensor of a module; see tensor.Param.
type Param = tensor.Param

// Buffer is a tensor of a module that is saved but not trained; see tensor.Buffer.
type Buffer = tensor.Buffer

// Layer is a module with one input and one output, as Sequential chains them.
type Layer interface {
	Forward(x *tensor.Tensor) *tensor.Tensor
}

// Mode says whether a layer trains or infers; layers that differ, such as Dropout and BatchNorm, have a field of this type.
type Mode uint8

// The modes. Constructors leave Train.
const (
	Train Mode = iota
	Infer
)

// NamedParam is a parameter and its place in a module.
type NamedParam struct {
	Name string
	*Param
}

// NamedBuffer is a buffer and its place in a module.
type NamedBuffer struct {
	Name string
	*Buffer
}

// Params returns the module's parameters in field order, shared ones once. It panics with the path of a Param that lies
// behind an unexported field or a map, where it could be neither trained nor saved.
func Params(m any) []*Param {
	var ps []*Param
	for _, p := range NamedParams(m) {
		ps = append(ps, p.Param)
	}
	return ps
}

// NamedParams is Params with names.
func NamedParams(m any) []NamedParam {
	return walk(m).params
}

// NamedBuffers returns the module's buffers in field order.
func NamedBuffers(m any) []NamedBuffer {
	return walk(m).buffers
}

// NamedGenerator is a random generator and its place in a module.
type NamedGenerator struct {
	Name string
	*random.Generator
}

// NamedGenerators returns the module's random generators, such as those of Dropout, in field order; their states belong
// into checkpoints.
func NamedGenerators(m any) []NamedGenerator { return walk(m).generators }

// NumParams returns the number of trainable values.
func NumParams(m any) (n int) {
	for _, p := range Params(m) {
		n += p.Numel()
	}
	return n
}

// ZeroGrad forgets the gradients of all parameters.
func ZeroGrad(m any) {
	for _, p := range Params(m) {
		p.ZeroGrad()
	}
}

var (
	paramType  = reflect.TypeFor[*Param]()
	bufferType = reflect.TypeFor[*Buffer]()
	tensorType = reflect.TypeFor[*tensor.Tensor]()
	modeType   = reflect.TypeFor[Mode]()

	generatorType = reflect.TypeFor[*random.Generator]()
)

type walker struct {
	params     []NamedParam
	buffers    []NamedBuffer
	generators []NamedGenerator
	seen       map[any]bool
}

func walk(m any) *walker {
	w := &walker{seen: map[any]bool{}}
	w.value("", reflect.ValueOf(m))
	return w
}

func (w *walker) value(path string, v reflect.Value) {
	if !v.IsValid() || !mayHold(v.Type(), nil) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || w.seen[v.Interface()] {
			return
		}
		w.seen[v.Interface()] = true
		switch p := v.Interface().(type) {
		case *Param:
			w.params = append(w.params, NamedParam{path, p})
		case *Buffer:
			w.buffers = append(w.buffers, NamedBuffer{path, p})
		case *random.Generator:
			w.generators = append(w.generators, NamedGenerator{path, p})
		default:
			w.value(path, v.Elem())
		}
	case reflect.Interface:
		w.value(path, v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.value(join(path, strconv.Itoa(i)), v.Index(i))
		}
	case reflect.Map:
		if mayHold(v.Type().Elem(), nil) && v.Type().Elem().Kind() != reflect.Interface {
			panic(fmt.Sprintf("nn: %s of type %v holds parameters in a map, which has no order; use a slice or struct fields", path, v.Type()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() && !f.Anonymous {
				if holds(v.Field(i), map[uintptr]bool{}) {
					panic(fmt.Sprintf("nn: %s: unexported field %s holds parameters; export it, or they would be neither trained nor saved", orRoot(path, v.Type()), f.Name))
				}
				continue
			}
			if !f.IsExported() { // embedded unexported struct: its exported fields are promoted
				if f.Type.Kind() == reflect.Struct {
					w.value(path, v.Field(i))
				}
				continue
			}
			w.value(fieldPath(path, f), v.Field(i))
		}
	}
}

func orRoot(path string, t reflect.Type) string {
	if path == "" {
		return t.String()
	}
	return path
}

func fieldPath(path string, f reflect.StructField) string {
	if name, ok := f.Tag.Lookup("name"); ok {
		return join(path, name)
	}
	if f.Anonymous {
		return path
	}
	return join(path, snake(f.Name))
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

// snake converts a Go field name to PyTorch's spelling: Conv1 conv1, FC1 fc1, RunningMean running_mean, WeightIH weight_ih.
func snake(s string) string {
	var b strings.Builder
	r := []rune(s)
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && (!unicode.IsUpper(r[i-1]) && !unicode.IsDigit(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) && r[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// mayHold reports whether a value of type t can lead to a Param, Buffer, Generator or Mode.
func mayHold(t reflect.Type, open []reflect.Type) bool {
	switch t {
	case paramType, bufferType, modeType, generatorType:
		return true
	case tensorType:
		return false
	}
	for _, o := range open {
		if o == t {
			return false
		}
	}
	open = append(open, t)
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return mayHold(t.Elem(), open)
	case reflect.Struct:
		for i := range t.NumField() {
			if mayHold(t.Field(i).Type, open) {
				return true
			}
		}
	}
	return false
}

// holds reports whether the value behind an unexported field leads to a Param, Buffer or Generator.
func holds(v reflect.Value, seen map[uintptr]bool) bool {
	if !v.IsValid() || !mayHold(v.Type(), nil) {
		return false
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return false
		}
		seen[v.Pointer()] = true
		return v.Type() == paramType || v.Type() == bufferType || v.Type() == generatorType || holds(v.Elem(), seen)
	case reflect.Interface:
		return holds(v.Elem(), seen)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if holds(v.Index(i), seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if holds(it.Value(), seen) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if holds(v.Field(i), seen) {
				return true
			}
		}
	}
	return false
}
