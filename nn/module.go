// Package nn holds the layers of neural networks and what works on any model: listing, saving, copying and summarising
// its parameters.
//
// A module is any struct. Its parameters are the *Param it reaches through exported fields, slices and interfaces, in field
// order; their names are the snake_case field names joined by dots, as in a PyTorch state dict (conv1.weight,
// layers.0.bias). A field tag `name:"..."` gives another name, the empty one leaves the field out of the path, as
// embedding does. What is reached by several paths is listed once, under the first.
//
// A module's mode belongs to the value: constructors build modules that train, Eval returns one that infers, Snapshot one
// that other goroutines may use while training goes on.
package nn

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
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

// Params returns the module's parameters in field order, shared ones once. It panics with ErrValue, naming the path, on what
// could be neither trained nor saved: a Param behind an unexported field, in a map or held by value, and two under one name.
func Params(m any) []*Param {
	var ps []*Param
	for _, p := range NamedParams(m) {
		ps = append(ps, p.Param)
	}
	return ps
}

// NamedParams is Params with names.
func NamedParams(m any) []NamedParam { return walk(m).params }

// NamedBuffers returns the module's buffers in field order.
func NamedBuffers(m any) []NamedBuffer { return walk(m).buffers }

// NamedGenerator is a random generator and its place in a module.
type NamedGenerator struct {
	Name string
	*random.Generator
}

// NamedGenerators returns the module's random generators, such as those of Dropout, in field order; their states belong
// into checkpoints.
func NamedGenerators(m any) []NamedGenerator { return walk(m).generators }

// NumParams returns the number of values in all parameters.
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
	paramType     = reflect.TypeFor[*Param]()
	bufferType    = reflect.TypeFor[*Buffer]()
	generatorType = reflect.TypeFor[*random.Generator]()
	modeType      = reflect.TypeFor[Mode]()
	tensorType    = reflect.TypeFor[*tensor.Tensor]()
)

// isHeld reports whether t is what walks look for; byValue, whether it is one that must be a pointer and is not.
func isHeld(t reflect.Type) bool {
	return t == paramType || t == bufferType || t == generatorType || t == modeType || byValue(t)
}

func byValue(t reflect.Type) bool {
	return t == paramType.Elem() || t == bufferType.Elem() || t == generatorType.Elem()
}

// walker collects what a module holds.
type walker struct {
	params     []NamedParam
	buffers    []NamedBuffer
	generators []NamedGenerator
	entries    []entry
	aliases    []alias
	seen       map[any]string // the path of each pointer
	named      map[string]bool
}

// entry is a parameter or a buffer as State and Load see it.
type entry struct {
	name string
	*tensor.Tensor
	copyFrom func(*tensor.Tensor)
}

// alias is a second path to something that was seen before.
type alias struct{ path, first string }

func walk(m any) *walker {
	w := &walker{seen: map[any]string{}, named: map[string]bool{}}
	w.value("", reflect.ValueOf(m))
	return w
}

func (w *walker) value(path string, v reflect.Value) {
	if !v.IsValid() || !mayHold(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		w.pointer(path, v)
	case reflect.Interface:
		w.value(path, v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			at := join(path, strconv.Itoa(i))
			if suffixOf(v.Index(i)) != "" {
				at = path
			}
			w.value(at, v.Index(i))
		}
	case reflect.Map:
		if holds(v) {
			refuse(path, v.Type(), "a map holds parameters, buffers or layers but has no order; use a slice or fields")
		}
	case reflect.Struct:
		if byValue(v.Type()) {
			refuse(path, v.Type(), "it is held by value; use a pointer, *%v", v.Type())
		}
		w.fields(path, v)
	}
}

func (w *walker) pointer(path string, v reflect.Value) {
	if v.IsNil() {
		return
	}
	if first, ok := w.seen[v.Interface()]; ok {
		w.aliases = append(w.aliases, alias{path, first})
		return
	}
	w.seen[v.Interface()] = path
	switch p := v.Interface().(type) {
	case *Param:
		w.name(path, v.Type())
		w.params = append(w.params, NamedParam{path, p})
		w.entries = append(w.entries, entry{path, p.Tensor, p.CopyFrom})
	case *Buffer:
		w.name(path, v.Type())
		w.buffers = append(w.buffers, NamedBuffer{path, p})
		w.entries = append(w.entries, entry{path, p.Tensor, p.CopyFrom})
	case *random.Generator:
		w.name(path, v.Type())
		w.generators = append(w.generators, NamedGenerator{path, p})
	default:
		w.value(path, v.Elem())
	}
}

func (w *walker) name(path string, t reflect.Type) {
	if w.named[path] {
		refuse(path, t, "two things have this name; give one field another with a tag `name:\"...\"`")
	}
	w.named[path] = true
}

// suffixed is a struct whose parameters' names end in a suffix, as weight_ih_l0_reverse does; in a slice it needs no index.
type suffixed interface{ nameSuffix() string }

func suffixOf(v reflect.Value) string {
	if v.Kind() != reflect.Pointer && v.CanAddr() {
		v = v.Addr()
	}
	if v.CanInterface() {
		if s, ok := v.Interface().(suffixed); ok {
			return s.nameSuffix()
		}
	}
	return ""
}

func (w *walker) fields(path string, v reflect.Value) {
	suffix := suffixOf(v)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.IsExported(), promotes(f):
			w.value(fieldPath(path, f)+suffix, v.Field(i))
		case holds(v.Field(i)):
			refuse(path, v.Type(), "unexported field %s holds parameters, buffers or layers, which could be neither trained nor saved; export it", f.Name)
		}
	}
}

// promotes reports whether f is an embedded struct of an unexported type, whose exported fields are the outer struct's.
func promotes(f reflect.StructField) bool {
	return f.Anonymous && !f.IsExported() && f.Type.Kind() == reflect.Struct
}

func refuse(path string, t reflect.Type, format string, args ...any) {
	if path == "" {
		path = "the module"
	}
	tensor.Fail("nn", tensor.ErrValue, nil, "%s (%v): %s", path, t, fmt.Sprintf(format, args...))
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

// holders remembers mayHold of each type.
var holders sync.Map

// mayHold reports whether a value of type t can lead to a Param, Buffer, Generator or Mode.
func mayHold(t reflect.Type) bool {
	if b, ok := holders.Load(t); ok {
		return b.(bool)
	}
	b := leadsTo(t, map[reflect.Type]bool{tensorType: true})
	holders.Store(t, b)
	return b
}

func leadsTo(t reflect.Type, seen map[reflect.Type]bool) bool {
	if isHeld(t) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return leadsTo(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if leadsTo(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// holds reports whether v, exported or not, leads to a Param, Buffer, Generator or Mode.
func holds(v reflect.Value) bool { return reaches(v, map[place]bool{}) }

// place is a pointer; its type tells a struct from its first field.
type place struct {
	t reflect.Type
	p uintptr
}

func reaches(v reflect.Value, seen map[place]bool) bool {
	if !v.IsValid() || !mayHold(v.Type()) {
		return false
	}
	if v.Kind() == reflect.Pointer {
		at := place{v.Type(), v.Pointer()}
		if v.IsNil() || seen[at] {
			return false
		}
		seen[at] = true
	}
	if isHeld(v.Type()) {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return reaches(v.Elem(), seen)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if reaches(v.Index(i), seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if reaches(it.Value(), seen) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if reaches(v.Field(i), seen) {
				return true
			}
		}
	}
	return false
}
